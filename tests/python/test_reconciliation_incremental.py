"""Commissions are reconciled anew where something of theirs changed, and the others stay.

One warehouse of the demo, to which one thing after the other happens. After each, the rows that an
incremental build has are those that a full refresh of the models makes of the same tables, and
something of them has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from incremental import differing, made_anew, rows
from warehouses import Warehouse, demo_landing

STEPS = "int_reconciliation__steps"
MODELS = {
    f"int_reconciliation__{name}": "intermediate"
    for name in ("commissions", "states", "records", "steps")
}


class Demo:
    """The warehouse."""

    def __init__(self, folder: Path) -> None:
        landing = demo_landing(folder, "--clicks", "6000", "--days", "60")
        self.warehouse = Warehouse("duckdb", folder)
        self.warehouse.load(landing)
        selected = ("--select", f"+{STEPS}", "--exclude-resource-type", "test", "unit_test")
        self.warehouse.dbt("build", *selected)

    def change(self, sql: str) -> None:
        """Change some tables, and build."""
        self.warehouse.execute(sql)
        self.warehouse.dbt("run", "--select", *MODELS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return the demo as it was built from nothing."""
    return Demo(tmp_path_factory.mktemp("reconciliation_incremental"))


LINES = "intermediate.int_network_reports__compared"
DAYS = "intermediate.int_network_reports__days"
COMPARED = "intermediate.int_reconciliation__commissions"
RECORDS = "intermediate.int_reconciliation__records"


def report(network: str, account: str) -> str:
    """A condition on the key of the report of an account."""
    return (
        f"report_key in (select report_key from {LINES}"
        f" where network_code = '{network}' and account_code = '{account}')"
    )


EVERFLOW = report("everflow", "301")
SYDNEY = report("awin", "610102")
LONDON = report("awin", "610101")
POSTED = report("cj", "4700101")


def chosen(condition: str) -> str:
    """A condition on the key of the first commission of a report."""
    return f"commission_key = (select min(commission_key) from {COMPARED} where {condition})"


def a_report_was_pulled_earlier(demo: Demo) -> None:
    """What became known since was not in it, and what it had was otherwise."""
    demo.change(f"update {LINES} set pulled_at = '2026-06-10 04:00:00' where {EVERFLOW}")


def a_dashboard_has_no_sales_of_some_days_yet(demo: Demo) -> None:
    """As the pull of the days says, where a line says nothing."""
    demo.change(f"update {DAYS} set sales_until = '2026-06-20 04:00:00' where {SYDNEY}")


def a_line_says_how_far_the_dashboard_is(demo: Demo) -> None:
    demo.change(f"update {LINES} set sales_until = '2026-06-15 04:00:00' where {SYDNEY}")


def a_commission_has_another_entry(demo: Demo) -> None:
    """Of the same observations, as when a full pull no longer has it.

    On its day others stand by our time zone that are on another day of the report.
    """
    demo.change(
        f"""
        create table main.gone as
        select min(gone.commission_key) as commission_key
        from {COMPARED} as gone
        inner join {COMPARED} as other
            on gone.report_key = other.report_key
            and other.own_date in (gone.own_date, gone.zone_date)
            and other.zone_date not in (gone.own_date, gone.zone_date)
        where gone.status = 'approved' and other.status = 'approved';
        update intermediate.int_commissions__entries set entry_state = entry_state + 1
        where commission_key in (from main.gone);
        update intermediate.int_commissions__states set status = 'deleted', sale_amount = 0
        where commission_key in (from main.gone)
        """
    )


def a_commission_is_observed_otherwise(demo: Demo) -> None:
    """The sale was two days later: it leaves its days, and comes to others."""
    moved = chosen(f"{EVERFLOW} and status = 'approved' and zone_date != own_date")
    demo.change(
        f"""
        create table main.moved as select commission_key from {COMPARED} where {moved} limit 1;
        update intermediate.int_commissions__attributes
        set occurred_at = occurred_at + interval '2 days',
            observations_state = observations_state + 1
        where commission_key in (from main.moved);
        update intermediate.int_commissions__entries
        set observations_state = observations_state + 1, entry_state = entry_state + 1
        where commission_key in (from main.moved)
        """
    )


def a_commission_is_gone(demo: Demo) -> None:
    gone = f"commission_key in (select min(commission_key) from {RECORDS})"
    demo.change(
        "create table main.left as select commission_key from"
        f" intermediate.int_commissions__states where {gone};"
        + "".join(
            f"delete from intermediate.int_commissions__{name}"
            " where commission_key in (from main.left);"
            for name in ("states", "entries", "attributes")
        )
    )


def a_report_knows_one_currency(demo: Demo) -> None:
    """Now it is one of the account, and has everything in that currency."""
    demo.change(
        f"create table main.rest as select * from {LINES} where {LONDON};"
        f"delete from {LINES} where {LONDON} and currency_code != 'USD';"
        f"update {LINES} set currency_code = 'EUR' where {POSTED}"
    )


def days_without_a_line_were_pulled_earlier(demo: Demo) -> None:
    """What has no line on its day is as the pull of the day had it."""
    demo.change(f"update {DAYS} set pulled_at = '2026-06-10 04:00:00' where {LONDON}")


def a_rate_is_corrected(demo: Demo) -> None:
    """On the day of a sale."""
    demo.change(
        "update intermediate.int_currencies__daily_rates set rate = rate * 2"
        " where from_currency = 'GBP' and to_currency = 'USD' and date_day ="
        f" (select max(own_date) from {COMPARED} where {LONDON} and currency_code = 'GBP')"
    )


OTHER_DAY = (
    f"(select max(posted_date) from {RECORDS} as records inner join {COMPARED} as compared"
    " using (report_key, commission_key) where records.posted_date != compared.own_date"
    f" and records.{POSTED})"
)


def the_rate_of_a_posting_is_corrected(demo: Demo) -> None:
    """The sale was on another day."""
    demo.change(
        "update intermediate.int_currencies__daily_rates set rate = rate * 2"
        f" where from_currency = 'USD' and to_currency = 'EUR' and date_day = {OTHER_DAY}"
    )


def the_day_of_a_posting_is_pulled_again(demo: Demo) -> None:
    """The report did not have the record yet."""
    demo.change(
        f"update {DAYS} set sales_until = date_day where {POSTED} and date_day = {OTHER_DAY}"
    )


def the_day_of_a_posting_was_pulled_earlier(demo: Demo) -> None:
    demo.change(
        f"update {DAYS} set pulled_at = date_day where {POSTED} and date_day ="
        f" {OTHER_DAY.replace('max(', 'min(')}"
    )


def a_report_names_advertisers(demo: Demo) -> None:
    demo.change(
        f"update {LINES} set advertiser_source_id = 'one' where {LONDON}"
        f" and reported_date = (select min(reported_date) from {LINES} where {LONDON})"
    )


def versions_of(network: str) -> str:
    return (
        "kind = 'advertiser' and source_id in (select advertiser_source_id from"
        f" intermediate.int_commissions__attributes where network_code = '{network}')"
        f" and network_code = '{network}'"
    )


def advertisers_are_no_longer_mapped(demo: Demo) -> None:
    demo.change(
        "update intermediate.int_members__versions set is_mapped = not is_mapped"
        f" where {versions_of('awin')}"
    )


def advertisers_were_mapped_later(demo: Demo) -> None:
    demo.change(
        "update intermediate.int_members__versions set valid_from = '2026-06-01'"
        f" where {versions_of('awin')} and valid_from < '2026-05-01'"
    )


def advertisers_were_mapped_until(demo: Demo) -> None:
    demo.change(
        "update intermediate.int_members__versions set valid_to = '2026-06-15'"
        f" where {versions_of('awin')} and valid_to > '2026-06-30'"
    )


def a_word_means_something_else(demo: Demo) -> None:
    """What a report had was otherwise; what is known now is as before."""
    demo.change("update seeds.commission_statuses set status = 'test' where status = 'pending'")


def feeds_are_accounting_ones(demo: Demo) -> None:
    """What they have not told is provisional, and a pull is no state of a commission any more."""
    demo.change(
        "update seeds.commission_feeds set mode = 'final'"
        " where feed in ('everflow.conversions', 'impact.action_updates')"
    )


def a_report_is_gone(demo: Demo) -> None:
    demo.change(f"delete from {DAYS} where {POSTED}; delete from {LINES} where {POSTED}")


HAPPENS = (
    a_report_was_pulled_earlier,
    a_dashboard_has_no_sales_of_some_days_yet,
    a_line_says_how_far_the_dashboard_is,
    a_commission_has_another_entry,
    a_commission_is_observed_otherwise,
    a_commission_is_gone,
    a_report_knows_one_currency,
    days_without_a_line_were_pulled_earlier,
    a_rate_is_corrected,
    the_rate_of_a_posting_is_corrected,
    the_day_of_a_posting_is_pulled_again,
    the_day_of_a_posting_was_pulled_earlier,
    a_report_names_advertisers,
    advertisers_are_no_longer_mapped,
    advertisers_were_mapped_later,
    advertisers_were_mapped_until,
    a_word_means_something_else,
    feeds_are_accounting_ones,
    a_report_is_gone,
)


def test_rows_are_those_of_a_full_refresh_whatever_happens(demo: Demo) -> None:
    before = rows(demo.warehouse, MODELS)
    assert not differing(before, made_anew(demo.warehouse, MODELS))
    happens: Callable[[Demo], None]
    for happens in HAPPENS:
        happens(demo)
        after = rows(demo.warehouse, MODELS)
        assert not differing(after, made_anew(demo.warehouse, MODELS)), happens.__name__
        assert STEPS in differing(after, before), happens.__name__
        before = after
    assert all(before.values())


def test_nothing_is_worked_out_again_when_nothing_happened(demo: Demo) -> None:
    """A build without news finds nothing outdated; it would restore the rows taken away."""
    demo.change("delete from intermediate.int_reconciliation__steps where measure = 'sales'")
    steps = rows(demo.warehouse, MODELS)[STEPS]
    assert steps and not any("sales" in row for row in steps)
