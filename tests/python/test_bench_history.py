"""A month that the benchmark repeats: other events, the same parties, everything still linked.

Broken, a larger size would hold copies that the models take away again, or clicks and commissions
that no longer find each other: the benchmark would measure less than it says.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from clickstar_bench import history
from clickstar_bench.measure import dbt_environment

CLICKS = 12_000
COPIES = 3
# Where what happened is told, and the columns by which it is told apart.
COMMISSIONS = {
    "awin__publisher_transactions": ("transaction_id", "publisher_id"),
    "cj__advertiser_commissions": ("commission_id", "publisher_id"),
    "impact__actions": ("action_id", "media_partner_id"),
    "partnerize__conversions": ("conversion_item_id", "publisher_id"),
    "shareasale__ledger": ("ledger_id", "merchant_id"),
    "tune__conversions": ("stat_id", "affiliate_id"),
}
# Where a commission, or a page, says which click it is of: all of these name clicks of the
# redirector by event id or sub id.
REFERENCES = {
    "awin__publisher_transactions": "click_ref",
    "cj__publisher_commissions": "shopper_id",
    "ebay__transactions": "custom_id",
    "everflow__conversions": "sub1",
    "impact__actions": "sub_id_1",
    "partnerize__conversions": "publisher_reference",
    "rakuten__events": "u1",
    "shareasale__activity": "affiliate_comment",
    "snowplow__events": "regexp_extract(page_url, 'cst_click=([^&#]*)', 1)",
    "tune__conversions": "affiliate_info1",
}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the raw tables of a small month of demo data."""
    folder = tmp_path_factory.mktemp("month")
    environment = dbt_environment(folder)
    history.make_landing(folder / "landing", CLICKS, environment)
    history.load_month(folder / "landing", folder / "month.duckdb", environment)
    return folder / "month.duckdb"


@pytest.fixture(scope="module")
def repeated(month: Path) -> Path:
    """Return the raw tables of three such months."""
    file = month.with_name("repeated.duckdb")
    history.repeat_month(month, file, COPIES)
    return file


@pytest.fixture(scope="module")
def both(month: Path, repeated: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection with the schemas `month.raw` and `repeated.raw`."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{month}' as month (read_only)")
        connection.execute(f"attach '{repeated}' as repeated (read_only)")
        yield connection


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    """Return the only row of a query, as numbers."""
    [row] = connection.execute(query).fetchall()
    return tuple(int(value) for value in row)


@pytest.mark.parametrize("table", COMMISSIONS)
def test_copies_have_commissions_of_their_own_and_the_same_parties(
    both: duckdb.DuckDBPyConnection, table: str
) -> None:
    event, party = COMMISSIONS[table]
    query = f"select count(*), count(distinct {event}), count(distinct {party}) from"
    rows, events, parties = one(both, f"{query} month.raw.{table}")
    assert one(both, f"{query} repeated.raw.{table}") == (COPIES * rows, COPIES * events, parties)


def test_visitors_and_master_data_are_those_of_the_month(both: duckdb.DuckDBPyConnection) -> None:
    for query in (
        "select count(distinct cookie_hash), count(distinct ip_hash)"
        " from {}.raw.redirector__clicks",
        "select count(*), count(distinct code) from {}.raw.master_data__partner_history",
    ):
        assert one(both, query.format("repeated")) == one(both, query.format("month"))


@pytest.mark.parametrize(
    ("table", "moment"),
    {"redirector__clicks": "clicked_at", "network_reports__daily": "reported_date"}.items(),
)
def test_each_copy_is_a_month_earlier(
    both: duckdb.DuckDBPyConnection, table: str, moment: str
) -> None:
    query = f"select epoch(min({moment})) // 86400, epoch(max({moment})) // 86400 from"
    first, last = one(both, f"{query} month.raw.{table}")
    earlier = (COPIES - 1) * history.MONTH_DAYS
    assert one(both, f"{query} repeated.raw.{table}") == (first - earlier, last)


@pytest.mark.parametrize("table", REFERENCES)
def test_what_a_copy_refers_to_is_in_the_same_copy(
    both: duckdb.DuckDBPyConnection, table: str
) -> None:
    """Files tell the copies apart: those of the month itself keep their ids."""
    linked = f"""
        with names as (
            select event_id as name, _file_id in (from files) as is_of_the_month
            from {{0}}.raw.redirector__clicks
            union
            select sub_id, _file_id in (from files) from {{0}}.raw.redirector__clicks
            where sub_id is not null
        ),
        told as (
            select {REFERENCES[table]} as name, _file_id in (from files) as is_of_the_month
            from {{0}}.raw.{table}
        )
        select
            count_if(told.is_of_the_month and names.is_of_the_month),
            count_if(not told.is_of_the_month and not names.is_of_the_month),
            count_if(told.is_of_the_month != names.is_of_the_month)
        from told inner join names on told.name = names.name
    """.replace("(from files)", "(select file_id from month.raw._files)")
    [links, none, _] = one(both, linked.format("month"))
    assert links > 0
    assert none == 0
    assert one(both, linked.format("repeated")) == (links, (COPIES - 1) * links, 0)


def ledger_differences(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, ...]:
    """Return the files of a table, and of how many the ledger does not have the rows."""
    return one(
        connection,
        f"""
        select count(distinct files.file_id),
            count_if(files.accepted is distinct from stored.rows
                or files.records != files.accepted + files.rejected)
        from (select * from raw._files where table_name = '{table}' and status = 'loaded') as files
        full join (select _file_id, count(*) as rows from raw.{table} group by 1) as stored
            on files.file_id = stored._file_id
        """,
    )


def test_the_ledger_accounts_for_every_file_of_every_copy(month: Path, repeated: Path) -> None:
    with duckdb.connect(str(month), read_only=True) as connection:
        files, wrong = ledger_differences(connection, "redirector__clicks")
        assert (files > 1, wrong) == (True, 0)
    with duckdb.connect(str(repeated), read_only=True) as connection:
        assert ledger_differences(connection, "redirector__clicks") == (COPIES * files, 0)


def test_an_added_day_is_new(month: Path, repeated: Path, tmp_path: Path) -> None:
    file = tmp_path / "with_a_day.duckdb"
    shutil.copy(repeated, file)
    query = (
        "select count(*), count(distinct event_id), epoch(max(event_time_day)) // 86400 from"
        " (select *, date_trunc('day', clicked_at) as event_time_day from raw.redirector__clicks)"
    )
    with duckdb.connect(str(month), read_only=True) as connection:
        last_day = one(
            connection,
            "select count(*), count(distinct event_id) from raw.redirector__clicks where"
            " clicked_at::date = (select max(clicked_at)::date from raw.redirector__clicks)",
        )
    with duckdb.connect(str(file), read_only=True) as connection:
        before = one(connection, query)
        files, _ = ledger_differences(connection, "redirector__clicks")
    history.add_day(month, file, 1)
    with duckdb.connect(str(file), read_only=True) as connection:
        rows, events, day = one(connection, query)
        more_files, wrong = ledger_differences(connection, "redirector__clicks")
    assert (rows, events, day) == (
        before[0] + last_day[0],
        before[1] + last_day[1],
        before[2] + 1,
    )
    assert (more_files > files, wrong) == (True, 0)
