"""How a conversation is answered, chosen beside the composer."""

from playwright.sync_api import Locator, expect

from tests.browser.chat import Chat, action


def opened(chat: Chat) -> Locator:
    action(chat.page, "Conversation settings").click()
    panel = chat.page.get_by_role("dialog", name="Conversation settings", exact=True)
    expect(panel).to_be_visible()
    return panel


def test_settings_go_with_the_first_question_and_are_changed_later(chat: Chat) -> None:
    chat.model.select_option("scripted")
    opened(chat).get_by_label("System prompt").fill("Be brief.")
    chat.page.keyboard.press("Escape")
    chat.asked("/echo Ebb.")

    panel = opened(chat)
    expect(panel.get_by_label("System prompt")).to_have_value("Be brief.")
    panel.get_by_label("Effort").select_option("low")
    expect(panel.get_by_role("status")).to_have_text("Saved")
    chat.page.reload()
    panel = opened(chat)
    expect(panel.get_by_label("Effort")).to_have_value("low")


def test_only_what_the_model_can_do_is_offered(chat: Chat) -> None:
    chat.model.select_option("scripted")
    panel = opened(chat)
    expect(panel.get_by_label("Thinking")).to_be_visible()
    expect(panel.get_by_label("Search the web")).to_be_visible()
    expect(panel.get_by_label("Run code")).to_be_hidden()
    efforts = panel.get_by_label("Effort").locator("option:not([disabled])")
    expect(efforts).to_have_count(4)
    action(panel, "Close").click()
    chat.model.select_option("local")
    panel = opened(chat)
    expect(panel.get_by_label("Thinking")).to_be_hidden()
    expect(panel.get_by_label("Effort")).to_be_hidden()
    expect(panel.get_by_label("Temperature")).to_be_visible()
