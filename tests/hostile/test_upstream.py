"""A hostile provider, through the whole site, into a browser: nothing happens there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chat import Chat
from tests.browser.chromium import chromium
from tests.browser.serving import Person, Site
from tests.hostile.conftest import Canary
from tests.hostile.upstream import (
    IMAGES,
    MODEL,
    REFUSALS,
    STREAMS,
    hostile_upstream,
)
from tests.hostile.watched import Visitor, visiting

ENDED = ("complete", "stopped", "interrupted", "failed")
STATUS_JS = """
(ended) => {
  const answers = document.querySelectorAll("#messages article[data-role=assistant]");
  return ended.includes([...answers].at(-1)?.dataset.status);
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, with that provider behind it."""
    with hostile_upstream() as url:
        site = Site(tmp_path_factory.mktemp("upstream"), ANTHROPIC_BASE_URL=url)
        yield site
        site.end()
    # Nor does the log repeat it.
    log = (site.data_dir / "serve.log").read_text()
    assert "__x" not in log
    assert "onerror" not in log


@pytest.fixture(scope="module")
def ada(site: Site) -> Person:
    """Someone who asks; she may look at everything, too."""
    (ada,) = site.people({"root": 0}).values()
    site.start()
    return ada


@pytest.fixture(scope="module")
def browser(chromium_path: str, ada: Person, canary: Canary) -> Iterator[Browser]:
    """Chromium; after its last page nobody has heard of any text."""
    yield chromium.browser(chromium_path)
    assert canary.heard == []


@pytest.fixture
def visitor(browser: Browser, site: Site, ada: Person) -> Iterator[Visitor]:
    """Her browser."""
    with visiting(browser, site, ada) as visitor:
        yield visitor


@pytest.mark.parametrize("asked", [*STREAMS, *REFUSALS])
def test_no_answer_does_anything_live_or_loaded(visitor: Visitor, asked: str) -> None:
    page = visitor.context.new_page()
    page.goto("/c/new/")
    chat = Chat(page)
    chat.ask(asked, model=MODEL)
    page.wait_for_function(STATUS_JS, arg=ENDED)
    status = chat.answer.get_attribute("data-status")
    assert status in STREAMS.get(asked, (None, ["failed"]))[1]
    visitor.look(page.locator("html"))
    page.reload()
    expect(chat.questions).to_have_text([asked])
    expect(chat.answers).to_have_count(1)
    assert chat.answer.get_attribute("data-status") == status
    visitor.look(page.locator("html"))
    # The page goes on, whatever was said.
    chat.ask("odd events", model=MODEL)
    page.wait_for_function(STATUS_JS, arg=ENDED)
    expect(chat.answer).to_contain_text("Odd.")
    visitor.look(page.locator("html"))
    assert visitor.found == []


def test_pictures_of_an_answer_are_links_that_nobody_follows(visitor: Visitor) -> None:
    page = visitor.context.new_page()
    page.goto("/c/new/")
    chat = Chat(page)
    chat.ask("images", model=MODEL)
    for _ in ("live", "loaded"):
        page.wait_for_function(STATUS_JS, arg=ENDED)
        shown = chat.answer.locator("[data-part=body]")
        assert shown.inner_text().count("seen") == len(IMAGES)
        assert shown.locator("img, picture, source, svg image").count() == 0
        assert shown.locator("a", has_text="seen").count() > len(IMAGES) / 2
        page.reload()
    assert visitor.found == []


@pytest.mark.parametrize(
    "path", ["conversations/turn/", "conversations/message/", "ledger/call/"]
)
def test_nor_do_the_names_of_a_provider_in_the_admin(
    visitor: Visitor, path: str
) -> None:
    page = visitor.context.new_page()
    page.goto(f"/admin/{path}")
    page.locator("#content").wait_for()
    assert visitor.found == []
