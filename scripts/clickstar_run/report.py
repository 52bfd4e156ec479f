"""What is printed at the end of a run: what was loaded and built, and where to look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clickstar_loader.report import counted, show_warning
from clickstar_loader.settings import DEMO_SALT, DEMO_SALT_WARNING, salt_from_environment
from clickstar_run.changes import State, describe
from clickstar_run.dbt_steps import Build, Node
from clickstar_run.settings import Settings
from clickstar_run.warehouse import reading, rows

# How many problems are listed one by one; the rest is counted.
LISTED = 8
GRAIN_WIDTH = 36
HEADLINE_FACT = "fct_clicks"
MONEY_FACT = "fct_commissions"


@dataclass(frozen=True)
class Ledger:
    """The loader's account of one raw table; ``new`` and ``new_files`` are of this run."""

    table: str
    files: int
    records: int
    accepted: int
    rejected: int
    new: int
    new_files: int


@dataclass(frozen=True)
class WaitingFile:
    """A file of which nothing could be loaded, and why."""

    path: str
    reason: str


def _table(title: str, *columns: str, numbers: int) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for position, column in enumerate(columns):
        number = len(columns) - numbers <= position
        table.add_column(column, justify="right" if number else "left", no_wrap=number)
    return table


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:,}"


def _has_ledger(settings: Settings) -> bool:
    if settings.server is None and not settings.duckdb_path.exists():
        return False
    with reading(settings) as cursor:
        found = rows(
            cursor,
            "select count(*) from information_schema.tables"
            f" where table_schema = '{settings.schema('raw')}' and table_name = '_files'",
        )
    return bool(found[0][0])


def known_batches(settings: Settings) -> set[int]:
    """Return the loads that the ledger knows; none before the first one."""
    if not _has_ledger(settings):
        return set()
    statement = f"select distinct batch_id from {settings.schema('raw')}._files"
    with reading(settings) as cursor:
        return {row[0] for row in rows(cursor, statement)}


def read_ledger(settings: Settings, before: set[int]) -> tuple[list[Ledger], list[WaitingFile]]:
    """Return what each raw table holds, and the files that wait for a person."""
    per_table: dict[str, list[int]] = {}
    waiting: list[WaitingFile] = []
    if not _has_ledger(settings):
        return [], waiting
    with reading(settings) as cursor:
        for path, table, status, reason, batch, records, accepted, rejected in rows(
            cursor,
            "select path, table_name, status, reason, batch_id, records, accepted, rejected"
            f" from {settings.schema('raw')}._files order by table_name, path",
        ):
            if status == "set_aside":
                waiting.append(WaitingFile(path, f"set aside: {reason or ''}"))
            elif status == "loaded":
                if records and not accepted:
                    waiting.append(WaitingFile(path, "every record of it was rejected"))
                sums = per_table.setdefault(table, [0, 0, 0, 0, 0, 0])
                is_new = batch not in before
                for position, value in enumerate(
                    (1, records, accepted, rejected, records * is_new, is_new)
                ):
                    sums[position] += value
    return [Ledger(table, *sums) for table, sums in per_table.items()], waiting


def show_loaded(console: Console, ledgers: list[Ledger], waiting: list[WaitingFile]) -> None:
    """Print a line per raw table, and each file that waits for a person."""
    table = _table(
        "Loaded", "raw table", "files", "records", "accepted", "rejected", "new now", numbers=5
    )
    for ledger in ledgers:
        table.add_row(
            ledger.table,
            *map(_number, (ledger.files, ledger.records, ledger.accepted, ledger.rejected)),
            _number(ledger.new) if ledger.new else "–",
        )
    totals = [
        sum(getattr(ledger, name) for ledger in ledgers)
        for name in ("files", "records", "accepted", "rejected", "new")
    ]
    table.add_section()
    table.add_row("all", *map(_number, totals))
    console.print(table)
    for file in waiting[:LISTED]:
        console.print(Text(f"  {file.path}: {file.reason}", style="yellow"), soft_wrap=True)
    if len(waiting) > LISTED:
        more = counted(len(waiting) - LISTED, "more file")
        console.print(f"  … and {more} of which nothing was loaded")


def _grain(description: str) -> str:
    """Return what a row is, from a description that starts with `One row per …`."""
    sentence = " ".join(description.split()).removeprefix("One row per ")
    for end in (". ", ": ", " ("):
        sentence = sentence.partition(end)[0]
    return sentence.rstrip(".")


def _shortened(text: str) -> str:
    return text if len(text) <= GRAIN_WIDTH else text[: GRAIN_WIDTH - 1].rstrip(" ,") + "…"


def show_built(console: Console, settings: Settings, build: Build) -> None:
    """Print a line per mart with its grain and its rows, then what the tests said."""
    marts = sorted(
        (node for node in build.nodes if node.kind == "model" and node.layer == "marts"),
        key=lambda node: node.name,
    )
    with reading(settings) as cursor:
        counts = {
            mart.name: rows(cursor, f"select count(*) from {settings.schema('marts')}.{mart.name}")[
                0
            ][0]
            for mart in marts
            if mart.status == "success"
        }
    table = _table("Built", "mart", "one row per", "rows", numbers=1)
    for mart in marts:
        table.add_row(
            mart.name, _shortened(_grain(mart.description)), _number(counts.get(mart.name))
        )
    console.print(table)
    kinds = Counter(node.kind for node in build.nodes)
    tests = [node for node in build.nodes if node.kind in ("test", "unit_test")]
    passed = sum(node.status == "pass" for node in tests)
    built = [counted(kinds[kind], kind) for kind in ("seed", "model", "snapshot") if kinds[kind]]
    console.print(
        f"  {', '.join(built)}; of {counted(len(tests), 'test')} {passed:,} passed,"
        f" {len(build.warnings):,} warned, {len(build.failures):,} failed"
    )
    if not build.ran_unit_tests:
        console.print("  unit tests: not run again, the project is as it was when they passed")
    _show_nodes(console, "failed", "red", build.failures)
    _show_nodes(console, "warned", "yellow", build.warnings)
    console.print()


def _show_nodes(console: Console, word: str, style: str, nodes: list[Node]) -> None:
    for node in nodes[:LISTED]:
        told = f"  {word}: {node.name} ({node.file}): {' '.join(node.message.split())}"
        # A test is a query for the rows that break it: running it shows them.
        query = f"; its query: {node.query}" if node.kind == "test" and node.query else ""
        console.print(Text(told + query, style=style), soft_wrap=True)
    if len(nodes) > LISTED:
        console.print(f"  … and {len(nodes) - LISTED} more {word}: see logs/dbt.log")


def show_headlines(console: Console, settings: Settings, build: Build) -> None:
    """Print the headline metrics, read from the marts; say so when they are not as built now."""
    if not any(node.name == HEADLINE_FACT and node.status == "success" for node in build.nodes):
        console.print(f"Headline metrics: not shown, because {HEADLINE_FACT} was not built.\n")
        return
    marts = settings.schema("marts")
    with reading(settings) as cursor:
        clicks, visitors, sources, first, last = rows(
            cursor,
            "select count(*), count(distinct visitor_id), count(distinct source_name),"
            f" min(clicked_at), max(clicked_at) from {marts}.{HEADLINE_FACT}",
        )[0]
        classes = rows(
            cursor,
            f"select click_class, count(*) from {marts}.{HEADLINE_FACT} group by click_class",
        )
        costs = rows(
            cursor,
            "select currency_code, sum(cost_amount), count(*)"
            f" from {marts}.{HEADLINE_FACT} where currency_code is not null"
            " group by currency_code order by currency_code",
        )
        earned = (
            rows(
                cursor,
                "select reporting_currency_code, sum(reporting_net_sale_amount),"
                " sum(reporting_net_commission_amount),"
                " count(distinct case when status in ('pending', 'approved') then order_id end)"
                f" from {marts}.{MONEY_FACT} group by reporting_currency_code",
            )
            if any(node.name == MONEY_FACT and node.status == "success" for node in build.nodes)
            else []
        )
    table = _table("Headline metrics", "metric", "value", numbers=1)
    table.add_row("clicks", _number(clicks))
    by_class = dict(classes)
    for click_class in ("unique", "duplicate", "invalid"):
        table.add_row(f"  {click_class}", _number(by_class.get(click_class, 0)))
    table.add_row("visitors", _number(visitors))
    if visitors:
        table.add_row("clicks per visitor", f"{clicks / visitors:,.2f}")
    for currency, cost, clicks_in_currency in costs:
        table.add_row(f"cost, {currency}", f"{cost:,.2f}")
        table.add_row(f"cost per click, {currency}", f"{cost / clicks_in_currency:,.4f}")
    unique = by_class.get("unique", 0)
    for currency, sales, commission, orders in earned:
        table.add_row("orders", _number(orders))
        table.add_row(f"sales, {currency}", f"{sales or 0:,.2f}")
        table.add_row(f"net commission, {currency}", f"{commission or 0:,.2f}")
        if unique:
            table.add_row("conversion rate (CVR)", f"{orders / unique:.2%}")
            # Decimal or float, as the engine's driver gives it.
            table.add_row(
                f"earnings per click (EPC), {currency}", f"{float(commission or 0) / unique:,.4f}"
            )
    console.print(table)
    if clicks:
        console.print(
            f"  from {counted(sources, 'source')}, {first:%Y-%m-%d} to {last:%Y-%m-%d} (UTC)\n"
        )


def show_changes(
    console: Console, before: State, after: State, build: Build, loaded: int | None
) -> None:
    """Print in one line what the build changed, or that it changed nothing."""
    marts = sorted(
        node.name for node in build.nodes if node.kind == "model" and node.layer == "marts"
    )
    snapshots = sorted(node.name for node in build.nodes if node.kind == "snapshot")
    told = describe(before, after, marts, loaded, snapshots)
    console.print(Text(told, style="bold"), soft_wrap=True)


def show_warnings(console: Console, waiting: list[WaitingFile]) -> None:
    """Print what must not be overlooked, last of all."""
    if waiting:
        named = waiting[0].path
        if len(waiting) > 1:
            named += f" and {counted(len(waiting) - 1, 'more file')}"
        show_warning(console, f"Somebody must see to {named}: nothing was loaded, see above.")
    if salt_from_environment() == DEMO_SALT:
        show_warning(console, DEMO_SALT_WARNING)


def show_where_to_look(console: Console, settings: Settings, site: Path | None) -> None:
    """Print where the results are."""
    table = _table("Where to look", "what", "where", numbers=0)
    if site is not None:
        table.add_row("docs and lineage", f"{site} (open it in a browser; it needs no server)")
    table.add_row("warehouse", settings.warehouse)
    table.add_row("the star", f"schema {settings.schema('marts')}: start with {HEADLINE_FACT}")
    table.add_row("rejected records", ".venv/bin/python scripts/load.py rejects")
    table.add_row("files and newest events", ".venv/bin/python scripts/load.py status")
    console.print(table)
