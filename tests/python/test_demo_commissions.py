"""The demo's commissions: its files, read by an independent reader, against the truth."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import duckdb
import pytest

from clickstar_demo.commission_files import MONEY_FOLDERS, pulls
from clickstar_demo.commission_formats import feeds
from clickstar_demo.commissions import folds
from clickstar_demo.world import NETWORKS
from test_demo_landing import make

CLICKS, DAYS, END = 60_000, 120, dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("money")
    made = make(folder, "--clicks", str(CLICKS), "--days", str(DAYS), "--end", str(END))
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="module")
def money(demo: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((demo / "_truth" / "expected.json").read_text())["money"]
    return said


@pytest.fixture(scope="module")
def truth(demo: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, path in (
        ("commission", "commissions"),
        ("change", "commission_changes"),
        ("observation", "commission_observations"),
        ("click", "*/*"),
    ):
        connection.execute(
            f"create table {name} as select * from read_parquet('{demo}/_truth/{path}.parquet')"
        )
    return connection


# --------------------------------------------------------------------- the independent reader
def rows_of(path: Path) -> list[dict[str, Any]]:
    """The records of a file, whatever its format, each as a flat or nested dictionary."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if ".csv" in path.name:
        return list(csv.DictReader(io.StringIO(text.decode())))
    if ".xml" in path.name:
        return [{field.tag: field.text for field in one} for one in ET.fromstring(text)]
    document = json.loads(text, parse_float=Decimal)
    if isinstance(document, list):
        return document
    if "conversions" in document and "offset" in document:
        return [
            {**one["conversion_data"], "item": item}
            for one in document["conversions"]
            for item in one["conversion_data"]["conversion_items"]
        ]
    while isinstance(document, dict):
        document = next(
            value for value in document.values() if isinstance(value, dict | list)
            and not (isinstance(value, dict) and "page_size" in value)
        )  # fmt: skip
    rows: list[dict[str, Any]] = document
    return rows


def parts(path: Path) -> dict[str, str]:
    """What the folders of a path say."""
    said = (folder.split("=", 1) for folder in path.parts if "=" in folder)
    return {name: unquote(value) for name, value in said}


def files_of(demo: Path, feed: str) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The files of a feed, each content once, in the order of the pulls."""
    seen: set[str] = set()
    found = [path for path in (demo / feed.replace(".", "/")).rglob("*") if path.is_file()]
    for path in sorted(found, key=lambda one: (parts(one)["pulled_at"], one.name)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        if content not in seen:
            seen.add(content)
            yield path, rows_of(path)


def is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def sums(rows: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """What `expected.json` says, by currency and status."""
    return {
        (row["currency"], row["status"]): (
            Decimal(row["sale_amount"]), Decimal(row["commission_amount"]),
        )
        for row in rows
    }  # fmt: skip


# --------------------------------------------------------------------- the files and the truth
@pytest.mark.parametrize("feed", sorted({feed.name for feed in feeds(dt.datetime(2026, 7, 1))}))
def test_a_file_has_the_records_that_the_truth_says(
    feed: str, demo: Path, money: dict[str, Any], truth: duckdb.DuckDBPyConnection
) -> None:
    """Guards every comparison with the truth: a record more or less would pass as a rounding."""
    said = {file["path"]: file for file in money["feeds"][feed]["by_file"]}
    found = {str(p.relative_to(demo)): p for p in (demo / feed.replace(".", "/")).rglob("*.*")
             if p.is_file()}  # fmt: skip
    assert set(found) == set(said)
    for name, path in found.items():
        same = said[name]["same_content_as"]
        if same:
            assert path.read_bytes() == (demo / same).read_bytes()
        assert len(rows_of(path)) == said[name]["records"], name
    observed = truth.execute(
        "select file, count(*), count(*) filter (is_malformed) from observation where feed = ? "
        "group by all",
        [feed],
    ).fetchall()
    assert {file: (n, bad) for file, n, bad in observed} == {
        name: (file["records"], file["malformed"])
        for name, file in said.items()
        if not file["same_content_as"]
    }


def test_awins_last_states_are_the_truths(demo: Path, money: dict[str, Any]) -> None:
    """Reads both sides anew: the last pull of a transaction says how it stands."""
    last: dict[int, tuple[str, dict[str, Any]]] = {}
    naive_zones = set()
    for feed in ("awin.publisher_transactions", "awin.advertiser_transactions"):
        for path, rows in files_of(demo, feed):
            said = parts(path)
            naive_zones.add(said["time_zone"])
            for row in rows:
                if not is_time(row["transactionDate"]):
                    continue
                whole = sum(part["amount"] for part in row["transactionParts"])
                assert whole == row["saleAmount"]["amount"]
                before = last.get(row["id"])
                if before is None or before[0] <= said["pulled_at"]:
                    last[row["id"]] = (said["pulled_at"], row)
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    words = {"declined": "reversed"}
    for _, row in last.values():
        status = words.get(row["commissionStatus"], row["commissionStatus"])
        key = (row["saleAmount"]["currency"], status)
        found[key][0] += row["saleAmount"]["amount"]
        found[key][1] += row["commissionAmount"]["amount"]
    assert {key: tuple(pair) for key, pair in found.items()} == sums(
        money["networks"]["awin"]["final"]
    )
    assert naive_zones == {"Europe/London", "Australia/Sydney"}


def test_cjs_records_add_up_to_the_truth(
    demo: Path, truth: duckdb.DuckDBPyConnection, money: dict[str, Any]
) -> None:
    """Every record once, the ones that take back with the ones that give anew."""
    records: dict[str, dict[str, Any]] = {}
    statuses: dict[str, set[str]] = defaultdict(set)
    for feed in ("cj.publisher_commissions", "cj.advertiser_commissions"):
        for _, rows in files_of(demo, feed):
            for row in rows:
                if is_time(row["postingDate"]) and is_time(row["eventDate"]):
                    records[row["commissionId"]] = row
                    statuses[row["commissionId"]].add(row["actionStatus"])
    assert max(len(words) for words in statuses.values()) >= 3
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in records.values():
        assert isinstance(row["saleAmountUsd"], str)
        found[row["originalActionId"]] += Decimal(row["pubCommissionAmountUsd"])
    said = truth.execute(
        "select commission_code, net_commission_amount from commission where network = 'cj'"
    ).fetchall()
    assert dict(found) == dict(said)
    assert Counter(row["original"] for row in records.values())[False] > 10
    [whole] = money["networks"]["cj"]["known"]
    assert sum(found.values()) == Decimal(whole["commission_amount"])


def test_what_the_files_let_know_is_what_happened(
    truth: duckdb.DuckDBPyConnection, money: dict[str, Any]
) -> None:
    """But at Rakuten and Amazon, whose reports are behind or tell nothing until it is shipped."""
    for network in set(money["networks"]) - {"rakuten", "amazon"}:
        happened = truth.execute(
            "select currency, sum(net_sale_amount), sum(net_commission_amount) from commission "
            "where network = ? and kind != 'test' and is_delivered group by all",
            [network],
        ).fetchall()
        said = {
            row["currency"]: (Decimal(row["sale_amount"]), Decimal(row["commission_amount"]))
            for row in money["networks"][network]["known"]
        }
        assert said == {currency: (sale, commission) for currency, sale, commission in happened}
    [(estimated, sums_of_events)] = truth.execute("""
        select count(*) filter (event.commission_amount != line.commission_amount), count(*)
        from observation as event
        inner join observation as line using (record_code)
        where event.feed = 'rakuten.events' and line.feed = 'rakuten.signature'
            and not event.is_malformed and not line.is_malformed
    """).fetchall()
    assert 0 < estimated < 0.15 * sums_of_events


def test_a_pull_shows_the_state_of_its_day(truth: duckdb.DuckDBPyConnection) -> None:
    """A pull that knew what came later would make every question "as of" look right."""
    [(compared, different, amended)] = truth.execute("""
        select count(*), count(*) filter (change.sale_amount != observation.sale_amount),
            count(*) filter (change.position > 0 and later.kind is not null)
        from observation
        asof join change
            on observation.network = change.network
            and observation.commission_code = change.commission_code
            and date_trunc('day', observation.pulled_at) > change.changed_at
        left join change as later
            on later.network = change.network
            and later.commission_code = change.commission_code
            and later.position = change.position + 1
        where observation.feed in (
            'awin.publisher_transactions', 'everflow.conversions', 'tune.conversions',
            'partnerize.conversions', 'shareasale.activity'
        ) and observation.is_money
    """).fetchall()
    assert compared > 1000
    assert amended > 100
    assert different == 0


def test_impacts_updates_add_up_to_its_actions(truth: duckdb.DuckDBPyConnection) -> None:
    [(different,)] = truth.execute("""
        select count(*) from (
            select commission_code, sum(commission_amount) as commission from (
                select distinct commission_code, record_code, commission_amount
                from observation where feed = 'impact.action_updates' and not is_malformed
            ) group by all
        ) as ledger
        full join (select * from commission where network = 'impact') as known
            using (commission_code)
        where ledger.commission is distinct from known.net_commission_amount
    """).fetchall()
    assert different == 0


# --------------------------------------------------------------------- how it is distributed
def test_sales_follow_unique_clicks_of_people(truth: duckdb.DuckDBPyConnection) -> None:
    """A sale of a robot or a double click would make every rate by quality look wrong."""
    rows = truth.execute("""
        select click.source, commission.click_source, click.event_id, commission.click_id,
            click.clicked_at, commission.clicked_at, commission.sold_at, click.partner_code,
            commission.partner_code, click.program_code, commission.program_code,
            click.is_bot or click.is_double_click or click.has_bot_agent as is_bad, click.signal,
            commission.sub_id, click.is_internal
        from commission
        inner join click on click.click_number = commission.click_number
            and click.record_kind = 'click' and click.is_duplicate_of is null
    """).fetchall()
    clicks = truth.execute("select count(*) from commission where click_number > 0").fetchone()
    assert clicks == (len(rows),)
    assert len(rows) > 800
    for row in rows:
        assert row[0] == row[1]
        assert row[2] == row[3]
        assert row[4].replace(microsecond=0) == row[5] < row[6]
        assert row[7:11:2] == row[8:12:2]
        assert not row[11]
        assert row[12] in (None, "viewed")
        assert not row[14]
        if row[0] == "redirector" and row[13]:
            # Our link tracker passes the click's id on.
            assert row[13] == row[3]
    gaps = sorted((row[6] - row[5]).total_seconds() / 3600 for row in rows)
    assert 0.7 < sum(gap <= 1 for gap in gaps) / len(gaps) < 0.8
    assert 0.9 < sum(gap <= 24 for gap in gaps) / len(gaps) < 0.98
    assert gaps[-1] > 48


def test_every_network_has_its_share_and_every_turn_occurs(
    truth: duckdb.DuckDBPyConnection,
) -> None:
    counts = dict(truth.execute("select network, count(*) from commission group by 1").fetchall())
    assert set(counts) == set(NETWORKS)
    assert min(counts.values()) >= 20
    kinds = dict(truth.execute("select kind, count(*) from change group by 1").fetchall())
    assert set(kinds) == {
        "tracked", "amended", "refunded", "reversed", "deleted", "extended", "approved", "paid",
    }  # fmt: skip
    [(reversed_share, bonuses, tests)] = truth.execute("""
        select avg((status = 'reversed')::int), count(*) filter (kind = 'bonus'),
            count(*) filter (kind = 'test') from commission
    """).fetchall()
    assert 0.04 < reversed_share < 0.10
    assert bonuses > 5
    assert tests > 0
    [(late,)] = truth.execute(
        "select count(*) from commission where sold_at >= timestamp '2026-06-25' "
        "and status = 'approved' and kind = 'sale'"
    ).fetchall()
    assert late == 0
    currencies = {row[0] for row in truth.execute("select distinct currency from commission")
                  .fetchall()}  # fmt: skip
    assert {"JPY", "KWD", "USD", "EUR"} <= currencies
    [(fractions,)] = truth.execute("""
        select count(*) from change where (currency = 'JPY' and sale_amount != floor(sale_amount))
            or (currency != 'KWD' and sale_amount * 100 != floor(sale_amount * 100))
    """).fetchall()
    assert fractions == 0


def test_some_sales_are_in_the_hour_that_comes_twice(
    demo: Path, truth: duckdb.DuckDBPyConnection
) -> None:
    [fold] = folds("Australia/Sydney", dt.date(2026, 3, 3), DAYS)
    assert fold == dt.datetime(2026, 4, 4, 16)
    sold = truth.execute("select sold_at from commission where is_in_fold").fetchall()
    assert sold
    for (moment,) in sold:
        local = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo("Australia/Sydney"))
        assert local.hour == 2
        assert local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    assert list(folds("Europe/London", dt.date(2026, 3, 3), DAYS)) == []


def test_pulls_overlap_and_end_with_the_demo() -> None:
    start, end = dt.datetime(2026, 3, 3), dt.datetime(2026, 7, 1)
    for feed in feeds(end):
        moments = pulls(feed, start, end)
        assert moments[-1] == end
        assert moments[0] - start <= dt.timedelta(days=feed.step)
        assert all(b - a == dt.timedelta(days=feed.step) for a, b in pairwise(moments))


def test_a_record_has_one_meaning(truth: duckdb.DuckDBPyConnection) -> None:
    """Two records of one id would count once: parts of an order once shared theirs."""
    shared = truth.execute("""
        select feed, record_code from observation where record_code is not null
        group by all having count(distinct (commission_code, sale_amount, commission_amount)) > 1
    """).fetchall()
    assert shared == []
    twice = truth.execute(
        "select network, commission_code from commission group by all having count(*) > 1"
    ).fetchall()
    assert twice == []


def test_deliveries_repeat_themselves_and_pretend_to_be_later(money: dict[str, Any]) -> None:
    names = [file for feed in money["feeds"].values() for file in feed["by_file"]]
    assert any(file["same_content_as"] for file in names)
    assert any(".late." in file["path"] for file in names)
    assert sum(file["malformed"] for file in names) >= 10
    assert len(names) <= 120


def test_reports_differ_only_where_the_truth_says(
    demo: Path, money: dict[str, Any], truth: duckdb.DuckDBPyConnection
) -> None:
    """Sums the feed's days anew: a report of gross sales, by the days of New York."""
    reports = sorted((demo / "network_reports").rglob("*.csv"))
    assert len(reports) == 2
    lines = [
        {(row["network_code"], row["account_code"], row["reported_date"], row["currency_code"])
         for row in rows_of(report)}
        for report in reports
    ]  # fmt: skip
    # A line that a later report does not have would stand for ever as it was.
    assert lines[0] < lines[1]
    said: dict[tuple[str, str], Decimal] = {
        (row["reported_date"], row["currency_code"]): Decimal(row["sale_amount"])
        for row in rows_of(reports[-1])
        if row["network_code"] == "everflow" and row["sale_amount"]
    }
    found = dict(said)
    for difference in money["reports"]["differences"]:
        if difference["network"] == "everflow" and difference["kind"] == "report":
            assert difference["cause"] == "unexplained"
            key = (difference["key"], difference["currency"])
            found[key] -= Decimal(difference["sale_amount"])
    assert found != said
    days: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for currency, sold_at, sale in truth.execute(
        "select currency, sold_at, sale_amount from commission "
        "where network = 'everflow' and kind = 'sale'"
    ).fetchall():
        local = sold_at.replace(tzinfo=dt.UTC).astimezone(ZoneInfo("America/New_York"))
        days[f"{local:%Y-%m-%d}", currency] += sale
    # The sale that nobody can explain may have a day for itself.
    assert {key: sale for key, sale in found.items() if sale} == dict(days)
    causes = {
        difference["cause"]
        for difference in money["reports"]["differences"]
        if difference["kind"] != "clicks"
    }
    assert causes == {"late_rows", "fee_not_in_feed", "unexplained", "payment_fee"}


def test_payments_name_the_commissions_that_they_pay(
    demo: Path, money: dict[str, Any], truth: duckdb.DuckDBPyConnection
) -> None:
    paid = {
        row["payment_code"]: Decimal(row["amount"])
        for path in (demo / "payments").rglob("*.csv")
        for row in rows_of(path)
    }
    for difference in money["reports"]["differences"]:
        if difference["kind"] == "payment":
            paid[difference["key"]] -= Decimal(difference["commission_amount"])
    said = dict(
        truth.execute(
            "select payment_code, sum(commission_amount) from commission "
            "where payment_code is not null and (network not in ('awin', 'cj') or is_media) "
            "group by all"
        ).fetchall()
    )
    assert paid == said


# --------------------------------------------------------------------- running it
def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ("pulled_at=" in str(path) or "commission" in path.name)
    }


def test_the_same_seed_gives_the_same_commissions(tmp_path: Path) -> None:
    options = ("--clicks", "4000", "--days", "40", "--end", "2026-06-30")
    for name, seed in (("first", "7"), ("second", "7"), ("other", "8")):
        assert make(tmp_path / name, *options, "--seed", seed).returncode == 0
    first, second, other = (digest(tmp_path / name) for name in ("first", "second", "other"))
    assert first == second
    assert len(first) > 30
    assert not set(first.values()) & set(other.values())


@pytest.mark.parametrize(("clicks", "days"), [("1", "1"), ("60", "2"), ("900", "9")])
def test_a_small_demo_has_few_commissions_or_none(tmp_path: Path, clicks: str, days: str) -> None:
    made = make(tmp_path, "--clicks", clicks, "--days", days)
    assert made.returncode == 0, made.stderr
    said = json.loads((tmp_path / "_truth" / "expected.json").read_text())["money"]
    for network in said["networks"].values():
        assert network["delivered"] <= network["commissions"]
    for folder in MONEY_FOLDERS:
        assert not (tmp_path / folder).exists() or any((tmp_path / folder).rglob("*.*"))
