"""What a build changed, found by comparing the rows of marts and snapshots before and after it.

Neither what was loaded nor what dbt ran says it: a file may bring nothing new, and dbt writes
tables anew that come out the same. So the rows themselves are counted and fingerprinted, with all
their columns; a fingerprint is only ever compared with one that the same engine made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from clickstar_loader.report import counted
from clickstar_run.settings import Settings
from clickstar_run.warehouse import Cursor, reading, rows

CLICKS = "fct_clicks"
CLICK_FILES = "int_clicks__user_agents"
# How many marts and snapshots are named one by one; the rest is counted.
NAMED = 6
# What stands in a text for a missing value and between two values: no value holds such characters.
NULL, END = "\x01", "\x02"


@dataclass(frozen=True)
class Rows:
    """How many rows there are, and a number that any change of any of them changes."""

    count: int
    fingerprint: Decimal


@dataclass(frozen=True)
class State:
    """The rows of the marts and snapshots at one moment.

    ``tables``: by mart or snapshot; ``click_days``: those of the clicks by reporting day
    (yyyymmdd); ``click_files``: the ids of the files that the clicks were taken from.
    """

    tables: dict[str, Rows]
    click_days: dict[int, Rows]
    click_files: frozenset[int]


def read_state(settings: Settings) -> State:
    """Return the rows of marts and snapshots as they are now; none before the first build."""
    if settings.server is None and not settings.duckdb_path.exists():
        return State({}, {}, frozenset())
    marts, intermediate = settings.schema("marts"), settings.schema("intermediate")
    with reading(settings) as cursor:
        tables = {}
        click_days: dict[int, Rows] = {}
        stored = [
            (schema, name)
            for schema in (marts, settings.schema("snapshots"))
            for name in tables_of(cursor, schema)
        ]
        for schema, name in stored:
            content = f"count(*), coalesce(sum({_row_number(cursor, settings, schema, name)}), 0)"
            source = f"{schema}.{name} as one_row"
            if name == CLICKS:
                click_days = {
                    day: Rows(count, Decimal(total))
                    for day, count, total in rows(
                        cursor, f"select date_key, {content} from {source} group by date_key"
                    )
                }
                tables[name] = Rows(
                    sum(day.count for day in click_days.values()),
                    sum((day.fingerprint for day in click_days.values()), Decimal(0)),
                )
            else:
                [(count, total)] = rows(cursor, f"select {content} from {source}")
                tables[name] = Rows(count, Decimal(total))
        files = (
            rows(cursor, f"select distinct file_id from {intermediate}.{CLICK_FILES}")
            if CLICK_FILES in tables_of(cursor, intermediate)
            else []
        )
    return State(tables, click_days, frozenset(row[0] for row in files))


def tables_of(cursor: Cursor, schema: str) -> list[str]:
    """Return the names of the tables of a schema, in order; none where there is no such schema."""
    statement = (
        "select table_name from information_schema.tables"
        f" where table_schema = '{schema}' and table_type = 'BASE TABLE' order by table_name"
    )
    return [row[0] for row in rows(cursor, statement)]


def _row_number(cursor: Cursor, settings: Settings, schema: str, table: str) -> str:
    """Return SQL for a number that is made of all values of the row ``one_row``."""
    if settings.target == "duckdb":
        return "cast(hash(one_row) as decimal(38, 0))"
    if settings.target == "postgres":
        return "cast(hashtextextended(cast(one_row as text), 0) as decimal(38, 0))"
    columns = rows(
        cursor,
        "select column_name, data_type from information_schema.columns"
        f" where table_schema = '{schema}' and table_name = '{table}' order by ordinal_position",
    )
    values = [
        f"coalesce({_text(name, data_type)}, '{NULL}') || '{END}'" for name, data_type in columns
    ]
    number = f"strtol(substring(md5({' || '.join(values)}), 1, 15), 16)"
    return f"cast({number} as decimal(38, 0))"


def _text(column: str, data_type: str) -> str:
    # Redshift casts no boolean to text.
    if data_type == "boolean":
        return f"case when {column} then 't' when not {column} then 'f' end"
    return f"cast({column} as varchar(65535))"


def describe(
    before: State,
    after: State,
    marts: Collection[str],
    loaded: int | None,
    snapshots: Collection[str] = (),
) -> str:
    """Return one sentence: that nothing changed, or what did.

    ``marts`` and ``snapshots``: those that were to be built; ``loaded``: how many files were loaded
    just before the build, None where nothing was loaded. Clicks are counted by day: ``+5 −3`` are
    days that grew by 5 together and days that shrank by 3. The days named are those with any other
    row.
    """
    there = {
        word: [name for name in built if name in after.tables]
        for word, built in (("mart", marts), ("snapshot", snapshots))
    }
    names = [name for found in there.values() for name in found]
    total = " and ".join(counted(len(found), word) for word, found in there.items() if found)
    if not before.tables:
        return f"Changed: everything is new, {total or '0 marts'} for the first time."
    changed = [name for name in names if before.tables.get(name) != after.tables[name]]
    new, gone = after.click_files - before.click_files, before.click_files - after.click_files
    if not changed and not new and not gone:
        every = f"every row of the {total or '0 marts'} is as it was"
        if loaded is None:
            return f"Nothing changed: no file with clicks is new or gone, and {every}."
        if loaded == 0:
            return f"Nothing changed: no file was loaded, and {every}."
        return f"{counted(loaded, 'file')} loaded, but nothing changed by it: {every}."
    parts = [f"{counted(len(files), 'file')} with clicks {word}"
             for files, word in ((new, "new"), (gone, "gone")) if files]  # fmt: skip
    if CLICKS in changed:
        parts += _clicks(before, after)
    others = [name for name in changed if name != CLICKS]
    parts += [_of_table(name, before, after) for name in others[:NAMED]]
    if len(others) > NAMED:
        parts.append(counted(len(others) - NAMED, "more table"))
    return f"Changed: {', '.join(parts)}."


def _clicks(before: State, after: State) -> list[str]:
    nothing = Rows(0, Decimal(0))
    days = sorted(
        day
        for day in before.click_days.keys() | after.click_days.keys()
        if before.click_days.get(day, nothing) != after.click_days.get(day, nothing)
    )
    changes = [
        after.click_days.get(day, nothing).count - before.click_days.get(day, nothing).count
        for day in days
    ]
    grown = sum(change for change in changes if change > 0)
    shrunk = -sum(change for change in changes if change < 0)
    signed = [_signed(number) for number in (grown, -shrunk) if number]
    total = counted(after.tables[CLICKS].count, "click")
    between = _day(days[0]) if len(days) == 1 else f"{_day(days[0])} to {_day(days[-1])}"
    return [
        f"clicks {' '.join(signed) or '±0'} = {total}",
        f"{counted(len(days), 'day')} of clicks rebuilt with other rows ({between})",
    ]


def _signed(number: int) -> str:
    return f"{'+' if number > 0 else '−'}{abs(number):,}"


def _day(date_key: int) -> str:
    text = str(date_key)
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _of_table(name: str, before: State, after: State) -> str:
    if name not in before.tables:
        return f"{name} new"
    difference = after.tables[name].count - before.tables[name].count
    return f"{name} {_signed(difference)}" if difference else f"{name} with other rows"
