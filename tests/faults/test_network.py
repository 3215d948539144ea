"""The line breaks, waits or forbids: in the end every page says what was said."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.chat import Chat, words_of
from tests.browser.chromium import PATIENCE_MS
from tests.browser.serving import Person, Site, session_cookie
from tests.faults.comparing import COMPARED_EVERY, assert_all_show_the_same
from tests.faults.conftest import Note
from tests.faults.findings import chance, times
from tests.faults.line import Line

PEOPLE = 6
WORDS = times(90, 240)  # about three seconds, or eight
PLAIN = "/echo " + " ".join(f"wave{number}" for number in range(WORDS))
MARKDOWN = f"/long {WORDS}"
# Notes every length that the answer of that number has had, at each change of the page.
_WATCH_LENGTHS = """
(number) => {
  window.watcher?.disconnect();
  window.lengths = [];
  window.watcher = new MutationObserver(() => {
    const answer = document.querySelectorAll("article[data-role=assistant]")[number];
    const body = answer?.querySelector("[data-part=body]");
    if (body) lengths.push(body.textContent.trim().length);
  });
  watcher.observe(document.body, {childList: true, subtree: true, characterData: true});
}
"""

type Open = Callable[..., Chat]


@dataclass(frozen=True, slots=True)
class Served:
    """The site, and those who have not been in a test yet."""

    site: Site
    people: Iterator[Person]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site, for the tests of this file."""
    site = Site(tmp_path_factory.mktemp("site"))
    people = site.people({f"person{number}": 1 for number in range(PEOPLE)})
    site.start()
    yield Served(site, iter(people.values()))
    site.end()


@pytest.fixture
def site(served: Served) -> Site:
    """The site, serving."""
    return served.site


@pytest.fixture
def person(served: Served) -> Person:
    """Someone with a conversation of one question and its answer."""
    return next(served.people)


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    """The line to the site."""
    with Line(site.port) as line:
        yield line


@pytest.fixture
def opened(browser: Browser, line: Line, site: Site, person: Person) -> Iterator[Open]:
    """Opens the person's conversation on a further device, over the given address."""
    contexts: list[BrowserContext] = []

    def opened(url: str = "") -> Chat:
        address = url or line.url
        context = browser.new_context(base_url=address)
        context.set_default_timeout(PATIENCE_MS)
        cookie = session_cookie(site, person)
        context.add_cookies([cookie | {"url": address}])
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/c/{person.conversation}/")
        return Chat(page)

    yield opened
    for context in contexts:
        context.close()


def test_a_line_that_is_cut_at_random_moments_leaves_no_trace(
    opened: Open, line: Line, site: Site, note: Note
) -> None:
    drawn = chance()
    cuts, answers = times(6, 200), times(2, 40)
    chat = opened()
    shrunk = 0
    for number in range(answers):
        chat.page.evaluate(_WATCH_LENGTHS, number + 1)
        chat.ask(PLAIN)
        for _ in range(cuts // answers):
            chat.page.wait_for_timeout(drawn.uniform(100, 1_000))
            line.cut()
        _ends(chat, number + 2)
        lengths = chat.page.evaluate("lengths")
        shrunk += sum(b < a for a, b in itertools.pairwise(lengths) if a)
        assert words_of(chat.answer) == PLAIN.removeprefix("/echo ")
        if (number + 1) % COMPARED_EVERY == 0 or number + 1 == answers:
            assert_all_show_the_same([chat], opened(site.url))
    note(
        "line cut while an answer streams",
        line.cuts,
        answers=answers,
        answers_not_identical=0,
        times_the_text_shrank=shrunk,
    )
    assert shrunk == 0


def test_a_page_loaded_anew_at_random_moments_goes_on_where_it_was(
    opened: Open, site: Site, note: Note
) -> None:
    drawn = chance()
    reloads, answers = times(4, 50), times(1, 10)
    chat = opened()
    for number in range(answers):
        chat.ask(MARKDOWN)
        for _ in range(reloads // answers):
            chat.page.wait_for_timeout(drawn.uniform(50, 700))
            chat.page.reload()
            expect(chat.answers).to_have_count(number + 2)
        _ends(chat, number + 2)
    assert_all_show_the_same([chat], opened(site.url))
    note("page loaded anew while an answer streams", reloads, not_identical=0)


def test_two_tabs_and_two_devices_end_with_the_same_words(
    opened: Open, site: Site, line: Line, note: Note
) -> None:
    drawn = chance()
    first, phone = opened(), opened()
    tab = Chat(first.page.context.new_page())
    tab.page.goto(first.page.url)
    rounds = times(1, 10)
    for number in range(rounds):
        asker = drawn.choice([first, phone, tab])
        asker.ask(MARKDOWN)
        phone.page.wait_for_timeout(drawn.uniform(200, 2_000))
        line.cut()
        for chat in (first, phone, tab):
            _ends(chat, number + 2)
    assert_all_show_the_same([first, phone, tab], opened(site.url))
    for chat in (first, phone, tab):
        keys = chat.log.locator("article").evaluate_all("all => all.map(a => a.id)")
        assert len(keys) == len(set(keys)) == 2 * (rounds + 1)
    note("two tabs and another device, line cut", rounds, messages_twice=0)


def test_a_proxy_that_keeps_everything_back_changes_nothing_but_the_pace(
    opened: Open, site: Site, line: Line, note: Note
) -> None:
    chat = opened()
    line.hold_s = 1.5
    chat.ask(MARKDOWN)
    _ends(chat, 2)
    line.hold_s = 0
    assert_all_show_the_same([chat], opened(site.url))
    note("proxy that buffers for 1.5 s", 1, not_identical=0)


def test_a_proxy_that_forbids_sockets_leaves_the_polling(
    opened: Open, site: Site, line: Line, note: Note
) -> None:
    line.forbids_sockets = True
    chat = opened()
    chat.ask(MARKDOWN)
    chat.begins()
    _ends(chat, 2)
    assert_all_show_the_same([chat], opened(site.url))
    note("proxy that forbids websockets", 1, not_identical=0)


def test_a_tab_that_slept_shows_everything_when_it_wakes(
    opened: Open, site: Site, line: Line, note: Note
) -> None:
    slept_s = times(3, 600)
    chat, awake = opened(), opened()
    wire = chat.page.context.new_cdp_session(chat.page)
    chat.ask(MARKDOWN)
    chat.begins()
    wire.send("Page.setWebLifecycleState", {"state": "frozen"})
    line.cut()
    awake.page.wait_for_timeout(1000 * slept_s)
    _ends(awake, 2)
    wire.send("Page.setWebLifecycleState", {"state": "active"})
    _ends(chat, 2)
    assert_all_show_the_same([chat], opened(site.url))
    note("tab that slept, its line cut meanwhile", 1, seconds=slept_s, not_identical=0)


def _ends(chat: Chat, answers: int) -> None:
    expect(chat.answers).to_have_count(answers, timeout=60_000)
    expect(chat.answer).to_have_attribute("data-status", "complete", timeout=60_000)
