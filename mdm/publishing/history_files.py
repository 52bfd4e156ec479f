"""Reads histories of master data as the loader takes them: CSV, NDJSON and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from publishing.landing import FOLDER, Landing, LandingProblem


@dataclass(frozen=True)
class Line:
    """One record of a file: where it stands, and its values by column; an empty text is none."""

    path: str
    number: int
    values: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.path}, line {self.number}"


def lines_of(landing: Landing, entity: str) -> Iterator[Line]:
    """All records of an entity's history files, in the order of the files.

    Raises:
        LandingProblem: a file that cannot be read, with its path.
    """
    name = re.compile(rf"{entity}_history.*\.(?:(csv|ndjson)(?:\.(gz|zst))?|(parquet))")
    for path in landing.under(FOLDER):
        found = name.fullmatch(PurePosixPath(path).name)
        if found is None:
            continue
        try:
            content = _unpacked(landing.read(path), found[2])
            for number, values in _RECORDS[found[1] or found[3]](content):
                yield Line(path, number, {k: None if v == "" else v for k, v in values.items()})
        except (ValueError, OSError, EOFError, csv.Error, zstandard.ZstdError) as error:
            raise LandingProblem(f"{path} cannot be read ({error}): deliver it again.") from error


def _unpacked(content: bytes, packing: str | None) -> bytes:
    if packing == "gz":
        return gzip.decompress(content)
    if packing == "zst":
        with zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True) as file:
            return bytes(file.read())
    return content


def _csv(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    # The loader counts the lines of the file, of which the header is the first.
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    header = next(reader, [])
    number = reader.line_num + 1
    for cells in reader:
        if cells:
            if len(cells) != len(header):
                raise ValueError(f"line {number} has {len(cells)} values, not {len(header)}")
            yield number, dict(zip(header, cells, strict=True))
        number = reader.line_num + 1


def _ndjson(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(content.decode("utf-8-sig").split("\n"), start=1):
        if line.strip():
            yield number, json.loads(line, parse_float=str)


def _parquet(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    yield from enumerate(pq.read_table(pa.BufferReader(content)).to_pylist(), start=1)


_RECORDS = {"csv": _csv, "ndjson": _ndjson, "parquet": _parquet}
