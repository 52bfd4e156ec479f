"""What a record was at a moment of business time: the rule of the warehouse's versions, in Python.

Built per field, as the macro `scd2` does: the value at a moment is that of the last recorded change
of that field whose effective date is at or before the moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BEGINNING = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
IS_DELETED = "is_deleted"


@dataclass(frozen=True)
class Entry:
    """One entry of a history: the whole record after the change. All moments are UTC."""

    history_id: int
    recorded_at: dt.datetime
    change_type: str
    effective_from: dt.datetime | None
    values: Mapping[str, Any]


def entry_of(row: Any, columns: Iterable[str]) -> Entry:
    """A row of a history table as an entry, with the values of these columns."""
    return Entry(
        row.history_id,
        row.history_date,
        row.history_type,
        row.effective_from,
        {name: getattr(row, name) for name in columns},
    )


@dataclass(frozen=True)
class State:
    """The record at a moment; a field that nothing had set by then is None."""

    values: dict[str, Any]
    is_deleted: bool


@dataclass(frozen=True)
class _Setting:
    """An entry sets a field from a moment on."""

    history_id: int
    since: dt.datetime
    value: Any


def state_at(entries: Iterable[Entry], moment: dt.datetime, *, retroactive: bool) -> State | None:
    """The record as it was at a moment; None when nothing was known of it then.

    Args:
        entries: the history of one record, in any order.
        moment: a moment of business time (UTC); all before 1900 is as 1900 began.
        retroactive: a change without a date counts for all time, and before the first date there
            is nothing (mappings of ids). Otherwise it counts from when it was recorded, and the
            record is open to the past: its first date counts as the beginning of time.
    """
    moment = max(moment, BEGINNING)
    settings: dict[str, list[_Setting]] = {}
    for name, setting in _settings(entries, retroactive):
        settings.setdefault(name, []).append(setting)
    found = {name: _in_force(of_field, moment) for name, of_field in settings.items()}
    last = {name: setting for name, setting in found.items() if setting is not None}
    if not last:
        return None
    gone = last.pop(IS_DELETED, None)
    names = {name for entry in entries for name in entry.values}
    return State(
        {name: last[name].value if name in last else None for name in names},
        bool(gone and gone.value),
    )


def spans_of(
    entries: Iterable[Entry], column: str, *, retroactive: bool
) -> list[tuple[dt.datetime, Any]]:
    """The values of one column over business time: each with the moment from which it counts (UTC).

    In order, no value twice in a row; the last one is the value that was recorded last.
    """
    settings = [setting for name, setting in _settings(entries, retroactive) if name == column]
    spans: list[tuple[dt.datetime, Any]] = []
    for moment in sorted({setting.since for setting in settings}):
        setting = _in_force(settings, moment)
        if setting and (not spans or spans[-1][1] != setting.value):
            spans.append((moment, setting.value))
    return spans


def _in_force(settings: Iterable[_Setting], moment: dt.datetime) -> _Setting | None:
    """Of the settings of one field, the one recorded last among those that count by a moment."""
    known = (setting for setting in settings if setting.since <= moment)
    return max(known, key=lambda setting: setting.history_id, default=None)


def _settings(entries: Iterable[Entry], retroactive: bool) -> list[tuple[str, _Setting]]:
    """What each entry sets: a new record everything, a change what differs, an end the end."""
    found: list[tuple[str, _Setting]] = []
    alive: Entry | None = None
    first: dt.datetime | None = None
    was_deleted: bool | None = None
    for entry in sorted(entries, key=lambda entry: entry.history_id):
        undated = BEGINNING if retroactive else entry.recorded_at
        since = max(entry.effective_from or undated, BEGINNING)
        first = first or since
        if since == first and not retroactive:
            since = BEGINNING
        deleted = entry.change_type == "-"
        anew = was_deleted is None or entry.change_type == "+"
        changed = {
            name: value
            for name, value in entry.values.items()
            if anew or (not deleted and (alive is None or alive.values[name] != value))
        }
        if deleted or anew or was_deleted:
            changed[IS_DELETED] = deleted
        found += [
            (name, _Setting(entry.history_id, since, value)) for name, value in changed.items()
        ]
        alive = alive if deleted else entry
        was_deleted = deleted
    return found
