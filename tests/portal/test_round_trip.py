"""From an edit in the browser to the report: what moves, from when on, and what never does.

A project folder of its own with a small demo: a run without a portal; then a steward gives a
partner another channel from a day in the middle on, and yet another from now on; then a run again.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from browsing import chromium, visitor
from running import PROJECT, clean_environment, running_portal

PARTS = (
    "analyses", "macros", "mdm", "models", "scripts", "seeds", "snapshots", "tests/generic",
    "dbt_project.yml", "profiles.yml", "requirements.lock",
)  # fmt: skip
# The demo's days are gone: a change of today counts for none of them.
LAST_DAY = dt.date(2026, 6, 30)
DAYS = 12
MIDDLE = LAST_DAY - dt.timedelta(days=DAYS // 2)
FROM_MIDDLE, FROM_NOW = "paid_social", "sms"

CLICKS = """
    select clicks.click_id, clicks.clicked_at, partner.partner_code, channel.channel_code
    from marts.fct_clicks as clicks
    inner join marts.dim_partner as partner on clicks.partner_key = partner.partner_key
    inner join marts.dim_channel as channel on clicks.channel_key = channel.channel_key
    where clicks.click_class = 'unique'
"""  # the metric unique_clicks, click by click
# What master data said of the partners of unique clicks when they were clicked.
REPORT = """
    select partner.channel_code, count(*)
    from marts.fct_clicks as clicks
    inner join marts.dim_partner as partner on clicks.partner_key = partner.partner_key
    where clicks.click_class = 'unique' and partner.partner_code is not null
    group by all
"""
# The same from the versions as they were known at a moment, made anew from the history.
AS_KNOWN = """
with history as (
    select history_id, recorded_at, change_type, effective_from, code, channel_code, file_id,
        line_number
    from {{ ref('stg_master_data__partner_history') }}
    where recorded_at <= cast('%s' as timestamp)
),
versions as (
    {{ scd2('history', record_key=['code'], fields=['channel_code']) }}
)
select versions.channel_code, count(*)
from {{ ref('fct_clicks') }} as clicks
inner join {{ ref('dim_partner') }} as partner on clicks.partner_key = partner.partner_key
inner join versions
    on partner.partner_code = versions.code
    and clicks.clicked_at >= versions.valid_from and clicks.clicked_at < versions.valid_to
where clicks.click_class = 'unique'
group by versions.channel_code
"""
DIMENSIONS = {
    "dim_advertiser": "true",
    "dim_campaign": "true",
    "dim_channel": "true",
    "dim_program": "true",
    "dim_partner": "partner_code is distinct from '{partner}'",
}


@dataclass(frozen=True)
class Click:
    """A unique click with its channel."""

    at: dt.datetime
    partner: str
    channel: str


Clicks = dict[int, Click]


@dataclass(frozen=True)
class Trip:
    """What there was before the edits, and after them."""

    partner: str
    said: tuple[str, str]
    before: Clicks
    after: Clicks
    reported: dict[str, int]
    as_known_then: dict[str, int]
    published_then: dict[tuple[str, str], int]
    dimensions: tuple[dict[str, Any], dict[str, Any]]
    seconds: float


class Project:
    """A copy of the project with a demo of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = clean_environment() | {
            "DBT_PROFILES_DIR": str(folder),
            "CLICKSTAR_SALT": "a salt for tests",
            "COLUMNS": "1000",
        }
        for part in PARTS:
            if (PROJECT / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "var")
                shutil.copytree(PROJECT / part, folder / part, ignore=ignored)
            else:
                shutil.copy(PROJECT / part, folder / part)
        for name in ("landing", "warehouse", "target"):
            (folder / name).mkdir()

    def call(self, *arguments: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        return done.stdout

    def make_demo(self) -> None:
        self.call("scripts/make_demo.py", "--clicks", "400", "--days", str(DAYS),
                  "--end", str(LAST_DAY))  # fmt: skip
        # The unit tests have rows of their own: other tests run them.
        passed = self.call("-c", "import sys; sys.path.insert(0, 'scripts');"
                           "from rich.console import Console;"
                           "from clickstar_run.dbt_steps import Dbt;"
                           "from clickstar_run.settings import read_settings;"
                           "print(Dbt(Console(), read_settings())._fingerprint())")  # fmt: skip
        (self.folder / "target" / "unit_tests_passed").write_text(passed)

    def compiled(self, *arguments: str) -> str:
        """The SQL of an analysis, or of a query that is given with --inline."""
        return self.call(
            Path(sys.executable).with_name("dbt"), "compile", "--quiet", "--no-introspect",
            *arguments,
        )  # fmt: skip

    def ask(self, query: str) -> list[Any]:
        with duckdb.connect(str(self.folder / "warehouse/clickstar.duckdb"), read_only=True) as db:
            return db.execute(query).fetchall()

    def clicks(self) -> Clicks:
        return {row[0]: Click(*row[1:]) for row in self.ask(CLICKS)}

    def dimensions(self, partner: str) -> dict[str, Any]:
        rows = {
            name: self.ask(f"select * from marts.{name} where {which.format(partner=partner)}")
            for name, which in DIMENSIONS.items()
        }
        return {name: sorted(map(repr, found)) for name, found in rows.items()}


def edit_in_the_browser(project: Project, partner: str) -> float:
    """Ask for both changes, approve them, and return when the last one was approved."""
    with running_portal(project.environment, project.folder) as portal, chromium() as browser:
        for channel, kind in ((FROM_MIDDLE, "date"), (FROM_NOW, "now")):
            with visitor(browser, portal.address, "steward") as steward:
                steward.goes_to(f"records/partner/{partner}/change/")
                page = steward.page
                page.locator("select[name=channel]").select_option(channel)
                page.locator("#id_reason").fill(f"{channel} from now on: {kind}")
                page.locator("select[name=effective]").select_option(kind)
                if kind == "date":
                    page.locator("input[name=effective_from]").fill(str(MIDDLE))
                page.get_by_role("button", name="Send").first.click()
                steward.is_told("nothing changes until somebody else approves it")
            with visitor(browser, portal.address, "approver") as approver:
                approver.goes_to("changes/changerequest/?whose=waiting")
                approver.page.get_by_role("link", name="change partner").first.click()
                approver.page.get_by_role("button", name="Approve").click()
                approver.is_told("Approved: the record has the new values.")
        return time.monotonic()


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trip]:
    project = Project(tmp_path_factory.mktemp("project"))
    project.make_demo()
    first = project.call("scripts/run.py", "run")
    known_at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    before, reported = project.clicks(), dict(project.ask(REPORT))
    partner = with_clicks_on_both_sides(before)
    dimensions = project.dimensions(partner)
    approved = edit_in_the_browser(project, partner)
    second = project.call("scripts/run.py", "run")
    seconds = time.monotonic() - approved
    print(f"From the approval to the report: {seconds:.0f} s.")
    as_published = project.compiled(
        "--select", "as_it_was_published", "--vars", f"{{published_at: '{known_at}'}}"
    )
    yield Trip(
        partner,
        (first, second),
        before,
        project.clicks(),
        reported,
        dict(project.ask(project.compiled("--inline", AS_KNOWN % known_at))),
        {(then, now): partners for then, now, partners, _ in project.ask(as_published)},
        (dimensions, project.dimensions(partner)),
        seconds,
    )


def with_clicks_on_both_sides(clicks: Clicks) -> str:
    """The partner with most unique clicks before and after the middle, all of one channel."""
    early, late = Counter[str](), Counter[str]()
    channels: dict[str, set[str]] = {}
    for click in clicks.values():
        channels.setdefault(click.partner, set()).add(click.channel)
        (early if click.at.date() < MIDDLE else late)[click.partner] += 1
    return max(
        (code for code, seen in channels.items() if len(seen) == 1),
        key=lambda code: min(early[code], late[code]),
    )


def by_channel(clicks: Clicks) -> Counter[str]:
    return Counter(click.channel for click in clicks.values())


def test_the_metric_moves_from_the_moment_on_and_not_before(trip: Trip) -> None:
    moved = {
        number
        for number, click in trip.before.items()
        if click.partner == trip.partner and click.at.date() >= MIDDLE
    }
    assert len(moved) > 3
    expected = {
        number: Click(click.at, click.partner, FROM_MIDDLE) if number in moved else click
        for number, click in trip.before.items()
    }
    assert trip.after == expected
    assert by_channel(trip.after)[FROM_MIDDLE] == by_channel(trip.before)[FROM_MIDDLE] + len(moved)


def test_a_change_from_now_on_moves_nothing_of_the_past(trip: Trip) -> None:
    assert by_channel(trip.after)[FROM_NOW] == by_channel(trip.before)[FROM_NOW]


def test_what_was_adopted_and_published_changes_no_other_version(trip: Trip) -> None:
    """Both sets of files lie in the landing folder: those of before, and those of the portal."""
    before, after = trip.dimensions
    for name in DIMENSIONS:
        assert after[name] == before[name], name


def test_the_old_report_is_reproduced_as_of_yesterday(trip: Trip) -> None:
    assert trip.as_known_then == trip.reported
    [channel] = {click.channel for click in trip.before.values() if click.partner == trip.partner}
    assert trip.published_then[channel, FROM_NOW] >= 1


def test_a_run_says_what_it_published(trip: Trip) -> None:
    first, second = trip.said
    assert "portal" not in first
    assert "published from the portal" in second
    assert "Changed: " in second
