"""Which models a person may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conversations.catalogue import offered

if TYPE_CHECKING:
    from chatsite.accounts.models import User
    from conversations.providers.base import ModelInfo


def models_for(user: User) -> Sequence[ModelInfo]:
    """The models on offer that this person may choose; at most one query."""
    models = offered.offered_models()
    limited = {model.id: offered.groups_of(model.id) for model in models}
    if not any(limited.values()):
        return models
    own = frozenset(user.groups.values_list("pk", flat=True))
    return [m for m in models if not limited[m.id] or limited[m.id] & own]


def may_use(user: User, model_id: str) -> bool:
    """Whether the model is offered, and to this person."""
    if offered.model_info(model_id) is None:
        return False
    groups = offered.groups_of(model_id)
    return not groups or user.groups.filter(pk__in=groups).exists()


def default_for(user: User) -> ModelInfo | None:
    """The model that a person begins with; None if none is offered to them."""
    return offered.default_among(models_for(user))
