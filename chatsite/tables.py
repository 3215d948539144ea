"""All rows of one database into another of another kind, counted and compared."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, override

from django.apps import apps
from django.core.management.color import no_style
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connections, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.sql import InsertQuery

BATCH_ROWS = 500
# What migrating puts into an empty database; the copy has the source's instead.
MADE_BY_MIGRATE = {"django_content_type", "auth_permission"}

type Model = type[models.Model]


class CopyError(Exception):
    """Why nothing was copied, in an operator's words."""


@dataclass(frozen=True, slots=True)
class Table:
    """What was found in one table: its rows, and one digest of them all.

    The digest is the sum of the rows' own, so that it does not depend on an order
    in which databases differ.
    """

    rows: int
    digest: int


def copy(source: str, target: str, say: Callable[[str], object]) -> int:
    """Copy everything between two aliases of `connections`; the number of rows.

    The target is migrated like the source and holds nothing yet. What was written is
    read again and compared before it is committed. Raises CopyError; then the target
    is as it was.
    """
    tables = _all_models()
    _refuse_unknown(source, tables)
    _refuse_different(source, target)
    _refuse_occupied(target, tables)
    try:
        with _reading(source), transaction.atomic(using=target):
            copied = _copy_all(source, target, tables, say)
            connections[target].check_constraints()
    except IntegrityError as error:
        raise CopyError(f"The rows contradict each other: {error}") from error
    return copied


def _all_models() -> list[Model]:
    """Every table's model, each after those that it refers to, as far as possible."""
    found: list[Model] = [
        model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and model._meta.managed  # noqa: SLF001 - documented
    ]
    ordered: list[Model] = []

    def add(model: Model, above: tuple[Model, ...]) -> None:
        if model in ordered or model in above:
            return
        for field in _fields(model):
            # A circle ends somewhere: constraints are looked at when all is there.
            if field.related_model in found:
                add(field.related_model, (*above, model))
        ordered.append(model)

    for model in found:
        add(model, ())
    return ordered


def _fields(model: Model) -> list[Any]:
    concrete = model._meta.concrete_fields  # noqa: SLF001 - documented
    return [field for field in concrete if not field.generated]


def _name(model: Model) -> str:
    return model._meta.db_table  # noqa: SLF001 - documented


def _refuse_unknown(source: str, tables: list[Model]) -> None:
    with connections[source].cursor() as cursor:
        there = set(connections[source].introspection.table_names(cursor))
    known = {_name(model) for model in tables} | {"django_migrations"}
    if unknown := sorted(there - known):
        raise CopyError(f"Nothing is known of the source's {', '.join(unknown)}.")
    if absent := sorted(known - there):
        raise CopyError(f"The source lacks {', '.join(absent)}: migrate it first.")


def _refuse_different(source: str, target: str) -> None:
    applied = [
        set(MigrationRecorder(connections[alias]).applied_migrations())
        for alias in (source, target)
    ]
    if different := sorted(applied[0] ^ applied[1]):
        app, name = different[0]
        raise CopyError(
            f"Source and target are not migrated alike ({app}.{name} and"
            f" {len(different) - 1} more). Run migrate on both with this version."
        )


def _refuse_occupied(target: str, tables: list[Model]) -> None:
    for model in tables:
        rows = model._base_manager.using(target)  # noqa: SLF001 - documented
        if _name(model) not in MADE_BY_MIGRATE and rows.exists():
            raise CopyError(f"The target is not empty: {_name(model)} has rows.")


def _reading(source: str) -> transaction.Atomic:
    """One transaction, so that all tables are read as of one moment."""
    connection = connections[source]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL"
                " REPEATABLE READ READ ONLY"
            )
    # On SQLite it takes the right to write, so that nobody writes meanwhile.
    return transaction.atomic(using=source)


def _copy_all(
    source: str, target: str, tables: list[Model], say: Callable[[str], object]
) -> int:
    for model in reversed(tables):
        if _name(model) in MADE_BY_MIGRATE:
            model._base_manager.using(target).all().delete()  # noqa: SLF001 - documented
    total = 0
    for model in tables:
        read = _copy_table(source, target, model)
        written = _digest_of(batch for batch in _batches(target, model))
        if read != written:
            raise CopyError(
                f"{_name(model)}: {read.rows} rows were read, {written.rows} stand in"
                " the target, and they are not the same."
            )
        if read.rows:
            say(f"{_name(model)}: {read.rows} rows.")
        total += read.rows
    _reset_sequences(target, tables)
    return total


def _copy_table(source: str, target: str, model: Model) -> Table:
    def written() -> Iterator[list[models.Model]]:
        for batch in _batches(source, model):
            query = InsertQuery(model)
            # Raw: no field puts the time of day in the place of what it held.
            query.insert_values(_fields(model), batch, raw=True)
            for each in _statements(target, query):
                each.get_compiler(using=target).execute_sql()
            yield batch

    return _digest_of(written())


def _statements(target: str, query: InsertQuery) -> Iterator[InsertQuery]:
    """As many statements as the target's limit of parameters asks for."""
    size = connections[target].ops.bulk_batch_size(query.fields, query.objs)
    for start in range(0, len(query.objs), size):
        part = InsertQuery(query.model)
        part.insert_values(query.fields, query.objs[start : start + size], raw=True)
        yield part


def _batches(alias: str, model: Model) -> Iterator[list[models.Model]]:
    rows = model._base_manager.using(alias).order_by("pk")  # noqa: SLF001 - documented
    batch = list(rows[:BATCH_ROWS])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:BATCH_ROWS])


def _digest_of(batches: Iterator[list[models.Model]]) -> Table:
    rows = digest = 0
    for batch in batches:
        rows += len(batch)
        digest += sum(_digest(row) for row in batch)
    return Table(rows, digest % 2**256)


def _digest(row: models.Model) -> int:
    values = [getattr(row, field.attname) for field in _fields(type(row))]
    said = json.dumps(values, cls=_Encoder, sort_keys=True)
    return int.from_bytes(hashlib.sha256(said.encode()).digest())


class _Encoder(DjangoJSONEncoder):
    """Values as they are in every database."""

    @override
    def default(self, o: Any) -> Any:
        return o.hex() if isinstance(o, bytes | memoryview) else super().default(o)


def _reset_sequences(target: str, tables: list[Model]) -> None:
    connection = connections[target]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
