"""The probes tell an orchestrator the truth, whatever name it uses."""

from pathlib import Path

import pytest
from django.test import AsyncClient, Client
from pytest_django import Settings

from tests.storages import on_disk


def test_a_serving_process_is_healthy() -> None:
    """No database, no session, and no matter by which name."""
    response = Client(headers={"host": "10.1.2.3:8000"}).get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_working_site_is_ready(client: Client) -> None:
    """Database, layer and storage answer."""
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db(transaction=True)
async def test_it_answers_async_requests_too(async_client: AsyncClient) -> None:
    """As the server asks."""
    assert (await async_client.get("/readyz")).content == b"ok"


@pytest.mark.django_db
def test_storage_that_fails_is_named(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    """A file stands where the folder should be."""
    folder = tmp_path / "attachments"
    folder.write_text("")
    settings.STORAGES = on_disk(settings.STORAGES, folder)
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"storage")


def test_a_database_that_fails_is_named(client: Client) -> None:
    """Here it is the test runner that keeps the database away."""
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"database")
