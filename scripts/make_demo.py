#!/usr/bin/env python3
"""Make realistic landing files of any size, always the same ones for the same seed and size."""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from clickstar_demo.formats import SOURCES
from clickstar_demo.landing import OTHER_FOLDERS, Delivery, Maker, Settings


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landing", type=Path, default=Path("landing"), help="folder of the files")
    parser.add_argument("--clicks", type=int, default=200_000, help="different clicks in all")
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--end", type=dt.date.fromisoformat, default=dt.date(2026, 6, 30),
                        help="the last day, yyyy-mm-dd")  # fmt: skip
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--truth", type=Path, help="folder of the truth (default: LANDING/_truth)")
    parser.add_argument("--replace", action="store_true", help="replace what is in the folders")
    chosen = parser.parse_args(argv)
    if chosen.clicks < 1 or chosen.days < 1:
        parser.error("--clicks and --days must be at least 1")
    return chosen


def show(deliveries: list[Delivery], settings: Settings, console: Console) -> None:
    """Print what was written."""
    title = f"Demo data, {settings.first_day} to {settings.end}, seed {settings.seed}"
    table = Table(title=title, box=box.SIMPLE)
    table.add_column("source")
    for name in ("files", "clicks", "records", "repeated", "malformed", "MB"):
        table.add_column(name, justify="right")
    for delivery in deliveries:
        table.add_row(
            delivery.source,
            f"{len(delivery.files):,}",
            f"{delivery.clicks:,}",
            *(f"{delivery.total(name):,}" for name in ("records", "repeated", "malformed")),
            f"{delivery.size_bytes / 1e6:,.1f}",
        )
    table.add_section()
    table.add_row(
        "all",
        f"{sum(len(delivery.files) for delivery in deliveries):,}",
        f"{sum(delivery.clicks for delivery in deliveries):,}",
        *(
            f"{sum(delivery.total(name) for delivery in deliveries):,}"
            for name in ("records", "repeated", "malformed")
        ),
        f"{sum(delivery.size_bytes for delivery in deliveries) / 1e6:,.1f}",
    )
    console.print(table)
    console.print(f"Files in {settings.landing}, the truth about them in {settings.truth}.")


def main(argv: list[str] | None = None) -> int:
    """Make the files; 0 when done, 1 when the disk refuses, 2 when the folders hold files."""
    chosen = arguments(argv)
    console = Console()
    settings = Settings(
        landing=chosen.landing,
        truth=chosen.truth or chosen.landing / "_truth",
        clicks=chosen.clicks,
        days=chosen.days,
        end=chosen.end,
        seed=chosen.seed,
    )
    folders = [settings.landing / source.name for source in SOURCES]
    folders += [settings.landing / name for name in OTHER_FOLDERS]
    # A truth without its files is left of an interrupted run; anything else is not ours to remove.
    if not (settings.truth / "expected.json").exists():
        folders.append(settings.truth)
    taken = [folder for folder in folders if folder.exists() and any(folder.iterdir())]
    if taken and not chosen.replace:
        names = ", ".join(str(folder) for folder in taken)
        console.print(
            f"Nothing written: {names} already hold files. Name another folder with --landing, or "
            "have the demo replace them with --replace.",
            soft_wrap=True,
            markup=False,
        )
        return 2
    for folder in taken:
        shutil.rmtree(folder)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("demo data", total=settings.clicks)
        try:
            deliveries = Maker(
                settings,
                lambda source, clicks: bar.update(task, description=source, advance=clicks),
            ).run()
        except (OSError, duckdb.Error) as error:
            bar.stop()
            reason = str(error).splitlines()[0]
            console.print(
                f"The demo data was not made and nothing is left of it: {reason}. Free or name "
                "another folder with --landing, or make fewer with --clicks.",
                soft_wrap=True,
                markup=False,
            )
            return 1
    show(deliveries, settings, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
