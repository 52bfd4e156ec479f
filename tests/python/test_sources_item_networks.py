"""Rakuten, Partnerize, Everflow and TUNE: from the files they deliver to observed commissions.

The files are made up in the shapes that the vendors describe. Broken, money is lost, counted twice
or dated in another time zone, and no other test would see it: unit tests begin behind the loader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loader_helpers import Lab, assert_says
from warehouses import DATABASE, Warehouse

STAGING = Path(__file__).resolve().parents[2] / "models" / "staging"
PULLED = "pulled_at=20260601T000000Z"
LATER = "pulled_at=20260701T000000Z"
HEADER = (
    "Member ID (U1),MID,Advertiser Name,Order ID,Transaction Date,Transaction Time,SKU,Sales,"
    "# of Items,Total Commission,Process Date,Process Time,Currency"
)
SALE = 'sub,100,"Shop, Ltd",o-1,5/1/26,22:30:00,s-1,40.00,1,2.000,5/2/26,03:00:00,GBP'
RETURN = 'sub,100,"Shop, Ltd",o-1,5/1/26,22:30:00,s-1,-40.00,-1,-2.000,6/2/26,03:00:00,GBP'


def rakuten_event(number: int, **changes: Any) -> dict[str, Any]:
    """Return a line of the Events API."""
    return {
        "etransaction_id": f"e-{number}",
        "advertiser_id": 100,
        "sid": 7,
        "order_id": "o-1",
        "offer_id": "9",
        "sku_number": "s-1",
        "sale_amount": 40,
        "quantity": 1,
        "commissions": 2,
        "process_date": "Fri May 01 2026 21:35:00 GMT+0000 (UTC)",
        "transaction_date": "Fri May 01 2026 21:30:00 GMT+0000 (UTC)",
        "transaction_type": "realtime",
        "product_name": "A shoe",
        "u1": "sub",
        "currency": "GBP",
        "is_event": "N",
        "commission_list_id": "3",
        **changes,
    }


def partnerize_conversion(**changes: Any) -> dict[str, Any]:
    """Return a conversion of two items, one approved and one rejected."""
    item = {"sku": "1", "last_update": "2026-05-20 10:00:00"}
    approved = {
        **item,
        "conversion_item_id": "i-1",
        "item_value": 60,
        "item_publisher_commission": 6,
        "item_status": "approved",
        "approved_at": "2026-05-20 10:00:00",
        "publisher_self_bill_id": 77,
    }
    rejected = {
        **item,
        "conversion_item_id": "i-2",
        "item_value": 40,
        "item_publisher_commission": 4,
        "item_status": "rejected",
        "reject_reason": "returned",
    }
    data = {
        "conversion_id": "c-1",
        "campaign_id": "p-1",
        "publisher_id": "pub-1",
        "conversion_time": "2026-05-01 12:00:00",
        "currency": "EUR",
        "conversion_reference": "order-1",
        "clickref": "click-1",
        "customer_reference": "customer@shop.example",
        "conversion_items": [approved, rejected],
        **changes,
    }
    return {"conversion_data": data}


def everflow_conversion(name: str, **changes: Any) -> dict[str, Any]:
    """Return a conversion of Everflow."""
    return {
        "conversion_id": name,
        "transaction_id": "t-1",
        "conversion_unix_timestamp": 1777629600,
        "click_unix_timestamp": 1777626000,
        "status": "approved",
        "payout": 8,
        "revenue": 10,
        "sale_amount": 100,
        "currency_id": "USD",
        "is_event": False,
        "email": "customer@shop.example",
        "conversion_user_ip": "203.0.113.9",
        "notes": "called from 203.0.113.9",
        "order_id": "order-1",
        "relationship": {
            "offer": {"network_offer_id": 57, "name": "Shoes"},
            "advertiser": {"network_advertiser_id": 3},
            "affiliate": {"network_affiliate_id": 6},
            "query_parameters": {"ip": "203.0.113.9"},
        },
        **changes,
    }


TUNE = {
    "datetime": "2026-05-01 12:00:00",
    "session_datetime": "0000-00-00 00:00:00",
    "status": "approved",
    "status_code": "41",
    "payout": "8.00",
    "revenue": "10.00",
    "sale_amount": "100.00",
    "currency": "USD",
    "affiliate_info1": "sub",
    "ad_id": "click-1",
    "ip": "203.0.113.9",
}


def write(landing: Path, name: str, content: object) -> None:
    """Write a landing file: a text as it is, anything else as JSON."""
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8", newline="")


def write_landing(landing: Path) -> None:
    """Write what the four networks deliver."""
    events = [
        rakuten_event(1),
        rakuten_event(2, is_event="Y"),
        rakuten_event(3, commissions=-2, sale_amount=-40, quantity=-1, transaction_type="batch"),
    ]
    write(landing, f"rakuten/events/side=publisher/account=a/{PULLED}/1.json", events)
    line = json.dumps(rakuten_event(4, sku_number=None)) + "\n"
    write(landing, f"rakuten/events/side=publisher/account=a/{LATER}/2.ndjson", line)
    zone = "rakuten/signature/side=publisher/account=a/time_zone=Europe%2FLondon"
    # As the report comes: with a byte-order mark and the line ends of Windows.
    first = "\ufeff" + "\r\n".join([HEADER, SALE, SALE]) + "\r\n"
    write(landing, f"{zone}/{PULLED}/may.csv", first)
    write(landing, f"{zone}/{LATER}/june.csv", "\n".join([HEADER, RETURN, SALE, SALE]) + "\n")
    items = {"conversions": [partnerize_conversion()]}
    madrid = "partnerize/conversions/side=publisher/time_zone=Europe%2FMadrid"
    write(landing, f"{madrid}/{PULLED}/1.json", items)
    conversions = [everflow_conversion("c-1"), everflow_conversion("c-2", is_event=True)]
    write(landing, f"everflow/conversions/{PULLED}/1.json", {"conversions": conversions})
    own = everflow_conversion("c-3", payout=None, revenue=8, status="on_hold")
    write(landing, f"everflow/conversions/side=publisher/{PULLED}/2.ndjson", json.dumps(own) + "\n")
    invalid = {"transaction_id": "t-9", "unix_timestamp": 1777626000, "error_code": 101}
    write(landing, "everflow/invalid_clicks/2026-05-01.json", {"clicks": [invalid]})
    nested = {"Stat": {**TUNE, "tune_event_id": "n-1"}, "Offer": {"id": "57"}}
    answer = {"response": {"data": {"data": [nested]}}}
    york = "tune/conversions/time_zone=America%2FNew_York"
    write(landing, f"{york}/{PULLED}/answer.json", answer)
    flat: dict[str, object] = {f"Stat.{name}": value for name, value in TUNE.items()}
    flat |= {"tune_event_id": "f-1", "Stat.status_code": 21, "Affiliate.id": "6", "Stat.goal": 1}
    write(landing, f"{york}/{PULLED}/flat.json", [flat])


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Return a warehouse with the files in it, and staging and the feeds built."""
    folder = tmp_path_factory.mktemp("item_networks")
    target = str(request.param)
    settings = {}
    if target == "postgres":
        server = request.getfixturevalue("postgres_server")
        settings = server.create_database(DATABASE)
    write_landing(folder / "landing")
    warehouse = Warehouse(target, folder, settings)
    warehouse.load(folder / "landing")
    views = [f"int_commissions__from_{name}" for name in ("partnerize", "everflow", "tune")]
    views += [f"int_commissions__from_rakuten_{name}" for name in ("events", "signature")]
    warehouse.dbt("run", "--select", " ".join(f"+{view}" for view in views))
    yield warehouse
    if target == "postgres":
        server.drop_database(DATABASE)


def observed(warehouse: Warehouse, feed: str, columns: str) -> list[tuple[object, ...]]:
    """Return columns of what a feed observes, in the order of the files and their lines."""
    return warehouse.query(
        f"select {columns} from intermediate.int_commissions__from_{feed}"
        " order by pulled_at, commission_code, line_number"
    )


def test_rakutens_events_become_money_but_for_those_that_are_none(warehouse: Warehouse) -> None:
    assert warehouse.query("select count(*) from staging.stg_rakuten__events") == [(4,)]
    rows = observed(
        warehouse,
        "rakuten_events",
        "record_code, commission_code, network_status, commission_amount, is_correction,"
        " occurred_at, modified_at, pulled_at",
    )
    moments = (datetime(2026, 5, 1, 21, 30), datetime(2026, 5, 1, 21, 35))
    june, july = datetime(2026, 6, 1), datetime(2026, 7, 1)
    assert rows == [
        ("e-1", "100|o-1|s-1", "realtime", Decimal(2), False, *moments, june),
        ("e-3", "100|o-1|s-1", "batch", Decimal(-2), True, *moments, june),
        ("e-4", "100|o-1|", "realtime", Decimal(2), False, *moments, july),
    ]


def test_a_line_of_rakutens_report_is_the_same_in_every_report(warehouse: Warehouse) -> None:
    rows = observed(
        warehouse,
        "rakuten_signature",
        "record_code, commission_code, network_status, commission_amount, currency_code,"
        " is_correction, occurred_at, sub_id",
    )
    # 22:30 in London's summer.
    sold = datetime(2026, 5, 1, 21, 30)
    sale = ("100|o-1|s-1", "signature", Decimal(2), "GBP", False, sold, "sub")
    back = ("100|o-1|s-1", "signature", Decimal(-2), "GBP", True, sold, "sub")
    assert [row[1:] for row in rows] == [sale, sale, back, sale, sale]
    codes = [row[0] for row in rows]
    assert codes[:2] == codes[3:]
    assert len(set(codes)) == 3


def test_the_items_of_a_partnerize_conversion_are_judged_alone(warehouse: Warehouse) -> None:
    rows = observed(
        warehouse,
        "partnerize",
        "commission_code, order_code, click_code, network_status, reason, commission_amount,"
        " currency_code, payment_code, occurred_at, modified_at, approved_at",
    )
    # 12:00 in Madrid's summer.
    sold, changed = datetime(2026, 5, 1, 10), datetime(2026, 5, 20, 8)
    of_both = ("order-1", "click-1")
    assert rows == [
        ("i-1", *of_both, "approved", None, 6, "EUR", "77", sold, changed, changed),
        ("i-2", *of_both, "rejected", "returned", 4, "EUR", None, sold, changed, None),
    ]


def test_everflows_conversions_are_told_from_its_events(warehouse: Warehouse) -> None:
    assert warehouse.query("select count(*) from staging.stg_everflow__conversions") == [(3,)]
    rows = observed(
        warehouse,
        "everflow",
        "commission_code, click_code, network_status, commission_amount, network_fee_amount,"
        " currency_code, advertiser_source_id, program_source_id, occurred_at, clicked_at, side",
    )
    ids = ("USD", "3", "57", datetime(2026, 5, 1, 10), datetime(2026, 5, 1, 9))
    assert rows == [
        ("c-1", "t-1", "approved", 8, 2, *ids, None),
        ("c-3", "t-1", "on_hold", 8, None, *ids, "publisher"),
    ]


def test_everflows_personal_data_stays_outside(warehouse: Warehouse) -> None:
    rows = warehouse.query(
        "select notes, relationship, email_hash, conversion_ip_prefix"
        " from staging.stg_everflow__conversions"
    )
    assert not any("203.0.113.9" in str(row) or "customer@" in str(row) for row in rows)
    assert {row[3] for row in rows} == {"203.0.113.0/24"}
    assert all("Shoes" in str(row[1]) and len(str(row[2])) == 32 for row in rows)


def test_everflows_invalid_clicks_are_clicks_with_their_error(warehouse: Warehouse) -> None:
    """The endpoint of invalid clicks has the shape of the other: they need no table."""
    clicks = warehouse.query("select transaction_id, error_code from raw.everflow__clicks")
    assert clicks == [("t-9", 101)]


def test_tunes_fields_are_found_by_path_and_by_key(warehouse: Warehouse) -> None:
    rows = observed(
        warehouse,
        "tune",
        "commission_code, network_status, commission_amount, network_fee_amount, currency_code,"
        " click_code, sub_id, program_source_id, partner_source_id, occurred_at, clicked_at",
    )
    # 12:00 in New York's summer; a session of the year 0 is none.
    both = (Decimal(8), Decimal(2), "USD", "click-1", "sub")
    noon = (datetime(2026, 5, 1, 16), None)
    assert rows == [
        ("f-1", "test", *both, None, "6", *noon),
        ("n-1", "approved", *both, "57", None, *noon),
    ]
    assert warehouse.query(
        "select extra_fields from staging.stg_tune__conversions where tune_event_id = 'f-1'"
    ) == [('{"Stat.goal":1}',)]


def test_rakutens_report_groups_its_digits(tmp_path: Path) -> None:
    """A large sale must not be missing; and no comma may make a thousand pounds of one."""
    lab = Lab(tmp_path)
    lab.contracts = STAGING
    lines = [HEADER, SALE.replace("40.00", '"1,240.00"'), SALE.replace("40.00", '"1,240"')]
    lab.write(f"rakuten/signature/{PULLED}/may.csv", "\n".join(lines) + "\n")
    lab.load()
    assert lab.rows("select sales from raw.rakuten__signature") == [(Decimal(1240),)]
    assert lab.rows("select line_number, column_name from raw._rejects") == [(2, "sales")]


def test_rakutens_report_without_a_currency_is_set_aside(tmp_path: Path) -> None:
    """The report has no currency unless one adds the column; pounds would pass for dollars."""
    lab = Lab(tmp_path)
    lab.contracts = STAGING
    lines = [HEADER.removesuffix(",Currency"), SALE.removesuffix(",GBP")]
    lab.write(f"rakuten/signature/{PULLED}/may.csv", "\n".join(lines) + "\n")
    assert_says(lab.load_with_trouble(), "the required column currency is missing")
