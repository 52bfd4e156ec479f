"""The commissions of CJ, impact.com and Awin land field by field, and are observed as they came.

The vendors' samples: ../shared/data/README.md. Everything else is made up here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from warehouses import DATABASE, ROOT, Warehouse

LONDON = "time_zone=Europe%2FLondon"
# The fields that CJ's schema has for a commission record; those of one side only are below.
CJ_FIELDS = {
    *("commissionId", "originalActionId", "original", "correctionReason", "actionStatus"),
    *("validationStatus", "lockingMethod", "actionType", "actionTrackerId", "advertiserId"),
    *("publisherId", "websiteId", "aid", "orderId", "clickDate", "clickReferringURL", "eventDate"),
    *("postingDate", "lockingDate", "saleAmountUsd", "saleAmountPubCurrency"),
    *("pubCommissionAmountUsd", "pubCommissionAmountPubCurrency", "orderDiscountUsd", "coupon"),
    *("country", "isCrossDevice", "initiatingDeviceType", "concludingDeviceType", "items"),
}
CJ_FIELDS_OF = {
    "publisher": {"shopperId"},
    "advertiser": {"cjFeeUsd", "advCommissionAmountUsd", "newToFile"},
}


def columns(source: str, name: str) -> dict[str, dict[str, Any]]:
    """Return the columns of a table's contract that files fill: name to type and options."""
    path = ROOT / "models" / "staging" / source / f"_{source}__sources.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    (table,) = (table for table in document["sources"][0]["tables"] if table["name"] == name)
    found = {}
    for column in table["columns"]:
        if not column["name"].startswith("_"):
            meta = column.get("config", {}).get("meta", {})
            found[column["name"]] = {"type": column["data_type"], "field": column["name"]} | meta
    return found


def value_at(record: Any, path: str) -> Any:
    """Return what a contract's field leads to in a record."""
    for step in re.findall(r"[^.\[\]]+|\[\d+\]", path):
        if record is None:
            return None
        record = record[int(step[1:-1])] if step[0] == "[" else record.get(step)
    return record


def expected(record: dict[str, Any], column: dict[str, Any], zone: str) -> Any:
    """Return the value that a column must have, by its contract."""
    if "sum" in column:
        items, member = column["sum"].split("[].")
        return sum(Decimal(str(item[member])) for item in record[items])
    value = value_at(record, column["field"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if value is None or text in ("", *column.get("null_values", [])):
        return None
    if column["type"].startswith("numeric"):
        return Decimal(text)
    if column["type"] == "timestamp":
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return moment.astimezone(UTC).replace(tzinfo=None)
    return text if column["type"].startswith("varchar") else value


def assert_lands(
    folder: Path, table: str, record: dict[str, Any], document: Any, path: str, zone: str = "UTC"
) -> None:
    """Load a document and compare every field of its one record with its column."""
    source, name = table.split("__")
    file = folder / "landing" / source / name / path / "pulled_at=20260302T101500Z" / "page.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document), encoding="utf-8")
    warehouse = Warehouse("duckdb", folder)
    warehouse.load(folder / "landing")
    contract = columns(source, name)
    (row,) = warehouse.query(f"select {', '.join(contract)}, _extra from raw.{table}")
    found = dict(zip([*contract, "_extra"], row, strict=True))
    assert found.pop("_extra") is None
    for column, options in contract.items():
        value = found[column]
        if "path" in options:
            continue
        wanted = expected(record, options, zone)
        if "pii" in options and wanted is not None:
            assert isinstance(value, str) and value != wanted, column
        elif isinstance(wanted, str) and wanted[:1] in ("[", "{"):
            assert isinstance(value, str) and json.loads(value) == json.loads(wanted), column
        else:
            assert value == wanted, column
    assert found["pulled_at"] == datetime(2026, 3, 2, 10, 15)
    # Nothing that the vendor shows is read by no column.
    read = {str(options["field"]) for options in contract.values()}
    for field in leaves(record):
        assert any(f"{name}.".startswith(f"{field}.") for name in read), field


def leaves(record: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the paths of the values in an object; a list is a value."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


# --- The vendors' samples ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "example", "rows"),
    [
        ("impact__actions", "Action", "Actions"),
        ("impact__action_updates", "ActionUpdate", "ActionUpdates"),
    ],
)
def test_impacts_example_lands(
    table: str, example: str, rows: str, shared_data: Path, tmp_path: Path
) -> None:
    file = shared_data / "networks" / "vendor_impact_v16_field_examples.json"
    record = json.loads(file.read_text(encoding="utf-8"))[example]
    page = {"@page": "1", "@total": "1", rows: [record]}
    assert_lands(tmp_path, table, record, page, "side=publisher/account=IRpartner")


@pytest.mark.parametrize("side", ["publisher", "advertiser"])
def test_awins_real_transaction_lands(side: str, shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "networks" / "real_awin_transaction_2021.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    path = f"side={side}/account=77777/{LONDON}"
    zone = "Europe/London"
    assert_lands(tmp_path, f"awin__{side}_transactions", document[0], document, path, zone)


@pytest.mark.parametrize("side", ["publisher", "advertiser"])
def test_every_field_of_cjs_schema_has_a_column(side: str) -> None:
    contract = columns("cj", f"{side}_commissions")
    read = {str(options["field"]) for options in contract.values()}
    other = CJ_FIELDS_OF["advertiser" if side == "publisher" else "publisher"]
    assert CJ_FIELDS | CJ_FIELDS_OF[side] <= read
    assert not other & read


# --- Files made up -------------------------------------------------------------------------------


def cj(number: str, action: str, **changes: Any) -> dict[str, Any]:
    """Return a record of CJ: amounts are texts, ids texts or numbers."""
    return {
        "commissionId": number,
        "originalActionId": action,
        "original": True,
        "actionStatus": "new",
        "validationStatus": "PENDING",
        "actionType": "sim_sale",
        "advertiserId": 4000010,
        "publisherId": "4000020",
        "websiteId": "1",
        "aid": "30",
        "saleAmountUsd": "100.10",
        "pubCommissionAmountUsd": "5.005",
        "coupon": "",
        "eventDate": "2026-03-01T09:00:00Z",
        "postingDate": "2026-03-01T10:00:00.000Z",
        "lockingDate": "2026-04-11T10:00:00Z",
        "items": [{"sku": "a", "quantity": 1}],
        **changes,
    }


def awin(number: int, **changes: Any) -> dict[str, Any]:
    """Return a transaction of Awin: its times are naive, and 0 is no id."""
    amounts = {"commissionAmount": {"amount": 1, "currency": "GBP"}}
    return {
        "id": number,
        "advertiserId": 10,
        "publisherId": 20,
        "commissionStatus": "pending",
        "commissionSharingPublisherId": 0,
        "paymentId": 0,
        "transactionQueryId": 0,
        "transactionDate": "2026-07-01T10:00:00",
        "clickDate": None,
        "paidToPublisher": False,
        **amounts,
        "saleAmount": {"amount": 10, "currency": "GBP"},
        "transactionParts": None,
        "customParameters": [{"key": "1", "value": "jo@shop.example"}],
        **changes,
    }


def parts(*amounts: float | None, currency: str | None = "GBP") -> list[dict[str, Any]]:
    """Return parts of a transaction whose commissions are tenths of their amounts."""
    return [
        {
            "amount": amount,
            "commissionAmount": None if amount is None else amount / 10,
            "trackedParts": [{"amount": 1, "currency": currency}] if currency else None,
        }
        for amount in amounts
    ]


def money(sale: float, commission: float, currency: str) -> dict[str, Any]:
    """Return the amounts of a transaction in a currency."""
    return {
        "saleAmount": {"amount": sale, "currency": currency},
        "commissionAmount": {"amount": commission, "currency": currency},
    }


AWIN = [
    awin(1, transactionParts=parts(3.333, 3.333, 3.334)),
    awin(2, transactionParts=parts(6, 3)),
    awin(3, transactionParts=parts(6, 3, currency=None)),
    # Converted parts were rounded one by one.
    awin(4, transactionParts=parts(6, 4.02, currency="EUR")),
    # The smallest unit of a yen is one, of a dinar a thousandth.
    awin(5, **money(1000, 100, "JPY"), transactionParts=parts(600, 400.4, currency="JPY")),
    awin(6, **money(1000, 100, "JPY"), transactionParts=parts(600, 400.6, currency="JPY")),
    awin(7, **money(1, 0.1, "KWD"), transactionParts=parts(1.002, currency="KWD")),
    # Nothing to compare.
    awin(8, transactionParts=[]),
    awin(9, transactionParts=parts(6, None)),
    awin(10, transactionDate="2026-01-01T10:00:00", paidToPublisher=True, paymentId=555),
]
DISAGREEING = {"sale": ["2", "3", "6", "7"], "commission": ["2", "3"]}

IMPACT_ACTION = {
    "Id": "1000.1.1",
    "CampaignId": 1000,
    "AdId": 5,
    "State": "APPROVED",
    "Oid": "",
    "SharedId": "shared",
    "SubId1": "",
    "Payout": "0.88",
    "Amount": 21.99,
    "Currency": "USD",
    "EventDate": "2026-03-01T10:42:38-07:00",
    "LockingDate": "2026-04-01T00:00:00-07:00",
    "ClearedDate": "",
    "CustomerEmail": "jo@shop.example",
    "CustomerId": "jo",
}
IMPACT_UPDATE = {
    "Id": "1000.1.1.1",
    "ActionId": "1000.1.1",
    "State": "REVERSED",
    "DeltaPayout": "-0.88",
    "DeltaAmount": "-21.99",
    "Currency": "USD",
    "ActionDate": "2026-03-01T10:42:38-07:00",
    "UpdateDate": "2026-03-09T10:42:38-07:00",
    "PaystubId": "",
    "ClearingDate": "",
}
IMPACT_CLICK = {"Id": "click", "EventDate": "2026-03-01T09:42:38-07:00", "CampaignId": 1000}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Return a warehouse with the made-up files, observed, and with the data tests run."""
    folder = tmp_path_factory.mktemp("commissions")
    target, settings = str(request.param), {}
    if target == "postgres":
        server = request.getfixturevalue("postgres_server")
        settings = server.create_database(DATABASE)
    pulled = "pulled_at=20260302T101500Z"
    files: dict[str, Any] = {}
    for side in ("publisher", "advertiser"):
        records = [
            cj("c1", "a1", shopperId="s1", cjFeeUsd="1.50"),
            cj("c2", "a1", original=False, pubCommissionAmountUsd="-5.005", cjFeeUsd="-1.50"),
            cj("c3", "a3", original=False, pubCommissionAmountUsd="-1.000"),
        ]
        answer = {"count": 3, "payloadComplete": True, "records": records}
        base = f"cj/{side}_commissions/side={side}/account=900"
        files[f"{base}/{pulled}/1.json"] = {"data": {f"{side}Commissions": answer}}
        files[f"{base}/pulled_at=20260303T000000Z/1.ndjson"] = [records[2], cj("c4", "a4")]
        base = f"awin/{side}_transactions/side={side}/account=20"
        files[f"{base}/{LONDON}/{pulled}/1.json"] = AWIN
    base = f"side=publisher/account=IRp/{pulled}"
    files[f"impact/actions/{base}/1.json"] = {"@page": "1", "Actions": [IMPACT_ACTION]}
    files[f"impact/actions/{base}/2.ndjson"] = [{**IMPACT_ACTION, "Id": 1001}]
    files[f"impact/action_updates/{base}/1.json"] = {"ActionUpdates": [IMPACT_UPDATE]}
    files["impact/2026-03-01.json"] = {"Clicks": [IMPACT_CLICK]}
    for name, content in files.items():
        path = folder / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = content if name.endswith(".ndjson") else [content]
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    warehouse = Warehouse(target, folder, settings)
    warehouse.load(folder / "landing")
    views = " ".join(
        f"+int_commissions__{name}"
        for name in (
            *("from_awin_publisher_transactions", "from_awin_advertiser_transactions"),
            *("from_impact_actions", "from_impact_action_updates", "unresolved_corrections"),
        )
    )
    # Only tests of nothing but what is built.
    options = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
    warehouse.dbt("build", *options, "--select", f"{views} currencies stg_impact__clicks")
    yield warehouse
    if target == "postgres":
        server.drop_database(DATABASE)


def warnings(warehouse: Warehouse) -> dict[str, int]:
    """Return the data tests of the build that warned, and how many rows they found."""
    path = warehouse.folder / "target" / "run_results.json"
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return {
        result["unique_id"].split(".")[2]: result["failures"]
        for result in results
        if result["status"] == "warn"
    }


def test_each_file_lands_in_its_table(warehouse: Warehouse) -> None:
    """The narrower patterns of impact.com come before that of its clicks."""
    found = warehouse.query(
        "select table_name, sum(accepted), sum(rejected) from raw._files group by table_name"
    )
    assert {row[0]: row[1:] for row in found} == {
        "cj__publisher_commissions": (5, 0),
        "cj__advertiser_commissions": (5, 0),
        "awin__publisher_transactions": (10, 0),
        "awin__advertiser_transactions": (10, 0),
        "impact__actions": (2, 0),
        "impact__action_updates": (1, 0),
        "impact__clicks": (1, 0),
    }


def test_cjs_amounts_keep_sign_and_digits_and_carry_their_currency(warehouse: Warehouse) -> None:
    for side, fees in (("publisher", (None, None)), ("advertiser", ("1.5", "-1.5"))):
        found = warehouse.query(
            f"""
            select record_code, commission_code, account_code, currency_code, commission_amount,
                network_fee_amount, advertiser_source_id, sub_id, is_correction, pulled_at
            from intermediate.int_commissions__from_cj_{side}_commissions
            where record_code in ('c1', 'c2')
            order by record_code
            """
        )
        amounts = (Decimal("5.005"), Decimal("-5.005"))
        moment = datetime(2026, 3, 2, 10, 15)
        sub_ids = ("s1", None) if side == "publisher" else (None, None)
        assert found == [
            (
                *(f"c{number}", "a1", "900", "USD", amount),
                *(fee if fee is None else Decimal(fee), "4000010", sub_id, number == 2, moment),
            )
            for number, amount, fee, sub_id in zip((1, 2), amounts, fees, sub_ids, strict=True)
        ]


def test_a_correction_without_its_original_is_listed_and_warned_of(warehouse: Warehouse) -> None:
    listed = warehouse.query(
        """
        select feed, record_code, commission_code, pulled_at
        from intermediate.int_commissions__unresolved_corrections
        order by feed
        """
    )
    later = datetime(2026, 3, 3)
    feeds = ("cj.advertiser_commissions", "cj.publisher_commissions")
    assert listed == [(feed, "c3", "a3", later) for feed in feeds]
    # The test looks at the list as a whole.
    assert warnings(warehouse)["corrections_resolve_to_an_original"] == 1


def test_impacts_empty_texts_are_null_and_its_ids_texts(warehouse: Warehouse) -> None:
    found = warehouse.query(
        """
        select commission_code, partner_source_id, program_source_id, creative_source_id,
            order_code, sub_id, network_status, sale_amount, commission_amount, occurred_at,
            paid_at, pulled_at
        from intermediate.int_commissions__from_impact_actions
        order by commission_code
        """
    )
    occurred_at, pulled_at = datetime(2026, 3, 1, 17, 42, 38), datetime(2026, 3, 2, 10, 15)
    amounts = (Decimal("21.99"), Decimal("0.88"))
    rest = ("IRp", "1000", "5", None, "shared", "approved", *amounts, occurred_at, None, pulled_at)
    assert found == [("1000.1.1", *rest), ("1001", *rest)]
    assert warehouse.query(
        """
        select commission_code, record_code, commission_amount, payment_code, paid_at, modified_at
        from intermediate.int_commissions__from_impact_action_updates
        """
    ) == [
        ("1000.1.1", "1000.1.1.1", Decimal("-0.88"), None, None, datetime(2026, 3, 9, 17, 42, 38))
    ]


def test_who_bought_is_nowhere_readable(warehouse: Warehouse) -> None:
    (row,) = warehouse.query(
        "select customer_hash, _extra from raw.impact__actions where action_id = '1001'"
    )
    assert re.fullmatch("[0-9a-f]{32}", str(row[0]))
    assert row[1] is None
    (row,) = warehouse.query(
        "select custom_parameters from raw.awin__publisher_transactions where transaction_id = '1'"
    )
    assert json.loads(str(row[0])) == [{"key": "1", "value": "[email]"}]


def test_awins_times_are_in_the_zone_of_the_request_and_0_is_no_id(warehouse: Warehouse) -> None:
    found = warehouse.query(
        """
        select transaction_id, request_time_zone, occurred_at, payment_id,
            commission_sharing_publisher_id, transaction_query_id
        from staging.stg_awin__publisher_transactions
        where transaction_id in ('1', '10')
        order by transaction_id
        """
    )
    assert found == [
        ("1", "Europe/London", datetime(2026, 7, 1, 9), None, None, None),
        ("10", "Europe/London", datetime(2026, 1, 1, 10), "555", None, None),
    ]
    assert warehouse.query(
        """
        select commission_code, payment_code, paid_at
        from intermediate.int_commissions__from_awin_publisher_transactions
        where paid_at is not null or payment_code is not null
        """
    ) == [("10", "555", datetime(2026, 3, 2, 10, 15))]


def test_awins_totals_that_are_not_the_sum_of_their_parts_are_warned_of(
    warehouse: Warehouse,
) -> None:
    found = {
        name: failures for name, failures in warnings(warehouse).items() if "sum_of_parts" in name
    }
    for side in ("publisher", "advertiser"):
        for whole, disagreeing in DISAGREEING.items():
            (name,) = (
                name
                for name in found
                if f"stg_awin__{side}_transactions" in name and name.endswith(f"{whole}_amount")
            )
            assert found.pop(name) == len(disagreeing), name
    assert not found
    sums = warehouse.query(
        """
        select transaction_id, parts_sale_amount, parts_commission_amount
        from staging.stg_awin__publisher_transactions
        where transaction_id in ('1', '8', '9')
        order by transaction_id
        """
    )
    assert sums == [("1", Decimal(10), Decimal(1)), ("8", None, None), ("9", None, None)]


def test_a_file_of_awin_without_its_time_zone_is_set_aside(tmp_path: Path) -> None:
    """Guards against hours that are wrong without a word."""
    file = tmp_path / "landing/awin/publisher_transactions/pulled_at=20260302T101500Z/1.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(AWIN), encoding="utf-8")
    warehouse = Warehouse("duckdb", tmp_path)
    load = (sys.executable, str(ROOT / "scripts" / "load.py"), "load")
    done = warehouse.run(*load, "--landing", str(tmp_path / "landing"), check=False)
    assert done.returncode != 0
    assert "time_zone" in done.stdout + done.stderr
    assert warehouse.query("select count(*) from raw.awin__publisher_transactions") == [(0,)]
