"""Rows of models: filled by what servers say, and never undone by it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conversations.catalogue import offered, rows
from conversations.catalogue.models import CatalogueModel, Fallback, ModelPrice
from conversations.ledger.prices import price_of
from conversations.providers import ModelInfo
from conversations.providers.scripted import ScriptedProvider

pytestmark = pytest.mark.django_db

SCRIPTED = ScriptedProvider(pace=0).known[0]
SONNET = replace(SCRIPTED, id="claude-sonnet-5-5", name="Sonnet", context_tokens=1_000)
OPUS = replace(SCRIPTED, id="claude-opus-5-5", name="Opus")


class Lists(ScriptedProvider):
    """A provider that offers these models."""

    name = "lists"

    def __init__(self, *models: ModelInfo) -> None:
        super().__init__(pace=0)
        self.known = models


@pytest.fixture(autouse=True)
def two_models() -> Iterator[None]:
    with offered.use([Lists(SONNET, OPUS)]):
        rows.renew()
        yield


def sonnet() -> CatalogueModel:
    return CatalogueModel.objects.get(pk=SONNET.id)


def renewed(**decided: object) -> ModelInfo:
    CatalogueModel.objects.filter(pk=SONNET.id).update(**decided)
    rows.renew()
    info = offered.model_info(SONNET.id)
    assert info is not None
    return info


def test_each_model_that_is_listed_has_a_row() -> None:
    assert sonnet().told["name"] == "Sonnet"
    assert CatalogueModel.objects.count() == 2


def test_without_a_decision_a_model_is_as_its_server_says() -> None:
    assert renewed() == SONNET


def test_what_was_decided_stands_in_the_place_of_what_was_told() -> None:
    info = renewed(
        name="Ours",
        context_tokens=500,
        output_limit_tokens=100,
        images=False,
        thinking="adaptive, disabled",
        server_tools="none",
    )

    assert (info.name, info.context_tokens, info.images) == ("Ours", 500, False)
    assert info.max_output_tokens == 100
    assert info.thinking == {"adaptive", "disabled"}
    assert info.server_tools == frozenset()


def test_a_server_that_says_something_new_undoes_no_decision() -> None:
    CatalogueModel.objects.filter(pk=SONNET.id).update(name="Ours", images=False)

    with offered.use([Lists(replace(SONNET, name="Sonnet 5.5", context_tokens=9))]):
        rows.renew()
        info = offered.model_info(SONNET.id)

    assert info is not None
    assert (info.name, info.images, info.context_tokens) == ("Ours", False, 9)
    assert sonnet().told["name"] == "Sonnet 5.5"


def test_a_model_that_is_no_longer_listed_keeps_its_row() -> None:
    with offered.use([Lists(OPUS)]):
        rows.renew()
        assert offered.model_info(SONNET.id) is None

    assert sonnet().told["name"] == "Sonnet"


def test_a_model_that_was_switched_off_is_not_offered() -> None:
    CatalogueModel.objects.filter(pk=SONNET.id).update(enabled=False)

    rows.renew()

    assert [model.id for model in offered.offered_models()] == [OPUS.id]
    with pytest.raises(offered.UnknownModel):
        offered.provider_of(SONNET.id)


def test_a_model_that_is_told_again_stays_switched_off() -> None:
    CatalogueModel.objects.filter(pk=SONNET.id).update(enabled=False)

    rows.renew()
    rows.renew()

    assert not sonnet().enabled
    assert offered.model_info(SONNET.id) is None


def test_fallbacks_are_asked_in_their_order_and_only_if_they_are_offered() -> None:
    third = CatalogueModel.objects.create(pk="gone", provider="lists")
    own = SCRIPTED.id
    CatalogueModel.objects.create(pk=own, provider="scripted")
    for position, name in ((3, own), (1, third.pk), (2, OPUS.id)):
        Fallback.objects.create(
            model_id=SONNET.id, substitute_id=name, position=position
        )

    rows.renew()

    assert offered.fallbacks_of(SONNET.id) == [OPUS.id]


def test_a_price_of_the_site_counts_before_the_table_from_its_day_on() -> None:
    amounts = dict.fromkeys(rows.AMOUNTS, 7)
    ModelPrice.objects.create(model_id=SONNET.id, since=date(2026, 11, 1), **amounts)
    rows.renew()

    before = price_of(SONNET.id, date(2026, 10, 31))
    after = price_of(SONNET.id, date(2026, 11, 1))

    assert before is not None
    assert before.input == 2_000_000
    assert after is not None
    assert after.input == 7


def test_a_page_reads_no_rows(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        offered.offered_models()
        offered.default_model()
        offered.fallbacks_of(SONNET.id)


def test_rows_are_read_in_as_many_queries_as_there_are_tables(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(4):
        rows.renew()


def test_a_retirement_is_said_in_time() -> None:
    soon = (timezone.now() + timedelta(days=30)).date()

    assert f"It retires on {soon.day} {soon:%B}" in renewed(retires_on=soon).note


def test_a_retirement_that_is_far_away_is_not_said() -> None:
    far = (timezone.now() + timedelta(days=90)).date()

    assert renewed(retires_on=far).note == SONNET.note


def test_what_the_server_says_of_a_retirement_counts_too() -> None:
    leaving = replace(SONNET, retires_at=datetime(2026, 1, 5, tzinfo=UTC))
    with offered.use([Lists(leaving)]):
        info = offered.model_info(SONNET.id)

    assert info is not None
    assert "was announced for 5 January 2026" in info.note


def test_a_group_is_named_by_its_key() -> None:
    group = Group.objects.create(name="Research")
    sonnet().groups.add(group)

    rows.renew()

    assert offered.groups_of(SONNET.id) == {group.pk}
    assert offered.groups_of(OPUS.id) == frozenset()
