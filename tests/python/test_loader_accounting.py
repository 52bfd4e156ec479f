"""Every record of every file is accounted for: as the row that it is, or as a reject that says why.

Each format gets files that hold, between good records, everything that is known to make a reader
lose or invent rows. The good ones must be there with their number and values, the bad ones must be
in raw._rejects with number, column, reason and text, and the sums must agree. Without these tests a
file that loses one row in a thousand still looks loaded.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader_helpers import (
    ANY_COLUMN,
    EVENT_COLUMNS,
    EVENT_FIELDS,
    EVENT_VALUES,
    LOG_VALUES,
    Lab,
    Record,
    access_log_table,
    assert_file_holds,
    column,
    contract_table,
    event,
    event_values,
    events_table,
    good_and_bad_events,
    positioned,
    write_contract,
    zst,
)

TEN_MEGABYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class LandingFile:
    """A file to load, its content, and its records in order."""

    path: str
    content: bytes
    records: Sequence[Record]
    columns: Sequence[str] = EVENT_VALUES


def joined(records: Sequence[Record], end: bytes = b"\n", last: bytes | None = None) -> bytes:
    """Return the content of a file of lines; the last one may end otherwise."""
    lines = [record.raw for record in records]
    return end.join(lines) + (end if last is None else last)


# --- NDJSON --------------------------------------------------------------------------------------


def nested(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an event's fields in the shape of a JSON document."""
    result = {name: value for name, value in fields.items() if name != "geo.country"}
    if "geo.country" in fields:
        result["geo"] = {"country": fields["geo.country"]}
    return result


def as_json(fields: dict[str, Any], **options: Any) -> bytes:
    """Return one JSON document in one line."""
    return json.dumps(nested(fields), ensure_ascii=False, **options).encode()


def good_line(number: int) -> Record:
    """Return a well-formed NDJSON record."""
    fields = event(number)
    return Record(as_json(fields), event_values(fields), case="good")


def shared_json_records() -> list[Record]:
    """Return the good and bad events of every format, written as JSON."""
    result = []
    for fields, at_fault, case in good_and_bad_events():
        values = event_values(fields) if at_fault is None else None
        marker = "" if at_fault == "event_id" else fields["eventId"]
        result.append(Record(as_json(fields), values, at_fault, marker, case=case))
    native = event(900, amount=12.25, quantity=7, big=9007199254740993, small=-3, rate=0.5)
    native |= {"paid": True, "seenMs": 1709000000123}
    expected = event_values({**native, **{k: str(v) for k, v in native.items()}, "paid": "true"})
    result.append(Record(as_json(native), expected, case="numbers and truth values of JSON"))
    for name, value, at_fault in (
        ("quantity", 1.5, "quantity"),
        ("quantity", True, "quantity"),
        ("quantity", {"of": 1}, "quantity"),
        ("big", 1e30, "big"),
        ("day", 20240301, "day"),
        ("clickedAt", [], "clicked_at"),
    ):
        fields = event(901, **{name: value})
        result.append(
            Record(as_json(fields), None, at_fault, "event-901", case=f"{name}={value!r}")
        )
    absent = {name: value for name, value in event(902).items() if name in ("eventId", "note")}
    result.append(Record(as_json(absent), event_values(absent), case="only two of the fields"))
    no_id = {name: value for name, value in event(903).items() if name != "eventId"}
    result.append(Record(as_json(no_id), None, "event_id", "note 903", case="no required field"))
    null_id = {**event(904), "eventId": None}
    result.append(Record(as_json(null_id), None, "event_id", "note 904", case="required is null"))
    unknown = {**event(905), "surprise": {"deep": [1, "two"]}}
    result.append(Record(as_json(unknown), event_values(unknown), case="an unknown field"))
    zero = {**event(906), "note": "before\0after"}
    result.append(Record(as_json(zero), None, "note", "event-906", case="an escaped NUL"))
    for text in (b"42", b'"text"', b"null", b"true", b"[1, 2]", b"[]"):
        result.append(Record(text, None, None, case=f"not an object: {text!r}"))
    return result


def broken_json_lines() -> list[Record]:
    """Return lines that no JSON reader may take for a record, and some that only look so."""
    bad_text = event(920, note="XX")
    return [
        Record(as_json(event(910))[:-20], None, None, "event-910", case="cut short"),
        Record(b'{"eventId": "event-911', None, None, "event-911", case="an unclosed quote"),
        good_line(912),
        Record(b"not json at all event-913", None, None, "event-913", case="not JSON"),
        Record(b"{eventId: 'event-914'}", None, None, "event-914", case="JavaScript"),
        Record(as_json(event(915)) + b"}", None, None, "event-915", case="one brace too many"),
        Record(
            as_json(event(916)) + as_json(event(917)), None, None, "event-916", case="two in one"
        ),
        good_line(918),
        Record(
            b'{"eventId": "event-919", "note": "\\ud800"}', None, ANY_COLUMN, case="half a pair"
        ),
        Record(
            as_json(bad_text).replace(b"XX", b"\xff\xfe\x80"),
            None,
            None,
            "event-920",
            case="bad UTF-8",
        ),
        Record(
            as_json(event(921, note="XX")).replace(b"XX", b"a\0b"),
            None,
            None,
            "event-921",
            case="NUL",
        ),
        good_line(922),
        Record(b"\0\0\0\0", None, None, case="only NUL bytes"),
        Record(
            as_json(event(923, note="XX")).replace(b"XX", b"a\rb"),
            None,
            None,
            "event-923",
            case="bare CR",
        ),
        Record(
            as_json(event(924)).replace(b", ", b",\r"), event_values(event(924)), case="CR as space"
        ),
        Record(
            as_json(event(925, note="XX")).replace(b"XX", b"a\x01\x1e\x1f\x02b"),
            None,
            None,
            "event-925",
            case="control characters",
        ),
        Record(b"[" * 20_000, None, None, case="brackets, twenty thousand deep"),
        Record(as_json(event(926)) + b"\r", event_values(event(926)), case="ends in CR LF"),
        Record(
            b"  " + as_json(event(927)) + b" \t", event_values(event(927)), case="spaces around"
        ),
        Record(
            as_json(event(928), separators=(",", ":")),
            event_values(event(928)),
            case="no spaces at all",
        ),
        good_line(929),
    ]


def ndjson_file(
    path: str, *, compress: Callable[[bytes], bytes] = bytes, last: bytes = b"\n"
) -> LandingFile:
    """Return an NDJSON file with everything in it."""
    records = [*shared_json_records(), *broken_json_lines()]
    return LandingFile(path, compress(joined(records, last=last)), records)


def long_ndjson_file(path: str) -> LandingFile:
    """Return an NDJSON file with a line of 10 MB in its middle."""
    huge = as_json(event(2, note="x" * TEN_MEGABYTES))
    records = [
        good_line(1),
        Record(huge, None, ANY_COLUMN, "event-2", case="a line of 10 MB"),
        good_line(3),
    ]
    return LandingFile(path, joined(records), records)


def blank_ndjson_lines() -> bytes:
    """Return NDJSON with lines of nothing, of spaces and of a CR between three good records."""
    lines = [
        b"",
        as_json(event(1)),
        b"",
        b"",
        as_json(event(2)),
        b"   ",
        b"\r",
        as_json(event(3)),
        b"",
    ]
    return joined([Record(line) for line in lines])


# --- CSV -----------------------------------------------------------------------------------------


def csv_line(values: Sequence[str], **dialect: Any) -> bytes:
    """Return one CSV record as Python's csv module writes it, without its line end."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", **dialect).writerow(values)
    return text.getvalue().removesuffix("\r\n").encode()


def csv_event(fields: dict[str, Any], **dialect: Any) -> bytes:
    """Return one event as a CSV record."""
    return csv_line([fields.get(name, "") for name in EVENT_FIELDS], **dialect)


def shared_csv_records(**dialect: Any) -> list[Record]:
    """Return the good and bad events of every format, written as CSV."""
    result = []
    for fields, at_fault, case in good_and_bad_events():
        values = event_values(fields) if at_fault is None else None
        marker = "note" if at_fault == "event_id" else fields["eventId"]
        result.append(Record(csv_event(fields, **dialect), values, at_fault, marker, case=case))
    return result


def csv_row(number: int) -> Record:
    """Return a well-formed CSV record."""
    fields = event(number)
    return Record(csv_event(fields), event_values(fields), case="good")


def broken_csv_records() -> list[Record]:
    """Return records that break the rules of CSV, and some that only look so."""

    def noted(number: int, raw_note: bytes, good: str | None, **expected: Any) -> Record:
        raw = csv_event(event(number, note="XX")).replace(b"XX", raw_note)
        if good is not None:
            return Record(raw, event_values(event(number, note=good)), **expected)
        return Record(raw, None, **{"column": ANY_COLUMN, "marker": f"event-{number}", **expected})

    return [
        Record(b"event-910,2024-03-01T00:00:00Z", None, None, case="two columns"),
        csv_row(911),
        Record(
            csv_event(event(912)) + b",one,more",
            None,
            ANY_COLUMN,
            "event-912",
            case="too many columns",
        ),
        Record(
            csv_event(event(913)).rpartition(b",")[0],
            None,
            ANY_COLUMN,
            "event-913",
            case="one less",
        ),
        csv_row(914),
        Record(b"," * (len(EVENT_FIELDS) - 1), None, "event_id", case="only commas"),
        noted(915, b"\xff\xfe\x80", None, case="bad UTF-8"),
        csv_row(916),
        noted(917, b"a\0b", None, case="NUL"),
        csv_row(918),
        noted(919, b'"closed"then', None, case="text after a closing quote"),
        csv_row(920),
        noted(921, b'"a\r\nb"', "a\r\nb", case="CR LF in quotes"),
        noted(922, b'"a\rb"', "a\rb", case="bare CR in quotes"),
        noted(923, b'"a\n\n\nb"', "a\n\n\nb", case="blank lines in quotes"),
        noted(932, b"a\rb", "a\rb", case="bare CR outside quotes"),
        noted(924, b'""', None, column=ANY_COLUMN, undecided=True, case="quoted nothing"),
        noted(925, b'"say ""hi"""', 'say "hi"', case="doubled quotes"),
        noted(926, b" spaces kept ", " spaces kept ", case="spaces at the ends"),
        noted(927, b"a\x01\x1e\x1f\x02b", "a\x01\x1e\x1f\x02b", case="control characters"),
        noted(928, b"# not a comment", "# not a comment", case="a hash sign"),
        noted(929, b"a\\", "a\\", case="a backslash before the comma"),
        csv_row(930),
    ]


def csv_header(**dialect: Any) -> bytes:
    """Return the header line of an event file."""
    return csv_line(EVENT_FIELDS, **dialect)


def csv_file(
    path: str,
    *,
    compress: Callable[[bytes], bytes] = bytes,
    end: bytes = b"\n",
    last: bytes | None = None,
    mark: bytes = b"",
    more: Sequence[Record] = (),
) -> LandingFile:
    """Return a CSV file with everything in it."""
    records = [*shared_csv_records(), *broken_csv_records(), *more]
    content = mark + csv_header() + end + joined(records, end, last)
    return LandingFile(path, compress(content), records)


def semicolon_file(path: str) -> LandingFile:
    """Return a file with semicolons and single quotes."""
    dialect = {"delimiter": ";", "quotechar": "'"}
    records = shared_csv_records(**dialect)
    return LandingFile(path, csv_header(**dialect) + b"\n" + joined(records), records)


def tsv_file(path: str) -> LandingFile:
    """Return a headerless file with tabs, in which a quote is a character like others."""
    result = []
    for fields, at_fault, case in good_and_bad_events():
        if any("\n" in text or "\t" in text for text in fields.values()):
            continue
        values = event_values(fields) if at_fault is None else None
        raw = "\t".join(fields.get(name, "") for name in EVENT_FIELDS).encode()
        result.append(Record(raw, values, at_fault, case=case))
    for number, note in ((950, '"open'), (951, 'a"b'), (952, "'"), (953, '""')):
        fields = event(number, note=note)
        raw = "\t".join(fields[name] for name in EVENT_FIELDS).encode()
        result.append(Record(raw, event_values(fields), case="a quote is a character"))
    result.append(Record(b"event-954\tonly two", None, None, case="two columns"))
    fields = event(955)
    raw = "\t".join([*(fields[name] for name in EVENT_FIELDS), "more"]).encode()
    result.append(Record(raw, None, ANY_COLUMN, "event-955", case="one column more"))
    return LandingFile(path, joined(result), result)


def long_csv_file(path: str) -> LandingFile:
    """Return a CSV file with a record of 10 MB in its middle."""
    huge = csv_event(event(2, note="x" * TEN_MEGABYTES))
    records = [csv_row(1), Record(huge, None, ANY_COLUMN, "event-2", case="10 MB"), csv_row(3)]
    return LandingFile(path, csv_header() + b"\n" + joined(records), records)


# --- JSON documents ------------------------------------------------------------------------------


def json_file(
    path: str, before: bytes, after: bytes, compress: Callable[[bytes], bytes] = bytes
) -> LandingFile:
    """Return a JSON array of events inside whatever ``before`` and ``after`` make of it."""
    records = [*shared_json_records(), good_line(960)]
    content = before + b"[\n  " + b",\n\n  ".join(record.raw for record in records) + b"\n]" + after
    return LandingFile(path, compress(content), records)


def long_json_file(path: str) -> LandingFile:
    """Return a JSON array with an element of 10 MB in its middle."""
    huge = as_json(event(2, note="x" * TEN_MEGABYTES))
    records = [good_line(1), Record(huge, None, ANY_COLUMN, "event-2", case="10 MB"), good_line(3)]
    return LandingFile(path, b"[" + b",".join(record.raw for record in records) + b"]", records)


# --- Parquet -------------------------------------------------------------------------------------


def parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def parquet_of_text(path: str) -> LandingFile:
    """Return a Parquet file whose columns are all text, so that any value can be wrong."""
    events = good_and_bad_events()
    events.append((event(970, note="before\0after"), "note", "NUL"))
    events.append((event(971, note="x" * TEN_MEGABYTES), "note", "a value of 10 MB"))
    events.append((event(972, eventId=None), "event_id", "required is null"))
    events.append((event(973, note=None), None, "null"))
    columns = {
        name: pa.array([fields.get(name) for fields, _, _ in events], pa.string())
        for name in EVENT_FIELDS
        if name != "geo.country"
    }
    columns["geo"] = pa.array(
        [{"country": fields.get("geo.country")} for fields, _, _ in events],
        pa.struct([("country", pa.string())]),
    )
    records = [
        Record(b"", event_values(fields) if at_fault is None else None, at_fault, case=case)
        for fields, at_fault, case in events
    ]
    return LandingFile(path, parquet_bytes(pa.table(columns)), records)


def parquet_of_types(path: str) -> LandingFile:
    """Return a Parquet file with types of its own, wider than those of the contract."""
    utc = pa.timestamp("us", tz="UTC")
    moments = [
        datetime(2024, 3, 1, 10),
        datetime(1969, 12, 31, 23, 59, 59),
        datetime(2055, 1, 1),
        datetime(2054, 12, 31, 23, 59, 59, 999999),
        None,
        datetime(2024, 3, 6),
        datetime(2024, 3, 7),
        datetime(2024, 3, 8),
    ]
    numbers = [1, 2, 3, 2147483647, None, 2147483648, 7, 8]
    amounts = [Decimal("1.25"), None, None, Decimal("999999999999.999999"), None, None, None, None]
    amounts[6] = Decimal("1000000000000")
    days = [
        date(2024, 3, 1),
        None,
        None,
        date(2054, 12, 31),
        date(1970, 1, 1),
        None,
        None,
        date(2055, 1, 1),
    ]
    table = pa.table(
        {
            "eventId": pa.array([f"typed-{n}" for n in range(8)], pa.large_string()),
            "clickedAt": pa.array(moments, utc),
            "quantity": pa.array(numbers, pa.int64()),
            "amount": pa.array(amounts, pa.decimal128(30, 6)),
            "paid": pa.array([True, False, None, True, None, None, None, None], pa.bool_()),
            "day": pa.array(days, pa.date32()),
            "rate": pa.array([0.5, None, None, 1e300, -0.25, None, None, None], pa.float64()),
            "unknown": pa.array(range(8), pa.int32()),
        }
    )
    at_fault = {1: "clicked_at", 2: "clicked_at", 5: "quantity", 6: "amount", 7: "day"}
    records = []
    for n, row in enumerate(table.to_pylist()):
        values = {
            "event_id": row["eventId"],
            "clicked_at": moments[n],
            "quantity": row["quantity"],
            "amount": row["amount"],
            "is_paid": row["paid"],
            "day": row["day"],
            "rate": row["rate"],
            "note": None,
        }
        records.append(
            Record(b"", None if n in at_fault else values, at_fault.get(n), case=f"row {n}")
        )
    return LandingFile(path, parquet_bytes(table, row_group_size=3), records)


# --- Logs ----------------------------------------------------------------------------------------


def log_line(
    number: int,
    *,
    host: str | None = None,
    time: str | None = None,
    request: str = "GET /go/shop?utm_source=mail HTTP/1.1",
    status: str = "200",
    size: str | None = None,
    referrer: str = "https://example.com/page",
    agent: str = "Mozilla/5.0 (X11; Linux) tests",
) -> bytes:
    """Return a line of an access log in the combined format."""
    host = host or f"198.51.100.{number % 250 + 1}"
    time = time or f"17/May/2015:10:05:{number % 60:02d} +0000"
    return (
        f'{host} - user{number} [{time}] "{request}" {status} {size or number}'
        f' "{referrer}" "{agent}"'
    ).encode()


def log_values(number: int, **changes: Any) -> dict[str, Any]:
    """Return what the warehouse must hold for ``log_line(number)``."""
    return {
        "requested_at": datetime(2015, 5, 17, 10, 5, number % 60),
        "method": "GET",
        "path": "/go/shop",
        "query": "utm_source=mail",
        "status": 200,
        "bytes": number,
        "referrer": "https://example.com/page",
        "user_agent": "Mozilla/5.0 (X11; Linux) tests",
        **changes,
    }


def access_log_records(longest: int = TEN_MEGABYTES) -> list[Record]:
    """Return good, odd and broken lines of an access log, one of them long."""

    def good(number: int, case: str = "good", **changes: Any) -> Record:
        return Record(log_line(number), log_values(number, **changes), case=case)

    def bad(number: int, at_fault: str | None, case: str, **changes: Any) -> Record:
        raw = log_line(number, **changes)
        return Record(raw, None, at_fault, marker=f"/May/2015:10:05:{number:02d}", case=case)

    zoned = log_line(2, time="17/May/2015:12:05:02 +0200")
    quoted = log_line(5, agent='Mozilla \\"quoted\\" browser')
    return [
        good(1),
        Record(zoned, log_values(2), case="another time zone"),
        Record(
            log_line(3, request="-", size="-", referrer="-", agent="-", status="408"),
            {
                **log_values(3, method=None, path=None, query=None, status=408, bytes=None),
                "referrer": None,
                "user_agent": None,
            },
            case="nothing but dashes",
        ),
        Record(
            log_line(4, host="2001:db8:1:2::5", request="GET / HTTP/1.0"),
            log_values(4, path="/", query=None),
            case="IPv6, no query",
        ),
        Record(
            quoted,
            {k: v for k, v in log_values(5).items() if k != "user_agent"},
            case="escaped quotes",
        ),
        Record(b"hello world marker-6", None, None, case="not a log line"),
        good(7),
        Record(
            log_line(8, time="17/Foo/2015:10:05:08 +0000"), None, ANY_COLUMN, case="no such month"
        ),
        Record(
            log_line(9, time="31/Apr/2015:10:05:09 +0000"), None, ANY_COLUMN, case="no such day"
        ),
        Record(
            log_line(10, time="31/Dec/1969:23:59:59 +0000"),
            None,
            "requested_at",
            case="before 1970",
        ),
        bad(11, ANY_COLUMN, "status out of range", status="99999"),
        bad(12, ANY_COLUMN, "status is a word", status="abc"),
        bad(13, "bytes", "bytes out of range", size="99999999999999999999"),
        good(14),
        Record(log_line(15, agent="XX").replace(b"XX", b"\xff\xfe"), None, None, case="bad UTF-8"),
        good(16),
        Record(log_line(17, agent="XX").replace(b"XX", b"a\0b"), None, ANY_COLUMN, case="NUL"),
        good(18),
        Record(log_line(19, agent="a\rb"), undecided=True, case="bare CR"),
        Record(
            log_line(20, agent="a\x01\x02\x1e\x1f\x07b"),
            log_values(20, user_agent="a\x01\x02\x1e\x1f\x07b"),
            case="control characters",
        ),
        Record(log_line(21)[:-1], undecided=True, case="the last quote is missing"),
        good(22),
        Record(log_line(23)[:40], None, None, case="cut short"),
        Record(log_line(24, agent="x" * longest), None, ANY_COLUMN, case="a long line"),
        Record(log_line(25) + b"\r", log_values(25), case="CR LF"),
        Record(
            log_line(26, agent='a, "b'.replace('"', "'") + "; c | d \t e"),
            log_values(26, user_agent="a, 'b; c | d \t e"),
            case="delimiters of others",
        ),
        Record(
            log_line(27, agent="Grüße 日本"),
            log_values(27, user_agent="Grüße 日本"),
            case="not ASCII",
        ),
        Record(b'"', None, None, case="only a quote"),
        good(29),
    ]


def access_log_file(
    path: str,
    compress: Callable[[bytes], bytes] = bytes,
    last: bytes = b"\n",
    longest: int = TEN_MEGABYTES,
) -> LandingFile:
    """Return an access log with good, odd and broken lines."""
    records = access_log_records(longest)
    return LandingFile(path, compress(joined(records, last=last)), records, LOG_VALUES)


CLOUDFRONT_FIELDS = [
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
]
CLOUDFRONT_COLUMNS = [
    column("requested_at", "timestamp", field="date_time", required=True),
    column("bytes", "bigint", field="sc-bytes"),
    column("ip_hash", "varchar(32)", field="c-ip", pii="hash"),
    column("method", "varchar(20)", field="cs-method"),
    column("path", "varchar(2000)", field="cs-uri-stem"),
    column("status", "smallint", field="sc-status"),
    column("user_agent", "varchar(8192)", field="cs(User-Agent)", decode=1),
    column("query", "varchar(2000)", field="cs-uri-query"),
    column("source", "varchar(200)", field="cs-uri-query", url_parameter="utm_source"),
    column("cookie_hash", "varchar(32)", field="cs(Cookie)", pii="hash"),
]
CLOUDFRONT_VALUES = (
    "requested_at",
    "bytes",
    "method",
    "path",
    "status",
    "user_agent",
    "query",
    "source",
)


def cloudfront_line(
    number: int, fields: Sequence[str] = CLOUDFRONT_FIELDS, **changes: str
) -> bytes:
    """Return a line of a CloudFront standard log."""
    values = {
        "date": "2024-03-01",
        "time": "10:20:30",
        "x-edge-location": "FRA2",
        "sc-bytes": str(number),
        "c-ip": f"198.51.100.{number}",
        "cs-method": "GET",
        "cs(Host)": "d111.cloudfront.net",
        "cs-uri-stem": f"/go/{number}",
        "sc-status": "200",
        "cs(Referer)": "-",
        "cs(User-Agent)": "Mozilla/5.0%20(Tests)",
        "cs-uri-query": f"utm_source=mail%20{number}&x=1",
        "cs(Cookie)": "-",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return "\t".join(values.get(name, "-") for name in fields).encode()


def cloudfront_values(number: int, **changes: Any) -> dict[str, Any]:
    """Return what the warehouse must hold for ``cloudfront_line(number)``."""
    return {
        "requested_at": datetime(2024, 3, 1, 10, 20, 30),
        "bytes": number,
        "method": "GET",
        "path": f"/go/{number}",
        "status": 200,
        "user_agent": "Mozilla/5.0 (Tests)",
        "query": f"utm_source=mail%20{number}&x=1",
        "source": f"mail {number}",
        **changes,
    }


def cloudfront_file(
    path: str, compress: Callable[[bytes], bytes] = bytes, longest: int = TEN_MEGABYTES
) -> LandingFile:
    """Return a CloudFront log of two parts, the second with its columns in another order."""

    def good(number: int) -> Record:
        return Record(cloudfront_line(number), cloudfront_values(number), case="good")

    def bad(number: int, at_fault: str | None, case: str, **changes: str) -> Record:
        return Record(
            cloudfront_line(number, **changes), None, at_fault, f"/go/{number}", case=case
        )

    no_query = cloudfront_line(3, cs_uri_query="-")
    records = [
        good(1),
        good(2),
        Record(no_query, cloudfront_values(3, query=None, source=None), case="a dash is null"),
        bad(4, "status", "status is a word", sc_status="abc"),
        bad(5, "status", "status out of range", sc_status="99999"),
        bad(6, "requested_at", "no such day", date="2024-02-30"),
        bad(7, "requested_at", "before 1970", date="1969-12-31"),
        bad(8, "bytes", "bytes out of range", sc_bytes="99999999999999999999"),
        bad(9, ANY_COLUMN, "a required value is missing", date="-"),
        good(10),
        Record(b"2024-03-01\t10:20:30\tcut-11", None, None, case="three columns"),
        Record(
            cloudfront_line(12) + b"\tmore\tthan", None, None, "/go/12", case="too many columns"
        ),
        Record(
            cloudfront_line(13).replace(b"FRA2", b"\xff\xfe"),
            None,
            ANY_COLUMN,
            "/go/13",
            case="bad UTF-8",
        ),
        Record(
            cloudfront_line(14).replace(b"FRA2", b"A\0B"), undecided=True, case="NUL, unread field"
        ),
        Record(cloudfront_line(15).replace(b"/go/15", b"/go/15\0"), None, ANY_COLUMN, case="NUL"),
        Record(cloudfront_line(16).replace(b"/go/16", b"/g\ro"), undecided=True, case="bare CR"),
        Record(
            cloudfront_line(17, **{"cs(User-Agent)": '"un"closed'}),
            cloudfront_values(17, user_agent='"un"closed'),
            case="a quote is a character",
        ),
        Record(
            cloudfront_line(18, cs_uri_stem="/" + "x" * longest),
            None,
            ANY_COLUMN,
            case="10 MB",
        ),
        good(19),
    ]
    gone = ("x-edge-location", "cs(Host)")
    second = [*(name for name in reversed(CLOUDFRONT_FIELDS) if name not in gone), "x-new"]
    others = [
        Record(cloudfront_line(20, second), cloudfront_values(20), case="other order"),
        Record(cloudfront_line(21), None, None, "/go/21", case="columns of the first part"),
        Record(cloudfront_line(22, second), cloudfront_values(22), case="other order"),
    ]
    head = b"#Version: 1.0\n#Fields: "
    content = (
        head
        + " ".join(CLOUDFRONT_FIELDS).encode()
        + b"\n"
        + joined(records)
        + head
        + " ".join(second).encode()
        + b"\n"
        + joined(others)
    )
    return LandingFile(path, compress(content), [*records, *others], CLOUDFRONT_VALUES)


ALB_COLUMNS = [
    column("requested_at", "timestamp", field="time", required=True),
    column("ip_hash", "varchar(32)", field="client_ip", pii="hash"),
    column("status", "smallint", field="elb_status_code"),
    column("processing", "double precision", field="target_processing_time"),
    column("bytes", "bigint", field="sent_bytes"),
    column("method", "varchar(20)"),
    column("path", "varchar(2000)"),
    column("query", "varchar(2000)"),
    column("user_agent", "varchar(8192)"),
    column("host", "varchar(255)", field="domain_name"),
]
ALB_VALUES = (
    "requested_at",
    "status",
    "processing",
    "bytes",
    "method",
    "path",
    "query",
    "user_agent",
    "host",
)


def alb_line(
    number: int,
    *,
    time: str | None = None,
    status: str = "200",
    size: str | None = None,
    request: str = "GET https://shop.example.com:443/go/shop?utm_source=mail HTTP/2.0",
    agent: str = "Mozilla/5.0 (Tests)",
    more: str = "",
) -> bytes:
    """Return a line of an Application Load Balancer's log."""
    time = time or f"2024-03-01T10:20:{number:02d}.500000Z"
    return (
        f"h2 {time} app/lb/50dc6c495c0c9188 198.51.100.{number}:2817 10.0.0.1:80"
        f" 0.000 0.125 0.000 {status} 200 34 {size or number}"
        f' "{request}" "{agent}" ECDHE-RSA TLSv1.2'
        f" arn:aws:targetgroup/tg/73e2d6bc24d8a067"
        f' "Root=1-58337262-36d228ad5d99923122bbe354" "shop.example.com" "arn:aws:acm:cert/12"'
        f' 0 2024-03-01T10:20:{number:02d}.000000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"'
        f" TID_{number}{more}"
    ).encode()


def alb_values(number: int, **changes: Any) -> dict[str, Any]:
    """Return what the warehouse must hold for ``alb_line(number)``."""
    return {
        "requested_at": datetime(2024, 3, 1, 10, 20, number, 500000),
        "status": 200,
        "processing": 0.125,
        "bytes": number,
        "method": "GET",
        "path": "/go/shop",
        "query": "utm_source=mail",
        "user_agent": "Mozilla/5.0 (Tests)",
        "host": "shop.example.com",
        **changes,
    }


def alb_file(path: str) -> LandingFile:
    """Return a load balancer's log with good and broken lines."""

    def good(number: int) -> Record:
        return Record(alb_line(number), alb_values(number), case="good")

    def bad(number: int, at_fault: str | None, case: str, **changes: Any) -> Record:
        return Record(alb_line(number, **changes), None, at_fault, f"TID_{number}", case=case)

    records = [
        good(1),
        Record(
            alb_line(2, more=' "new" 5'), alb_values(2), case="fields that are not documented yet"
        ),
        Record(
            alb_line(3, request="GET http://shop.example.com:80/ HTTP/1.1"),
            alb_values(3, path="/", query=None),
            case="no query",
        ),
        Record(
            alb_line(4, agent="-"),
            alb_values(4, user_agent=None),
            case="a dash is null",
        ),
        Record(b"not a line of a load balancer cut-5", None, None, case="not a log line"),
        good(6),
        bad(7, ANY_COLUMN, "no such day", time="2024-02-30T00:00:00.000000Z"),
        bad(8, "requested_at", "after 2054", time="2055-01-01T00:00:00.000000Z"),
        bad(9, ANY_COLUMN, "status is a word", status="abc"),
        bad(10, "status", "status out of range", status="99999"),
        bad(11, "bytes", "bytes out of range", size="99999999999999999999"),
        good(12),
        Record(
            alb_line(13, agent="XX").replace(b"XX", b"\xff\xfe"),
            None,
            None,
            "TID_13",
            case="bad UTF-8",
        ),
        Record(
            alb_line(14, agent="XX").replace(b"XX", b"a\0b"), None, ANY_COLUMN, "TID_14", case="NUL"
        ),
        Record(alb_line(15, agent="a\rb"), undecided=True, case="bare CR"),
        Record(alb_line(16)[:150], None, None, case="cut short inside a quote"),
        Record(alb_line(17, agent="x" * TEN_MEGABYTES), None, ANY_COLUMN, case="10 MB"),
        Record(
            alb_line(18, agent="a\x01\x02\x1e\x1fb"),
            alb_values(18, user_agent="a\x01\x02\x1e\x1fb"),
            case="control characters",
        ),
        good(19),
    ]
    return LandingFile(path, joined(records), records, ALB_VALUES)


# --- All of them in one landing folder -----------------------------------------------------------


def contract_of_all_formats(folder: Path) -> None:
    """Write the contract with one table per format."""
    write_contract(
        folder,
        [
            events_table("ndjson", [{"pattern": "ndjson/**/*.ndjson*", "format": "ndjson"}]),
            events_table("csv", [{"pattern": "csv/*.csv*", "format": "csv"}]),
            events_table(
                "semicolon",
                [{"pattern": "semicolon/*.csv", "format": "csv", "delimiter": ";", "quote": "'"}],
            ),
            contract_table(
                "tsv",
                [
                    {
                        "pattern": "tsv/*.tsv",
                        "format": "csv",
                        "delimiter": "\t",
                        "quote": "",
                        "header": False,
                    }
                ],
                positioned(EVENT_COLUMNS),
                pii={"ip": "ip", "cookie": "token", "email": "text"},
            ),
            events_table(
                "json",
                [
                    {"pattern": "json/rows*.json", "format": "json", "rows": "$.data.rows"},
                    {"pattern": "json/*.json*", "format": "json"},
                ],
            ),
            events_table("parquet", [{"pattern": "parquet/*.parquet", "format": "parquet"}]),
            access_log_table(),
            contract_table(
                "cloudfront",
                [{"pattern": "cloudfront/**/*", "format": "cloudfront"}],
                CLOUDFRONT_COLUMNS,
                null_values=["-"],
                pii={"c-ip": "ip", "cs(Cookie)": "token"},
            ),
            contract_table(
                "alb",
                [{"pattern": "alb/*.log*", "format": "alb"}],
                ALB_COLUMNS,
                null_values=["-"],
                pii={"client_ip": "ip", "client_port": "ip"},
            ),
        ],
    )


def members(content: bytes) -> bytes:
    """Return a gzip file of two members, as `cat a.gz b.gz` makes it."""
    half = len(content) // 2
    return gzip.compress(content[:half]) + gzip.compress(content[half:])


FILES: dict[str, Callable[[str], LandingFile]] = {
    "ndjson/plain.ndjson": ndjson_file,
    "ndjson/without last line end.ndjson": partial(ndjson_file, last=b""),
    "ndjson/deep/er/packed.ndjson.gz": partial(ndjson_file, compress=gzip.compress),
    "ndjson/members.ndjson.gz": partial(ndjson_file, compress=members),
    "ndjson/packed.ndjson.zst": partial(ndjson_file, compress=zst),
    "ndjson/long.ndjson": long_ndjson_file,
    "csv/plain.csv": csv_file,
    "csv/it's got a 'name', with * and [x].csv": partial(csv_file, more=[csv_row(931)]),
    "csv/mark.csv": partial(csv_file, mark=b"\xef\xbb\xbf"),
    "csv/without last line end.csv": partial(csv_file, last=b""),
    "csv/windows.csv": partial(csv_file, end=b"\r\n"),
    "csv/packed.csv.gz": partial(csv_file, compress=gzip.compress),
    "csv/packed.csv.zst": partial(csv_file, compress=zst),
    "csv/long.csv": long_csv_file,
    "semicolon/one.csv": semicolon_file,
    "tsv/one.tsv": tsv_file,
    "json/array.json": partial(json_file, before=b"", after=b"\n"),
    "json/rows.json": partial(
        json_file, before=b'{"meta": {"n": [1]}, "data": {"page": 1, "rows": ', after=b"}}"
    ),
    "json/packed.json.gz": partial(json_file, before=b" ", after=b"", compress=gzip.compress),
    "json/long.json": long_json_file,
    "parquet/text.parquet": parquet_of_text,
    "parquet/types.parquet": parquet_of_types,
    "requests/plain.log": access_log_file,
    "requests/packed.log.gz": partial(
        access_log_file, compress=gzip.compress, last=b"", longest=9_000
    ),
    "cloudfront/E123.2024-03-01.gz": partial(
        cloudfront_file, compress=gzip.compress, longest=3_000
    ),
    "cloudfront/plain": cloudfront_file,
    "alb/one.log": alb_file,
}


@pytest.fixture(scope="module")
def files() -> dict[str, LandingFile]:
    """Return every landing file with its content."""
    return {path: build(path) for path, build in FILES.items()}


def landing_with_all_formats(root: Path, files: dict[str, LandingFile], **options: Any) -> Lab:
    """Return a lab whose landing folder holds every file; nothing is loaded yet."""
    lab = Lab(root, **options)
    contract_of_all_formats(lab.contracts)
    for file in files.values():
        lab.write(file.path, file.content)
    return lab


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, files: dict[str, LandingFile]) -> Lab:
    """Return a DuckDB warehouse into which every file has been loaded, once."""
    lab = landing_with_all_formats(tmp_path_factory.mktemp("accounting"), files)
    lab.load()
    return lab


def test_records_are_accepted_or_rejected(loaded: Lab) -> None:
    """Guards the sum itself: numbers 1 to n, each once, in every file of every format."""
    loaded.assert_accounted()
    assert {entry["status"] for entry in loaded.records("ledger")} == {"loaded"}
    assert len(loaded.records("ledger")) == len(FILES)


@pytest.mark.parametrize("path", FILES)
def test_good_rows_and_bad_records_are_exactly_those(
    loaded: Lab, files: dict[str, LandingFile], path: str
) -> None:
    """Guards the verdict on each record: a swapped, shifted or rounded value turns this red."""
    assert_file_holds(loaded, path, files[path].records, files[path].columns)


def test_a_second_run_loads_nothing_again(loaded: Lab) -> None:
    """Guards against rows that double when the loader runs twice."""
    before = loaded.content()
    loaded.load()
    assert loaded.content() == before


def test_postgres_gets_the_same_rows_rejects_and_ledger(
    tmp_path: Path, loaded: Lab, files: dict[str, LandingFile], postgres_environment: dict[str, str]
) -> None:
    """Guards one verdict for all engines: a file may not be good on one and bad on another."""
    lab = landing_with_all_formats(tmp_path, files, warehouse=postgres_environment)
    lab.load()
    lab.assert_accounted()
    expected, found = loaded.content(), lab.content()
    assert expected.keys() == found.keys()
    for table, rows in expected.items():
        assert len(found[table]) == len(rows), table
        for mine, theirs in zip(rows, found[table], strict=True):
            assert theirs == mine, table
    lab.load()
    assert lab.content() == found


def test_personal_data_is_hashed_and_of_an_address_the_network_stays(loaded: Lab) -> None:
    """Guards that equal values get equal hashes (or visitors fall apart), others different ones."""
    rows = loaded.rows(
        "select event_id, ip_hash, ip_prefix, cookie_hash, email_hash from raw.lab__csv"
        " where event_id in ('event-1', 'event-3', 'event-251')"
    )
    by_event: dict[str, set[tuple[str, ...]]] = {}
    for name, *hashes in rows:
        assert all(len(text) == 32 for text in (hashes[0], hashes[2], hashes[3])), hashes
        by_event.setdefault(name, set()).add(tuple(hashes))
    assert all(len(found) == 1 for found in by_event.values()), by_event
    one, other = (next(iter(by_event[name])) for name in ("event-1", "event-3"))
    assert one[1] == other[1] == "203.0.113.0/24"
    assert not {one[0], one[2], one[3]} & {other[0], other[2], other[3]}
    prefixes = loaded.rows(
        "select distinct ip_prefix from raw.lab__requests where ip_prefix not like '198.51.100.%'"
    )
    assert prefixes == [("2001:db8:1::/48",)]
    in_ndjson = loaded.rows(
        "select distinct ip_hash from raw.lab__ndjson where event_id = 'event-1'"
    )
    assert in_ndjson == [(one[0],)], "one address has one hash, whatever file it came in"


def test_unknown_fields_are_kept_and_named(loaded: Lab) -> None:
    """Guards that nothing a network adds is dropped before somebody has looked at it."""
    [(extra,)] = loaded.rows(
        f"select _extra from raw.lab__ndjson where event_id = 'event-905'"
        f" and _file_id = {loaded.file('ndjson/plain.ndjson')['file_id']}"
    )
    assert json.loads(extra)["surprise"] == {"deep": [1, "two"]}
    assert "surprise" in loaded.file("ndjson/plain.ndjson")["unknown_columns"]
    kept = loaded.rows("select event_id, _extra from raw.lab__parquet where event_id = 'typed-3'")
    assert [(name, json.loads(text)) for name, text in kept] == [("typed-3", {"unknown": 3})]
    assert loaded.file("parquet/types.parquet")["unknown_columns"] == "unknown"
    nothing = loaded.rows(
        f"select count(*) from raw.lab__csv where _extra is not null"
        f" and _file_id = {loaded.file('csv/plain.csv')['file_id']}"
    )
    assert nothing == [(0,)]
    late = loaded.rows("select _extra from raw.lab__alb where bytes = 2")
    assert "new" in late[0][0]


# --- Files that are special as a whole -----------------------------------------------------------


@pytest.fixture(scope="module")
def special(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return a warehouse with files of nothing, open quotes, blank lines, other columns."""
    lab = Lab(tmp_path_factory.mktemp("special"))
    contract_of_all_formats(lab.contracts)
    header = csv_header() + b"\n"
    rows = [csv_row(n).raw for n in range(1, 9)]
    opened = csv_event(event(4, note="XX")).replace(b"XX", b'"never closed')
    lab.write("csv/open.csv", header + b"\n".join([*rows[:3], opened, *rows[4:]]) + b"\n")
    at_end = csv_event(event(9, note="XX")).replace(b"XX", b'"never closed')
    lab.write("csv/open at the end.csv", header + b"\n".join([*rows, at_end]))
    lab.write("csv/header only.csv", header)
    lab.write("csv/header without end.csv", header.strip())
    lab.write("ndjson/nothing.ndjson", b"")
    lab.write("ndjson/nothing.ndjson.gz", gzip.compress(b""))
    lab.write("ndjson/nothing.ndjson.zst", zst(b""))
    lab.write("json/nothing.json", b"[]")
    lab.write("requests/nothing.log", b"")
    lab.write("cloudfront/head only", b"#Version: 1.0\n#Fields: date time\n")
    lab.write(
        "parquet/nothing.parquet", parquet_bytes(pa.table({"eventId": pa.array([], pa.string())}))
    )
    lab.write("ndjson/blank.ndjson", blank_ndjson_lines())
    lab.write(
        "csv/blank.csv", b"\n" + header + b"\n".join([b"", rows[0], b"", b"", rows[1], b"", b""])
    )
    lab.write(
        "requests/blank.log",
        b"\n".join([b"", log_line(1), b"", b"", log_line(2), b"   ", log_line(3), b""]),
    )
    lab.write(
        "csv/others.csv",
        b'note,surprise,eventId,Surprise 2\nfirst,"a, b",other-1,\nsecond,,other-2,x\nthird,,,x\n',
    )
    lab.load()
    return lab


def test_special_files_are_accounted_for(special: Lab) -> None:
    """Guards the sum for the special files."""
    special.assert_accounted()


@pytest.mark.parametrize(
    "path",
    [
        "csv/header only.csv",
        "csv/header without end.csv",
        "ndjson/nothing.ndjson",
        "ndjson/nothing.ndjson.gz",
        "ndjson/nothing.ndjson.zst",
        "json/nothing.json",
        "requests/nothing.log",
        "cloudfront/head only",
        "parquet/nothing.parquet",
    ],
)
def test_a_file_without_records_is_loaded_as_such(special: Lab, path: str) -> None:
    """Guards that an empty delivery is a fact in the ledger, not an error and not invisible."""
    found = special.records("ledger", f"path = '{path}'")
    assert [(row["records"], row["accepted"], row["rejected"]) for row in found] == [(0, 0, 0)]
    assert found[0]["status"] in ("loaded", "duplicate")


def test_an_unclosed_quote_spoils_its_record_and_none_before(special: Lab) -> None:
    """Guards against a reader that silently loses the rest of a file from an open quote on."""
    for path, at in (("csv/open.csv", 4), ("csv/open at the end.csv", 9)):
        found = special.accepted(path, EVENT_VALUES)
        rejects = special.rejects(path)
        for number in range(1, at):
            assert found[number] == event_values(event(number)), (path, number)
        assert at in {row["line_number"] for row in rejects}, rejects
        assert any("never closed" in row["raw_text"] for row in rejects), rejects
        whole = "".join(row["raw_text"] for row in rejects)
        kept = {row["event_id"] for row in found.values()}
        for number in range(1, 9):
            if number != at:
                assert f"event-{number}" in kept or f"event-{number}," in whole, (path, number)
        for row in found.values():
            assert row == event_values(event(int(row["event_id"].split("-")[1]))), (path, row)


def test_blank_lines_neither_hide_nor_shift_a_record(special: Lab) -> None:
    """Guards the numbering: with blank lines between, each record is there once, in order."""
    for path, key, expected in (
        ("ndjson/blank.ndjson", "event_id", ["event-1", "event-2", "event-3"]),
        ("csv/blank.csv", "event_id", ["event-1", "event-2"]),
        ("requests/blank.log", "bytes", [1, 2, 3]),
    ):
        found = special.accepted(path, [key])
        assert [row[key] for row in found.values()] == expected, path
        for reject in special.rejects(path):
            assert not reject["raw_text"].replace("[personal]", "").strip(), reject


def test_columns_may_come_in_any_order_with_some_unknown_and_some_missing(special: Lab) -> None:
    """Guards that columns are found by name: by position a new column would shift all values."""
    found = special.accepted("csv/others.csv", ["event_id", "note", "quantity", "_extra"])
    assert {n: (row["event_id"], row["note"], row["quantity"]) for n, row in found.items()} == {
        1: ("other-1", "first", None),
        2: ("other-2", "second", None),
    }
    assert json.loads(found[1]["_extra"])["surprise"] == "a, b"
    assert json.loads(found[2]["_extra"])["Surprise 2"] == "x"
    assert [
        (row["line_number"], row["column_name"]) for row in special.rejects("csv/others.csv")
    ] == [(3, "event_id")]
    entry = special.file("csv/others.csv")
    assert "surprise" in entry["unknown_columns"] and "Surprise 2" in entry["unknown_columns"]


# --- Times, nulls, decoding ----------------------------------------------------------------------


def test_times_nulls_and_decoding_follow_the_contract(tmp_path: Path) -> None:
    """Guards the options of a column: in the wrong zone or unit, a click moves to another day."""
    lab = Lab(tmp_path)
    columns = [
        column("id", "integer", required=True),
        column("local_at", "timestamp"),
        column("seconds_at", "timestamp", format="epoch_s"),
        column("micros_at", "timestamp", format="epoch_us"),
        column("written_at", "timestamp", format="%d.%m.%Y %H:%M"),
        column("any_at", "timestamp", any_time=True),
        column("url", "varchar(200)", decode=1),
        column("twice", "varchar(200)", decode=2),
        column("campaign", "varchar(200)", field="url", url_parameter="utm_campaign"),
        column("dash", "varchar(20)"),
        column("none", "varchar(20)", null_values=["", "none", "-"]),
    ]
    write_contract(
        lab.contracts,
        [
            contract_table(
                "options",
                [
                    {"pattern": "*.ndjson", "format": "ndjson"},
                    {"pattern": "*.csv", "format": "csv"},
                ],
                columns,
                timezone="America/New_York",
                null_values=["", "-"],
            )
        ],
    )
    rows = [
        {
            "id": 1,
            "local_at": "2024-07-01 12:00:00",
            "seconds_at": "1709000000",
            "micros_at": "1709000000123456",
            "written_at": "31.12.2024 23:30",
            "any_at": "1900-01-01T00:00:00Z",
            "url": "https://x.example/?a=1&utm_campaign=spring%2520sale%26more&utm_campaign=no",
            "twice": "a%2520b",
            "dash": "-",
            "none": "none",
        },
        {
            "id": 2,
            "local_at": "2024-01-01T12:00:00",
            "url": "no%20query%",
            "none": "-",
            "dash": "",
        },
        {"id": 3, "local_at": "2024-07-01T12:00:00Z", "url": "?utm_campaign=&x=1"},
        {"id": 4, "local_at": "2024-07-01T12:00:00.5+02:00"},
    ]
    lab.write("one.ndjson", "\n".join(json.dumps(row) for row in rows))
    text = io.StringIO()
    writer = csv.DictWriter(text, [item["name"] for item in columns if item["name"] != "campaign"])
    writer.writeheader()
    writer.writerows(rows)
    lab.write("one.csv", text.getvalue())
    lab.load()
    names = [item["name"] for item in columns]
    from_json = lab.accepted("one.ndjson", names)
    assert from_json == lab.accepted("one.csv", names)
    assert from_json[1] == {
        "id": 1,
        "local_at": datetime(2024, 7, 1, 16),
        "seconds_at": datetime(2024, 2, 27, 2, 13, 20),
        "micros_at": datetime(2024, 2, 27, 2, 13, 20, 123456),
        "written_at": datetime(2025, 1, 1, 4, 30),
        "any_at": datetime(1900, 1, 1),
        "url": "https://x.example/?a=1&utm_campaign=spring%20sale&more&utm_campaign=no",
        "twice": "a b",
        "campaign": "spring%20sale&more",
        "dash": None,
        "none": None,
    }
    assert from_json[2]["local_at"] == datetime(2024, 1, 1, 17)
    assert (from_json[2]["dash"], from_json[2]["none"], from_json[2]["campaign"]) == (
        None,
        None,
        None,
    )
    assert from_json[3]["local_at"] == datetime(2024, 7, 1, 12)
    assert from_json[4]["local_at"] == datetime(2024, 7, 1, 10, 0, 0, 500000)


def test_a_parameter_of_a_url_is_what_a_regular_expression_finds(tmp_path: Path) -> None:
    """Guards the search by plain texts against another one: a parameter may stand anywhere.

    The key "URL" beside "url" guards the names that differ by case alone.
    """
    chance = random.Random(11)
    pieces = ["utm=", "?", "&", "#", "=", "utm", "a", "é", "+", "%20", "%C3%A9", "x-utm="]
    urls = ["".join(chance.choices(pieces, k=chance.randint(1, 9))) for _ in range(4000)]
    lab = Lab(tmp_path)
    write_contract(
        lab.contracts,
        [
            contract_table(
                "urls",
                [{"pattern": "*.ndjson", "format": "ndjson"}],
                [
                    column("value", "varchar(200)", field="url", url_parameter="utm"),
                    column("dashed", "varchar(200)", field="url", url_parameter="x-utm"),
                    column("other", "varchar(200)", field="URL"),
                ],
            )
        ],
    )
    lab.write("urls.ndjson", "\n".join(json.dumps({"url": u, "URL": f"U{u}"}) for u in urls))
    lab.load()

    def found(name: str, url: str) -> str | None:
        match = re.search(rf"(?:^|[?&]){name}=([^&#]*)", url)
        return unquote(match[1].replace("+", " ")) or None if match else None

    expected = {
        number: {"value": found("utm", url), "dashed": found("x-utm", url), "other": f"U{url}"}
        for number, url in enumerate(urls, 1)
    }
    assert sum(row["value"] is not None for row in expected.values()) > 300
    assert lab.accepted("urls.ndjson", ["value", "dashed", "other"]) == expected


# --- Any content at all --------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(lambda number: (str(number), number)),
    st.sampled_from(["", "abc", "9223372036854775808", "--1", "1,5", "0x", "1 2"]).map(
        lambda text: (text, None if text == "" else ValueError)
    ),
)
AMOUNTS = st.one_of(
    st.decimals(-(10**12) + 1, 10**12 - 1, places=6).map(
        lambda number: (format(number, "f"), number)
    ),
    st.sampled_from(["x", "1000000000000", "1.2.3"]).map(lambda text: (text, ValueError)),
)
MOMENTS = st.one_of(
    st.datetimes(datetime(1970, 1, 1), datetime(2054, 12, 31)).map(
        lambda moment: (moment.isoformat(sep=" "), moment)
    ),
    st.sampled_from(["2023-02-29 00:00:00", "soon", "1960-01-01 00:00:00"]).map(
        lambda text: (text, ValueError)
    ),
)
ROWS = st.lists(st.tuples(WORDS, WORDS, NUMBERS, AMOUNTS, MOMENTS), min_size=1, max_size=40)
ANY_NAMES = ("one", "two", "number", "amount", "moment")
ANY_COLUMNS = [
    column("one", "varchar(400)"),
    column("two", "varchar(400)"),
    column("number", "bigint"),
    column("amount", "numeric(18,6)"),
    column("moment", "timestamp"),
]


def any_records(rows: list[Any], raw: Callable[[list[str]], bytes]) -> list[Record]:
    """Return rows of any content as records: the test's own verdict on each."""
    result = []
    for one, two, *typed in rows:
        written = [one, two, *(text for text, _ in typed)]
        fault = next(
            (
                name
                for name, (_, value) in zip(ANY_NAMES[2:], typed, strict=True)
                if value is ValueError
            ),
            None,
        )
        values = dict(
            zip(ANY_NAMES, [one or None, two or None, *(value for _, value in typed)], strict=True)
        )
        several = sum(value is ValueError for _, value in typed) > 1
        result.append(
            Record(raw(written), None, ANY_COLUMN if several else fault)
            if fault
            else Record(raw(written), values)
        )
    return result


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(groups=st.lists(ROWS, min_size=5, max_size=5))
def test_any_content_written_by_another_program_arrives_whole(
    groups: list[list[Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Guards what nobody thought of: any text, any line end, any mix of good and bad values."""
    lab = Lab(tmp_path_factory.mktemp("any"))
    write_contract(
        lab.contracts,
        [
            contract_table(
                "any",
                [
                    {"pattern": "semicolon*.csv", "format": "csv", "delimiter": ";", "quote": "'"},
                    {"pattern": "*.csv*", "format": "csv"},
                    {"pattern": "*.ndjson*", "format": "ndjson"},
                    {"pattern": "*.json", "format": "json"},
                ],
                ANY_COLUMNS,
            )
        ],
    )

    def as_object(written: list[str], ascii_only: bool) -> bytes:
        return json.dumps(
            dict(zip(ANY_NAMES, written, strict=True)), ensure_ascii=ascii_only
        ).encode()

    semicolons: dict[str, Any] = {"delimiter": ";", "quotechar": "'", "quoting": csv.QUOTE_ALL}
    files: dict[str, tuple[bytes, list[Record]]] = {}
    records = any_records(groups[0], csv_line)
    files["commas.csv"] = (csv_line(ANY_NAMES) + b"\n" + joined(records), records)
    records = any_records(groups[1], partial(csv_line, **semicolons))
    files["semicolon.csv"] = (
        csv_line(ANY_NAMES, **semicolons) + b"\r\n" + joined(records, b"\r\n", last=b""),
        records,
    )
    records = any_records(groups[2], partial(csv_line, quoting=csv.QUOTE_ALL))
    files["packed.csv.gz"] = (gzip.compress(csv_line(ANY_NAMES) + b"\n" + joined(records)), records)
    records = any_records(groups[3], partial(as_object, ascii_only=False))
    files["lines.ndjson"] = (joined(records), records)
    records = any_records(groups[4], partial(as_object, ascii_only=True))
    files["array.json"] = (b"[" + joined(records, b",", last=b"") + b"]", records)
    for name, (content, _) in files.items():
        lab.write(name, content)
    outcome = lab.run("load")
    lab.assert_accounted()
    counts = [(entry["records"], entry["accepted"]) for entry in lab.records("ledger")]
    is_for_a_person = any(records and not accepted for records, accepted in counts)
    assert outcome.code == is_for_a_person, outcome.text
    for name, (_, expected) in files.items():
        assert_file_holds(lab, name, expected, ANY_NAMES)


def test_the_real_access_log_is_accounted_for(tmp_path: Path, shared_data: Path) -> None:
    """Guards the sum on a log that nobody wrote for a test: ten thousand lines, all there."""
    log = shared_data / "access_log" / "apache_combined_10000.log.gz"
    lab = Lab(tmp_path)
    write_contract(lab.contracts, [access_log_table()])
    lab.write("requests/real.log.gz", log.read_bytes())
    lab.load()
    lab.assert_accounted()
    entry = lab.file("requests/real.log.gz")
    assert entry["records"] == 10_000
    lines = gzip.decompress(log.read_bytes()).decode().splitlines()
    for reject in lab.rejects("requests/real.log.gz"):
        assert not lines[reject["line_number"] - 1].endswith('"'), reject
