"""The demo's exchange rates and costs: as a bank and a bookkeeper write them, always the same."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from clickstar_demo import money
from clickstar_demo.world import World, make_world

FIRST_DAY, DAYS, SEED = dt.date(2026, 3, 3), 120, 7
LAST_DAY = FIRST_DAY + dt.timedelta(days=DAYS - 1)
STAGING = Path(__file__).resolve().parents[2] / "models" / "staging"
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SEED)


def read(written: list[tuple[Path, int]]) -> Rows:
    found: Rows = []
    for path, count in written:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == count
        found += rows
    return found


@pytest.fixture(scope="module")
def rates(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return read(list(money.write_rates(FIRST_DAY, DAYS, SEED, tmp_path_factory.mktemp("rates"))))


@pytest.fixture(scope="module")
def costs(world: World, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("costs")
    return read(list(money.write_costs(world, FIRST_DAY, DAYS, SEED, folder)))


@pytest.mark.parametrize(
    ("source", "columns"),
    [("exchange_rates", money.RATE_COLUMNS), ("costs", money.COST_COLUMNS)],
)
def test_the_files_have_the_columns_of_the_contract(source: str, columns: tuple[str, ...]) -> None:
    contract = yaml.safe_load((STAGING / source / f"_{source}__sources.yml").read_text())
    fields = set()
    for column in contract["sources"][0]["tables"][0]["columns"]:
        meta = column.get("config", {}).get("meta", {})
        if "path" not in meta and not column["name"].startswith("_"):
            fields.add(meta.get("field", column["name"]))
    assert set(columns) == fields


def test_rates_are_of_business_days_and_of_every_currency(rates: Rows) -> None:
    days = {dt.date.fromisoformat(row["rate_date"]) for row in rates}
    assert max(day.weekday() for day in days) == 4
    assert min(days) < FIRST_DAY - dt.timedelta(days=30)
    assert LAST_DAY - max(days) < dt.timedelta(days=3)
    assert {row["base_currency"] for row in rates} == {"EUR"}
    codes = {row["quote_currency"] for row in rates}
    assert codes | {"EUR"} == money.currencies()
    assert {"JPY", "KWD"} <= codes
    # One of every currency each day, besides the slip of the last day and its correction.
    counts = Counter((row["rate_date"], row["quote_currency"]) for row in rates)
    assert set(counts.values()) == {1, 3}
    assert len(counts) == len(days) * len(codes)


def test_a_slip_of_the_last_day_is_corrected_by_a_later_pull(tmp_path: Path) -> None:
    written = [path for path, _ in money.write_rates(FIRST_DAY, DAYS, SEED, tmp_path)]
    slip, correction = sorted(path for path in written if "pulled_at=" in str(path))
    [wrong], [right] = read([(slip, 1)]), read([(correction, 1)])
    assert Decimal(wrong["rate"]) == 2 * Decimal(right["rate"])
    in_the_file_of_the_month = read(
        [
            (path, sum(1 for _ in path.open()) - 1)
            for path in written
            if "pulled_at=" not in str(path)
        ]
    )
    assert right in in_the_file_of_the_month


def test_costs_are_of_every_kind_and_to_the_minor_unit(costs: Rows) -> None:
    assert {row["cost_type"] for row in costs} == {
        *("placement_fee", "network_fee", "override", "other"),
    }
    assert {row["spread"] for row in costs} == {"daily", "once"}
    assert {bool(row["advertiser_code"]) for row in costs} == {True, False}
    assert any(Decimal(row["amount"]) < 0 for row in costs)
    for row in costs:
        places = money.MINOR_UNITS.get(row["currency_code"], 2)
        assert len(row["amount"].partition(".")[2]) == places, row
        start = dt.date.fromisoformat(row["period_from"])
        assert FIRST_DAY <= start <= dt.date.fromisoformat(row["period_to"] or str(start))
        assert dt.date.fromisoformat(row["period_to"] or str(start)) <= LAST_DAY
    assert {"JPY", "KWD", "USD"} <= {row["currency_code"] for row in costs}
    assert {row["currency_code"] for row in costs} <= money.currencies()
    # Some lines come again, corrected.
    assert max(Counter(row["cost_code"] for row in costs).values()) == 2


def test_the_same_seed_gives_the_same_rows(world: World) -> None:
    span = FIRST_DAY, DAYS
    assert list(money.rates(*span, SEED)) == list(money.rates(*span, SEED))
    assert list(money.costs(world, *span, SEED)) == list(money.costs(world, *span, SEED))
    assert list(money.rates(*span, SEED)) != list(money.rates(*span, SEED + 1))
    assert list(money.costs(world, *span, SEED)) != list(money.costs(world, *span, SEED + 1))
