"""The SQL that takes the fields out of a record, per format.

A format gives a relation (``source``) with ``line_number``, ``unreadable`` (null, or why the
record as a whole cannot be read) and whatever its field expressions need, and for each field of
the contract an expression over that relation. What a record holds beyond the contract goes, as
JSON without addresses, into ``extra``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from .contract import FilePattern, Table
from .errors import SetAside
from .records import Batch, Dialect
from .sql import literal, literals, quoted

# The fields of a combined access log, in their order; `rest` is what some servers append.
_ACCESS_LOG = ("host", "ident", "user", "time", "request", "status", "bytes", "referrer",
               "user_agent", "rest")  # fmt: skip
_ACCESS_LOG_LINE = (
    r'^(\S+) (\S+) (.*?) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-)'
    r'(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)(?:"(?: (.+))?)?)?\s*$'
)
# The fields of a load balancer's access log as AWS documents them; more were appended over time.
_ALB = tuple(
    "type time elb client_port target_port request_processing_time target_processing_time "
    "response_processing_time elb_status_code target_status_code received_bytes sent_bytes request "
    "user_agent ssl_cipher ssl_protocol target_group_arn trace_id domain_name chosen_cert_arn "
    "matched_rule_priority request_creation_time actions_executed redirect_url error_reason "
    "target_port_list target_status_code_list classification classification_reason "
    "conn_trace_id".split()
)
_ALB_FIRST_VERSION = 17
# A field of the first element of a list whose member has a value: list[member=value].rest.
_LOOKUP = re.compile(r"(.+?)\[(\w+)=([^\]]+)\](?:\.(.+))?")

# Records of a batch that are looked at before all are taken for alike.
_SAMPLE = 256
# What follows the last brace of a record: nothing (of a document), or the end of its line.
_ENDS_OF_OBJECTS = ("", " || chr(10)", " || chr(13) || chr(10)")


@dataclass
class Fields:
    """How to get at the fields of the records of a batch (or of a whole Parquet file)."""

    source: str
    expressions: dict[str, str]
    extra: str = "null::varchar"
    native: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    moments: dict[str, str] = field(default_factory=dict)  # fields with a time format of their own


def wanted_fields(table: Table, pattern: FilePattern) -> list[str]:
    """The fields that the table's columns read or that are personal data, each once."""
    if pattern.format == "csv" and not pattern.header and not pattern.names:
        return [column.name for column in table.columns if column.path is None]
    read = [name for column in table.columns for name in column.sources]
    return list(dict.fromkeys([*read, *table.pii]))


def dialect_of(table: Table, pattern: FilePattern) -> Dialect:
    """How the records of a text format are separated."""
    if pattern.format == "csv":
        names = pattern.names
        if not pattern.header and not names:
            last = max(column.position or 0 for column in table.columns)
            by_position = {column.position: column.name for column in table.columns}
            names = tuple(by_position.get(place, f"field_{place}") for place in range(1, last + 1))
        return Dialect(pattern.delimiter, pattern.quote, pattern.header, names)
    if pattern.format == "cloudfront":
        return Dialect("\t", comments=True)
    if pattern.format == "alb":
        return Dialect(" ", '"', fields=_ALB, at_least=_ALB_FIRST_VERSION, escaped_quotes=True)
    return Dialect()


def check_required(table: Table, pattern: FilePattern, present: set[str], columns: int) -> None:
    """Set the file of so many columns aside when one that the contract requires is not there."""
    by_position = pattern.format == "csv" and not pattern.header and not pattern.names
    missing = [
        name
        for column in table.columns
        for name in column.sources
        if column.required and not by_position and name not in present
    ]
    if missing:
        # Not what the one column is called: where a header was forgotten, it is somebody's data.
        doubt = (
            f" (its header has no {pattern.delimiter!r}: is that its delimiter?)"
            if pattern.format == "csv" and columns == 1
            else ""
        )
        raise SetAside(
            f"the required column {missing[0]} is missing{doubt}; deliver the file with it, or "
            f"correct the contract {table.origin.name} and replay the file"
        )


def text_fields(table: Table, pattern: FilePattern, batch: Batch) -> Fields:
    """The fields of a batch of text records."""
    wanted = wanted_fields(table, pattern)
    if pattern.format in ("ndjson", "json", "xml"):
        return _json(table, wanted, batch, pattern.dotted_keys)
    if pattern.format == "access_log":
        return _access_log(table, wanted)
    fields = _delimited(table, wanted, batch, pattern)
    if pattern.format in ("csv", "cloudfront"):
        check_required(table, pattern, set(fields.expressions), len(batch.fields))
    return fields


def keyed_fields(table: Table, pattern: FilePattern, batch: Batch) -> Fields | None:
    """The fields of JSON records that all have the keys of the first one, parsed once each.

    Whether a record is valid, which keys it has and what their values are takes three parses, and
    most files are written by programs that write the same keys every time. So these are taken
    strictly: what has another key, lacks one, has one twice or is not valid is unreadable here, and
    what does not end as an object does (a line cut short) is left out. None of that is a verdict:
    ``text_fields`` has to read these records again. None where that would be many, by a sample,
    or where a column looks deeper than at a key.
    """
    if pattern.format not in ("ndjson", "json", "xml"):
        return None
    wanted = wanted_fields(table, pattern)
    required = {name for column in table.columns if column.required for name in column.sources}
    keys = set() if any(re.search(r"[.\[]", name) for name in wanted) else _shared_keys(batch)
    # The members of a DuckDB struct do not differ by case alone.
    if (
        not keys
        or not required <= keys <= set(wanted)
        or len(set(map(str.lower, keys))) < len(keys)
    ):
        return None
    shape = ", ".join(f"{quoted(key)} varchar" for key in sorted(keys))
    ending = " or ".join(f"ends_with(record, '}}'{end})" for end in _ENDS_OF_OBJECTS)
    # This cast refuses keys that are unknown, missing or there twice (json_transform_strict takes
    # unknown ones, `try_cast` all of them). Where a record is JSON by its type already, the inner
    # cast does nothing. Where one fails inside `try`, its vector goes through again one by one.
    source = f"""(
        select *, case when members is null then 'not read' end as unreadable
        from (
            select line_number, try(cast(cast(record as json) as struct({shape}))) as members
            from records
            where {ending}
        )
    )"""
    expressions = {
        name: f"members.{quoted(name)}" if name in keys else "null::varchar" for name in wanted
    }
    return Fields(source, expressions)


def _shared_keys(batch: Batch) -> set[str]:
    """The keys that every record of a sample has, each once; none when they differ."""
    records = batch.table.column("record")
    shared: list[str] = []
    for place in range(0, len(records), max(1, len(records) // _SAMPLE)):
        text = records[place].as_py()
        if not text.rstrip().endswith("}"):
            continue
        try:
            keys = sorted(key for key, _ in json.loads(text, object_pairs_hook=list))
        except (ValueError, RecursionError):
            return set()
        shared = shared or keys
        if keys != shared or len(set(keys)) < len(keys):
            return set()
    return set(shared)


def _json(table: Table, wanted: list[str], batch: Batch, dotted_keys: bool) -> Fields:
    """Fields of JSON texts: keys of the object by one transformation, what lies deeper by paths.

    With ``dotted_keys`` a name with dots may be a key itself, and is looked for as one first.
    """
    expressions: dict[str, str] = {}
    members: dict[str, None] = {}
    paths: list[str] = []
    for name in wanted:
        if re.search(r"\[\w+=", name):
            expressions[name] = _json_lookup(name)
        elif "[]" in name:
            expressions[name] = _json_sum(name)
        # The members of a DuckDB struct do not differ by case alone.
        elif re.search(r"[.\[]", name) or name.lower() in map(str.lower, members):
            paths.append(_json_path(name))
            expressions[name] = f"v[{len(paths)}]"
            if dotted_keys:
                paths.append(f'$."{name}"')
                expressions[name] = f"coalesce(v[{len(paths)}], {expressions[name]})"
        else:
            members[name] = None
            expressions[name] = f"members.{quoted(name)}"
    known = sorted(
        {re.split(r"[.\[]", name)[0] for name in wanted}.union(wanted if dotted_keys else ())
    )
    patch = literal(json.dumps(dict.fromkeys(known)))
    usual = _usual_keys(batch, set(known))
    extra = f"""case
            when unreadable is not null or keys = {literals(usual)}
                or list_has_all({literals(known)}, keys) then null
            else mask_text(nullif(cast(json_merge_patch(record, {patch}) as varchar), '{{}}'))
        end"""
    taken = ["json_keys(parsed) as keys"]
    if members:
        shape = literal(json.dumps(dict.fromkeys(members, "VARCHAR")))
        taken.append(f"json_transform(parsed, {shape}) as members")
    if paths:
        taken.append(f"json_extract_string(parsed, {literals(paths)}) as v")
    # Invalid JSON is null once it is cast, so that nothing after it can fail; inside `try`, one
    # failure would send all the records through again one by one.
    source = f"""(
        select *, case
            when keys is null then 'not valid JSON'
            when len(keys) = 0 and json_type(parsed) != 'OBJECT' then 'not a JSON object'
        end as unreadable
        from (
            select line_number, record, parsed, {", ".join(taken)}
            from (select *, try_cast(record as json) as parsed from records)
        )
    )"""
    return Fields(source, expressions, extra)


def _json_path(name: str, plain: bool = True) -> str:
    """A dotted name as a JSON path; a ``plain`` key is found faster without the path syntax."""
    if plain and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ -]*", name):
        return name
    steps = re.findall(r"[^.\[\]]+|\[\d+\]", name)
    return "$" + "".join(step if step[0] == "[" else '."' + step + '"' for step in steps)


def _json_lookup(name: str) -> str:
    """``list[member=value].rest``: the first element of a list whose member has that value."""
    match = _LOOKUP.fullmatch(name)
    if match is None:
        raise SetAside(f"the contract's field {name} is not list[member=value].path; correct it")
    path = _json_path(match[1] if "." in match[1] else f"{match[1]}[0]").removesuffix("[0]")
    below = _json_path(match[4], plain=False).removeprefix("$") if match[4] else ""
    keys = literal(f"{path}[*].{match[2]}")
    return f"""case when unreadable is null then json_extract_string(record, {literal(path + "[")}
        || cast(list_position(json_extract_string(record, {keys}), {literal(match[3])}) - 1
            as varchar) || {literal("]" + below)}) end"""


def _json_sum(name: str) -> str:
    """``list[].member``: the sum of the member over the elements of a list, as an exact decimal.

    Null when the list is empty or an element lacks the member: a part of a sum is no sum. The
    members as they are where one is no number, so that the record is rejected and they are seen.
    """
    items, member = name.split("[].")
    path = literal(f'$."{items}"')
    members = f"""json_extract_string(parsed, {literal(f'$."{items}"[*]."{member}"')})"""
    numbers = (
        f"list_transform({members}, lambda m: "
        "case when is_decimal(m) then try_cast(m as decimal(38, 12)) end)"
    )
    return f"""case
            when len(list_filter({members}, lambda m: m is not null))
                < greatest(json_array_length(parsed, {path}), 1) then null
            when len(list_filter({numbers}, lambda n: n is not null)) = len({members})
                then cast(list_sum({numbers}) as varchar)
            else array_to_string({members}, ' + ')
        end"""


def _usual_keys(batch: Batch, known: set[str]) -> list[str]:
    """The keys of the batch's first record, if the contract knows them all.

    Files are written by programs, so most records have just these, and need no closer look.
    """
    if batch.table.num_rows:
        try:
            keys = list(json.loads(batch.table.column("record")[0].as_py()))
        except (ValueError, TypeError, RecursionError):
            keys = []
        if all(isinstance(key, str) for key in keys) and known.issuperset(keys):
            return keys
    return sorted(known)


def _access_log(table: Table, wanted: list[str]) -> Fields:
    names = literals(list(_ACCESS_LOG))
    source = f"""(
        select line_number, record, v,
            case when v.time = '' then 'not a line of a combined access log' end as unreadable
        from (
            select line_number, record,
                regexp_extract(
                    rtrim(record, chr(10) || chr(13)), {literal(_ACCESS_LOG_LINE)}, {names}
                ) as v
            from records
        )
    )"""
    base = {name: f"v.{quoted(name)}" for name in _ACCESS_LOG}
    fields = _log_fields(table, wanted, source, base)
    fields.moments["time"] = "%d/%b/%Y:%H:%M:%S %z"
    return fields


def _delimited(table: Table, wanted: list[str], batch: Batch, pattern: FilePattern) -> Fields:
    source = f"""(
        select line_number, null::varchar as unreadable,
            string_split(record, {literal(batch.separator)}) as v
        from records
    )"""
    base = {name: f"v[{place}]" for place, name in enumerate(batch.fields, 1) if name}
    if pattern.format == "alb":
        appended = f"v[{len(_ALB) + 1}:]"
        base["appended"] = f"case when len(v) > {len(_ALB)} then to_json({appended})::varchar end"
        base["client_ip"] = (
            "regexp_replace(regexp_replace(v[4], ':[0-9]+$', ''), '^\\[|\\]$', '', 'g')"
        )
        return _log_fields(table, wanted, source, base)
    derived = set()
    if pattern.format == "cloudfront" and "date" in base and "time" in base:
        base["date_time"] = f"{base['date']} || ' ' || {base['time']}"
        derived = {"date", "time"} if "date_time" in wanted else {"date_time"}
    unknown = tuple(
        name
        for name in base
        if name not in wanted and name not in derived and name not in pattern.names
    )
    extra_names = [name for name in base if name not in wanted and name not in derived]
    return Fields(
        source,
        {name: base[name] for name in wanted if name in base},
        _extra(table, {name: base[name] for name in extra_names}),
        unknown=unknown,
    )


def _log_fields(table: Table, wanted: list[str], source: str, base: dict[str, str]) -> Fields:
    """Fields of a log format with those derived from its request line.

    A request that is not ``METHOD target HTTP/version`` stays whole, as the path.
    """
    source = f"""(
        select *,
            case
                when len(words) = 3 and starts_with(words[3], 'HTTP') then
                    regexp_replace(words[2], '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*', '')
            end as target
        from (select *, string_split({base["request"]}, ' ') as words from {source})
    )"""
    derived = {
        "method": "case when target is not null then words[1] end",
        "url": "case when target is not null then words[2] end",
        "path": f"case when target is null then {base['request']} "
        "else split_part(target, '?', 1) end",
        "query": "case when contains(target, '?') then substr(target, strpos(target, '?') + 1) end",
        "protocol": "case when target is not null then words[3] end",
    }
    expressions = base | derived
    unread = [name for name in base if name not in wanted]
    if any(part in wanted for part in ("path", "url")):
        unread = [name for name in unread if name != "request"]
    if "client_ip" in base:
        unread = [name for name in unread if name not in ("client_ip", "client_port")]
    return Fields(
        source,
        {name: expressions[name] for name in wanted if name in expressions},
        _extra(table, {name: expressions[name] for name in unread}),
    )


def _extra(table: Table, expressions: dict[str, str]) -> str:
    """Fields nobody reads, as a JSON object without the empty ones; null when all are empty."""
    if not expressions:
        return "null::varchar"
    nothing = " and ".join(
        f"({expression}) is null"
        if not table.null_values
        else f"coalesce(({expression}) in ({', '.join(map(literal, table.null_values))}), true)"
        for expression in expressions.values()
    )
    pairs = ", ".join(
        f"{literal(name)}, {null_mapped(expression, table.null_values)}"
        for name, expression in expressions.items()
    )
    return (
        f"case when not ({nothing}) then "
        f"mask_text(cast(json_merge_patch('{{}}', json_object({pairs})) as varchar)) end"
    )


def null_mapped(expression: str, null_values: tuple[str, ...]) -> str:
    """The expression, null where it is one of the texts that mean null."""
    if not null_values:
        return expression
    if len(null_values) == 1:
        return f"nullif({expression}, {literal(null_values[0])})"
    texts = ", ".join(literal(text) for text in null_values)
    return f"case when {expression} not in ({texts}) then {expression} end"


def parquet_fields(
    connection: duckdb.DuckDBPyConnection, table: Table, pattern: FilePattern, path: Path
) -> Fields:
    """The fields of a Parquet file; records are numbered in the file's order."""
    reader = f"read_parquet({literal(str(path))}, file_row_number = true)"
    described = connection.execute(f"describe select * from {reader}").fetchall()
    types = {name: str(data_type) for name, data_type, *_ in described}
    types.pop("file_row_number", None)
    wanted = wanted_fields(table, pattern)
    candidates = {name: _parquet_expression(name, types) for name in wanted}
    expressions = {name: found for name, found in candidates.items() if found is not None}
    native = _types_of(connection, reader, expressions)
    check_required(table, pattern, set(expressions), len(types))
    known = {re.split(r"[.\[]", name)[0] for name in wanted}
    unknown = tuple(name for name in types if name not in known and name not in wanted)
    extra = "null::varchar"
    if unknown:
        pairs = ", ".join(f"{literal(name)}, {quoted(name)}" for name in unknown)
        nothing = " and ".join(f"{quoted(name)} is null" for name in unknown)
        extra = (
            f"case when not ({nothing}) then "
            f"mask_text(cast(json_merge_patch('{{}}', json_object({pairs})) as varchar)) end"
        )
    for name, kind_name in native.items():
        if kind_name.startswith(("STRUCT", "MAP")) or kind_name.endswith("[]"):
            expressions[name] = f"cast(to_json({expressions[name]}) as varchar)"
            native[name] = "VARCHAR"
    source = (
        f"(select *, file_row_number + 1 as line_number, null::varchar as unreadable from {reader})"
    )
    return Fields(source, expressions, extra, native, unknown)


def _types_of(
    connection: duckdb.DuckDBPyConnection, reader: str, expressions: dict[str, str]
) -> dict[str, str]:
    """Field to DuckDB type; a field whose path does not lead anywhere is taken out."""

    def asked(names: list[str]) -> list[str]:
        selected = ", ".join(f"({expressions[name]})" for name in names)
        described = connection.execute(f"describe select {selected} from {reader}").fetchall()
        return [str(row[1]) for row in described]

    names = list(expressions)
    try:
        return dict(zip(names, asked(names), strict=True)) if names else {}
    except duckdb.BinderException:
        native = {}
        for name in names:
            try:
                native[name] = asked([name])[0]
            except duckdb.BinderException:
                del expressions[name]
        return native


def _parquet_expression(name: str, types: dict[str, str]) -> str | None:
    if name in types:
        return quoted(name)
    match = _LOOKUP.fullmatch(name)
    if match is not None:
        if match[1] not in types:
            return None
        below = "".join("." + quoted(step) for step in (match[4] or "").split(".") if step)
        same = f"e.{quoted(match[2])} = {literal(match[3])}"
        element = f"list_filter({quoted(match[1])}, lambda e: {same})[1]"
        return f"({element}){below}"
    steps = re.findall(r"[^.\[\]]+|\[\d+\]", name)
    if steps[0] not in types:
        return None
    expression = quoted(steps[0])
    for step in steps[1:]:
        place = step[1:-1]
        expression = (
            f"({expression})[{int(place) + 1}]"
            if step[0] == "["
            else f"({expression}).{quoted(step)}"
        )
    return expression


def json_documents(
    connection: duckdb.DuckDBPyConnection, text: str, pattern: FilePattern
) -> pa.Table:
    """The records of a JSON document: its elements, or those of the array that ``rows`` leads to.

    Of several paths in ``rows`` the first that leads to an array counts. A document that is an
    array itself is taken as it is, even when a path is given: some networks deliver both. Raises
    SetAside when there is no array.
    """
    kind = connection.execute("select try(json_type($1))", [text]).fetchall()[0][0]
    if kind is None:
        raise SetAside("the file is not valid JSON as a whole; deliver it again")
    paths = ("$",) if kind == "ARRAY" or not pattern.rows else pattern.rows
    found = connection.execute(
        "select json_type($1, path) from (select unnest($2) as path)", [text, list(paths)]
    ).fetchall()
    if ("ARRAY",) not in found:
        raise SetAside(
            f"there is no array of records at {' or '.join(paths)} in the document; correct rows "
            "in the contract and replay the file"
        )
    records = "select unnest(json_extract($1, $2)) as record"
    if pattern.each is not None:
        records = _one_for_each(records, pattern.each)
    return connection.sql(
        f"select cast(record as varchar) as record from ({records})",
        params=[text, f"{paths[found.index(('ARRAY',))]}[*]"],
    ).to_arrow_table()


def _one_for_each(records: str, each: str) -> str:
    """A record for each element of a list in the records: the record with it in the list's place.

    A record without such a list, or with an empty one, stays one record, so that none disappears.
    """
    path = literal(_json_path(each, plain=False))
    patch = "element"
    for key in reversed(each.split(".")):
        patch = f"json_object({literal(key)}, {patch})"
    return f"""
        select
            case when element is null then record else json_merge_patch(record, {patch}) end
                as record
        from (
            select record, unnest(
                case when json_array_length(record, {path}) > 0
                    then json_extract(record, {path} || '[*]') else [null::json] end
            ) as element
            from ({records})
        )"""
