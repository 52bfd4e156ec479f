"""The terms of a network's programs, from its answers to what was known of them and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from builds import Builds
from warehouses import Warehouse, building

END = datetime(9999, 12, 31)
MODELS = ("stg_awin__programme_details", "int_programs__reported_terms", "reported_program_terms")
Record = dict[str, object]


def described(program: int, *ranges: Record, epc: float = 0.47, **info: object) -> Record:
    """An answer in the shape of Awin's documentation of GET programmedetails."""
    return {
        "programmeInfo": {
            "displayUrl": "https://www.shop.example",
            "id": program,
            "name": f"Program {program}",
            "currencyCode": "GBP",
            "deeplinkEnabled": "true",
            "membershipStatus": "joined",
            "primaryRegion": {"name": "United Kingdom", "countryCode": "GB"},
            "validDomains": [{"domain": "www.shop.example"}],
            **info,
        },
        "kpi": {"averagePaymentTime": "44", "approvalPercentage": 70.19, "epc": epc,
                "conversionRate": 2.09, "validationDays": 9, "awinIndex": 67.65},
        "commissionRange": list(ranges),
    }  # fmt: skip


def share(least: float, most: float) -> Record:
    """A range of percentages."""
    return {"min": least, "max": most, "type": "percentage"}


def fixed(least: float, most: float) -> Record:
    """A range of fixed amounts."""
    return {"min": least, "max": most, "type": "amount"}


@dataclass
class Site:
    """A landing folder, the warehouse that is loaded from it, and a way to build the snapshot."""

    warehouse: Warehouse
    builds: Builds
    landing: Path

    def pull(self, day: int, *records: Record, account: str = "45628", whole: bool = True) -> None:
        """Let a pull of that day of June arrive."""
        full = "/full=true" if whole else ""
        folder = (
            self.landing / f"awin/programme_details/account={account}{full}"
            f"/pulled_at=202606{day:02}T000000Z"
        )
        folder.mkdir(parents=True)
        (folder / "details.json").write_text(json.dumps(records))

    def known(self, day: int) -> list[tuple[object, ...]]:
        """Load and build at four o'clock of that day; return every row of the snapshot."""
        moment = json.dumps({"known_at": f"2026-06-{day:02} 04:00:00"})
        dbt = ("build", "--exclude-resource-type", "unit_test", "--select", *MODELS)
        outcome = self.builds.run(
            self.warehouse.environment, (*dbt, "--vars", moment), landing=self.landing
        )
        assert outcome.said == ""
        return self.warehouse.query(
            "select account_code, program_source_id, lowest_rate, highest_rate, lowest_amount,"
            " extract(day from known_from), case when known_to < timestamp '9000-01-01'"
            " then extract(day from known_to) end"
            f" from {self.warehouse.schema('snapshots')}.reported_program_terms"
            " order by account_code, program_source_id, known_from"
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return an empty one, on DuckDB: what differs by engine is in test_snapshots_published.py."""
    folder = tmp_path_factory.mktemp("program_terms")
    warehouse = Warehouse("duckdb", folder, {"CLICKSTAR_THREADS": "1"})
    landing = folder / "landing"
    landing.mkdir()
    with building(warehouse) as builds:
        yield Site(warehouse, builds, landing)


def test_terms_are_kept_as_they_were_known(site: Site) -> None:
    """A change, a program that is no longer listed and comes back, figures that are no terms."""
    site.pull(1, described(10, share(2, 11), fixed(1.5, 18)), described(11, fixed(0, 50)))
    first = ("45628", "10", Decimal("0.02"), Decimal("0.11"), Decimal("1.5"), 1)
    other = ("45628", "11", None, None, Decimal(0), 1)
    assert site.known(1) == [(*first, None), (*other, None)]

    # Awin's figures move every day: no new row. A pull that is not full lacks 11 and says nothing.
    site.pull(2, described(10, share(2, 11), fixed(1.5, 18), epc=0.52), whole=False)
    assert site.known(2) == [(*first, None), (*other, None)]

    # A rate falls, and a full pull no longer lists 11. Another account says nothing about ours.
    site.pull(3, described(10, share(1.75, 11), fixed(1.5, 18)))
    site.pull(3, described(11, share(5, 5)), account="9")
    fallen = ("45628", "10", Decimal("0.0175"), Decimal("0.11"), Decimal("1.5"), 3)
    elsewhere = ("9", "11", Decimal("0.05"), Decimal("0.05"), None, 3)
    assert site.known(3) == [(*first, 3), (*fallen, None), (*other, 3), (*elsewhere, None)]

    site.pull(4, described(10, share(1.75, 11), fixed(1.5, 18)), described(11, fixed(0, 50)))
    back = ("45628", "11", None, None, Decimal(0), 4)
    assert site.known(4) == [
        *((*first, 3), (*fallen, None), (*other, 3), (*back, None)),
        (*elsewhere, None),
    ]


def test_every_field_of_the_contract_is_read_from_its_place(site: Site) -> None:
    """Guards the paths into the document: a wrong one reads null, which is a value like another."""
    answer = described(77, fixed(1.5, 18), share(2, 11), primarySector="Retail")
    site.pull(5, answer, account="1")
    site.known(5)
    [row] = site.warehouse.query(
        "select program_id, account_code, program_name, membership_status, display_url,"
        " country_code, sector, currency_code, lowest_percentage, highest_percentage,"
        " lowest_amount, highest_amount, approval_percentage, conversion_percentage,"
        " validation_days, is_deeplink_allowed, is_full, pulled_at"
        " from staging.stg_awin__programme_details where account_code = '1'"
    )
    assert row == (
        *("77", "1", "Program 77", "joined", "https://www.shop.example", "GB", "Retail", "GBP"),
        *(Decimal(2), Decimal(11), Decimal("1.5"), Decimal(18), Decimal("70.19"), Decimal("2.09")),
        *(9, True, True, datetime(2026, 6, 5)),
    )
