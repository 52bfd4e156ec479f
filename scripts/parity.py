"""Compare the engines: the same files must give the same rows in every mart, snapshot and metric.

    python scripts/parity.py [--landing PATH | --clicks N] [--engines duckdb,postgres,redshift]

Every engine starts empty (DuckDB in a scratch file, a private PostgreSQL, a Redshift given by
CLICKSTAR_REDSHIFT_HOST or the stand-in), loads the same landing files and builds every model. Then
all rows are compared by key and value: exactly, and doubles to a relative error of 1e-9. Marts,
snapshots and metrics are found in dbt's manifest. Exit code: 0 all equal, 1 a difference or a
fault, 2 a wrong option.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clickstar_parity.compare import Comparison, comparer
from clickstar_parity.engines import NAMES, NO_REDSHIFT, build, running
from clickstar_parity.extract import Side
from clickstar_parity.metrics import DIMENSIONS, compare_metrics
from clickstar_parity.relations import relations
from clickstar_run.problems import Problem, explain

CLICKS = 20_000
DAYS = 120


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--landing", help="folder or s3:// prefix of the files (default: a demo)")
    parser.add_argument(
        "--clicks", type=int, default=CLICKS, help=f"size of the demo (default: {CLICKS:,})"
    )
    parser.add_argument("--days", type=int, default=DAYS, help=f"its days (default: {DAYS})")
    parser.add_argument(
        "--engines",
        default=",".join(NAMES),
        help="which to compare; the first is what the others are held against (default: all)",
    )
    parser.add_argument(
        "--dimensions",
        type=int,
        default=DIMENSIONS,
        help=f"dimensions, beside time, by which each metric is asked (default: {DIMENSIONS})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = parser.parse_args(argv)
    chosen.engines = chosen.engines.split(",")
    unknown = [engine for engine in chosen.engines if engine not in NAMES]
    if unknown or len(set(chosen.engines)) < 2:
        parser.error(f"--engines takes two or more of {', '.join(NAMES)}")
    return chosen


def make_demo(folder: Path, clicks: int, days: int) -> str:
    """Make landing files of a size, the same ones every time."""
    script = Path(__file__).with_name("make_demo.py")
    done = subprocess.run(
        [
            *(sys.executable, script, "--landing", folder / "landing", "--truth", folder / "truth"),
            *("--clicks", str(clicks), "--days", str(days)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Problem(f"The demo data could not be made: {done.stdout}{done.stderr}")
    return str(folder / "landing")


def show(console: Console, comparisons: list[Comparison], sides: list[str]) -> None:
    """Print a line per mart, snapshot and metric, then each difference."""
    table = Table(title="Compared", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("what")
    table.add_column("kind")
    for side in sides:
        table.add_column(f"rows, {side}", justify="right")
    table.add_column("result", justify="right")
    # A metric is asked many times; its questions are one line, but for those with a difference.
    for name, kind, of_it in grouped(comparisons):
        rows = [sum(found.rows.get(side, 0) for found in of_it) for side in sides]
        different = sum(found.different for found in of_it)
        faults = sum(len(found.faults) for found in of_it)
        if different or faults:
            result = Text(f"{different:,} rows differ" if different else "FAULT", style="red")
        else:
            result = Text("equal", style="green")
        table.add_row(name, kind, *(f"{count:,}" for count in rows), result)
    console.print(table)
    for found in comparisons:
        if not found.is_equal:
            console.print(Text(str(found), style="red"), soft_wrap=True)


def grouped(comparisons: list[Comparison]) -> list[tuple[str, str, list[Comparison]]]:
    """Put the questions about one metric together."""
    together: dict[tuple[str, str], list[Comparison]] = {}
    for found in comparisons:
        name = found.name.partition(" by ")[0] if found.kind == "metric" else found.name
        together.setdefault((name, found.kind), []).append(found)
    return [
        (name if len(of_it) == 1 else f"{name}, {len(of_it)} ways", kind, of_it)
        for (name, kind), of_it in together.items()
    ]


def document(comparisons: list[Comparison], sides: list[str], left_out: list[str]) -> str:
    """All of it as JSON."""
    return json.dumps(
        {
            "engines": sides,
            "left_out": left_out,
            "equal": all(found.is_equal for found in comparisons),
            "compared": [
                {**dataclasses.asdict(found), "equal": found.is_equal} for found in comparisons
            ],
        },
        indent=2,
        default=str,
    )


def compare(chosen: argparse.Namespace, console: Console) -> int:
    """Build the engines, compare them, print what was found; 0 when all is equal."""
    started = time.monotonic()
    left_out: list[str] = []
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clickstar-parity-")))
        landing = chosen.landing
        if landing is None:
            console.print(f"Making demo data: {chosen.clicks:,} clicks …")
            landing = make_demo(scratch, chosen.clicks, chosen.days)
        elif "://" not in landing and not Path(landing).is_dir():
            raise Problem(f"LANDING={landing} is not a folder: make it, or correct the path.")
        sides: list[Side] = []
        for engine in chosen.engines:
            folder = scratch / engine
            folder.mkdir()
            reached_by = stack.enter_context(running(engine, folder))
            if reached_by is None:
                left_out.append(NO_REDSHIFT)
                console.print(NO_REDSHIFT, soft_wrap=True)
                continue
            console.print(f"{NAMES[engine]}: loading and building …")
            sides.append(build(engine, reached_by, landing, folder))
        if len(sides) < 2:
            raise Problem("Fewer than two engines are left, so there is nothing to compare.")
        console.print("Comparing …")
        with comparer(sides) as comparing:
            comparisons = [
                comparing.relation(relation) for relation in relations(sides[0].manifest)
            ]
            comparisons += compare_metrics(comparing, chosen.dimensions)
    names = [side.name for side in sides]
    if chosen.json:
        print(document(comparisons, names, left_out))
    else:
        show(console, comparisons, names)
    unequal = sum(not found.is_equal for found in comparisons)
    said = (
        f"{unequal} of {len(comparisons)} comparisons found something" if unequal else "All equal"
    )
    console.print(f"{said}: {', '.join(names)}. Done in {time.monotonic() - started:.0f} s.")
    return 1 if unequal else 0


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code; a problem is told in one sentence."""
    chosen = arguments(argv)
    # What is printed for a person goes where a JSON document does not.
    console = Console(stderr=chosen.json, highlight=False)
    # A killed run must still stop the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return compare(chosen, console)
    except (Problem, OSError) as error:
        Console(stderr=True, highlight=False).print(
            explain(error), style="red", markup=False, soft_wrap=True
        )
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print(
            "Stopped; the servers are stopped and the scratch files removed."
        )
        return 130


if __name__ == "__main__":
    sys.exit(main())
