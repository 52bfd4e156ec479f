"""Unique and duplicate clicks: the vendors' definitions by hand, and random clicks by an oracle.

The random clicks lie around three midnights, arrive late and in any order, are invalid now and
then, and are counted by five rules at once, one of them with two versions. After every delivery the
warehouse must say what `uniqueness_oracle` says of all clicks that have arrived.

`UNIQUENESS=200` draws so many new sequences.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from builds import Builds
from uniqueness_oracle import Click, Rule, classes
from warehouses import DATABASE, Warehouse, project_copy

EXAMPLES = int(os.environ.get("UNIQUENESS", "5"))
JUDGING = ("--select", "+int_clicks__verdicts")
FIRST = ("build", "--exclude-resource-type", "test", "unit_test", *JUDGING)
AGAIN = ("run", *JUDGING, "--exclude", "config.materialized:view")

MIDNIGHT = dt.datetime(2026, 3, 2)
# A version of the default rule ends here, in the middle of everything.
NEW_VERSION = MIDNIGHT + dt.timedelta(minutes=2)
DEFAULT = (
    Rule("default 1", "visitor", "partner", 180, "rolling"),
    Rule("default 2", "visitor", "partner", 90, "rolling"),
)
CHOSEN = {
    "fixed": Rule("fixed", "visitor", "program", 150, "fixed"),
    "address": Rule("address", "ip_user_agent", "global", 120, "fixed"),
    "marked": Rule("marked", "sub_id", "creative", 200, "rolling"),
    "days": Rule("days", "visitor", "advertiser", 86_400, "fixed"),
}
# a1 to a4 have chosen, a5 is nobody's; a6 chose `fixed` from midnight on.
ADVERTISERS = ("a1", "a2", "a3", "a4", "a5", "a6")


def rule_of(click: Click) -> Rule:
    """The rule that master data and the seed below give to a click."""
    chosen = dict(zip(ADVERTISERS, CHOSEN, strict=False)).get(click.advertiser)
    if click.advertiser == "a6" and click.at >= MIDNIGHT:
        chosen = "fixed"
    return CHOSEN[chosen] if chosen else DEFAULT[click.at >= NEW_VERSION]


def write_seed(project: Path) -> None:
    """Put the rules above in the place of the vendors' ones."""
    path = project / "seeds" / "uniqueness_rules.csv"
    with path.open(newline="") as file:
        columns = list(csv.DictReader(file).fieldnames or [])
    began, ends = "1900-01-01 00:00:00", "9999-12-31 00:00:00"
    versions = [
        (DEFAULT[0], "default", 1, began, str(NEW_VERSION)),
        (DEFAULT[1], "default", 2, str(NEW_VERSION), ends),
        *((rule, name, 1, began, ends) for name, rule in CHOSEN.items()),
    ]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="for a test")
        writer.writeheader()
        for rule, name, version, valid_from, valid_to in versions:
            writer.writerow(
                {
                    "rule_id": name,
                    "version": version,
                    "valid_from": valid_from,
                    "valid_to": valid_to,
                    "click_key": rule.click_key,
                    "scope": rule.scope,
                    "window_seconds": rule.window,
                    "window_kind": rule.kind,
                    "is_default": str(name == "default").lower(),
                }
            )


def keep_tests_only(project: Path) -> None:
    """Leave the one quality rule that the clicks are made for: dense ones look like robots."""
    path = project / "seeds" / "click_quality_rules.csv"
    header, *rules = path.read_text().splitlines()
    kept = [rule for rule in rules if rule.startswith("test_click,")]
    path.write_text("\n".join([header, *kept]) + "\n")


def write_choices(landing: Path, choices: Sequence[tuple[str, str, dt.datetime | None]]) -> None:
    """Write the master data: `cj`'s advertiser a1 is ADV-a1, and so on, with its rule."""
    folder = landing / "master_data"
    folder.mkdir(parents=True, exist_ok=True)
    began = "2020-01-01T00:00:00Z"
    (folder / "crosswalk_history.csv").write_text(
        "history_id,recorded_at,change_type,effective_from,network_code,kind,source_id,code\n"
        + "".join(
            f"{number},{began},+,,cj,advertiser,{name},ADV-{name}\n"
            for number, name in enumerate(sorted({name for name, _, _ in choices}), start=1)
        )
    )
    (folder / "uniqueness_rule_history.csv").write_text(
        "history_id,recorded_at,change_type,effective_from,code,rule_id\n"
        + "".join(
            f"{number},{began},+,{effective.isoformat() + 'Z' if effective else ''},"
            f"ADV-{name},{rule}\n"
            for number, (name, rule, effective) in enumerate(choices, start=1)
        )
    )


CHOICES = [
    *((name, rule, None) for name, rule in zip(ADVERTISERS, CHOSEN, strict=False)),
    ("a6", "fixed", MIDNIGHT),
]


def write_clicks(path: Path, clicks: Sequence[Click]) -> None:
    """Write clicks as the link tracker does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(
            json.dumps(
                {
                    "event_id": click.event,
                    "event_time": click.at.isoformat() + "Z",
                    "network": "cj",
                    "advertiser_id": click.advertiser,
                    "partner_id": click.partner,
                    "program_id": click.program,
                    "creative_id": click.creative,
                    "cookie_id": click.cookie,
                    "ip": click.ip,
                    "user_agent": click.agent,
                    "sub_id": click.sub_id,
                    "is_test": click.invalid,
                }
            )
            + "\n"
            for click in clicks
        )
    )


VERDICTS = """
    select records.event_id, verdicts.click_class, verdicts.click_id
    from {intermediate}.int_clicks__verdicts as verdicts
    inner join {intermediate}.int_clicks__deduplicated as records
        on verdicts.click_id = records.click_id
"""


def verdicts(warehouse: Warehouse) -> tuple[dict[str, str], dict[str, int]]:
    """The class of each click by its event, and its id."""
    rows = warehouse.query(VERDICTS.format(intermediate=warehouse.schema("intermediate")))
    assert len({row[0] for row in rows}) == len(rows)
    return (
        {str(row[0]): str(row[1]) for row in rows},
        {str(row[0]): int(str(row[2])) for row in rows},
    )


# --- the vendors' definitions ---------------------------------------------------------------------


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-{text}")


def by_hand(
    event: str,
    when: str,
    advertiser: str,
    partner: str,
    program: str,
    cookie: str = "A",
    **more: bool,
) -> Click:
    return Click(
        event, at(when), advertiser, partner, program, "", cookie, "203.0.113.9",
        "Mozilla/5.0 (Windows NT 10.0) Firefox/128.0", None, more.get("invalid", False),
    )  # fmt: skip


# event, time, advertiser, partner, program, what the vendor's sentence makes of it
WORKED = {
    # "A unique click within a 30 minute rolling window": it "resets on every click".
    "impact": [
        (by_hand("i1", "03-01 23:20", "im", "p1", "o1"), "unique"),
        (by_hand("i2", "03-01 23:49", "im", "p1", "o1"), "duplicate"),
        # 59 minutes after the first, 29:59 after the one before, and another day.
        (by_hand("i3", "03-02 00:18:59", "im", "p1", "o2"), "duplicate"),
        # Exactly half an hour after it.
        (by_hand("i4", "03-02 00:48:59", "im", "p1", "o1"), "unique"),
        # Another partner's link, another visitor.
        (by_hand("i5", "03-02 00:49", "im", "p2", "o1"), "unique"),
        (by_hand("i6", "03-02 00:49", "im", "p1", "o1", "B"), "unique"),
        # An invalid click does not hold the window open.
        (by_hand("i7", "03-02 01:10", "im", "p1", "o1", invalid=True), "invalid"),
        (by_hand("i8", "03-02 01:20", "im", "p1", "o1"), "unique"),
    ],
    # The three clicks of Affise's page: offers 1 and 2 are two hosts, the third is "a click only",
    # although the partner differs. Then 24 hours, which the clicks between do not prolong.
    "affise": [
        (by_hand("a1", "03-01 10:00", "af", "pid1", "offer1"), "unique"),
        (by_hand("a2", "03-01 10:01", "af", "pid2", "offer2"), "unique"),
        (by_hand("a3", "03-01 10:02", "af", "pid1", "offer2"), "duplicate"),
        (by_hand("a4", "03-02 09:59:59", "af", "pid1", "offer1"), "duplicate"),
        (by_hand("a5", "03-02 10:00", "af", "pid1", "offer1"), "unique"),
        (by_hand("a6", "03-02 10:00:59", "af", "pid1", "offer2"), "duplicate"),
        (by_hand("a7", "03-02 10:01", "af", "pid1", "offer2"), "unique"),
    ],
    # "Unique when the cookie is placed for the first time"; a further click refreshes the cookie.
    "tune": [
        (by_hand("t1", "03-01 00:00", "tu", "p1", "o1"), "unique"),
        (by_hand("t2", "03-30 23:59:59", "tu", "p1", "o1"), "duplicate"),
        # 59 days after the first, but less than 30 after the refreshed cookie.
        (by_hand("t3", "04-29 23:59:58", "tu", "p1", "o1"), "duplicate"),
        (by_hand("t4", "05-29 23:59:58", "tu", "p1", "o1"), "unique"),
        # The cookie is the offer's.
        (by_hand("t5", "03-01 00:01", "tu", "p1", "o2"), "unique"),
        # "Counts all exclude any clicks rejected due to fraud."
        (by_hand("t6", "03-01 00:02", "tu", "p1", "o3", invalid=True), "invalid"),
        (by_hand("t7", "03-01 00:03", "tu", "p1", "o3"), "unique"),
    ],
    # "If the same user clicks again within 24 hours, Everflow considers it a duplicate click."
    "everflow": [
        (by_hand("e1", "03-01 12:00", "ev", "p1", "o1"), "unique"),
        (by_hand("e2", "03-02 11:59:59", "ev", "p2", "o1"), "duplicate"),
        (by_hand("e3", "03-02 12:00", "ev", "p1", "o1"), "unique"),
        (by_hand("e4", "03-02 12:00", "ev", "p1", "o2"), "unique"),
        (by_hand("e5", "03-03 11:59:59", "ev", "p1", "o1"), "duplicate"),
        (by_hand("e6", "03-03 12:00:01", "ev", "p1", "o1"), "unique"),
        (by_hand("e7", "03-04 12:00", "ev", "p1", "o1"), "duplicate"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def worked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Return a warehouse with the clicks worked out by hand and the rules of the project."""
    folder = tmp_path_factory.mktemp(f"worked_{request.param}")
    landing = folder / "landing"
    write_choices(landing, [(rule[:2], rule, None) for rule in WORKED])
    write_clicks(
        landing / "redirector" / "clicks.ndjson",
        [click for clicks in WORKED.values() for click, _ in clicks],
    )
    environment = {}
    if request.param == "postgres":
        environment = request.getfixturevalue("postgres_server").create_database(DATABASE)
    warehouse = Warehouse(request.param, folder, environment)
    warehouse.load(landing)
    warehouse.dbt(*FIRST)
    yield warehouse
    if request.param == "postgres":
        request.getfixturevalue("postgres_server").drop_database(DATABASE)


@pytest.mark.parametrize("rule", WORKED)
def test_a_vendors_definition_is_reproduced(worked: Warehouse, rule: str) -> None:
    found, _ = verdicts(worked)
    assert {click.event: found[click.event] for click, _ in WORKED[rule]} == {
        click.event: expected for click, expected in WORKED[rule]
    }


# --- random clicks --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivery:
    """Clicks of one file; a file of the same name is replaced."""

    file: int
    clicks: tuple[Click, ...]


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    """Draw some files, in their order of arrival; the first may come again with other clicks."""
    # Most files hold one side of one midnight, so that a late one changes chains on a day that it
    # does not touch.
    sides = {"before": (-14, -1), "after": (0, 14), "both": (-14, 14)}

    def moments(side: str) -> st.SearchStrategy[dt.datetime]:
        return st.builds(
            lambda day, step, millisecond: (
                MIDNIGHT + dt.timedelta(days=day, seconds=30 * step, milliseconds=millisecond)
            ),
            st.sampled_from((-1, 0, 0, 0, 1)) if side == "both" else st.just(0),
            st.integers(*sides[side]),
            st.sampled_from((0, 0, 0, 0, 1, 999)),
        )

    clicks = {
        side: st.builds(
            Click,
            event=st.just(""),
            at=moments(side),
            advertiser=st.sampled_from(ADVERTISERS),
            partner=st.sampled_from(("p1", "p1", "p2")),
            program=st.sampled_from(("o1", "o2")),
            creative=st.just("c1"),
            cookie=st.sampled_from(("A", "A", "B", None)),
            ip=st.sampled_from(("203.0.113.9", "203.0.113.9", None)),
            agent=st.just("a browser"),
            sub_id=st.sampled_from(("s1", None)),
            invalid=st.sampled_from((False, False, False, False, True)),
        )
        for side in sides
    }
    of_files = draw(st.lists(st.sampled_from(("before", "after", "both")), min_size=2, max_size=4))
    files = [draw(st.lists(clicks[side], min_size=25, max_size=60)) for side in of_files]
    arrivals = [*range(len(files)), *draw(st.sampled_from(((), (0,))))]
    if len(arrivals) > len(files):
        files.append(draw(st.lists(clicks[of_files[0]], min_size=10, max_size=40)))
    return [
        Delivery(
            name,
            tuple(
                Click(f"f{number}-{position}", *list(click.__dict__.values())[1:])
                for position, click in enumerate(files[number])
            ),
        )
        for number, name in enumerate(arrivals)
    ]


class Judging:
    """Builds what judges, quickly, from a template that was built from no clicks."""

    def __init__(self, builds: Builds, template: Warehouse, scratch: Path) -> None:
        self._builds = builds
        self._template = template
        self._scratch = scratch
        landing = template.folder / "landing"
        write_choices(landing, CHOICES)
        said = builds.run({}, FIRST, landing).said
        assert not said, said

    def new(self) -> Warehouse:
        """A warehouse without clicks."""
        if self._template.target != "duckdb":
            return self._template
        folder = self._scratch / "sequence"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(self._template.file, folder / self._template.file.name)
        return Warehouse("duckdb", folder, self._template.settings, self._template.project)

    def deliver(self, warehouse: Warehouse, landing: Path) -> None:
        """Load the landing folder and judge."""
        variables = {"CLICKSTAR_DUCKDB_PATH": str(warehouse.file)}
        outcome = self._builds.run(variables, AGAIN, landing)
        assert not outcome.said, outcome.said


def check(judging: Judging, arrivals: Sequence[Delivery]) -> None:
    """Let files arrive one by one; each time the warehouse must agree with the oracle."""
    warehouse = judging.new()
    landing = warehouse.folder / "arrivals"
    shutil.rmtree(landing, ignore_errors=True)
    write_choices(landing, CHOICES)
    there: dict[int, tuple[Click, ...]] = {}
    for number, delivery in enumerate(arrivals):
        path = landing / "redirector" / f"file_{delivery.file}.ndjson"
        write_clicks(path, delivery.clicks)
        # A file may be replaced within the same tick of the clock.
        stamp = path.stat().st_mtime_ns + 1_000_000 * number
        os.utime(path, ns=(stamp, stamp))
        there[delivery.file] = delivery.clicks
        judging.deliver(warehouse, landing)
        found, order = verdicts(warehouse)
        clicks = [click for clicks in there.values() for click in clicks]
        assert found == classes(clicks, rule_of, order), f"after {number + 1} of {arrivals}"


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judging]:
    """Return a way to judge quickly on DuckDB."""
    folder = tmp_path_factory.mktemp("judging")
    project = project_copy(fresh(folder / "project"))
    write_seed(project)
    keep_tests_only(project)
    template = Warehouse("duckdb", folder, {"CLICKSTAR_THREADS": "1"}, project)
    with Builds(template.environment, template.project) as builds:
        yield Judging(builds, template, tmp_path_factory.mktemp("sequences"))


def fresh(folder: Path) -> Path:
    """A new folder."""
    folder.mkdir(parents=True)
    return folder


def test_random_clicks_are_classified_as_the_oracle_says(judging: Judging) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize="UNIQUENESS" not in os.environ,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(deliveries())
    def sequences(arrivals: list[Delivery]) -> None:
        check(judging, arrivals)

    sequences()
