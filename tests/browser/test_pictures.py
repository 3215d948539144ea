"""Pictures on their way: picked, pasted, dropped, refused, sent and shown."""

import base64

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.chat import Chat, action
from tests.browser.watching import Watch
from tests.pictures import png

_GIVE_JS = """([how, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  const box = document.getElementById("composer-text");
  box.dispatchEvent(how === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent("drop", { ...options, dataTransfer: transfer }));
}"""


def give(chat: Chat, how: str, name: str, content: bytes) -> None:
    """Hand a file to the page in one of three ways."""
    if how == "pick":
        file = {"name": name, "mimeType": "image/png", "buffer": content}
        chat.files.set_input_files(file)  # type: ignore[arg-type] # a plain dict
    else:
        data = base64.b64encode(content).decode()
        chat.page.evaluate(_GIVE_JS, [how, name, data])


def chip(chat: Chat, name: str) -> Locator:
    """The chip of the file of that name."""
    return (
        chat.page.get_by_role("list", name="Attached files")
        .get_by_role("listitem")
        .filter(has_text=name)
    )


@pytest.mark.parametrize("how", ["pick", "paste", "drop"])
def test_a_picture_is_a_chip_and_is_sent_with_the_words(chat: Chat, how: str) -> None:
    give(chat, how, "harbour.png", png(64, 48))
    mine = chip(chat, "harbour.png")
    expect(mine.locator("img")).to_have_js_property("complete", value=True)
    expect(mine).to_contain_text("bytes")
    expect(action(chat.page, "Remove harbour.png")).to_be_visible()
    chat.ask("What is this?")
    expect(chat.question.get_by_role("img", name="harbour.png")).to_be_visible()
    expect(mine).to_have_count(0)
    chat.stop.click()


def test_a_picture_alone_is_a_message_and_the_model_sees_it(chat: Chat) -> None:
    give(chat, "pick", "harbour.png", png(64, 48))
    chat.ask("")
    chat.says("64 \N{MULTIPLICATION SIGN} 48")
    row = chat.answer.get_by_role("row").filter(has_text="harbour.png")
    expect(row).to_contain_text("image/png")
    chat.stop.click()


def test_a_picture_can_be_taken_away_again(chat: Chat) -> None:
    give(chat, "pick", "harbour.png", png())
    give(chat, "pick", "boat.png", png(10, 10))
    expect(chat.page.locator(".chip[data-attachment-id]")).to_have_count(2)
    action(chat.page, "Remove harbour.png").click()
    expect(chip(chat, "harbour.png")).to_have_count(0)
    expect(chip(chat, "boat.png")).to_have_count(1)


def test_pictures_that_were_not_sent_are_there_after_a_reload(chat: Chat) -> None:
    for name in ("harbour.png", "boat.png", "gull.png"):
        give(chat, "pick", name, png())
        expect(chip(chat, name).locator("[name=attachments]")).to_be_attached()
    action(chat.page, "Remove boat.png").click()
    expect(chip(chat, "boat.png")).to_have_count(0)
    chat.page.reload()
    expect(chip(chat, "harbour.png")).to_have_count(1)
    action(chat.page, "Remove harbour.png").click()
    expect(chip(chat, "harbour.png")).to_have_count(0)
    chat.ask("")
    expect(chat.question.get_by_role("img", name="gull.png")).to_be_visible()
    expect(chat.question.get_by_role("img")).to_have_count(1)
    chat.stop.click()
    chat.ends("stopped")
    chat.list.get_by_role("link", name="New conversation", exact=True).click()
    expect(chat.log.get_by_role("article")).to_have_count(0)
    expect(chat.page.locator(".chip")).to_have_count(0)


def test_a_refused_file_says_why_and_the_rest_is_kept(chat: Chat, watch: Watch) -> None:
    watch.allow("422")
    chat.box.fill("Look at these.")
    give(chat, "pick", "harbour.png", png())
    give(chat, "drop", "poem.png", b"Not a picture at all.\0")
    expect(chip(chat, "poem.png").get_by_role("alert")).not_to_be_empty()
    chat.model.select_option("scripted")
    chat.send.click()
    expect(chat.question.get_by_role("img")).to_have_count(1)
    expect(chat.question).to_contain_text("Look at these.")
    chat.stop.click()


def test_a_model_without_eyes_is_told_before_sending(chat: Chat) -> None:
    give(chat, "pick", "harbour.png", png())
    hint = chat.page.get_by_role("status").filter(has_text="cannot see pictures")
    expect(hint).to_contain_text("Scripted demonstration can.")
    chat.model.select_option("scripted")
    expect(hint).to_have_count(0)
