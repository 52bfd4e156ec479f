"""The SQL that types the fields, rejects what does not fit, and hides personal data.

DuckDB types the values for every engine, so that all give the same verdict. What it would accept
by guessing is refused: 1.5 as a whole number, infinity, a text too long for its column, a moment
outside the calendar. A record's verdict is the number of its first failed check, in the order of
the columns; the numbers' meanings are in ``Parse.checks``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from .contract import LINEAGE, Column, FilePattern, Table
from .errors import SetAside
from .fields import Fields, null_mapped
from .sql import literal, quoted

FIRST_MOMENT = "1970-01-01"
LAST_DAY = "2054-12-31"
_AFTER_LAST_DAY = "2055-01-01"
MISSING = "a required value is missing"
# What JavaScript's Date.toString() writes, before the name of the zone in brackets.
_JAVASCRIPT = "%a %b %d %Y %H:%M:%S GMT%z"
_URL_PARAMETER_STEPS = 7
_LAST = 20  # a level of steps above those that any text takes
_INTEGER_TYPES = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT",
)  # fmt: skip
_BOUNDS = {
    "smallint": "-32768 to 32767",
    "integer": "-2147483648 to 2147483647",
    "bigint": "-9223372036854775808 to 9223372036854775807",
}


@dataclass(frozen=True)
class Parse:
    """A query over ``records`` (or a Parquet file), its columns, and what its verdicts mean.

    ``file_id`` is the SQL of the file's id, the same in all its rows; ``source`` is the relation of
    the records, before anything is typed.

    Besides the contract's columns it has ``_verdict`` (null, or 0 for an unreadable record, or
    the number of a check), the reason of an unreadable record (``_unreadable``) and the personal
    texts of a rejected one (``_personal``).
    """

    query: str
    columns: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]
    file_id: str
    source: str

    def accepted(self) -> str:
        """The rows to store."""
        names = ", ".join(quoted(name) for name in self.columns)
        return f"select {names} from ({self.query}) where _verdict is null"

    def unreadable(self) -> str:
        """As ``rejected``, only the unreadable records: a query that is planned in a moment."""
        return (
            "select line_number, 0 as verdict, unreadable, null::varchar[] as personal "
            f"from {self.source} where unreadable is not null"
        )

    def rejected(self) -> str:
        """Line number, verdict, reason and personal texts of the records not to store."""
        return (
            "select _line_number as line_number, _verdict as verdict, _unreadable as unreadable, "
            f"_personal as personal from ({self.query}) where _verdict is not null"
        )


def parse_query(
    table: Table,
    pattern: FilePattern,
    fields: Fields,
    lineage: dict[str, str],
    salt: str,
    may_hold_nul: bool,
    path_values: dict[str, str],
) -> Parse:
    """The query that turns a batch's records into rows and verdicts.

    Args:
        table: the contract.
        pattern: the entry of the contract that the file matched.
        fields: how to get at the fields.
        lineage: SQL expressions of ``_file_id``, ``_batch_id`` and ``_loaded_at``.
        salt: the secret that hashes of personal data start with.
        may_hold_nul: whether a text may hold a NUL character, which PostgreSQL cannot store.
        path_values: SQL expressions of the columns whose values are in the path.
    """
    by_position = pattern.format == "csv" and not pattern.header and not pattern.names
    steps = _Steps()
    typed: list[str] = []
    checks: list[tuple[str, str]] = []
    conditions: list[str] = []

    def text_of(name: str) -> str:
        expression = fields.expressions[name]
        if fields.native.get(name, "VARCHAR") != "VARCHAR":
            return steps.add(0, expression)
        return steps.add(1, null_mapped(steps.add(0, expression), table.null_values))

    personal = [text_of(name) for name in table.pii if name in fields.expressions]
    for number, column in enumerate(table.columns, 1):
        if column.path is not None:
            typed.append(f"{path_values[column.name]} as c{number}")
            continue
        name = column.name if by_position else column.field
        names = (name,) if by_position else column.sources
        if not fields.expressions.keys() >= set(names):
            typed.append(f"cast(null as {column.data_type.sql}) as c{number}")
            if column.required:
                checks.append((column.name, MISSING))
                conditions.append("true")
            continue
        if column.formats == ("iso",) and name in fields.moments:
            own = fields.moments[name]
            column = replace(column, format=own, formats=(own,))
        native = fields.native.get(name, "VARCHAR")
        if column.fields:
            text = _joined(steps, column, fields, table)
        elif column.null_values is None and not (
            column.decode or column.url_parameter or column.thousands
        ):
            text = text_of(name)
        else:
            text = _own_text(steps, column, fields.expressions[name], table)
            native = "VARCHAR"
        if column.pii is not None:
            typed.append(f"{_hidden(steps, column, text, table, salt)} as c{number}")
        else:
            typed.append(f"{_typed(steps, column, text, native, table)} as c{number}")
        for reason, condition in _checks(column, text, f"c{number}", may_hold_nul):
            checks.append((column.name, reason))
            conditions.append(condition)
    checks.append(("_extra", "the unknown columns together are longer than 65535 bytes"))
    conditions.append("strlen(extra) > 65535")

    verdict = " ".join(
        f"when {condition} then {number}" for number, condition in enumerate(conditions, 1)
    )
    # Asked all at once first: a case of many branches costs several times what its conditions do.
    failed = " or ".join(f"({condition})" for condition in conditions)
    selected = ",\n        ".join(
        f"c{number} as {quoted(column.name)}" for number, column in enumerate(table.columns, 1)
    )
    hidden = ", ".join(f"cast({alias} as varchar)" for alias in personal)
    relation = steps.relation(fields.source, fields.extra)
    query = f"""
    select
        {selected},
        {lineage["_file_id"]} as _file_id,
        line_number as _line_number,
        {lineage["_batch_id"]} as _batch_id,
        {lineage["_loaded_at"]} as _loaded_at,
        extra as _extra,
        unreadable as _unreadable,
        case when verdict is not null then [{hidden}]::varchar[] end as _personal,
        verdict as _verdict
    from (
        select *, case
            when unreadable is not null then 0
            when {failed} then case {verdict} end
        end as verdict
        from (
            select *, {", ".join(typed)}
            from {relation}
        )
    )"""
    return Parse(
        query,
        (*(column.name for column in table.columns), *LINEAGE),
        tuple(checks),
        lineage["_file_id"],
        fields.source,
    )


def path_columns(
    connection: duckdb.DuckDBPyConnection, table: Table, values: dict[str, str]
) -> dict[str, str]:
    """SQL of the columns whose values are in the file's path, typed and checked as any other.

    Args:
        connection: DuckDB, in the time zone of the file.
        table: the contract.
        values: the values of the path's keys.

    Raises SetAside when one does not fit, because it would be wrong in every record.
    """
    if not table.path_columns:
        return {}
    columns = tuple(
        replace(column, field=column.path or "", path=None) for column in table.path_columns
    )
    own = replace(table, columns=columns, pii={})
    given = "".join(f", {literal(text)} as {quoted(key)}" for key, text in values.items())
    fields = Fields(
        f"(select 1 as line_number, null::varchar as unreadable{given})",
        {key: quoted(key) for key in values},
    )
    parse = parse_query(
        *(own, FilePattern("", "ndjson"), fields),
        dict.fromkeys(LINEAGE, "null"),
        salt="",
        may_hold_nul=True,
        path_values={},
    )
    chosen = ", ".join(f"cast({quoted(column.name)} as varchar)" for column in columns)
    verdict, *texts = connection.execute(
        f"select _verdict, {chosen} from ({parse.query})"
    ).fetchall()[0]
    if verdict is not None:
        name, reason = parse.checks[verdict - 1]
        key = next(column.field for column in columns if column.name == name)
        raise SetAside(
            f"the path's {key} does not fit the column {name} ({reason}); rename its folder to "
            f"{key}=<value>, or correct the contract {table.origin.name} and replay the file"
        )
    return {
        column.name: f"cast({'null' if text is None else literal(text)} as {column.data_type.sql})"
        for column, text in zip(columns, texts, strict=True)
    }


class _Steps:
    """Expressions built up step by step, one subquery each.

    An expression that is written out wherever it is used grows with every step that uses it
    twice; as a named column of a subquery it is planned and computed once.
    """

    def __init__(self) -> None:
        self._levels: list[dict[str, str]] = []

    def add(self, level: int, expression: str) -> str:
        """The name of the expression, which may use names of lower levels."""
        while len(self._levels) <= level:
            self._levels.append({})
        names = self._levels[level]
        if expression not in names:
            names[expression] = f"t{level}_{len(names)}"
        return names[expression]

    def relation(self, source: str, extra: str) -> str:
        """The subquery that has every name, besides line_number, unreadable and extra."""
        levels = [names for names in self._levels if names]
        first = levels[0] if levels else {}
        columns = ["line_number", "unreadable", f"{extra} as extra"]
        columns += [f"{expression} as {name}" for expression, name in first.items()]
        relation = f"(select {', '.join(columns)} from {source})"
        for names in levels[1:]:
            columns = [f"{expression} as {name}" for expression, name in names.items()]
            relation = f"(select *, {', '.join(columns)} from {relation})"
        return relation


def _joined(steps: _Steps, column: Column, fields: Fields, table: Table) -> str:
    """The texts of several fields with a blank between them; null when one has none."""
    own = column.null_values if column.null_values is not None else table.null_values
    parts = []
    for name in column.fields:
        text = steps.add(0, fields.expressions[name])
        if fields.native.get(name, "VARCHAR") != "VARCHAR":
            text = f"cast({text} as varchar)"
        parts.append(steps.add(1, null_mapped(text, ("", *(null for null in own if null)))))
    return steps.add(2, " || ' ' || ".join(parts))


def _own_text(steps: _Steps, column: Column, expression: str, table: Table) -> str:
    """The text of a column that is decoded, cut out of a URL, or has null values of its own."""
    level = 0
    text = steps.add(level, expression)
    for _ in range(column.decode):
        level += 1
        text = steps.add(level, f"percent_decode({text})")
    if column.url_parameter:
        text = _url_parameter(steps, level, text, column.url_parameter)
        level += _URL_PARAMETER_STEPS
    if column.thousands:
        level += 1
        text = steps.add(level, f"plain_number({text})")
    own = column.null_values if column.null_values is not None else table.null_values
    return steps.add(level + 1, null_mapped(text, own))


def _url_parameter(steps: _Steps, level: int, text: str, name: str) -> str:
    """The first value of a parameter in a URL or a query, as a form encodes it; null when empty.

    Searches for plain texts take a quarter of the time of one regular expression.
    """
    after_question, after_other = (
        steps.add(level + 1, f"strpos({text}, {literal(f'{before}{name}=')})") for before in "?&"
    )
    place = steps.add(
        level + 2,
        f"case when starts_with({text}, {literal(f'{name}=')}) then 0 "
        f"when {after_question} > 0 and {after_other} > 0 "
        f"then least({after_question}, {after_other}) "
        f"else nullif({after_question} + {after_other}, 0) end",
    )
    text = steps.add(level + 3, f"substr({text}, {place} + {len(name) + 2})")
    for further, end in enumerate("&#", level + 4):
        cut = f"left({text}, strpos({text}, '{end}') - 1)"
        text = steps.add(further, f"case when contains({text}, '{end}') then {cut} else {text} end")
    text = steps.add(level + 6, f"replace(nullif({text}, ''), '+', ' ')")
    return steps.add(level + _URL_PARAMETER_STEPS, f"percent_decode({text})")


def _hidden(steps: _Steps, column: Column, text: str, table: Table, salt: str) -> str:
    """A column of personal data: its salted hash, its network prefix, or its masked text."""
    if column.pii == "mask":
        return f"mask_text({text})"
    value = f"cast({text} as varchar)"
    if table.pii[column.field] == "ip":
        value = steps.add(_LAST, f"canonical_ip({steps.add(_LAST - 1, f'plain_ip({value})')})")
    if column.pii == "prefix":
        return f"ip_prefix({value})"
    return f"left(sha256({literal(salt)} || {value}), 32)"


def _typed(steps: _Steps, column: Column, text: str, native: str, table: Table) -> str:
    """The value in the column's type, null where it does not fit."""
    data_type = column.data_type
    kind = data_type.kind
    if kind == "varchar":
        return text if native == "VARCHAR" else f"cast({text} as varchar)"
    if kind == "boolean":
        return f"try_cast({text} as boolean)"
    if kind in ("timestamp", "date"):
        if native == "DATE" and kind == "date":
            return text
        if kind == "date" and column.formats == ("iso",) and native == "VARCHAR":
            value = steps.add(_LAST, f"try_cast({text} as date)")
        else:
            value = steps.add(_LAST, _moment(column, text, native, table))
        finite = f"case when isfinite({value}) then {value} end"
        return finite if kind == "timestamp" else f"cast({finite} as date)"
    sql_type = "double" if kind == "double precision" else data_type.sql
    value = steps.add(_LAST, f"try_cast({text} as {sql_type})")
    if kind == "double precision":
        spelled = f"is_decimal({text}) and " if native == "VARCHAR" else ""
        return f"case when {spelled}isfinite({value}) then {value} end"
    if kind == "numeric":
        return f"case when is_decimal({text}) then {value} end" if native == "VARCHAR" else value
    if native in _INTEGER_TYPES:
        return value
    if native != "VARCHAR":
        return f"case when {text} = floor({text}) then {value} end"
    # A cast rounds 1.5 and takes 1_000; writing the number again shows most good ones cheaply.
    return f"case when cast({value} as varchar) = {text} or is_whole({text}) then {value} end"


def _moment(column: Column, text: str, native: str, table: Table) -> str:
    """A moment as a UTC timestamp; a naive one is in the contract's time zone.

    A cast of a text with an offset to timestamp would drop the offset without a word, so the way
    leads over timestamp with time zone; the connection's time zone is the contract's. On the nights
    when clocks change, a time that its zone skips is moved forward by as much, and a time that the
    zone has twice is the second one (winter time): DuckDB's rule, whatever the format.
    """
    if native.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"timezone('UTC', {text})"
    if native.startswith("TIMESTAMP") or native == "DATE":
        naive = f"cast({text} as timestamp)"
        if table.timezone == "UTC":
            return naive
        return f"timezone('UTC', timezone({literal(table.timezone)}, {naive}))"
    moments = [_moment_as(column, text, native, table, written) for written in column.formats]
    return moments[0] if len(moments) == 1 else f"coalesce({', '.join(moments)})"


def _moment_as(column: Column, text: str, native: str, table: Table, written: str) -> str:
    """The moment as a UTC timestamp where it is written in this format, else null."""
    if written in ("epoch_s", "epoch_ms", "epoch_us"):
        digits = {"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0}[written]
        exact = f"try_cast({text} as decimal(22, {digits}))"
        if native == "VARCHAR":
            exact = f"case when is_decimal({text}) then {exact} end"
        return f"try(make_timestamp(try_cast(({exact}) * {10**digits} as bigint)))"
    if written == "iso":
        if column.data_type.kind == "date" and native == "VARCHAR":
            return f"cast(try_cast({text} as date) as timestamp)"
        # The same as timezone('UTC', …), without the calendar of time zones.
        return f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"
    text = f"cast({text} as varchar)"
    if written == "javascript":
        text, written = f"regexp_replace({text}, '\\s*\\(.*\\)\\s*$', '')", _JAVASCRIPT
    parsed = f"try_strptime({text}, {literal(written)})"
    if "%z" in written.lower():
        return f"timezone('UTC', {parsed})"
    if written.endswith("Z"):
        return parsed
    if table.timezone == "UTC" or column.data_type.kind == "date":
        return parsed
    return f"timezone('UTC', timezone({literal(table.timezone)}, {parsed}))"


def _checks(column: Column, text: str, value: str, may_hold_nul: bool) -> list[tuple[str, str]]:
    """What can be wrong with the column, as (reason, condition that is true when it is)."""
    kind = column.data_type.kind
    found = []
    if column.required:
        found.append((MISSING, f"{text} is null"))
    if kind == "varchar":
        if may_hold_nul and column.pii is None:
            found.append(("a NUL character", f"contains({value}, chr(0))"))
        if column.pii in (None, "mask"):
            length = column.data_type.length
            found.append((f"longer than {length} bytes", f"strlen({value}) > {length}"))
        return found
    reason = {
        "numeric": f"not a number of {column.data_type.sql}",
        "double precision": "not a finite number",
        "boolean": "not true or false",
        "date": "not a date",
        "timestamp": f"not a timestamp (format {column.format})",
    }.get(kind) or f"not a whole number from {_BOUNDS[kind]} ({kind})"
    found.append((reason, f"{value} is null and {text} is not null"))
    if kind in ("date", "timestamp") and not column.any_time:
        found.append(
            (
                f"a {kind} outside {FIRST_MOMENT} to {LAST_DAY}",
                f"{value} < {kind} '{FIRST_MOMENT}' or {value} >= {kind} '{_AFTER_LAST_DAY}'",
            )
        )
    return found
