"""Migrations and the code of the release before them live with each other."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from chatsite import compatibility, tables
from tests import factories

SURVIVED = (
    operations.AddField("turn", "note", models.TextField(null=True)),
    operations.AddField("turn", "note", models.TextField(db_default="")),
    operations.AddField("turn", "seen_at", models.DateTimeField(db_default=Now())),
    operations.AlterField("turn", "model", models.CharField(max_length=300)),
    operations.AlterField("turn", "model", models.TextField()),
    operations.CreateModel("note", [("id", models.AutoField(primary_key=True))]),
    operations.RemoveConstraint("turn", "some"),
)
NOT_SURVIVED = (
    operations.AddField("turn", "note", models.TextField(default="")),
    operations.RemoveField("turn", "model"),
    operations.RenameField("turn", "model", "name"),
    operations.RenameModel("turn", "answer"),
    operations.DeleteModel("turn"),
    operations.AlterModelTable("turn", "answers"),
    operations.AlterField("turn", "model", models.CharField(max_length=10)),
    operations.AlterField("turn", "model", models.IntegerField()),
    operations.AlterField(
        "turn", "model", models.CharField(max_length=200, unique=True)
    ),
    operations.AlterField("turn", "retry_at", models.DateTimeField()),
    operations.AddConstraint(
        "turn", models.UniqueConstraint(fields=("model",), name="one")
    ),
    operations.RunSQL("DELETE FROM turn"),
    operations.SeparateDatabaseAndState([operations.DeleteModel("turn")]),
)


@pytest.fixture
def state() -> ProjectState:
    """An app as a release had it."""
    fields: list[tuple[str, Any]] = [
        ("id", models.AutoField(primary_key=True)),
        ("model", models.CharField(max_length=200)),
        ("retry_at", models.DateTimeField(null=True)),
    ]
    state = ProjectState()
    state.add_model(ModelState("chat", "Turn", fields))
    return state


@pytest.mark.parametrize("operation", SURVIVED, ids=str)
def test_old_code_survives(operation: Operation, state: ProjectState) -> None:
    assert not compatibility.unsurvived(operation, "chat", state)


@pytest.mark.parametrize("operation", NOT_SURVIVED, ids=str)
def test_old_code_does_not_survive(operation: Operation, state: ProjectState) -> None:
    assert compatibility.unsurvived(operation, "chat", state)


def test_code_of_the_last_release_survives_every_newer_migration() -> None:
    assert compatibility.findings() == []


@pytest.mark.django_db
def test_models_are_migrated() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def released_models() -> Iterator[type[models.Model]]:
    loader = MigrationLoader(connection)
    released = loader.project_state(list(compatibility.RELEASED.items()))
    for model in released.apps.get_models():
        if model._meta.app_label in compatibility.RELEASED:
            yield model


@pytest.mark.django_db
def test_models_of_the_last_release_read_and_write_this_schema() -> None:
    factories.conversation()

    for model in released_models():
        for row in list(model._base_manager.all()):
            row.save(force_update=True)
    originals = {model.__name__: model for model in released_models()}
    message = originals["Message"]._base_manager.filter(role="user").get()
    message.pk = uuid.uuid4()
    message.save(force_insert=True)

    assert originals["Message"]._base_manager.filter(role="user").count() == 2


@pytest.mark.django_db(transaction=True)
def test_rows_outlive_the_way_back_and_forth() -> None:
    factories.conversation()
    before = {model: rows_of(model) for model in released_models()}

    for app, name in compatibility.RELEASED.items():
        call_command("migrate", app, name, verbosity=0, skip_backup=True)
    call_command("migrate", verbosity=0, skip_backup=True)

    assert {model._meta.label: rows_of(model) for model in released_models()} == {
        model._meta.label: table for model, table in before.items()
    }


def rows_of(model: type[models.Model]) -> tables.Table:
    return tables._digest_of(tables._batches("default", model))
