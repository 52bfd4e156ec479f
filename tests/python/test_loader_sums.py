"""A column may be the sum over a list inside a record: exact, and of the whole list or none."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loader_helpers import Lab, assert_says, column, contract_table, write_contract


def test_a_column_may_be_the_sum_over_a_list(tmp_path: Path) -> None:
    """Guards the check of a total against its parts: a sum of some of them would look like one."""
    lab = Lab(tmp_path)
    columns = [
        column("id", "integer", required=True),
        column("parts", "varchar(200)"),
        column("total", "numeric(18,6)", sum="parts[].amount"),
    ]
    files = [{"pattern": "*.json", "format": "json"}, {"pattern": "*.ndjson", "format": "ndjson"}]
    write_contract(lab.contracts, [contract_table("sums", files, columns)])
    parts: list[Any] = [
        [{"amount": 0.1}, {"amount": "0.2"}, {"amount": -1e1}, {"amount": 7, "other": 1}],
        [{"amount": 1}, {"amount": None}],
        [{"amount": 1}, {"other": 1}],
        [],
        None,
        "none",
        [{"amount": 1}, {"amount": "many"}],
        [{"amount": "1e30"}],
        # More digits than a floating point number has.
        [{"amount": 99_999_999_999}, {"amount": 0.000001}],
    ]
    rows = [{"id": number, "parts": value} for number, value in enumerate(parts, 1)]
    lab.write("one.json", json.dumps(rows))
    lab.write("one.ndjson", "\n".join(json.dumps(row) for row in [*rows, {"id": 10}]))
    lab.load()
    for path in ("one.json", "one.ndjson"):
        found = {line: row["total"] for line, row in lab.accepted(path, ["total"]).items()}
        assert found.pop(10, None) is None
        sums = {1: Decimal("-2.7"), 9: Decimal("99999999999.000001")}
        assert found == dict.fromkeys(range(2, 7), None) | sums
        rejected = {row["line_number"]: row["reason"] for row in lab.rejects(path)}
        assert rejected == dict.fromkeys((7, 8), "not a number of numeric(18,6)")
    lab.write("two.ndjson", "not JSON\n" + json.dumps(rows[0]))
    lab.load()
    assert [row["line_number"] for row in lab.rejects("two.ndjson")] == [1]
    assert lab.accepted("two.ndjson", ["total"])[2]["total"] == Decimal("-2.7")


@pytest.mark.parametrize(
    ("file_format", "data_type", "meta", "said"),
    [
        ("json", "numeric(18,6)", {"sum": "parts.amount"}, "write list[].member"),
        ("json", "numeric(18,6)", {"sum": "parts[].amount", "field": "x"}, "no field beside it"),
        ("json", "double precision", {"sum": "parts[].amount"}, "needs a numeric data_type"),
        ("csv", "numeric(18,6)", {"sum": "parts[].amount"}, "only files of json"),
    ],
)
def test_a_sum_that_cannot_be_is_refused(
    tmp_path: Path, file_format: str, data_type: str, meta: dict[str, str], said: str
) -> None:
    """Guards the contract's author: otherwise the column would be null without a word."""
    lab = Lab(tmp_path)
    files = [{"pattern": "*.x", "format": file_format}]
    columns = [column("id", "integer"), column("total", data_type, **meta)]
    write_contract(lab.contracts, [contract_table("sums", files, columns)])
    assert_says(lab.load_with_trouble(), "column total", said)
