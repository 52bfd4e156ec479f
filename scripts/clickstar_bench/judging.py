"""The part `judging`: what judging clicks costs, and how right it is on the demo with its truth.

The truth says of every record which signal it shows, whether a robot or an office made it, and what
its source tells of the visitor (see `clickstar_demo`). Nothing here is shared with the models.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from clickstar_bench.measure import (
    REPOSITORY,
    BenchError,
    Settings,
    dbt_environment,
    measure,
    run_dbt,
)
from clickstar_bench.page import Grid, Promise, Report, millions
from clickstar_bench.warehouses import fresh_copy, raw_of

# Models in these folders exist to judge clicks; the marts would be built without them, too.
JUDGING_FOLDERS = ("click_quality", "networks", "user_agents")
JUDGING_MARTS = ("dim_click_quality",)
TRUTH_CLICKS = 60_000
TRUTH_DAYS = 30
MODELS = ("build", "--full-refresh", "--exclude-resource-type", "unit_test", "test")

# What the truth calls a hit of each rule. A rule is measured on the clicks of the sources that show
# what it looks at: a log has no purpose of a request, and impact.com's clicks no address.
TRUTHS = {
    "prefetch": "truth.signal = 'prefetch'",
    "head_request": "truth.signal = 'head'",
    "test_click": "truth.signal = 'test'",
    "network_verdict": "truth.signal = 'refused'",
    "missing_user_agent": "truth.signal = 'no_agent'",
    "fast_click": "truth.signal = 'fast'",
    "impossible_sequence": "truth.signal = 'impossible'",
    "internal_traffic": "truth.is_internal or truth.signal = 'staff'",
    "visitor_rate": "truth.bot_kind = 'burst'",
    "shared_click_id": "truth.signal = 'replayed'",
    "concentrated_partner": "concentrated.partner_source_id is not null",
}
ROBOTS = "robots by user agent"
ROBOT_RULES = """(
    select rule_id from built.intermediate.int_click_quality_rules__in_force
    where kind = 'user_agent' and severity = 'invalid'
)"""


@dataclass(frozen=True)
class Accuracy:
    """How right a rule is: clicks that it hits, that it should hit, and both."""

    rule: str
    hits: int
    true: int
    both: int

    @property
    def precision(self) -> float | None:
        """Share of the hits that are right; none without hits."""
        return self.both / self.hits if self.hits else None

    @property
    def recall(self) -> float | None:
        """Share of what there is to find that is found; none where there is nothing."""
        return self.both / self.true if self.true else None


def beside_the_truth(warehouse: Path, truth: Path) -> duckdb.DuckDBPyConnection:
    """Open a built DuckDB warehouse of demo clicks, with a table `truth` of a row per click.

    Raises BenchError where a click has no truth.
    """
    connection = duckdb.connect()
    connection.execute(f"attach '{warehouse}' as built (read_only)")
    connection.execute(f"""
        create table truth as
        select
            clicks.click_id,
            clicks.date_key,
            coalesce(records.network_code, 'none') as network_code,
            records.partner_source_id,
            records.program_source_id,
            records.user_agent is not null as has_agent,
            said.signal,
            said.seen_visitor,
            said.is_internal,
            said.has_bot_agent,
            said.bot_kind,
            said.visitor_number
        from built.marts.fct_clicks as clicks
        inner join built.intermediate.int_clicks__deduplicated as records using (click_id)
        inner join built.staging.stg_loader__files as files
            on clicks.file_id = files.file_id
        inner join read_parquet('{truth}/*/*.parquet') as said
            on files.path = said.file and clicks.line_number = said.line_number
    """)
    clicks = connection.sql("select count(*) from built.marts.fct_clicks").fetchall()
    known = connection.sql("select count(*) from truth").fetchall()
    if clicks != known:
        raise BenchError(f"{clicks[0][0]} clicks, but the truth of {known[0][0]}")
    # A visitor stands for its pair of user agent and prefix.
    connection.execute("""
        create table concentrated as
        with shares as (
            select date_key, network_code, partner_source_id, visitor_number, count(*) as n
            from truth
            where partner_source_id is not null
            group by all
        ),
        partners as (
            select
                date_key, network_code, partner_source_id,
                sum(n * n) / sum(n) ** 2 as index, sum(n) as clicks
            from shares
            group by all
            having sum(n) >= 50
        )
        select *
        from partners
        where
            index >= 0.25
            and index >= 4 * (
                select quantile_disc(peers.index, 0.5)
                from partners as peers
                where peers.date_key = partners.date_key
            )
    """)
    return connection


def accuracies(connection: duckdb.DuckDBPyConnection) -> list[Accuracy]:
    """Compare what each rule hit with what it should hit, in the order of the rules."""
    found = []
    hit_by = "select click_id from built.intermediate.int_clicks__judged where rule_id in {}"
    for rule, condition in {
        **TRUTHS,
        ROBOTS: "truth.has_bot_agent and truth.has_agent",
    }.items():
        rules = ROBOT_RULES if rule == ROBOTS else f"('{rule}')"
        ((hits, true, both),) = connection.execute(f"""
            select
                count(*) filter (hit),
                count(*) filter (expected),
                count(*) filter (hit and expected)
            from (
                select
                    truth.click_id in ({hit_by.format(rules)}) as hit,
                    coalesce({condition}, false) as expected
                from truth
                left join concentrated using (date_key, network_code, partner_source_id)
            )
        """).fetchall()
        found.append(Accuracy(rule, hits, true, both))
    return found


@dataclass(frozen=True)
class Counted:
    """A click, as the truth and its source tell of it, with the rule that counts it."""

    click_id: int
    at: dt.datetime
    key: tuple[object, ...]
    window: dt.timedelta
    rolling: bool
    said: str


def wrong_classes(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Count the valid clicks, and those of another class than one by one they should be."""
    rows = connection.execute("""
        select
            verdicts.click_id,
            verdicts.clicked_at,
            verdicts.rule_key,
            truth.seen_visitor,
            case when rules.scope = 'global' then null else truth.network_code end,
            case rules.scope
                when 'partner' then truth.partner_source_id
                when 'program' then truth.program_source_id
            end,
            rules.window_seconds,
            rules.window_kind = 'rolling',
            verdicts.click_class
        from built.intermediate.int_clicks__verdicts as verdicts
        inner join truth using (click_id)
        inner join built.intermediate.int_uniqueness_rules__in_force as rules
            on verdicts.rule_key = rules.unique_key
        where verdicts.click_class != 'invalid'
        order by verdicts.clicked_at, verdicts.click_id
    """).fetchall()
    clicks = [
        Counted(row[0], row[1], row[2:6], dt.timedelta(seconds=row[6]), row[7], row[8])
        for row in rows
    ]
    return len(clicks), sum(click.said != expected for click, expected in replayed(clicks))


def replayed(clicks: Iterable[Counted]) -> Iterable[tuple[Counted, str]]:
    """Go through valid clicks in their order, each with the class that it must have."""
    since: dict[tuple[object, ...], dt.datetime] = {}
    for click in clicks:
        started = since.get(click.key)
        is_unique = started is None or click.at - started >= click.window
        if is_unique or click.rolling:
            since[click.key] = click.at
        yield click, "unique" if is_unique else "duplicate"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def accuracy_grid(measured: list[Accuracy]) -> Grid:
    """The table of precision and recall."""
    return Grid(
        f"Rules on {TRUTH_CLICKS:,} demo clicks",
        ["rule", "hits", "true", "precision", "recall"],
        [
            [
                accuracy.rule,
                f"{accuracy.hits:,}",
                f"{accuracy.true:,}",
                _percent(accuracy.precision),
                _percent(accuracy.recall),
            ]
            for accuracy in measured
        ],
    )


def _demo(folder: Path) -> tuple[Path, Path]:
    """Make, load and build a demo; return its warehouse and its truth."""
    landing, truth, warehouse = folder / "landing", folder / "truth", folder / "clickstar.duckdb"
    environment = dbt_environment(folder, warehouse)
    scripts = REPOSITORY / "scripts"
    for command in (
        [
            *(str(scripts / "make_demo.py"), "--landing", str(landing), "--truth", str(truth)),
            *("--clicks", str(TRUTH_CLICKS), "--days", str(TRUTH_DAYS)),
        ],
        [str(scripts / "load.py"), "load", "--landing", str(landing)],
    ):
        measure([sys.executable, *command], environment)
    run_dbt(MODELS, environment, folder)
    return warehouse, truth


def judging_part(settings: Settings) -> Report:
    """Measure the share of judging in a build of each size, and the rules against the truth."""
    costs = []
    for clicks in settings.clicks:
        folder = settings.scratch / str(clicks)
        warehouse = folder / "clickstar.duckdb"
        environment = dbt_environment(folder, warehouse)
        fresh_copy(raw_of(settings, clicks), warehouse)
        run_dbt(("parse",), environment, folder)
        build = run_dbt(MODELS, environment, folder)
        models = [node for node in build.nodes.values() if node.get("kind") == "model"]
        names = judging_models()
        judging = sum(float(node["cpu_seconds"]) for node in models if node["name"] in names)
        whole = sum(float(node["cpu_seconds"]) for node in models)
        costs.append((clicks, judging, whole))
        warehouse.unlink()
    folder = settings.scratch / "truth"
    folder.mkdir()
    with beside_the_truth(*_demo(folder)) as connection:
        measured = accuracies(connection)
        valid, wrong = wrong_classes(connection)
    return Report(
        title="Judging clicks",
        explanation=(
            "The CPU of the models that only judge (rules, uniqueness, verdicts) as a share of all"
            " models of a full build; and each rule against the truth of the demo. The class of"
            " every valid click is worked out again one by one."
        ),
        grids=[
            Grid(
                "Cost of judging, CPU seconds",
                ["clicks", "judging", "all models", "share"],
                [
                    [millions(clicks), f"{judging:,.1f}", f"{whole:,.1f}", f"{judging / whole:.0%}"]
                    for clicks, judging, whole in costs
                ],
            ),
            accuracy_grid(measured),
        ],
        promises=[
            Promise(f"Wrong classes of {valid:,} valid clicks", wrong, 0, "clicks"),
        ],
    )


def judging_models() -> set[str]:
    """The names of the models that judge."""
    intermediate = REPOSITORY / "models" / "intermediate"
    return {
        *JUDGING_MARTS,
        *(path.stem for name in JUDGING_FOLDERS for path in (intermediate / name).glob("*.sql")),
    }
