"""The demo's visitors and visits come out as the demo's truth says."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouses import Warehouse, demo_landing

# Every record of the sources whose truth names the event, with its session.
KNOWN = """
    select truth.*, events.session_key, events.visitor_id, events.visitor_rule
    from truth
    inner join received
        on truth.file = received.path and truth.line_number = received.line_number
    inner join warehouse.intermediate.int_sessions__events as events
        on received.event_key = events.event_key
    where truth.record_kind in ('click', 'page')
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection with the truth (`truth`) and what the warehouse made of it (`known`)."""
    folder = tmp_path_factory.mktemp("sessions_demo")
    landing = demo_landing(folder, "--clicks", "6000", "--days", "14")
    warehouse = Warehouse("duckdb", folder)
    warehouse.load(landing)
    warehouse.dbt("build", "--exclude-resource-type", "test", "unit_test")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.file}' as warehouse (read_only)")
        connection.execute(
            f"create table truth as select * from read_parquet('{landing}/_truth/*/*.parquet')"
        )
        connection.execute(
            "create table received as select received.event_key, files.path, received.line_number"
            " from warehouse.intermediate.int_sessions__received as received"
            " inner join warehouse.staging.stg_loader__files as files using (file_id)"
        )
        connection.execute(f"create table known as {KNOWN}")
        yield connection


def test_the_truth_is_found_again(known: duckdb.DuckDBPyConnection) -> None:
    """Otherwise what follows would prove nothing."""
    [(found, different)] = known.sql(
        "select count(*), count(distinct click_number) from known where record_kind = 'click'"
    ).fetchall()
    assert different == 6000
    assert found > 6000
    [(rules, journeys)] = known.sql(
        "select count(distinct visitor_rule), count(journey_of) from known"
    ).fetchall()
    assert rules >= 5
    assert journeys > 100


def test_nobody_is_stitched_to_somebody_else(known: duckdb.DuckDBPyConnection) -> None:
    wrong = known.sql(
        "select visitor_id, visitor_rule, count(distinct visitor_number) as people from known"
        " where visitor_rule != 'address' group by all having people > 1"
    ).fetchall()
    assert wrong == []


def test_who_clicked_is_who_landed(known: duckdb.DuckDBPyConnection) -> None:
    """The click and the page that it led to are one visit, though their cookies differ."""
    [(landed, together, by_click_id)] = known.sql(
        """
        select
            count(*),
            count(*) filter (clicked.session_key = landed.session_key),
            count(*) filter (landed.visitor_rule like '%click_id%')
        from known as landed
        inner join known as clicked
            on landed.journey_of = clicked.click_number and clicked.is_duplicate_of is null
        where landed.journey_page = 1
        """
    ).fetchall()
    assert landed > 50
    assert together == landed
    # All but those who refused cookies.
    assert by_click_id > 0.9 * landed


def test_who_logged_in_is_one_visitor_over_both_trackers(
    known: duckdb.DuckDBPyConnection,
) -> None:
    """Whoever was logged in under a cookie of Snowplow and one of GA4 has one visitor id."""
    people = known.sql(
        """
        select visitor_number, count(distinct visitor_id), count(distinct source)
        from known
        -- The logs of web servers do not say who is logged in.
        where login is not null and source in ('snowplow', 'ga4')
        group by visitor_number
        """
    ).fetchall()
    assert len([1 for _, _, sources in people if sources == 2]) >= 5
    assert [person for person in people if person[1] != 1] == []


def test_late_events_are_those_that_later_files_tell_of(
    known: duckdb.DuckDBPyConnection,
) -> None:
    """Of the tracker's daily files: the truth has the moments of every record of every file."""
    expected = known.sql(
        """
        with

        files as (
            select file, max(clicked_at) as delivered_at
            from truth
            where source = 'redirector' and record_kind = 'click'
            group by file
        ),

        clicks as (
            select
                truth.click_number,
                any_value(truth.clicked_at::date) as clicked_date,
                min(files.delivered_at::date) as delivered_date
            from truth
            inner join files on truth.file = files.file
            where truth.source = 'redirector' and truth.record_kind = 'click'
            group by truth.click_number
        )

        select
            clicked_date,
            count(*),
            count(*) filter (delivered_date - clicked_date > 1),
            max(delivered_date - clicked_date)
        from clicks
        group by clicked_date
        order by clicked_date
        """
    ).fetchall()
    found = known.sql(
        "select event_date, events, late_events, most_days_late"
        " from warehouse.marts.fct_late_events where source_name = 'redirector'"
        " order by event_date"
    ).fetchall()
    assert found == expected
    assert sum(row[2] for row in found) > 10
