"""A channel layer whose server is away."""

from typing import Any, override

from channels.layers import BaseChannelLayer


class BrokenLayer(BaseChannelLayer):
    """Fails whatever it is asked."""

    extensions = ("groups",)

    @override
    async def send(self, channel: str, message: dict[str, Any]) -> None:
        raise ConnectionError

    @override
    async def receive(self, channel: str) -> Any:
        raise ConnectionError

    @override
    async def new_channel(self, prefix: str = "specific.") -> str:
        raise ConnectionError

    @override
    async def group_add(self, group: str, channel: str) -> None:
        raise ConnectionError

    @override
    async def group_discard(self, group: str, channel: str) -> None:
        raise ConnectionError

    @override
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionError
