"""A Redshift to test on: the endpoint that is given, else the stand-in beside the repository.

The stand-in is a program of its own (the folder `redshift` of the shared data). It puts a private
PostgreSQL and an S3 of its own behind a proxy that refuses what Redshift refuses, and speaks to the
real driver over TLS. It proves the SQL, not the engine: see docs/redshift.md.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import filelock
import psutil
import psycopg
import redshift_connector

REPOSITORY = Path(__file__).resolve().parents[1]
STANDIN = REPOSITORY.parent / "shared" / "redshift" / "start"
PREFIX = "CLICKSTAR_REDSHIFT_"
BUCKET = "clickstar-tests"
START_SECONDS = 120


class RedshiftUnavailableError(Exception):
    """The Redshift to test on cannot be used; the message says why."""


class RedshiftAbsentError(RedshiftUnavailableError):
    """There is no Redshift to test on; the message says what was looked for."""


def endpoint_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a real endpoint, or nothing when none is given.

    Raises RedshiftUnavailableError when one is given without a place for the loader's files.
    """
    if not environment.get(f"{PREFIX}HOST"):
        return {}
    for name in ("S3_PREFIX", "IAM_ROLE"):
        if not environment.get(PREFIX + name):
            raise RedshiftUnavailableError(
                f"{PREFIX}HOST is set but {PREFIX}{name} is not: the loader needs both (see "
                "docs/redshift.md)."
            )
    return {name: value for name, value in environment.items() if name.startswith(PREFIX)}


@dataclass(frozen=True)
class Redshift:
    """A Redshift that runs, and the variables in which the project's commands find it.

    Attributes:
        settings: environment variables of the connection and of S3.
        backend_port: the port of the stand-in's PostgreSQL; None on a real endpoint.
    """

    settings: dict[str, str]
    backend_port: int | None

    def environment(self) -> dict[str, str]:
        """Return the variables of a warehouse that no other test uses: a prefix of its own."""
        prefix = f"t{uuid.uuid4().hex[:8]}_"
        place = self.settings[f"{PREFIX}S3_PREFIX"].rstrip("/")
        return {
            **self.settings,
            "TARGET": "redshift",
            "CLICKSTAR_SCHEMA_PREFIX": prefix,
            f"{PREFIX}S3_PREFIX": f"{place}/{prefix}",
        }

    def drop(self, environment: Mapping[str, str]) -> None:
        """Remove the schemas and the objects of a warehouse that `environment` gave."""
        prefix = environment["CLICKSTAR_SCHEMA_PREFIX"]
        with connect(environment) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select nspname from pg_namespace")
                names = [row[0] for row in cursor.fetchall() if row[0].startswith(prefix)]
                for name in names:
                    cursor.execute(f'drop schema "{name}" cascade')
        place = urlsplit(environment[f"{PREFIX}S3_PREFIX"])
        bucket = s3(environment).Bucket(place.netloc)
        bucket.objects.filter(Prefix=place.path.lstrip("/")).delete()

    def administer(self, *statements: str) -> None:
        """Run statements as the superuser of the stand-in's PostgreSQL."""
        assert self.backend_port is not None, "only the stand-in has a PostgreSQL to administer"
        with psycopg.connect(
            host="127.0.0.1", port=self.backend_port, user="rsadmin", dbname="dev", autocommit=True
        ) as session:
            for statement in statements:
                session.execute(statement.encode())


def connect(environment: Mapping[str, str]) -> Any:
    """Return a connection of the real driver, as the user that the environment names."""
    with certificates(environment):
        return redshift_connector.connect(
            host=environment[f"{PREFIX}HOST"],
            port=int(environment.get(f"{PREFIX}PORT") or "5439"),
            user=environment[f"{PREFIX}USER"],
            password=environment[f"{PREFIX}PASSWORD"],
            database=environment[f"{PREFIX}DATABASE"],
            timeout=120,
        )


@contextmanager
def certificates(environment: Mapping[str, str]) -> Iterator[None]:
    """Trust the authority of the environment, which the stand-in has of its own, for a moment."""
    before = os.environ.get("SSL_CERT_FILE")
    if "SSL_CERT_FILE" in environment:
        os.environ["SSL_CERT_FILE"] = environment["SSL_CERT_FILE"]
    try:
        yield
    finally:
        if before is not None:
            os.environ["SSL_CERT_FILE"] = before
        else:
            os.environ.pop("SSL_CERT_FILE", None)


def s3(environment: Mapping[str, str]) -> Any:
    """Return boto3's S3 with the endpoint and the credentials of the environment."""
    return boto3.resource(
        "s3",
        endpoint_url=environment.get("AWS_ENDPOINT_URL_S3"),
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
        region_name=environment.get("AWS_DEFAULT_REGION"),
    )


@contextmanager
def running_redshift(folder: Path, endpoint: Mapping[str, str]) -> Iterator[Redshift]:
    """Start the stand-in in a scratch folder and stop it at the end, or use the endpoint.

    Raises RedshiftAbsentError when there is neither, RedshiftUnavailableError when the stand-in
    does not start.
    """
    if endpoint:
        yield Redshift(dict(endpoint), None)
        return
    if not STANDIN.is_file():
        raise RedshiftAbsentError(
            f"no Redshift: set {PREFIX}HOST to an endpoint (there is no stand-in at {STANDIN})"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "venv").symlink_to(_environment_of(STANDIN), target_is_directory=True)
    with (folder / "start.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(STANDIN), str(folder)], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        settings = _settings_of(process, folder)
        s3(settings).create_bucket(Bucket=BUCKET)
        yield Redshift(settings, _backend_port(process))
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment_of(program: Path) -> Path:
    """Return the stand-in's own environment, made once for each content of its requirements."""
    requirements = program.with_name("requirements.txt")
    # The driver by which it notes what a COPY could not take is not among its requirements.
    more = f"psycopg2-binary=={metadata.version('psycopg2-binary')}"
    wanted = f"{sys.version}\n{requirements.read_text()}\n{more}"
    version = hashlib.sha256(wanted.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "clickstar" / f"redshift_standin_{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{folder}.lock"):
        if (folder / "complete").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        done = subprocess.run(
            [folder / "bin" / "python", "-m", "pip", "install", "-q", "-r", requirements, more],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RedshiftUnavailableError(
                f"pip cannot install {requirements} for the stand-in: {done.stderr[-500:]}"
            )
        (folder / "complete").touch()
    return folder


def _settings_of(process: subprocess.Popen[bytes], folder: Path) -> dict[str, str]:
    """Wait until the stand-in is ready, and return the variables that it wrote."""
    deadline = time.monotonic() + START_SECONDS
    file = folder / "env"
    while not file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            said = (folder / "start.log").read_text(errors="replace")[-500:]
            raise RedshiftUnavailableError(f"the stand-in did not start: {said}")
        time.sleep(0.1)
    time.sleep(0.1)
    settings = dict(line.split("=", 1) for line in file.read_text().splitlines() if line)
    return {**settings, f"{PREFIX}S3_PREFIX": f"s3://{BUCKET}/loads"}


def _backend_port(process: subprocess.Popen[bytes]) -> int:
    for child in psutil.Process(process.pid).children(recursive=True):
        words = child.cmdline()
        if words and Path(words[0]).name == "postgres" and "-p" in words:
            return int(words[words.index("-p") + 1])
    raise RedshiftUnavailableError("the stand-in runs without a PostgreSQL of its own")
