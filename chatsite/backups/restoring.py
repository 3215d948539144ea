"""Take a backup back: looked at whole first, then put in place, then counted."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from chatsite.backups import archive, engines, files
from chatsite.backups.archive import BackupError
from chatsite.backups.making import Say, back_up, default_path
from chatsite.backups.manifest import Manifest

# What `migrate` itself puts into an empty database.
MADE_BY_MIGRATE = {"django_migrations", "django_content_type", "auth_permission"}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive's members in a folder, under names of ours."""

    folder: Path
    manifest: Manifest

    @property
    def database(self) -> Path:
        """The copy of the database."""
        return self.folder / archive.DATABASES[self.manifest.engine]

    @property
    def secret_key(self) -> Path:
        """The secret key; not there in most archives."""
        return self.folder / archive.SECRET_KEY


def verify(path: Path) -> Manifest:
    """Compare every digest, look into the database, restore nothing.

    Raises BackupError. The rows of a dump of PostgreSQL are counted by `restore`.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".verify-") as name:
        database = Path(name) / "database"

        def target_of(member: str) -> Path | None:
            return database if member in archive.DATABASES.values() else None

        manifest = archive.read(path, target_of)
        engine = engines.named(manifest.engine)
        engine.check(database, manifest.rows)
    return manifest


def restore(path: Path, *, force: bool, say: Say) -> Manifest:
    """Put what `path` holds in the place of the site; what it held.

    A site that is not empty is replaced only with `force`, and saved before. Raises
    BackupError; then the site is as it was.
    """
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        engines.current().at_rest(),
        tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-") as name,
    ):
        unpacked = _unpack(path, Path(name))
        say("The archive is whole.")
        _refuse(unpacked.manifest)
        if _is_occupied():
            _save(force=force, say=say)
        _put_in_place(unpacked, say)
    return unpacked.manifest


def _unpack(path: Path, folder: Path) -> Unpacked:
    (folder / "attachments").mkdir()
    # Members have no other names than those that `archive.NAME` allows.
    return Unpacked(folder, archive.read(path, folder.joinpath))


def _refuse(manifest: Manifest) -> None:
    engine = engines.current()
    if manifest.engine != engine.ENGINE:
        raise BackupError(
            f"The backup is of {manifest.engine}, the site is on {engine.ENGINE}."
            f" Restore it into a site on {manifest.engine} and move that with"
            " copydatabase."
        )
    loader = MigrationLoader(None)
    known = {".".join(key) for key in {*loader.disk_migrations, *loader.replacements}}
    if newer := sorted(set(manifest.migrations) - known):
        raise BackupError(
            f"The backup is of a newer version ({manifest.site_version}): this one"
            f" does not know {', '.join(newer[:5])}."
        )


def _is_occupied() -> bool:
    try:
        rows = engines.rows_now()
    except BackupError as error:
        raise BackupError(f"{error} Move it elsewhere, then restore again.") from error
    return any(count for table, count in rows.items() if table not in MADE_BY_MIGRATE)


def _save(*, force: bool, say: Say) -> None:
    if not force:
        raise BackupError("The site is not empty. With --force it is saved first.")
    saved = default_path(kind="before-restore")
    back_up(saved, say=lambda _: None, with_secret_key=True)
    say(f"What was there is kept in {saved}.")


def _put_in_place(unpacked: Unpacked, say: Say) -> None:
    engine = engines.current()
    engine.check(unpacked.database, unpacked.manifest.rows)
    kept = files.keep((unpacked.folder / "attachments").iterdir())
    say(f"Attachments: {kept} files.")
    with engine.replaced_by(unpacked.database):
        if engine.rows_now() != unpacked.manifest.rows:
            raise BackupError("The database has other rows than its manifest says.")
        say(f"Database: {unpacked.manifest.row_count} rows.")
        call_command("migrate", interactive=False, verbosity=0, skip_backup=True)
        connections.close_all()
    if unpacked.secret_key.exists():
        _put_key(unpacked.secret_key, say)


def _put_key(kept: Path, say: Say) -> None:
    own = settings.DATA_DIR / "secret-key"
    if not own.exists() or own.read_text().strip() != settings.SECRET_KEY:
        say("The backup's secret key is not used: the environment has one.")
    else:
        kept.replace(own)
        say("The secret key is the backup's.")
