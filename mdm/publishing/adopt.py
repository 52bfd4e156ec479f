"""Fills an empty portal from the histories that the warehouse was built from before.

Every change keeps its number, its moment and its date: what is published afterwards is what was in
the files. A record that was deleted rests in the portal, with the deletion as its last change.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import connection, models, transaction

from publishing.columns import OF_THE_CHANGE, Column, fields_of, history_of, schema_of
from publishing.history_files import Line, lines_of
from publishing.landing import Landing
from records.base import Record
from records.models import ENTITIES, Channel, Crosswalk, Kind
from records.triggers import create_triggers, drop_triggers, record_differences

TOLD = 20
AT_ONCE = 200
SEED_REASON = "the channels of the seed"
# What the files and both databases keep: 32 bits of a field's number, 64 of a change's.
LARGEST, LARGEST_ID = 2**31 - 1, 2**63 - 1
TRUE, FALSE = {"true", "t", "1", "yes", "y"}, {"false", "f", "0", "no", "n"}


class CannotAdopt(Exception):
    """The portal is not empty, or the files do not fit: one sentence a line."""


@dataclass
class Adopted:
    """What was taken over: changes and records by entity, and what was not, in sentences."""

    changes: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


@dataclass
class _Change:
    """One change of a record, with the line that told it."""

    line: Line
    of_the_change: dict[str, Any]
    values: dict[str, Any]  # by attribute of the record


def is_empty() -> bool:
    """Whether the portal has no records and no history of any."""
    return not any(
        entity._default_manager.exists() or history_of(entity).objects.exists()
        for entity in ENTITIES
    )


def adopt(landing: Landing) -> Adopted:
    """Take over the histories of the landing folder, whole or not at all.

    Raises:
        CannotAdopt: with the files and lines that do not fit.
    """
    adopted = Adopted()
    wrong: list[str] = []
    histories = {entity: _history(landing, entity, adopted, wrong) for entity in ENTITIES}
    _refuse(wrong)
    with transaction.atomic():
        if not is_empty():
            raise CannotAdopt(
                "The portal has records already: only an empty one can adopt the histories of the"
                " landing folder."
            )
        drop_triggers()
        latest = {entity: _insert(entity, history) for entity, history in histories.items()}
        seeded = _insert_seed_channels()
        for entity, records in latest.items():
            _check_links(entity, records, latest, wrong)
        _refuse(wrong)
        for records in latest.values():
            _check_values(records, wrong)
        _refuse(wrong)
        _number_on()
        # Of all records, the history does not know those of the seed only.
        if record_differences(SEED_REASON) != seeded:
            raise CannotAdopt("The records do not come out as their histories say they are.")
        # The deferred checks of foreign keys come now: no trigger is made while one is pending.
        connection.check_constraints()
        create_triggers()
    for entity, history in histories.items():
        if history:
            adopted.changes[entity._meta.db_table] = sum(map(len, history.values()))
            adopted.records[entity._meta.db_table] = len(history)
    return adopted


def _history(
    landing: Landing, entity: type[Record], adopted: Adopted, wrong: list[str]
) -> dict[str, list[_Change]]:
    """The changes of each record by code, in the order of their numbers."""
    name = entity._meta.db_table
    columns = fields_of(entity)
    known = set(schema_of(entity).names)
    changes: dict[int, _Change] = {}
    unknown: dict[str, set[str]] = defaultdict(set)
    for line in lines_of(landing, name):
        unknown[line.path] |= line.values.keys() - known
        try:
            change = _change(entity, columns, line)
        except ValueError as error:
            wrong.append(f"{line}: {error}.")
            continue
        number = change.of_the_change["history_id"]
        before = changes.setdefault(number, change)
        if (before.of_the_change, before.values) != (change.of_the_change, change.values):
            wrong.append(f"{line}: change {number} is another one in {before.line}.")
    for path, names in unknown.items():
        if names:
            named = " and no ".join(sorted(names))
            adopted.left_out.append(f"{path}: the portal keeps no {named}.")
    history: dict[str, list[_Change]] = defaultdict(list)
    for _, change in sorted(changes.items()):
        history[change.values["code"]].append(change)
    return history


def _change(entity: type[Record], columns: list[Column], line: Line) -> _Change:
    values: dict[str, Any] = {}
    for column in columns:
        values[column.field.attname] = _value(column.field, line.values.get(column.name))
    code = _text(line.values.get("code"))
    if entity is Crosswalk:
        values |= {f"{kind}_id": None for kind in Kind.values}
        if code and values["kind"] in Kind.values:
            values[f"{values['kind']}_id"] = code
        named = {f.name: values[f.attname] for f in entity._meta.fields if f.attname in values}
        code = entity.made_code(named) or ""
    elif "advertiser" in entity.code_made_from:
        values["advertiser_id"] = code
    if not code:
        raise ValueError("the change names no code")
    history = history_of(entity)
    of_the_change = {
        source: _value(history._meta.get_field(source), line.values.get(name))
        for name, source in OF_THE_CHANGE.items()
    }
    for name in ("history_id", "recorded_at"):
        if of_the_change[OF_THE_CHANGE[name]] is None:
            raise ValueError(f"the change has no {name}")
    if of_the_change["history_type"] not in ("+", "~", "-"):
        raise ValueError("change_type is none of + ~ -")
    return _Change(line, of_the_change, values | {"code": code})


def _value(field: models.Field[Any, Any], value: Any) -> Any:
    """A value of a file as the field keeps it; raises ValueError with a sentence."""
    if value is None:
        if isinstance(field, models.BooleanField) and not field.null:
            return field.get_default() if field.has_default() else False
        return "" if isinstance(field, models.CharField) and not field.null else None
    try:
        return next(read for kind, read in _READ if isinstance(field, kind))(field, value)
    except (ValueError, ArithmeticError) as error:
        raise ValueError(f"{field.name} cannot be {value!r:.100}") from error


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _boolean(_: Any, value: Any) -> bool:
    text = str(value).lower()
    if text not in TRUE | FALSE:
        raise ValueError
    return text in TRUE


def _moment(_: Any, value: Any) -> dt.datetime:
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _date(_: Any, value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def _number(field: models.DecimalField[Any, Any], value: Any) -> Decimal:
    number, places = Decimal(str(value)), field.decimal_places or 0
    if not number.is_finite() or abs(number) >= 10 ** ((field.max_digits or 0) - places):
        raise ValueError
    return round(number, places)


def _whole_number(field: models.IntegerField[Any, Any], value: Any) -> int:
    number = int(str(value))
    if abs(number) > (LARGEST_ID if isinstance(field, models.BigAutoField) else LARGEST):
        raise ValueError
    return number


def _characters(field: models.CharField[Any, Any], value: Any) -> str:
    text = str(value)
    if field.max_length is not None and len(text) > field.max_length:
        raise ValueError
    return text


_READ: tuple[tuple[type[models.Field[Any, Any]], Callable[[Any, Any], Any]], ...] = (
    (models.ForeignKey, lambda _, value: str(value)),
    (models.BooleanField, _boolean),
    (models.DateTimeField, _moment),
    (models.DateField, _date),
    (models.DecimalField, _number),
    (models.IntegerField, _whole_number),
    (models.CharField, _characters),
)


def _insert(entity: type[Record], history: dict[str, list[_Change]]) -> list[tuple[Record, Line]]:
    """Write the history and the records' latest state; return the latter with their lines."""
    entries, latest = [], []
    for changes in history.values():
        for version, change in enumerate(changes, start=1):
            entries.append(
                history_of(entity)(**change.values, **change.of_the_change, version=version)
            )
        last, version = changes[-1], len(changes)
        values = dict(last.values)
        if last.of_the_change["history_type"] == "-":
            # Another version than the deleted one, since it has other values.
            version += 1
            for name, value in entity.resting.items():
                values[entity._meta.get_field(name).attname] = value  # type: ignore[union-attr]
        latest.append((entity(**values, version=version), last.line))
    entries.sort(key=lambda entry: entry.history_id)
    history_of(entity).objects.bulk_create(entries, batch_size=AT_ONCE)
    entity._default_manager.bulk_create([record for record, _ in latest], batch_size=AT_ONCE)
    return latest


def _check_links(
    entity: type[Record],
    records: Iterable[tuple[Record, Line]],
    latest: dict[type[Record], list[tuple[Record, Line]]],
    wrong: list[str],
) -> None:
    links: list[Any] = [field for field in entity._meta.concrete_fields if field.is_relation]
    codes = {
        link.name: {record.code for record, _ in latest[link.related_model]} | _seeded(link)
        for link in links
    }
    for record, line in records:
        for link in links:
            code = getattr(record, link.attname)
            if code is not None and code not in codes[link.name]:
                kind = link.related_model._meta.verbose_name
                wrong.append(f"{line}: there is no {kind} {code} (in {link.column}).")


def _seeded(link: Any) -> set[str]:
    return set(_seed()) if link.related_model is Channel else set()


def _check_values(records: Iterable[tuple[Record, Line]], wrong: list[str]) -> None:
    for record, line in records:
        links = [field.name for field in record._meta.concrete_fields if field.is_relation]
        try:
            record.clean_fields(exclude={*links, "version"})
            record.clean()
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                of = "" if name == "__all__" else f"{name} {getattr(record, name)!r}: "
                wrong.append(f"{line}: {of}{' '.join(messages)}")


def _number_on() -> None:
    """Let the next changes have numbers above those taken over."""
    statements = connection.ops.sequence_reset_sql(no_style(), [*map(history_of, ENTITIES)])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _seed() -> dict[str, dict[str, str]]:
    path = settings.PROJECT_DIR / "seeds" / "channels.csv"
    with path.open(encoding="utf-8") as file:
        return {row["channel_code"]: row for row in csv.DictReader(file)}


def _insert_seed_channels() -> int:
    """Make the channels that the warehouse begins with, where no history has them; how many."""
    taken = set(Channel._default_manager.values_list("code", flat=True))
    channels = [
        Channel(
            code=code,
            name=row["channel_name"],
            parent_id=row["parent_channel_code"] or None,
            sort_order=int(row["sort_order"]),
            is_paid=_boolean(None, row["is_paid"]) if row["is_paid"] else None,
            description=row["description"],
        )
        for code, row in _seed().items()
        if code not in taken
    ]
    return len(Channel._default_manager.bulk_create(channels))


def _refuse(wrong: list[str]) -> None:
    if wrong:
        more = [f"… and {len(wrong) - TOLD:,} more."] if len(wrong) > TOLD else []
        raise CannotAdopt("\n".join([*wrong[:TOLD], *more, "Nothing was adopted."]))
