"""The demo's reports differ from our numbers by the planted causes, and by nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouses import Warehouse, demo_landing

MEASURES = ("sale_amount", "commission_amount", "network_fee_amount")
# The column in which the cause of a planted difference must be found.
COLUMNS = {
    "late_rows": "by_late_rows", "fee_not_in_feed": "by_fee", "unexplained": "accepted",
}  # fmt: skip
# The accounting feed of Rakuten is so many days behind.
ACCOUNTED_AFTER = dt.timedelta(days=16)
Found = dict[tuple[str, ...], Decimal]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_landing(
        tmp_path_factory.mktemp("reconciliation_demo"), "--clicks", "6000", "--days", "60"
    )


@pytest.fixture(scope="module")
def warehouse(landing: Path) -> Warehouse:
    built = Warehouse("duckdb", landing.parent)
    built.load(landing)
    built.dbt(
        *("build", "--exclude-resource-type", "test", "unit_test"),
        *("--select", "+rec_network_daily"),
    )
    return built


@pytest.fixture(scope="module")
def truth(landing: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            f"create table truth as from read_parquet('{landing}/_truth/commissions.parquet')"
        )
        connection.execute(
            "create table changes as"
            f" from read_parquet('{landing}/_truth/commission_changes.parquet')"
        )
        yield connection


def found(warehouse: Warehouse, column: str) -> Found:
    """What a column says where it says anything, by line and measure."""
    return {
        tuple(map(str, row[:-1])): Decimal(str(row[-1]))
        for row in warehouse.query(
            "select network_code, side, account_code, reported_date, currency_code, measure,"
            f" {column} from marts.rec_network_daily"
            f" where {column} != 0 and measure != 'sales'"
        )
    }


def planted(landing: Path, cause: str) -> Found:
    expected: dict[str, Any] = json.loads((landing / "_truth" / "expected.json").read_text())
    amounts: Found = defaultdict(Decimal)
    for one in expected["money"]["reports"]["differences"]:
        if one["kind"] == "report" and one["cause"] == cause:
            line = tuple(one[name] for name in ("network", "side", "account", "key", "currency"))
            for measure in MEASURES:
                amounts[*line, measure] += Decimal(one[measure])
    return {key: amount for key, amount in amounts.items() if amount}


@pytest.mark.parametrize("cause", COLUMNS)
def test_what_was_planted_is_found_with_its_amount_and_nothing_else(
    warehouse: Warehouse, landing: Path, cause: str
) -> None:
    wanted = planted(landing, cause)
    assert wanted or cause == "late_rows"
    assert found(warehouse, COLUMNS[cause]) == wanted


def test_nothing_is_unexplained(warehouse: Warehouse) -> None:
    assert found(warehouse, "unexplained") == {}
    [(sales,)] = warehouse.query(
        "select count(*) from marts.rec_network_daily where unexplained != 0"
    )
    assert sales == 0


def test_only_what_the_accounting_feed_has_not_told_is_provisional(
    warehouse: Warehouse, truth: duckdb.DuckDBPyConnection
) -> None:
    [(last,)] = warehouse.query("select max(reported_date) from marts.rec_network_daily")
    assert isinstance(last, dt.date)
    recently = {
        (str(day), str(currency))
        for day, currency in truth.execute(
            "select truth.sold_at::date, truth.currency from truth inner join changes"
            " using (network, commission_code) where network = 'rakuten' and changed_at >= ?",
            [last - ACCOUNTED_AFTER],
        ).fetchall()
    }
    lines = found(warehouse, "by_provisional")
    assert lines
    for network, _, _, day, currency, _ in lines:
        assert network == "rakuten"
        assert (day, currency) in recently


def total(warehouse: Warehouse, column: str, network: str) -> Found:
    rows = warehouse.query(
        f"select currency_code, measure, sum({column}) from marts.rec_network_daily"
        f" where network_code = '{network}' group by all having sum({column}) != 0"
    )
    return {(str(row[0]), str(row[1])): Decimal(str(row[2])) for row in rows}


@pytest.mark.parametrize("network", ["partnerize", "everflow", "rakuten"])
def test_gross_reports_have_what_was_reversed(
    warehouse: Warehouse, truth: duckdb.DuckDBPyConnection, network: str
) -> None:
    wanted = {
        (currency, measure): Decimal(amount)
        for currency, sale, commission in truth.execute(
            "select currency, sum(sale_amount), sum(commission_amount) from truth"
            " where network = ? and status = 'reversed' and is_delivered group by all",
            [network],
        ).fetchall()
        for measure, amount in (("sale_amount", sale), ("commission_amount", commission))
        if amount
    }
    measures = ("sale_amount", "commission_amount")
    told = total(warehouse, "by_gross_or_net", network)
    assert wanted
    assert {key: amount for key, amount in told.items() if key[1] in measures} == wanted


@pytest.mark.parametrize("network", ["impact", "everflow"])
def test_reports_without_bonuses_leave_them_out(
    warehouse: Warehouse, truth: duckdb.DuckDBPyConnection, network: str
) -> None:
    wanted = {
        (str(currency), "commission_amount"): -Decimal(amount)
        for currency, amount in truth.execute(
            "select currency, sum(commission_amount) from truth"
            " where network = ? and kind = 'bonus' and is_delivered"
            " and (network != 'impact' or status not in ('reversed', 'deleted')) group by all",
            [network],
        ).fetchall()
    }
    told = total(warehouse, "by_bonus", network)
    assert wanted
    assert {key: told[key] for key in told if key[1] == "commission_amount"} == wanted


def test_causes_that_move_sales_between_days_move_all_of_them(warehouse: Warehouse) -> None:
    rows = warehouse.query(
        "select network_code, account_code, currency_code, measure,"
        " sum(by_time_zone + by_basis), max(abs(by_time_zone + by_basis))"
        " from marts.rec_network_daily group by all"
    )
    assert [row for row in rows if row[4]] == []
    assert {row[0] for row in rows if row[5]} >= {"awin", "cj", "ebay", "everflow", "impact"}
