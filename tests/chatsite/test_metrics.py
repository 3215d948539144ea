"""What is scraped is what happened, and only those who may scrape it do."""

from typing import Any

import pytest
from django.test import AsyncClient, Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from conversations.ledger.totals import RunningTotals
from conversations.measures import OTHER, model_label, rate_limits_told
from conversations.messages_api import RateLimit
from conversations.models import Turn
from tests import factories

type Samples = dict[str, float]

TOKEN = "a token of the metrics"


def samples(text: str) -> Samples:
    """Each sample by its name and labels, as they are written."""
    found = {}
    for family in text_string_to_metric_families(text):
        for name, labels, value, *_ in family.samples:
            inner = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
            found[f"{name}{{{inner}}}" if inner else name] = value
    return found


def scraped(client: Client, **how: Any) -> Samples:
    response = client.get("/metrics", **how)
    assert response.status_code == 200
    return samples(response.content.decode())


@pytest.mark.django_db
def test_this_machine_may_scrape(client: Client) -> None:
    assert scraped(client)["chatsite_database_up"] == 1


@pytest.mark.django_db(transaction=True)
async def test_async_requests_are_answered_too(async_client: AsyncClient) -> None:
    response = await async_client.get("/metrics")
    assert b"chatsite_database_up 1.0" in response.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
    ],
)
def test_a_request_that_came_through_a_proxy_finds_no_metrics(
    client: Client, headers: dict[str, str]
) -> None:
    assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.django_db
def test_behind_a_proxy_nobody_is_this_machine(
    client: Client, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 1
    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "", "local"])
def test_another_machine_finds_no_metrics(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404


@pytest.mark.django_db
def test_the_token_opens_the_metrics_from_everywhere(
    client: Client, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.7"}
    assert scraped(client, headers=headers, REMOTE_ADDR="192.0.2.8")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer x"},
        {"Authorization": ""},
    ],
)
def test_where_there_is_a_token_this_machine_needs_it_too(
    client: Client, settings: Settings, headers: dict[str, str]
) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.django_db
def test_what_runs_and_what_waits_is_counted(client: Client) -> None:
    turn = factories.begun(factories.started())
    factories.asked(turn.conversation)
    factories.ended(factories.started())

    found = scraped(client)

    assert found['chatsite_turns{model="scripted",status="pending"}'] == 1
    assert found['chatsite_turns{model="scripted",status="queued"}'] == 1
    assert 'chatsite_turns{model="scripted",status="complete"}' not in found


@pytest.mark.django_db
def test_the_ledger_is_summed_by_what_became_of_its_calls(client: Client) -> None:
    usage = {"input_tokens": 7, "output_tokens": 11, "cache_read_input_tokens": 5}
    factories.ended(factories.started(), usage=usage)
    factories.ended(factories.started(), usage=usage)
    failed = Turn.Status.FAILED
    factories.ended(factories.started(), "", failed, error_code="overloaded")

    found = scraped(client)

    answers = 'model="scripted",provider="scripted",purpose="answer"'
    assert found[f'chatsite_calls_total{{{answers},status="settled"}}'] == 2
    assert found[f'chatsite_calls_total{{{answers},status="failed"}}'] == 1
    errors = 'code="overloaded",provider="scripted"'
    assert found[f"chatsite_provider_errors_total{{{errors}}}"] == 1
    kind = 'model="scripted",provider="scripted"'
    assert found[f'chatsite_tokens_total{{class="input",{kind}}}'] == 14
    assert found[f'chatsite_tokens_total{{class="output",{kind}}}'] == 22
    assert found[f'chatsite_tokens_total{{class="cache_read",{kind}}}'] == 10


@pytest.mark.django_db
def test_models_that_nobody_offers_share_one_label(client: Client) -> None:
    for name in ("gone-1", "gone-2"):
        turn = factories.started()
        Turn.objects.filter(pk=turn.pk).update(model=name)

    found = scraped(client)

    assert model_label("gone-1") == OTHER
    assert found['chatsite_turns{model="other",status="pending"}'] == 2


@pytest.mark.django_db
def test_nothing_that_people_wrote_or_are_called_is_scraped(client: Client) -> None:
    owner = factories.person("canary-name")
    factories.ended(factories.started(owner, "canary-question"), "canary-answer")

    assert b"canary" not in client.get("/metrics").content


def test_a_database_that_is_away_leaves_the_rest_of_the_figures(
    client: Client, settings: Settings, db: None
) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_turn RENAME TO away")
    found = scraped(client)
    assert found["chatsite_database_up"] == 0
    assert "chatsite_sockets" in found


@pytest.mark.django_db
def test_calls_that_no_longer_change_are_read_once(
    django_assert_num_queries: Any,
) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from conversations.ledger.models import Call

    factories.ended(factories.started(), usage={"input_tokens": 3})
    Call.objects.update(reserved_at=timezone.now() - timedelta(days=2))
    totals = RunningTotals()
    before = totals.now()
    # What was summed is not looked at again, whatever becomes of it.
    Call.objects.update(input_tokens=5)
    factories.ended(factories.started(), usage={"input_tokens": 4})

    with django_assert_num_queries(2):
        (sums,) = totals.now().values()

    assert [each["input"] for each in before.values()] == [3]
    assert sums["input"] == 7


@pytest.mark.django_db
def test_what_a_back_end_last_said_of_its_limits_is_scraped(client: Client) -> None:
    rate_limits_told("p", [RateLimit("requests", 50, 49)])
    rate_limits_told("p", [RateLimit("requests", 50, 3), RateLimit("odd-tokens", 1, 1)])

    found = scraped(client)

    labels = '{kind="requests",provider="p"}'
    assert found[f"chatsite_rate_limit{labels}"] == 50
    assert found[f"chatsite_rate_limit_remaining{labels}"] == 3
    assert not any("odd-tokens" in name for name in found)
