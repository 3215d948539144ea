"""The channel layer of a site of several processes: Redis, within bounds.

channels_redis subscribes anew by itself when Redis was away. Beyond that, this layer
bounds what waits for a slow listener, how long a sender waits for Redis, and tells
every listener that events may have been lost.
"""

import asyncio
import socket
from typing import Any, override

from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)
from channels_redis.utils import _wrap_close, decode_hosts
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

# What a listener hears when Redis is back: whatever it knows may be old.
RESTORED = "layer.restored"
CONNECT_TIMEOUT_S = 2.0
SEND_TIMEOUT_S = 2.0
# A network that swallows packets is noticed by these.
PING_INTERVAL_S = 10
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_USER_TIMEOUT": 20_000}


class RedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc] # untyped
    """Channels' layer over Redis's publish and subscribe; one for each event loop."""

    def __init__(self, *, url: str, prefix: str, capacity: int) -> None:
        """Connect to nothing yet; `capacity` counts messages that may wait."""
        super().__init__(hosts=[_host(url)], prefix=prefix)
        self._capacity = capacity

    def _get_layer(self) -> "_LoopLayer":
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = _LoopLayer(
                *self._args,
                **self._kwargs,
                channel_layer=self,
                capacity=self._capacity,
            )
            _wrap_close(self, loop)
        layer: _LoopLayer = self._layers[loop]
        return layer


def _host(url: str) -> dict[str, Any]:
    known = {name: value for name, value in _KEEPALIVE.items() if hasattr(socket, name)}
    return {
        "address": url,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "socket_keepalive_options": {
            getattr(socket, name): value for name, value in known.items()
        },
        "health_check_interval": PING_INTERVAL_S,
        # One more try serves a connection that was closed while it was idle.
        "retry": Retry(NoBackoff(), 1),
    }


class _Queue(asyncio.Queue[bytes]):
    """Drops what has no room: its listener finds the gap and asks again."""

    @override
    def put_nowait(self, item: bytes) -> None:
        if not self.full():
            super().put_nowait(item)


class _LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc] # untyped
    def __init__(self, *args: Any, capacity: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._capacity = capacity
        hosts = decode_hosts(kwargs["hosts"])
        self._shards = [_Connection(host, self) for host in hosts]

    @override
    async def _subscribe_to_channel(self, channel: str) -> None:
        self.channels[channel] = _Queue(self._capacity)
        try:
            await self._get_shard(channel).subscribe(channel)
        except BaseException:
            del self.channels[channel]
            raise

    @override
    async def send(self, channel: str, message: dict[str, Any]) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await super().send(channel, message)

    @override
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await super().group_send(group, message)

    def restored(self) -> None:
        """Tell every listener of this event loop."""
        for waiting in self.channels.values():
            waiting.put_nowait(self.channel_layer.serialize({"type": RESTORED}))


class _Connection(RedisSingleShardConnection):  # type: ignore[misc] # untyped
    _redis: Any
    _pubsub: Any

    @override
    async def unsubscribe(self, channel: str) -> None:
        """Forget the channel, also while Redis is away and need not be told."""
        try:
            await super().unsubscribe(channel)
        except (RedisError, OSError):
            self._subscribed_to.discard(channel)
            self._pubsub.channels.pop(channel.encode(), None)

    @override
    def _ensure_redis(self) -> None:
        made, _ = self._redis, super()._ensure_redis()
        if made is None:
            self._pubsub = _Subscriptions(self._redis.connection_pool)
            self._pubsub.restored = self.channel_layer.restored


class _Subscriptions(PubSub):
    """Redis's subscriptions; called back when they were made on a new connection."""

    restored: Any

    @override
    async def on_connect(self, connection: Any) -> None:
        await super().on_connect(connection)
        self.restored()
