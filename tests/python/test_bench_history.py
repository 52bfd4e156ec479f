"""A month that the benchmark repeats: other events, the same parties, everything still linked.

Broken, a larger size would hold copies that the models take away again, or clicks and commissions
that no longer find each other: the benchmark would measure less than it says.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from clickstar_bench.history import MONTH_DAYS, add_day, repeat_month

EVENTS = 60
MONTH = f"""
    create schema raw;
    create table raw._files as
        select 7::bigint as file_id, 'net/clicks.csv' as path, 'c0ffee' as content_hash,
            'net__clicks' as table_name, {EVENTS}::bigint as records, {EVENTS}::bigint as accepted,
            0::bigint as rejected, timestamp '2026-06-30' as modified_at
        union all
        select 8, 'net/commissions.csv', 'f00d', 'net__commissions', {3 * EVENTS}, {3 * EVENTS}, 0,
            timestamp '2026-06-30'
        union all
        select 9, 'master_data/partner.csv', 'beef', 'master_data__partner_history', 1, 1, 0,
            timestamp '2026-06-30';
    create table raw._rejects (file_id bigint, table_name varchar, line_number bigint);
    create table raw.master_data__partner_history as
        select 1::bigint as history_id, 'P1' as code, 9::bigint as _file_id;
    create table raw.net__clicks as
        select 'ref-' || md5(i::varchar) as click_ref, 'P' || i % 3 as publisher_id,
            md5('v' || i) as cookie_hash,
            timestamp '2026-06-01' + to_hours(i::int * 11) as clicked_at,
            7::bigint as _file_id, i + 1 as _line_number
        from range({EVENTS}) as clicks(i);
    -- Each commission is told of three times: pending, approved, paid.
    create table raw.net__commissions as
        select '14000' || i as commission_id, 'ref-' || md5(i::varchar) as click_ref,
            'P' || i % 3 as publisher_id, 'https://site.example/' || i as page,
            date '2026-06-01' + (i // 3)::int as posted_on, 8::bigint as _file_id,
            3 * i + told as _line_number
        from range({EVENTS}) as commissions(i), range(1, 4) as times(told);
"""


@pytest.fixture
def month(tmp_path: Path) -> Path:
    file = tmp_path / "month.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(MONTH)
    return file


@pytest.fixture
def three(month: Path, tmp_path: Path) -> Path:
    file = tmp_path / "three.duckdb"
    repeat_month(month, file, 3)
    return file


def one(file: Path, query: str) -> tuple[object, ...]:
    """Return the only row of a query."""
    with duckdb.connect(str(file), read_only=True) as connection:
        [row] = connection.execute(query).fetchall()
    return tuple(row)


def test_each_copy_has_events_and_days_of_its_own_and_the_same_parties(three: Path) -> None:
    commissions = one(
        three,
        "select count(*), count(distinct commission_id), count(distinct publisher_id),"
        " count(distinct page), max(posted_on) - min(posted_on) from raw.net__commissions",
    )
    days = EVENTS // 3 - 1 + 2 * MONTH_DAYS
    assert commissions == (9 * EVENTS, 3 * EVENTS, 3, EVENTS, days)
    clicks = one(
        three,
        "select count(*), count(distinct click_ref), count(distinct cookie_hash)"
        " from raw.net__clicks",
    )
    assert clicks == (3 * EVENTS, 3 * EVENTS, EVENTS)
    assert one(three, "select count(*) from raw.master_data__partner_history") == (1,)


def test_a_commission_of_a_copy_names_a_click_of_the_same_copy(three: Path) -> None:
    linked = one(
        three,
        "select count(*), count(distinct commission_id) from raw.net__commissions as told"
        " inner join raw.net__clicks as clicks on told.click_ref = clicks.click_ref"
        " where told.posted_on between clicks.clicked_at - interval 30 day"
        " and clicks.clicked_at + interval 30 day",
    )
    assert linked == (9 * EVENTS, 3 * EVENTS)


def test_the_ledger_accounts_for_every_copy(three: Path) -> None:
    for table in ("net__clicks", "net__commissions"):
        assert one(
            three,
            f"select count(*) from raw.{table} as told full join"
            f" (select * from raw._files where table_name = '{table}') as files"
            " on told._file_id = files.file_id"
            " where told._file_id is null or files.file_id is null",
        ) == (0,)
    assert one(three, "select count(*), count(distinct content_hash) from raw._files") == (7, 7)


def test_an_added_day_is_new(month: Path, three: Path) -> None:
    before = one(three, "select count(distinct click_ref), max(clicked_at) from raw.net__clicks")
    add_day(month, three, 1)
    after = one(three, "select count(distinct click_ref), max(clicked_at) from raw.net__clicks")
    last_day = one(
        month,
        "select count(*) from raw.net__clicks"
        " where clicked_at::date = (select max(clicked_at)::date from raw.net__clicks)",
    )
    assert after[0] == int(str(before[0])) + int(str(last_day[0]))
    assert one(three, "select max(clicked_at)::date from raw.net__clicks") == (
        one(month, "select max(clicked_at)::date + 1 from raw.net__clicks")[0],
    )
