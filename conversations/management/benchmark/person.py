"""Signing in as a browser does, with nothing but the standard library."""

import http.cookiejar
import re
import urllib.parse
import urllib.request

from conversations.management.benchmark.plans import Person

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
TIMEOUT_S = 30


def sign_in(port: int, username: str, password: str) -> Person:
    """Sign in through the form; raises RuntimeError if the site refuses."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    url = f"http://127.0.0.1:{port}/accounts/login/"

    def fetch(address: str, form: dict[str, str] | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        with opener.open(address, data, TIMEOUT_S) as response:
            page: str = response.read().decode()
            return page

    form = {
        "csrfmiddlewaretoken": _token_in(fetch(url)),
        "login": username,
        "password": password,
    }
    fetch(url, form)
    page = fetch(f"http://127.0.0.1:{port}/c/new/")
    if "session" not in {cookie.name for cookie in jar}:
        raise RuntimeError("Signing in did not work.")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    return Person(cookie=cookies, token=_token_in(page))


def _token_in(page: str) -> str:
    found = _TOKEN.search(page)
    if found is None:
        raise RuntimeError("A page without a token for its forms.")
    return found[1]
