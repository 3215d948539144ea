"""The ASGI application: pages over HTTP, live answers over websockets."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

http_application = get_asgi_application()

from chatsite.lifetime import lifespan  # noqa: E402 - needs the apps
from chatsite.origins import SameOrigin, close_unknown  # noqa: E402 - needs the settings
from chatsite.sockets import Counted  # noqa: E402 - needs the apps
from chatsite.static import serving  # noqa: E402 - needs the settings
from chatsite.tracing import begin as begin_tracing  # noqa: E402 - needs the apps
from conversations.routing import websocket_urlpatterns  # noqa: E402 - needs the apps

begin_tracing()
unknown: Any = close_unknown
routes = [*websocket_urlpatterns, re_path("", unknown)]
application = ProtocolTypeRouter(
    {
        "lifespan": lifespan,
        "http": serving(http_application),
        "websocket": SameOrigin(Counted(AuthMiddlewareStack(URLRouter(routes)))),
    }
)
