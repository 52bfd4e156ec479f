"""Measure what the project promises about speed, and write a page of the results.

    python scripts/bench.py                     every part, in about half an hour on two cores
    python scripts/bench.py --part loader       only some parts: --part … --part …
    python scripts/bench.py --sizes 1,10,50     warehouses of 1, 10 and 50 million clicks
    python scripts/bench.py --keep FOLDER       keep raw tables there for the next run
    python scripts/bench.py --strict            exit with 1 where a promise is not kept

The parts, in the order in which they run:

    loader      the loader against DuckDB's own readers
    build       a full build at each size: CPU, time and memory of every model
    questions   twenty questions through MetricFlow, of the largest size
    day         one more day on top of each size
    by_hand     the build against the same star from one SQL script
    postgres    loading and building on PostgreSQL beside DuckDB
    judging     every rule of click quality against the truth of the demo, and its share

What is compared is CPU seconds (user and system, of the measured process and its children), because
the wall clock of a shared machine is noise. Both sides of a comparison run by turns on the same
input, and a ratio is taken within each turn. Results: ``bench.md`` and ``bench.json`` in
``target/bench``, written anew after each part. Models, metrics and dimensions are found in dbt's
manifests. The exit code says whether everything could be measured; broken promises are red on the
page, and only ``--strict`` makes them an error.

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
from clickstar_bench.judging import judging_part
from clickstar_bench.loader import FILES_PER_FORMAT, loader_part
from clickstar_bench.measure import REPOSITORY, BenchError, Settings
from clickstar_bench.page import Report, show, show_promises, write
from clickstar_bench.postgres import postgres_part
from clickstar_bench.questions import questions_part

DEFAULT_ROWS = 1_000_000
DEFAULT_RUNS = 3
DEFAULT_MONTH = 1_000_000
# In the order in which they run: `build` leaves its warehouses, `day` changes them.
PARTS: dict[str, Callable[[Settings], Report]] = {
    "loader": loader_part,
    "build": build_part,
    "questions": questions_part,
    "day": day_part,
    "by_hand": by_hand_part,
    "postgres": postgres_part,
    "judging": judging_part,
}


def sizes(text: str) -> tuple[int, ...]:
    """Read `1,10,50` (millions of clicks) as numbers of clicks, smallest first."""
    return tuple(sorted(round(float(part) * 1_000_000) for part in text.split(",")))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=list(PARTS), action="append", help="only this part")
    parser.add_argument(
        "--sizes",
        type=sizes,
        default=(1_000_000, 10_000_000),
        help="millions of clicks of build, questions and day (default 1,10; promised for 1,10,50)",
    )
    parser.add_argument(
        "--by-hand", type=sizes, help="millions of clicks of the part by_hand (default: smallest)"
    )
    parser.add_argument(
        "--engine-clicks",
        type=int,
        default=DEFAULT_MONTH,
        help="clicks of the part postgres (default %(default)s)",
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=DEFAULT_ROWS,
        help="rows per file format of the part loader (default %(default)s)",
    )
    parser.add_argument(
        "--runs", type=int, default=DEFAULT_RUNS, help="repetitions, by turns (default %(default)s)"
    )
    parser.add_argument(
        "--month",
        type=int,
        default=DEFAULT_MONTH,
        help="clicks of the month that sizes repeat (default %(default)s)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 where a promise is not kept"
    )
    parser.add_argument("--scratch", type=Path, help="folder of scratch files (default: temporary)")
    parser.add_argument("--keep", type=Path, help="folder where raw tables stay for the next run")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "target" / "bench")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that were asked for, write the page, and return the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.rows < FILES_PER_FORMAT or chosen.runs < 1:
        parser.error(f"at least {FILES_PER_FORMAT} rows and one run are needed")
    by_hand = chosen.by_hand or chosen.sizes[:1]
    if any(size < chosen.month or size % chosen.month for size in (*chosen.sizes, *by_hand)):
        parser.error(f"sizes must be whole numbers of months of {chosen.month:,} clicks")
    console = Console()
    reports: dict[str, Report] = {}
    unmeasured: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="clickstar-bench-", dir=chosen.scratch) as scratch:
        for name in PARTS:
            if chosen.part and name not in chosen.part:
                continue
            folder = Path(scratch) / name
            folder.mkdir()
            settings = Settings(
                rows=chosen.rows,
                runs=chosen.runs,
                clicks=chosen.sizes,
                by_hand=by_hand,
                month=chosen.month,
                engine_clicks=chosen.engine_clicks,
                scratch=folder,
                shared=(chosen.keep or Path(scratch) / "shared").resolve(),
                built=Path(scratch) / "built",
            )
            try:
                with console.status(f"measuring: {name}"):
                    reports[name] = PARTS[name](settings)
            except BenchError as error:
                unmeasured[name] = str(error)
            page = write(chosen.out, settings, reports, unmeasured)
    for report in reports.values():
        show(report, console)
    show_promises(reports, unmeasured, console)
    console.print(f"The page: {page}, and the numbers as JSON beside it.")
    broken = any(not promise.kept for report in reports.values() for promise in report.promises)
    return 1 if unmeasured or (broken and chosen.strict) else 0


if __name__ == "__main__":
    sys.exit(main())
