"""Answers that run from right to left, and titles that do."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.chat import Chat, body

ARABIC = "أ"
HEBREW = "א"
ENGLISH = "a"


def answer_in(letter: str) -> str:
    """A question that is answered with one of everything, in words of that letter."""
    word = letter * 4
    return (
        f"/echo {word}\n\n- {word}\n- 12\n\n> {word}\n\n- [ ] {word}\n\n"
        f"| {word} | {word} |\n| --- | --: |\n| {word} | 12 |\n\n"
        f"```\n{word}\n```\n"
    )


def x_of(part: Locator) -> float:
    """Where the part begins, from the left of the window, in pixels."""
    box = part.bounding_box()
    assert box is not None
    return box["x"]


@pytest.mark.parametrize("letter", [ARABIC, HEBREW])
def test_everything_in_an_answer_stands_on_the_side_it_begins_from(
    chat: Chat, letter: str
) -> None:
    answer = body(chat.asked(answer_in(letter)))
    for part in ("ul", "blockquote", "table", ".task"):
        expect(answer.locator(part).first).to_have_css("direction", "rtl")
    for part in ("li", "td"):
        for each in answer.locator(part).all():
            expect(each).to_have_css("text-align", "right")
    expect(answer.locator("blockquote")).to_have_css("border-right-width", "3px")
    first, second = answer.locator("th").all()
    assert x_of(first) > x_of(second)
    expect(answer.locator("pre")).to_have_css("direction", "ltr")


def test_an_answer_from_left_to_right_stays_where_it_was(chat: Chat) -> None:
    answer = body(chat.asked(answer_in(ENGLISH)))
    for part in ("ul", "blockquote", "table", "pre"):
        expect(answer.locator(part).first).to_have_css("direction", "ltr")
    first, second = answer.locator("th").all()
    assert x_of(first) < x_of(second)


def test_a_title_is_read_in_its_own_direction(chat: Chat) -> None:
    chat.asked(f"{HEBREW} /refuse")
    chat.page.reload()
    heading = chat.page.get_by_role("heading", level=1)
    link = chat.list.get_by_role("listitem").get_by_role("link")
    expect(heading).to_have_css("direction", "rtl")
    expect(link).to_have_css("direction", "rtl")
    expect(link).to_have_css("text-align", "left")
