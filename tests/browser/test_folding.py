"""A long question stands as its first lines, and is whole all the same."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import Chat, action, body, words_of
from tests.browser.conftest import Visit
from tests.browser.serving import Person

MANY_LINES = "/refuse\n" + "\n".join(f"Line {number}." for number in range(1, 500))
ONE_LINE = "/refuse " + "ebb and flow " * 1500
LINE_PX = 16 * 1.55


def height(part: Locator) -> float:
    """In pixels."""
    box = part.bounding_box()
    assert box is not None
    return box["height"]


@pytest.mark.parametrize("text", [MANY_LINES, ONE_LINE], ids=["lines", "one line"])
def test_a_long_question_is_folded_and_can_be_unfolded(going: Chat, text: str) -> None:
    going.asked(text)
    said = body(going.question)
    assert height(said) < 14 * LINE_PX
    assert words_of(going.question).strip() == text.strip()
    button = action(going.question, "Show all")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.press("Enter")
    button = action(going.question, "Show less")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "true")
    assert height(said) > 100 * LINE_PX
    button.press("Enter")
    expect(action(going.question, "Show all")).to_be_in_viewport()
    assert height(said) < 14 * LINE_PX


def test_a_folded_question_has_nothing_against_it(going: Chat) -> None:
    going.asked(MANY_LINES)
    assert faults_at_all_widths(going.page) == []


def test_a_question_of_a_dozen_lines_is_not_folded(going: Chat) -> None:
    going.asked("/refuse\n" + "line\n" * 12)
    expect(action(going.question, "Show all")).to_have_count(0)


def test_who_unfolds_a_question_stays_with_it(going: Chat) -> None:
    going.asked(MANY_LINES)
    button = action(going.question, "Show all")
    button.scroll_into_view_if_needed()
    button.click()
    expect(going.page.get_by_text("Line 5.")).to_be_in_viewport()


def test_a_question_stays_unfolded_when_the_page_learns_more_of_it(
    going: Chat, visit: Visit, regular: Person
) -> None:
    going.ask("/slow")
    going.begins()
    going.ask(MANY_LINES)
    # By key: a pointer waits until nothing moves, and the answer above goes on.
    action(going.question, "Show all").press("Enter")
    going.stop.press("Enter")
    expect(action(going.question, "Send now")).to_be_visible()
    expect(action(going.question, "Show less")).to_be_visible()


def test_words_that_the_browser_itself_goes_to_are_unfolded(going: Chat) -> None:
    going.asked(MANY_LINES)
    # As its search in the page does.
    body(going.question).evaluate("(said) => { said.scrollTop = 500; }")
    expect(action(going.question, "Show less")).to_be_visible()
