"""The proxy of the deployment, with its committed configuration, before some sites."""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence

from tests import parts
from tests.settings_child import ROOT

CONFIGURATION = ROOT / "deploy" / "Caddyfile"
MISSING = "Caddy is missing: as root, apt-get install caddy."


def is_installed() -> bool:
    """Whether there is a proxy to be run."""
    return shutil.which("caddy") is not None


@contextlib.contextmanager
def proxy(ports: Sequence[int], port: int) -> Iterator[None]:
    """Caddy on `port` of this machine, before processes that serve on `ports`."""
    upstreams = " ".join(f"127.0.0.1:{each}" for each in ports)
    with tempfile.TemporaryDirectory(prefix="chatsite-caddy-") as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "SITE_ADDRESS": f"http://127.0.0.1:{port}",
            "UPSTREAMS": f"to {upstreams}",
        }
        command = ("caddy", "run", "--adapter", "caddyfile", "--config")
        with parts.running(
            *(*command, str(CONFIGURATION)),
            ready=lambda: socket.create_connection(("127.0.0.1", port), 1).close(),
            errors=(OSError,),
            env=environment,
        ):
            yield
