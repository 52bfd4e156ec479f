"""The reports of ShareASale, Amazon and eBay, from the file to an observation of a commission.

The contract says how a field is read and a unit test what becomes of a staging row; only a file
that goes the whole way shows that the two fit: a renamed field would be null, without a word.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from warehouses import DATABASE, Warehouse

PULLED = "pulled_at=20260503T060000Z"
ACTIVITY = """<?xml version="1.0" encoding="UTF-8"?>
<activitydetailsreport><activitydetailsreportrecord><transid>9001</transid><userid>77</userid>
<merchantid>71</merchantid><transdate>08/30/2015 10:05:36 PM</transdate>
<transamount>24.65</transamount><commission>1.23</commission><comment>Sale - 21-2465-21</comment>
<voided></voided><pendingdate></pendingdate><locked></locked><affcomment>sub-1</affcomment>
<bannerpage>https://shop.example/?a=1&amp;b=2</bannerpage><reversaldate></reversaldate>
<clickdate>2015-08-30 00:00:00.0</clickdate><clicktime>10:02:31 PM</clicktime>
<bannerid>34150</bannerid><skulist>2005471</skulist><quantitylist>1</quantitylist>
<lockdate>2015-09-20</lockdate><paiddate></paiddate></activitydetailsreportrecord>
<activitydetailsreportrecord><transid>9002</transid><transdate>08/31/2015 12:00:00 AM</transdate>
<voided>1</voided><locked>1</locked><lockdate>2015-09-20</lockdate><paiddate>2015-10-20</paiddate>
<clickdate>2015-08-30 00:00:00.0</clickdate><clicktime></clicktime></activitydetailsreportrecord>
</activitydetailsreport>"""
LEDGER = """<ledger><ledgerrecord><ledgerid>T-9001</ledgerid><dt>2015-08-30 23:25:36.0</dt>
<action>Transaction Created</action><transid>9001</transid><transtype>Sale</transtype>
<impact>1.23</impact><afftrack>sub-1</afftrack><comment>Sale - 21-2465-21</comment>
<merchantid>71</merchantid><orderimpact>24.65</orderimpact><ordernumber>21-2465-21</ordernumber>
</ledgerrecord><ledgerrecord><ledgerid>T-9002</ledgerid><dt>2015-08-20 02:15:00.0</dt>
<action>Payment</action><transid>9002</transid><transtype>Affiliate Payment</transtype>
<impact>-182.66</impact><merchantid>47</merchantid><orderimpact>0</orderimpact></ledgerrecord>
</ledger>"""
EARNINGS = """Category,Name,ASIN,Seller,Tracking ID,Date Shipped,Price($),Items Shipped,Returns,\
Revenue($),Ad Fees($),Device Type Group
Toys,"A ball, red",B0TEST0001,Ball shop,tag-20,2026-05-01,10.00,1,0,10.00,0.30,Phone
Toys,"A ball, red",B0TEST0001,Ball shop,tag-20,2026-05-01,10.00,1,0,10.00,0.30,Phone
Toys,"A ball, red",B0TEST0001,Ball shop,tag-20,2026-05-02,10.00,0,1,-10.00,-0.30,Phone
"""
ORDERS = """Category,Name,ASIN,Date,Qty,Price($),Link Type,Tag,Indirect Sales,Device Type Group
Toys,"A ball, red",B0TEST0001,2026-04-30,2,10.00,Text link,tag-20,No,Phone
"""
EBAY = {
    "Records": [
        {
            "EpnTransactionId": 5001,
            "EbayCheckoutTransactionId": "7-8",
            "EventName": "Sale",
            "EventDate": "2026-05-01T04:00:00-0700",
            "ClickTimestamp": "2026-05-01T03:00:00-0700",
            "UpdateDate": "2026-05-02 00:00:00",
            "Status": "Pending",
            "CampaignId": 53,
            "CampaignName": "All",
            "CustomId": "sub-1",
            "CheckoutSite": "US",
            "ItemId": 12,
            "ItemName": "A ball",
            "VerticalCategory": "Toys",
            "MetaCategoryName": "Toys & hobbies",
            "Sales": 20.5,
            "DeltaSales": 0,
            "Earnings": 0.62,
            "DeltaEarnings": 0,
            "Quantity": 1,
            "DeltaQuantity": 0,
        },
        {"EpnTransactionId": 5002, "EventName": "Bid", "EventDate": "2026-05-01T04:00:00-0700"},
    ]
}
MODELS = (
    "+int_commissions__from_shareasale_activity +int_commissions__from_shareasale_ledger"
    " +int_commissions__from_amazon stg_amazon__orders +int_commissions__from_ebay"
)


def write(folder: Path, content: str, name: str) -> None:
    """Write a file into a folder that is made for it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Return a warehouse with one file of each report, and their observations."""
    folder = tmp_path_factory.mktemp("reports")
    target = str(request.param)
    settings = {}
    if target == "postgres":
        server = request.getfixturevalue("postgres_server")
        settings = server.create_database(DATABASE)
    landing = folder / "landing"
    account = f"side=publisher/account=77/{PULLED}"
    write(landing / "shareasale/activity" / account, ACTIVITY, "a.xml")
    write(landing / "shareasale/ledger/time_zone=UTC" / account, LEDGER, "l.xml")
    write(landing / "amazon/earnings/currency=CAD" / account, EARNINGS, "e.csv")
    more = EARNINGS.replace("2026-05-02", "2026-05-03")
    later = f"side=publisher/account=77/{PULLED}".replace("20260503", "20260504")
    write(landing / "amazon/earnings/currency=CAD" / later, more, "e.csv")
    write(landing / "amazon/orders" / account, ORDERS, "o.csv")
    write(landing / "ebay/transactions" / account, json.dumps(EBAY), "t.json")
    warehouse = Warehouse(target, folder, settings)
    warehouse.load(landing)
    # Not the tests that look at other sources, too.
    warehouse.dbt("build", "--select", MODELS, "--indirect-selection", "cautious")
    yield warehouse
    if target == "postgres":
        server.drop_database(DATABASE)


def observed(warehouse: Warehouse, model: str, columns: str, order: str) -> list[tuple[Any, ...]]:
    """Return columns of a feed's observations."""
    return warehouse.query(
        f"select {columns} from intermediate.int_commissions__from_{model} order by {order}"
    )


def test_shareasales_activity_is_observed_in_its_zone(warehouse: Warehouse) -> None:
    """Guards the zone (Eastern where the path names none), the click's time and the state."""
    found = observed(
        warehouse,
        "shareasale_activity",
        "commission_code, network_status, order_code, sub_id, commission_amount, clicked_at,"
        " occurred_at, approved_at, paid_at, pulled_at, side, account_code",
        "commission_code",
    )
    pulled = datetime(2026, 5, 3, 6)
    assert found == [
        (
            *("9001", "open", "21-2465-21", "sub-1", Decimal("1.23")),
            *(datetime(2015, 8, 31, 2, 2, 31), datetime(2015, 8, 31, 2, 5, 36), None, None),
            *(pulled, "publisher", "77"),
        ),
        (
            *("9002", "voided", None, None, None),
            *(None, datetime(2015, 8, 31, 4), None, datetime(2015, 10, 20)),
            *(pulled, "publisher", "77"),
        ),
    ]
    staged = warehouse.query(
        "select clicked_on, request_time_zone, banner_page from staging.stg_shareasale__activity"
        " where transaction_id = '9001'"
    )
    assert staged == [(date(2015, 8, 30), None, "https://shop.example/?a=1&b=2")]


def test_shareasales_payment_stays_in_staging(warehouse: Warehouse) -> None:
    """Guards the earnings: with its payments an account earns nothing in the end."""
    found = observed(
        warehouse, "shareasale_ledger", "record_code, commission_amount, occurred_at", "1"
    )
    assert found == [("T-9001", Decimal("1.23"), datetime(2015, 8, 30, 23, 25, 36))]
    staged = warehouse.query(
        "select impact_amount, request_time_zone from staging.stg_shareasale__ledger"
        " where transaction_type = 'Affiliate Payment'"
    )
    assert staged == [(Decimal("-182.66"), "UTC")]


def test_amazons_equal_lines_are_the_same_in_both_reports(warehouse: Warehouse) -> None:
    """Guards against one line too few (equal lines) and too many (lines that came twice)."""
    found = observed(
        warehouse,
        "amazon",
        "count(*), count(distinct record_code), cast(sum(commission_amount) as numeric(18, 2)),"
        " min(currency_code)",
        "1",
    )
    assert found == [(6, 4, Decimal("0.60"), "CAD")]
    assert warehouse.query("select items_ordered, tracking_id from staging.stg_amazon__orders") == [
        (2, "tag-20")
    ]


def test_ebays_transaction_is_observed(warehouse: Warehouse) -> None:
    """Guards the names of the fields and both ways of writing a time."""
    found = observed(
        warehouse,
        "ebay",
        "commission_code, order_code, network_status, sale_amount, commission_amount, country_code,"
        " currency_code, clicked_at, occurred_at, modified_at",
        "1",
    )
    assert found == [
        (
            *("5001", "7-8", "pending", Decimal("20.5"), Decimal("0.62"), "US", "USD"),
            *(datetime(2026, 5, 1, 10), datetime(2026, 5, 1, 11), datetime(2026, 5, 2, 6)),
        )
    ]


def test_nothing_of_a_report_is_unknown_to_its_contract(warehouse: Warehouse) -> None:
    """Guards the contracts: what they do not name would hide in a column of its own."""
    for table in (
        *("shareasale__activity", "shareasale__ledger", "amazon__earnings", "amazon__orders"),
        "ebay__transactions",
    ):
        assert warehouse.query(
            f"select count(*) from staging.stg_{table} where extra_fields is not null"
        ) == [(0,)], table


def test_the_real_sample_of_shareasale_arrives_whole(tmp_path: Path, shared_data: Path) -> None:
    """Guards the contract against what ShareASale really wrote."""
    sample = shared_data / "networks" / "real_shareasale_activity_and_ledger_2015.xml"
    if not sample.exists():
        pytest.skip(f"{sample} is not there")
    landing = tmp_path / "landing"
    for table in ("activity", "ledger"):
        (landing / "shareasale" / table).mkdir(parents=True)
        shutil.copy(sample, landing / "shareasale" / table)
    warehouse = Warehouse("duckdb", tmp_path)
    warehouse.load(landing)
    text = sample.read_text(encoding="utf-8")
    for table, record in (("activity", "activitydetailsreportrecord"), ("ledger", "ledgerrecord")):
        count = text.count(f"<{record}>")
        assert warehouse.query(f"select count(*), count(_extra) from raw.shareasale__{table}") == [
            (count, 0)
        ]
    [(clicked, transacted, is_locked, locks_on)] = warehouse.query(
        "select clicked_at, transacted_at, is_locked, locks_on from raw.shareasale__activity"
    )
    assert (clicked, transacted) == (
        datetime(2015, 8, 31, 2, 2, 31),
        datetime(2015, 8, 31, 2, 5, 36),
    )
    assert (is_locked, locks_on) == (None, date(2015, 9, 20))
