"""One link, used by many at once over HTTP: one of them gets what it gives."""

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.serving import Site

AT_ONCE = 20
PASSWORD = "a harbour at six"
SUPERUSERS = "print(User.objects.filter(is_superuser=True).count(), end='')"
INVITED = "print(User.objects.filter(email='i@example.org').count(), end='')"
INVITE = (
    "i = Invitation(email='i@example.org'); token = new_token(i); i.save();"
    " print(token, end='')"
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site that nobody administrates yet."""
    site = Site(tmp_path)
    site.prepare()
    site.start()
    yield site
    site.end()


def use(link: str, name: str) -> int:
    """Fill in the form behind the link; the status of the answer."""
    with httpx.Client(timeout=120) as browser:
        browser.get(link)
        form = {
            "username": name,
            "email": f"{name}@example.org",
            "password": PASSWORD,
        }
        head = {"X-CSRFToken": browser.cookies.get("csrf") or ""}
        return browser.post(link, data=form, headers=head).status_code


def used_at_once(link: str, name: str) -> list[int]:
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        names = [f"{name}{number}" for number in range(AT_ONCE)]
        return list(pool.map(use, [link] * AT_ONCE, names))


def test_of_twenty_at_once_one_becomes_the_administrator(site: Site) -> None:
    link = site.set_up_link()
    statuses = used_at_once(
        f"{site.url}/{link.partition('//')[2].partition('/')[2]}", "grace"
    )
    # Whoever came late finds no form, and no token to send one with.
    assert statuses.count(302) == 1, statuses
    assert set(statuses) <= {302, 403, 404}
    module = "chatsite.accounts.models"
    assert site.run(SUPERUSERS, module) == "1"
    token = site.run(INVITE, "chatsite.accounts.invitations")
    statuses = used_at_once(f"{site.url}/join/{token}/", "ida")
    assert statuses.count(302) == 1, statuses
    assert set(statuses) <= {302, 403, 404}
    assert site.run(INVITED, module) == "1"
