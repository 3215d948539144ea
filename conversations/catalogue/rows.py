"""The rows of the catalogue: filled from what servers say, read for what was decided.

`renew` does both, in a few queries however many models there are. Pages and turns
never read a row: they ask `offered`, which holds what `renew` last found.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from conversations.catalogue import offered
from conversations.catalogue.decisions import Decision, OwnPrice, end_of, words_in
from conversations.catalogue.models import CatalogueModel, ModelPrice
from conversations.providers.base import ModelInfo

# How long a decision takes to reach the other processes.
RENEWED_EVERY_S = 5.0
AMOUNTS = (
    "input",
    "output",
    "cache_write_5m",
    "cache_write_1h",
    "cache_read",
    "web_search",
)
_PLAIN = ("name", "context_tokens", "output_limit_tokens")
_ANSWERED = ("images", "documents", "sampling")
_WORDS = ("thinking", "efforts", "server_tools")


def renew() -> None:
    """Write down what servers said since, and take up what was decided since."""
    rows = _read()
    if _written(offered.told_models(), rows):
        rows = _read()
    offered.decide({row.pk: _decision(row) for row in rows})


def _read() -> list[CatalogueModel]:
    related = ("groups", "fallbacks", "prices")
    return list(CatalogueModel.objects.prefetch_related(*related))


def _written(told: Iterable[ModelInfo], rows: Sequence[CatalogueModel]) -> bool:
    """Bring the rows up to what was told; whether there are new ones."""
    by_id = {row.pk: row for row in rows}
    new, changed = [], []
    for info in told:
        row, facts = by_id.get(info.id), facts_of(info)
        if row is None:
            new.append(CatalogueModel(pk=info.id, provider=info.provider, told=facts))
        elif (row.told, row.provider) != (facts, info.provider):
            row.told, row.provider, row.told_at = facts, info.provider, timezone.now()
            changed.append(row)
    # Another process may have been told the same a moment before.
    CatalogueModel.objects.bulk_create(new, ignore_conflicts=True)
    CatalogueModel.objects.bulk_update(changed, ("told", "provider", "told_at"))
    return bool(new)


def facts_of(info: ModelInfo) -> dict[str, Any]:
    """What a server says of a model, as JSON."""
    facts: dict[str, Any] = {name: getattr(info, name) for name in _PLAIN + _ANSWERED}
    facts |= {name: sorted(getattr(info, name)) for name in _WORDS}
    facts["retires_at"] = info.retires_at.isoformat() if info.retires_at else None
    return facts


def _decision(row: CatalogueModel) -> Decision:
    return Decision(
        enabled=row.enabled,
        groups=frozenset(group.pk for group in row.groups.all()),
        fallbacks=[fallback.substitute_id for fallback in row.fallbacks.all()],
        prices=[_price(price) for price in row.prices.all()],
        changes=_changes(row),
    )


def _changes(row: CatalogueModel) -> dict[str, Any]:
    changes = {name: getattr(row, name) for name in _PLAIN if getattr(row, name)}
    answers = {name: getattr(row, name) for name in _ANSWERED}
    changes |= {name: value for name, value in answers.items() if value is not None}
    words = {name: getattr(row, name) for name in _WORDS}
    changes |= {name: words_in(text) for name, text in words.items() if text.strip()}
    if row.retires_on is not None:
        changes["retires_at"] = end_of(row.retires_on)
    return changes


def _price(row: ModelPrice) -> OwnPrice:
    return OwnPrice(row.since, {name: getattr(row, name) for name in AMOUNTS})
