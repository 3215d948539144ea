"""Where requests go and what they carry: base URL, credential, headers."""

import ipaddress
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

from conversations.messages_api.errors import CredentialError

SECRET_LENGTH = 8

# Where clouds hand out credentials, beside the link-local 169.254.169.254.
_METADATA_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data"}
)
_METADATA_ADDRESSES = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16"))
)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")

type AuthStyle = Literal["x-api-key", "bearer", "none"]


def root_of(base_url: str) -> str:
    """The URL that `/v1/...` is added to; `ValueError` if it is none.

    A password in it would end up in logs, so none is taken. Nor is the address of a
    cloud's metadata service, which hands out credentials of the machine: link-local
    addresses are refused, however they are spelled. Loopback and private addresses
    are taken, for that is where a team's own model servers are.
    """
    base_url = base_url.strip()
    # What parsers read in more than one way.
    if "\\" in base_url or not all("!" <= letter <= "~" for letter in base_url):
        raise ValueError("The base URL holds what no URL holds.")
    url = urlsplit(base_url)
    if url.scheme not in {"http", "https"} or not url.hostname or "@" in url.netloc:
        raise ValueError("The base URL is not http(s)://host, or holds a password.")
    if _is_forbidden(url.hostname.rstrip(".")):
        raise ValueError("The base URL names an address of the machine's own network.")
    path = url.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return f"{url.scheme}://{url.netloc}{path}"


def _is_forbidden(host: str) -> bool:
    if host in _METADATA_NAMES:
        return True
    address = _address_of(host)
    return address is not None and (
        address.is_link_local or address.is_multicast or address in _METADATA_ADDRESSES
    )


def _address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `host` is, if it is one: 0xa9fea9fe and 2852039166 are, too."""
    with suppress(ValueError):
        found = ipaddress.ip_address(host.partition("%")[0])
        if isinstance(found, ipaddress.IPv6Address):
            return _embedded(found) or found
        return found
    with suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, tunnelled, translated."""
    if address in _TRANSLATED or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def authentication(style: AuthStyle, credential: str) -> dict[str, str]:
    """The header that carries the credential, if there is one to carry."""
    if style == "none" or not credential:
        return {}
    if style == "bearer":
        return {"authorization": f"Bearer {credential}"}
    return {"x-api-key": credential}


def check_sendable(credential: str, headers: Mapping[str, str]) -> None:
    """Refuse with `CredentialError` what a transport would refuse later, quoting it."""
    if not all("!" <= character <= "~" for character in credential):
        raise CredentialError(
            "authentication",
            "The credential holds white space, a control character or a letter "
            "outside of ASCII.",
        )
    for name, value in headers.items():
        if not (name.isascii() and name.replace("-", "").isalnum()):
            raise CredentialError("authentication", "A header has an impossible name.")
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            raise CredentialError(
                "authentication", f"The header {name} has a value that cannot be sent."
            )


def secrets_in(credential: str, headers: Mapping[str, str]) -> list[str]:
    """What must not be repeated: the credential and the headers of other vendors.

    A short one is a placeholder, and blotting it out would hurt every sentence.
    """
    values = [
        value
        for name, value in headers.items()
        if not name.lower().startswith("anthropic-")
    ]
    return [text for text in (credential, *values) if len(text) >= SECRET_LENGTH]
