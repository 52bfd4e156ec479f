"""The contracts: what dbt's source files promise about each raw table.

A contract is read with PyYAML from ``<folder>/<source>/_<source>__sources.yml``; dbt itself is
not needed to load. Whatever is wrong with one is said in a sentence that names the file, the
table and the column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from .errors import UsageError

FORMATS = ("csv", "ndjson", "json", "xml", "parquet", "access_log", "cloudfront", "alb")
PII_KINDS = ("ip", "token", "text")
PII_TREATMENTS = {"hash": PII_KINDS, "prefix": ("ip",), "mask": ("text",)}
LINEAGE = {
    "_file_id": "bigint",
    "_line_number": "bigint",
    "_batch_id": "bigint",
    "_loaded_at": "timestamp",
    "_extra": "varchar(65535)",
}
# The parser in C is many times faster, where PyYAML was built with it.
_SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONG_TEXT = 2048
_SUM = re.compile(r"[^.\[\]]+\[\]\.[^.\[\]]+")
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_TYPE = re.compile(
    r"(?P<kind>bigint|integer|smallint|numeric|decimal|double precision|double|boolean|date"
    r"|timestamp|varchar)\s*(?:\(\s*(?P<first>\d+)\s*(?:,\s*(?P<second>\d+)\s*)?\))?"
)


@dataclass(frozen=True)
class DataType:
    """A column's type: ``kind``, and for varchar its bytes, for numeric its digits."""

    kind: str
    length: int = 0
    precision: int = 0
    scale: int = 0

    @property
    def sql(self) -> str:
        """The type as DuckDB, PostgreSQL and Redshift all spell it."""
        if self.kind == "varchar":
            return f"varchar({self.length})"
        if self.kind == "numeric":
            return f"numeric({self.precision},{self.scale})"
        return self.kind


@dataclass(frozen=True)
class Column:
    """A column of a raw table and the field of a record that it is read from.

    ``path`` names a key of the file's path instead; ``fields`` are several fields whose texts are
    joined by a blank. ``format`` is what the contract says, ``formats`` what is tried in turn. The
    field ``list[].member`` is the sum of that member over the list's elements.
    """

    name: str
    data_type: DataType
    field: str
    position: int | None = None
    required: bool = False
    format: str = "iso"
    formats: tuple[str, ...] = ("iso",)
    decode: int = 0
    url_parameter: str | None = None
    thousands: str | None = None
    pii: str | None = None
    any_time: bool = False
    null_values: tuple[str, ...] | None = None
    path: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The fields of a record that it is read from; none when its value is in the path."""
        if self.path is not None:
            return ()
        return self.fields or (self.field,)


@dataclass(frozen=True)
class FilePattern:
    """Which files belong to the table, and how they are written."""

    pattern: str
    format: str
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    names: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    each: str | None = None
    dotted_keys: bool = False
    record: str | None = None


@dataclass(frozen=True)
class Table:
    """A raw table's contract.

    With ``timezone_key``, the file's path names the zone of times without one; ``timezone`` is then
    the zone of a path that names none, or empty.
    """

    source: str
    name: str
    identifier: str
    origin: Path
    files: tuple[FilePattern, ...]
    columns: tuple[Column, ...]
    timezone: str = "UTC"
    timezone_key: str | None = None
    null_values: tuple[str, ...] = ("",)
    pii: dict[str, str] = field(default_factory=dict)
    event_time: str | None = None
    user_agent: str | None = None

    @property
    def schema_columns(self) -> dict[str, str]:
        """Column name to SQL type, lineage columns last."""
        return {column.name: column.data_type.sql for column in self.columns} | LINEAGE

    @property
    def path_columns(self) -> tuple[Column, ...]:
        """The columns whose values are in the path of a file."""
        return tuple(column for column in self.columns if column.path is not None)

    @property
    def path_keys(self) -> tuple[str, ...]:
        """The keys of a file's path that are read, each once."""
        keys = [column.path for column in self.columns] + [self.timezone_key]
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    @property
    def unrepeated_columns(self) -> frozenset[str]:
        """The columns of values like random ones: hashes, and the ids that every record has."""
        return frozenset(
            column.name
            for column in self.columns
            if column.pii == "hash"
            or (
                column.data_type.kind == "varchar"
                and column.required
                and column.path is None
                and column.name.endswith("_id")
            )
        )

    @property
    def varied_columns(self) -> frozenset[str]:
        """Further ones in which few values repeat: network prefixes, long texts but user agents."""
        return frozenset(
            column.name
            for column in self.columns
            if column.pii == "prefix"
            or (column.data_type.length >= _LONG_TEXT and column.name != self.user_agent)
        )


def read_contracts(folder: Path) -> list[Table]:
    """Every table of every ``_<source>__sources.yml`` below ``folder``, in a stable order.

    Raises UsageError when there is none or one cannot be understood.
    """
    paths = sorted(folder.glob("**/_*__sources.yml"))
    if not paths:
        raise UsageError(
            f"No source contract (_<source>__sources.yml) below {folder}: "
            "add one, or give the folder with --contracts."
        )
    tables = [table for path in paths for table in _tables_of(path)]
    seen: dict[str, Table] = {}
    for table in tables:
        if table.identifier in seen:
            raise UsageError(
                f"{table.origin} and {seen[table.identifier].origin} both describe the raw table "
                f"{table.identifier}: give one of them another identifier."
            )
        seen[table.identifier] = table
    return tables


def _tables_of(path: Path) -> list[Table]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_SAFE_LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        summary = " ".join(str(error).split())
        raise UsageError(f"The contract {path} is not valid YAML: {summary}.") from error
    except OSError as error:
        raise UsageError(f"The contract {path} cannot be read: {error.strerror}.") from error
    tables = []
    for source in _items(path, document, "sources"):
        for entry in _items(path, source, "tables", optional=True):
            landing = _meta(entry).get("landing")
            if landing is not None:
                tables.append(_table(path, str(source.get("name")), entry, landing))
    return tables


def _table(path: Path, source: str, entry: dict[str, Any], landing: dict[str, Any]) -> Table:
    name = str(entry.get("name"))
    where = f"The contract {path}, table {name}"
    identifier = str(entry.get("identifier") or f"{source}__{name}")
    if not _NAME.fullmatch(identifier):
        raise UsageError(
            f"{where}: the identifier {identifier!r} must be lower_snake_case, at most 63 "
            "characters."
        )
    pii = {str(key): str(kind) for key, kind in (landing.get("pii") or {}).items()}
    for key, kind in pii.items():
        if kind not in PII_KINDS:
            raise UsageError(
                f"{where}: the pii kind {kind!r} of {key} must be one of {', '.join(PII_KINDS)}."
            )
    timezone, timezone_key = _timezone(where, landing.get("timezone"))
    files = tuple(_pattern(where, item) for item in _items(path, landing, "files"))
    columns = [_column(where, item, pii) for item in _items(path, entry, "columns")]
    declared = {column.name: column for column in columns}
    if len(declared) < len(columns):
        raise UsageError(f"{where}: a column is described twice; describe each once.")
    for lineage, data_type in LINEAGE.items():
        if lineage not in declared:
            raise UsageError(f"{where}: declare the column {lineage} {data_type} as well.")
        if declared[lineage].data_type.sql != data_type:
            raise UsageError(f"{where}: the column {lineage} must have the data_type {data_type}.")
    own = tuple(column for column in columns if column.name not in LINEAGE)
    summed = next((column.name for column in own if "[]" in column.field), None)
    if summed and any(item.format not in ("json", "ndjson") for item in files):
        raise UsageError(f"{where}, column {summed}: only files of JSON have lists to sum up.")
    for key in ("event_time", "user_agent"):
        if landing.get(key) is not None and landing[key] not in {column.name for column in own}:
            raise UsageError(f"{where}: {key} names {landing[key]!r}, which is not a column.")
    for item in files:
        if item.format == "csv" and not item.header and not item.names:
            if any(column.fields for column in own):
                raise UsageError(
                    f"{where}: a csv without a header in which a column has several fields needs "
                    "the names of its columns in files."
                )
            if not all(column.position for column in own if column.path is None):
                raise UsageError(
                    f"{where}: a csv without a header needs the names of its columns in files, or "
                    "a position on every column."
                )
    return Table(
        source=source,
        name=name,
        identifier=identifier,
        origin=path,
        files=files,
        columns=own,
        timezone=timezone,
        timezone_key=timezone_key,
        null_values=_texts(landing.get("null_values"), ("",)),
        pii=pii,
        event_time=landing.get("event_time"),
        user_agent=landing.get("user_agent"),
    )


def is_time_zone(name: str) -> bool:
    """Whether it is the IANA name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _timezone(where: str, given: Any) -> tuple[str, str | None]:
    """The zone of times without one, and the key of the path that names another."""
    key = None
    if isinstance(given, dict):
        key, timezone = given.get("path"), str(given.get("default") or "")
        if not key or not isinstance(key, str) or set(given) - {"path", "default"}:
            raise UsageError(
                f"{where}: write the timezone as an IANA name, or as "
                "{path: <key of the path>, default: <IANA name>}."
            )
    else:
        timezone = str(given or "UTC")
    if (timezone or key is None) and not is_time_zone(timezone):
        raise UsageError(
            f"{where}: {timezone!r} is not a time zone; write an IANA name such as Europe/Berlin."
        )
    return timezone, key


def _pattern(where: str, item: dict[str, Any]) -> FilePattern:
    pattern, file_format = item.get("pattern"), item.get("format")
    if not pattern or file_format not in FORMATS:
        raise UsageError(
            f"{where}: each of files needs a pattern and a format out of {', '.join(FORMATS)}; "
            f"this one has {pattern!r} and {file_format!r}."
        )
    delimiter = str(item.get("delimiter", ","))
    quote = str(item.get("quote", '"') or "")
    if len(delimiter.encode()) != 1 or len(quote.encode()) > 1 or delimiter == quote:
        raise UsageError(
            f"{where}: the delimiter {delimiter!r} and quote {quote!r} of {pattern} must be "
            "different single-byte characters (an empty quote means none)."
        )
    if (file_format == "xml") != bool(item.get("record")):
        raise UsageError(
            f"{where}: {pattern} needs record, the name of the element that is one record, if its "
            "format is xml, and only then."
        )
    if item.get("each") is not None and file_format != "json":
        raise UsageError(
            f"{where}: each of {pattern} cuts the rows of a JSON document; the format "
            f"{file_format} has none."
        )
    return FilePattern(
        pattern=str(pattern),
        format=str(file_format),
        delimiter=delimiter,
        quote=quote,
        header=bool(item.get("header", True)),
        names=tuple(str(name) for name in item.get("names") or ()),
        rows=_texts(item.get("rows"), ()),
        each=item.get("each"),
        dotted_keys=bool(item.get("dotted_keys", False)),
        record=item.get("record"),
    )


def _column(where: str, item: dict[str, Any], pii: dict[str, str]) -> Column:
    name = str(item.get("name"))
    here = f"{where}, column {name}"
    if not _NAME.fullmatch(name):
        raise UsageError(f"{here}: the name must be lower_snake_case, at most 63 characters.")
    meta = _meta(item)
    fields = _texts(meta.get("fields"), ())
    formats = _texts(meta.get("format"), ("iso",))
    total = meta.get("sum")
    if total is not None and (
        {"field", "fields", "path"} & set(meta) or not _SUM.fullmatch(str(total))
    ):
        raise UsageError(f"{here}: sum is {total!r}; write list[].member, and no field beside it.")
    column = Column(
        name=name,
        data_type=_data_type(here, str(item.get("data_type") or "")),
        field=str(total or meta.get("field") or " ".join(fields) or name),
        position=meta.get("position"),
        required=bool(meta.get("required", False)),
        format=" or ".join(formats),
        formats=_with_utc_letter(formats),
        decode=int(meta.get("decode", 0)),
        url_parameter=meta.get("url_parameter"),
        thousands=meta.get("thousands"),
        pii=meta.get("pii"),
        any_time=bool(meta.get("any_time", False)),
        null_values=_texts(meta["null_values"], ()) if "null_values" in meta else None,
        path=str(meta["path"]) if meta.get("path") else None,
        fields=fields,
    )
    if fields and {"field", "path", "position", "decode", "url_parameter"} & set(meta):
        raise UsageError(
            f"{here}: fields are joined as they are; leave out field, path, position, decode and "
            "url_parameter."
        )
    if fields and any(name in pii for name in fields):
        raise UsageError(f"{here}: it joins a field of personal data; read that one by itself.")
    if column.thousands is not None and (
        column.thousands != "," or column.data_type.kind != "numeric"
    ):
        raise UsageError(f'{here}: thousands may be "," on a numeric column, and nothing else.')
    if column.path is not None:
        if {"field", "position", "pii"} & set(meta):
            raise UsageError(
                f"{here}: its value is in the path, which is kept in the ledger as it is; leave "
                "out field, position and pii."
            )
        return column
    if total is not None and column.data_type.kind != "numeric":
        raise UsageError(f"{here}: a sum needs a numeric data_type, which adds up exactly.")
    kind = pii.get(column.field)
    if kind is not None and column.pii is None:
        raise UsageError(
            f"{here}: it reads {column.field}, which is personal data ({kind}); add "
            "pii: hash, prefix or mask to its meta."
        )
    if column.pii is not None:
        if column.pii not in PII_TREATMENTS:
            raise UsageError(
                f"{here}: pii is {column.pii!r}; it must be one of {', '.join(PII_TREATMENTS)}."
            )
        if kind is None:
            raise UsageError(
                f"{here}: it treats {column.field} as personal data; name that field under the "
                "table's landing pii with its kind."
            )
        if kind not in PII_TREATMENTS[column.pii]:
            raise UsageError(f"{here}: pii {column.pii} does not fit the kind {kind}.")
        if column.data_type.kind != "varchar":
            raise UsageError(f"{here}: a column of personal data must be a varchar.")
    return column


def _with_utc_letter(formats: tuple[str, ...]) -> tuple[str, ...]:
    """The formats; after one that ends in an offset, the same with the Z that stands for UTC."""
    found: list[str] = []
    for text in formats:
        found.append(text)
        if text.endswith("%z"):
            found.append(f"{text[:-2]}Z")
    return tuple(found)


def _data_type(here: str, text: str) -> DataType:
    match = _TYPE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(
            f"{here}: the data_type {text!r} is none of bigint, integer, smallint, numeric(p,s), "
            "double precision, boolean, date, timestamp, varchar(n)."
        )
    kind, first, second = match["kind"], match["first"], match["second"]
    if kind == "varchar":
        if first is None or second is not None or not 1 <= int(first) <= 65535:
            raise UsageError(f"{here}: a varchar needs its length in bytes, 1 to 65535.")
        return DataType("varchar", length=int(first))
    if kind in ("numeric", "decimal"):
        if first is None or not 1 <= int(first) <= 38 or int(second or 0) > int(first):
            raise UsageError(f"{here}: write numeric(precision,scale), precision at most 38.")
        return DataType("numeric", precision=int(first), scale=int(second or 0))
    if first is not None:
        raise UsageError(f"{here}: {kind} takes no length.")
    return DataType("double precision" if kind.startswith("double") else kind)


def _texts(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        return default
    return tuple(str(text) for text in (value if isinstance(value, list) else [value]))


def _meta(item: dict[str, Any]) -> dict[str, Any]:
    config = item.get("config") or {}
    meta = config.get("meta") or {}
    return meta if isinstance(meta, dict) else {}


def _items(path: Path, parent: Any, key: str, optional: bool = False) -> list[dict[str, Any]]:
    value = parent.get(key) if isinstance(parent, dict) else None
    if value is None and optional:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UsageError(f"The contract {path}: {key} must be a list of entries.")
    return value
