"""Channel layers that lose what tells a person's sockets to close."""

from typing import Any, override

from chatsite.layers import MemoryLayer
from chatsite.redis_layer import RedisLayer

LOST = "person.signed_out"


class DeafMemoryLayer(MemoryLayer):
    """The layer of one process, with that fault."""

    @override
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if message["type"] != LOST:
            await super().group_send(group, message)


class DeafRedisLayer(RedisLayer):
    """The layer of several processes, with that fault."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if message["type"] != LOST:
            # The layer finds this method of its event loop's by name alone.
            await self._get_layer().group_send(group, message)
