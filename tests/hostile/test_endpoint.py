"""A base URL leads to a model server, and to nothing that hands out credentials."""

from itertools import product

import pytest

from conversations.messages_api import (
    CredentialError,
    MessageRequest,
    MessagesClient,
    ProviderError,
)
from conversations.messages_api.endpoint import root_of
from conversations.providers.anthropic import AnthropicProvider
from tests.hostile.conftest import Canary
from tests.scripted_server import answer, scripted_server

REQUEST = MessageRequest(
    model="m", messages=[{"role": "user", "content": "x"}], max_tokens=1
)
# 169.254.169.254, as programs on the way to a socket read it.
METADATA = (
    *(
        "169.254.169.254",
        "169.254.169.254.",
        "2852039166",
        "0xa9fea9fe",
        "025177524776",
    ),
    *("0251.0376.0251.0376", "0xa9.0xfe.0xa9.0xfe", "169.254.43518", "169.16689662"),
    *("0xA9.254.0251.0xfe", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]"),
    *("[0:0:0:0:0:FFFF:A9FE:A9FE]", "[::a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]"),
    *("[2002:a9fe:a9fe::]", "[64:ff9b::169.254.169.254]"),
)
LINK_LOCAL = (
    *(
        "169.254.0.1",
        "169.254.170.2",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
    ),
    *("[febf::1]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16"),
    *("224.0.0.1", "[ff02::1]"),
)
NAMES = ("metadata.google.internal", "METADATA.GOOGLE.INTERNAL.", "metadata")
NO_URLS = (
    *("", "x", "ftp://h", "file:///etc/passwd", "gopher://h", "//h", "http://", "h:80"),
    *("http://u:p@h", "http://h@169.254.169.254", "http://h\\@169.254.169.254"),
    *("http://h\t.test", "http://h\n.test", "ht\ntp://h", "http://h /", "http://h\0"),
    *(
        "http://h\u3002test",
        "http://\u2460\u2461\u2467",
        "http://h\u200b",
        "http://[::1",
    ),
    *("http://169.254.169.254\\.h.test", "javascript:alert(1)", "data:,x"),
)


@pytest.mark.parametrize("url", NO_URLS)
def test_what_parsers_may_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|url"):
        root_of(url)


def test_no_spelling_leads_to_a_metadata_service() -> None:
    ends = ("", ":80", "/", "/v1", ":8080/latest/", "?x", "#x")
    for host, scheme, end in product(
        (*METADATA, *LINK_LOCAL, *NAMES), ("http", "HTTPS"), ends
    ):
        with pytest.raises(ValueError, match="own network"):
            root_of(f"{scheme}://{host}{end}")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:11434", "localhost:8080", "[::1]:8000", "10.0.0.7", "192.168.1.9"),
        *(
            "[fd12::1]",
            "models.internal",
            "api.anthropic.com",
            "169.253.1.1",
        ),
    ],
)
def test_a_teams_own_server_is_welcome(host: str) -> None:
    assert root_of(f"http://{host}/v1") == f"http://{host}"


async def test_a_refused_address_is_told_before_anything_is_sent() -> None:
    provider = AnthropicProvider(base_url="http://[::ffff:a9fe:a9fe]")
    with pytest.raises(CredentialError) as caught:
        await provider.models()
    assert caught.value.code == "base_url"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_led_elsewhere(status: int, canary: Canary) -> None:
    """The credential would go along."""
    location = f"location: http://{canary.host}/v1/messages"
    async with scripted_server(answer(status, b"", location)) as server:
        client = MessagesClient(base_url=server.url, credential="a-long-credential")
        with pytest.raises(ProviderError):
            await client.create(REQUEST)
        await client.aclose()
    assert canary.heard == []


async def test_a_proxy_of_the_environment_hears_nothing(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://{canary.host}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with scripted_server(answer(200, {"input_tokens": 7})) as server:
        client = MessagesClient(base_url=server.url, credential="a-long-credential")
        assert await client.count_tokens(REQUEST) == 7
        await client.aclose()
    assert canary.heard == []
