"""What changed out of a page's sight, or between what it shows, finds its place."""

from playwright.sync_api import expect

from tests.browser.chat import Chat, body
from tests.browser.conftest import Visit
from tests.browser.serving import Person
from tests.browser.watching import Watch

_NO_SOCKETS_JS = """
window.WebSocket = class extends EventTarget {
  constructor() {
    super();
    setTimeout(() => this.onclose?.(new CloseEvent("close", { code: 1006 })));
  }
  close() {}
};
"""


def test_an_answer_stands_below_its_question_though_others_wait_behind_it(
    going: Chat,
) -> None:
    for text in ("/echo One.", "/echo Two.", "/echo Three."):
        going.ask(f"{text} {'again ' * 30}")
    expect(going.answers).to_have_count(4)
    going.ends("complete")
    before = body(going.log).all_inner_texts()
    going.page.reload()
    expect(going.answers).to_have_count(4)
    assert body(going.log).all_inner_texts() == before


def test_a_page_that_sends_before_it_heard_of_an_answer_still_gets_it(
    going: Chat, visit: Visit, regular: Person, watch: Watch
) -> None:
    watch.allow("ERR_FAILED|htmx:")
    page = visit(regular).new_page()
    page.add_init_script(_NO_SOCKETS_JS)
    page.route("**/changes?*", lambda route: route.abort())
    page.goto(f"/c/{regular.conversation}/")
    behind = Chat(page)
    behind.ask("/echo The tide is high.")
    going.says("The tide is high.")
    going.ends("complete")

    behind.ask("/echo And now?")
    page.unroute("**/changes?*")

    expect(behind.answers).to_have_count(3)
    behind.ends("complete")
    expect(behind.answers.nth(1)).to_have_attribute("data-status", "complete")
    expect(body(behind.answers.nth(1))).to_have_text("The tide is high.")
