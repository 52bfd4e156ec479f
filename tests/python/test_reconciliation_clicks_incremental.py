"""The clicks of a report's day are counted again where something of them changed.

One warehouse of the demo, to which one thing after the other happens. After each, the numbers that
an incremental build has are those that a full refresh of the model makes of the same tables, and
something of them has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from warehouses import Warehouse, demo_landing

MODEL = "int_reconciliation__clicks"
# What the model remembers is made anew of the tables that a test changes.
BUILD = ("run", "--select", "int_network_reports__clicked_days", MODEL)
# What fct_clicks does with the states of its days when it is built.
KEEP_STATES = """
    update intermediate.fct_clicks__days as days set members = found.state
    from (
        select date_key, sum(hash(fct_clicks) % 1000003) as state from marts.fct_clicks
        group by date_key
    ) as found
    where days.date_key = found.date_key;
    delete from intermediate.fct_clicks__days
    where date_key not in (select date_key from marts.fct_clicks)
"""
DAY = 20260610
Counts = dict[tuple[object, ...], tuple[object, ...]]


class Demo:
    """The warehouse, and a copy in which the model is made anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        landing = demo_landing(folder, "--clicks", "6000", "--days", "40")
        self.warehouse = Warehouse("duckdb", folder)
        self.warehouse.load(landing)
        selected = ("--select", f"+{MODEL}", "--exclude-resource-type", "test", "unit_test")
        self.warehouse.dbt("build", *selected)
        self.change("select 1")

    def counts(self, warehouse: Warehouse) -> Counts:
        """The rows of the model by report, day and advertiser."""
        rows = warehouse.query(
            f"select report_key, date_day, advertiser_source_id, * from intermediate.{MODEL}"
        )
        return {row[:3]: row[3:] for row in rows}

    def of_a_full_refresh(self) -> Counts:
        """The rows that the model has in a copy of the warehouse in which it is made anew."""
        copy = self.warehouse.copied(self.folder / "copy")
        copy.dbt(*BUILD, "--full-refresh")
        return self.counts(copy)

    def change(self, sql: str) -> None:
        """Change a table, and build."""
        self.warehouse.execute(sql)
        self.warehouse.execute(KEEP_STATES)
        self.warehouse.dbt(*BUILD)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return the demo as it was built from nothing."""
    return Demo(tmp_path_factory.mktemp("reconciled_clicks_incremental"))


def of(network: str) -> str:
    """A condition on the key of a network."""
    return (
        "network_key in (select network_key from marts.dim_network"
        f" where network_code = '{network}')"
    )


def report(network: str) -> str:
    """A condition on the key of a network's report."""
    return (
        "report_key in (select report_key from intermediate.int_network_reports__compared"
        f" where network_code = '{network}' and clicks is not null)"
    )


def clicks_are_judged_otherwise(demo: Demo) -> None:
    """Some that were unique are repeated now."""
    judged = f"click_class = 'unique' and {of('rakuten')} and date_key = {DAY}"
    demo.change(f"update marts.fct_clicks set click_class = 'duplicate' where {judged}")


def clicks_of_the_night_are_gone(demo: Demo) -> None:
    """It is the day before in New York."""
    demo.change(
        f"delete from marts.fct_clicks where {of('everflow')} and date_key = {DAY}"
        " and hour(clicked_at) < 4"
    )


def clicks_of_the_evening_are_gone(demo: Demo) -> None:
    """It is the day after in London in summer."""
    evening = f"{of('partnerize')} and hour(clicked_at) = 23"
    demo.change(
        f"delete from marts.fct_clicks where {evening} and date_key = (select max(date_key)"
        f" from marts.fct_clicks where {evening} and date_key <= {DAY})"
    )


def clicks_of_a_day_are_gone(demo: Demo) -> None:
    demo.change(f"delete from marts.fct_clicks where date_key = {DAY} + 1")


def clicks_are_told_at_another_moment(demo: Demo) -> None:
    """By another line of the file: now they are of the day before in New York."""
    demo.change(
        "update marts.fct_clicks set line_number = line_number + 1000000,"
        " clicked_at = date_trunc('day', clicked_at) + interval '1 hour'"
        f" where date_key = {DAY} and {of('everflow')}"
    )


def a_report_names_partners(demo: Demo) -> None:
    """It was of all clicks of its network, on all days."""
    demo.change(
        f"""
        insert into intermediate.int_network_reports__members
        select distinct
            reports.report_key, 'partner', partners.partner_current_key::varchar,
            partners.partner_current_key::varchar, partners.partner_current_key,
            timestamp '1900-01-01', timestamp '9999-12-31'
        from intermediate.int_network_reports__clicked_days as reports
        cross join (
            select partner_current_key from marts.fct_clicks
            where {of("impact")} group by all order by count(*) desc limit 2
        ) as partners
        where reports.{report("impact")}
        """
    )


def a_click_is_of_another_partner(demo: Demo) -> None:
    """Its day has as many clicks as before, of the same class."""
    named = "(select max(current_key) from intermediate.int_network_reports__members)"
    demo.change(
        f"update marts.fct_clicks set partner_current_key = -1 where {of('impact')}"
        f" and partner_current_key = {named}"
    )


def a_report_names_advertisers(demo: Demo) -> None:
    """Their ids are those of the rows; clicks of others are no longer its own."""
    demo.change(
        f"""
        insert into intermediate.int_network_reports__members
        select distinct
            reports.report_key, 'advertiser', 'b', 'b', clicks.advertiser_current_key,
            timestamp '1900-01-01', timestamp '9999-12-31'
        from intermediate.int_network_reports__clicked_days as reports
        inner join marts.fct_clicks as clicks on reports.network_key = clicks.network_key
        where reports.{report("rakuten")}
        """
    )


def an_advertiser_stands_under_another_id(demo: Demo) -> None:
    demo.change(
        "update intermediate.int_network_reports__members set line_source_id = 'a'"
        " where line_source_id = 'b'"
    )


def a_report_is_pulled_again(demo: Demo) -> None:
    """It has clicks of its last days that came too late for the pull before."""
    demo.change(
        "update intermediate.int_network_reports__days set clicks_until = clicks_until"
        f" - interval '9 days' where {report('everflow')}"
    )


def a_day_is_no_longer_covered(demo: Demo) -> None:
    demo.change(
        "update intermediate.int_network_reports__days set clicks_until = null"
        f" where {report('everflow')} and date_day = date '2026-06-01'"
    )


def a_report_counts_other_clicks(demo: Demo) -> None:
    demo.change(
        "update intermediate.int_network_reports__compared set counted_clicks = 'unique'"
        f" where {report('everflow')} and counted_clicks is not null"
    )


def a_report_is_gone(demo: Demo) -> None:
    demo.change(
        f"delete from intermediate.int_network_reports__days where {report('everflow')};"
        f"delete from intermediate.int_network_reports__compared where {report('everflow')}"
    )


HAPPENS = (
    clicks_are_judged_otherwise,
    clicks_of_the_night_are_gone,
    clicks_of_the_evening_are_gone,
    clicks_of_a_day_are_gone,
    clicks_are_told_at_another_moment,
    a_report_names_partners,
    a_click_is_of_another_partner,
    a_report_names_advertisers,
    an_advertiser_stands_under_another_id,
    a_report_is_pulled_again,
    a_day_is_no_longer_covered,
    a_report_counts_other_clicks,
    a_report_is_gone,
)


def test_counts_are_those_of_a_full_refresh_whatever_happens(demo: Demo) -> None:
    before = demo.counts(demo.warehouse)
    assert before == demo.of_a_full_refresh()
    happens: Callable[[Demo], None]
    for happens in HAPPENS:
        happens(demo)
        after = demo.counts(demo.warehouse)
        assert after == demo.of_a_full_refresh(), happens.__name__
        assert after != before, happens.__name__
        before = after
    assert len(before) > 50


def test_nothing_is_counted_again_when_nothing_happened(demo: Demo) -> None:
    """A build without news finds no outdated day; it would restore the rows taken away."""
    demo.change(f"delete from intermediate.{MODEL} where at_ours > 0")
    assert {row[4] for row in demo.counts(demo.warehouse).values()} <= {0}
