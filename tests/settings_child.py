"""The settings as another environment makes them, read in a child process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What a child needs of this process; nothing that configures a site.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")

_DUMP = """
import json
from chatsite import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings)
                  if name.isupper()}, default=str))
"""


def child_environment(data_dir: Path, **variables: str) -> dict[str, str]:
    """Only `variables`, beside what any program needs."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "DATA_DIR": str(data_dir), **variables}


def run_python(
    *arguments: str, data_dir: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run this interpreter to its end."""
    return subprocess.run(  # noqa: S603 - our own interpreter, our own arguments
        [sys.executable, *arguments],
        cwd=ROOT,
        env=child_environment(data_dir, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def settings_of(data_dir: Path, **variables: str) -> dict[str, Any]:
    """The settings that `variables` make."""
    result = run_python("-c", _DUMP, data_dir=data_dir, **variables)
    assert result.returncode == 0, result.stderr
    settings: dict[str, Any] = json.loads(result.stdout)
    return settings
