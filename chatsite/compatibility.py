"""Whether code of the last release survives this version's schema.

While a site is deployed, processes of both versions use one database. A migration that
old code would not survive takes two releases: the first stops using what the second
takes away. The second says so itself, in an attribute of its class:

    survives_old_code = "since 0.2.0 nothing reads Turn.attempts"
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# The last migration of each app in the last release: moved on with every release.
RELEASED = {
    "accounts": "0002_setup_link",
    "audit": "0001_initial",
    "conversations": "0001_initial",
    "ledger": "0001_initial",
}

HARMLESS = (
    operations.CreateModel,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.RemoveConstraint,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.AlterModelTableComment,
    operations.RunPython,
)
# Each of these columns takes whatever the one before it held.
WIDER = {
    ("CharField", "TextField"),
    ("SmallIntegerField", "IntegerField"),
    ("SmallIntegerField", "BigIntegerField"),
    ("IntegerField", "BigIntegerField"),
    ("PositiveSmallIntegerField", "PositiveIntegerField"),
    ("PositiveSmallIntegerField", "PositiveBigIntegerField"),
    ("PositiveIntegerField", "PositiveBigIntegerField"),
}


def findings() -> list[str]:
    """What old code would not survive, in words; empty where all is well."""
    loader = MigrationLoader(None)
    found = []
    for key in _newer(loader):
        migration = loader.graph.nodes[key]
        if not getattr(migration, "survives_old_code", ""):
            state = loader.project_state(key, at_end=False)
            found += [f"{'.'.join(key)}: {each}" for each in _of(migration, state)]
    return found


def _newer(loader: MigrationLoader) -> Iterator[tuple[str, str]]:
    for app, last in RELEASED.items():
        known = set(loader.graph.forwards_plan((app, last)))
        for leaf in loader.graph.leaf_nodes(app):
            for key in loader.graph.forwards_plan(leaf):
                if key[0] == app and key not in known:
                    yield key


def _of(migration: Migration, state: ProjectState) -> Iterator[str]:
    for operation in migration.operations:
        yield from unsurvived(operation, migration.app_label, state)
        operation.state_forwards(migration.app_label, state)


def unsurvived(operation: Operation, app: str, state: ProjectState) -> Sequence[str]:
    """Why code that knows only `state` would not survive `operation`."""
    if isinstance(operation, HARMLESS):
        return []
    if isinstance(operation, operations.SeparateDatabaseAndState):
        inner = operation.database_operations
        return [why for each in inner for why in unsurvived(each, app, state)]
    if isinstance(operation, operations.AddField):
        return _added(operation)
    if isinstance(operation, operations.AlterField):
        before = state.models[app, operation.model_name_lower].fields[operation.name]
        return _altered(operation, before)
    return [operation.describe()]


def _added(operation: operations.AddField) -> list[str]:
    field = operation.field
    if field.null or field.has_db_default() or field.many_to_many:
        return []
    return [f"{operation.describe()}: old code writes rows without it"]


def _altered(operation: operations.AlterField, before: Any) -> list[str]:
    after = operation.field
    whys = {
        "it takes no nulls any more": before.null and not after.null,
        "it has to be unique now": after.unique and not before.unique,
        "its type is another": _is_narrower_type(before, after),
        "it is shorter": _length(after) < _length(before),
        "old code writes rows without it": before.has_db_default()
        and not (after.has_db_default() or after.null),
    }
    return [f"{operation.describe()}: {why}" for why, is_so in whys.items() if is_so]


def _is_narrower_type(before: Any, after: Any) -> bool:
    kinds = before.get_internal_type(), after.get_internal_type()
    return kinds[0] != kinds[1] and kinds not in WIDER


def _length(field: models.Field[Any, Any]) -> float:
    return field.max_length or float("inf")
