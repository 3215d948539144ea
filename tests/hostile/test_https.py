"""A site whose address is https, served: what it tells a browser with every answer."""

import io
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests import pictures
from tests.browser.serving import PASSWORD, Person, Site
from tests.hostile.test_headers import HEADERS, POLICY

HOST = "chat.example.org"
SCIM_TOKEN = "t" * 40
HSTS = "max-age=31536000; includeSubDomains"
PROXIED = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
PAGES = {
    "page": ("/c/new/", 200),
    "redirect": ("/", 302),
    "partial": ("/conversations/", 200),
    "not found": ("/nothing/", 404),
    "method": ("/c/", 405),
    "SCIM without a token": ("/scim/v2/Users", 401),
    "admin": ("/admin/", 302),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site behind a proxy that ends TLS."""
    variables = {"SITE_URL": f"https://{HOST}", "SCIM_TOKEN": SCIM_TOKEN}
    folder = tmp_path_factory.mktemp("https")
    site = Site(folder, TRUSTED_PROXIES="1", METRICS_TOKEN="m" * 40, **variables)
    yield site
    site.end()


@pytest.fixture(scope="module")
def ada(site: Site) -> Person:
    """Someone with an account; the site serves."""
    ada = site.people({"ada": 1})["ada"]
    site.start()
    return ada


@pytest.fixture(scope="module")
def browser(site: Site, ada: Person) -> Iterator[httpx.Client]:
    """Hers, signed in with name and password as the proxy hands it on."""
    with httpx.Client(base_url=site.url, headers=PROXIED, timeout=30) as browser:
        cookies = cookies_of(browser.get("/accounts/login/"))
        token = cookies["__Host-csrf"].split(";")[0]
        browser.headers["Cookie"] = f"__Host-csrf={token}"
        browser.headers["X-CSRFToken"] = token
        browser.headers["Referer"] = f"https://{HOST}/"
        form = {"login": ada.name, "password": PASSWORD}
        cookies = cookies_of(browser.post("/accounts/login/", data=form))
        jar = {name: text.split(";")[0] for name, text in cookies.items()}
        browser.headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in jar.items())
        browser.headers["X-CSRFToken"] = jar["__Host-csrf"]
        yield browser


def cookies_of(response: httpx.Response) -> dict[str, str]:
    """Each cookie that is set: its value and all that is said about it."""
    found = [each.partition("=") for each in response.headers.get_list("Set-Cookie")]
    return {name: about for name, _, about in found}


@pytest.mark.parametrize("name", PAGES)
def test_every_answer_carries_every_header(browser: httpx.Client, name: str) -> None:
    path, status = PAGES[name]
    response = browser.get(path)
    assert response.status_code == status
    for header, value in {**HEADERS, "Strict-Transport-Security": HSTS}.items():
        assert response.headers.get(header) == value, header
    policy = response.headers["Content-Security-Policy"]
    assert set(policy.split("; ")) >= POLICY
    assert "unsafe" not in policy
    assert "Server" not in response.headers


def test_cookies_belong_to_this_host_and_to_tls_alone(site: Site, ada: Person) -> None:
    with httpx.Client(base_url=site.url, headers=PROXIED) as fresh:
        page = fresh.get("/accounts/login/")
        token = cookies_of(page)["__Host-csrf"].split(";")[0]
        head = {"X-CSRFToken": token, "Referer": f"https://{HOST}/"}
        head["Cookie"] = f"__Host-csrf={token}"
        form = {"login": ada.name, "password": PASSWORD}
        entered = fresh.post("/accounts/login/", data=form, headers=head)
    cookies = {**cookies_of(page), **cookies_of(entered)}
    assert {"__Host-csrf", "__Host-session"} <= cookies.keys()
    for name, about in cookies.items():
        facts = {fact.strip().lower() for fact in about.split(";")[1:]}
        assert name.startswith("__Host-")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= facts, about
        assert not any(fact.startswith("domain") for fact in facts), about


def test_a_static_file_is_kept_for_ever_and_is_what_it_says(
    browser: httpx.Client,
) -> None:
    page = browser.get("/c/new/").text
    files = set(re.findall(r'"(/static/[^"]+\.(?:js|css|svg))', page))
    assert len(files) > 5
    for path in files:
        response = browser.get(path)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"], path
        assert "Set-Cookie" not in response.headers
        for header in ("X-Content-Type-Options", "Cross-Origin-Resource-Policy"):
            assert response.headers[header] == HEADERS[header], path


def test_a_picture_is_served_as_nothing_else(browser: httpx.Client) -> None:
    file = {"file": ("a.png", io.BytesIO(pictures.png()))}
    chip = browser.post("/attachments/", files=file).text
    (address,) = set(re.findall(r"/attachments/[0-9a-f-]{36}/", chip))
    for path in (address, f"{address}thumbnail/"):
        response = browser.get(path)
        assert response.status_code == 200
        assert response.headers["Content-Type"] in {"image/png", "image/webp"}
        assert response.headers["Strict-Transport-Security"] == HSTS
        policy = response.headers["Content-Security-Policy"]
        assert {"sandbox", "default-src 'none'"} <= set(policy.split("; "))
        for header, value in HEADERS.items():
            assert response.headers.get(header) == value, (path, header)


def test_a_refused_form_is_a_page_like_others(browser: httpx.Client) -> None:
    """Without the token of a page."""
    response = browser.post(
        "/c/", data={"key": str(uuid.uuid4())}, headers={"X-CSRFToken": "x" * 32}
    )
    assert response.status_code == 403
    for header, value in {**HEADERS, "Strict-Transport-Security": HSTS}.items():
        assert response.headers.get(header) == value, header


@pytest.mark.parametrize(
    ("path", "head", "status"),
    [
        ("/healthz", {}, 200),
        ("/readyz", {}, 200),
        ("/metrics", {"Authorization": f"Bearer {'m' * 40}"}, 200),
        ("/metrics", {}, 404),
        ("/scim/v2/Users", {"Authorization": f"Bearer {SCIM_TOKEN}"}, 200),
    ],
)
def test_what_programs_ask_for_is_no_page_and_is_kept_nowhere(
    site: Site, ada: Person, path: str, head: dict[str, str], status: int
) -> None:
    response = httpx.get(site.url + path, headers={**PROXIED, **head})
    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers
    if status == 200:
        assert "no-store" in response.headers["Cache-Control"]
        assert not response.headers["Content-Type"].startswith("text/html")


def test_what_comes_without_tls_is_sent_there_and_gets_no_cookie(
    site: Site, ada: Person
) -> None:
    plain = {**PROXIED, "X-Forwarded-Proto": "http"}
    response = httpx.get(f"{site.url}/accounts/login/", headers=plain)
    assert response.status_code == 301
    assert response.headers["Location"] == f"https://{HOST}/accounts/login/"
    assert "Set-Cookie" not in response.headers


@pytest.fixture
def guessed(site: Site, ada: Person) -> Callable[..., Any]:
    """Tries a password for a name, from the address that the proxy saw."""

    def guess(name: str, password: str, forwarded: str) -> bool:
        """Whether the guess was looked at."""
        head = {**PROXIED, "X-Forwarded-For": forwarded}
        with httpx.Client(base_url=site.url, headers=head, timeout=30) as fresh:
            page = fresh.get("/accounts/login/")
            token = cookies_of(page)["__Host-csrf"].split(";")[0]
            fields = {"X-CSRFToken": token, "Referer": f"https://{HOST}/"}
            fields["Cookie"] = f"__Host-csrf={token}"
            form = {"login": name, "password": password}
            return (
                "Too many"
                not in fresh.post("/accounts/login/", data=form, headers=fields).text
            )

    return guess


def test_behind_a_proxy_a_forged_address_buys_no_guess(
    guessed: Callable[..., bool],
) -> None:
    """What stands before the proxy's own word was written by whoever asks."""
    tried = [
        guessed(f"nobody-{number}", "guess", f"198.51.100.{number}, 203.0.113.9")
        for number in range(14)
    ]
    assert tried == [True] * 10 + [False] * 4
    assert guessed("nobody", "guess", "203.0.113.9, 203.0.113.10")
