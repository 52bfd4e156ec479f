"""Every record of the demo's commissions comes out of the feeds' views as its truth says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from clickstar_demo.commission_formats import feeds
from warehouses import Warehouse, demo_landing

FEEDS = sorted({feed.name for feed in feeds(dt.datetime(2026, 7, 1)) if feed.is_money})
# The truth's column and the view's.
SAID = {
    "commission_code": "commission_code",
    "record_code": "record_code",
    "network_status": "network_status",
    "currency": "currency_code",
    "sale_amount": "sale_amount",
    "commission_amount": "commission_amount",
    "network_fee_amount": "network_fee_amount",
    "pulled_at": "pulled_at",
}
# These reports give their lines no id: the view makes one.
NO_IDS = {"amazon.earnings": ("commission_code", "record_code"),
          "rakuten.signature": ("record_code",)}  # fmt: skip


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection with what the feeds' views say (`seen`) and the truth (`said`)."""
    folder = tmp_path_factory.mktemp("commissions_demo")
    landing = demo_landing(folder, "--clicks", "12000", "--days", "120", "--end", "2026-06-30")
    warehouse = Warehouse("duckdb", folder)
    warehouse.load(landing)
    warehouse.dbt(
        "run", "--select", "stg_loader__files +int_commissions__from_* stg_amazon__orders"
    )
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.file}' as warehouse (read_only)")
        views = connection.execute(
            "select table_name from information_schema.tables "
            "where table_name like 'int_commissions__from_%' order by 1"
        ).fetchall()
        union = " union all by name ".join(
            f"select * from warehouse.intermediate.{name}" for (name,) in views
        )
        connection.execute(
            f"create table seen as select seen.*, files.path from ({union}) as seen "
            "inner join warehouse.staging.stg_loader__files as files using (file_id)"
        )
        truth = landing / "_truth"
        connection.execute(
            f"create table said as select * from '{truth}/commission_observations.parquet' "
            "where not is_malformed and is_money"
        )
        connection.execute(
            "create table ordered as select orders.*, files.path"
            " from warehouse.staging.stg_amazon__orders as orders"
            " inner join warehouse.staging.stg_loader__files as files using (file_id)"
        )
        connection.execute(
            f"create table told as select * from '{truth}/commission_observations.parquet' "
            "where not is_malformed and feed = 'amazon.orders'"
        )
        connection.execute(
            f"create table commission as select * from '{truth}/commissions.parquet'"
        )
        yield connection


@pytest.mark.parametrize("feed", FEEDS)
def test_every_record_says_what_it_was_made_to_say(
    feed: str, known: duckdb.DuckDBPyConnection
) -> None:
    """Compares record by record: none more, none less, every amount, status, id and currency."""
    columns = [name for name in SAID if name not in NO_IDS.get(feed, ())]
    different = ", ".join(
        f"count(*) filter (said.{name} is distinct from seen.{SAID[name]})" for name in columns
    )
    row = known.execute(
        f"select count(*), count(said.file), count(seen.path), {different} "
        "from (select * from said where feed = $feed) as said "
        "full join (select * from seen where feed = $feed) as seen "
        "on said.file = seen.path and said.line_number = seen.line_number",
        {"feed": feed},
    ).fetchone()
    assert row is not None
    both, in_truth, in_view, *differences = row
    assert both == in_truth == in_view > 0
    assert dict(zip(columns, differences, strict=True)) == dict.fromkeys(columns, 0)


def test_orders_at_amazon_are_read_and_are_no_money(known: duckdb.DuckDBPyConnection) -> None:
    """Line by line; what will be shipped is also in the earnings report, later, and only there."""
    [(both, in_truth, in_view, different)] = known.execute("""
        select
            count(*),
            count(told.file),
            count(ordered.path),
            count(*) filter (
                told.sale_amount is distinct from ordered.price_amount * ordered.items_ordered
                or told.currency != coalesce(ordered.currency_code, 'USD')
                or ordered.account_code is distinct from 'demo-20'
            )
        from told
        full join ordered on told.file = ordered.path and told.line_number = ordered.line_number
    """).fetchall()
    assert both == in_truth == in_view > 0 == different
    [(sold, elsewhen, never_shipped)] = known.execute("""
        select
            count(*) filter (told.record_code like '%or'),
            count(*) filter (
                told.record_code like '%or' and ordered.ordered_on != commission.sold_at::date
            ),
            count(*) filter (told.record_code like '%ca')
        from told
        inner join ordered on told.file = ordered.path and told.line_number = ordered.line_number
        inner join commission
            on told.network = commission.network
            and told.commission_code = commission.commission_code
    """).fetchall()
    assert sold > never_shipped > 0 == elsewhen
    [(made,)] = known.execute(
        "select count(*) from commission where network = 'amazon' and kind = 'sale'"
    ).fetchall()
    [(shipped,)] = known.execute(
        "select count(distinct commission_code) from said where feed = 'amazon.earnings'"
    ).fetchall()
    # The last orders have not been shipped.
    assert 0 < shipped < sold == made
    assert known.execute("select count(*) from seen where feed = 'amazon.orders'").fetchone() == (
        0,
    )


def test_naive_times_are_read_in_the_zone_that_was_asked_for(
    known: duckdb.DuckDBPyConnection,
) -> None:
    """But in the hour that comes twice, where a file cannot say which of the two it means."""
    rows = known.execute("""
        select seen.feed, count(*),
            count(*) filter (seen.occurred_at != commission.sold_at and not is_in_fold),
            count(*) filter (seen.clicked_at != commission.clicked_at),
            max(abs(epoch(seen.occurred_at - commission.sold_at))) filter (is_in_fold)
        from seen
        inner join commission
            on seen.network_code = commission.network
            and seen.commission_code = commission.commission_code
        where seen.feed != 'shareasale.ledger'
        group by all
    """).fetchall()
    assert len(rows) >= 12
    for feed, compared, elsewhen, clicked_elsewhen, off in rows:
        assert compared > 0, feed
        assert (elsewhen, clicked_elsewhen) == (0, 0), feed
        assert off is None or off <= 3_600, feed


def test_the_click_of_our_link_tracker_is_in_the_sub_id(known: duckdb.DuckDBPyConnection) -> None:
    """Without it no sale could be brought back to its click."""
    [(found, of_tracker)] = known.execute("""
        select count(*) filter (seen.sub_id = commission.click_id), count(*)
        from seen
        inner join commission
            on seen.network_code = commission.network
            and seen.commission_code = commission.commission_code
        where commission.click_source = 'redirector' and seen.sub_id is not null
    """).fetchall()
    assert found == of_tracker > 100
