"""Cutting bytes into records, without judging what is in them.

Everything here is vectorised over pieces of about a megabyte: no record passes through a Python
loop except one that cannot be read at all. What is handed on is a Batch: an Arrow table of record
numbers and record texts for DuckDB, and the unreadable records with their reasons.

The rules, the same for every text format:

- A line feed ends a record (a CSV record: one outside quotes); a carriage return before it belongs
  to the end. A carriage return alone ends nothing.
- An empty line is not a record. A byte-order mark is not part of the first one.
- A record with a NUL byte, with bytes that are not UTF-8, or longer than 64 MB is unreadable.
- A CSV quote that is not opened at the start of a field or not closed at its end makes only that
  one line unreadable; reading resumes at the next line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .content import Source
from .errors import SetAside

Positions = NDArray[np.int64]

PIECE = 1 << 20
BATCH = 96 << 20
LONGEST_RECORD = 64 << 20
RAW_TEXT = 65_535
_NEWLINE, _RETURN, _HASH, _BACKSLASH = 10, 13, 35, 92
_SEPARATORS = bytes([0x1F, 0x1E, 0x1D, 0x1C, *range(1, 9), *range(0x0E, 0x1C)])
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass
class Piece:
    """Consecutive records inside one buffer."""

    data: bytes
    starts: Positions
    ends: Positions
    unreadable: dict[int, str] = field(default_factory=dict)
    texts: pa.Array | None = None  # what DuckDB gets, one per record
    separator: int = 0
    delimiters: Positions | None = None  # those between fields
    dropped: Positions | None = None  # quotes that are not part of a field


@dataclass
class Batch:
    """Consecutive records of a file: numbers ``first`` to ``first + count - 1``.

    ``table`` has the columns ``line_number`` and ``record`` for the readable ones.
    """

    first: int
    count: int
    table: pa.Table
    unreadable: dict[int, str]
    fields: tuple[str, ...]
    separator: str
    pieces: list[tuple[int, Piece]]
    size: int = 0

    def raw_text(self, line_numbers: Positions) -> list[bytes]:
        """The stored bytes of some records, each cut after 65,535 bytes."""
        firsts = np.array([first for first, _ in self.pieces], dtype=np.int64)
        places = np.searchsorted(firsts, line_numbers, side="right") - 1
        texts = []
        for line_number, place in zip(line_numbers.tolist(), places.tolist(), strict=True):
            first, piece = self.pieces[place]
            start, end = (
                int(piece.starts[line_number - first]),
                int(piece.ends[line_number - first]),
            )
            texts.append(piece.data[start : min(end, start + RAW_TEXT)].rstrip(b"\r"))
        return texts

    def as_json(self) -> pa.Table:
        """The readable records as DuckDB's type JSON, which nothing has validated."""
        texts = self.table.column("record")
        typed = [pa.ExtensionArray.from_storage(pa.json_(), chunk) for chunk in texts.chunks]
        records = pa.chunked_array(typed, type=pa.json_())
        return self.table.set_column(1, "record", records)

    def only(self, line_numbers: Positions) -> pa.Table:
        """The rows of ``table`` with these numbers."""
        if len(line_numbers) == self.table.num_rows:
            return self.table
        numbers = self.table.column("line_number").to_numpy()
        return self.table.filter(pa.array(np.isin(numbers, line_numbers)))


@dataclass(frozen=True)
class Dialect:
    """How a text format separates records and fields.

    ``delimiter`` None: a record stays one text. ``fields`` are the names by position; with
    ``header`` they come from the first record. ``at_least`` allows records with fewer or more
    fields than names (logs whose format grew). ``comments`` are lines starting with ``#``; a
    ``#Fields:`` among them names the fields.
    """

    delimiter: str | None = None
    quote: str = ""
    header: bool = False
    fields: tuple[str, ...] = ()
    at_least: int | None = None
    comments: bool = False
    escaped_quotes: bool = False


def read_batches(source: Source, dialect: Dialect) -> Iterator[Batch]:
    """The file's records in batches of some megabytes, in their order.

    Raises SetAside when the file as a whole cannot be understood.
    """
    splitter = _Splitter(dialect)
    number, first = 1, 1
    pieces: list[tuple[int, Piece]] = []
    size = 0
    names: tuple[str, ...] = dialect.fields
    for piece, fields in splitter.pieces(source):
        if pieces and (
            size >= BATCH or piece.separator != pieces[0][1].separator or fields != names
        ):
            yield _batch(first, pieces, names, size)
            pieces, size, first = [], 0, number
        names = fields
        pieces.append((number, piece))
        number += len(piece.starts)
        size += len(piece.data)
    if pieces or dialect.header:
        yield _batch(first, pieces, names if pieces else splitter.names, size)


def _batch(first: int, pieces: list[tuple[int, Piece]], names: tuple[str, ...], size: int) -> Batch:
    numbers, texts = [], []
    unreadable: dict[int, str] = {}
    count = 0
    for start, piece in pieces:
        assert piece.texts is not None
        count += len(piece.starts)
        line_numbers = pa.array(np.arange(start, start + len(piece.starts), dtype=np.int64))
        records = piece.texts
        if piece.unreadable:
            keep = np.ones(len(piece.starts), dtype=bool)
            keep[list(piece.unreadable)] = False
            line_numbers, records = line_numbers.filter(pa.array(keep)), records.filter(keep)
            unreadable |= {start + index: why for index, why in piece.unreadable.items()}
        numbers.append(line_numbers)
        texts.append(records)
    return Batch(
        first=first,
        count=count,
        table=pa.table(
            {
                "line_number": pa.chunked_array(numbers, type=pa.int64()),
                "record": pa.chunked_array(texts, type=pa.string()),
            }
        ).combine_chunks(),  # DuckDB treats each chunk as a task of its own
        unreadable=unreadable,
        fields=names,
        separator=chr(pieces[0][1].separator) if pieces else "",
        pieces=pieces,
        size=size,
    )


class _Splitter:
    """Cuts a stream into pieces; keeps the names of the fields as it goes."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.names = dialect.fields
        self._needs_header = dialect.header

    def pieces(self, source: Source) -> Iterator[tuple[Piece, tuple[str, ...]]]:
        rest = b""
        at_start = True
        while True:
            more = source.read(max(PIECE, len(rest)))
            data = rest + more if rest else more
            if at_start:
                if data[:2] in _MARKS:
                    raise SetAside("the file is UTF-16; deliver it as UTF-8")
                data = data.removeprefix(b"\xef\xbb\xbf")
                at_start = False
            final = not more
            if final and not data:
                return
            piece, used = self._cut(data, final, len(data) > LONGEST_RECORD)
            yield from self._finished(piece)
            rest = data[used:]
            if len(rest) > LONGEST_RECORD and not final:
                yield from self._overlong(rest, source)
                rest = self._after_overlong
            if final:
                return

    def _overlong(self, rest: bytes, source: Source) -> Iterator[tuple[Piece, tuple[str, ...]]]:
        """Give up a record of more than 64 MB: keep its start, skip to the next line."""
        kept = rest[: RAW_TEXT + 1]
        end = rest.find(b"\n")
        while end < 0:
            rest = source.read(PIECE)
            if not rest:
                break
            end = rest.find(b"\n")
        self._after_overlong = rest[end + 1 :] if end >= 0 else b""
        piece = Piece(
            kept, np.array([0]), np.array([len(kept)]), {0: "longer than 64 MB"}, pa.array([""])
        )
        yield piece, self.names

    def _cut(self, data: bytes, final: bool, force: bool) -> tuple[Piece, int]:
        if final and not data.endswith(b"\n"):
            data += b"\n"
        delimiter, quote = self.dialect.delimiter, self.dialect.quote
        if delimiter is not None and quote and quote.encode() in data:
            return _cut_quoted(data, self.dialect, final, force)
        array = np.frombuffer(data, dtype=np.uint8)
        ends = np.flatnonzero(array == _NEWLINE)
        piece = Piece(data, _starts(ends), ends)
        if delimiter is not None:
            piece.delimiters = np.flatnonzero(array == ord(delimiter))
        return piece, int(ends[-1]) + 1 if len(ends) else 0

    def _finished(self, piece: Piece) -> Iterator[tuple[Piece, tuple[str, ...]]]:
        """Drop what is not a record, take the header, and prepare the texts for DuckDB."""
        if not len(piece.starts):
            return
        array = np.frombuffer(piece.data, dtype=np.uint8)
        lengths = piece.ends - piece.starts
        blank = lengths == 0
        single = np.flatnonzero(lengths == 1)
        blank[single[array[piece.starts[single]] == _RETURN]] = True
        if self._needs_header:
            self._needs_header = False
            first = int(np.argmin(blank)) if not blank.all() else -1
            if first < 0:
                self._needs_header = True
                return
            if first in piece.unreadable:
                raise SetAside("its header line has a misplaced quote; correct it")
            header = piece.data[int(piece.starts[first]) : int(piece.ends[first])]
            self.names = _header(header, self.dialect)
            piece.unreadable.pop(first, None)
            blank[first] = True
        if self.dialect.comments:
            comment = array[piece.starts] == _HASH
            if comment.any():
                yield from self._between_comments(piece, blank, comment)
                return
        yield from self._records(piece, ~blank)

    def _between_comments(
        self, piece: Piece, blank: NDArray[np.bool_], comment: NDArray[np.bool_]
    ) -> Iterator[tuple[Piece, tuple[str, ...]]]:
        here = 0
        for index in [*np.flatnonzero(comment).tolist(), len(blank)]:
            between = np.zeros(len(blank), dtype=bool)
            between[here:index] = ~blank[here:index]
            yield from self._records(piece, between)
            if index < len(blank):
                line = piece.data[int(piece.starts[index]) : int(piece.ends[index])]
                if line.startswith(b"#Fields:"):
                    self.names = tuple(line[8:].decode(errors="replace").split())
            here = index + 1

    def _records(
        self, piece: Piece, keep: NDArray[np.bool_]
    ) -> Iterator[tuple[Piece, tuple[str, ...]]]:
        if not keep.any():
            return
        if self.dialect.comments and not self.names:
            raise SetAside("there is no #Fields: line before its records; deliver it whole")
        where = np.flatnonzero(keep)
        renumbered = {int(old): new for new, old in enumerate(where)} if piece.unreadable else {}
        whole = Piece(
            piece.data,
            piece.starts[where],
            piece.ends[where],
            {renumbered[old]: why for old, why in piece.unreadable.items() if old in renumbered},
            delimiters=piece.delimiters,
            dropped=piece.dropped,
        )
        _find_bad_bytes(whole)
        if self.dialect.delimiter is None:
            whole.texts = _texts(piece.data, piece.starts, piece.ends, keep)
        else:
            _separate(whole, self.dialect, len(self.names))
        yield whole, self.names


def _texts(data: bytes, starts: Positions, ends: Positions, keep: NDArray[np.bool_]) -> pa.Array:
    """Records, each with its line end, as an Arrow array that shares the buffer."""
    offsets = np.empty(len(starts) + 1, dtype=np.int32)
    offsets[:-1] = starts
    offsets[-1] = ends[-1] + 1
    texts = pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(data))
    return texts if keep.all() else texts.filter(pa.array(keep))


def _find_bad_bytes(piece: Piece) -> None:
    data = piece.data
    if data.isascii() and b"\0" not in data:
        return
    place = data.find(b"\0")
    while place >= 0:
        index = int(np.searchsorted(piece.starts, place, side="right")) - 1
        if index >= 0 and place < piece.ends[index]:
            piece.unreadable.setdefault(index, "a NUL byte")
            place = data.find(b"\0", int(piece.ends[index]))
        else:
            place = data.find(b"\0", place + 1)
    begin = 0
    while begin < len(data):
        try:
            data[begin:].decode("utf-8") if begin else data.decode("utf-8")
        except UnicodeDecodeError as error:
            place = begin + error.start
            index = int(np.searchsorted(piece.starts, place, side="right")) - 1
            if index >= 0 and place <= piece.ends[index]:
                piece.unreadable.setdefault(index, "bytes that are not UTF-8")
            following = data.find(b"\n", place)
            if following < 0:
                return
            begin = following + 1
        else:
            return


def _header(line: bytes, dialect: Dialect) -> tuple[str, ...]:
    assert dialect.delimiter is not None
    try:
        text = line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError as error:
        raise SetAside("its header is not UTF-8; deliver it as UTF-8") from error
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    names: list[str] = []
    for name in next(reader, []):
        plain = name.strip()
        unique, copy = plain, 2
        while unique in names:
            unique, copy = f"{plain}_{copy}", copy + 1
        names.append(unique)
    return tuple(names)


def _starts(ends: Positions) -> Positions:
    """Where records start that end there, one right after the other."""
    starts = np.empty_like(ends)
    if len(ends):
        starts[0], starts[1:] = 0, ends[:-1] + 1
    return starts


def _cut_quoted(data: bytes, dialect: Dialect, final: bool, force: bool) -> tuple[Piece, int]:
    """Cut a CSV with quotes; a line with a misplaced quote is unreadable, the next is not.

    Whether a newline ends a record depends on the quotes before it. Quotes alternate between
    opening and closing; ``parity`` says which kind the even ones are. The first quote that cannot
    have the role it would have makes its line unreadable, and counting restarts at the next line;
    so does a quote that nothing closes, at the end of the file or (``force``) after 64 MB.
    """
    assert dialect.delimiter is not None
    array = np.frombuffer(data, dtype=np.uint8)
    quote, delimiter = ord(dialect.quote), ord(dialect.delimiter)
    marks = np.flatnonzero((array == _NEWLINE) | (array == delimiter) | (array == quote))
    kinds = array[marks]
    is_quote = kinds == quote
    if dialect.escaped_quotes:
        is_quote &= (marks == 0) | (array[marks - 1] != _BACKSLASH)
    quotes = marks[is_quote]
    before = np.cumsum(is_quote, dtype=np.int64)  # at marks that are no quotes: quotes before
    newlines = marks[kinds == _NEWLINE]
    inside = before[kinds == _NEWLINE] & 1
    terminators = (newlines[inside == 0], newlines[inside == 1])
    violations = _misplaced(array, quotes, delimiter, quote)

    ends: list[Positions] = []
    misquoted: list[int] = []
    begin, used = 0, 0
    while begin < len(data):
        parity = int(np.searchsorted(quotes, begin)) & 1
        candidates = terminators[parity]
        low = int(np.searchsorted(candidates, begin))
        later = int(np.searchsorted(violations[parity], begin))
        if later < len(violations[parity]):
            high = int(np.searchsorted(candidates, violations[parity][later]))
        else:
            high = len(candidates)
        ends.append(candidates[low:high])
        used = int(candidates[high - 1]) + 1 if high > low else begin
        unclosed = final or (force and not misquoted and not used)
        if later == len(violations[parity]) and (used == len(data) or not unclosed):
            break
        line = int(np.searchsorted(newlines, used))
        if line == len(newlines):
            break
        end = int(newlines[line])
        ends.append(newlines[line : line + 1])
        misquoted.append(end)
        begin = used = end + 1
    found = np.concatenate(ends) if ends else newlines[:0]
    piece = Piece(data, _starts(found), found)
    why = "a quote that is not closed, or stands inside an unquoted field"
    piece.unreadable = {int(np.searchsorted(found, end)): why for end in misquoted}

    is_delimiter = kinds == delimiter
    delimiters, before = marks[is_delimiter], before[is_delimiter]
    ordinal = np.arange(len(quotes))
    if misquoted:
        # Quotes count from the start of their own record.
        base = np.searchsorted(quotes, np.append(piece.starts, used))
        before = before - base[np.searchsorted(found, delimiters)]
        ordinal = ordinal - base[np.searchsorted(found, quotes)]
    piece.delimiters = delimiters[(before & 1) == 0]
    # Of a doubled quote inside a field, the one that would open again is the one to keep.
    doubled = np.zeros(len(quotes), dtype=bool)
    doubled[1:] = ((ordinal[1:] & 1) == 0) & (quotes[1:] == quotes[:-1] + 1)
    piece.dropped = quotes[~doubled]
    return piece, used


def _misplaced(
    array: NDArray[np.uint8], quotes: Positions, delimiter: int, quote: int
) -> tuple[Positions, Positions]:
    """The quotes that cannot have their role if the even ones open, and if the odd ones do."""
    last = len(array) - 1
    before = np.where(quotes > 0, array[quotes - 1], _NEWLINE)
    after = np.where(quotes < last, array[np.minimum(quotes + 1, last)], _NEWLINE)
    second = array[np.minimum(quotes + 2, last)]
    adjacent = np.zeros(len(quotes), dtype=bool)
    adjacent[1:] = quotes[1:] == quotes[:-1] + 1
    may_open = (before == delimiter) | (before == _NEWLINE) | adjacent
    may_close = (
        (after == delimiter)
        | (after == _NEWLINE)
        | (after == quote)
        | ((after == _RETURN) & ((second == _NEWLINE) | (quotes + 1 == last)))
    )
    odd = (np.arange(len(quotes)) & 1).astype(bool)
    return (
        quotes[np.where(odd, ~may_close, ~may_open)],
        quotes[np.where(odd, ~may_open, ~may_close)],
    )


def _separate(piece: Piece, dialect: Dialect, expected: int) -> None:
    """Write the fields of each record separated by a byte that occurs nowhere in the piece.

    The end of a record becomes a separator too, so a record has one or more fields too many; only
    where the number of fields is open (``at_least``) are records cut out exactly.
    """
    assert piece.delimiters is not None
    separator = next((byte for byte in _SEPARATORS if byte not in piece.data), None)
    if separator is None:
        raise SetAside("the file is binary, not text; check what was delivered")
    starts, ends, delimiters = piece.starts, piece.ends, piece.delimiters
    least = expected if dialect.at_least is None else dialect.at_least
    for index, count in _wrong_counts(piece, expected, least, dialect.at_least is not None):
        piece.unreadable.setdefault(index, f"{count} fields instead of {expected}")
    array = np.frombuffer(piece.data, dtype=np.uint8)
    written = array.copy()
    written[delimiters] = separator
    offsets = np.empty(2 * len(starts), dtype=np.int32)
    offsets[0::2], offsets[1::2] = starts, ends
    if b"\r" in piece.data:
        returns = (ends > starts) & (array[ends - 1] == _RETURN)
        offsets[1::2] -= returns
    written[offsets[1::2]] = separator
    written[ends] = separator
    if piece.dropped is not None and len(piece.dropped):
        keep = np.ones(len(array), dtype=bool)
        keep[piece.dropped] = False
        written = written[keep]
        offsets -= np.searchsorted(piece.dropped, offsets).astype(np.int32)
    piece.separator = separator
    if dialect.at_least is None:
        offsets = np.append(offsets[0::2], offsets[-1] + 1).astype(np.int32)
        count = len(starts)
    else:
        count = len(offsets) - 1
    piece.texts = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(written))
    if dialect.at_least is not None:
        piece.texts = piece.texts.take(pa.array(np.arange(0, count, 2)))


def _wrong_counts(
    piece: Piece, expected: int, least: int, open_ended: bool
) -> list[tuple[int, int]]:
    """The records with too few or too many fields, and how many they have."""
    delimiters = piece.delimiters
    assert delimiters is not None
    records = len(piece.starts)
    if not open_ended and expected > 1 and len(delimiters) == records * (expected - 1):
        grid = delimiters.reshape(records, expected - 1)
        if ((grid[:, 0] >= piece.starts) & (grid[:, -1] < piece.ends)).all():
            return []
    counts = np.searchsorted(delimiters, piece.ends) - np.searchsorted(delimiters, piece.starts) + 1
    wrong = np.flatnonzero((counts < least) | ((counts != expected) & (not open_ended)))
    return [(index, int(counts[index])) for index in wrong.tolist()]
