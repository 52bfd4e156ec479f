"""The clicks found for the demo's commissions, against the click that each of them came from.

`WRITE_DOCS=1` writes what is measured into docs/commissions.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pages import hold_tables, table
from warehouses import ROOT, Warehouse

PAGE = ROOT / "docs" / "commissions.md"
METHODS = ("click_id", "sub_id", "click_time", "last_click")
# The confidence on a row says how often such a match is right. Few of the demo's matches are by the
# last click, so one wrong among them weighs much.
MARGIN = {"click_id": 0.0, "sub_id": 0.0, "click_time": 0.02, "last_click": 0.15}
# Amazon names no click, partner or order that a click has; its commissions have ids of our own.
UNKNOWABLE = ("amazon",)
# eBay names neither our partner nor the brand: only the sub id tells.
LEAST_FOUND = {"ebay": 0.75}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection with a table `matched`: a commission, its true click, the found one."""
    folder = tmp_path_factory.mktemp("matched_demo")
    warehouse = Warehouse("duckdb", folder)
    truth = folder / "truth"
    warehouse.run(
        *(sys.executable, "scripts/make_demo.py", "--landing", str(folder / "landing")),
        *("--truth", str(truth), "--clicks", "40000"),
    )
    warehouse.load(folder / "landing")
    warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "unit_test"),
        *("--select", "+fct_commission_match_rates"),
    )
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.file}' as built (read_only)")
        connection.execute(_matched(truth))
        yield connection


def _matched(truth: Path) -> str:
    return f"""
        create table matched as
        with clicks as (
            select said.click_number, min(received.click_id) as click_id
            from read_parquet('{truth}/*/*.parquet', union_by_name=true) as said
            inner join built.staging.stg_loader__files as files on said.file = files.path
            inner join built.intermediate.int_clicks__received as received
                on files.file_id = received.file_id and said.line_number = received.line_number
            where said.record_kind = 'click' and files.status = 'loaded'
            group by said.click_number
        )
        select
            commissions.network_code,
            commissions.match_method,
            commissions.match_confidence,
            clicks.click_id as true_click_id,
            commissions.click_id,
            commissions.clicked_at,
            commissions.occurred_at
        from built.marts.fct_commissions as commissions
        inner join read_parquet('{truth}/commissions.parquet') as said
            on
                commissions.network_code = said.network
                and commissions.commission_code = said.commission_code
        left join clicks using (click_number)
    """


_BY_METHOD = """
    select
        match_method,
        min(match_confidence),
        max(match_confidence),
        count(*),
        count(*) filter (click_id = true_click_id)
    from matched where click_id is not null group by match_method
"""
_BY_NETWORK = """
    select
        network_code,
        count(*),
        count(true_click_id),
        count(click_id),
        count(*) filter (click_id = true_click_id)
    from matched group by network_code order by network_code
"""


def test_a_match_is_right_as_often_as_its_confidence_says(
    demo: duckdb.DuckDBPyConnection,
) -> None:
    found = {row[0]: row[1:] for row in demo.sql(_BY_METHOD).fetchall()}
    assert set(found) == set(METHODS)
    for method, (least, _, matches, right) in found.items():
        assert right / matches >= float(least) - MARGIN[method], (method, matches, right)
    assert found["click_id"][2] > 50 and found["sub_id"][2] > 500 and found["click_time"][2] > 100


def test_of_every_network_most_clicks_are_found_and_hardly_any_is_wrong(
    demo: duckdb.DuckDBPyConnection,
) -> None:
    found = {row[0]: row[1:] for row in demo.sql(_BY_NETWORK).fetchall()}
    assert len(found) == 10 - len(UNKNOWABLE)
    for network, (_, findable, matches, right) in found.items():
        assert right / matches >= 0.97, (network, matches, right)
        # Some clicks are in no source that names their network: those cannot be found.
        assert right / findable >= LEAST_FOUND.get(network, 0.82), (network, findable, right)


def test_no_click_is_after_its_commission(demo: duckdb.DuckDBPyConnection) -> None:
    assert (
        demo.sql(
            "select * from matched where click_id is not null and clicked_at > occurred_at"
        ).fetchall()
        == []
    )


def test_the_rates_hold_every_commission(demo: duckdb.DuckDBPyConnection) -> None:
    rates = demo.sql(
        "select match_method, sum(commissions)::bigint, sum(net_commission_amount)"
        " from built.marts.fct_commission_match_rates group by all order by all"
    ).fetchall()
    commissions = demo.sql(
        "select match_method, count(*), sum(net_commission_amount)"
        " from built.marts.fct_commissions group by all order by all"
    ).fetchall()
    assert rates == commissions


def test_the_page_says_what_is_measured(demo: duckdb.DuckDBPyConnection) -> None:
    by_method = {row[0]: row[1:] for row in demo.sql(_BY_METHOD).fetchall()}
    methods = [
        (f"`{method}`", _between(least, most), matches, right, f"{right / matches:.1%}")
        for method in METHODS
        for least, most, matches, right in [by_method[method]]
    ]
    networks = [
        (network, commissions, findable, matches, right, f"{right / matches:.1%}",
         f"{right / findable:.1%}")
        for network, commissions, findable, matches, right in demo.sql(_BY_NETWORK).fetchall()
    ]  # fmt: skip
    hold_tables(PAGE, {
        "methods": table("method, confidence, matches, right, precision", methods),
        "networks matched": table(
            "network, commissions, with a click of ours, matched, right, precision, recall",
            networks,
        ),
    })  # fmt: skip


def _between(least: object, most: object) -> str:
    return str(most) if least == most else f"{least} to {most}"
