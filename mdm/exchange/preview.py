"""What the rows of a file would change: each is new, changed, unchanged, or wrong.

Two steps: `given_rows` turns cells into values, `judged_rows` compares them with the records and
checks them by the rules of every change request. The second is done again when the person
confirms, against the versions of the first time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models

from changes.diffs import NOTHING, shown
from changes.models import ChangeRequest
from changes.service import Refused, When, clean_values, current_values, prepare_change
from exchange.cells import read_cell
from exchange.columns import KEY, VERSION, editable_columns
from exchange.tables import Row, Table, Unreadable
from records.base import Record, TreeRecord

NEW, CHANGED, UNCHANGED, WRONG = "new", "changed", "unchanged", "wrong"
NO_RECORD = 0
AT_ONCE = 500
# Each is checked by all rules, for 5 to 10 ms: a person waits, and a server gives up after 30 s.
MOST_CHANGES = 2_000


@dataclass(frozen=True)
class Difference:
    """One field of a row, as people read it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a row: the column, or none where it is the whole row."""

    column: str
    sentence: str


@dataclass(frozen=True)
class JudgedRow:
    """A row and what it would change.

    Attributes:
        number: the row as a spreadsheet counts it.
        code: the record's key; empty where it cannot be told.
        name: what people know the record by.
        group: new, changed, unchanged or wrong.
        values: by field, as change requests keep them; nothing where nothing would change.
        version: of the record that the row was compared with, 0 for a new one; None: any.
    """

    number: int
    code: str
    name: str = ""
    group: str = UNCHANGED
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    differences: Sequence[Difference] = ()
    mistakes: Sequence[Mistake] = ()

    def as_json(self) -> dict[str, Any]:
        """The row as an upload keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> JudgedRow:
        """The row that an upload kept."""
        return cls(
            **{
                **kept,
                "differences": [Difference(**one) for one in kept["differences"]],
                "mistakes": [Mistake(**one) for one in kept["mistakes"]],
            }
        )


def wrong(row: JudgedRow, *mistakes: Mistake) -> JudgedRow:
    """The row with what is wrong with it."""
    return replace(row, group=WRONG, mistakes=[*row.mistakes, *mistakes], differences=[])


# ---------------------------------------------------------------------------------------- giving


def given_rows(entity: type[Record], table: Table) -> list[JudgedRow]:
    """The rows of a file with their values; those that cannot be read are wrong already.

    A column that the file lacks leaves its field alone, an empty cell clears it.

    Raises:
        Unreadable: columns that the entity does not have, twice, or without the key.
    """
    _check_columns(entity, table.columns)
    rows = [_given(entity, table.columns, row) for row in table.rows]
    times = Counter(row.code for row in rows if row.code)
    numbers: dict[str, list[int]] = {}
    for row in rows:
        numbers.setdefault(row.code, []).append(row.number)
    return [
        wrong(row, Mistake(KEY, f"Rows {_listed(numbers[row.code])} are of the same record."))
        if times[row.code] > 1
        else row
        for row in rows
    ]


def _check_columns(entity: type[Record], columns: Sequence[str]) -> None:
    known = [KEY, *editable_columns(entity), VERSION]
    has = f"{entity._meta.verbose_name_plural} have: {', '.join(known)}"
    if blank := [place for place, column in enumerate(columns, start=1) if not column]:
        raise Unreadable(f"Column {blank[0]} has no name: {has}.")
    if twice := [column for column, times in Counter(columns).items() if times > 1]:
        raise Unreadable(f"The column {twice[0]} is there twice: keep one.")
    if unknown := [column for column in columns if column not in known]:
        names = ", ".join(f"“{column[:60]}”" for column in unknown[:5])
        raise Unreadable(f"The file has columns that are not known: {names}. {has.capitalize()}.")
    parts = {str(entity._meta.get_field(name).column) for name in entity.code_made_from}  # type: ignore[union-attr]
    if KEY not in columns and not (parts and parts <= set(columns)):
        raise Unreadable("The file has no column “code”: by it the records are known.")


def _given(entity: type[Record], columns: Sequence[str], row: Row) -> JudgedRow:
    mistakes = []
    values: dict[str, Any] = {}
    if len(row.cells) != len(columns):
        sentence = f"The row has {len(row.cells)} cells, and the file {len(columns)} columns."
        return wrong(JudgedRow(row.number, ""), Mistake("", sentence))
    known: dict[str, Any] = {KEY: entity._meta.pk, VERSION: entity._meta.get_field(VERSION)}
    known |= editable_columns(entity)
    key: dict[str, Any] = {}
    for column, cell in zip(columns, row.cells, strict=True):
        try:
            value = read_cell(known[column], cell)
            if column in (KEY, VERSION):
                key[column] = value
            else:
                values |= clean_values(entity, {known[column].name: value})
        except ValidationError as error:
            mistakes += [Mistake(column, sentence) for sentence in error.messages]
    given, version = key.get(KEY) or "", key.get(VERSION)
    made = ""
    if entity.code_made_from and all(values.get(name) for name in entity.code_made_from):
        made = entity.made_code(values) or ""
    if not (given or made) and not mistakes:
        mistakes.append(Mistake(KEY, "The row has no code."))
    judged = JudgedRow(
        row.number, given or made, str(values.get("name") or ""), values=values, version=version
    )
    return wrong(judged, *mistakes) if mistakes else judged


# --------------------------------------------------------------------------------------- judging


def judged_rows(
    user: User,
    entity: type[Record],
    rows: Sequence[JudgedRow],
    *,
    reason: str = "preview",
    source: str = ChangeRequest.Source.IMPORT,
    when: When | None = None,
    batch: str = "",
) -> tuple[list[JudgedRow], list[ChangeRequest]]:
    """Compare rows with the records and check what they change.

    Returns:
        The rows in their order, and the requests of those that are new or changed, not saved, in
        the order in which they can be applied.

    Raises:
        Unreadable: more changes than are checked at a time.
    """
    records = _records(entity, [row.code for row in rows if row.group != WRONG])
    name_of = cache(shown)
    compared = [
        row if row.group == WRONG else _compared(entity, row, records.get(row.code), name_of)
        for row in rows
    ]
    if sum(row.group in (NEW, CHANGED) for row in compared) > MOST_CHANGES:
        raise Unreadable(f"The file changes more than {MOST_CHANGES:,} records: split it.")
    beside: dict[tuple[str, str], Mapping[str, Any]] = {}
    judged: dict[int, JudgedRow] = {}
    requests = []
    for row in _parents_first(entity, compared):
        if row.group in (NEW, CHANGED):
            try:
                request = prepare_change(
                    user, entity, row.code, row.values, reason=reason, source=source, when=when,
                    base_version=row.version or None, batch=batch,
                    beside=lambda table, code: beside.get((table, code)),
                )  # fmt: skip
            except ValidationError as error:
                row = wrong(row, *_mistakes(entity, error, row.values))
            except (Refused, PermissionDenied) as refusal:
                row = wrong(row, Mistake("", str(refusal)))
            else:
                assert request is not None
                requests.append(request)
                if row.group == NEW:
                    beside[entity._meta.db_table, request.code] = request.values
        judged[row.number] = row
    return [judged[row.number] for row in rows], requests


def _compared(
    entity: type[Record], row: JudgedRow, record: Record | None, name_of: Callable[..., str]
) -> JudgedRow:
    what = str(entity._meta.verbose_name)
    if record is None:
        if row.version:
            return wrong(row, Mistake(KEY, (
                f"There is no {what} {row.code}, yet the row has a version: codes never change."
                " For a new record, leave the version empty."
            )))  # fmt: skip
        made = entity.made_code(dict(row.values))
        if made and made != row.code:
            sentence = f"The code follows from the values: leave it empty, or write {made}."
            return wrong(row, Mistake(KEY, sentence))
        # What a new record does not say is as the field has it by itself.
        values = {name: value for name, value in row.values.items() if value not in (None, "")}
        return replace(
            row,
            group=NEW,
            values=values,
            version=NO_RECORD,
            differences=_differences(entity, {}, values, name_of),
        )
    before = current_values(record)
    changed = {name: value for name, value in row.values.items() if before[name] != value}
    row = replace(row, name=str(record))
    if not changed:
        return replace(row, group=UNCHANGED, version=record.version, values={})
    if row.version == NO_RECORD:
        return wrong(row, Mistake(KEY, f"{row.code} has been made in the meantime."))
    if row.version is not None and row.version < record.version:
        return wrong(row, Mistake(VERSION, (
            f"{record} was changed since this was exported (the row has version {row.version}, the"
            f" record {record.version}): export it again and repeat the change."
        )))  # fmt: skip
    if row.version is not None and row.version > record.version:
        sentence = f"The record is of version {record.version}: leave this column as exported."
        return wrong(row, Mistake(VERSION, sentence))
    return replace(
        row,
        group=CHANGED,
        version=record.version,
        differences=_differences(entity, before, changed, name_of),
    )


def _records(entity: type[Record], codes: Sequence[str]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for start in range(0, len(codes), AT_ONCE):
        found |= entity._default_manager.in_bulk(codes[start : start + AT_ONCE])
    return found


def _parents_first(entity: type[Record], rows: Sequence[JudgedRow]) -> Iterable[JudgedRow]:
    """Rows in an order in which a new parent comes before its children."""
    if not issubclass(entity, TreeRecord):
        return rows
    by_code = {row.code: row for row in rows}
    ordered: dict[int, JudgedRow] = {}
    for row in rows:
        branch = []
        while row is not None and row.number not in ordered and row not in branch:
            branch.append(row)
            row = by_code.get(row.values.get(entity.parent_field) or "")  # type: ignore[assignment]
        ordered |= {one.number: one for one in reversed(branch)}
    return ordered.values()


def _differences(
    entity: type[Record],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    name_of: Callable[..., str],
) -> list[Difference]:
    return [
        Difference(
            str(one.verbose_name),
            name_of(entity, one.name, before[one.name]) if before else NOTHING,
            name_of(entity, one.name, after[one.name]),
        )
        for one in entity.editable_fields()
        if one.name in after
    ]


def _mistakes(
    entity: type[Record], error: ValidationError, values: Mapping[str, Any]
) -> list[Mistake]:
    if not hasattr(error, "error_dict"):
        return [Mistake("", sentence) for sentence in error.messages]
    columns = {one.name: column for column, one in editable_columns(entity).items()}
    return [
        Mistake(columns.get(name, KEY if name == KEY else ""), _sentence(entity, name, one, values))
        for name, errors in error.error_dict.items()
        for one in errors
    ]


def _sentence(
    entity: type[Record], name: str, error: ValidationError, values: Mapping[str, Any]
) -> str:
    of = next((one for one in entity.editable_fields() if one.name == name), None)
    if error.code in ("null", "blank"):
        return "This cannot be empty."
    if error.code == "invalid" and isinstance(of, models.ForeignKey):
        return f"There is no {of.related_model._meta.verbose_name} {values.get(name)}."
    return " ".join(error.messages)


def _listed(numbers: Sequence[int]) -> str:
    few = [str(number) for number in numbers[:6]]
    if len(numbers) > 6:
        return f"{', '.join(few)} …"
    return f"{', '.join(few[:-1])} and {few[-1]}"
