"""One cell of a table: how a value of a record is written into it, and read from it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from changes.service import EXACT_DIGITS

# What spreadsheets take for a formula (OWASP, "CSV Injection": = + - @ tab and line ends, and the
# wide forms of East Asian keyboards), behind any number of the apostrophes that we put there.
FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
# Excel takes 1900 for a leap year: earlier days are a different number in other programs.
FIRST_SAFE_DAY = dt.date(1900, 3, 1)
TRUE, FALSE = {"true", "yes", "1"}, {"false", "no", "0"}
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula or the error of one: no value that could be kept."""


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula; `as_written` gives the text back."""
    return f"'{text}" if FORMULA.match(text) else text


def as_written(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


def csv_cell(value: Any) -> str:
    """A value as CSV holds it: exact decimals, ISO dates, true and false, nothing as empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    return harmless(value) if isinstance(value, str) else str(value)


def xlsx_cell(value: Any) -> Any:
    """A value as a workbook holds it: typed, but as a text what its numbers cannot hold exactly."""
    if isinstance(value, Decimal):
        digits = format(value, "f").replace(".", "").lstrip("-0")
        return value if len(digits) <= EXACT_DIGITS else csv_cell(value)
    if isinstance(value, dt.date) and value < FIRST_SAFE_DAY:
        return csv_cell(value)
    if isinstance(value, str):
        return harmless(value) or None
    return value


def read_cell(field: models.Field[Any, Any], cell: Any) -> Any:
    """The value that a cell gives a field, as a change request takes it; None when it is empty.

    Raises:
        ValidationError: in a sentence.
    """
    if isinstance(cell, Formula):
        raise ValidationError("The cell holds a formula: put its value there.")
    if isinstance(cell, str):
        cell = as_written(cell).strip()
    if cell in (None, ""):
        return None
    if isinstance(field, models.BooleanField):
        return _truth(cell)
    if isinstance(field, models.IntegerField):
        return _whole_number(cell)
    if isinstance(field, models.DecimalField):
        return _number(cell)
    if isinstance(field, models.DateField):
        return _day(cell)
    return _text(cell)


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return format(Decimal(repr(cell)).normalize(), "f")
    raise ValidationError(
        "The spreadsheet has made a date or a truth value of this: format the cell as text and"
        " write it again."
    )


def _truth(cell: Any) -> bool:
    word = str(cell).lower()
    if cell is True or word in TRUE:
        return True
    if cell is False or word in FALSE:
        return False
    raise ValidationError("Write true or false.")


def _whole_number(cell: Any) -> int:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool) or not WHOLE_NUMBER.fullmatch(str(cell)):
        raise ValidationError("Write a whole number.")
    return int(cell)


def _number(cell: Any) -> str:
    if isinstance(cell, float):
        # The number that a spreadsheet shows: 0.1 + 0.2 is 0.3 there.
        cell = format(cell, f".{EXACT_DIGITS}g")
    if isinstance(cell, bool) or not NUMBER.fullmatch(str(cell)):
        raise ValidationError("Write a number with a point and nothing else, such as 0.08.")
    return format(Decimal(str(cell)), "f")


def _day(cell: Any) -> str:
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime):
        return cell.isoformat()
    try:
        if isinstance(cell, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", cell, re.ASCII):
            return dt.date.fromisoformat(cell).isoformat()
    except ValueError:
        pass
    raise ValidationError("Write the day as 2026-03-31.")
