"""Reading a file's bytes and proving that they are whole.

DuckDB's own readers take a gzip whose checksum is wrong, and a part of a truncated zstd, for
good. Here every gzip member's CRC and length are verified (by isal, several times faster than
zlib), every zstd frame must end, and the file must not change while it is read. What is appended
meanwhile is not followed: a file that grows faster than it is read would never end.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard
from isal import igzip, isal_zlib

from .errors import SetAside

_PIECE = 1 << 20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class Source(Protocol):
    """A stream of a file's plain bytes."""

    @property
    def position(self) -> int:
        """How many of the stored bytes were read."""
        ...

    def read(self, size: int, /) -> bytes:
        """Up to about ``size`` bytes; empty at the end, SetAside when the file is not whole."""
        ...


def content_hash(path: Path) -> str:
    """The SHA-256 of the stored bytes, in hexadecimal."""
    try:
        with path.open("rb") as stored:
            digest = hashlib.sha256()
            bounded = _Bounded(stored)
            while part := bounded.read(_PIECE):
                digest.update(part)
            return digest.hexdigest()
    except OSError as error:
        raise _unreadable(error) from error


def compression_of(path: str) -> str:
    """``gzip``, ``zstd`` or ``none``, by the name of the file."""
    if path.lower().endswith(".gz"):
        return "gzip"
    return "zstd" if path.lower().endswith((".zst", ".zstd")) else "none"


@contextmanager
def plain_bytes(path: Path, compression: str) -> Iterator[Source]:
    """The file's content, decompressed as it is read."""
    try:
        stored = path.open("rb")
    except OSError as error:
        raise _unreadable(error) from error
    with stored:
        start = stored.read(4)
        stored.seek(0)
        if compression == "gzip":
            if not start.startswith(_GZIP):
                raise SetAside(_not_what_it_says(start, "gzip"))
            yield _Gzip(_Bounded(stored))
        elif compression == "zstd":
            if start != _ZSTD:
                raise SetAside(_not_what_it_says(start, "zstd"))
            yield _Zstd(_Bounded(stored))
        else:
            if start.startswith((_GZIP, _ZSTD)):
                raise SetAside(
                    "the file is compressed but its name does not say so; name it .gz or .zst"
                )
            yield _Plain(_Bounded(stored))


class _Bounded:
    """An open file up to the size that it has now."""

    def __init__(self, stored: BinaryIO) -> None:
        self._stored = stored
        self._size = os.fstat(stored.fileno()).st_size

    def tell(self) -> int:
        return self._stored.tell()

    def read(self, size: int, /) -> bytes:
        return self._stored.read(min(size, self._left()))

    def readinto(self, buffer: memoryview, /) -> int:
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def _left(self) -> int:
        return max(0, self._size - self._stored.tell())


class _Stored:
    def __init__(self, stored: _Bounded) -> None:
        self._stored = stored

    @property
    def position(self) -> int:
        return self._stored.tell()


class _Plain(_Stored):
    def read(self, size: int, /) -> bytes:
        try:
            return self._stored.read(size)
        except OSError as error:
            raise _unreadable(error) from error


class _Gzip(_Stored):
    def __init__(self, stored: _Bounded) -> None:
        super().__init__(stored)
        self._members = igzip.IGzipFile(fileobj=stored, mode="rb")

    def read(self, size: int, /) -> bytes:
        try:
            return bytes(self._members.read(size))
        except EOFError as error:
            raise SetAside(_truncated("gzip")) from error
        except (igzip.BadGzipFile, isal_zlib.error) as error:  # type: ignore[misc]
            raise SetAside(_damaged("gzip")) from error
        except OSError as error:
            raise _unreadable(error) from error


class _Zstd(_Stored):
    def __init__(self, stored: _Bounded) -> None:
        super().__init__(stored)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._pending = b""

    def read(self, size: int, /) -> bytes:
        parts: list[bytes] = []
        length = 0
        while length < size:
            if not self._pending:
                try:
                    self._pending = self._stored.read(_PIECE // 8)
                except OSError as error:
                    raise _unreadable(error) from error
                if not self._pending:
                    if self._frame is not None:
                        raise SetAside(_truncated("zstd"))
                    break
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            try:
                part = self._frame.decompress(self._pending)
            except zstandard.ZstdError as error:
                raise SetAside(_damaged("zstd")) from error
            self._pending = b""
            if self._frame.eof:
                self._pending = self._frame.unused_data
                self._frame = None
            parts.append(part)
            length += len(part)
        return b"".join(parts)


def _truncated(kind: str) -> str:
    return f"the {kind} ends too early, so a part of the file is missing; deliver it again"


def _damaged(kind: str) -> str:
    return f"the {kind} is damaged: its checksum or structure is wrong; deliver the file again"


def _not_what_it_says(start: bytes, kind: str) -> str:
    if not start:
        return f"the file has no bytes, which is no {kind}; deliver it again"
    return f"the file is not {kind} although its name says so; rename or deliver it again"


def _unreadable(error: OSError) -> SetAside:
    reason = (error.strerror or str(error)).lower()
    return SetAside(f"the file cannot be read ({reason}); check its permissions and the disk")
