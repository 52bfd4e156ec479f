"""Which files there are, and which table each belongs to.

Local folders and remote prefixes go through fsspec alike. A remote file is copied to scratch
before it is read, so that its checksum can be verified as a local one's is.
"""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import fsspec

from .contract import FilePattern, Table
from .errors import LoaderError, SetAside, UsageError

_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class FileState:
    """A file's size in bytes and modification time (naive UTC), to notice that it changed."""

    size: int
    modified_at: datetime


@dataclass(frozen=True)
class LandingFile:
    """A landing file: ``path`` is relative to the landing folder or prefix."""

    path: str
    state: FileState
    table: Table
    pattern: FilePattern


class Landing:
    """A landing folder or remote prefix."""

    def __init__(self, location: str) -> None:
        self.location = location.rstrip("/") or "/"
        try:
            self._filesystem, self._root = fsspec.core.url_to_fs(self.location)
        except (ImportError, ValueError) as error:
            raise UsageError(
                f"The landing place {location} cannot be used: {error}. For s3:// install the "
                "s3 extra (pip install 'clickstar[s3]')."
            ) from error
        self.is_local = "://" not in self.location
        self.closed: list[str] = []

    def discover(self, tables: list[Table]) -> tuple[list[LandingFile], list[str]]:
        """The files of the contracts, sorted by path, and the paths that match no contract.

        What starts with a dot or an underscore, file or folder, is hidden or still in progress,
        and nobody's. Folders that may not be looked into are in ``closed`` afterwards.
        """
        patterns = [
            (_plain_start(pattern.pattern), pattern, table)
            for table in tables
            for pattern in table.files
        ]
        files, unmatched = [], []
        for path, state in sorted(self._listing()):
            if any(part.startswith((".", "_")) for part in PurePosixPath(path).parts):
                continue
            for start, pattern, table in patterns:
                if path.startswith(start) and _glob(pattern.pattern).fullmatch(path):
                    files.append(LandingFile(path, state, table, pattern))
                    break
            else:
                unmatched.append(path)
        return files, unmatched

    def state(self, path: str) -> FileState:
        """The file's present size and modification time.

        Raises SetAside when the file has gone.
        """
        try:
            if not self.is_local:
                self._filesystem.invalidate_cache()
            return _state(self._filesystem.info(self._full(path)))
        except FileNotFoundError as error:
            raise SetAside("the file was removed while it was read; deliver it again") from error
        except Exception as error:  # each remote store has its own exceptions
            raise SetAside(f"the file cannot be looked at ({_summary(error)})") from error

    @contextmanager
    def local_copy(self, path: str) -> Iterator[Path]:
        """The file as a local path: itself, or a scratch copy that is removed afterwards."""
        if self.is_local:
            yield Path(self._full(path))
            return
        with tempfile.TemporaryDirectory(prefix="clickstar-") as folder:
            scratch = Path(folder) / PurePosixPath(path).name
            try:
                self._filesystem.get_file(self._full(path), str(scratch))
            except Exception as error:  # each remote store has its own exceptions
                raise SetAside(
                    f"the file cannot be fetched from {self.location} ({_summary(error)}); check "
                    "the credentials and the free space of the temporary folder"
                ) from error
            yield scratch

    def _full(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"

    def _listing(self) -> list[tuple[str, FileState]]:
        if self.is_local and not Path(self.location).is_dir():
            raise UsageError(
                f"The landing folder {self.location} does not exist: create it, or give another "
                "with --landing or LANDING."
            )
        try:
            found: dict[str, dict[str, Any]] = self._filesystem.find(
                self._root, detail=True, withdirs=self.is_local
            )
        except Exception as error:  # each remote store has its own exceptions
            raise LoaderError(
                f"The landing place {self.location} cannot be listed ({_summary(error)}): check "
                "its name and your permissions."
            ) from error
        start = len(self._root.rstrip("/")) + 1
        # fsspec skips a folder that it may not look into without a word.
        self.closed = [
            full[start:]
            for full, info in found.items()
            if info.get("type") == "directory" and not os.access(full, os.R_OK | os.X_OK)
        ]
        return [
            (full[start:], _state(info))
            for full, info in found.items()
            if info.get("type") == "file" and not full.endswith("/")
        ]


def path_values(path: str, keys: tuple[str, ...]) -> dict[str, str]:
    """The values of these keys in the folders of a path, which are written ``key=value``.

    A value is percent-decoded; Hive's word for a null is no value. Raises SetAside when a value is
    not UTF-8, or two folders give one key different values.
    """
    found: dict[str, str] = {}
    for part in PurePosixPath(path).parts[:-1]:
        key, equals, text = part.partition("=")
        if not equals or key not in keys or text == _HIVE_NULL:
            continue
        try:
            value = unquote(text, errors="strict")
        except UnicodeDecodeError as error:
            raise SetAside(
                f"the path's {key} is not UTF-8 once it is percent-decoded; rename the folder"
            ) from error
        if found.setdefault(key, value) != value:
            raise SetAside(f"the path names {key} twice, with different values; rename a folder")
    return found


def _state(info: dict[str, Any]) -> FileState:
    modified = info.get("mtime", info.get("LastModified", info.get("last_modified")))
    if isinstance(modified, int | float):
        modified = datetime.fromtimestamp(modified, UTC)
    if not isinstance(modified, datetime):
        modified = datetime(1970, 1, 1, tzinfo=UTC)
    return FileState(
        size=int(info["size"] or 0), modified_at=modified.astimezone(UTC).replace(tzinfo=None)
    )


def _summary(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _plain_start(pattern: str) -> str:
    """What a glob's paths start with: few globs are then worth a regular expression."""
    return re.split(r"[*?\[{]", pattern, maxsplit=1)[0]


@functools.cache
def _glob(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression: ``*`` and ``?`` stay inside a folder, ``**`` does not."""
    parts = []
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|\{[^}]*\}|.", pattern):
        if token == "**/":
            parts.append("(?:.*/)?")
        elif token == "**":
            parts.append(".*")
        elif token == "*":
            parts.append("[^/]*")
        elif token == "?":
            parts.append("[^/]")
        elif token[0] == "[" and len(token) > 1:
            parts.append("[" + token[1:-1].replace("!", "^", 1) + "]")
        elif token[0] == "{" and len(token) > 1:
            choices = "|".join(re.escape(choice) for choice in token[1:-1].split(","))
            parts.append(f"(?:{choices})")
        else:
            parts.append(re.escape(token))
    return re.compile("".join(parts))
