"""The demo's money beside commissions: exchange rates and costs.

Rates wander around plausible levels and are published on business days, as the European Central
Bank publishes its own, from some weeks before the first click on; one file a month, and the last
month once more with a rate corrected. Costs are lines of a year's bookkeeping: fees for placements
that are spread over their days, fees of networks, overrides, and credits of some of them.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from clickstar_demo.world import COUNTRIES, Partner, Program, World

# About what one euro is worth. KWD has three decimals, JPY none.
LEVELS = {
    "USD": 1.09, "GBP": 0.86, "CAD": 1.48, "AUD": 1.64, "INR": 91.2, "BRL": 5.9, "JPY": 163.0,
    "SEK": 11.3, "MXN": 19.6, "KWD": 0.335,
}  # fmt: skip
BASE = "EUR"
DAYS_BEFORE = 45
RATE_COLUMNS = ("rate_date", "base_currency", "quote_currency", "rate")
COST_COLUMNS = (
    "cost_code", "cost_type", "network_code", "advertiser_code", "advertiser_id", "partner_code",
    "partner_id", "program_code", "program_id", "campaign_code", "campaign_id", "channel_code",
    "currency_code", "amount", "period_from", "period_to", "spread",
)  # fmt: skip
# Decimal places of the currencies that have not two.
MINOR_UNITS = {"JPY": 0, "KWD": 3}
PLACEMENTS_A_MONTH = 12
Row = dict[str, str]


def currencies() -> set[str]:
    """Every currency that something of the demo may be in."""
    return {currency for _, _, currency, _ in COUNTRIES.values()} | set(LEVELS)


def rates(first_day: dt.date, days: int, seed: int) -> Iterator[Row]:
    """A random walk of every currency against the euro, drawn back to where it began."""
    rng = random.Random(f"{seed}/exchange rates")
    values = dict(LEVELS)
    for number in range(-DAYS_BEFORE, days):
        day = first_day + dt.timedelta(days=number)
        if day.weekday() >= 5 or (day.month, day.day) in ((1, 1), (12, 25)):
            continue
        for code, level in LEVELS.items():
            values[code] *= 1 + rng.gauss(0, 0.004) + 0.02 * (level / values[code] - 1)
            yield {
                "rate_date": str(day),
                "base_currency": BASE,
                "quote_currency": code,
                "rate": f"{values[code]:.{5 if level < 10 else 3}f}",
            }


def _month(row: Row) -> str:
    return row["rate_date"][:7]


def write_rates(
    first_day: dt.date, days: int, seed: int, folder: Path
) -> Iterator[tuple[Path, int]]:
    """Write a file of rates a month, and a corrected one of the last; (path, rows) of each."""
    rows = list(rates(first_day, days, seed))
    for month in sorted({_month(row) for row in rows}):
        of_month = [row for row in rows if _month(row) == month]
        yield _write(folder / f"ecb_{month}.csv", RATE_COLUMNS, of_month)
    corrected = [row for row in rows if row["rate_date"] == rows[-1]["rate_date"]]
    corrected[0] = corrected[0] | {"rate": f"{Decimal(corrected[0]['rate']) * 2:.5f}"}
    fixed = [row for row in rows if row["rate_date"] == rows[-1]["rate_date"]]
    # A slip of the decimal point, and the correction of the same evening.
    for name, portion in (("T150000Z", corrected[:1]), ("T170000Z", fixed[:1])):
        pulled_at = rows[-1]["rate_date"].replace("-", "") + name
        path = folder / f"pulled_at={pulled_at}" / "ecb_daily.csv"
        path.parent.mkdir()
        yield _write(path, RATE_COLUMNS, portion)


def _amount(value: float, currency: str) -> str:
    return f"{value * LEVELS.get(currency, 1.0):.{MINOR_UNITS.get(currency, 2)}f}"


def costs(world: World, first_day: dt.date, days: int, seed: int) -> Iterator[Row]:
    """The lines of cost, month by month."""
    rng = random.Random(f"{seed}/costs")
    number = 0

    def line(kind: str, amount: float, currency: str, start: dt.date, **fields: str) -> Row:
        nonlocal number
        number += 1
        row = dict.fromkeys(COST_COLUMNS, "") | fields
        return row | {
            "cost_code": f"COST-{number:05d}",
            "cost_type": kind,
            "currency_code": currency,
            "amount": _amount(amount, currency),
            "period_from": str(start),
            "spread": fields.get("spread", "daily"),
        }

    last = first_day + dt.timedelta(days=days - 1)
    for start in (first_day + dt.timedelta(days=n) for n in range(0, days, 30)):
        end = min(start + dt.timedelta(days=29), last)
        for place in range(PLACEMENTS_A_MONTH):
            program = rng.choice(world.programs)
            partners = [p for p in world.partners if program.network in p.ids]
            partner = rng.choice(partners)
            # Now and then a placement in a market of its own currency.
            currency = {0: "JPY", 1: "KWD"}.get(place, program.currency)
            first = start + dt.timedelta(days=rng.randrange((end - start).days + 1))
            until = min(first + dt.timedelta(days=rng.choice((0, 2, 6, 13, 29))), last)
            yield line(
                "placement_fee", rng.uniform(50, 4_000), currency, first,
                period_to=str(until), channel_code=partner.channel_code,
                **_names(rng, program, partner),
            )  # fmt: skip
        for network in sorted({program.network for program in world.programs})[:4]:
            yield line("network_fee", rng.uniform(200, 900), "USD", start,
                       period_to=str(end), network_code=network)  # fmt: skip
        for advertiser in world.advertisers[:3]:
            currency = COUNTRIES[advertiser.country][2]
            yield line("override", rng.uniform(100, 1_500), currency, end, spread="once",
                       period_to=str(end), advertiser_code=advertiser.code)  # fmt: skip
        # Money that comes back, of an advertiser that nobody has named yet.
        yield line("other", -rng.uniform(10, 90), "EUR", start,
                   network_code="awin", advertiser_id=f"credit-{start:%Y%m}")  # fmt: skip


def _names(rng: random.Random, program: Program, partner: Partner) -> Row:
    """Who a placement is for and with: by the codes of master data, or the network's ids."""
    if rng.random() < 0.6:
        return {
            "advertiser_code": program.advertiser.code,
            "program_code": program.code,
            "partner_code": partner.code,
        }
    return {
        "network_code": program.network,
        "advertiser_id": program.advertiser_id,
        "program_id": program.program_id,
        "partner_id": partner.ids[program.network],
    }


def write_costs(
    world: World, first_day: dt.date, days: int, seed: int, folder: Path
) -> Iterator[tuple[Path, int]]:
    """Write the lines of cost, and a second file that corrects some; (path, rows) of each."""
    rows = list(costs(world, first_day, days, seed))
    yield _write(folder / "cost_lines.csv", COST_COLUMNS, rows)
    corrected = [row | {"amount": _corrected(row)} for row in rows[::20]]
    pulled_at = f"{first_day + dt.timedelta(days=days - 1):%Y%m%d}T180000Z"
    path = folder / f"pulled_at={pulled_at}" / "cost_lines_corrected.csv"
    path.parent.mkdir()
    yield _write(path, COST_COLUMNS, corrected)


def _corrected(row: Row) -> str:
    """The amount and a tenth more, to the minor unit."""
    places = MINOR_UNITS.get(row["currency_code"], 2)
    return f"{Decimal(row['amount']) * Decimal('1.1'):.{places}f}"


def _write(path: Path, columns: tuple[str, ...], rows: list[Row]) -> tuple[Path, int]:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path, len(rows)
