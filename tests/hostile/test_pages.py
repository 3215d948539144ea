"""The whole corpus on the pages of a served site, in a real browser: nothing happens.

Questions, answers, thoughts, errors, titles, names of files and of people; live,
loaded and read by an administrator; under the site's own policy, which has nothing to
refuse, for nothing that it would refuse is ever on a page.
"""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, FilePayload, WebSocketRoute

from conversations.rendering import LiveAnswer, frame_markup
from tests.browser.chromium import chromium
from tests.conversations.rendering.page import pieces
from tests.hostile.conftest import FULL, Canary, Infested, listening
from tests.hostile.payloads import corpus, documents, one_line
from tests.hostile.watched import Visitor, visiting
from tests.pictures import png

PIECE_SIZES = (2, 40, 9, 400, 1, 150, 90)  # characters
SETTLED_JS = "() => document.querySelector('.rows-more') === null"
EMPTIED_JS = """
(article) => {
  for (const part of article.querySelectorAll(".closed, .open")) part.replaceChildren();
  article.dataset.status = "streaming";
  article.dataset.end = 0;
}
"""


@pytest.fixture(scope="module")
def browser(
    chromium_path: str, infested: Infested, canary: Canary
) -> Iterator[Browser]:
    """Chromium; after its last page nobody has heard of any text."""
    yield chromium.browser(chromium_path)
    assert canary.heard == []


@pytest.fixture
def writer(browser: Browser, infested: Infested) -> Iterator[Visitor]:
    """The browser of the person whose texts these are."""
    with visiting(browser, infested.site, infested.writer) as visitor:
        yield visitor


@pytest.fixture
def reader(browser: Browser, infested: Infested) -> Iterator[Visitor]:
    """The browser of an administrator."""
    with visiting(browser, infested.site, infested.reader) as visitor:
        yield visitor


def test_what_happens_is_heard(browser: Browser, infested: Infested) -> None:
    """By the ears, the judge and the listener: else silence would prove nothing."""
    with (
        listening() as canary,
        visiting(browser, infested.site, infested.writer) as visitor,
    ):
        page = visitor.context.new_page()
        page.goto(f"/c/{infested.conversations[0]}/")
        page.evaluate(
            """(host) => {
            const body = document.querySelector("[data-part=body]");
            body.insertAdjacentHTML("beforeend", `
              <p onclick="x()">x</p><img src="http://${host}/i">
              <p hx-get="/x" hx-trigger="load">x</p>`);
            const told = { bubbles: true, detail: { pathInfo: { requestPath: "/x" } } };
            body.dispatchEvent(new CustomEvent("htmx:beforeRequest", told));
            const script = document.createElement("script");
            script.textContent = "1";
            document.head.append(script);
            globalThis.__x(1);
            fetch("/x");
        }""",
            canary.host,
        )
        visitor.look(page.locator("html"))
        with suppress(Error):
            page.goto(f"http://{canary.host}/")
        assert canary.heard
    heard = "\n".join(visitor.found)
    for part in (
        *("a text ran: 1", "a text asked by htmx: /x", "p onclick", "<img>"),
        *("script-src-elem inline", "img-src http://127.0.0.1", "request of a text"),
    ):
        assert part in heard


def test_a_loaded_conversation_shows_texts_and_does_nothing(
    infested: Infested, writer: Visitor
) -> None:
    page, shown = writer.context.new_page(), 0
    for key in infested.conversations:
        page.goto(f"/c/{key}/")
        shown += writer.look(page.locator("html"))
    assert shown == 2 * len(documents(corpus(full=FULL)))
    assert writer.found == []


def test_the_list_and_its_search_show_titles_and_do_nothing(
    infested: Infested, writer: Visitor
) -> None:
    page = writer.context.new_page()
    page.goto(f"/c/{infested.conversations[0]}/")
    # Rows that come into view fetch the next ones by themselves.
    page.wait_for_function(
        """() => {
            const more = document.querySelector(".rows-more");
            more?.scrollIntoView();
            return !more;
        }"""
    )
    for line in one_line(corpus(), 200)[::300]:
        with page.expect_response("**/conversations/*"):
            page.get_by_role("searchbox").fill(line)
    assert writer.found == []


def test_a_renamed_conversation_and_its_toast_do_nothing(
    infested: Infested, writer: Visitor
) -> None:
    page = writer.context.new_page()
    page.goto(f"/c/{infested.conversations[1]}/")
    page.get_by_role("button", name="Rename conversation").click()
    page.get_by_role("textbox", name="Title").fill("<img src=/x onerror=__x(1)>")
    with page.expect_response("**/rename"):
        page.keyboard.press("Enter")
    row = page.locator(f"#conversation-row-{infested.conversations[1]}")
    row.get_by_role("button", name="Conversation actions").click()
    row.get_by_role("menuitem", name="Delete").click()
    page.get_by_text("Deleted “<img src=/x onerror=__x(1)>”.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("log").wait_for()
    assert writer.found == []


def test_names_of_files_do_nothing_as_chips(
    infested: Infested, writer: Visitor
) -> None:
    page = writer.context.new_page()
    page.goto(f"/c/{infested.conversations[0]}/")
    names = [line.replace("/", ":") for line in one_line(corpus(), 200)[::250]]
    for at, name in enumerate(names):
        content = png() if at % 2 else b"<svg onload=__x(1)>"
        file = FilePayload(name=f"{name}.png", mimeType="image/png", buffer=content)
        page.get_by_label("Attach files").set_input_files([file])
    page.locator(f".chip:nth-child({len(names)})").wait_for()
    page.wait_for_function("() => !document.querySelector('[data-uploading]')")
    # Told as refused by words of the site: names alone are no fault of a page.
    writer.hearing.allow(r"status of 422")
    assert writer.found == []


def test_a_transcript_shows_texts_to_an_administrator_and_does_nothing(
    infested: Infested, reader: Visitor
) -> None:
    page, shown = reader.context.new_page(), 0
    for key in infested.conversations:
        page.goto(f"/admin/conversations/conversation/{key}/transcript/")
        page.get_by_label("Reason").fill(f"<img src=/x onerror=__x(1)> {key}")
        page.get_by_role("button", name="Read the conversation").click()
        page.get_by_role("log").wait_for()
        shown += reader.look(page.locator("html"))
    assert shown == 2 * len(documents(corpus(full=FULL)))
    assert reader.found == []


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/accounts/user/",
        "/admin/accounts/user/?q=<img src=/x onerror=__x(1)>",
        "/admin/accounts/user/2/change/",
        "/admin/accounts/user/9/history/",
        "/admin/conversations/conversation/",
        "/admin/conversations/turn/",
        "/admin/conversations/message/",
        "/admin/conversations/attachment/",
        "/admin/ledger/call/",
        "/admin/catalogue/cataloguemodel/",
        "/admin/audit/reading/",
    ],
)
def test_a_page_of_the_admin_does_nothing(reader: Visitor, path: str) -> None:
    page = reader.context.new_page()
    page.goto(path)
    page.locator("#content").wait_for()
    assert reader.found == []


def test_frames_of_an_answer_show_texts_and_do_nothing(
    infested: Infested, writer: Visitor
) -> None:
    """What a page is sent while an answer is written, piece by piece."""
    page, sockets = writer.context.new_page(), list[WebSocketRoute]()
    page.route_web_socket("**/ws/**", lambda socket: sockets.append(socket))  # noqa: PLW0108 - Playwright takes no built-in
    page.goto(f"/c/{infested.conversations[0]}/")
    page.wait_for_function("() => document.querySelector('#live')")
    article = page.locator("article[data-role=assistant]").first
    message_id = article.get_attribute("data-message-id") or ""
    for document in documents(corpus(full=FULL))[:: 1 if FULL else 2]:
        article.evaluate(EMPTIED_JS)
        for markup in frames(message_id, document):
            sockets[0].send(markup)
        page.wait_for_function(
            "([id, end]) => document.getElementById(id).dataset.end == end",
            arg=[f"message-{message_id}", len(document)],
        )
        writer.look(article)
    assert writer.found == []


def frames(message_id: str, document: str) -> Iterator[str]:
    """The live frames of an answer that arrives in pieces of all sizes."""
    answer = LiveAnswer()
    sizes = PIECE_SIZES * (len(document) // sum(PIECE_SIZES) + 1)
    for piece in pieces(document, sizes):
        answer.feed(piece)
        if update := answer.update():
            yield frame_markup(message_id, update)
