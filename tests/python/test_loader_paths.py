"""What a file's path says of its records, and how times are read: zones, nights, ways of writing.

A report names neither its account nor its time zone; who pulls it writes both into the path. What
is read wrongly there is wrong in every record of the file, so it sets the file aside; what is not
read at all would add one account's money to another's.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loader_helpers import Lab, assert_says, column, contract_table, write_contract

PATH_COLUMNS = [
    column("id", "varchar(20)", required=True),
    column("account_code", "varchar(20)", path="account", required=True),
    column("side", "varchar(10)", path="side"),
    column("pulled_at", "timestamp", path="pulled_at", format="%Y%m%dT%H%M%S%z"),
    column("full_from", "date", path="full_from"),
    column("shop_number", "integer", path="shop"),
    column("rate", "numeric(8,2)", path="rate"),
]
PATH_NAMES = [item["name"] for item in PATH_COLUMNS]
FILES = [
    {"pattern": "**/*.ndjson*", "format": "ndjson"},
    {"pattern": "**/*.csv", "format": "csv"},
    {"pattern": "**/*.parquet", "format": "parquet"},
]


def lab_of(root: Path, columns: list[dict[str, Any]], **landing: Any) -> Lab:
    """Return a lab with one table of these columns in any format."""
    lab = Lab(root)
    write_contract(lab.contracts, [contract_table("things", FILES, columns, **landing)])
    return lab


def parquet(table: dict[str, Any]) -> bytes:
    """Return columns as a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(table), buffer)
    return buffer.getvalue()


def content_of(rows: list[dict[str, str]], kind: str) -> bytes:
    """Return rows of texts in a format."""
    if kind == "ndjson":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    if kind == "parquet":
        return parquet({name: [row[name] for row in rows] for name in rows[0]})
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


# --- Values of the path --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ndjson", "csv", "parquet"])
def test_a_column_takes_its_value_from_the_path(tmp_path: Path, kind: str) -> None:
    """Guards the account of a report: a value is decoded, typed, and null where there is none."""
    lab = lab_of(tmp_path, PATH_COLUMNS)
    full = (
        "account=a%2F1%20b/side=publisher/pulled_at=20260601T060000Z/full_from=2026-05-01"
        f"/shop=7/rate=1.5/other=x/one.{kind}"
    )
    least = f"side=/full_from=__HIVE_DEFAULT_PARTITION__/account=2/two.{kind}"
    lab.write(full, content_of([{"id": "x"}, {"id": "y"}], kind))
    lab.write(least, content_of([{"id": "z"}], kind))
    lab.load()
    expected = {
        "account_code": "a/1 b",
        "side": "publisher",
        "pulled_at": datetime(2026, 6, 1, 6),
        "full_from": date(2026, 5, 1),
        "shop_number": 7,
        "rate": Decimal("1.50"),
    }
    assert lab.accepted(full, PATH_NAMES) == {
        1: {"id": "x", **expected},
        2: {"id": "y", **expected},
    }
    assert lab.accepted(least, PATH_NAMES) == {
        1: {**dict.fromkeys(PATH_NAMES), "id": "z", "account_code": "2"}
    }


def test_a_file_name_and_a_field_are_no_values_of_the_path(tmp_path: Path) -> None:
    """Guards against a column of the report, or the file's own name, that poses as the account."""
    lab = lab_of(tmp_path, PATH_COLUMNS)
    path = "account=1/side=x.ndjson"
    lab.write(path, b'{"id": "a", "account": "2", "side": "y", "account_code": "3"}\n')
    lab.load()
    found = lab.accepted(path, ["account_code", "side", "_extra"])[1]
    assert (found["account_code"], found["side"]) == ("1", None)
    assert json.loads(found["_extra"]) == {"account": "2", "side": "y", "account_code": "3"}


WRONG_PATHS = {
    "shop=7/absent.ndjson": ("account", "account_code", "missing"),
    "account=/empty.ndjson": ("account", "account_code", "missing"),
    "account=1/shop=seven/word.ndjson": ("shop", "whole number"),
    "account=1/shop=1.5/fraction.ndjson": ("shop", "whole number"),
    "account=1/rate=1e9/wide.ndjson": ("rate", "numeric(8,2)"),
    "account=1/full_from=2026-02-30/day.ndjson": ("full_from", "date"),
    "account=1/pulled_at=2026-06-01/form.ndjson": ("pulled_at", "%Y%m%dT%H%M%S%z"),
    "account=123456789012345678901/long.ndjson": ("account", "longer than 20 bytes"),
    "account=1/account=2/twice.ndjson": ("account", "twice"),
    "account=%ff/utf.ndjson": ("account", "UTF-8"),
    "account=a%00b/nul.ndjson": ("account", "NUL"),
}


def test_a_wrong_path_sets_the_file_aside(tmp_path: Path) -> None:
    """Guards the whole file: rejecting it record by record would bury the one reason."""
    lab = lab_of(tmp_path, PATH_COLUMNS)
    for path in WRONG_PATHS:
        lab.write(path, f'{{"id": "{path}"}}'.replace("/", "")[:20] + '"}\n')
    lab.write("account=1/good.ndjson", b'{"id": "good"}\n')
    lab.load_with_trouble()
    for path, words in WRONG_PATHS.items():
        reason = lab.file(path, "set_aside")["reason"]
        assert all(word in reason for word in words), (path, reason)
        assert "\n" not in reason
    assert lab.rows("select id from raw.lab__things") == [("good",)]
    assert lab.records("rejects") == []


def test_equal_files_of_two_paths_are_two_deliveries(tmp_path: Path) -> None:
    """Guards the second account, and the return to an earlier state.

    A report that is pulled a third time with what it said the first time says that today. Taken
    for a copy of the first, the second's state would remain.
    """
    lab = lab_of(tmp_path, PATH_COLUMNS)
    first, second = b'{"id": "a"}\n', b'{"id": "b"}\n'
    paths = [f"account=1/pulled_at=2026060{day}T000000Z/x.ndjson" for day in (1, 2, 3)]
    for path, content in zip(paths, (first, second, first), strict=True):
        lab.write(path, content)
    lab.write("account=2/pulled_at=20260601T000000Z/x.ndjson", first)
    lab.write("account=1/other=1/pulled_at=20260601T000000Z/copy.ndjson", first)
    lab.load()
    found = lab.rows("select account_code, pulled_at, id from raw.lab__things order by 1, 2")
    assert found == [
        ("1", datetime(2026, 6, 1), "a"),
        ("1", datetime(2026, 6, 2), "b"),
        ("1", datetime(2026, 6, 3), "a"),
        ("2", datetime(2026, 6, 1), "a"),
    ]
    assert [entry["status"] for entry in lab.records("ledger")].count("duplicate") == 1
    before = lab.content()
    lab.load()
    lab.run("replay", paths[2])
    assert lab.content() == before
    lab.assert_accounted()


# --- Time zones ----------------------------------------------------------------------------------

NIGHTS = {
    # Clocks go from 2:00 to 3:00: 2:30 is moved forward, as 3:30.
    ("America/New_York", "2026-03-08 02:30:00"): datetime(2026, 3, 8, 7, 30),
    # Clocks go from 2:00 back to 1:00: 1:30 is the second one.
    ("America/New_York", "2026-11-01 01:30:00"): datetime(2026, 11, 1, 6, 30),
    ("America/New_York", "2026-11-01 00:59:59"): datetime(2026, 11, 1, 4, 59, 59),
    ("America/New_York", "2026-11-01 02:00:00"): datetime(2026, 11, 1, 7),
    # Clocks go from 1:00 to 2:00, and back.
    ("Europe/London", "2026-03-29 01:30:00"): datetime(2026, 3, 29, 1, 30),
    ("Europe/London", "2026-10-25 01:30:00"): datetime(2026, 10, 25, 1, 30),
    ("Europe/London", "2026-10-25 00:59:59"): datetime(2026, 10, 24, 23, 59, 59),
    ("Europe/London", "2026-07-01 12:00:00"): datetime(2026, 7, 1, 11),
}
ZONED = {"path": "time_zone", "default": "UTC"}
MOMENTS = [
    column("iso_at", "timestamp", field="iso"),
    column("own_at", "timestamp", field="own", format="%m/%d/%Y %I:%M:%S %p"),
    column("joined_at", "timestamp", fields=["day", "clock"]),
    column("either_at", "timestamp", field="own", format=["iso", "%m/%d/%Y %I:%M:%S %p"]),
]


@pytest.mark.parametrize("kind", ["ndjson", "csv", "parquet", "parquet of its own type"])
def test_the_path_names_the_zone_of_times_without_one(tmp_path: Path, kind: str) -> None:
    """Guards the day of a commission, and that the nights of the clocks are read in one way.

    A time that the zone skips is moved forward; a time that it has twice is the second one,
    whatever the format.
    """
    lab = lab_of(tmp_path, MOMENTS, timezone=ZONED)
    for zone in ("America/New_York", "Europe/London"):
        texts = [text for own, text in NIGHTS if own == zone]
        moments = [datetime.fromisoformat(text) for text in texts]
        rows = [
            {
                "iso": text,
                "own": moment.strftime("%m/%d/%Y %I:%M:%S %p"),
                "day": text[:10],
                "clock": text[11:],
            }
            for text, moment in zip(texts, moments, strict=True)
        ]
        path = f"time_zone={zone.replace('/', '%2F')}/x.{kind[:7]}"
        if kind.startswith("parquet of"):
            table: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
            table["iso"] = pa.array(moments, pa.timestamp("ms"))
            table["day"] = pa.array([moment.date() for moment in moments], pa.date32())
            lab.write(path.replace(f".{kind[:7]}", ".parquet"), parquet(table))
            path = path.replace(f".{kind[:7]}", ".parquet")
        else:
            path = f"time_zone={zone.replace('/', '%2F')}/x.{kind}"
            lab.write(path, content_of(rows, kind))
        lab.load()
        names = [item["name"] for item in MOMENTS]
        for text, row in zip(texts, lab.accepted(path, names).values(), strict=True):
            assert row == dict.fromkeys(names, NIGHTS[zone, text]), (path, text)


def test_the_zone_of_a_path_does_not_outlive_its_file(tmp_path: Path) -> None:
    """Guards the next file, which names no zone: its times are in the default one."""
    lab = lab_of(tmp_path, MOMENTS, timezone=ZONED)
    row = content_of([{"iso": "2026-07-01 12:00:00"}], "ndjson")
    lab.write("a/time_zone=America%2FNew_York/x.ndjson", row)
    lab.write("b/x.ndjson", row)
    lab.write("c/time_zone=/x.ndjson", content_of([{"iso": "2026-07-01 13:00:00"}], "ndjson"))
    lab.load()
    assert lab.rows("select iso_at from raw.lab__things order by 1") == [
        (datetime(2026, 7, 1, 12),),
        (datetime(2026, 7, 1, 13),),
        (datetime(2026, 7, 1, 16),),
    ]


@pytest.mark.parametrize("zone", ["Mars%2FBase", "..%2Fetc", "America", "EST5EDT,junk", "+02:00"])
def test_an_unknown_zone_sets_the_file_aside(tmp_path: Path, zone: str) -> None:
    """Guards against a zone that is guessed: all the file's times would be off by hours."""
    lab = lab_of(tmp_path, MOMENTS, timezone=ZONED)
    path = f"time_zone={zone}/x.ndjson"
    lab.write(path, b'{"iso": "2026-07-01 12:00:00"}\n')
    lab.load_with_trouble()
    assert "time_zone" in lab.file(path, "set_aside")["reason"]
    assert "not a time zone" in lab.file(path, "set_aside")["reason"]


def test_no_zone_and_no_default_sets_the_file_aside(tmp_path: Path) -> None:
    """Guards reports whose zone is a setting of the account: UTC would only be a guess."""
    lab = lab_of(tmp_path, MOMENTS, timezone={"path": "time_zone"})
    lab.write("x.ndjson", b'{"iso": "2026-07-01 12:00:00"}\n')
    lab.write("time_zone=UTC/y.ndjson", b'{"iso": "2026-07-01 12:00:00"}\n')
    lab.load_with_trouble()
    reason = lab.file("x.ndjson", "set_aside")["reason"]
    assert "does not name the time zone" in reason and "time_zone=" in reason
    assert len(lab.rows("select iso_at from raw.lab__things")) == 1


# --- Ways of writing -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ndjson", "csv", "parquet"])
def test_a_time_may_be_written_in_several_ways(tmp_path: Path, kind: str) -> None:
    """Guards the reports that write one column in two ways, and JavaScript's own way."""
    lab = lab_of(
        tmp_path,
        [
            column("made_at", "timestamp", format="javascript"),
            column("pulled_at", "timestamp", format="%Y%m%dT%H%M%S%z"),
            column("sold_at", "timestamp", format=["%m/%d/%Y %I:%M:%S %p", "iso"]),
            column("paid_on", "date", format=["%m/%d/%Y", "iso", "epoch_s"]),
        ],
        timezone="America/New_York",
    )
    rows = [
        {
            "made_at": "Wed Apr 30 2014 02:18:36 GMT+0000 (UTC)",
            "pulled_at": "20260601T060000Z",
            "sold_at": "08/30/2015 10:05:36 PM",
            "paid_on": "12/31/2025",
        },
        {
            "made_at": "Wed Apr 30 2014 02:18:36 GMT-0430 (Venezuela Time (old))",
            "pulled_at": "20260601T060000+0200",
            "sold_at": "2015-08-30 22:05:36",
            "paid_on": "2025-12-31",
        },
        {
            "made_at": "Wed Apr 30 2014 02:18:36 GMT+0530",
            "pulled_at": "20260601T060000+02:00",
            "sold_at": "2015-08-30T22:05:36Z",
            "paid_on": "1767225599",
        },
        {"made_at": "", "pulled_at": "", "sold_at": "", "paid_on": ""},
        {"made_at": "Wed Apr 30 2014 02:18:36", "pulled_at": "", "sold_at": "", "paid_on": ""},
        {"made_at": "", "pulled_at": "20260601T060000", "sold_at": "", "paid_on": ""},
        {"made_at": "", "pulled_at": "", "sold_at": "30.08.2015", "paid_on": ""},
        {"made_at": "", "pulled_at": "", "sold_at": "", "paid_on": "31/12/2025"},
    ]
    path = f"x.{kind}"
    lab.write(path, content_of(rows, kind))
    lab.load()
    assert lab.accepted(path, ["made_at", "pulled_at", "sold_at", "paid_on"]) == {
        1: {
            "made_at": datetime(2014, 4, 30, 2, 18, 36),
            "pulled_at": datetime(2026, 6, 1, 6),
            "sold_at": datetime(2015, 8, 31, 2, 5, 36),
            "paid_on": date(2025, 12, 31),
        },
        2: {
            "made_at": datetime(2014, 4, 30, 6, 48, 36),
            "pulled_at": datetime(2026, 6, 1, 4),
            "sold_at": datetime(2015, 8, 31, 2, 5, 36),
            "paid_on": date(2025, 12, 31),
        },
        3: {
            "made_at": datetime(2014, 4, 29, 20, 48, 36),
            "pulled_at": datetime(2026, 6, 1, 4),
            "sold_at": datetime(2015, 8, 30, 22, 5, 36),
            "paid_on": date(2025, 12, 31),
        },
        4: dict.fromkeys(["made_at", "pulled_at", "sold_at", "paid_on"]),
    }
    reasons = {row["line_number"]: (row["column_name"], row["reason"]) for row in lab.rejects(path)}
    assert {line: name for line, (name, _) in reasons.items()} == {
        5: "made_at",
        6: "pulled_at",
        7: "sold_at",
        8: "paid_on",
    }
    assert "%m/%d/%Y %I:%M:%S %p or iso" in reasons[7][1]
    assert "%Y%m%dT%H%M%S%z" in reasons[6][1] and "%SZ" not in reasons[6][1]


def test_fields_are_joined_by_a_blank_unless_one_has_nothing(tmp_path: Path) -> None:
    """Guards a time whose hour is missing: a day alone would be read as midnight."""
    lab = lab_of(
        tmp_path,
        [
            column("clicked_at", "timestamp", fields=["day", "clock"]),
            column("name", "varchar(9)", fields=["a.first", "a.last"], null_values=["-"]),
        ],
    )
    rows: list[dict[str, Any]] = [
        {"day": "2026-06-01", "clock": "10:00:00", "a": {"first": "x", "last": "y"}},
        {"day": "2026-06-01", "clock": "", "a": {"first": "x", "last": ""}},
        {"day": "2026-06-01", "a": {"first": "-", "last": "y"}},
        {"day": "2026-06-01", "clock": "25:00:00", "a": {}},
        {"day": "2026-06-01", "clock": "10:00:00", "a": {"first": "long", "last": "longer"}},
    ]
    lab.write("x.ndjson", "\n".join(map(json.dumps, rows)))
    lab.load()
    assert lab.accepted("x.ndjson", ["clicked_at", "name", "_extra"]) == {
        1: {"clicked_at": datetime(2026, 6, 1, 10), "name": "x y", "_extra": None},
        2: {"clicked_at": None, "name": None, "_extra": None},
        3: {"clicked_at": None, "name": None, "_extra": None},
    }
    assert [row["column_name"] for row in lab.rejects("x.ndjson")] == ["clicked_at", "name"]


def test_a_required_part_of_a_column_is_missed_in_a_header(tmp_path: Path) -> None:
    """Guards a renamed half: the file would load with a time that is null everywhere."""
    lab = lab_of(
        tmp_path, [column("clicked_at", "timestamp", fields=["day", "clock"], required=True)]
    )
    lab.write("x.csv", b"day,hour\n2026-06-01,10:00:00\n")
    lab.load_with_trouble()
    assert "clock" in lab.file("x.csv", "set_aside")["reason"]


# --- Wrong contracts -----------------------------------------------------------------------------


def _changed(**meta: Any) -> Callable[[], dict[str, Any]]:
    return lambda: contract_table("things", FILES, [column("thing", "varchar(9)", **meta)])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (_changed(path="account", field="x"), "leave out field"),
        (_changed(path="account", pii="hash"), "leave out field, position and pii"),
        (_changed(fields=["a", "b"], decode=1), "leave out"),
        (
            lambda: contract_table(
                "things",
                FILES,
                [column("thing", "varchar(9)", fields=["a", "b"])],
                pii={"b": "token"},
            ),
            "personal data",
        ),
        (
            lambda: contract_table(
                "things",
                [{"pattern": "*.csv", "format": "csv", "header": False}],
                [column("thing", "varchar(9)", fields=["a", "b"])],
            ),
            "names of its columns",
        ),
        (
            lambda: contract_table("things", FILES, [], timezone={"default": "UTC"}),
            "key of the path",
        ),
        (
            lambda: contract_table("things", FILES, [], timezone={"path": "z", "default": "Mars"}),
            "Mars",
        ),
        (
            lambda: contract_table("things", [{"pattern": "*.xml", "format": "xml"}], []),
            "needs record",
        ),
    ],
)
def test_a_wrong_use_of_an_option_is_one_sentence(
    tmp_path: Path, table: Callable[[], dict[str, Any]], said: str
) -> None:
    """Guards the person who writes a contract, and personal data that a detour would show."""
    lab = Lab(tmp_path)
    write_contract(lab.contracts, [table()])
    assert_says(lab.load_with_trouble(), said, "_lab__sources.yml")


def test_columns_by_position_and_of_the_path_go_together(tmp_path: Path) -> None:
    """Guards a csv without a header, whose columns must all have a position otherwise."""
    lab = Lab(tmp_path)
    columns = [
        column("account_code", "varchar(9)", path="account"),
        column("a", "varchar(9)", position=2),
        column("b", "varchar(9)", position=1),
    ]
    files = [{"pattern": "**/*.csv", "format": "csv", "header": False}]
    write_contract(lab.contracts, [contract_table("things", files, columns)])
    lab.write("account=7/x.csv", b"one,two\n")
    lab.load()
    assert lab.accepted("account=7/x.csv", ["account_code", "a", "b"]) == {
        1: {"account_code": "7", "a": "two", "b": "one"}
    }
