"""Questions that wait, questions asked again, and messages from long ago."""

from playwright.sync_api import expect

from tests.browser.chat import Chat, action, body, words_of
from tests.browser.conftest import READER_QUESTIONS, Visit
from tests.browser.serving import Person

PAGE = 40  # messages that a page begins with


def test_a_question_waits_for_the_answer_that_runs(chat: Chat) -> None:
    chat.ask("/echo " + "tide " * 30)
    chat.begins()
    chat.ask("/echo Second.")
    expect(chat.question).to_have_attribute("data-status", "pending")
    expect(chat.question).to_contain_text("Queued")
    expect(chat.answers).to_have_count(1)
    expect(chat.answers).to_have_count(2)
    chat.ends("complete")
    assert words_of(chat.answer) == "Second."
    expect(chat.question).to_have_attribute("data-status", "complete")


def test_after_a_stop_the_waiting_question_is_sent_by_hand(chat: Chat) -> None:
    chat.ask("/slow")
    chat.ask("/echo Second.")
    chat.stop.click()
    chat.ends("stopped")
    expect(chat.question).to_have_attribute("data-status", "pending")
    action(chat.question, "Send now").click()
    expect(chat.answers).to_have_count(2)
    chat.ends("complete")
    assert words_of(chat.answer) == "Second."


def test_a_waiting_question_can_be_taken_back(chat: Chat) -> None:
    chat.ask("/slow")
    chat.ask("/echo Second.")
    action(chat.question, "Withdraw").click()
    expect(chat.questions).to_have_count(1)
    expect(chat.box).to_have_value("/echo Second.")
    chat.stop.click()
    chat.ends("stopped")


def test_an_answer_that_failed_is_asked_for_again_and_both_are_kept(
    chat: Chat,
) -> None:
    chat.ask("/fail midway")
    chat.ends("failed")
    expect(chat.answer.get_by_role("alert")).to_contain_text(
        "What had arrived is kept."
    )
    first = chat.answer.get_attribute("data-message-id")
    action(chat.answer, "Retry").dblclick()
    expect(chat.answer).to_contain_text("2 of 2")
    chat.ends("failed")
    expect(chat.answers).to_have_count(1)
    assert chat.answer.get_attribute("data-message-id") != first
    action(chat.answer, "Previous version").click()
    expect(chat.answer).to_contain_text("1 of 2")
    expect(chat.answer).to_have_attribute("data-message-id", str(first))
    expect(body(chat.answer)).to_contain_text("This answer starts like any other.")
    action(chat.answer, "Next version").click()
    expect(chat.answer).to_contain_text("2 of 2")


def test_a_failure_says_what_helps_and_which_request_it_was(chat: Chat) -> None:
    chat.ask("/busy")
    chat.ends("failed")
    alert = chat.answer.get_by_role("alert")
    expect(alert).to_contain_text("too many requests")
    expect(alert).to_contain_text("asked again in")
    expect(alert).to_contain_text("What you wrote is safe.")
    alert.get_by_text("Details", exact=True).click()
    expect(alert).to_contain_text("req_scripted_")
    expect(action(alert, "Retry")).to_be_visible()


def test_older_messages_come_when_one_scrolls_up(visit: Visit, reader: Person) -> None:
    page = visit(reader).new_page()
    page.goto(f"/c/{reader.conversation}/")
    chat = Chat(page)
    articles = chat.log.get_by_role("article")
    expect(articles).to_have_count(PAGE)
    expect(chat.answer).to_be_in_viewport()
    topmost = articles.first
    known = page.locator(f"[id='{topmost.get_attribute('id')}']")
    page.mouse.move(640, 300)
    known.scroll_into_view_if_needed()
    page.mouse.wheel(0, -2000)
    expect(articles).to_have_count(2 * READER_QUESTIONS)
    expect(known).to_be_in_viewport()
    expect(body(articles.first)).to_have_text("Question 1")
    expect(body(chat.questions.last)).to_have_text(f"Question {READER_QUESTIONS}")
