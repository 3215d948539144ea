"""What the scripted model says: a tour of the page in Markdown, and longer texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

QUOTE_LIMIT_CHARS = 280


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it arrived; `size` is width and height in pixels, if known."""

    name: str
    media_type: str
    size: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it arrived; `length` in words: pages, characters or bytes."""

    name: str
    media_type: str
    length: str


def demonstration(
    question: str,
    pictures: Sequence[Picture],
    documents: Sequence[Document],
    earlier: int,
) -> str:
    """The tour, with what was asked, the files seen and the messages before."""
    files = (_seen(pictures), _read(documents))
    parts = [_WELCOME, _heard(question, earlier), *files, _TOUR]
    return "\n\n".join(part for part in parts if part)


def long_text(words: int) -> str:
    """Markdown of that many words: sections of paragraphs, lists and code."""
    return "".join(_first_words(words)).rstrip() + "\n"


def slow_text() -> str:
    """Sixty words, for those who want to watch each arrive."""
    return long_text(60)


THOUGHTS = (
    "The question came in whole, so the answer can be planned before it is said. "
    "First a word of welcome, then what was asked, so that it is plain that it "
    "arrived; then one of everything that this page can show. Short sections read "
    "best. That is all there is to plan."
)

MID_SENTENCE = (
    "A model writes until it has said everything, or until it has used up the room "
    "that it was given. This answer is of the second kind: it was going to explain "
    "how a long text is continued, and then, just before the most interesting"
)

BROKEN_OFF = (
    "This answer starts like any other. The first sentences arrive, the page shows "
    "them at once, and nothing hints at what comes next. Then, in the middle of"
)


def _heard(question: str, earlier: int) -> str:
    if not question.strip():
        return ""
    words = question.strip()
    if len(words) > QUOTE_LIMIT_CHARS:
        words = words[:QUOTE_LIMIT_CHARS].rstrip() + " …"
    quote = "\n".join(f"> {line}".rstrip() for line in words.splitlines())
    return f"You wrote:\n\n{quote}{_remembered(earlier)}"


def _remembered(earlier: int) -> str:
    if not earlier:
        return ""
    count = "message" if earlier == 1 else f"{earlier} messages"
    return f"\n\nThe {count} before it came along too, as with every model."


def _seen(pictures: Sequence[Picture]) -> str:
    if not pictures:
        return ""
    count = "a picture" if len(pictures) == 1 else f"{len(pictures)} pictures"
    rows = "\n".join(_row(picture) for picture in pictures)
    return (
        f"And you sent {count}. I read the facts from the files themselves:\n\n"
        f"| Picture | Type | Pixels |\n| :-- | :-- | --: |\n{rows}"
    )


def _read(documents: Sequence[Document]) -> str:
    if not documents:
        return ""
    count = "a document" if len(documents) == 1 else f"{len(documents)} documents"
    rows = "\n".join(
        f"| `{_in_a_cell(each.name)}` | {each.media_type} | {each.length} |"
        for each in documents
    )
    return (
        f"You sent {count} to be read. This is what arrived:\n\n"
        f"| Document | Type | Length |\n| :-- | :-- | --: |\n{rows}"
    )


def _in_a_cell(name: str) -> str:
    return " ".join(name.split()).replace("`", "'").replace("|", "\\|")


def _row(picture: Picture) -> str:
    name = _in_a_cell(picture.name)
    size = "unknown"
    if picture.size is not None:
        width, height = picture.size
        size = f"{width} × {height}"  # noqa: RUF001 - the sign between width and height
    return f"| `{name}` | {picture.media_type} | {size} |"


def _first_words(count: int) -> Iterator[str]:
    """Words with the blanks behind them, from an endless row of sections."""
    left, section = count, 0
    while left > 0:
        section += 1
        heading = f"## Part {section}\n\n" if section > 1 else ""
        for word in _spaced(heading + _SECTION):
            if left <= 0:
                return
            left -= 1
            yield word


def _spaced(text: str) -> Iterator[str]:
    start = 0
    for at in range(1, len(text)):
        if not text[at].isspace() and text[at - 1].isspace():
            yield text[start:at]
            start = at
    yield text[start:]


_WELCOME = """\
## Welcome!

I am the **scripted** model. I am not intelligent, only well prepared: this text was \
written beforehand, and it travels to you piece by piece on exactly the way that a \
real model's words would take. Have a look at what this page can do with them."""

_TOUR = """\
### Words, and the shape of words

Text may be *emphasised*, **strong**, ~~withdrawn~~ or `literal`, and it may lead \
somewhere: the [CommonMark tutorial](https://commonmark.org/help/) teaches this \
notation in ten minutes. Details that would only be in the way here go into a \
footnote.[^1]

### Things to try

- [x] Ask a first question
- [ ] Press **Stop** in the middle of an answer: what was said is kept
- [ ] Reload the page while I am still writing, or open it in a second tab
- [ ] Drop a picture onto the message box

A few messages make me do something special:

| Write | and I will |
| :-- | :-- |
| `/long 800` | talk for 800 words |
| `/thinking` | show some thoughts before I speak |
| `/slow` | take my time, word by word |
| `/fail midway` | break down in the middle, to show how that looks |

### A little code

```python
from collections import Counter


def most_common_words(text: str, count: int = 3) -> list[str]:
    \"\"\"The words a text likes best.\"\"\"
    words = Counter(text.lower().split())
    return [word for word, _ in words.most_common(count)]
```

Code is coloured by its language, and copied with one click.

### A little mathematics

Euler's identity $e^{i\\pi} + 1 = 0$ fits into a line. The bell curve would rather \
stand alone:

$$
\\int_{-\\infty}^{\\infty} e^{-x^2} \\, dx = \\sqrt{\\pi}
$$

### And where next?

1. Rename this conversation, or search for it by its title.
2. Start a new one and pick another model.
3. When an administrator sets a key for a provider, real models appear in the list, \
and everything else stays as it is.

> The best way to learn what a thing does is to press its buttons.

[^1]: Like this one, which waits at the end until somebody is curious.
"""

_SECTION = """\
The harbour wakes before the town does. Lamps go out one after the other along the \
quay, the first boats cough and turn their noses to the open water, and somewhere a \
door is left open so that the smell of bread can find its way down to the sea.

Nobody here is in a hurry, though everybody is **on time**. The ferry leaves at six, \
the fish is sold by eight, and at nine the harbour master climbs to her window, looks \
*once* to the left and once to the right, and writes the weather into her book:

- wind from the west, steady;
- clear sky, with a few clouds that mean nothing;
- visibility better than `20 km`, as far as the old lighthouse.

She has kept that book for thirty years. People say that one could sail by it alone, \
and that on quiet evenings she reads in it as others read in novels, wondering what \
will happen next.

```python
def tide(hour: float) -> float:
    \"\"\"Height of the water in metres, near enough for poets.\"\"\"
    return 1.2 + 0.9 * math.sin(hour * math.tau / 12.4)
```

Then the day begins in earnest, and there is no more time for looking out of windows.

"""
