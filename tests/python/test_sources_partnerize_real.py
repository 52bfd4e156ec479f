"""The conversion that Partnerize shows in its own description lands whole, item by item.

The file: ../shared/data/README.md. Every value in it is looked for in the raw table by the
contract's own words, so that a field that leads nowhere is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from loader_helpers import Lab

STAGING = Path(__file__).resolve().parents[2] / "models" / "staging"
FOLDER = "partnerize/conversions/side=publisher/account=111111l92"
ITEM = "conversion_data.conversion_items"


@pytest.fixture(scope="module")
def answer(shared_data: Path) -> dict[str, Any]:
    """Return the vendor's example as it lies there."""
    path = shared_data / "networks" / "vendor_partnerize_partner-conversions.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def lab(answer: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return a warehouse with the example in it: as it is, and as the network would answer."""
    lab = Lab(tmp_path_factory.mktemp("partnerize"))
    lab.contracts = STAGING
    pulled = "pulled_at=20200514T000000Z"
    lab.write(f"{FOLDER}/time_zone=UTC/{pulled}/wrapped.json", json.dumps(answer))
    local = f"{FOLDER}/time_zone=Europe%2FMadrid/{pulled}/answer.json"
    lab.write(local, json.dumps(answer["value"]))
    lab.load()
    return lab


def contract() -> dict[str, Any]:
    """Return the contract of the table."""
    path = STAGING / "partnerize" / "_partnerize__sources.yml"
    tables = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return next(table for table in tables if table["name"] == "conversions")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the paths of the values in a document, the items taken one by one."""
    if isinstance(value, dict) and path not in (
        "conversion_data.meta_data",
        f"{ITEM}.meta_data",
    ):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    elif path == ITEM:
        (item,) = value
        yield from leaves(item, path)
    else:
        yield path, value


def raw_row(lab: Lab, name: str) -> dict[str, Any]:
    """Return the one row that a file became."""
    columns = [column["name"] for column in contract()["columns"]]
    (row,) = lab.rows(
        f"select {', '.join(columns)} from raw.partnerize__conversions"
        f" join raw._files on file_id = _file_id where path like '%{name}'"
    )
    return dict(zip(columns, row, strict=True))


def test_every_field_of_the_example_lands(lab: Lab, answer: dict[str, Any]) -> None:
    conversion = answer["value"]["conversions"][0]
    told = dict(leaves(conversion))
    columns = {
        column["config"]["meta"]["field"]: column
        for column in contract()["columns"]
        if "field" in column.get("config", {}).get("meta", {})
        and column["config"]["meta"].get("pii") != "prefix"
    }
    assert set(told) == set(columns)
    row = raw_row(lab, "wrapped.json")
    for field, value in told.items():
        column = columns[field]
        found = row[column["name"]]
        if value in (None, ""):
            assert found is None, field
        elif "pii" in column["config"]["meta"]:
            assert len(found) == 32 and str(value) not in found, field
        elif column["data_type"] == "timestamp":
            moment = (
                datetime(2020, 5, 13, 15, 30, 4)
                if isinstance(value, int)
                else datetime.fromisoformat(value)
            )
            assert found == moment, field
        elif isinstance(value, dict | list):
            assert json.loads(found) == value, field
        elif isinstance(value, bool):
            assert found is value, field
        elif isinstance(value, int | float) and not isinstance(found, str):
            assert Decimal(found) == Decimal(str(value)), field
        else:
            assert found == str(value), field
    assert row["click_ip_prefix"] == row["referer_ip_prefix"] == "265c:5b77:7721::/48"
    assert row["side"] == "publisher"
    assert row["account_code"] == "111111l92"
    assert row["pulled_at"] == datetime(2020, 5, 14)


def test_times_without_an_offset_are_in_the_zone_of_the_path(lab: Lab) -> None:
    row = raw_row(lab, "answer.json")
    assert row["request_time_zone"] == "Europe/Madrid"
    assert row["converted_at"] == datetime(2020, 3, 8, 16, 18, 33)
    assert row["item_updated_at"] == datetime(2020, 5, 13, 13, 30, 4)
    # Seconds since 1970 are in no zone.
    assert row["click_last_used_at"] == datetime(2020, 5, 13, 15, 30, 4)


def test_the_clicks_of_the_example_are_still_clicks(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Conversions and clicks lie below one folder; each file belongs to one table."""
    lab = Lab(tmp_path_factory.mktemp("partnerize_clicks"))
    lab.contracts = STAGING
    path = shared_data / "networks" / "vendor_partnerize_partner-clicks.json"
    lab.write("partnerize/clicks/2020-03-08.json", path.read_bytes())
    lab.load()
    assert lab.rows("select count(*) from raw.partnerize__clicks") == [(2,)]
