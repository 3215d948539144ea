"""What an open page was told live is what a page that is loaded now shows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.chat import Chat, action, body
from tests.browser.conftest import Visit
from tests.browser.serving import Person, Site
from tests.browser.watching import Watch

SNAPSHOT_JS = (Path(__file__).parent / "messages.js").read_text()
ABNORMAL = 1012  # "service restart": the code after which a page connects again
TRIES = 200
DOCUMENT = """/echo # Tides

| Place | Height | When |
| :-- | --: | :-: |
| Harbour | 1.2 m | six |
| Lighthouse | 0.9 m | noon |

Text with `code`, **strong**, ~~gone~~ and a note.[^1] See https://example.org/tides

- [x] low water
- [ ] high water
  1. inner

> quoted *words*

```python
def tide(hour):
    return 1.2 * hour
```

Inline $x^2$ and

$$
\\int_0^1 x \\, dx
$$

<b>not markup</b>

[^1]: At the end."""

type Open = Callable[[], Chat]


@pytest.fixture
def opened(visit: Visit, regular: Person) -> Open:
    """Opens the conversation of `going` in a further browser."""

    def opened() -> Chat:
        page = visit(regular).new_page()
        page.goto(f"/c/{regular.conversation}/")
        return Chat(page)

    return opened


def shown(page: Page) -> dict[str, Any]:
    """What the page shows of its conversation; see messages.js."""
    found: dict[str, Any] = page.evaluate(SNAPSHOT_JS)
    return found


def assert_all_as_loaded(pages: Sequence[Chat], opened: Open) -> None:
    """The pages show what a page shows that is opened now, at rest."""
    for chat in pages:
        expect(chat.page.locator("#live")).to_have_attribute("data-running", "false")
    expected = shown(opened().page)
    for chat in pages:
        found = shown(chat.page)
        for part in ("texts", "alignments", "markup"):
            assert found[part] == expected[part]


@pytest.mark.parametrize(
    ("question", "status"),
    [
        pytest.param(DOCUMENT, "complete", id="finished"),
        pytest.param("/fail", "failed", id="failed before its text"),
        pytest.param("/fail midway", "failed", id="failed in mid-text"),
        pytest.param("/cut", "failed", id="cut off"),
        pytest.param("/busy", "failed", id="rate limited"),
        pytest.param("/refuse", "complete", id="refused"),
        pytest.param("/limit", "complete", id="too long"),
        pytest.param("/search", "complete", id="searched and cited"),
        pytest.param("/pause", "complete", id="paused and gone on with"),
    ],
)
def test_an_answer_that_ended_is_shown_as_it_is_loaded(
    going: Chat, opened: Open, question: str, status: str
) -> None:
    follower = opened()
    going.ask(question)
    expect(follower.questions).to_have_count(2)
    for chat in (going, follower):
        chat.ends(status)
    assert_all_as_loaded([going, follower], opened)


def test_the_first_answer_of_a_conversation_is_shown_as_it_is_loaded(
    chat: Chat, visit: Visit, person: Person
) -> None:
    chat.asked(f"/echo {DOCUMENT.removeprefix('/echo ')[:120]}")

    def opened() -> Chat:
        page = visit(person).new_page()
        page.goto(chat.page.url)
        return Chat(page)

    assert_all_as_loaded([chat], opened)


def test_an_answer_stopped_while_it_thinks_or_speaks_is_shown_as_it_is_loaded(
    going: Chat, opened: Open
) -> None:
    follower = opened()
    going.ask("/thinking")
    follower.begins()
    going.stop.click()
    for chat in (going, follower):
        chat.ends("stopped")
    expect(going.answer.locator("summary", has_text="Thinking")).to_be_visible()
    assert_all_as_loaded([going, follower], opened)


def test_a_waiting_question_is_shown_as_it_is_loaded(going: Chat, opened: Open) -> None:
    follower = opened()
    going.ask("/slow")
    going.ask("/echo Second.")
    expect(follower.question).to_have_attribute("data-status", "pending")
    going.stop.click()
    for chat in (going, follower):
        expect(action(chat.question, "Send now")).to_be_visible()
    assert_all_as_loaded([going, follower], opened)
    action(follower.question, "Send now").click()
    for chat in (going, follower):
        expect(chat.answers).to_have_count(3)
        chat.ends("complete")
    assert_all_as_loaded([going, follower], opened)


def test_versions_are_shown_as_they_are_loaded(going: Chat, opened: Open) -> None:
    follower = opened()
    going.ask("/fail")
    follower.ends("failed")
    action(follower.answer, "Retry").click()
    for chat in (going, follower):
        expect(chat.answer).to_contain_text("2 of 2")
        chat.ends("failed")
    assert_all_as_loaded([going, follower], opened)
    action(going.answer, "Previous version").click()
    for chat in (going, follower):
        expect(chat.answer).to_contain_text("1 of 2")
    assert_all_as_loaded([going, follower], opened)


def test_a_page_whose_socket_broke_in_the_middle_is_shown_as_it_is_loaded(
    going: Chat, visit: Visit, regular: Person, opened: Open
) -> None:
    sockets: list[WebSocketRoute] = []
    page = visit(regular).new_page()
    page.route_web_socket("**/ws/**", lambda socket: _pass_on(socket, sockets))
    page.goto(f"/c/{regular.conversation}/")
    broken = Chat(page)
    going.ask(DOCUMENT)
    broken.begins()
    sockets[0].close(code=ABNORMAL)
    for chat in (going, broken):
        chat.ends("complete")
    assert_all_as_loaded([going, broken], opened)
    assert len(sockets) == 2


def _pass_on(socket: WebSocketRoute, sockets: list[WebSocketRoute]) -> None:
    socket.connect_to_server()
    sockets.append(socket)


def test_pages_connect_again_to_a_killed_site_and_show_what_is_loaded(
    going: Chat, opened: Open, site: Site, watch: Watch
) -> None:
    watch.allow(r"WebSocket connection|ERR_CONNECTION|\[object Event\]|htmx:")
    follower = opened()
    going.ask("/slow")
    # What is said is stored once a second.
    follower.says("The harbour wakes before the")
    with follower.page.expect_event("requestfailed"):
        site.kill()
        said = follower.page.get_by_role("status").get_by_text("Reconnecting…")
        expect(said).to_be_visible()
    site.start()
    for chat in (going, follower):
        chat.ends("interrupted")
        expect(chat.page.get_by_text("Reconnecting…")).to_have_count(0)
        expect(chat.page.get_by_text("cannot be reached")).to_have_count(0)
    expect(body(going.answer)).to_contain_text("The harbour")
    assert_all_as_loaded([going, follower], opened)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        pytest.param("/slow", "The harbour wakes", id="its text"),
        pytest.param("/thinking", "Thinking", id="its thoughts"),
    ],
)
def test_pages_that_hold_the_same_words_of_a_running_answer_are_the_same(
    going: Chat, opened: Open, question: str, words: str
) -> None:
    going.ask(question)
    expect(going.answer).to_contain_text(words)
    follower = opened()
    live, loaded = _at_the_same_word(going.page, follower.page)
    for part in ("texts", "alignments", "markup"):
        assert live[part] == loaded[part]
    going.stop.click()
    going.ends("stopped")


def test_thoughts_that_were_unfolded_stay_so_while_the_answer_goes_on(
    going: Chat, opened: Open
) -> None:
    going.ask("/thinking")
    thoughts = going.answer.locator("[data-part=aside] details")
    thoughts.locator("summary", has_text="Thinking").click()
    expect(thoughts).to_contain_text("The question came in whole")
    going.says("Welcome!")
    expect(thoughts).to_contain_text("That is all there is to plan.")
    going.ends("complete")
    expect(thoughts).to_have_attribute("open", "")
    assert "to plan" not in body(going.answer).inner_text()
    thoughts.locator("summary").click()
    assert_all_as_loaded([going], opened)


def _at_the_same_word(one: Page, other: Page) -> tuple[Any, Any]:
    for _ in range(TRIES):
        before, found, after = shown(one), shown(other), shown(one)
        if before == after and before["ends"] == found["ends"]:
            return before, found
    raise AssertionError("The two pages never held the same words.")
