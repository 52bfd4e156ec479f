"""Measure what the project promises about speed, and write a page of the results.

    python scripts/bench.py                     the part `loader`, which takes some minutes
    python scripts/bench.py --part by_hand      another part: build, by_hand or day
    python scripts/bench.py --sizes 1,10,50     warehouses of 1, 10 and 50 million clicks
    python scripts/bench.py --rows 100000       a smaller part `loader`
    python scripts/bench.py --runs 5            more repetitions

What is compared is CPU seconds (user and system, of the measured process and its children), because
the wall clock of a shared machine is noise. Both sides of a comparison run by turns on the same
input, and a ratio is taken within each turn. Results: ``bench.md`` and ``bench.json`` in
``target/bench``.

A new part is one function that takes ``Settings`` and returns a ``Report``, named in ``PARTS``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from clickstar_bench.builds import build_part
from clickstar_bench.by_hand import by_hand_part
from clickstar_bench.day import day_part
from clickstar_bench.loader import FILES_PER_FORMAT, loader_part
from clickstar_bench.measure import REPOSITORY, BenchError, Settings
from clickstar_bench.page import Report, show, write

DEFAULT_ROWS = 1_000_000
DEFAULT_RUNS = 3
DEFAULT_MONTH = 1_000_000
# The others build whole warehouses again and again.
DEFAULT_PARTS = ("loader",)
PARTS: dict[str, Callable[[Settings], Report]] = {
    "loader": loader_part,
    "build": build_part,
    "by_hand": by_hand_part,
    "day": day_part,
}


def sizes(text: str) -> tuple[float, ...]:
    """Read `1,10,50` (millions of clicks) as numbers, smallest first."""
    return tuple(sorted(float(part) for part in text.split(",")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that were asked for, write the page, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description="Measure what the project promises about speed.")
    parser.add_argument("--part", choices=sorted(PARTS), action="append", help="only this part")
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, help="rows per file format")
    parser.add_argument("--runs", type=int, default=DEFAULT_RUNS, help="repetitions, by turns")
    parser.add_argument("--sizes", type=sizes, default=(1.0,), help="millions of clicks: 1,10,50")
    parser.add_argument(
        "--month", type=int, default=DEFAULT_MONTH, help="clicks of the month that sizes repeat"
    )
    parser.add_argument("--scratch", type=Path, help="folder of scratch files (default: temporary)")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "target" / "bench")
    chosen = parser.parse_args(arguments)
    if chosen.rows < FILES_PER_FORMAT or chosen.runs < 1:
        parser.error(f"at least {FILES_PER_FORMAT} rows and one run are needed")
    clicks = tuple(round(size * 1_000_000) for size in chosen.sizes)
    if any(size < chosen.month or size % chosen.month for size in clicks):
        parser.error(f"--sizes must be whole numbers of months of {chosen.month:,} clicks")
    console = Console()
    reports: dict[str, Report] = {}
    with tempfile.TemporaryDirectory(prefix="clickstar-bench-", dir=chosen.scratch) as scratch:
        for name in chosen.part or DEFAULT_PARTS:
            folder = Path(scratch) / name
            folder.mkdir()
            settings = Settings(
                rows=chosen.rows,
                runs=chosen.runs,
                clicks=clicks,
                month=chosen.month,
                engine_clicks=chosen.month,
                scratch=folder,
                shared=Path(scratch) / "shared",
            )
            try:
                with console.status(f"measuring: {name}"):
                    reports[name] = PARTS[name](settings)
            except BenchError as error:
                console.print(f"[red]The benchmark stopped:[/red] {error}")
                return 1
    for report in reports.values():
        show(report, console)
    page = write(chosen.out, settings, reports)
    console.print(f"The page: {page}, and the numbers as JSON beside it.")
    broken = [
        promise.sentence
        for report in reports.values()
        for promise in report.promises
        if not promise.kept
    ]
    for sentence in broken:
        console.print(f"[yellow]Not kept:[/yellow] {sentence}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
