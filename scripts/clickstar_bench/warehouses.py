"""Raw tables of each size, made once for a whole run of the benchmark and copied for each turn."""

from __future__ import annotations

import shutil
from pathlib import Path

from clickstar_bench.history import load_month, repeat_month
from clickstar_bench.measure import BenchError, Settings, dbt_environment


def month_of_raw(settings: Settings) -> Path:
    """Return a DuckDB file with the loaded demo files of one month; their folder is beside it."""
    warehouse = settings.shared / f"month_{settings.month}.duckdb"
    if not warehouse.exists():
        settings.shared.mkdir(parents=True, exist_ok=True)
        loading = warehouse.with_suffix(".loading")
        loading.unlink(missing_ok=True)
        landing = settings.shared / f"landing_{settings.month}"
        if landing.exists():
            shutil.rmtree(landing)
        load_month(landing, loading, settings.month, dbt_environment(settings.shared))
        loading.rename(warehouse)
    return warehouse


def raw_of(settings: Settings, clicks: int) -> Path:
    """Return a DuckDB file whose raw tables hold ``clicks`` clicks; nobody may write to it.

    Raises BenchError when the size is no multiple of the month.
    """
    if clicks % settings.month:
        raise BenchError(
            f"{clicks:,} clicks are not a whole number of months of {settings.month:,}: choose"
            " other --sizes."
        )
    warehouse = settings.shared / f"raw_{settings.month}_{clicks}.duckdb"
    if not warehouse.exists():
        month = month_of_raw(settings)
        making = warehouse.with_suffix(".making")
        making.unlink(missing_ok=True)
        # Also for one month: DuckDB then has written all raw tables alike.
        repeat_month(month, making, clicks // settings.month)
        making.rename(warehouse)
    return warehouse


def fresh_copy(raw: Path, target: Path) -> Path:
    """Copy a DuckDB file over ``target`` (and forget the target's log)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f"{target.name}*"):
        leftover.unlink()
    shutil.copyfile(raw, target)
    return target


def started(settings: Settings, clicks: int) -> tuple[Path, Path, dict[str, str]]:
    """Return a folder, a warehouse in it with the raw tables only, and dbt's environment there."""
    folder = settings.scratch / str(clicks)
    warehouse = fresh_copy(raw_of(settings, clicks), folder / "clickstar.duckdb")
    return folder, warehouse, dbt_environment(folder, warehouse)
