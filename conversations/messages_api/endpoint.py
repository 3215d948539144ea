"""Where requests go and what they carry: base URL, credential, headers."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from conversations.messages_api.errors import CredentialError

SECRET_LENGTH = 8

type AuthStyle = Literal["x-api-key", "bearer", "none"]


def root_of(base_url: str) -> str:
    """The URL that `/v1/...` is added to; `ValueError` if it is none.

    A password in it would end up in logs, so none is taken.
    """
    url = urlsplit(base_url.strip())
    if url.scheme not in {"http", "https"} or not url.hostname or "@" in url.netloc:
        raise ValueError("The base URL is not http(s)://host, or holds a password.")
    path = url.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return f"{url.scheme}://{url.netloc}{path}"


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
