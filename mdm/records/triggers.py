"""Triggers that write the history: whatever changes a record, and from wherever, is recorded.

The portal says who asked, why, and from when a change counts by `history_context`; a change that
comes past the portal (another client, raw SQL) is recorded without them. A history is append-only,
and the code of a record never changes: the database holds both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from records.base import Record
from records.models import ENTITIES

CONTEXT_COLUMNS = ("history_date", "history_change_reason", "history_user_id", "effective_from",
                   "change_request_id")  # fmt: skip
SETTINGS = {column: f"mdm.{column}" for column in CONTEXT_COLUMNS}
CASTS = {
    "history_date": "timestamptz",
    "effective_from": "timestamptz",
    "change_request_id": "bigint",
}


@dataclass(frozen=True)
class Tables:
    """A table with its history, and the columns that both have.

    Attributes:
        record: the table of the records.
        history: that of their history.
        columns: of the record, by name; both tables have them.
        resting: the values of a record that rests, by column.
        unique: the columns whose values together are one record's, besides the code.
    """

    record: str
    history: str
    columns: tuple[str, ...]
    resting: tuple[tuple[str, bool | str | None], ...]
    unique: tuple[tuple[str, ...], ...]


def tables_of(entity: type[Record]) -> Tables:
    """The table of an entity, that of its history, and the columns of the record."""
    history = entity.history.model  # type: ignore[attr-defined]
    return Tables(
        entity._meta.db_table,
        history._meta.db_table,
        tuple(str(field.column) for field in entity._meta.concrete_fields),
        tuple(
            (str(field.column), entity.resting[field.name])
            for field in entity._meta.concrete_fields
            if field.name in entity.resting
        ),
        tuple(_unique_columns(entity)),
    )


def _unique_columns(entity: type[Record]) -> Iterator[tuple[str, ...]]:
    for field in entity._meta.concrete_fields:
        if field.unique and not field.primary_key:
            yield (str(field.column),)
    for constraint in entity._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            names = constraint.fields or map(_field_of, constraint.expressions)
            yield tuple(str(entity._meta.get_field(name).column) for name in names)  # type: ignore[union-attr]


def _field_of(expression: Any) -> str:
    """The field that an expression is of: the field itself, or what counts where it is empty."""
    if isinstance(expression, models.F):
        return str(expression.deconstruct()[1][0])
    return _field_of(expression.get_source_expressions()[0])


ALL = tuple(tables_of(entity) for entity in ENTITIES)


def drop_triggers() -> None:
    """Take the triggers away; only while tables are remade, or a history is adopted whole."""
    with connection.cursor() as cursor:
        for statement in _dropped():
            cursor.execute(statement)


def create_triggers() -> None:
    """Make the triggers of every entity anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _dropped():
            cursor.execute(statement)
        made = _postgresql if connection.vendor == "postgresql" else _sqlite
        for statement in made():
            cursor.execute(statement)


def record_differences(reason: str) -> int:
    """Write to the history how records differ from what it says of them last; return how many did.

    After a migration: it may have changed rows while there were no triggers.
    """
    written = 0
    with transaction.atomic(), history_context(reason=reason), connection.cursor() as cursor:
        for tables in ALL:
            cursor.execute(_differences(tables))
            written += cursor.rowcount
    return written


@contextmanager
def history_context(
    *,
    reason: str,
    user_name: str | None = None,
    effective_from: dt.datetime | None = None,
    change_request_id: int | None = None,
    recorded_at: dt.datetime | None = None,
) -> Iterator[None]:
    """Tell the triggers who changes records, and why, within a transaction.

    `effective_from` says when the change counts from (UTC); it belongs to this change, not to the
    row. `recorded_at` is the moment of the change (UTC); by default each row has its own.
    """
    values = (recorded_at, reason or None, user_name, effective_from, change_request_id)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The history's context needs a transaction.")
    with connection.cursor() as cursor:
        _say(cursor, values)
        yield
        # After an error the transaction is rolled back, and the context with it.
        _say(cursor, (None,) * len(values))


@contextmanager
def counted_from(moment: dt.datetime) -> Iterator[None]:
    """Let the changes of a block count from another moment (UTC) than the rest of its context."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("select current_setting(%s)", [SETTINGS["effective_from"]])
        else:
            cursor.execute("select effective_from from history_context")
        told = cursor.fetchone()[0]
        _tell(cursor, "effective_from", moment)
        yield
        _tell(cursor, "effective_from", told)


def _say(cursor: object, values: tuple[object, ...]) -> None:
    execute = cursor.execute  # type: ignore[attr-defined]
    if connection.vendor == "postgresql":
        for column, value in zip(CONTEXT_COLUMNS, values, strict=True):
            _tell(cursor, column, value)
        return
    execute("delete from history_context")
    if any(value is not None for value in values):
        named = ", ".join(CONTEXT_COLUMNS)
        execute(
            f"insert into history_context ({named}) values (%s, %s, %s, %s, %s)",
            [_as_text(value) for value in values],
        )


def _tell(cursor: object, column: str, value: object) -> None:
    """Set one value of a context that was said."""
    execute = cursor.execute  # type: ignore[attr-defined]
    if connection.vendor == "postgresql":
        execute("select set_config(%s, %s, true)", [SETTINGS[column], _as_text(value) or ""])
    else:
        execute(f"update history_context set {column} = %s", [_as_text(value)])


def _as_text(value: object) -> str | None:
    """A value of the context as its database reads it again; on SQLite as Django writes moments."""
    if isinstance(value, dt.datetime) and connection.vendor != "postgresql":
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return None if value is None else str(value)


def _context(column: str) -> str:
    if connection.vendor == "postgresql":
        value = f"nullif(current_setting('{SETTINGS[column]}', true), '')"
        value = f"{value}::{CASTS[column]}" if column in CASTS else value
        now = "clock_timestamp()"
    else:
        value = f"(select {column} from history_context)"
        # Milliseconds, as SQLite's clock has them, written as Django writes microseconds.
        now = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
    return f"coalesce({value}, {now})" if column == "history_date" else value


def _insert(tables: Tables, change_type: str, row: str) -> str:
    quoted = ", ".join(f'"{column}"' for column in tables.columns)
    values = ", ".join(f'{row}."{column}"' for column in tables.columns)
    return (
        f'insert into "{tables.history}" ({quoted}, history_type, {", ".join(CONTEXT_COLUMNS)})'
        f" select {values}, {change_type}, {', '.join(map(_context, CONTEXT_COLUMNS))}"
    )


def _differs(tables: Tables, left: str, right: str) -> str:
    return " or ".join(
        f'{left}."{column}" is distinct from {right}."{column}"'
        for column in tables.columns
        if column != "version"
    )


def _rests(tables: Tables, row: str) -> str:
    written = {None: "is null", False: "= false", "": "= ''"}
    return " and ".join(f'{row}."{column}" {written[value]}' for column, value in tables.resting)


def _differences(tables: Tables) -> str:
    """Records that are not as their history says last, and records that it thinks alive.

    A deleted record may still be there, at rest.
    """
    columns = ", ".join(f'last."{column}"' for column in tables.columns)
    last = (
        f'(select history.* from "{tables.history}" as history inner join (select code,'
        f' max(history_id) as history_id from "{tables.history}" group by code) as newest'
        " on history.history_id = newest.history_id)"
    )
    gone = "last.code is null or last.history_type = '-'"
    deleted = f"last.history_type = '-' and {_rests(tables, 'record')}"
    return (
        _insert(tables, f"case when {gone} then '+' else '~' end", "record")
        + f' from "{tables.record}" as record left join {last} as last on record.code = last.code'
        f" where last.code is null or not ({deleted})"
        f" and ({gone} or {_differs(tables, 'record', 'last')})"
        f" union all select {columns}, '-', {', '.join(map(_context, CONTEXT_COLUMNS))}"
        f' from {last} as last left join "{tables.record}" as record on last.code = record.code'
        " where record.code is null and last.history_type != '-'"
    )


def _dropped() -> Iterator[str]:
    postgresql = connection.vendor == "postgresql"
    existing = set(connection.introspection.table_names())
    for tables in ALL:
        for table, names in (
            (tables.record, ("insert", "update", "delete", "code", "not_emptied",
                             "not_replaced_by_insert", "not_replaced_by_update")),
            (tables.history, ("kept", "not_emptied", "not_replaced")),
        ):  # fmt: skip
            if table not in existing:
                continue
            for name in names:
                on = f' on "{table}"' if postgresql else ""
                yield f'drop trigger if exists "{table}_{name}"{on}'


def _sqlite() -> Iterator[str]:
    yield (
        "create table if not exists history_context (history_date text, history_change_reason text,"
        " history_user_id text, effective_from text, change_request_id integer)"
    )
    for tables in ALL:
        table = tables.record
        for name, change_type, row in (
            ("insert", "'+'", "new"), ("update", "'~'", "new"), ("delete", "'-'", "old"),
        ):  # fmt: skip
            when = f"when {_differs(tables, 'old', 'new')} " if name == "update" else ""
            yield (
                f'create trigger "{table}_{name}" after {name} on "{table}" {when}'
                f"begin {_insert(tables, change_type, row)}; end"
            )
        yield (
            f'create trigger "{table}_code" before update of code on "{table}"'
            " when old.code != new.code"
            " begin select raise(abort, 'the code of a record never changes'); end"
        )
        for name, change in (("kept", "update"), ("not_emptied", "delete")):
            yield (
                f'create trigger "{tables.history}_{name}" before {change} on "{tables.history}"'
                " begin select raise(abort, 'a history is append-only'); end"
            )
        # "insert or replace" deletes rows that stand in its way, and calls no trigger for them.
        yield (
            f'create trigger "{tables.history}_not_replaced" before insert on "{tables.history}"'
            f' when exists (select 1 from "{tables.history}" where history_id = new.history_id)'
            " begin select raise(abort, 'a history is append-only'); end"
        )
        if tables.unique:
            for change in ("insert", "update"):
                yield (
                    f'create trigger "{table}_not_replaced_by_{change}" before {change} on'
                    f' "{table}" when exists (select 1 from "{table}" where code != new.code and'
                    f" ({_taken(tables)})) begin select raise(abort, 'another record has these"
                    " values, and each has its own'); end"
                )


def _taken(tables: Tables) -> str:
    return " or ".join(
        " and ".join(f'"{column}" is new."{column}"' for column in columns)
        for columns in tables.unique
    )


def _postgresql() -> Iterator[str]:
    yield """
        create or replace function refuse_change() returns trigger language plpgsql as $$
        begin raise exception '%', tg_argv[0]; end $$
    """
    for tables in ALL:
        table = tables.record
        yield f"""
            create or replace function "record_{table}"() returns trigger language plpgsql as $$
            begin
                if tg_op = 'INSERT' then
                    {_insert(tables, "'+'", "new")};
                elsif tg_op = 'DELETE' then
                    {_insert(tables, "'-'", "old")};
                elsif {_differs(tables, "old", "new")} then
                    {_insert(tables, "'~'", "new")};
                end if;
                return null;
            end $$
        """
        for name in ("insert", "update", "delete"):
            yield (
                f'create trigger "{table}_{name}" after {name} on "{table}"'
                f' for each row execute function "record_{table}"()'
            )
        yield (
            f'create trigger "{table}_code" before update on "{table}" for each row'
            " when (old.code is distinct from new.code)"
            " execute function refuse_change('the code of a record never changes')"
        )
        yield (
            f'create trigger "{tables.history}_kept" before update or delete on "{tables.history}"'
            " for each row execute function refuse_change('a history is append-only')"
        )
        yield (
            f'create trigger "{tables.history}_not_emptied" before truncate on "{tables.history}"'
            " for each statement execute function refuse_change('a history is append-only')"
        )
        # Emptying the records themselves would escape the triggers of their rows.
        yield (
            f'create trigger "{table}_not_emptied" before truncate on "{table}"'
            " for each statement execute function refuse_change('records are not emptied at once')"
        )
