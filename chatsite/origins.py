"""Which pages may open a websocket: those of this site, by scheme, host and port."""

from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

# What conversations answer too, where there is nothing to see.
NOT_FOUND = 4404


def allowed_origins(host: str) -> set[str]:
    """Origins that may connect to `host`, the name that the browser asked for.

    A page on another port of the same machine is another site.
    """
    origins = {origin.lower() for origin in settings.CSRF_TRUSTED_ORIGINS}
    if validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        scheme = "https" if settings.HTTPS else "http"
        origins.add(f"{scheme}://{host.lower()}")
    return origins


class SameOrigin:
    """Refuse the handshake of a foreign page, or of one that does not say."""

    def __init__(self, application: Any) -> None:
        """Wrap the websocket application."""
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Compare the Origin header with what the Host header allows."""
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        host = headers.get(b"host", b"").decode("latin-1")
        allowed = origin in allowed_origins(host)
        application = self.application if allowed else WebsocketDenier()
        await application(scope, receive, send)


async def close_unknown(_scope: Any, receive: Any, send: Any) -> None:
    """Answer a socket that asks for an address that does not exist.

    It is accepted first: only then does the page learn the code, and stay away.
    """
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": NOT_FOUND})
