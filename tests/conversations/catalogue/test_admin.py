"""The admin of models: decisions taken by hand, prices in dollars."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.catalogue import offered, rows
from conversations.catalogue.models import CatalogueModel, ModelPrice
from conversations.providers.scripted import ScriptedProvider

pytestmark = pytest.mark.django_db

LIST = reverse("admin:catalogue_cataloguemodel_changelist")
PAGE = reverse("admin:catalogue_cataloguemodel_change", args=("scripted",))
FORM = {
    "enabled": "on",
    "fallbacks-TOTAL_FORMS": "0",
    "fallbacks-INITIAL_FORMS": "0",
    "prices-TOTAL_FORMS": "0",
    "prices-INITIAL_FORMS": "0",
}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("root", "root@example.org", "secret")
    )
    return client


@pytest.fixture(autouse=True)
def scripted() -> Iterator[None]:
    with offered.use([ScriptedProvider(pace=0)]):
        rows.renew()
        yield


def test_the_page_of_a_model_shows_what_was_told(client: Client) -> None:
    page = client.get(PAGE).content.decode()

    assert "As its server says" in page
    assert "images" in page


@pytest.mark.parametrize("path", ["add/", "scripted/delete/"])
def test_rows_are_made_and_kept_by_listing_alone(client: Client, path: str) -> None:
    assert client.get(f"{LIST}{path}").status_code == 403


def test_what_is_decided_holds_at_once(
    client: Client, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator] # pytest-django names no type
        response = client.post(PAGE, {**FORM, "name": "Ours", "images": "false"})

    info = offered.model_info("scripted")
    assert response.status_code == 302
    assert info is not None
    assert (info.name, info.images) == ("Ours", False)


def test_a_price_is_given_in_dollars_and_kept_in_picodollars(client: Client) -> None:
    price = {
        "since": "2026-11-01",
        "input": "0.10",
        "output": "0.50",
        "cache_write_5m": "0.125",
        "cache_write_1h": "0.20",
        "cache_read": "0.01",
        "web_search": "10",
    }
    fields = {f"prices-0-{name}": value for name, value in price.items()}

    client.post(PAGE, {**FORM, **fields, "prices-TOTAL_FORMS": "1"})

    kept = ModelPrice.objects.get()
    assert (kept.input, kept.cache_write_5m) == (100_000, 125_000)
    assert kept.web_search == 10_000_000_000
    assert 'value="0.125"' in client.get(PAGE).content.decode()


def test_a_retirement_that_is_near_is_said_above_the_list(client: Client) -> None:
    soon = (timezone.now() + timedelta(days=10)).date()
    CatalogueModel.objects.update(retires_on=soon)

    assert "Model scripted: It retires on" in client.get(LIST).content.decode()


def test_a_retirement_that_is_far_is_not(client: Client) -> None:
    assert "It retires on" not in client.get(LIST).content.decode()
