"""Files that people upload, as rows of cells; and rows of cells as files that people open."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from exchange.cells import Formula, csv_cell, xlsx_cell

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
# A workbook is a ZIP file: a few kilobytes may unpack to gigabytes.
MOST_UNPACKED_BYTES = 50 * MEGABYTE
MOST_PARTS = 1000
MOST_ROWS = 20_000
MOST_COLUMNS = 100
# Blank rows between others count here: one cell far below would have us pass over millions.
MOST_SHEET_ROWS = 5 * MOST_ROWS
MOST_SHEETS = 20
DELIMITERS = ",;\t"
BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip
# The beginning of a workbook of before 2007, and of every workbook with a password.
OLD_WORKBOOK, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
SAVE_AS_UTF8 = "in a spreadsheet, save it as “CSV UTF-8” or as XLSX"

# XML cannot hold these: a workbook writes _x0007_, and _x005F_ for an underscore that would be
# taken for the beginning of that (ECMA-376, ST_Xstring).
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Unreadable(Exception):
    """A file that is no table of ours; the message says in a sentence why, and what to do."""


@dataclass(frozen=True)
class Row:
    """The cells of a row, and the number by which a spreadsheet shows it."""

    number: int
    cells: tuple[Any, ...]

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return all(cell in (None, "") for cell in self.cells)


@dataclass(frozen=True)
class Table:
    """A file's column names, in lower case, and its rows that are not blank."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


# -------------------------------------------------------------------------------------- reading


def read_table(name: str, content: bytes) -> Table:
    """Read a CSV file (comma, semicolon or tab; UTF-8 or UTF-16) or a workbook of one sheet.

    Raises:
        Unreadable: in a sentence.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(too_large())
    if content.startswith(OLD_WORKBOOK):
        raise Unreadable(
            "This is a workbook of an old kind (.xls) or one with a password: save it as XLSX"
            " without a password."
        )
    if content.startswith(ZIP):
        return _table(_workbook_rows(content), pads=True)
    if name.lower().endswith((".xlsx", ".xlsm")):
        raise Unreadable("The file is called a workbook and is none: save it again as XLSX or CSV.")
    return _table(_csv_rows(_text(content)), pads=False)


def too_large() -> str:
    """What is said of a file that is not even read."""
    return f"The file is larger than {MOST_BYTES // MEGABYTE} MB: split it."


def _table(rows: Iterator[Row], *, pads: bool) -> Table:
    header = next((row for row in rows if not row.is_blank), None)
    if header is None:
        raise Unreadable("The file is empty: it needs a row of column names, and rows below it.")
    columns = [str(cell or "").strip().lower() for cell in header.cells]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(f"The file has more than {MOST_COLUMNS} columns: this is another table.")
    kept: list[Row] = []
    for row in rows:
        if row.is_blank:
            continue
        if len(kept) == MOST_ROWS:
            raise Unreadable(f"The file has more than {MOST_ROWS:,} rows: split it.")
        kept.append(_fitted(row, len(columns)) if pads else row)
    return Table(tuple(columns), tuple(kept))


def _fitted(row: Row, width: int) -> Row:
    """A workbook's row without the empty cells after the last column, or with those it lacks."""
    cells = list(row.cells)
    while len(cells) > width and cells[-1] in (None, ""):
        cells.pop()
    return Row(row.number, (*cells, *[None] * (width - len(cells))))


def _text(content: bytes) -> str:
    encodings = [kind for mark, kind in BYTE_ORDER_MARKS.items() if content.startswith(mark)]
    try:
        text = content.decode(encodings[0] if encodings else "utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"The file is not in UTF-8, perhaps in Latin-1 or Windows-1252: {SAVE_AS_UTF8}."
        ) from error
    if "\x00" in text:
        raise Unreadable(f"The file is neither CSV nor a workbook: {SAVE_AS_UTF8}.")
    return text


def _csv_rows(text: str) -> Iterator[Row]:
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    if re.fullmatch(r"sep=.\r?", first_line, re.IGNORECASE):
        # Excel's own word on what separates the cells.
        delimiter = first_line[4]
    number = 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for number, cells in enumerate(reader, start=1):
            if number > 1 or not cells or not cells[0].lower().startswith("sep="):
                yield Row(number, tuple(cells))
    except csv.Error as error:
        raise Unreadable(
            f"Row {number + 1} is not written as CSV has it ({error}): are all quotes closed?"
        ) from error


def _workbook_rows(content: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
            raise Unreadable(
                f"The workbook unpacks to more than {MOST_UNPACKED_BYTES // MEGABYTE} MB: split it,"
                " or save it as CSV."
            )
        with warnings.catch_warnings():
            # It tells of print settings and the like that it does not know.
            warnings.simplefilter("ignore")
            yield from _only_sheet(openpyxl.load_workbook(io.BytesIO(content), read_only=True))
    except Unreadable:
        raise
    except Exception as error:  # a broken workbook fails in any of a dozen ways
        raise Unreadable(
            "The workbook is damaged, or no workbook at all: open it in a spreadsheet and save it"
            " again as XLSX."
        ) from error


def _only_sheet(book: Any) -> Iterator[Row]:
    if len(book.worksheets) > MOST_SHEETS:
        raise Unreadable(f"The workbook has more than {MOST_SHEETS} sheets: keep one of them.")
    filled = []
    for sheet in book.worksheets:
        # What a sheet says of its own size is often wrong.
        sheet.reset_dimensions()
        if any(not row.is_blank for row in _rows_of(sheet)):
            filled.append(sheet)
    if len(filled) > 1:
        names = ", ".join(f"“{sheet.title}”" for sheet in filled)
        raise Unreadable(f"The workbook has several sheets with rows ({names}): keep one of them.")
    for sheet in filled:
        yield from _rows_of(sheet)


def _rows_of(sheet: Any) -> Iterator[Row]:
    # A row is as long as its last cell, whatever is between: what no column has is not looked at.
    rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1)
    for number, cells in enumerate(rows, start=1):
        if number > MOST_SHEET_ROWS:
            raise Unreadable(f"The sheet has rows below number {MOST_SHEET_ROWS:,}: delete them.")
        yield Row(number, tuple(map(_value, cells)))


def _value(cell: Any) -> Any:
    if cell.data_type in ("f", "e"):
        return Formula()
    if isinstance(cell.value, str):
        return ESCAPED.sub(_unescaped, cell.value)
    return cell.value


def _unescaped(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    # What no database keeps stays as it is written.
    return found[0] if number == 0 or 0xD800 <= number <= 0xDFFF else chr(number)


# -------------------------------------------------------------------------------------- writing


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV in UTF-8, with the mark by which spreadsheets know it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_file(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], texts: Iterable[str]
) -> bytes:
    """Rows as a workbook of one sheet; the columns named in `texts` stay text when edited."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for index, column in enumerate(columns, start=1):
        shape = sheet.column_dimensions[get_column_letter(index)]
        shape.width = 24 if column in texts else 14
        if column in texts:
            shape.number_format = "@"
    sheet.append([_cell(sheet, column, bold=True) for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    value = xlsx_cell(value)
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, NOT_IN_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", value))
    # A text, whatever it looks like.
    cell.data_type = "s"
    cell.number_format = "@"
    if bold:
        cell.font = Font(bold=True)
    return cell
