"""A browser for view tests whose answers stay pending: nothing generates meanwhile."""

from typing import Any

from asgiref.sync import async_to_sync
from django.test import AsyncClient

from chatsite.accounts.models import User
from conversations import generation


class Browser:
    """Posts as one person; the process of each request is already draining.

    Without that, an answer would begin on a thread of its own, beside the one that
    holds the test's transaction.
    """

    def __init__(self, person: User, **headers: str) -> None:
        self._client = AsyncClient()
        self._headers = headers
        self._client.force_login(person)

    def get(self, path: str, data: dict[str, Any] | None = None) -> Any:
        """The response to a GET."""
        return async_to_sync(self._client.get)(path, data, headers=self._headers)

    def post(self, path: str, data: dict[str, Any] | None = None) -> Any:
        """The response to a form's POST."""
        return async_to_sync(self._drained)(path, data or {})

    async def _drained(self, path: str, data: dict[str, Any]) -> Any:
        await generation.drain(0)
        return await self._client.post(path, data, headers=self._headers)
