"""The site in a process of its own, Chromium, and people who visit with it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chat import Chat
from tests.browser.chromium import PATIENCE_MS, chromium
from tests.browser.serving import (
    ADMINISTRATOR,
    READER,
    TOURIST,
    Person,
    Site,
    session_cookie,
    wanted,
)
from tests.browser.watching import Watch

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
MISSING = "Chromium is missing: install it, as with `apt-get install chromium`."
# More than there are tests: one process may come to run them all.
STRANGERS, REGULARS = 140, 100
# More than one page of a conversation.
READER_QUESTIONS = 32
# Wide enough for the list at the side.
DESK = {"width": 1280, "height": 800}

type Visit = Callable[..., BrowserContext]


@dataclass(frozen=True, slots=True)
class Served:
    """The site, and who has an account there and has not been in a test yet."""

    site: Site
    administrator: Person
    reader: Person
    tourist: Person
    strangers: Iterator[Person]
    regulars: Iterator[Person]


@pytest.fixture(scope="session")
def served(
    chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The site in a process of its own, serving until the last test."""
    site = Site(tmp_path_factory.mktemp("site"))
    strangers = [f"stranger{number}" for number in range(STRANGERS)]
    regulars = [f"regular{number}" for number in range(REGULARS)]
    people = site.people(
        {
            ADMINISTRATOR: 0,
            READER: READER_QUESTIONS,
            TOURIST: 1,
            **dict.fromkeys(strangers, 0),
            **dict.fromkeys(regulars, 1),
        }
    )
    site.start()
    yield Served(
        site,
        people[ADMINISTRATOR],
        people[READER],
        people[TOURIST],
        iter([people[name] for name in strangers]),
        iter([people[name] for name in regulars]),
    )
    site.end()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Debian's Chromium is, or another."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        if wanted():
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


@pytest.fixture
def browser(chromium_path: str) -> Browser:
    """Chromium."""
    return chromium.browser(chromium_path)


@pytest.fixture
def site(served: Served) -> Site:
    """The site, serving."""
    return served.site


@pytest.fixture
def person(served: Served) -> Person:
    """Someone who has an account and has never asked anything."""
    return next(served.strangers)


@pytest.fixture
def regular(served: Served) -> Person:
    """Someone with a conversation of one question and its answer."""
    return next(served.regulars)


@pytest.fixture
def reader(served: Served) -> Person:
    """Someone with a conversation longer than a page."""
    return served.reader


@pytest.fixture
def tourist(served: Served) -> Person:
    """Someone with an answer that has one of everything in it."""
    return served.tourist


@pytest.fixture
def administrator(served: Served) -> Person:
    """Who may do everything."""
    return served.administrator


@pytest.fixture
def watch(site: Site) -> Iterator[Watch]:
    """Fails the test at its end if a page complained or asked elsewhere."""
    watch = Watch(site.url)
    yield watch
    assert watch.unexpected() == []


@pytest.fixture
def visit(browser: Browser, site: Site, watch: Watch) -> Iterator[Visit]:
    """Opens a browser of its own for someone, or for nobody yet."""
    contexts: list[BrowserContext] = []

    def visit(person: Person | None = None, **options: Any) -> BrowserContext:
        context = browser.new_context(
            **{"base_url": site.url, "viewport": DESK, **options}
        )
        context.set_default_timeout(PATIENCE_MS)
        watch.over(context)
        if person is not None:
            context.add_cookies([session_cookie(site, person)])
        contexts.append(context)
        return context

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Visit, person: Person) -> Page:
    """A page of someone who is signed in; it shows nothing yet."""
    return visit(person).new_page()


@pytest.fixture
def going(visit: Visit, regular: Person) -> Chat:
    """A page of a conversation that holds one question and its answer."""
    page = visit(regular).new_page()
    page.goto(f"/c/{regular.conversation}/")
    return Chat(page)


@pytest.fixture
def chat(page: Page) -> Chat:
    """The empty conversation page of someone who is here for the first time."""
    page.goto("/c/new/")
    return Chat(page)
