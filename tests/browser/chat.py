"""The conversation page, by the roles and names that people and programs know it by."""

import re
from contextlib import suppress
from typing import Any

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as Waited

ADDRESS = re.compile(r"/c/[0-9a-f]{8}-[0-9a-f-]{27}/$")
GRACE_MS = 500


class Chat:
    """One open conversation page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.get_by_role("textbox", name="Message", exact=True)
        self.send = page.get_by_role("button", name="Send", exact=True)
        self.stop = page.get_by_role("button", name="Stop", exact=True)
        self.model = page.get_by_role("combobox", name="Model", exact=True)
        self.files = page.get_by_label("Attach files", exact=True)
        self.log = page.get_by_role("log", name="Messages", exact=True)
        self.list = page.get_by_role("navigation", name="Conversations", exact=True)
        self.questions = self.log.locator("article[data-role=user]")
        self.answers = self.log.locator("article[data-role=assistant]")
        self.answer = self.answers.last
        self.question = self.questions.last

    def ask(self, text: str, *, model: str = "scripted") -> None:
        """Write and send; the answer is on its way when this returns."""
        before = self.questions.count()
        if self.model.input_value() != model:
            self.model.select_option(model)
        # Before its scripts have run, a page takes Enter for a line.
        self.page.wait_for_load_state()
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.questions).to_have_count(before + 1)

    def asked(self, text: str) -> Locator:
        """Ask, and wait for the answer; returns its article."""
        self.ask(text)
        self.ends("complete")
        return self.answer

    def ends(self, status: str) -> None:
        """Wait until the last answer is in that final state."""
        self._until("answer.dataset.status === wanted", status)
        expect(self.answer).to_have_attribute("data-status", status, timeout=GRACE_MS)

    def says(self, words: str) -> None:
        """Wait until the last answer contains these words."""
        self._until("answer.innerText.includes(wanted)", words)
        expect(body(self.answer)).to_contain_text(words, timeout=GRACE_MS)

    def begins(self) -> None:
        """Wait until the first words of the last answer are here, and no longer."""
        body_text = "answer.querySelector('[data-part=body]').innerText.trim()"
        self._until(f"answer.dataset.status === wanted && {body_text}", "streaming")
        expect(self.answer).to_have_attribute("data-status", "streaming")

    def _until(self, condition: str, wanted: str) -> None:
        # Looked at with every frame: an expectation looks once a second. Where this is
        # in vain, the expectation after it says what the page shows instead.
        with suppress(Waited):
            self.page.wait_for_function(
                "([selector, wanted]) => {"
                " const answer = [...document.querySelectorAll(selector)].at(-1);"
                f" return answer && {condition}; }}",
                arg=["#messages article[data-role=assistant]", wanted],
            )


def body(article: Locator) -> Locator:
    """The message's text alone."""
    return article.locator("[data-part=body]")


def action(scope: Locator | Page, name: str) -> Locator:
    """The button of that exact name."""
    return scope.get_by_role("button", name=name, exact=True)


def words_of(article: Locator) -> str:
    """What the message says, as the page shows it."""
    return body(article).inner_text()


def controls(page: Page) -> list[tuple[str, str]]:
    """Role and name of everything that can be operated, as assistive tools hear it."""
    wire = page.context.new_cdp_session(page)
    tree = wire.send("Accessibility.getFullAXTree")
    wire.detach()
    return [
        (_value(node, "role"), _value(node, "name"))
        for node in tree["nodes"]
        if _value(node, "role") in _OPERATED and not node.get("ignored")
    ]


def _value(node: dict[str, Any], name: str) -> str:
    return str(node.get(name, {}).get("value", ""))


_OPERATED = {
    "button",
    "checkbox",
    "combobox",
    "DisclosureTriangle",
    "link",
    "listbox",
    "menuitem",
    "menuitemradio",
    "radio",
    "searchbox",
    "textbox",
}
