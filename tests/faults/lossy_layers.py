"""Channel layers that lose messages, double them and mix up their order."""

import asyncio
from typing import Any, override

from chatsite.layers import MemoryLayer
from chatsite.redis_layer import RedisLayer
from tests.faults.findings import chance

LOST, DOUBLED, LATE = 0.1, 0.1, 0.1
LATE_S = 0.05


class _Chance:
    def __init__(self) -> None:
        self._random = chance()
        self._late: set[asyncio.Task[None]] = set()

    async def passed_on(self, send: Any, *message: Any) -> None:
        drawn = self._random.random()
        if drawn < LOST:
            return
        if drawn < LOST + DOUBLED:
            await send(*message)
        if drawn > 1 - LATE:
            task = asyncio.create_task(self._later(send, *message))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            return
        await send(*message)

    async def _later(self, send: Any, *message: Any) -> None:
        await asyncio.sleep(LATE_S)
        await send(*message)


class LossyMemoryLayer(MemoryLayer):
    """The layer of one process, with faults."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chance = _Chance()

    @override
    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._chance.passed_on(super().send, channel, message)

    @override
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._chance.passed_on(super().group_send, group, message)


class LossyRedisLayer(RedisLayer):
    """The layer of several processes, with faults."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chance = _Chance()

    @override
    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._chance.passed_on(self._get_layer().send, channel, message)

    @override
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._chance.passed_on(self._get_layer().group_send, group, message)
