"""How many clicks a day gets: weekdays, retail peaks, a slow growth and some noise."""

from __future__ import annotations

import datetime as dt
import random

WEEKDAY_WEIGHTS = (1.06, 1.04, 1.02, 1.00, 0.93, 0.90, 1.05)
GROWTH = 0.10
NOISE = 0.05

# Clicks by the visitor's local hour, midnight first.
HOUR_WEIGHTS = (
    18, 11, 7, 5, 5, 8, 16, 28, 40, 50, 56, 59,
    64, 60, 56, 55, 56, 60, 66, 76, 84, 80, 61, 36,
)  # fmt: skip


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> dt.date:
    """The nth (1 to 5) given weekday (Monday 0) of a month; nth -1 is the last one."""
    if nth > 0:
        first = dt.date(year, month, 1)
        return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    return last - dt.timedelta(days=(last.weekday() - weekday) % 7)


def peaks(year: int) -> dict[dt.date, float]:
    """The factor of each retail peak day of a year; days that are not listed have the factor 1."""
    factors: dict[dt.date, float] = {}

    def around(day: dt.date, first_offset: int, *values: float) -> None:
        for number, value in enumerate(values):
            factors[day + dt.timedelta(days=first_offset + number)] = value

    around(dt.date(year, 1, 1), 0, 0.80)
    around(dt.date(year, 2, 14), -7, *[1.15] * 6, 1.05, 0.90)
    around(nth_weekday(year, 5, 6, 2), -8, *[1.15] * 8, 0.92)  # Mother's Day
    around(nth_weekday(year, 5, 0, -1), -3, 1.25, 1.30, 1.30, 1.35)  # Memorial Day
    around(nth_weekday(year, 6, 6, 3), -6, *[1.10] * 6, 0.95)  # Father's Day
    around(dt.date(year, 7, 4), -2, 1.20, 1.20, 1.10)
    around(nth_weekday(year, 7, 1, 2), 0, 1.45, 1.40)  # the mid-July sales days
    around(nth_weekday(year, 9, 0, 1), -3, 1.15, 1.20, 1.20, 1.25)  # Labor Day
    around(dt.date(year, 12, 2), 0, *[1.25] * 17)
    around(dt.date(year, 12, 24), 0, 0.85, 0.75, 1.20)
    # Thanksgiving last: Cyber Monday may be the 2nd of December.
    around(nth_weekday(year, 11, 3, 4), -3, 1.15, 1.2, 1.3, 1.7, 3.0, 1.7, 1.5, 2.4, 1.3)
    return factors


def day_weights(first_day: dt.date, days: int, seed: int) -> list[float]:
    """The relative number of clicks of each of `days` days from `first_day` on."""
    noise = random.Random(f"{seed}/days")
    weights = []
    factors: dict[dt.date, float] = {}
    for year in range(first_day.year, (first_day + dt.timedelta(days=days)).year + 1):
        factors |= peaks(year)
    for number in range(days):
        day = first_day + dt.timedelta(days=number)
        weight = WEEKDAY_WEIGHTS[day.weekday()] * factors.get(day, 1.0)
        weight *= 1 + GROWTH * number / days
        weight *= 1 + NOISE * (2 * noise.random() - 1)
        weights.append(weight)
    return weights


def spread(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `total` exactly."""
    whole = sum(weights)
    counts, before, running = [], 0, 0.0
    for weight in weights:
        running += weight
        upto = round(total * running / whole)
        counts.append(upto - before)
        before = upto
    return counts
