"""Everything `make lint` looks at: Python's style and types, the project's rules, the style of SQL.

python scripts/checks/lint.py [STEP …]       default: every step; --list names them
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

BIN = Path(sys.executable).parent
CHECKS = Path(__file__).resolve().parent
COMPILED = "target/lint/{engine}/compiled/clickstar/models"
# Layout is judged in the source; what a macro leaves behind in the compiled SQL has none.
NOT_IN_COMPILED = (
    "layout,jinja,structure.column_order,structure.nested_case,structure.subquery,"
    "references.special_chars,references.keywords,references.quoting,ambiguous.union,"
    # A loop that gives columns their names writes `x as x` where they have them.
    "aliasing.self_alias.column"
)


@dataclass(frozen=True)
class Step:
    """One check: a command that exits with 0 when there is nothing to say."""

    name: str
    command: tuple[str, ...]
    after: str | None = None


def _python(script: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(CHECKS / script), *arguments)


def steps() -> list[Step]:
    """Return the checks in the order in which they are told."""
    per_engine = []
    for engine in ("duckdb", "postgres", "redshift"):
        compiled = COMPILED.format(engine=engine)
        per_engine += [
            Step(f"compile for {engine}", _python("compile_models.py", engine), "dbt parse"),
            Step(
                f"sqlfluff, compiled for {engine}",
                (
                    *(f"{BIN}/sqlfluff", "lint", "--disable-progress-bar"),
                    *("--templater", "raw", "--dialect", engine),
                    *("--exclude-rules", NOT_IN_COMPILED, compiled),
                ),
                f"compile for {engine}",
            ),
        ]
    return [
        Step("dbt parse", (f"{BIN}/dbt", "--log-level", "error", "parse", "--warn-error")),
        Step("ruff check", (f"{BIN}/ruff", "check", "scripts", "tests")),
        Step("ruff format", (f"{BIN}/ruff", "format", "--check", "scripts", "tests")),
        Step("mypy --strict", (f"{BIN}/mypy",)),
        Step("dbt-bouncer", (f"{BIN}/dbt-bouncer", "run", "--show-all-failures"), "dbt parse"),
        Step(
            "pages of the sources",
            (sys.executable, str(CHECKS.parent / "source_pages.py"), "--check"),
            "dbt parse",
        ),
        Step("undeclared names", _python("undeclared_names.py"), "dbt parse"),
        Step(
            "sqlfluff, as written",
            (f"{BIN}/sqlfluff", "lint", "--disable-progress-bar", "models", "tests", "analyses"),
            "dbt parse",
        ),
        *per_engine,
    ]


@dataclass(frozen=True)
class Outcome:
    """What a step said."""

    ok: bool
    seconds: float
    output: str


def _run(step: Step, before: Future[Outcome] | None) -> Outcome:
    if before is not None and not before.result().ok:
        return Outcome(False, 0, f"not run, because {step.after} failed")
    started = time.monotonic()
    # Wide enough for whole messages, wherever this runs.
    environment = os.environ | {"COLUMNS": "240", "NO_COLOR": "1"}
    done = subprocess.run(
        step.command, env=environment, capture_output=True, text=True, check=False
    )
    output = (done.stdout + done.stderr).strip()
    return Outcome(done.returncode == 0, time.monotonic() - started, output)


def main() -> int:
    """Run the steps, two at a time, and return 1 when one of them found something."""
    parser = argparse.ArgumentParser(description="Check style, types and the project's rules.")
    parser.add_argument("steps", nargs="*", help="the names of the steps to run; default all")
    parser.add_argument("--list", action="store_true", help="name the steps")
    arguments = parser.parse_args()
    chosen = steps()
    if arguments.list:
        print("\n".join(step.name for step in chosen))
        return 0
    if arguments.steps:
        chosen = [step for step in chosen if step.name in arguments.steps]
    console = Console(highlight=False)
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures: dict[str, Future[Outcome]] = {}
        for step in chosen:
            futures[step.name] = pool.submit(_run, step, futures.get(step.after or ""))
        for step in chosen:
            outcome = futures[step.name].result()
            mark, style = ("ok", "green") if outcome.ok else ("FAILED", "red")
            console.print(Text(f"{mark:>6}  {step.name}  ({outcome.seconds:.0f} s)", style=style))
            if not outcome.ok:
                failed.append(step.name)
                console.print(Text(outcome.output))
    if failed:
        console.print(f"{len(failed)} of {len(chosen)} checks failed: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
