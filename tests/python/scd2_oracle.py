"""The rule of the macro `scd2` read point by point: an oracle without windows or joins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

BEGINNING = datetime(1900, 1, 1)
END = datetime(9999, 12, 31)
Values = tuple[object, ...]


@dataclass(frozen=True)
class Edit:
    """One row of a history: the whole record after the change."""

    code: str
    history_id: int
    recorded_at: datetime
    change_type: str
    effective_from: datetime | None
    values: Values


@dataclass(frozen=True)
class Version:
    """One row of what the macro returns."""

    code: str
    values: Values
    is_deleted: bool
    valid_from: datetime
    valid_to: datetime
    is_current: bool


def expected_versions(edits: Sequence[Edit], *, dated: bool) -> list[Version]:
    """The versions of the records of a history, by asking for the value of each field at each time.

    Args:
        edits: the history, in any order.
        dated: an undated change holds for all time, and nothing is known before the first date.
    """
    found: list[Version] = []
    for code in sorted({edit.code for edit in edits}):
        found.extend(_versions_of_one(code, [e for e in edits if e.code == code], dated))
    return found


def _versions_of_one(code: str, edits: Sequence[Edit], dated: bool) -> Iterator[Version]:
    # field (by position; None is is_deleted) -> [(order of recording, effective from, value)]
    changes: dict[int | None, list[tuple[int, datetime, object]]] = defaultdict(list)
    last_values: Values | None = None
    deleted: bool | None = None
    in_order = sorted(edits, key=lambda e: e.history_id)
    dates = [e.effective_from or (BEGINNING if dated else e.recorded_at) for e in in_order]
    for edit, date in zip(in_order, dates, strict=True):
        since = BEGINNING if date == dates[0] and not dated else date
        first = deleted is None
        gone = edit.change_type == "-"
        if first or edit.change_type in "+-" or deleted:
            changes[None].append((edit.history_id, since, gone))
        for position, value in enumerate(edit.values):
            changed = last_values is None or last_values[position] != value
            if first or (not gone and (changed or edit.change_type == "+")):
                changes[position].append((edit.history_id, since, value))
        if not gone:
            last_values = edit.values
        deleted = gone

    def at(field: int | None, moment: datetime) -> object:
        reached = [change for change in changes[field] if change[1] <= moment]
        return max(reached, key=lambda change: change[0])[2] if reached else None

    def state(moment: datetime) -> tuple[Values, bool]:
        values = tuple(at(position, moment) for position in range(len(edits[0].values)))
        return values, bool(at(None, moment))

    moments = sorted({change[1] for listed in changes.values() for change in listed})
    starts = [moments[0]]
    starts += [now for before, now in pairwise(moments) if state(before) != state(now)]
    for number, start in enumerate(starts):
        last = number == len(starts) - 1
        values, is_deleted = state(start)
        yield Version(
            code,
            values,
            is_deleted,
            start,
            END if last else starts[number + 1],
            last,
        )
