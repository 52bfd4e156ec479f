"""Judge all clicks again by the rules as the seeds have them: say what would change, then do it.

    python scripts/rejudge.py          say how many verdicts would change, and change none
    python scripts/rejudge.py --yes    the same, and then change them

Old clicks keep the verdict they have: rules that were edited for a time whose clicks are judged
already do not judge until this command runs with `--yes`. The new verdicts are made beside the
old ones, in the schema `rejudged`, which is dropped in the end.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from clickstar_run.changes import CLICKS, tables_of
from clickstar_run.dbt_steps import Dbt
from clickstar_run.problems import Problem, explain
from clickstar_run.settings import Settings, read_settings
from clickstar_run.warehouse import check_reachable, reading

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ("click_quality_rules", "uniqueness_rules")
JUDGING = "path:models/intermediate/click_quality"
# What shows verdicts: all that follows from them and does not judge itself.
SHOWING = ("--select", f"{JUDGING}+", "--exclude", JUDGING)
BESIDE = "rejudged"
VERDICTS = "int_clicks__verdicts"

CHANGES = """
    select
        before_rules.rule_id as rule_before,
        before_rules.rule_version as version_before,
        before_verdicts.click_class as class_before,
        after_rules.rule_id as rule_after,
        after_rules.rule_version as version_after,
        after_verdicts.click_class as class_after,
        clicks.currency_code,
        count(*) as clicks,
        sum(clicks.cost_amount) as cost
    from {old}.int_clicks__verdicts as before_verdicts
    inner join {new}.int_clicks__verdicts as after_verdicts
        on before_verdicts.click_id = after_verdicts.click_id
    inner join ({old_rules}) as before_rules
        on before_verdicts.click_quality_key = before_rules.rule_key
    inner join ({new_rules}) as after_rules
        on after_verdicts.click_quality_key = after_rules.rule_key
    left join {marts}.fct_clicks as clicks
        on before_verdicts.click_id = clicks.click_id
    where
        before_verdicts.click_quality_key != after_verdicts.click_quality_key
        or before_verdicts.is_suspect != after_verdicts.is_suspect
    group by
        before_rules.rule_id,
        before_rules.rule_version,
        before_verdicts.click_class,
        after_rules.rule_id,
        after_rules.rule_version,
        after_verdicts.click_class,
        clicks.currency_code
    order by count(*) desc, 1, 2, 3, 4, 5, 6, 7
"""
RULES = """
    select quality_key as rule_key, rule_id, version as rule_version
    from {schema}.int_click_quality_rules__in_force
    union all
    select unique_key, rule_id, version from {schema}.int_uniqueness_rules__in_force
    union all
    select duplicate_key, rule_id, version from {schema}.int_uniqueness_rules__in_force
"""


@dataclass(frozen=True)
class Change:
    """So many clicks get one verdict instead of another, what they cost in a currency with them."""

    before: str
    after: str
    currency: str
    clicks: int
    cost: str


@contextmanager
def judging_beside() -> Iterator[None]:
    """Let dbt write the judging models beside the warehouse's own."""
    before = dict(os.environ)
    target = Path(os.environ.get("DBT_TARGET_PATH") or ROOT / "target")
    os.environ["CLICKSTAR_JUDGING_SCHEMA"] = BESIDE
    # Another variable means another parse: it must not spoil the usual one.
    os.environ["DBT_TARGET_PATH"] = str(target / BESIDE)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def check_judged(settings: Settings) -> None:
    """Raise Problem when no build has judged and shown clicks: there is nothing to compare with."""
    needed = (("intermediate", VERDICTS), ("marts", CLICKS))
    if settings.server is not None or settings.duckdb_path.exists():
        with reading(settings) as cursor:
            if all(name in tables_of(cursor, settings.schema(schema)) for schema, name in needed):
                return
    raise Problem("No click is judged yet: make build first.")


def changes(settings: Settings) -> list[Change]:
    """Compare the verdicts that are with those that would be."""
    old, new = settings.schema("intermediate"), settings.schema(BESIDE)
    query = CHANGES.format(
        old=old,
        new=new,
        marts=settings.schema("marts"),
        old_rules=RULES.format(schema=old),
        new_rules=RULES.format(schema=new),
    )
    with reading(settings) as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    return [
        Change(
            before=f"{row[2]} ({row[0]} {row[1]})",
            after=f"{row[5]} ({row[3]} {row[4]})",
            currency=row[6] or "",
            clicks=int(row[7]),
            cost="" if row[8] is None else f"{row[8]:,.2f}",
        )
        for row in rows
    ]


def show(console: Console, found: Sequence[Change]) -> None:
    """Tell what would change."""
    if not found:
        console.print("No verdict would change.")
        return
    table = Table(box=SIMPLE_HEAD)
    for heading in ("verdict", "would be"):
        table.add_column(heading)
    for heading in ("clicks", "cost"):
        table.add_column(heading, justify="right")
    table.add_column("currency")
    for change in found:
        table.add_row(
            change.before, change.after, f"{change.clicks:,}", change.cost, change.currency
        )
    console.print(table)
    console.print(f"{sum(change.clicks for change in found):,} verdicts would change.")


def rejudge(console: Console, settings: Settings, *, do_it: bool) -> int:
    """Say what would change, do it where `do_it` says so, and return 0.

    Raises Problem when no click is judged yet.
    """
    check_judged(settings)
    dbt = Dbt(console, settings)
    try:
        with console.status("judging beside the warehouse's verdicts"):
            dbt.command("seed", "--select", *SEEDS)
            with judging_beside():
                Dbt(console, settings).command("run", "--full-refresh", "--select", JUDGING)
        show(console, changes(settings))
    finally:
        dbt.command("run-operation", "drop_judging_schema", "--args", f"{{name: {BESIDE}}}")
    if not do_it:
        console.print("Nothing was changed. To change the verdicts: make rejudge YES=1")
        return 0
    with console.status("changing the verdicts"):
        dbt.command("run", "--full-refresh", "--select", JUDGING)
        dbt.command("run", *SHOWING)
    console.print("The verdicts were changed.")
    return 0


def main() -> int:
    """Run the command and return its exit code; a problem is told in one sentence."""
    parser = argparse.ArgumentParser(description="Judge all clicks again, by the present rules.")
    parser.add_argument("--yes", action="store_true", help="change the verdicts, not only say so")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    try:
        settings = read_settings()
        check_reachable(settings)
        return rejudge(console, settings, do_it=arguments.yes)
    except (Problem, OSError) as error:
        Console(stderr=True, highlight=False).print(explain(error), style="red", markup=False)
        return 1


if __name__ == "__main__":
    sys.exit(main())
