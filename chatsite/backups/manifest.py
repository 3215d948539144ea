"""What an archive says of itself: its last member, so that it can tell the truth."""

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from typing import Any

from django.conf import settings

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that a reader compares with what it finds.

    `rows` counts each table of the database's snapshot; `members` holds the SHA-256
    of every other member in hex. `missing` are digests of attachments that rows name
    and that were not readable; `erased` ones were deleted while the backup ran.
    """

    site_version: str
    made_at: str
    engine: str
    migrations: list[str]
    rows: dict[str, int]
    has_attachments: bool
    erased: list[str]
    missing: list[str]
    members: dict[str, str]
    format_version: int = FORMAT_VERSION

    def encoded(self) -> bytes:
        """As JSON, for people too."""
        return json.dumps(dataclasses.asdict(self), indent=1).encode()

    @property
    def row_count(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())

    @property
    def attachment_count(self) -> int:
        """Files of attachments in the archive."""
        return sum(name.startswith("attachments/") for name in self.members)


def decoded(data: bytes) -> Manifest:
    """The manifest in `data`; ValueError where this version cannot read it."""
    fields: dict[str, Any] = json.loads(data)
    if fields["format_version"] != FORMAT_VERSION:
        raise ValueError(
            f"it has format {fields['format_version']},"
            f" this version reads format {FORMAT_VERSION}"
        )
    try:
        return Manifest(**fields)
    except TypeError as error:
        raise ValueError("its manifest has other fields") from error


def site_version() -> str:
    """The version of this site's code."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    version: str = project["project"]["version"]
    return version
