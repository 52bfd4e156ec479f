"""The files of master data in the landing folder, local or behind `s3://`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from filelock import FileLock, Timeout

FOLDER = "master_data"
PUBLISHED = f"{FOLDER}/portal"
WAIT_SECONDS = 60


class LandingProblem(Exception):
    """Something about the landing folder that a person has to mend, in a sentence."""


class Landing:
    """A landing folder; what starts with `_` in it is in progress, and no loader reads it."""

    def __init__(self, location: str | None = None) -> None:
        self.location = _location(location)
        try:
            self.files, root = fsspec.core.url_to_fs(self.location)
        except (ImportError, ValueError) as error:
            raise LandingProblem(
                f"The landing place {self.location} cannot be used: {error}. For s3:// install the"
                " s3 extra (pip install 'clickstar[s3]')."
            ) from error
        self.root = root.rstrip("/")
        self.is_local = "://" not in self.location
        if self.is_local and not Path(self.location).is_dir():
            raise LandingProblem(
                f"The landing folder {self.location} does not exist: create it, or name another"
                " with LANDING."
            )

    def under(self, folder: str) -> list[str]:
        """The paths of all files below a folder, as the loader would see them, in order."""
        self.files.invalidate_cache()
        start = len(self.root) + 1
        found = [path[start:] for path in self.files.find(f"{self.root}/{folder}")]
        return sorted(
            path
            for path in found
            if not any(part.startswith((".", "_")) for part in PurePosixPath(path).parts)
        )

    def read(self, path: str) -> bytes:
        """A file's content."""
        content: bytes = self.files.cat_file(f"{self.root}/{path}")
        return content

    def published(self, entity: str) -> pa.Table | None:
        """What was published of an entity last; None when nothing was."""
        path = f"{self.root}/{PUBLISHED}/{entity}_history.parquet"
        if not self.files.exists(path):
            return None
        with self.files.open(path, "rb") as file:
            try:
                return pq.read_table(file)
            except pa.ArrowInvalid as error:
                raise LandingProblem(
                    f"{path} is no whole Parquet file: remove it, and publish again."
                ) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from publishing to the same local folder meanwhile."""
        if not self.is_local:
            yield
            return
        lock = FileLock(Path(self.root) / "_publishing.lock")
        try:
            with lock.acquire(timeout=WAIT_SECONDS):
                self._finish_interrupted()
                yield
        except Timeout as error:
            raise LandingProblem(
                f"Somebody else has been publishing to {self.location} for a minute: wait until"
                " that is done, and run this again."
            ) from error

    def publish(self, tables: Mapping[str, pa.Table]) -> None:
        """Write whole histories by entity: locally all files appear together, or none does.

        In an object store each appears whole, one after the other.
        """
        if not self.is_local:
            for entity, table in tables.items():
                with self.files.open(
                    f"{self.root}/{PUBLISHED}/{entity}_history.parquet", "wb"
                ) as file:
                    pq.write_table(table, file)
            return
        folder, following, previous = self._folders()
        shutil.rmtree(following, ignore_errors=True)
        # What is not published anew keeps its bytes and its time.
        if folder.exists():
            shutil.copytree(folder, following)
        following.mkdir(parents=True, exist_ok=True)
        for entity, table in tables.items():
            pq.write_table(table, following / f"{entity}_history.parquet")
        if folder.exists():
            folder.rename(previous)
        following.rename(folder)
        shutil.rmtree(previous, ignore_errors=True)

    def _finish_interrupted(self) -> None:
        """Bring back what was published, where a publishing ended between its last two steps."""
        folder, following, previous = self._folders()
        if previous.exists() and not folder.exists():
            previous.rename(folder)
        for left in (following, previous):
            shutil.rmtree(left, ignore_errors=True)

    def _folders(self) -> tuple[Path, Path, Path]:
        folder = Path(self.root) / PUBLISHED
        return folder, folder.with_name("_portal_next"), folder.with_name("_portal_previous")


def _location(given: str | None) -> str:
    chosen = given or os.environ.get("LANDING") or "landing"
    return chosen if "://" in chosen else str(settings.PROJECT_DIR / chosen)
