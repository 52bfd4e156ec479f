"""The demo's reports differ from our numbers by the planted causes, and by nothing else.

So do the ids that its master data does not map, and the names that its networks deliver for them.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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
        *("--select", "+rec_network_daily", "+fct_unmapped_members"),
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
            f" where {column} != 0 and measure not in ('sales', 'clicks')"
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
        "select count(*) from marts.rec_network_daily"
        " where unexplained != 0 and measure != 'clicks'"
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
        " from marts.rec_network_daily where measure != 'clicks' group by all"
    )
    assert [row for row in rows if row[4]] == []
    assert {row[0] for row in rows if row[5]} >= {"awin", "cj", "ebay", "everflow", "impact"}


# ---------------------------------------------------------------------------- clicks
# What a report counts: the classes of our clicks.
CLASSES = {"gross": ("unique", "duplicate", "invalid"), "valid": ("unique", "duplicate")}
STEPS = ("ours", "by_duplicates", "by_filters", "by_time_zone", "by_late_rows")


@pytest.fixture(scope="module")
def said_of_clicks(landing: Path) -> dict[tuple[str, str], list[dict[str, str]]]:
    """What the last pull of each account's dashboard says of clicks, as its file has it."""
    with sorted((landing / "network_reports").rglob("*.csv"))[-1].open(newline="") as file:
        accounts: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for row in csv.DictReader(file):
            if row["clicks"]:
                accounts[row["network_code"], row["account_code"]].append(row)
    return accounts


def test_only_dashboards_that_say_clicks_are_compared(
    warehouse: Warehouse, said_of_clicks: dict[tuple[str, str], list[dict[str, str]]]
) -> None:
    compared = warehouse.query(
        "select distinct network_code, account_code from marts.rec_network_daily"
        " where measure = 'clicks'"
    )
    assert set(compared) == set(said_of_clicks)
    assert not {network for network, _ in said_of_clicks} & {"cj", "awin"}
    kinds = {row["counted_clicks"] for rows in said_of_clicks.values() for row in rows}
    assert kinds == set(CLASSES)


def test_the_steps_of_the_clicks_are_those_counted_one_by_one(
    warehouse: Warehouse, said_of_clicks: dict[tuple[str, str], list[dict[str, str]]]
) -> None:
    """Walks through the clicks with clocks of the standard library, report by report."""
    clicks: dict[str, list[tuple[str, dt.datetime]]] = defaultdict(list)
    for network, click_class, clicked_at in warehouse.query(
        "select network_code, click_class, clicked_at from marts.fct_clicks"
        " inner join marts.dim_network using (network_key)"
    ):
        assert isinstance(clicked_at, dt.datetime)
        clicks[str(network)].append((str(click_class), clicked_at))
    [(first, last)] = warehouse.query(
        "select min(reported_date), max(reported_date) from marts.rec_network_daily"
    )
    wanted: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(STEPS, 0))
    for (network, _), rows in said_of_clicks.items():
        zone, until = ZoneInfo(rows[0]["time_zone"]), rows[0]["sales_until"]
        counted = CLASSES[rows[0]["counted_clicks"]]
        for click_class, clicked_at in clicks[network]:
            own = wanted[network, str(clicked_at.date())]
            local = clicked_at.replace(tzinfo=dt.UTC).astimezone(zone)
            there = wanted[network, f"{local:%Y-%m-%d}"]
            own["ours"] += click_class == "unique"
            if click_class not in counted:
                continue
            own["by_duplicates"] += click_class == "duplicate"
            own["by_filters"] += click_class == "invalid"
            own["by_time_zone"] -= 1
            there["by_time_zone"] += 1
            there["by_late_rows"] -= bool(until) and f"{clicked_at:%Y-%m-%d %H:%M:%S}" >= until
    found = {
        (str(row[0]), str(row[1])): dict(zip(STEPS, map(int, map(str, row[2:])), strict=True))
        for row in warehouse.query(
            "select network_code, reported_date,"
            f" {', '.join(f'{step}::integer' for step in STEPS)} from marts.rec_network_daily"
            " where measure = 'clicks'"
        )
    }
    assert found == {
        key: steps for key, steps in wanted.items() if str(first) <= key[1] <= str(last)
    }
    for step in STEPS:
        assert any(steps[step] for steps in found.values()), step


def test_only_the_planted_clicks_are_unexplained(warehouse: Warehouse, landing: Path) -> None:
    expected: dict[str, Any] = json.loads((landing / "_truth" / "expected.json").read_text())
    wanted = {
        (one["cause"], one["network"], one["key"]): int(one["clicks"])
        for one in expected["money"]["reports"]["differences"]
        if one["kind"] == "clicks"
    }
    assert {(cause, network) for cause, network, _ in wanted} == {
        ("accepted", "everflow"), ("unexplained", "rakuten"),
    }  # fmt: skip
    found = {
        (cause, str(network), str(day)): int(str(clicks))
        for cause in ("accepted", "unexplained")
        for network, day, clicks in warehouse.query(
            f"select network_code, reported_date, {cause}::integer from marts.rec_network_daily"
            f" where measure = 'clicks' and {cause} != 0"
        )
    }
    assert found == wanted


def test_the_dashboards_count_what_the_truth_has(
    truth: duckdb.DuckDBPyConnection,
    landing: Path,
    said_of_clicks: dict[tuple[str, str], list[dict[str, str]]],
) -> None:
    """Every click over impact.com's links: the records of its feed and of our link tracker."""
    rows = truth.execute(
        "select distinct click_number, clicked_at from read_parquet(?)"
        " where network = 'impact' and source in ('impact', 'redirector')"
        " and click_number is not null",
        [[f"{landing}/_truth/impact/*.parquet", f"{landing}/_truth/redirector/*.parquet"]],
    ).fetchall()
    [reported] = [rows for (network, _), rows in said_of_clicks.items() if network == "impact"]
    until = dt.datetime.fromisoformat(reported[0]["sales_until"])
    least = sum(clicked_at < until for _, clicked_at in rows)
    # The web logs have a few more: their own links name the network in the path.
    total = sum(int(row["clicks"]) for row in reported)
    assert least < total < 1.1 * least


# ---------------------------------------------------------------------------- unmapped ids
def test_the_names_delivered_are_those_of_the_truth(warehouse: Warehouse, landing: Path) -> None:
    with (landing / "_truth" / "source_ids.csv").open(newline="", encoding="utf-8") as file:
        said = {
            (row["kind"], row["network_code"], row["source_id"]): (row["name"], row["website"])
            for row in csv.DictReader(file)
        }
    delivered = {
        (kind, network, source_id): (name or "", website or "")
        for kind, network, source_id, name, website in warehouse.query(
            "select kind, network_code, source_id, name, website"
            " from intermediate.int_members__delivered_names"
            # eBay's campaigns are our partners, and ShareASale's payments name itself.
            " where network_code != 'ebay'"
            " and not (network_code = 'shareasale' and source_id = '47')"
        )
    }
    assert delivered == {key: said[key] for key in delivered}
    named = {(kind, network) for (kind, network, _), (name, _) in said.items() if name}
    # ShareASale's transactions name the program by the advertiser only.
    assert {key[:2] for key in delivered} == named - {("program", "shareasale")}


def test_the_queue_holds_what_stands_under_unmapped_ids(warehouse: Warehouse) -> None:
    """Counted from the other side: the members of the dimensions that are not mapped."""
    ignored = (
        "(select kind, network_code, source_id from intermediate.int_master__crosswalk_versions"
        " where is_ignored)"
    )
    for kind in ("advertiser", "partner", "program", "campaign"):
        expected = warehouse.query(
            f"select source_id, network_code, count(*) from marts.fct_clicks as clicks"
            f" inner join marts.dim_{kind} using ({kind}_key)"
            f" where not is_mapped and {kind}_key != -1"
            f" and ('{kind}', network_code, source_id) not in {ignored} group by 1, 2"
        )
        queue = warehouse.query(
            "select source_id, network_code, clicks from marts.fct_unmapped_members"
            f" where kind = '{kind}' and clicks > 0"
        )
        assert sorted(queue) == sorted(expected) and queue, kind
    [[at_stake]] = warehouse.query(
        "select sum(reporting_net_commission_amount) from marts.fct_unmapped_members"
        " where kind = 'partner'"
    )
    [[expected_at_stake]] = warehouse.query(
        "select sum(reporting_net_commission_amount) from marts.fct_commissions"
        " inner join marts.dim_partner using (partner_key)"
        " where not is_mapped and partner_key != -1"
        f" and ('partner', dim_partner.network_code, source_id) not in {ignored}"
    )
    assert at_stake == expected_at_stake and at_stake


def test_ignored_ids_are_not_asked_for_again(warehouse: Warehouse) -> None:
    [[ignored]] = warehouse.query(
        "select count(*) from intermediate.int_master__crosswalk_versions where is_ignored"
    )
    asked = warehouse.query(
        "select source_id from marts.fct_unmapped_members inner join"
        " intermediate.int_master__crosswalk_versions using (kind, network_code, source_id)"
        " where is_ignored"
    )
    assert ignored and asked == []


def test_hosts_of_clicks_are_those_of_the_true_record(warehouse: Warehouse, landing: Path) -> None:
    """Every click lands with its advertiser, and many come from a page of their partner."""
    with (landing / "_truth" / "source_ids.csv").open(newline="", encoding="utf-8") as file:
        codes = {
            (r["kind"], r["network_code"], r["source_id"]): r["code"] for r in csv.DictReader(file)
        }
    domains = {
        str(code): str(domain)
        for code, domain in warehouse.query(
            "select advertiser_code, website_domain from marts.dim_advertiser where is_mapped"
            " union select partner_code, website_domain from marts.dim_partner where is_mapped"
        )
    }
    right = {"advertiser": [0, 0], "partner": [0, 0]}
    for *key, host in warehouse.query(
        "select kind, network_code, source_id, click_host from marts.fct_unmapped_members"
        " where click_host is not null"
    ):
        kind, network, source_id = map(str, key)
        domain = domains[codes[kind, network, source_id]]
        right[kind][host in (domain, f"www.{domain}")] += 1
    assert right["advertiser"][0] == 0 < right["advertiser"][1]
    # The others come from search engines and social networks.
    assert right["partner"][1] > right["partner"][0] > 0
