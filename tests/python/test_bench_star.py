"""The star that the benchmark writes by hand has the rows that dbt builds, so it is a fair measure.

Broken, the benchmark compares our build with a script that does less.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from clickstar_bench import by_hand
from clickstar_bench.by_hand import SCHEMA, marts_of_script, run_script, same_work
from clickstar_bench.measure import BenchError
from warehouses import Warehouse, demo_landing

CLICKS = "3000"
# The script does not judge clicks: what that costs is a part of the benchmark of its own. Nor has
# it the calendars of advertisers, and what stewards say of creatives.
LEFT_OUT = {
    "dim_advertiser": {"fiscal_calendar_code"},
    "dim_advertiser_current": {"fiscal_calendar_code"},
    "dim_creative": {"creative_code", "creative_type", "width", "height"},
    "fct_clicks": {"click_quality_key", "click_class", "rule_version", "is_suspect"},
    "fct_daily_performance": {"unique_clicks", "duplicate_clicks", "invalid_clicks"},
}
NOT_MADE = {
    "dim_brand",
    "dim_date",
    "dim_click_quality",
    "dim_commission_status",
    "dim_fiscal_date",
    "dim_network_account",
    "dim_product_category",
    "fct_commission_events",
    "fct_commission_match_rates",
    "fct_commission_restatements",
    "fct_commissions",
    "fct_commissions_as_of",
    "fct_costs",
    "fct_late_events",
    "fct_network_reports",
    "fct_partner_concentration",
    "fct_partner_rule_hits",
    "fct_payments",
    "fct_quarantined_sessions",
    "fct_sessions",
    "fct_targets",
    "fct_unmapped_members",
    "rec_network_daily",
}
# What our marts need and the script does not do: not counted against it.
NOT_ITS_WORK = {
    "calendar",
    "click_quality",
    "commissions",
    "money",
    "networks",
    "page_views",
    "sessions",
    "user_agents",
}
# Nor does it look at page views, which bring devices of their own.
OF_CLICKS = {
    "dim_device": "where device_key = -1 or device_key in (select device_key from marts.fct_clicks)"
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a DuckDB file with a demo, the marts that dbt built of it, and those of the script."""
    folder = tmp_path_factory.mktemp("star")
    built = Warehouse("duckdb", folder)
    landing = demo_landing(folder, "--clicks", CLICKS)
    # Commissions and reports bring ids of their own; the script is about clicks.
    for folder_of_pull in [*landing.rglob("pulled_at=*")]:
        shutil.rmtree(folder_of_pull)
    built.load(landing)
    built.dbt("build", "--exclude-resource-type", "test", "unit_test")
    run_script(built.file, built.environment)
    return built.file


def columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> set[str]:
    """Return the names of a table's columns."""
    return {
        str(row[0])
        for row in connection.execute(
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ?",
            [schema, table],
        ).fetchall()
    }


def test_the_script_makes_every_mart_but_the_calendar(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
    made = set(marts_of_script(warehouse))
    assert {str(row[0]) for row in marts} - made <= NOT_MADE
    assert made - {str(row[0]) for row in marts} == set()


def test_the_script_makes_the_rows_of_the_marts(warehouse: Path) -> None:
    different = []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in marts_of_script(warehouse):
            names = columns(connection, SCHEMA, table)
            ours = columns(connection, "marts", table)
            assert names == ours - LEFT_OUT.get(table, set()), table
            listed = ", ".join(f'"{name}"' for name in sorted(names))
            one = f"select {listed} from {SCHEMA}.{table}"
            other = f"select {listed} from marts.{table} {OF_CLICKS.get(table, '')}"
            [[rows, missing, more]] = connection.execute(
                f"select (select count(*) from ({other})), "
                f"(select count(*) from ({other} except all {one})), "
                f"(select count(*) from ({one} except all {other}))"
            ).fetchall()
            if rows == 0 or missing or more:
                different.append((table, rows, missing, more))
    assert different == []


def test_our_models_that_do_the_work_of_the_script_are_counted(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the ratio: a folder that is renamed or new would not count, and look like speed."""
    manifest = warehouse.parent / "target" / "manifest.json"
    counted = same_work(manifest)
    document = json.loads(manifest.read_text())
    names = {node["name"]: unique_id for unique_id, node in document["nodes"].items()}
    waiting = [names[mart] for mart in marts_of_script(warehouse)]
    needed: set[str] = set()
    while waiting:
        unique_id = waiting.pop()
        if unique_id in document["nodes"] and unique_id not in needed:
            needed.add(unique_id)
            waiting += document["parent_map"][unique_id]
    paths = {document["nodes"][name]["original_file_path"] for name in needed - counted}
    assert {Path(path).parts[2] for path in paths if Path(path).parts[1] == "intermediate"} == (
        NOT_ITS_WORK
    )
    assert {path for path in paths if Path(path).parts[1] != "intermediate"} == set()
    assert any(name.startswith("test.") for name in counted)
    monkeypatch.setattr(by_hand, "SAME_WORK", (*by_hand.SAME_WORK, "models/renamed/"))
    with pytest.raises(BenchError, match="models/renamed/ has no model"):
        same_work(manifest)
