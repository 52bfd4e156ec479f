"""An incremental history equals a full refresh, however files arrive: out of order, late, twice.

The demo's files arrive in shuffled portions with a build after each: some twice under another name
and compressed again, one first with half of its lines, master data whenever it comes. Every mart
must then hold the same rows as in a warehouse that saw all files at once; on PostgreSQL, with
another order of arrival, too.
"""

from __future__ import annotations

import gzip
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from warehouses import Warehouse, differences

PORTIONS = 4


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files as they are in the end."""
    folder = tmp_path_factory.mktemp("all") / "landing"
    maker = Warehouse("duckdb", folder.parent)
    maker.run(
        sys.executable,
        "scripts/make_demo.py",
        *("--landing", str(folder), "--clicks", "2000", "--days", "12"),
        *("--truth", str(folder.parent / "truth")),
    )
    again = sorted(folder.glob("redirector/*.ndjson.gz"))[3]
    again.with_name("zz_delivered_again.ndjson.gz").write_bytes(
        gzip.compress(gzip.decompress(again.read_bytes()), compresslevel=1, mtime=0)
    )
    return folder


@pytest.fixture(scope="module")
def full_refresh(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a warehouse that saw all files at once."""
    warehouse = Warehouse("duckdb", tmp_path_factory.mktemp("full"))
    warehouse.load(landing)
    warehouse.dbt("seed")
    warehouse.dbt("run")
    return warehouse


def deliver(landing: Path, folder: Path, seed: int, after_each: Callable[[Path], None]) -> None:
    """Copy the files in shuffled portions, one of them cut at first; a step after each portion."""
    order = random.Random(seed)
    files = sorted(path for path in landing.rglob("*") if path.is_file())
    order.shuffle(files)
    cut = next(path for path in files if path.match("redirector/clicks_*.ndjson.gz"))
    files.remove(cut)
    lines = gzip.decompress(cut.read_bytes()).splitlines(keepends=True)
    arrived = folder / cut.relative_to(landing)
    arrived.parent.mkdir(parents=True)
    arrived.write_bytes(gzip.compress(b"".join(lines[: len(lines) // 2]), mtime=0))
    for number in range(PORTIONS):
        portion = files[number::PORTIONS]
        if number == PORTIONS - 2:
            portion = [*portion, cut]
        for path in portion:
            there = folder / path.relative_to(landing)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)
        after_each(folder)


def build_in_portions(warehouse: Warehouse, landing: Path, seed: int) -> None:
    warehouse.dbt("seed")

    def step(folder: Path) -> None:
        warehouse.load(folder)
        warehouse.dbt("run")

    deliver(landing, warehouse.folder / "landing", seed, step)


def test_portions_on_duckdb_equal_a_full_refresh(
    landing: Path, full_refresh: Warehouse, tmp_path: Path
) -> None:
    warehouse = Warehouse("duckdb", tmp_path)
    build_in_portions(warehouse, landing, seed=1)
    assert full_refresh.query("select count(*) from marts.fct_clicks")[0][0] > 1000  # type: ignore[operator]
    assert differences(warehouse, full_refresh) == []


def test_portions_on_postgres_equal_a_full_refresh_on_duckdb(
    landing: Path,
    full_refresh: Warehouse,
    postgres_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    warehouse = Warehouse("postgres", tmp_path, postgres_environment)
    build_in_portions(warehouse, landing, seed=2)
    assert differences(full_refresh, warehouse) == []
