"""The contracts: complete, consistent, and covering every field that the vendors show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

STAGING = Path(__file__).resolve().parents[2] / "models" / "staging"
LINEAGE = ["_file_id", "_line_number", "_batch_id", "_loaded_at", "_extra"]
TYPES = r"bigint|integer|boolean|date|timestamp|numeric\(\d+,\d+\)|varchar\(\d+\)"


def tables() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every table of every contract with the name of its source."""
    for path in sorted(STAGING.glob("*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                yield source["name"], table


def landed() -> list[tuple[str, dict[str, Any]]]:
    """Return the tables that files land in."""
    return [(source, table) for source, table in tables() if "config" in table]


def meta(column: dict[str, Any]) -> dict[str, Any]:
    """Return what a contract says about a column beyond name and type."""
    said: dict[str, Any] = column.get("config", {}).get("meta", {})
    return said


def fields(table: dict[str, Any]) -> set[str]:
    """Return the fields of a record that the contract reads or hides."""
    own = [c for c in table["columns"] if c["name"][0] != "_" and "path" not in meta(c)]
    read = {meta(c).get("sum", meta(c).get("field", c["name"])) for c in own}
    return read | set(table["config"]["meta"]["landing"].get("pii", {}))


def table_of(name: str) -> dict[str, Any]:
    """Return the table of a source's clicks or events, which is its last one."""
    return [table for source, table in tables() if source == name][-1]


@pytest.mark.parametrize(("source", "table"), landed(), ids=lambda x: str(x)[:20])
def test_a_contract_is_complete(source: str, table: dict[str, Any]) -> None:
    landing = table["config"]["meta"]["landing"]
    names = [column["name"] for column in table["columns"]]
    assert table["identifier"] == f"{source}__{table['name']}"
    assert names[-5:] == LINEAGE
    assert len(names) == len(set(names))
    assert landing["event_time"] in names
    assert landing.get("user_agent", names[0]) in names
    assert all(f["pattern"].startswith(f"{source}/") for f in landing["files"])
    for column in table["columns"]:
        assert column["description"], column["name"]
        assert re.fullmatch(TYPES, column["data_type"]), column
        field = meta(column).get("field", column["name"])
        assert ("pii" in meta(column)) == (field in landing.get("pii", {})), column["name"]


@pytest.mark.parametrize(("source", "table"), landed(), ids=lambda x: str(x)[:20])
def test_staging_keeps_every_column_and_every_row(source: str, table: dict[str, Any]) -> None:
    """A column that staging forgets would be paid for in raw and seen by nobody."""
    sql = (STAGING / source / f"stg_{source}__{table['name']}.sql").read_text(encoding="utf-8")
    final = sql.split("final as (")[1]
    for column in table["columns"]:
        if column["name"] != "_batch_id":
            assert re.search(rf"\b{column['name']}\b", final), column["name"]
    assert not re.search(r"\b(where|distinct|group by|join|limit)\b", sql)


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the values in a JSON document."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from leaves(value[0], f"{path}[0]")
    else:
        yield path


def test_every_field_of_impacts_example_lands(shared_data: Path) -> None:
    example = shared_data / "networks" / "vendor_impact_v16_field_examples.json"
    click = json.loads(example.read_text(encoding="utf-8"))["Click"]
    assert set(leaves(click)) <= fields(table_of("impact"))


def test_every_field_of_partnerizes_example_lands(shared_data: Path) -> None:
    example = shared_data / "networks" / "vendor_partnerize_partner-clicks.json"
    answer = json.loads(example.read_text(encoding="utf-8"))["value"]
    table = table_of("partnerize")
    rows = next(f["rows"] for f in table["config"]["meta"]["landing"]["files"] if "rows" in f)
    assert rows == ["$.clicks", "$.value.clicks"]
    for row in answer["clicks"]:
        assert set(leaves(row)) <= fields(table)


def test_every_field_that_everflow_documents_lands() -> None:
    """The columns of a raw click in the vendor's documentation."""
    documented = {
        *("transaction_id", "is_unique", "unix_timestamp", "tracking_url", "source_id"),
        *("sub1", "sub2", "sub3", "sub4", "sub5", "payout", "payout_type", "revenue", "referer"),
        *("error_code", "error_message", "user_ip", "is_view_through", "is_test_mode"),
        *("has_conversion", "creative_id", "currency_id", "coupon_code", "url"),
        *("redirect_method", "error_filter_id"),
    }
    assert documented <= fields(table_of("everflow"))


def test_snowplow_names_the_131_columns_of_the_format() -> None:
    table = table_of("snowplow")
    (file,) = table["config"]["meta"]["landing"]["files"]
    assert len(file["names"]) == len(set(file["names"])) == 131
    assert file["names"][6] == "event_id"
    assert file["names"][-1] == "true_tstamp"
    assert fields(table) <= set(file["names"])


def test_the_redirectors_file_format_is_fixed() -> None:
    """Our own tracker writes these fields; a renamed one would silently become null."""
    assert fields(table_of("redirector")) == {
        *("event_id", "event_time", "network", "advertiser_id", "partner_id", "program_id"),
        *("campaign_id", "creative_id", "sub_id", "landing_url", "referrer_url", "user_agent"),
        *("ip", "country", "cookie_id", "cpc", "currency"),
        # What only some trackers write, for the rules that judge clicks.
        *("request_method", "request_purpose", "page_viewed_at", "is_test"),
    }
