"""Rates and converted amounts: the same digits on every engine, and those of exact arithmetic."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import duckdb
import jinja2
import pytest

from private_postgres import PostgresServer
from standins import stand_in
from warehouses import DATABASE, ROOT, Warehouse

# About what one euro is worth; KWD has three decimals, JPY none, VND and IRR large numbers.
LEVELS = {
    "USD": 1.1, "GBP": 0.86, "JPY": 163.0, "KWD": 0.33, "IDR": 18_000.0, "VND": 29_000.0,
    "IRR": 1_180_000.0, "BHD": 0.41,
}  # fmt: skip
REPORTING = ("EUR", "JPY", "KWD", "USD", "VND")
FIRST, DAYS, FILL_DAYS = date(2026, 1, 1), 60, 7
# Quotients that end in a half at the eleventh decimal: engines would round their doubles each their
# own way. 1 / 2048 = 0.00048828125.
AWKWARD = {"HUF": Decimal(2048), "SEK": Decimal("40.96"), "CLF": Decimal("0.0390625")}
Key = tuple[object, object, object]  # day, from, to
Rates = dict[Key, tuple[object, object]]  # the day of publication, and the rate
ENGINES = ("duckdb", "postgres")
MACROS = ROOT / "macros" / "currencies"


def published_rates() -> dict[tuple[date, str], Decimal]:
    """What one euro is worth, on business days; some currencies are left out on some of them."""
    rng = random.Random(20260301)
    rates: dict[tuple[date, str], Decimal] = {}
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        if day.weekday() >= 5:
            continue
        for code, level in LEVELS.items():
            if rng.random() < 0.9 and not (code == "KWD" and 20 <= number < 40):
                digits = rng.choice((4, 6, 10))
                rates[day, code] = Decimal(f"{level * rng.uniform(0.9, 1.1):.{digits}f}")
        for code, rate in AWKWARD.items():
            rates[day, code] = rate
    return rates


def expected_rates(
    published: Mapping[tuple[date, str], Decimal],
) -> dict[Key, tuple[date, Fraction]]:
    """The rates of every day by exact arithmetic, with the day that each was published for."""
    codes = {code for _, code in published} | {"EUR"}
    known: dict[tuple[date, str], Fraction] = {
        key: Fraction(rate) for key, rate in published.items()
    }
    known |= {(day, "EUR"): Fraction(1) for day, _ in published}
    found: dict[Key, tuple[date, Fraction]] = {}
    for number in range(DAYS + FILL_DAYS):
        day = FIRST + timedelta(days=number)
        for source in codes:
            for target in REPORTING:
                for age in range(FILL_DAYS + 1):
                    past = day - timedelta(days=age)
                    if source != target and {(past, source), (past, target)} <= known.keys():
                        rate = known[past, target] / known[past, source]
                        found[day, source, target] = (past, rate)
                        break
    return found


@pytest.fixture(scope="module")
def warehouses(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Warehouse]]:
    """Build the rates on each engine from the same deliveries."""
    folder = tmp_path_factory.mktemp("rates")
    for engine in ENGINES:
        (folder / engine).mkdir()
    built = {
        "duckdb": Warehouse("duckdb", folder / "duckdb"),
        "postgres": Warehouse(
            "postgres", folder / "postgres", postgres_server.create_database(DATABASE)
        ),
    }
    for warehouse in built.values():
        stand_in(
            warehouse,
            "staging.stg_exchange_rates__daily_rates",
            "base_currency varchar(3), quote_currency varchar(3), rate numeric(18,10),"
            " rate_date date, pulled_at timestamp, file_id bigint, line_number bigint",
            [
                ("EUR", code, rate, day, None, 1, number)
                for number, ((day, code), rate) in enumerate(published_rates().items(), start=1)
            ],
        )
        stand_in(
            warehouse,
            "intermediate.int_currencies__reporting",
            "currency_code varchar(3)",
            [(code,) for code in REPORTING],
        )
        stand_in(
            warehouse,
            "intermediate.int_calendar__days",
            "date_day date, calendar_year integer",
            [(FIRST, FIRST.year)],
        )
        warehouse.dbt(
            *("build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"),
            *("--select", "int_currencies__daily_rates"),
        )
    yield built
    postgres_server.drop_database(DATABASE)


@pytest.fixture(params=ENGINES)
def warehouse(request: pytest.FixtureRequest, warehouses: dict[str, Warehouse]) -> Warehouse:
    """Return the warehouse of one engine."""
    return warehouses[str(request.param)]


def rates_of(warehouse: Warehouse) -> Rates:
    """Return the rates between different currencies, and the days that they were published for."""
    return {
        (day, source, target): (rate_date, rate)
        for day, source, target, rate_date, rate in warehouse.query(
            "select date_day, from_currency, to_currency, rate_date, rate"
            " from intermediate.int_currencies__daily_rates where from_currency != to_currency"
        )
    }


def test_every_rate_is_that_of_exact_arithmetic(warehouse: Warehouse) -> None:
    """A rate is the quotient of the two of its day, and the last business day's is kept."""
    found = rates_of(warehouse)
    expected = {
        key: (
            rate_date,
            (Decimal(rate.numerator) / Decimal(rate.denominator)).quantize(
                Decimal("1e-10"), ROUND_HALF_UP
            ),
        )
        for key, (rate_date, rate) in expected_rates(published_rates()).items()
    }
    assert found.keys() == expected.keys()
    # Beyond fifteen digits a double does not know the last decimal for sure; below it does.
    wrong = {
        key: (found[key], rate)
        for key, (rate_date, rate) in expected.items()
        if found[key][0] != rate_date
        or abs(Decimal(str(found[key][1])) - rate)
        > (0 if rate < 10_000 else max(Decimal("1e-10"), rate * Decimal("1e-15")))
    }
    assert not wrong, list(wrong.items())[:5]
    assert any(rate > 100_000 for _, rate in expected.values())
    assert any(rate_date != key[0] for key, (rate_date, _) in expected.items())
    assert Decimal("0.0004882813") in {rate for _, rate in expected.values()}


def test_a_currency_that_is_not_published_for_longer_has_no_rate(warehouse: Warehouse) -> None:
    """KWD pauses for twenty days: the last rate serves for seven, and then there is none."""
    [(last,)] = warehouse.query(
        "select max(date_day) from intermediate.int_currencies__daily_rates"
        " where from_currency = 'KWD' and to_currency = 'USD' and date_day < '2026-02-08'"
    )
    [(published,)] = warehouse.query(
        "select max(rate_date) from staging.stg_exchange_rates__daily_rates"
        " where quote_currency = 'KWD' and rate_date < '2026-02-08'"
    )
    assert isinstance(published, date)
    assert last == published + timedelta(days=FILL_DAYS)


def test_the_engines_have_the_same_digits(warehouses: dict[str, Warehouse]) -> None:
    """Also where a double does not know the last one: all of them take the same."""
    one, other = (rates_of(warehouse) for warehouse in warehouses.values())
    assert one == other
    assert len(one) > 1_000


CONVERTED = [
    # Half a millionth is rounded away from zero, on either side of it.
    ("1.000000", "1.0000005000", "1.000001"),
    ("-1.000000", "1.0000005000", "-1.000001"),
    ("-0.000001", "0.4999999999", "0.000000"),
    # 1,000 yen, and 1.234 Kuwaiti dinar, in dollars.
    ("1000", "0.0061349693", "6.134969"),
    ("1.234", "3.2467532468", "4.006494"),
    ("999999999999.999999", "0.9999999999", "999999999899.999999"),
    ("null", "1.5", None),
    ("100", "null", None),
]


def test_an_amount_is_converted_to_six_decimals(warehouse: Warehouse) -> None:
    converted_amount = macros("converted_amount")
    found = [
        warehouse.query(f"select {converted_amount(amount, rate)}")[0][0]
        for amount, rate, _ in CONVERTED
    ]
    assert found == [None if said is None else Decimal(said) for _, _, said in CONVERTED]


# --- what the variables may say -------------------------------------------------------------------


class Refused(Exception):
    """What a macro says when it stops the compilation."""


def macros(name: str, **variables: object) -> Callable[..., str]:
    """Return a macro of its own, with these variables of the project."""

    def refuse(sentence: str) -> None:
        raise Refused(" ".join(sentence.split()))

    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    module = environment.from_string(
        (MACROS / f"{name}.sql").read_text(encoding="utf-8"),
        globals={
            "var": variables.__getitem__,
            "exceptions": SimpleNamespace(raise_compiler_error=refuse),
            "modules": SimpleNamespace(re=re),
        },
    ).module
    return lambda *arguments: " ".join(str(getattr(module, name)(*arguments)).split())


DATES = {"occurred": "occurred_date", "recorded": "recorded_date"}


@pytest.mark.parametrize("policy", DATES)
def test_the_policy_chooses_the_day_of_the_rate(policy: str) -> None:
    chosen = macros("conversion_date", conversion_dates={"sale": policy})
    assert chosen("sale", DATES) == DATES[policy]


@pytest.mark.parametrize(
    ("policies", "sentence"),
    [
        ({"fee": "occurred"}, "does not say of which day the rate of a sale is taken"),
        ({"sale": "incurred"}, "says incurred for a sale; it must be one of occurred, recorded"),
    ],
)
def test_a_policy_that_cannot_be_is_explained(policies: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        macros("conversion_date", conversion_dates=policies)("sale", DATES)


def test_a_reporting_currency_that_is_none_is_explained() -> None:
    assert macros("reporting_currency", reporting_currency="USD")() == "cast('USD' as varchar(3))"
    with pytest.raises(Refused, match="write a code of ISO 4217"):
        macros("reporting_currency", reporting_currency="usd")()


# --- the page -------------------------------------------------------------------------------------


def test_the_page_brings_the_central_banks_wide_file_into_the_form_of_the_source(
    tmp_path: Path,
) -> None:
    page = (ROOT / "docs" / "currencies.md").read_text(encoding="utf-8")
    [statement] = re.findall(r"```sql\n(.*?)```", page, re.S)
    wide = tmp_path / "eurofxref-hist.csv"
    # As the bank writes it: a comma at the end of every line, N/A for a currency that is gone.
    wide.write_text("Date,USD,JPY,CYP,\n2026-03-06,1.0850,163.20,N/A,\n", encoding="utf-8")
    for path in ("eurofxref-hist.csv", "landing/exchange_rates/ecb.csv"):
        statement = statement.replace(f"'{path}'", f"'{tmp_path / Path(path).name}'")
    duckdb.connect().execute(statement)
    assert (tmp_path / "ecb.csv").read_text(encoding="utf-8").splitlines() == [
        "rate_date,base_currency,quote_currency,rate",
        "2026-03-06,EUR,USD,1.0850",
        "2026-03-06,EUR,JPY,163.20",
    ]
