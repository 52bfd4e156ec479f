"""The demo's clicks of every source come out as the demo's truth says, on both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from warehouses import DATABASE, Warehouse, demo_landing

CLICKS = "intermediate.int_clicks__unioned"
WITH_CANDIDATES = ("access_log", "alb", "cloudfront", "ga4", "snowplow")


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small demo of every source."""
    return demo_landing(tmp_path_factory.mktemp("demo"), "--clicks", "3000", "--days", "14")


@pytest.fixture(scope="module")
def truth(landing: Path) -> dict[str, dict[str, Any]]:
    """Return what each source of the demo holds."""
    expected = json.loads((landing / "_truth" / "expected.json").read_text(encoding="utf-8"))
    return {name: said for name, said in expected["sources"].items() if said["clicks"]}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    landing: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Return a warehouse with the demo in it, and everything up to the list of clicks built."""
    folder = tmp_path_factory.mktemp("sources")
    target = str(request.param)
    settings = {}
    if target == "postgres":
        server = request.getfixturevalue("postgres_server")
        settings = server.create_database(DATABASE)
    warehouse = Warehouse(target, folder, settings)
    warehouse.load(landing)
    warehouse.dbt(
        "build",
        *("--exclude-resource-type", "test", "unit_test"),
        *("--select", "click_rules countries +int_clicks__unioned +int_clicks__candidates_counted"),
    )
    yield warehouse
    if target == "postgres":
        server.drop_database(DATABASE)


def by_source(rows: list[tuple[object, ...]]) -> dict[object, object]:
    """Return the second column by the first."""
    return {row[0]: row[1] for row in rows}


def test_every_click_of_the_demo_is_there_once(
    warehouse: Warehouse, truth: dict[str, dict[str, Any]]
) -> None:
    """As many different events as the demo made, for each source: none lost, none made up."""
    found = warehouse.query(
        f"select source_name, count(distinct event_id) from {CLICKS} group by source_name"
    )
    assert by_source(found) == {name: said["clicks"] for name, said in truth.items()}


def test_every_delivery_of_a_click_is_there(
    warehouse: Warehouse, truth: dict[str, dict[str, Any]]
) -> None:
    """Records less the malformed ones and the pages that are no clicks."""
    found = warehouse.query(f"select source_name, count(*) from {CLICKS} group by source_name")
    assert by_source(found) == {
        name: said["records"] - said["malformed"] - said["page_views"]
        for name, said in truth.items()
    }


def test_requests_are_clicks_and_others(
    warehouse: Warehouse, truth: dict[str, dict[str, Any]]
) -> None:
    found = warehouse.query(
        """
        select
            source_name,
            cast(sum(requests) as bigint),
            cast(sum(clicks) as bigint),
            cast(sum(others) as bigint)
        from intermediate.int_clicks__candidates_counted
        group by source_name
        """
    )
    assert {row[0]: row[1:] for row in found} == {
        name: (
            truth[name]["records"] - truth[name]["malformed"],
            truth[name]["clicks"] + truth[name]["repeated"],
            truth[name]["page_views"],
        )
        for name in WITH_CANDIDATES
    }


def test_every_click_has_its_identity_its_moment_and_its_line(warehouse: Warehouse) -> None:
    found = warehouse.query(
        f"""
        select count(*)
        from {CLICKS}
        where
            event_id is null or clicked_at is null or file_id is null or line_number is null
            or loaded_at is null
        """
    )
    assert found == [(0,)]


def test_what_a_network_sent_names_its_partner_and_its_program(warehouse: Warehouse) -> None:
    """A click of a network without an id of the partner could never be reported for it."""
    found = warehouse.query(
        f"""
        select source_name, count(*)
        from {CLICKS}
        where
            network_code is not null
            and (partner_source_id is null or program_source_id is null or utm_medium is null)
            and source_name != 'redirector'
        group by source_name
        """
    )
    assert found == []


def scans(plan: Any) -> Iterator[tuple[str, str]]:
    """Yield each table that a plan reads, with the filter that is applied while it is read."""
    if isinstance(plan, list):
        for part in plan:
            yield from scans(part)
    elif isinstance(plan, dict):
        details = plan.get("extra_info", plan)
        table = details.get("Table") or details.get("Relation Name") if details else None
        if table:
            conditions = ("Filters", "Filter", "Index Cond", "Recheck Cond")
            yield str(table).split(".")[-1], str([details.get(name) for name in conditions])
        for part in plan.values():
            yield from scans(part)


@pytest.mark.parametrize(
    "view", ["intermediate.int_clicks__unioned", "intermediate.int_clicks__candidates"]
)
def test_a_filter_on_the_file_reaches_the_stored_tables(warehouse: Warehouse, view: str) -> None:
    """Incremental models ask for the clicks of a few files: the others must not be computed."""
    files = warehouse.query(f"select min(file_id) from {view} group by source_name")
    listed = ", ".join(str(row[0]) for row in files)
    (plan,) = warehouse.query(
        f"explain (format json) select * from {view} where file_id in ({listed})"
    )
    tree = json.loads(plan[-1]) if isinstance(plan[-1], str) else plan[-1]
    found = {table: condition for table, condition in scans(tree) if "__" in table}
    # Four raw tables and the stored clicks among requests; the raw tables of the five logs.
    assert len(found) == 5
    assert [table for table, condition in found.items() if "file_id" not in condition] == []
