"""A site whose Redis goes and comes back: people get in, and the log stays small."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chatsite.redis_cache import RedisOrMemory
from tests.browser.serving import PASSWORD, Person, Site
from tests.team.conftest import Server
from tests.team.visiting import Page

pytestmark = pytest.mark.team

SIGN_IN = "/accounts/login/"


@pytest.fixture
def site(server: Server, tmp_path: Path) -> Iterator[Site]:
    """A site with that Redis."""
    site = Site(tmp_path, REDIS_URL=server.url)
    yield site
    site.end()


@pytest.fixture
def ada(site: Site) -> Person:
    """Someone with a conversation; the site serves."""
    ada = site.people({"ada": 1})["ada"]
    site.start()
    return ada


def signs_in(site: Site, name: str, password: str) -> bool:
    with httpx.Client(base_url=site.url) as browser:
        browser.get(SIGN_IN)
        head = {"X-CSRFToken": browser.cookies["csrf"]}
        form = {"login": name, "password": password}
        assert browser.post(SIGN_IN, data=form, headers=head).status_code < 400
        return "session" in browser.cookies


def test_people_sign_in_while_redis_is_away_and_the_log_says_it_once(
    server: Server, site: Site, ada: Person
) -> None:
    page = Page(site, ada)
    with page.watch(f"/c/{ada.conversation}/") as socket:
        socket.recv(timeout=30)
        server.end()
        assert signs_in(site, "ada", PASSWORD)
        assert not any(signs_in(site, "ada", "a guess") for _ in range(6))
        assert not signs_in(site, "ada", PASSWORD)
        assert page.client.get(f"/c/{ada.conversation}/").status_code == 200
    site.end()
    log = (site.data_dir / "serve.log").read_text().splitlines()
    assert sum("Redis does not answer" in line for line in log) == 1
    assert sum("channels_redis" in line for line in log) <= 1
    assert not any(line.startswith("  |") for line in log)


def test_the_cache_goes_back_to_redis(server: Server) -> None:
    def cache() -> RedisOrMemory:
        return RedisOrMemory(server.url, {"OPTIONS": {"away_s": 0}})

    cache().set("a", "in redis", 60)
    server.end()
    assert cache().get("a") is None
    assert cache().add("a", "in memory", 60)
    assert cache().get("a") == "in memory"
    server.start()
    assert cache().get("a") is None
    assert cache().add("a", "in redis", 60)
    cache().ask_redis()
