"""A team's parts as real servers on free loopback ports: PostgreSQL, Redis and S3.

`python -m tests.parts COMMAND…` runs a command on them and ends them afterwards.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import boto3
import psycopg
import redis

PATIENCE_S = 60.0
INTERVAL_S = 0.05
# Told to every program that serves one site: together they are a team's parts.
NAMES = (
    "DATABASE_URL",
    "REDIS_URL",
    "AWS_STORAGE_BUCKET_NAME",
    "AWS_S3_ENDPOINT_URL",
    "AWS_S3_REGION_NAME",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SECRET_KEY",
)
SECRET_KEY = "shared by all processes of a site " * 2
# Nothing here is meant to outlive its test, nor a power cut.
POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}
INITDB_OPTIONS = ("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

type Process = subprocess.Popen[bytes]


class Missing(Exception):  # noqa: N818 - a state of the machine, not a fault
    """The program of a server is not installed; the message says what to do."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, package: str) -> str:
    """Where a program is; Debian keeps PostgreSQL's off the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(map(str, debian), None)
    if found is None:
        raise Missing(f"{name} is missing: as root, apt-get install {package}.")
    return found


@contextlib.contextmanager
def running(
    *command: str,
    ready: Callable[[], Any],
    errors: tuple[type[Exception], ...],
    end: signal.Signals = signal.SIGTERM,
    **how: Any,
) -> Iterator[Process]:
    """Run a server from the moment that `ready` raises none of `errors`."""
    process = subprocess.Popen(  # noqa: S603 - programs that were looked for by name
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how
    )
    try:
        _wait(process, ready, errors)
        yield process
    finally:
        process.send_signal(end)
        process.wait(PATIENCE_S)


def _wait(
    process: Process, ready: Callable[[], Any], errors: tuple[type[Exception], ...]
) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, f"{process.args!r} ended by itself."
        try:
            ready()
        except errors:
            assert time.monotonic() < deadline, f"{process.args!r} does not answer."
            time.sleep(INTERVAL_S)
        else:
            return


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of a PostgreSQL that may run, end, and run again."""

    folder: str
    port: int
    owner: Mapping[str, str]  # as whom it has to run where this is root

    @property
    def url(self) -> str:
        """Where it answers while it runs."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"


@contextlib.contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """An empty PostgreSQL that does not run yet."""
    initdb = program("initdb", "postgresql")
    how: dict[str, Any] = {"user": "postgres", "group": "postgres"}
    if os.geteuid() != 0:
        how = {}
    with tempfile.TemporaryDirectory(prefix="chatsite-postgres-") as folder:
        if how:
            shutil.chown(folder, **how)
        subprocess.run(  # noqa: S603 - as above
            [initdb, "-D", f"{folder}/data", "-U", "postgres", *INITDB_OPTIONS],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **how,
        )
        yield Cluster(folder, free_port(), how)


@contextlib.contextmanager
def postgres_server(cluster: Cluster) -> Iterator[Process]:
    """Run a PostgreSQL, as `postgres` where this is root."""
    settings = {
        **POSTGRES_OPTIONS,
        "port": cluster.port,
        "unix_socket_directories": cluster.folder,
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    data = f"{cluster.folder}/data"
    with running(
        *(program("postgres", "postgresql"), "-D", data, *options),
        ready=lambda: psycopg.connect(cluster.url).close(),
        errors=(psycopg.OperationalError,),
        end=signal.SIGINT,  # its word for at once, and in order
        cwd=cluster.folder,
        **cluster.owner,
    ) as process:
        yield process


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty PostgreSQL that runs."""
    with postgres_cluster() as cluster, postgres_server(cluster):
        yield cluster.url


@contextlib.contextmanager
def redis_server(port: int = 0) -> Iterator[str]:
    """The URL of a Redis that keeps nothing; on a free port unless one is named."""
    port = port or free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with running(
        *(program("redis-server", "redis-server"), "--port", str(port)),
        *("--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
        ready=lambda: _ping(url),
        errors=(redis.ConnectionError,),
        end=signal.SIGKILL,
    ):
        yield url


def _ping(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.ping()


@contextlib.contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """The variables of an S3 server in the memory of a process, without a bucket."""
    port = free_port()
    variables = {
        "AWS_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_S3_REGION_NAME": "us-east-1",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "of no value",
    }
    with running(
        *(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)),
        ready=lambda: socket.create_connection(("127.0.0.1", port), 1).close(),
        errors=(OSError,),
    ):
        yield variables


@contextlib.contextmanager
def team() -> Iterator[dict[str, str]]:
    """The variables of all three parts, for a site with nothing in it."""
    with postgres() as database, redis_server() as layer, s3_server() as storage:
        servers = {"DATABASE_URL": database, "REDIS_URL": layer, **storage}
        yield of_site("chatsite", {**servers, "SECRET_KEY": SECRET_KEY})


def chosen() -> dict[str, str]:
    """The variables of the parts that the tests run on; none on one machine's."""
    if os.environ.get("TEST_PARTS") != "team":
        return {}
    return {name: os.environ[name] for name in NAMES}


def of_site(name: str, servers: dict[str, str] | None = None) -> dict[str, str]:
    """The variables of a site with a database and a bucket of its own, made if new.

    None, where the tests run on the parts of one machine and no `servers` are given.
    """
    if not (servers := servers or chosen()):
        return {}
    known = hashlib.sha256(name.encode()).hexdigest()[:12]
    database = f"site_{known}"
    url = urlsplit(servers["DATABASE_URL"])
    postgres_url = urlunsplit(url._replace(path="/postgres"))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [database]
        )
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {database}")
    bucket = f"site-{known}"
    with contextlib.closing(client_of(servers)) as client:
        client.create_bucket(Bucket=bucket)
    return {
        **servers,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{database}")),
        "AWS_STORAGE_BUCKET_NAME": bucket,
    }


def of_worker(worker: str) -> dict[str, str]:
    """The variables of one of several processes that test at once, as `gw1`.

    A number of Redis's own comes with it: between tests all that Redis keeps is erased.
    """
    url = urlsplit(os.environ["REDIS_URL"])
    number = 1 + int(worker.removeprefix("gw"))
    servers = {**chosen(), "REDIS_URL": url._replace(path=f"/{number}").geturl()}
    return of_site(f"tests of {worker}", servers)


def client_of(servers: dict[str, str]) -> Any:
    """A client of the S3 server."""
    return boto3.client(
        "s3",
        endpoint_url=servers["AWS_S3_ENDPOINT_URL"],
        region_name=servers["AWS_S3_REGION_NAME"],
        aws_access_key_id=servers["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=servers["AWS_SECRET_ACCESS_KEY"],
    )


def main() -> int:
    """Run the command of the arguments on a team's parts; returns its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with team() as variables:
            environment = {**os.environ, **variables, "TEST_PARTS": "team"}
            return subprocess.call(sys.argv[1:], env=environment)  # noqa: S603 - meant
    except Missing as missing:
        sys.stderr.write(f"{missing}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
