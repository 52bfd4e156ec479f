"""The steps of `make run`: demo data when there is none, load, build and test, docs, and a summary.

    python scripts/run.py run|load|build|docs|publish|mdm

The engine, the landing folder and the connection come from the environment (see README.md).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from clickstar_loader.errors import UsageError
from clickstar_run import portal, report
from clickstar_run.changes import read_state
from clickstar_run.dbt_steps import Dbt
from clickstar_run.problems import Problem, explain
from clickstar_run.settings import DEFAULT_LANDING, Settings, read_settings
from clickstar_run.warehouse import check_reachable

SCRIPTS = Path(__file__).resolve().parent


def make_demo_when_empty(console: Console, settings: Settings) -> None:
    """Fill an empty landing folder with demo data; leave anything else alone.

    Raises Problem when LANDING names a folder that is not there: it is more likely mistyped.
    """
    if "://" in settings.landing:
        return
    folder = Path(settings.landing)
    if not folder.is_dir() and settings.landing != DEFAULT_LANDING:
        raise Problem(f"LANDING={settings.landing} is not a folder: make it, or correct the path.")
    # The demo is made in a folder that starts with "_" and appears as a whole, or not at all.
    if folder.is_dir() and any(not entry.name.startswith((".", "_")) for entry in folder.iterdir()):
        return
    console.print(f"{settings.landing} is empty: making demo data …")
    if _script("make_demo.py", "--landing", settings.landing) != 0:
        raise Problem("The demo data could not be made: the lines above say why.")


def _script(name: str, *arguments: str) -> int:
    return subprocess.run([sys.executable, SCRIPTS / name, *arguments], check=False).returncode


def load(settings: Settings) -> int:
    """Load what is new in the landing folder, and return the loader's exit code."""
    return _script(
        "load.py",
        "load",
        *("--landing", settings.landing),
        *("--target", settings.target),
    )


def run(console: Console, settings: Settings) -> int:
    """Do everything, and return 0 when nothing waits for a person."""
    started = time.monotonic()
    make_demo_when_empty(console, settings)
    with_portal = portal.there_is_a_portal()
    if with_portal:
        portal.publish(console, settings)
    before = report.known_batches(settings)
    loaded = load(settings)
    ledgers, waiting = report.read_ledger(settings, before)
    if loaded == UsageError.exit_code or (loaded and not waiting):
        return loaded  # the loader could not work at all, and has said why
    marts_before = read_state(settings)
    dbt = Dbt(console, settings)
    build = dbt.build(unit_tests_again=False)
    site = dbt.docs()
    console.print()
    report.show_loaded(console, ledgers, waiting)
    report.show_built(console, settings, build)
    report.show_headlines(console, settings, build)
    report.show_where_to_look(console, settings, site)
    new_files = sum(ledger.new_files for ledger in ledgers)
    report.show_changes(console, marts_before, read_state(settings), build, new_files)
    if with_portal:
        portal.refresh_queue(console)
    report.show_warnings(console, waiting)
    console.print(f"Done in {time.monotonic() - started:.0f} s.")
    return 1 if build.failures or loaded else 0


def build_only(console: Console, settings: Settings) -> int:
    """Build and test every model, and return 0 when nothing failed."""
    marts_before = read_state(settings)
    build = Dbt(console, settings).build()
    report.show_built(console, settings, build)
    report.show_changes(console, marts_before, read_state(settings), build, None)
    return 1 if build.failures else 0


def docs_only(console: Console, settings: Settings) -> int:
    """Write the documentation site."""
    console.print(
        f"Wrote {Dbt(console, settings).docs()}: open it in a browser; it needs no server."
    )
    return 0


def publish(console: Console, settings: Settings) -> int:
    """Write what is new in the portal to the landing folder."""
    if not portal.there_is_a_portal():
        raise Problem("There is no portal yet: `make mdm` starts one.")
    portal.publish(console, settings)
    return 0


def start_portal(console: Console, settings: Settings) -> int:
    """Start the portal; its first records are those of the landing files."""
    make_demo_when_empty(console, settings)
    portal.start()
    return 0


def main() -> int:
    """Run one step and return its exit code; a problem is told in one sentence."""
    parser = argparse.ArgumentParser(description="One step of the project, or all of them.")
    parser.add_argument("step", choices=["run", "load", "build", "docs", "publish", "mdm"])
    step = parser.parse_args().step
    console = Console(highlight=False)
    try:
        settings = read_settings()
        if step == "publish":
            return publish(console, settings)
        if step == "mdm":
            return start_portal(console, settings)
        check_reachable(settings)
        if step == "load":
            return load(settings)
        if step == "build":
            return build_only(console, settings)
        if step == "docs":
            return docs_only(console, settings)
        return run(console, settings)
    except (Problem, OSError) as error:
        Console(stderr=True, highlight=False).print(explain(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped; the same command goes on from here.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
