"""The calendar against independent ones: Python's own, `holidays`, and the rule of the NRF."""

from __future__ import annotations

import calendar
import datetime
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import holidays
import psycopg
import pytest
from dateutil.easter import easter  # type: ignore[import-untyped]

from private_postgres import PostgresServer

FIRST, LAST = datetime.date(1970, 1, 1), datetime.date(2054, 12, 31)
DAY = datetime.timedelta(days=1)
YEARS = range(FIRST.year, LAST.year + 1)
SATURDAY, SUNDAY = 6, 7
RELATIONS = {
    "marts.dim_date": "date_key",
    "marts.dim_time_of_day": "time_of_day_key",
    "marts.dim_date_relative": "date_key",
}
LONG_RETAIL_YEARS = {
    *(1972, 1978, 1984, 1989, 1995, 2000, 2006, 2012, 2017, 2023),
    *(2028, 2034, 2040, 2045, 2051),
}

Row = dict[str, Any]


def dbt_run(
    repository: Path, environment: dict[str, str], scratch: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the calendar's seed and models in a warehouse of their own."""
    command = [
        *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build"),
        *("--select", "+dim_date", "dim_time_of_day", "dim_date_relative"),
        *("--target-path", str(scratch / "target"), "--log-path", str(scratch / "logs")),
        *("--resource-type", "seed", "--resource-type", "model", *arguments),
    ]
    return subprocess.run(
        command,
        cwd=repository,
        env={**os.environ, **environment, "DBT_PROFILES_DIR": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def warehouse(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    scratch = tmp_path_factory.mktemp("calendar")
    file = scratch / "clickstar.duckdb"
    done = dbt_run(repository, {"TARGET": "duckdb", "CLICKSTAR_DUCKDB_PATH": str(file)}, scratch)
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def dates(warehouse: duckdb.DuckDBPyConnection) -> dict[datetime.date, Row]:
    """Return every row of dim_date by its date."""
    cursor = warehouse.execute("select * from marts.dim_date")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows) == 31_046
    return {row["date_day"]: row for row in rows}


def every_day() -> Iterator[datetime.date]:
    for ordinal in range(FIRST.toordinal(), LAST.toordinal() + 1):
        yield datetime.date.fromordinal(ordinal)


def is_date_of(row: Row, name: str, date: datetime.date | None) -> None:
    assert row[name] == date, (row["date_day"], name)


# ---------------------------------------------------------------------------- the civil calendar


def test_every_day_is_there_once(dates: dict[datetime.date, Row]) -> None:
    assert list(every_day()) == sorted(dates)
    assert min(dates) == FIRST
    assert max(dates) == LAST
    assert len({row["date_key"] for row in dates.values()}) == 31_046


def test_days_months_quarters_and_years_are_pythons(dates: dict[datetime.date, Row]) -> None:
    for day, row in dates.items():
        quarter = (day.month + 2) // 3
        quarter_start = day.replace(month=3 * quarter - 2, day=1)
        month_days = calendar.monthrange(day.year, day.month)[1]
        expected = {
            "date_key": int(f"{day:%Y%m%d}"),
            "epoch_day": (day - FIRST).days,
            "calendar_year": day.year,
            "half_of_year": 1 if day.month <= 6 else 2,
            "quarter_of_year": quarter,
            "month_of_year": day.month,
            "day_of_month": day.day,
            "day_of_quarter": (day - quarter_start).days + 1,
            "day_of_year": day.timetuple().tm_yday,
            "week_of_month": (day.day + 6) // 7,
            "month_name": calendar.month_name[day.month],
            "month_short_name": calendar.month_abbr[day.month],
            "day_name": calendar.day_name[day.weekday()],
            "day_short_name": calendar.day_abbr[day.weekday()],
            "half_name": f"{day.year} H{1 if day.month <= 6 else 2}",
            "quarter_name": f"{day.year} Q{quarter}",
            "year_month_name": f"{day:%Y-%m}",
            "is_weekend": day.isoweekday() >= SATURDAY,
            "is_leap_year": calendar.isleap(day.year),
            "is_last_day_of_month": day.day == month_days,
            "month_start_date": day.replace(day=1),
            "month_end_date": day.replace(day=month_days),
            "quarter_start_date": quarter_start,
            "quarter_end_date": (quarter_start + 95 * DAY).replace(day=1) - DAY,
            "half_start_date": day.replace(month=1 if day.month <= 6 else 7, day=1),
            "half_end_date": datetime.date(day.year, *((6, 30) if day.month <= 6 else (12, 31))),
            "year_start_date": day.replace(month=1, day=1),
            "year_end_date": day.replace(month=12, day=31),
            # The fiscal year starts in January unless a variable says otherwise.
            "fiscal_year": day.year,
            "fiscal_quarter": quarter,
            "fiscal_month": day.month,
            "day_of_fiscal_year": day.timetuple().tm_yday,
            "fiscal_quarter_name": f"FY{day.year} Q{quarter}",
            "fiscal_quarter_start_date": quarter_start,
            "fiscal_year_start_date": day.replace(month=1, day=1),
            "fiscal_year_end_date": day.replace(month=12, day=31),
        }
        assert {name: row[name] for name in expected} == expected


def test_iso_years_weeks_and_days_are_isocalendars(dates: dict[datetime.date, Row]) -> None:
    for day, row in dates.items():
        year, week, weekday = day.isocalendar()
        assert (row["iso_year"], row["iso_week"], row["iso_day_of_week"]) == (year, week, weekday)
        assert row["iso_week_name"] == f"{year}-W{week:02}"
        is_date_of(row, "iso_week_start_date", day - (weekday - 1) * DAY)
        is_date_of(row, "iso_week_end_date", day + (7 - weekday) * DAY)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2021-01-03", {"iso_year": 2020, "iso_week": 53}),
        ("2027-01-01", {"iso_year": 2026, "iso_week": 53}),
        ("2024-12-30", {"iso_year": 2025, "iso_week": 1}),
        ("2024-01-01", {"day_of_quarter": 1, "quarter_of_year": 1}),
        ("2024-02-29", {"day_of_quarter": 60, "day_of_year": 60, "is_leap_year": True}),
        ("2024-03-31", {"day_of_quarter": 91, "day_of_year": 91}),
        ("2023-03-31", {"day_of_quarter": 90, "day_of_year": 90}),
        ("2000-02-29", {"date_key": 20000229, "is_leap_year": True}),
        ("1970-01-01", {"date_key": 19700101, "nrf_year": 1969, "nrf_week": 48}),
        ("2054-12-31", {"date_key": 20541231, "nrf_year": 2054, "iso_week": 53}),
    ],
)
def test_days_that_are_easily_wrong(
    dates: dict[datetime.date, Row], day: str, expected: Row
) -> None:
    row = dates[datetime.date.fromisoformat(day)]
    assert {name: row[name] for name in expected} == expected


# --------------------------------------------------------------------------- the retail calendar


def retail_year_start(year: int) -> datetime.date:
    """Return the day after the Saturday nearest 31 January, found by looking at each Saturday."""
    anchor = datetime.date(year, 1, 31)
    around = [anchor + offset * DAY for offset in range(-6, 7)]
    saturdays = [day for day in around if day.isoweekday() == SATURDAY]
    return min(saturdays, key=lambda day: abs(day - anchor)) + DAY


def months_of(pattern: tuple[int, int, int]) -> list[int]:
    """Return the month of each of 53 weeks; the 53rd belongs to the last month."""
    months = [month for month, weeks in enumerate(pattern * 4, start=1) for _ in range(weeks)]
    return [*months, 12]


def retail_calendar() -> dict[datetime.date, Row]:
    """Return the NRF calendar day by day, counted forward through each retail year."""
    patterns = {
        name: months_of(pattern)
        for name, pattern in {
            "nrf_month": (4, 5, 4),
            "nrf_month_445": (4, 4, 5),
            "nrf_month_544": (5, 4, 4),
        }.items()
    }
    found: dict[datetime.date, Row] = {}
    for year in range(1967, 2056):
        start, end = retail_year_start(year), retail_year_start(year + 1)
        weeks = (end - start).days // 7
        for number in range((end - start).days):
            week = number // 7 + 1
            restated = week - 1 if weeks == 53 else week
            found[start + number * DAY] = {
                "nrf_year": year,
                "nrf_quarter": (patterns["nrf_month"][week - 1] + 2) // 3,
                **{name: months[week - 1] for name, months in patterns.items()},
                "nrf_week": week,
                "nrf_day_of_week": number % 7 + 1,
                "nrf_day_of_year": number + 1,
                "nrf_weeks_in_year": weeks,
                "nrf_restated_year": year if restated else None,
                "nrf_restated_week": restated or None,
                "nrf_restated_month": patterns["nrf_month"][restated - 1] if restated else None,
                "nrf_week_name": f"FY{year} W{week:02}",
                "nrf_month_name": calendar.month_name[patterns["nrf_month"][week - 1] % 12 + 1],
                "nrf_year_start_date": start,
                "nrf_year_end_date": end - DAY,
            }
    return found


def test_retail_calendar_is_that_of_the_nrf_rule(dates: dict[datetime.date, Row]) -> None:
    rule = retail_calendar()
    for day, row in dates.items():
        assert {name: row[name] for name in rule[day]} == rule[day], day


def test_retail_years_start_where_the_nrf_published(dates: dict[datetime.date, Row]) -> None:
    published = (
        "2015-02-01 2016-01-31 2017-01-29 2018-02-04 2019-02-03 2020-02-02 2021-01-31 2022-01-30 "
        "2023-01-29 2024-02-04 2025-02-02 2026-02-01 2027-01-31 2028-01-30 2029-02-04 2030-02-03"
    )
    for text in published.split():
        row = dates[datetime.date.fromisoformat(text)]
        assert (row["nrf_year"], row["nrf_day_of_year"]) == (int(text[:4]), 1)


def test_long_retail_years(dates: dict[datetime.date, Row]) -> None:
    found = {row["nrf_year"] for row in dates.values() if row["nrf_week"] == 53}
    assert found == LONG_RETAIL_YEARS


def test_restated_years_have_52_weeks_and_2017_starts_on_5_february(
    dates: dict[datetime.date, Row],
) -> None:
    first = [
        day
        for day, row in dates.items()
        if (row["nrf_restated_year"], row["nrf_restated_week"]) == (2017, 1)
    ]
    assert (min(first), max(first)) == (datetime.date(2017, 2, 5), datetime.date(2017, 2, 11))
    days = Counter(row["nrf_restated_year"] for row in dates.values())
    # Dropped weeks are in no restated year; the table's ends cut its first and last year.
    assert days.pop(None) == 7 * len(LONG_RETAIL_YEARS)
    assert {count for year, count in days.items() if 1969 < year < 2054} == {364}


def test_periods_of_the_retail_calendar_are_whole(dates: dict[datetime.date, Row]) -> None:
    rule = retail_calendar()
    for period in ("nrf_week", "nrf_month", "nrf_quarter"):
        spans: dict[tuple[int, int], list[datetime.date]] = {}
        for day, row in rule.items():
            spans.setdefault((row["nrf_year"], row[period]), []).append(day)
        for row in dates.values():
            span = spans[row["nrf_year"], row[period]]
            is_date_of(row, f"{period}_start_date", min(span))
            is_date_of(row, f"{period}_end_date", max(span))
        if period == "nrf_month":
            for day, row in dates.items():
                span = spans[row["nrf_year"], row[period]]
                assert row["nrf_week_of_month"] == (day - min(span)).days // 7 + 1


# -------------------------------------------------------------------- holidays and retail events

# Columbus Day became a legal public holiday in 1971 (Public Law 90-363); `holidays` gives it from
# 1937, when presidents began to proclaim it. It also observes on a weekday neither of the two
# holidays of 1970 that the same law moved to Mondays from 1971.
COLUMBUS_DAY_1970 = datetime.date(1970, 10, 12)
OBSERVED_1970 = {
    datetime.date(1970, 2, 23): "Washington's Birthday",
    datetime.date(1970, 5, 29): "Memorial Day",
}


def test_holidays_are_those_of_the_holidays_package(dates: dict[datetime.date, Row]) -> None:
    package = dict(holidays.country_holidays("US", years=YEARS, observed=False))
    assert package.pop(COLUMBUS_DAY_1970) == "Columbus Day"
    found = {day: row["holiday_name"] for day, row in dates.items() if row["holiday_name"]}
    assert found == package
    assert {day for day, row in dates.items() if row["is_holiday"]} == set(package)


def test_observed_holidays_are_those_of_the_holidays_package(
    dates: dict[datetime.date, Row],
) -> None:
    years = range(FIRST.year - 1, LAST.year + 2)
    package = holidays.country_holidays("US", years=years, observed=True)
    suffix = " (observed)"
    expected = {
        day: name.removesuffix(suffix)
        for day in package
        for name in package.get_list(day)
        if FIRST <= day <= LAST and (name.endswith(suffix) or day.isoweekday() < SATURDAY)
    }
    assert expected.pop(COLUMBUS_DAY_1970) == "Columbus Day"
    expected |= OBSERVED_1970
    found = {
        day: row["holiday_observed_name"]
        for day, row in dates.items()
        if row["holiday_observed_name"]
    }
    assert found == expected
    for day, row in dates.items():
        assert row["is_holiday_observed"] == (day in expected)
        assert row["is_business_day"] == (day.isoweekday() < SATURDAY and day not in expected)


@pytest.mark.parametrize(
    ("day", "holiday", "observed"),
    [
        ("1970-02-22", "Washington's Birthday", None),
        ("1970-05-30", "Memorial Day", None),
        ("1971-02-15", "Washington's Birthday", "Washington's Birthday"),
        ("1977-10-24", "Veterans Day", "Veterans Day"),
        ("1978-11-11", "Veterans Day", None),
        ("1978-11-10", None, "Veterans Day"),
        ("1985-01-21", None, None),
        ("1986-01-20", "Martin Luther King Jr. Day", "Martin Luther King Jr. Day"),
        ("2020-06-19", None, None),
        ("2021-06-18", None, "Juneteenth National Independence Day"),
        ("2021-12-31", None, "New Year's Day"),
        ("2022-12-26", None, "Christmas Day"),
    ],
)
def test_holidays_follow_the_law_of_their_year(
    dates: dict[datetime.date, Row], day: str, holiday: str | None, observed: str | None
) -> None:
    row = dates[datetime.date.fromisoformat(day)]
    assert (row["holiday_name"], row["holiday_observed_name"]) == (holiday, observed)


def nth_weekday(year: int, month: int, weekday: int, number: int) -> datetime.date:
    """Return the number-th ISO weekday of a month, or the last one for number -1."""
    days = [
        day
        for day in calendar.Calendar().itermonthdates(year, month)
        if day.month == month and day.isoweekday() == weekday
    ]
    return days[number - 1] if number > 0 else days[-1]


def retail_events(year: int) -> dict[datetime.date, str]:
    thanksgiving = nth_weekday(year, 11, 4, 4)
    christmas_eve = datetime.date(year, 12, 24)
    saturdays = [christmas_eve - days * DAY for days in range(1, 8)]
    return {
        datetime.date(year, 1, 1): "New Year's Day",
        datetime.date(year, 2, 14): "Valentine's Day",
        (
            nth_weekday(year, 2, 1, 3) if year >= 1971 else datetime.date(year, 2, 22)
        ): "Presidents' Day",
        datetime.date(year, 3, 17): "St. Patrick's Day",
        easter(year): "Easter Sunday",
        nth_weekday(year, 5, SUNDAY, 2): "Mother's Day",
        (
            nth_weekday(year, 5, 1, -1) if year >= 1971 else datetime.date(year, 5, 30)
        ): "Memorial Day",
        nth_weekday(year, 6, SUNDAY, 3): "Father's Day",
        datetime.date(year, 7, 4): "Independence Day",
        nth_weekday(year, 9, 1, 1): "Labor Day",
        datetime.date(year, 10, 31): "Halloween",
        datetime.date(year, 11, 11): "Singles' Day",
        thanksgiving: "Thanksgiving",
        thanksgiving + DAY: "Black Friday",
        thanksgiving + 2 * DAY: "Small Business Saturday",
        thanksgiving + 4 * DAY: "Cyber Monday",
        thanksgiving + 5 * DAY: "Giving Tuesday",
        nth_weekday(year, 12, 1, 2): "Green Monday",
        next(day for day in saturdays if day.isoweekday() == SATURDAY): "Super Saturday",
        christmas_eve: "Christmas Eve",
        datetime.date(year, 12, 25): "Christmas Day",
        datetime.date(year, 12, 26): "Boxing Day",
        datetime.date(year, 12, 31): "New Year's Eve",
    }


def test_retail_events_follow_their_rules(dates: dict[datetime.date, Row]) -> None:
    expected: dict[datetime.date, str] = {}
    for year in YEARS:
        events = retail_events(year)
        assert len(events) == 23, "two events fall on one day"
        expected |= events
    found = {day: row["retail_event_name"] for day, row in dates.items() if row["is_retail_event"]}
    assert found == expected


@pytest.mark.parametrize(
    ("day", "event"),
    [
        ("2024-11-28", "Thanksgiving"),
        ("2024-11-29", "Black Friday"),
        ("2024-12-02", "Cyber Monday"),
        ("2024-12-03", "Giving Tuesday"),
        ("2014-12-08", "Green Monday"),
        ("2022-12-17", "Super Saturday"),
        ("2024-12-21", "Super Saturday"),
        ("2024-03-31", "Easter Sunday"),
        ("2038-04-25", "Easter Sunday"),
        ("2024-05-12", "Mother's Day"),
    ],
)
def test_retail_events_of_known_dates(
    dates: dict[datetime.date, Row], day: str, event: str
) -> None:
    assert dates[datetime.date.fromisoformat(day)]["retail_event_name"] == event


def test_days_to_and_since_count_to_the_nearest_event_on_each_side(
    dates: dict[datetime.date, Row],
) -> None:
    thanksgivings = [nth_weekday(year, 11, 4, 4) for year in range(1969, 2056)]
    events = {
        "thanksgiving": thanksgivings,
        "black_friday": [day + DAY for day in thanksgivings],
        "cyber_monday": [day + 4 * DAY for day in thanksgivings],
        "christmas": [datetime.date(year, 12, 25) for year in range(1969, 2056)],
    }
    for day, row in dates.items():
        around = slice(day.year - 1970, day.year - 1970 + 3)
        for name, every in events.items():
            near = every[around]
            assert row[f"days_to_{name}"] == min((e - day).days for e in near if e >= day), day
            assert row[f"days_since_{name}"] == min((day - e).days for e in near if e <= day), day
        assert row["days_from_thanksgiving"] == (day - thanksgivings[day.year - 1969]).days


# ----------------------------------------------------------------------------- the year before


def test_comparable_date_and_weekday_of_the_year_before(dates: dict[datetime.date, Row]) -> None:
    for day, row in dates.items():
        leap_day = (day.month, day.day) == (2, 29)
        is_date_of(
            row, "prior_year_date", day.replace(year=day.year - 1, day=28 if leap_day else day.day)
        )
        is_date_of(row, "prior_year_weekday_date", day - 364 * DAY)


def test_comparable_retail_day_has_the_same_week_and_weekday(
    dates: dict[datetime.date, Row],
) -> None:
    published: dict[tuple[int, int, int], datetime.date] = {}
    restated: dict[tuple[int, int, int], datetime.date] = {}
    for day, row in retail_calendar().items():
        published[row["nrf_year"], row["nrf_week"], row["nrf_day_of_week"]] = day
        if row["nrf_restated_year"]:
            place = (row["nrf_restated_year"], row["nrf_restated_week"], row["nrf_day_of_week"])
            restated[place] = day
    for row in dates.values():
        place = (row["nrf_year"] - 1, row["nrf_week"], row["nrf_day_of_week"])
        is_date_of(row, "prior_year_retail_date", restated.get(place))
        is_date_of(row, "prior_year_retail_published_date", published.get(place))


@pytest.mark.parametrize(
    ("day", "restated", "published"),
    [
        ("2018-02-04", "2017-02-05", "2017-01-29"),
        ("2018-11-23", "2017-11-24", "2017-11-17"),
        ("2017-01-29", "2016-01-31", "2016-01-31"),
        ("2018-02-03", None, None),
        ("2024-02-04", "2023-02-05", "2023-01-29"),
        ("2025-02-02", "2024-02-04", "2024-02-04"),
    ],
)
def test_comparable_retail_days_around_long_years(
    dates: dict[datetime.date, Row], day: str, restated: str | None, published: str | None
) -> None:
    row = dates[datetime.date.fromisoformat(day)]
    found = (row["prior_year_retail_date"], row["prior_year_retail_published_date"])
    assert tuple(date and str(date) for date in found) == (restated, published)


def test_every_holiday_compares_with_itself(dates: dict[datetime.date, Row]) -> None:
    # The first year of a holiday has none to compare with.
    new = {("Columbus Day", 1971), ("Martin Luther King Jr. Day", 1986)}
    new |= {("Juneteenth National Independence Day", 2021)}
    for day, row in dates.items():
        if row["holiday_name"] is None or day.year == FIRST.year:
            continue
        before = row["prior_year_holiday_date"]
        if (row["holiday_name"], day.year) in new:
            is_date_of(row, "prior_year_holiday_date", day - 364 * DAY)
        else:
            assert dates[before]["holiday_name"] == row["holiday_name"], day
            assert before.year == day.year - 1


def test_every_retail_event_compares_with_itself(dates: dict[datetime.date, Row]) -> None:
    differs = set()
    for day, row in dates.items():
        if row["retail_event_name"] is None or day.year == FIRST.year:
            continue
        if dates[row["prior_year_holiday_date"]]["retail_event_name"] != row["retail_event_name"]:
            differs.add((day.isoformat(), row["holiday_name"]))
    # A federal holiday on the same day goes first: Father's Day on Juneteenth, and the one
    # Singles' Day whose Veterans Day was in October the year before.
    assert differs == {
        ("1978-11-11", "Veterans Day"),
        *((f"{year}-06-19", "Juneteenth National Independence Day") for year in (2022, 2033)),
        *((f"{year}-06-19", "Juneteenth National Independence Day") for year in (2039, 2044)),
        ("2050-06-19", "Juneteenth National Independence Day"),
    }


def test_days_around_thanksgiving_compare_by_distance(dates: dict[datetime.date, Row]) -> None:
    for year in YEARS:
        thanksgiving, before = nth_weekday(year, 11, 4, 4), nth_weekday(year - 1, 11, 4, 4)
        for distance in range(-21, 6):
            row = dates[thanksgiving + distance * DAY]
            if row["retail_event_name"] in (None, "Thanksgiving") and not row["is_holiday"]:
                is_date_of(row, "prior_year_holiday_date", before + distance * DAY)
                assert row["prior_year_holiday_basis"] == "Thanksgiving"


@pytest.mark.parametrize(
    ("day", "before", "basis"),
    [
        ("2024-11-29", "2023-11-24", "Black Friday"),
        ("2024-11-21", "2023-11-16", "Thanksgiving"),
        ("2024-12-04", "2023-12-06", "weekday"),
        ("2024-12-20", "2023-12-20", "Christmas Day"),
        ("2024-12-25", "2023-12-25", "Christmas Day"),
        ("2024-03-29", "2023-04-07", "Easter Sunday"),
        ("2024-08-31", "2023-09-02", "Labor Day"),
        ("2024-10-09", "2023-10-11", "weekday"),
        ("1970-01-01", "1969-01-01", "New Year's Day"),
    ],
)
def test_holiday_aligned_days_of_known_dates(
    dates: dict[datetime.date, Row], day: str, before: str, basis: str
) -> None:
    row = dates[datetime.date.fromisoformat(day)]
    assert str(row["prior_year_holiday_date"]) == before
    assert row["prior_year_holiday_basis"] == basis


# ------------------------------------------------------------------ the time of day, and engines


def test_every_minute_of_the_day_is_there_once(warehouse: duckdb.DuckDBPyConnection) -> None:
    cursor = warehouse.execute("select * from marts.dim_time_of_day order by time_of_day_key")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows) == 1_440
    parts = ["Night", "Morning", "Afternoon", "Evening"]
    for key, row in enumerate(rows):
        time = datetime.time(key // 60, key % 60)
        half, quarter = time.minute // 30 * 30, time.minute // 15 * 15
        assert row == {
            "time_of_day_key": key,
            "time_name": f"{time:%H:%M}",
            "time_12_hour_name": f"{time:%I:%M %p}".removeprefix("0"),
            "hour_name": f"{time:%H}:00-{time:%H}:59",
            "hour_12_hour_name": f"{time:%I %p}".removeprefix("0"),
            "half_hour_name": f"{time:%H}:{half:02}-{time:%H}:{half + 29:02}",
            "quarter_hour_name": f"{time:%H}:{quarter:02}-{time:%H}:{quarter + 14:02}",
            "half_day_name": f"{time:%p}",
            "day_part_name": parts[time.hour // 6],
            "hour_of_day": time.hour,
            "hour_of_half_day": int(f"{time:%I}"),
            "minute_of_hour": time.minute,
            "half_hour_start_minute": time.hour * 60 + half,
            "quarter_hour_start_minute": time.hour * 60 + quarter,
        }


def test_today_is_today_in_the_reporting_time_zone(warehouse: duckdb.DuckDBPyConnection) -> None:
    query = "select date_day from marts.dim_date_relative where is_today"
    utc_days = set()
    for _ in range(2):
        utc_days.add(datetime.datetime.now(datetime.UTC).date())
        found = warehouse.execute(query).fetchall()
        utc_days.add(datetime.datetime.now(datetime.UTC).date())
    assert len(found) == 1
    assert found[0][0] in utc_days


def test_a_fiscal_year_of_month_13_is_refused(repository: Path, tmp_path: Path) -> None:
    done = dbt_run(
        repository,
        {"TARGET": "duckdb", "CLICKSTAR_DUCKDB_PATH": str(tmp_path / "clickstar.duckdb")},
        tmp_path,
        *("--vars", "{fiscal_year_start_month: 13}"),
    )
    assert done.returncode != 0
    said = "the variable fiscal_year_start_month must be a month number 1 to 12, not '13'"
    assert said in done.stdout


def test_postgres_has_the_same_rows_and_holds_the_keys(
    warehouse: duckdb.DuckDBPyConnection,
    repository: Path,
    tmp_path: Path,
    postgres_server: PostgresServer,
    postgres_environment: dict[str, str],
) -> None:
    done = dbt_run(repository, postgres_environment, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    database = postgres_environment["CLICKSTAR_POSTGRES_DATABASE"]
    with postgres_server.connect(database) as connection:
        for relation, key in RELATIONS.items():
            query = f"select * from {relation} order by {key}"
            here = warehouse.execute(query)
            there = connection.execute(query.encode())
            assert there.description is not None
            columns = [column[0] for column in here.description]
            assert columns == [column.name for column in there.description]
            here_rows, there_rows = here.fetchall(), there.fetchall()
            if here_rows != there_rows and relation == "marts.dim_date_relative":
                # Midnight passed between the two queries.
                here_rows = warehouse.execute(query).fetchall()
            assert len(here_rows) == len(there_rows)
            for left, right in zip(here_rows, there_rows, strict=True):
                assert left == right
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                b"insert into marts.dim_time_of_day select * from marts.dim_time_of_day limit 1"
            )
