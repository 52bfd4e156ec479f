"""A record as of a moment: the portal's reading of the rule against the warehouse's oracle."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.as_of import BEGINNING, Entry, State, state_at
from scd2_oracle import Edit, expected_versions

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FIELDS = ("name", "channel")


def day(number: float) -> dt.datetime:
    return DAY + dt.timedelta(days=number)


def entry(
    number: int, recorded: float, change: str, effective: float | None, *values: str | None
) -> Entry:
    since = None if effective is None else day(effective)
    return Entry(number, day(recorded), change, since, dict(zip(FIELDS, values, strict=True)))


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Edits of one record: at the same instant, back- and forward-dated, ended, made again."""
    days = st.integers(-2, 5)
    dates = st.one_of(st.none(), days)
    value = st.sampled_from(["a", "b", None])
    length = draw(st.integers(1, 7))
    recorded = sorted(draw(st.lists(days, min_size=length, max_size=length)))
    entries: list[Entry] = []
    for number, moment in enumerate(recorded):
        # Also what the triggers never write: a change of what is gone, an end with other values.
        change = draw(st.sampled_from("+~~-"))
        values = (draw(value), draw(value))
        entries.append(entry(number, moment, change, draw(dates), *values))
    # A correction for all time.
    if draw(st.booleans()):
        last = entries[-1]
        entries[-1] = dataclasses.replace(last, effective_from=BEGINNING)
    return entries


def naive(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=None)


def expected(entries: list[Entry], moment: dt.datetime, retroactive: bool) -> State | None:
    edits = [
        Edit("P-1", each.history_id, naive(each.recorded_at), each.change_type,
             each.effective_from and naive(each.effective_from), tuple(each.values.values()))
        for each in entries
    ]  # fmt: skip
    reached = [
        version
        for version in expected_versions(edits, dated=retroactive)
        if version.valid_from <= naive(moment)
    ]
    if not reached:
        return None
    version = reached[-1]
    return State(dict(zip(FIELDS, version.values, strict=True)), version.is_deleted)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(histories(), st.integers(-6, 12), st.booleans())
def test_the_state_at_a_moment_is_that_of_the_warehouses_version(
    entries: list[Entry], half_days: int, retroactive: bool
) -> None:
    moment = day(half_days / 2)
    assert state_at(entries, moment, retroactive=retroactive) == expected(
        entries, moment, retroactive
    )


def test_a_back_dated_change_of_one_field_leaves_a_later_change_of_another_alone() -> None:
    entries = [
        entry(1, 0, "+", None, "old", "seo"),
        entry(2, 5, "~", None, "new", "seo"),
        entry(3, 6, "~", 2, "new", "paid"),
    ]
    state = state_at(entries, day(3), retroactive=False)
    assert state == State({"name": "old", "channel": "paid"}, False)


@pytest.mark.parametrize(("retroactive", "known"), [(False, True), (True, False)])
def test_before_the_first_date_a_record_is_known_and_a_mapping_is_not(
    retroactive: bool, known: bool
) -> None:
    entries = [entry(1, 0, "+", 0, "a", "b")]
    found = state_at(entries, dt.datetime(1500, 1, 1, tzinfo=dt.UTC), retroactive=retroactive)
    assert (found is not None) == known


def test_an_undated_mapping_counts_for_all_time() -> None:
    entries = [entry(1, 0, "+", None, "a", "b"), entry(2, 5, "~", 2, "c", "b")]
    for moment, name in ((-99, "a"), (1, "a"), (2, "c")):
        found = state_at(entries, day(moment), retroactive=True)
        assert found == State({"name": name, "channel": "b"}, False)
