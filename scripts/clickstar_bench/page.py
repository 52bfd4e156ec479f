"""The results for people, as a page of 80 columns and as Markdown, and the same numbers as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clickstar_bench.measure import Comparison, Settings, median_cpu

# Markdown has no colour; what shows HTML in it, as most do, shows this in red.
NOT_KEPT = '<strong style="color: red">not kept</strong>'


@dataclass(frozen=True)
class Promise:
    """One number against its limit; ``at_most`` says on which side of the limit it must stay."""

    what: str
    value: float
    limit: float
    unit: str = "times"
    at_most: bool = True

    @property
    def kept(self) -> bool:
        """Return whether the number is on the right side of the limit."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    @property
    def found(self) -> str:
        """Return the number with its unit."""
        return f"{_short(self.value)} {self.unit}"

    @property
    def promised(self) -> str:
        """Return the limit with its side."""
        return f"{'at most' if self.at_most else 'at least'} {_short(self.limit)}"


@dataclass(frozen=True)
class Grid:
    """One table: the heading, all rows, and how many of them the screen shows."""

    caption: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    on_screen: int | None = None


@dataclass(frozen=True)
class Report:
    """The result of one part."""

    title: str
    explanation: str
    grids: Sequence[Grid]
    promises: Sequence[Promise] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def comparison_grid(
    caption: str, ours: str, theirs: str, limit: float, comparisons: Sequence[Comparison]
) -> Grid:
    """Return the table of comparisons of two sides, CPU seconds and ratios."""
    return Grid(
        caption,
        ["input", "rows", ours, theirs, "ratio", "range", "limit", "MB"],
        [
            [
                item.name,
                f"{item.rows:,}",
                f"{median_cpu(item.ours):.2f}",
                f"{median_cpu(item.theirs):.2f}",
                f"{item.ratio:.2f}",
                f"{item.ratios[0]:.2f}–{item.ratios[-1]:.2f}",
                f"{limit}",
                f"{item.megabytes:,.0f}",
            ]
            for item in comparisons
        ],
    )


def millions(clicks: int) -> str:
    """Return a number of clicks as people say it: `10 M`, `200,000`."""
    return f"{clicks // 1_000_000} M" if clicks % 1_000_000 == 0 else f"{clicks:,}"


def machine() -> dict[str, Any]:
    """Return what the numbers depend on: processors, versions, date."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
    }


def show(report: Report, console: Console) -> None:
    """Print the tables of a part."""
    for grid in report.grids:
        table = Table(box=SIMPLE_HEAD, title=grid.caption, title_justify="left")
        for number, name in enumerate(grid.heading):
            table.add_column(name, justify="right" if number else "left", overflow="ellipsis")
        rows = grid.rows if grid.on_screen is None else grid.rows[: grid.on_screen]
        for row in rows:
            table.add_row(*row)
        console.print(table)
        if len(rows) < len(grid.rows):
            console.print(f"  … and {len(grid.rows) - len(rows)} more in bench.md")


def show_promises(
    reports: Mapping[str, Report], unmeasured: Mapping[str, str], console: Console
) -> None:
    """Print what was promised and what was found: broken promises, and what failed, in red."""
    promises = [promise for report in reports.values() for promise in report.promises]
    if promises:
        table = Table(box=SIMPLE_HEAD, title="Promises", title_justify="left")
        table.add_column("what", overflow="fold")
        for name in ("found", "promised", ""):
            table.add_column(name, justify="right", no_wrap=True)
        for promise in promises:
            word, style = ("kept", None) if promise.kept else ("NOT KEPT", "red")
            table.add_row(promise.what, promise.found, promise.promised, word, style=style)
        console.print(table)
    for name, reason in unmeasured.items():
        console.print(Text(f"The part {name} could not be measured: {reason}", style="red"))


def write(
    out: Path, settings: Settings, reports: Mapping[str, Report], unmeasured: Mapping[str, str]
) -> Path:
    """Write the page for people and, beside it, the same as JSON; return the page's path.

    ``unmeasured`` says for each part that failed why.
    """
    out.mkdir(parents=True, exist_ok=True)
    about = machine()
    lines = [
        "# Benchmark",
        "",
        f"{about['date']} · {about['processors']} processors, {about['system']} ·"
        f" Python {about['python']}, DuckDB {about['duckdb']} · {settings.runs} runs by turns;"
        " CPU seconds are medians, a ratio is taken within each turn.",
    ]
    promises = [promise for report in reports.values() for promise in report.promises]
    if promises:
        lines += ["", "| what | found | promised | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {promise.what} | {promise.found} | {promise.promised} |"
            f" {'kept' if promise.kept else NOT_KEPT} |"
            for promise in promises
        ]
    for name, reason in unmeasured.items():
        lines += ["", f"The part `{name}` could not be measured: {reason}"]
    for report in reports.values():
        lines += ["", f"## {report.title}", "", report.explanation]
        for grid in report.grids:
            lines += ["", f"**{grid.caption}**", ""]
            lines += ["| " + " | ".join(grid.heading) + " |", "|" + " --- |" * len(grid.heading)]
            lines += ["| " + " | ".join(row) + " |" for row in grid.rows]
    page = out / "bench.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    document = {
        "machine": about,
        "rows": settings.rows,
        "clicks": settings.clicks,
        "by_hand": settings.by_hand,
        "engine_clicks": settings.engine_clicks,
        "runs": settings.runs,
        "unmeasured": dict(unmeasured),
        "parts": {
            name: {
                "title": report.title,
                "promises": [{**vars(item), "kept": item.kept} for item in report.promises],
                **report.data,
            }
            for name, report in reports.items()
        },
    }
    (out / "bench.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return page
