"""Questions in other words, answers made once more, and the way back to the old."""

from playwright.sync_api import FilePayload, Locator, expect

from tests.browser.chat import Chat, action, body, words_of
from tests.browser.watching import Watch
from tests.pictures import png


def wording(chat: Chat) -> Locator:
    return chat.log.get_by_role("textbox", name="Question", exact=True)


def test_a_question_is_changed_where_it_stands_and_both_are_kept(chat: Chat) -> None:
    chat.asked("/echo Neap tide.")
    old = str(chat.question.get_attribute("data-message-id"))

    action(chat.question, "Edit").click()
    expect(wording(chat)).to_be_focused()
    expect(wording(chat)).to_have_value("/echo Neap tide.")
    wording(chat).fill("/echo Spring tide.")
    action(chat.question, "Ask again").click()

    chat.says("Spring tide.")
    chat.ends("complete")
    expect(chat.questions).to_have_count(1)
    expect(chat.question).to_contain_text("2 of 2")
    expect(wording(chat)).to_have_count(0)
    action(chat.question, "Previous version").click()
    expect(chat.question).to_have_attribute("data-message-id", old)
    assert words_of(chat.answer) == "Neap tide."


def test_an_answer_is_made_once_more_by_the_model_in_the_picker(chat: Chat) -> None:
    chat.asked("/echo Ebb.")
    old = str(chat.answer.get_attribute("data-message-id"))

    again = action(chat.answer, "Regenerate")
    again.focus()
    expect(again).to_have_attribute("title", "Regenerate with Scripted demonstration")
    again.press("Enter")

    expect(chat.answer).to_contain_text("2 of 2")
    expect(chat.box).to_be_focused()
    chat.ends("complete")
    expect(chat.answers).to_have_count(1)
    action(chat.answer, "Previous version").click()
    expect(chat.answer).to_have_attribute("data-message-id", old)


def test_nothing_is_asked_anew_while_an_answer_is_written(chat: Chat) -> None:
    chat.asked("/echo Ebb.")
    chat.ask("/slow")
    chat.begins()
    expect(action(chat.questions.first, "Edit")).to_be_hidden()
    expect(action(chat.answers.first, "Regenerate")).to_be_hidden()
    chat.stop.click()
    chat.ends("stopped")
    expect(action(chat.questions.first, "Edit")).to_be_visible()


def test_escape_gives_a_change_up_and_leaves_the_question(chat: Chat) -> None:
    chat.asked("/echo Ebb.")
    action(chat.question, "Edit").click()
    wording(chat).fill("Something else")
    wording(chat).press("Escape")
    expect(wording(chat)).to_have_count(0)
    expect(action(chat.question, "Edit")).to_be_focused()
    expect(body(chat.question)).to_have_text("/echo Ebb.")
    action(chat.question, "Edit").click()
    expect(wording(chat)).to_have_value("/echo Ebb.")


def test_what_is_typed_survives_a_refusal_news_and_a_reload(
    chat: Chat, watch: Watch
) -> None:
    chat.asked("/echo Ebb.")
    action(chat.question, "Edit").click()
    # By then the caret stands where the page has put it.
    expect(wording(chat)).to_be_focused()
    wording(chat).fill("/echo Flood.")
    other = Chat(chat.page.context.new_page())
    other.page.goto(chat.page.url)
    action(other.answer, "Regenerate").click()
    expect(other.answer).to_contain_text("2 of 2")
    other.ends("complete")
    expect(chat.answer).to_contain_text("2 of 2")
    expect(wording(chat)).to_have_value("/echo Flood.")

    other.ask("/slow")
    other.begins()
    watch.allow(r"\b409\b")
    wording(chat).press("Enter")
    expect(chat.questions.first.get_by_role("alert")).to_contain_text(
        "Another answer is being written."
    )
    expect(wording(chat)).to_have_value("/echo Flood.")
    other.stop.click()
    other.ends("stopped")

    chat.page.reload()
    action(chat.questions.first, "Edit").click()
    expect(wording(chat)).to_have_value("/echo Flood.")
    wording(chat).press("Enter")
    chat.says("Flood.")
    chat.ends("complete")


def test_a_changed_question_keeps_its_pictures_or_not(chat: Chat) -> None:
    files: list[FilePayload] = [
        {"name": name, "mimeType": "image/png", "buffer": png()}
        for name in ("sea.png", "sky.png")
    ]
    chat.files.set_input_files(files)
    chat.asked("/echo Look.")
    action(chat.question, "Edit").click()
    chat.log.get_by_role("checkbox", name="sky.png").uncheck()
    wording(chat).fill("/echo Here.")
    wording(chat).press("Enter")
    expect(body(chat.question)).to_have_text("/echo Here.")
    expect(chat.question.get_by_role("img")).to_have_count(1)
    chat.says("Here.")
    chat.ends("complete")
