"""One day of a network's report, from the lines of its file to nothing unexplained.

The tables of docs/reconciliation.md are made from a warehouse that is built here; what they must
say is worked out by hand in `CAUSES`. `WRITE_DOCS=1` writes the tables into the page.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from pages import hold_tables, table
from warehouses import ROOT, Warehouse

PAGE = ROOT / "docs" / "reconciliation.md"
ZONE = "America/New_York"
BROWSER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/133.0.0.0 Safari/537.36"
)
# Conversion, time (UTC), status, sale, payout, currency. Our day is one of UTC, the report's one of
# New York: from 4:00 to 4:00 the next day (UTC).
CONVERSIONS = [
    ("v1", "2026-06-10 12:00", "approved", "100.00", "10.00", "USD"),
    ("v2", "2026-06-10 02:00", "approved", "40.00", "4.00", "USD"),
    ("v3", "2026-06-11 01:30", "pending", "60.00", "6.00", "USD"),
    ("v4", "2026-06-10 15:00", "rejected", "80.00", "8.00", "USD"),
    ("v5", "2026-06-10 16:00", "approved", "0.00", "25.00", "USD"),
    ("v6", "2026-06-10 17:00", "approved", "50.00", "5.00", "EUR"),
    ("v7", "2026-06-10 18:00", "approved", "30.00", "3.00", "USD"),
    ("v8", "2026-06-10 19:00", "scrubbed", "20.00", "2.00", "USD"),
]
# What the next pull says: v7 was amended; v9 was sold when the dashboard had nothing yet.
LATER = [
    ("v7", "2026-06-10 18:00", "approved", "33.00", "3.30", "USD"),
    ("v9", "2026-06-11 03:30", "approved", "70.00", "7.00", "USD"),
]
# Click, time (UTC), last number of the visitor's address, error code.
CLICKS = [
    ("c1", "2026-06-10 12:00", 1, 0),
    ("c2", "2026-06-10 12:10", 1, 0),
    ("c3", "2026-06-10 02:00", 2, 0),
    ("c4", "2026-06-11 01:30", 3, 0),
    ("c5", "2026-06-10 15:00", 4, 17),
    ("c6", "2026-06-11 03:30", 5, 0),
]
# Day of New York, sales, sale amount, commission, clicks (gross).
REPORT = [("2026-06-09", 1, "40.00", "4.00", 1), ("2026-06-10", 6, "350.00", "35.00", 4)]
MEASURES = ("sales", "sale_amount", "commission_amount", "clicks")
# Measure: ours, each cause in the order of the steps, reported.
CAUSES: dict[str, tuple[str, dict[str, str], str]] = {
    "sale_amount": (
        # v1 + v2 + v7 as it is now (v5 sold nothing)
        "173",
        {
            "currency_level": "60",  # v6: 50 euros at 1.2
            "filters": "20",  # v8: a word that we do not know
            "time_zone": "90",  # - v2 + v3 + v9
            "late_rows": "-73",  # - v9, and v7 was 30
            "gross_or_net": "80",  # v4
        },
        "350",
    ),
    "commission_amount": (
        "42.3",
        {
            "currency_level": "6",
            "filters": "2",
            "time_zone": "9",
            "late_rows": "-7.3",
            "gross_or_net": "8",
            "bonus": "-25",  # v5
        },
        "35",
    ),
    "sales": (
        "4",
        {
            "currency_level": "1",
            "filters": "1",
            "time_zone": "1",
            "late_rows": "-1",
            "gross_or_net": "1",
            "bonus": "-1",
        },
        "6",
    ),
    "clicks": (
        # c1 + c3
        "2",
        {
            "duplicates": "1",  # c2
            "filters": "1",  # c5
            "time_zone": "1",  # - c3 + c4 + c6
            "late_rows": "-1",  # - c6
        },
        "4",
    ),
}


def _conversions(folder: Path, pulled_at: str, rows: Iterable[tuple[str, ...]]) -> None:
    path = folder / f"everflow/conversions/side=advertiser/account=301/pulled_at={pulled_at}"
    path.mkdir(parents=True)
    (path / "conversions.ndjson").write_text(
        "".join(
            json.dumps(
                {
                    "conversion_id": code,
                    "transaction_id": f"click of {code}",
                    "conversion_unix_timestamp": int(
                        dt.datetime.fromisoformat(f"{at}+00:00").timestamp()
                    ),
                    "status": status,
                    "sale_amount": float(sale),
                    "payout": float(payout),
                    "revenue": float(payout),
                    "currency_id": currency,
                    "is_event": False,
                    "relationship": {"advertiser": {"network_advertiser_id": 11}},
                }
            )
            + "\n"
            for code, at, status, sale, payout, currency in rows
        )
    )


def _clicks(folder: Path) -> None:
    path = folder / "everflow/clicks_2026-06-10.ndjson"
    path.write_text(
        "".join(
            json.dumps(
                {
                    "transaction_id": code,
                    "unix_timestamp": int(dt.datetime.fromisoformat(f"{at}+00:00").timestamp()),
                    "error_code": error,
                    "user_ip": f"198.18.7.{visitor}",
                    "relationship": {
                        "offer": {"network_offer_id": 21},
                        "advertiser": {"network_advertiser_id": 11},
                        "affiliate": {"network_affiliate_id": 31},
                        "device_information": {"http_user_agent": BROWSER},
                    },
                }
            )
            + "\n"
            for code, at, visitor, error in CLICKS
        )
    )


def _csv(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _landing(folder: Path) -> Path:
    _conversions(folder, "20260611T043000Z", CONVERSIONS)
    _conversions(folder, "20260612T043000Z", LATER)
    _clicks(folder)
    _csv(
        folder / "network_reports/pulled_at=20260611T041000Z/everflow.csv",
        [
            {
                "reported_date": day, "time_zone": ZONE, "network_code": "everflow",
                "side": "advertiser", "account_code": "301", "advertiser_id": "",
                "program_id": "", "partner_id": "", "currency_code": "USD", "basis": "occurred",
                "is_net": "false", "has_bonus": "false", "clicks": clicks,
                "counted_clicks": "gross", "sales": sales, "sale_amount": sale,
                "commission_amount": commission, "network_fee_amount": "",
                "sales_until": "2026-06-11 03:00:00",
            }
            for day, sales, sale, commission, clicks in REPORT
        ],
    )  # fmt: skip
    _csv(
        folder / "exchange_rates/2026-06.csv",
        [
            {
                "rate_date": f"2026-06-{day:02d}", "base_currency": "EUR",
                "quote_currency": "USD", "rate": "1.2",
            }
            for day in (9, 10, 11, 12)
        ],
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a warehouse with the day."""
    folder = tmp_path_factory.mktemp("reconciliation_day")
    warehouse = Warehouse("duckdb", folder)
    warehouse.load(_landing(folder / "landing"))
    warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "unit_test"),
        *("--select", "+rec_network_daily"),
    )
    return warehouse


STEPS = (
    "unmapped", "duplicates", "currency_level", "filters", "time_zone", "basis", "late_rows",
    "gross_or_net", "bonus", "fee", "provisional",
)  # fmt: skip
PARTS = (*(f"by_{step}" for step in STEPS), "accepted", "unexplained")


def _reconciled(day: Warehouse) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Every number of the report's rows, by day and measure."""
    columns = ("ours", *PARTS, "reported")
    return {
        (str(row[0]), str(row[1])): {
            name: Decimal(str(value)) for name, value in zip(columns, row[2:], strict=True)
        }
        for row in day.query(
            f"select reported_date, measure, {', '.join(columns)} from marts.rec_network_daily"
        )
    }


@pytest.mark.parametrize("measure", CAUSES)
def test_every_cause_is_the_one_worked_out_by_hand(day: Warehouse, measure: str) -> None:
    ours, causes, reported = CAUSES[measure]
    wanted = dict.fromkeys(PARTS, Decimal(0))
    wanted |= {f"by_{cause}": Decimal(value) for cause, value in causes.items()}
    found = _reconciled(day)["2026-06-10", measure]
    assert found == {"ours": Decimal(ours), **wanted, "reported": Decimal(reported)}


def test_the_day_before_has_what_moved_there(day: Warehouse) -> None:
    found = _reconciled(day)["2026-06-09", "sale_amount"]
    assert {name: value for name, value in found.items() if value} == {
        "by_time_zone": Decimal(40),
        "reported": Decimal(40),
    }
    clicks = _reconciled(day)["2026-06-09", "clicks"]
    assert {name: value for name, value in clicks.items() if value} == {
        "by_time_zone": Decimal(1),
        "reported": Decimal(1),
    }
    # No pull of the report covers our 11th.
    assert {date for date, _ in _reconciled(day)} == {"2026-06-09", "2026-06-10"}


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, dt.datetime):
        return f"{value:%m-%d %H:%M}"
    return str(value)


_CONVERSIONS = """
    select
        conversions.conversion_id, conversions.pulled_at, conversions.line_number,
        conversions.converted_at, conversions.status, conversions.sale_amount,
        conversions.payout, conversions.currency_code
    from staging.stg_everflow__conversions as conversions
    order by conversions.pulled_at, conversions.line_number
"""
_CLICKS = """
    select
        clicks.transaction_id,
        clicks.clicked_at,
        fct_clicks.click_class
    from staging.stg_everflow__clicks as clicks
    inner join marts.fct_clicks using (file_id, line_number)
    order by clicks.line_number
"""
_REPORT = """
    select reported_date, sales, sale_amount, commission_amount, clicks
    from staging.stg_network_reports__daily order by reported_date
"""


def _tables(day: Warehouse) -> dict[str, str]:
    found = _reconciled(day)
    names = ("ours", *PARTS, "reported")
    waterfall = [
        (
            f"**{name}**" if name in ("ours", "reported") else f"`{name}`",
            int(found["2026-06-10", "sales"][name]),
            *(found["2026-06-10", measure][name] for measure in MEASURES[1:3]),
            int(found["2026-06-10", "clicks"][name]),
        )
        for name in names
        if name == "unexplained" or any(found["2026-06-10", one][name] for one in MEASURES)
    ]
    return {
        "conversions": table(
            "id, pulled, line, time (UTC), status, sale, commission, currency",
            day.query(_CONVERSIONS),
            _text,
        ),
        "clicks": table("id, time (UTC), class", day.query(_CLICKS), _text),
        "report": table("day, sales, sale, commission, clicks", day.query(_REPORT), _text),
        "waterfall": table("10 June, sales, sale, commission, clicks", waterfall, _text),
    }


def test_the_page_shows_what_is_built(day: Warehouse) -> None:
    hold_tables(PAGE, _tables(day))
