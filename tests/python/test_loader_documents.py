"""Which records a JSON document has: where they are, and one for each element of a list in them.

A network's answer wraps its records, and a record may be a list of what we count. Broken, records
disappear with their money, or come twice.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loader_helpers import Lab, assert_says, column, contract_table, write_contract

COLUMNS = [
    column("item_id", "varchar(20)", field="order.items.id", required=True),
    column("amount", "numeric(18,6)", field="order.items.amount"),
    column("order_id", "varchar(20)", field="order.id"),
    column("note", "varchar(20)", field="order.items.meta.note"),
]
QUERY = "select _line_number, item_id, amount, order_id, note from raw.lab__items order by 1"


def lab_of(tmp_path: Path, **file: Any) -> Lab:
    """Return a lab whose table takes its rows out of JSON documents as ``file`` says."""
    lab = Lab(tmp_path)
    files = [{"pattern": "items/**/*.json*", "format": "json", **file}]
    write_contract(lab.contracts, [contract_table("items", files, COLUMNS)])
    return lab


def test_each_element_of_a_list_is_a_record_with_its_parent(tmp_path: Path) -> None:
    lab = lab_of(tmp_path, rows="$.orders", each="order.items")
    first = {
        "id": "a",
        "items": [{"id": "a1", "amount": 1.25}, {"id": "a2", "meta": {"note": "x"}}],
    }
    second = {"id": "b", "items": [{"id": "b1", "amount": -2}]}
    lab.write("items/page.json", json.dumps({"orders": [{"order": first}, {"order": second}]}))
    lab.load()
    assert [(*row[:2], row[2] and float(row[2]), *row[3:]) for row in lab.rows(QUERY)] == [
        (1, "a1", 1.25, "a", None),
        (2, "a2", None, "a", "x"),
        (3, "b1", -2.0, "b", None),
    ]
    lab.assert_accounted()


def test_a_record_without_elements_stays_a_record(tmp_path: Path) -> None:
    """Else a conversion whose list of items is empty would be gone without a word."""
    lab = lab_of(tmp_path, rows="$.orders", each="order.items")
    orders = [
        {"order": {"id": "empty", "items": []}},
        {"order": {"id": "none"}},
        {"order": {"id": "nothing", "items": [None]}},
        {"order": {"id": "single", "items": {"id": "s1"}}},
        7,
        {"order": {"id": "last", "items": [{"id": "l1"}]}},
    ]
    lab.write("items/page.json", json.dumps({"orders": orders}))
    lab.load()
    # An object where the list should be is its only element.
    assert [row[:2] for row in lab.rows(QUERY)] == [(4, "s1"), (6, "l1")]
    rejects = lab.rejects("items/page.json")
    assert [(r["line_number"], r["column_name"]) for r in rejects] == [
        (1, "item_id"),
        (2, "item_id"),
        (3, "item_id"),
        (5, None),
    ]
    assert "empty" in rejects[0]["raw_text"]
    lab.assert_accounted()


def test_the_first_path_that_leads_to_an_array_has_the_rows(tmp_path: Path) -> None:
    lab = lab_of(tmp_path, rows=["$.orders", "$.value.orders"], each="order.items")
    orders = [{"order": {"id": "a", "items": [{"id": "a1"}]}}]
    lab.write("items/plain.json", json.dumps({"orders": orders}))
    lab.write("items/wrapped.json", json.dumps({"value": {"orders": orders}}))
    lab.write("items/bare.json", json.dumps(orders))
    lab.load()
    assert lab.rows("select count(*) from raw.lab__items") == [(3,)]
    lab.write("items/other.json", json.dumps({"orders": {}}))
    outcome = lab.load_with_trouble()
    assert_says(outcome, "no array of records at $.orders or $.value.orders")


@pytest.mark.parametrize("file_format", ["ndjson", "csv"])
def test_only_a_document_is_cut(tmp_path: Path, file_format: str) -> None:
    """A line is a record; cut, its number would no longer lead to it."""
    lab = lab_of(tmp_path, format=file_format, each="order.items")
    lab.write("items/page.json", "{}")
    assert_says(lab.load_with_trouble(), "each of items/**/*.json* cuts the rows", file_format)


@pytest.mark.parametrize("file_format", ["json", "ndjson"])
def test_a_key_may_have_the_dots_of_a_field_in_it(tmp_path: Path, file_format: str) -> None:
    """TUNE names its fields `Stat.payout`: in some exports that is the key, in others a path."""
    lab = lab_of(tmp_path, format=file_format, dotted_keys=True)
    records = [
        {"order.items.id": "flat", "order.items.amount": "1.5", "order.id": None},
        {"order": {"id": "a", "items": {"id": "nested", "amount": 2.5}}},
        {"order": {"id": "b"}, "order.items.id": "mixed", "order.items.more": 1},
    ]
    lines = "\n".join(map(json.dumps, records))
    lab.write("items/page.json", lines if file_format == "ndjson" else json.dumps(records))
    lab.load()
    assert lab.rows(
        "select item_id, cast(amount as varchar(20)), order_id, _extra from raw.lab__items"
        " order by _line_number"
    ) == [
        ("flat", "1.500000", None, None),
        ("nested", "2.500000", "a", None),
        ("mixed", None, "b", '{"order.items.more":1}'),
    ]
    lab.assert_accounted()


def test_without_leave_a_dot_leads_into_the_record(tmp_path: Path) -> None:
    """To look for every field twice costs time that most sources need not spend."""
    lab = lab_of(tmp_path)
    records = [{"order.items.id": "flat"}, {"order": {"items": {"id": "nested"}}}]
    lab.write("items/page.json", json.dumps(records))
    lab.load()
    assert lab.rows("select item_id from raw.lab__items") == [("nested",)]
    assert [r["column_name"] for r in lab.rejects("items/page.json")] == ["item_id"]
