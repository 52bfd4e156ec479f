"""Every metric of money has worked rows, and MetricFlow must give the values worked out by hand.

A pound is 1.25 dollars on 1 March and 1.50 from 2 March on, a euro 1.20. Amounts are reported in
dollars; the advertiser of Awin reads its own reports in pounds. Clicks, of one partner's links:

| click | network | time | visitor | class |
| --- | --- | --- | --- | --- |
| k1 | awin | 1 March, 10:00 | A | unique |
| k2 | awin | 1 March, 10:10 | A | duplicate |
| k3, for 0.50 EUR | awin | 1 March, 11:00 | B | unique |
| k4 | awin | 1 March, 12:00 | C, a test | invalid |
| k5 | everflow | 2 March, 09:00 | D | unique |
| k6 | everflow | 2 March, 10:00 | E | unique |
| k7 | awin | 4 March, 10:00 | F, a test | invalid |
| k8 | awin | 6 March, 10:00 | G | unique |

Commissions. What a network says first stands before the arrow:

| commission | order | click | day | sale | commission | fee | status |
| --- | --- | --- | --- | --- | --- | --- | --- |
| awin 1 | O1 | k2 | 1 | 100 GBP | 10 | | pending → approved on the 5th, paid by 700 |
| awin 2 | O2 | k1 | 2 | 80 → 40 GBP | 8 → 4 | | pending |
| awin 3 | O3 | k3 | 2 | 60 GBP | 6 | | pending → declined |
| awin 4, a bonus | | | 3 | 0 GBP | 20 | | approved on the 3rd |
| everflow 1, first item | E1 | k5 | 2 | 200 USD | 20 | 6 | approved, pulled on the 6th |
| everflow 2 | E2 | | 2 | 50 EUR | 5 | 1 | pending |
| everflow 3, second item | E1 | k5 | 2 | 20 USD | 2 | 0 | pending |
| cj 1 | J1 | | 3 | 300 USD | 30 | 9 | closed, locked on the 5th |
| amazon 1 | | | 3 | 40 USD | 4 | | shipped, pulled on the 6th |
| amazon 2, a return | | | 3 | -10 USD | -1 | | returned, pulled on the 6th |
| tune 1, a test | T1 | | 3 | 70 USD | 7 | 1 | test |

Costs: a placement of 40 GBP on 2 March, 5 USD on 5 March, and CJ's invoice of 25 USD for March,
which is booked on the 1st. It covers the fee of cj 1. The master data has fees: tracking is 20 % of
the commissions of Awin's advertiser, a retainer of 4 USD is paid once, on 5 March, and a network
fee of 50 % of Everflow's is not paid for what tells its own: E1's second item told a fee of 0, and
pays 1.00. In dollars, by the day of the sale:

| metric | 1 March | 2 March | 3 March |
| --- | --- | --- | --- |
| gross sales | 125 | 120 + 90 + 200 + 60 + 20 = 490 | 0 + 300 + 40 = 340 |
| sales | 125 | 60 + 0 + 200 + 60 + 20 = 340 | 300 + 40 - 10 = 330 |
| gross commission | 12.50 | 12 + 9 + 20 + 6 + 2 = 49 | 30 + 30 + 4 = 64 |
| pending | 0 | 6 + 6 + 2 = 14 | 0 |
| approved | 12.50 | 20 | 30 + 30 + 4 - 1 = 63 |
| reversed | 0 | 6 + 9 = 15 | 1 |
| network fee | 0 | 6 + 1.20 = 7.20 | 9 |
| approval lag | 4 | 4 | (0 + 2 + 3) / 3 |
| fees of the master data | 2.50 | 1.20 + 1.00 | 6 |
| cost beside commission | 25 + 0.60 + 2.50 | 60 + 7.20 + 2.20 | 6: 9 are in the 25 |
| total cost | 40.60 | 103.40 | 69 |
| profit | 12.50 - 25.60 | 34 - 60 | 63 |

Awin's advertiser has targets: sales of 310 GBP in March are 10 a day, 12.50 dollars on the 1st and
15 from the 2nd on, up to the 6th, which is the last day with a click; a net commission of 4 USD on
the 2nd and 3rd is 2 a day.

The contract of Awin's program says 12 %, of shoes 11 %: awin 1 lacks 1 GBP of 11, awin 2 0.40 of
4.40. Everflow's says 8 %: 4 USD, 1 EUR and 0.40 USD are beyond it.

By the day of the click, over all clicks: 1 March has k2 of awin 1 and k1 of awin 2, so 2 of 4
clicks and (12.50 + 6) / 4; 2 March has k5, so 1 of 2 and (20 + 2) / 2; 4 and 6 March have clicks
and earn nothing: 0. On 4 March no click is unique: there is no EPC and no CVR.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clickstar_parity.metrics import metric_engine
from private_postgres import PostgresServer
from warehouses import DATABASE, Warehouse

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
FIRST, LAST = "20260303T060000Z", "20260306T060000Z"
COUNTS = "commissions,orders,gross_orders"
AMOUNTS = (
    "sales,gross_sales,gross_commission,net_commission,pending_commission,approved_commission,"
    "reversed_commission,paid_commission,network_fee"
)
DECIDED = (
    "approved_commissions,reversed_commissions,decided_commissions,decided_reversed_commission,"
    "decided_gross_commission,approval_days,matched_commissions"
)
RATES = (
    "average_order_value,effective_commission_rate,reversal_rate,approval_rate,"
    "reversal_rate_by_amount,approval_rate_by_amount,average_approval_lag,click_match_rate"
)
CLICKS = "earnings_per_click,earnings_per_100_clicks,conversion_rate"
COHORTS = (
    "cohort_converting_clicks,cohort_net_commission,cohort_conversion_rate,"
    "cohort_earnings_per_click"
)
COSTS = "cost_beside_commission,publisher_cost,total_cost,roas,cost_per_order,profit"
TARGETS = (
    "sales_target,net_commission_target,sales_target_attainment,net_commission_target_attainment"
)
Row = list[float | None]


def click(event: str, time: str, network: str, visitor: str, **fields: str) -> dict[str, str]:
    """A click in March, on the link tracker."""
    return {
        "event_id": event,
        "event_time": f"2026-03-{time}:00Z",
        "network": network,
        "advertiser_id": "a1",
        "partner_id": "p1",
        "cookie_id": visitor,
        "user_agent": BROWSER,
        **fields,
    }


REDIRECTOR = [
    click("k1", "01T10:00", "awin", "A"),
    click("k2", "01T10:10", "awin", "A"),
    click("k3", "01T11:00", "awin", "B", cpc="0.50", currency="EUR"),
    click("k4", "01T12:00", "awin", "C", is_test="true"),
    click("k5", "02T09:00", "everflow", "D"),
    click("k6", "02T10:00", "everflow", "E"),
    click("k7", "04T10:00", "awin", "F", is_test="true"),
    click("k8", "06T10:00", "awin", "G"),
]


def awin(number: int, day: str, sale: str, commission: str, status: str, **more: Any) -> Any:
    """A transaction of Awin, in pounds, as a publisher reads it."""
    return {
        "id": number,
        "advertiserId": "a1",
        "publisherId": "p1",
        "type": "Commission group transaction",
        "commissionStatus": status,
        "transactionDate": f"2026-03-{day}",
        "saleAmount": {"amount": sale, "currency": "GBP"},
        "commissionAmount": {"amount": commission, "currency": "GBP"},
        **more,
    }


def refs(order: str, event: str) -> dict[str, Any]:
    return {"orderRef": order, "clickRefs": {"clickRef": event}}


AWIN = {
    FIRST: [
        awin(1, "01T10:20:00", "100.00", "10.00", "pending", **refs("O1", "k2")),
        awin(2, "02T12:00:00", "80.00", "8.00", "pending", **refs("O2", "k1")),
        awin(3, "02T13:00:00", "60.00", "6.00", "pending", **refs("O3", "k3")),
    ],
    LAST: [
        awin(
            *(1, "01T10:20:00", "100.00", "10.00", "approved"),
            **refs("O1", "k2"),
            validationDate="2026-03-05T09:00:00",
            paidToPublisher=True,
            paymentId=700,
        ),
        awin(2, "02T12:00:00", "40.00", "4.00", "pending", **refs("O2", "k1")),
        awin(3, "02T13:00:00", "60.00", "6.00", "declined", **refs("O3", "k3")),
        awin(
            *(4, "03T09:00:00", "0.00", "20.00", "approved"),
            type="Bonus",
            publisherId="p9",
            validationDate="2026-03-03T10:00:00",
        ),
    ],
}


def everflow(
    code: str, order: str, sale: float, payout: float, revenue: float, status: str, **more: Any
) -> dict[str, Any]:
    """A conversion of Everflow on 2 March at 10:30, as the advertiser reads it."""
    at = dt.datetime(2026, 3, 2, 10, 30, tzinfo=dt.UTC)
    return {
        "conversion_id": code,
        "order_id": order,
        "status": status,
        "payout_type": "cps",
        "currency_id": "USD",
        "sale_amount": sale,
        "payout": payout,
        "revenue": revenue,
        "is_event": False,
        "conversion_unix_timestamp": int(at.timestamp()),
        "relationship": {
            "offer": {"network_offer_id": 1},
            "advertiser": {"network_advertiser_id": 2},
            "affiliate": {"network_affiliate_id": 9},
        },
        **more,
    }


EVERFLOW = [
    everflow("e1", "E1", 200, 20, 26, "approved", sub1="k5"),
    everflow("e2", "E2", 50, 5, 6, "pending", currency_id="EUR"),
    everflow("e3", "E1", 20, 2, 2, "pending", sub1="k5"),
]
CJ = {
    "commissionId": "j1",
    "advertiserId": "a3",
    "publisherId": "p9",
    "orderId": "J1",
    "actionType": "sale",
    "actionStatus": "closed",
    "original": True,
    "eventDate": "2026-03-03T12:00:00Z",
    "postingDate": "2026-03-03T13:00:00Z",
    "lockingDate": "2026-03-05T00:00:00Z",
    "saleAmountUsd": "300.00",
    "pubCommissionAmountUsd": "30.00",
    "cjFeeUsd": "9.00",
}
TUNE = {
    "tune_event_id": "t1",
    "Stat.advertiser_id": "5",
    "Affiliate.id": "9",
    "Stat.advertiser_info": "T1",
    "Stat.status": "approved",
    "Stat.status_code": 21,
    "Stat.currency": "USD",
    "Stat.sale_amount": "70.00",
    "Stat.payout": "7.00",
    "Stat.revenue": "8.00",
    "Stat.datetime": "2026-03-03 12:00:00",
}
TABLES = {
    f"amazon/earnings/side=publisher/account=s-20/pulled_at={LAST}/earnings.csv": """
ASIN,Tracking ID,Date Shipped,Items Shipped,Returns,Revenue($),Ad Fees($)
B1,tag-20,2026-03-03,1,0,40.00,4.00
B2,tag-20,2026-03-03,0,1,-10.00,-1.00
""",
    "costs/lines.csv": """
cost_code,cost_type,network_code,advertiser_id,currency_code,amount,period_from,period_to,spread
L1,placement_fee,awin,a1,GBP,40,2026-03-02,,once
L2,network_fee,cj,,USD,25,2026-03-01,2026-03-31,once
L3,other,,,USD,5,2026-03-05,,once
""",
    "payments/payments.csv": """
network_code,account_code,payment_code,paid_on,currency_code,amount,fee_amount
awin,ours,700,2026-03-06,USD,14.00,0.50
""",
    "master_data/advertiser_history.csv": """
history_id,recorded_at,change_type,code,name,reporting_currency_code,is_active
1,2026-01-01T00:00:00Z,+,ADV-1,Shop,GBP,true
""",
    "master_data/fee_history.csv": """
history_id,recorded_at,change_type,code,name,fee_type,network_code,advertiser_code,rate,amount,currency_code,charged,starts_on,is_active
1,2026-01-01T00:00:00Z,+,FEE-1,Tracking,tracking_fee,,ADV-1,0.2,,,per_commission,,true
2,2026-01-01T00:00:00Z,+,FEE-2,Retainer,retainer,,,,4,USD,once,2026-03-05,true
3,2026-01-01T00:00:00Z,+,FEE-3,Network,network_fee,everflow,,0.5,,,per_commission,,true
""",
    "master_data/program_history.csv": """
history_id,recorded_at,change_type,code,name,advertiser_code,network_code,commission_rate,is_active
1,2026-01-01T00:00:00Z,+,PRG-1,Shop at Awin,ADV-1,awin,0.12,true
2,2026-01-01T00:00:00Z,+,PRG-2,Shop at Everflow,ADV-1,everflow,0.08,true
""",
    "master_data/commission_rate_history.csv": """
history_id,recorded_at,change_type,code,program_code,product_category_code,partner_code,rate,is_active
1,2026-01-01T00:00:00Z,+,RAT-1,PRG-1,SHOES,,0.11,true
""",
    "master_data/target_history.csv": """
history_id,recorded_at,change_type,code,advertiser_code,channel_code,metric_name,starts_on,ends_on,amount,currency_code,is_active
1,2026-01-01T00:00:00Z,+,TGT-1,ADV-1,,sales,2026-03-01,2026-03-31,310,GBP,true
2,2026-01-01T00:00:00Z,+,TGT-2,ADV-1,,net_commission,2026-03-02,2026-03-03,4,USD,true
""",
    "master_data/crosswalk_history.csv": """
history_id,recorded_at,change_type,network_code,kind,source_id,code
1,2026-01-01T00:00:00Z,+,awin,advertiser,a1,ADV-1
2,2026-01-01T00:00:00Z,+,awin,program,a1,PRG-1
3,2026-01-01T00:00:00Z,+,everflow,program,1,PRG-2
""",
}


def write_landing(landing: Path) -> None:
    """Write what the table at the top says."""
    pulled = f"pulled_at={LAST}"
    lines: dict[str, list[dict[str, Any]]] = {
        "redirector/clicks.ndjson": list(REDIRECTOR),
        f"everflow/conversions/side=advertiser/account=9/{pulled}/c.ndjson": EVERFLOW,
        f"cj/advertiser_commissions/side=advertiser/account=a3/{pulled}/c.ndjson": [CJ],
        f"tune/conversions/side=advertiser/account=9/{pulled}/c.ndjson": [TUNE],
    }
    for pulled_at, transactions in AWIN.items():
        folder = f"side=publisher/account=ours/time_zone=UTC/pulled_at={pulled_at}"
        lines[f"awin/publisher_transactions/{folder}/t.ndjson"] = transactions
    texts = {name: text.lstrip() for name, text in TABLES.items()} | {
        name: "".join(json.dumps(record) + "\n" for record in records)
        for name, records in lines.items()
    }
    for name, text in texts.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (landing / "exchange_rates").mkdir()
    with (landing / "exchange_rates" / "rates.csv").open("w", newline="") as file:
        rates = csv.writer(file)
        rates.writerow(["rate_date", "base_currency", "quote_currency", "rate"])
        for day in range(1, 7):
            # 1.20 / 0.96 = 1.25 and 1.20 / 0.80 = 1.50.
            rates.writerow([f"2026-03-0{day}", "EUR", "GBP", "0.96" if day == 1 else "0.80"])
            rates.writerow([f"2026-03-0{day}", "EUR", "USD", "1.20"])


def built(target: str, folder: Path, settings: dict[str, str]) -> Warehouse:
    write_landing(folder / "landing")
    warehouse = Warehouse(target, folder, settings)
    warehouse.load(folder / "landing")
    warehouse.dbt("build", "--exclude-resource-type", "test", "unit_test")
    # What guards the sums: no amount without a rate, nothing counted twice.
    marts = (
        *("fct_commissions", "fct_commission_events", "fct_costs", "fct_payments"),
        "fct_targets",
    )
    warehouse.dbt("test", "--exclude-resource-type", "unit_test", "--select", *marts)
    return warehouse


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp(f"metrics_money_{request.param}")
    if request.param == "duckdb":
        yield Asked(built("duckdb", folder, {}))
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    settings = server.create_database(DATABASE)
    yield Asked(built("postgres", folder, settings))
    server.drop_database(DATABASE)


class Asked:
    """A warehouse with a MetricFlow engine: a process for each question would take seconds."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._engine = metric_engine(warehouse.target, warehouse.side.semantic_manifest)

    def metrics(self, metrics: str, *groups: str) -> dict[tuple[Any, ...], Row]:
        """The values of metrics, by the values of what they are grouped by."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        request = MetricFlowQueryRequest.create(
            metric_names=metrics.split(","), group_by_names=list(groups) or None
        )
        rows = self.warehouse.query(self._engine.explain(request).sql_statement.sql)
        return {
            row[: len(groups)]: [
                None if value is None else float(str(value)) for value in row[len(groups) :]
            ]
            for row in rows
        }

    def by_day(self, metrics: str) -> dict[int, Row]:
        """The metrics of each day of March; a row without a day would be the day 0."""
        rows = self.metrics(metrics, "metric_time__day")
        return {day.day if day else 0: row for (day,), row in rows.items()}


def check(found: dict[int, Row], expected: dict[int, Row]) -> None:
    """Compare days and values; a null is neither 0 nor left out."""
    assert found.keys() == expected.keys()
    for day, values in expected.items():
        assert [value is None for value in found[day]] == [value is None for value in values], day
        assert [value or 0 for value in found[day]] == pytest.approx(
            [value or 0 for value in values]
        ), day


def test_commissions_and_orders(asked: Asked) -> None:
    """Two items are one order; a bonus, a return and a test are none."""
    check(asked.by_day(COUNTS), {1: [1, 1, 1], 2: [5, 3, 4], 3: [4, 2, 2]})


def test_amounts(asked: Asked) -> None:
    found = asked.by_day(AMOUNTS)
    check(
        found,
        {
            1: [125, 125, 12.5, 12.5, 0, 12.5, 0, 12.5, 0],
            2: [340, 490, 49, 34, 14, 20, 15, 0, 7.2],
            3: [330, 340, 64, 63, 0, 63, 1, 0, 9],
        },
    )
    for _, _, gross, net, pending, approved, reverted, *_ in found.values():
        assert None not in (gross, net, pending, approved, reverted)
        assert gross == pytest.approx((pending or 0) + (approved or 0) + (reverted or 0))
        assert net == pytest.approx((pending or 0) + (approved or 0))


def test_decisions(asked: Asked) -> None:
    check(
        asked.by_day(DECIDED),
        {
            1: [1, 0, 1, 0, 12.5, 4, 1],
            2: [1, 1, 2, 9, 29, 4, 4],
            3: [3, 0, 3, 1, 64, 5, 0],
        },
    )


def test_rates_of_commissions(asked: Asked) -> None:
    check(
        asked.by_day(RATES),
        {
            1: [125, 0.1, 0, 1, 0, 1, 4, 1],
            2: [340 / 3, 0.1, 0.5, 0.5, 9 / 29, 20 / 29, 4, 0.8],
            3: [165, 63 / 330, 0, 1, 1 / 64, 63 / 64, 5 / 3, 0],
        },
    )


def test_earnings_per_click_by_the_day_of_the_sale(asked: Asked) -> None:
    """Days with commissions or clicks; without a unique click no rate, without a sale 0."""
    check(
        asked.by_day(CLICKS),
        {
            1: [6.25, 625, 0.5],
            2: [17, 1700, 1.5],
            3: [None, None, None],
            4: [None, None, None],
            6: [0, 0, 0],
        },
    )


def test_cohorts_by_the_day_of_the_click(asked: Asked) -> None:
    """The click of a commission may be a duplicate one: the rate is one of all clicks."""
    check(
        asked.by_day(COHORTS),
        {
            1: [2, 18.5, 0.5, 4.625],
            2: [1, 22, 0.5, 11],
            4: [None, None, 0, 0],
            6: [None, None, 0, 0],
        },
    )


def test_costs(asked: Asked) -> None:
    """A day with costs only has a return of 0; one without orders has no cost per order."""
    check(
        asked.by_day(COSTS),
        {
            1: [28.1, 25.6, 40.6, 125 / 40.6, 40.6, -13.1],
            2: [69.4, 60, 103.4, 340 / 103.4, 103.4 / 3, -26],
            3: [6, 0, 69, 330 / 69, 34.5, 63],
            5: [9, 5, 9, 0, None, -5],
        },
    )


def test_targets_and_their_attainment(asked: Asked) -> None:
    """By advertiser: 125 of 12.50, 60 of 15, a bonus without a sale; 6 and 30 of 2."""
    rows = asked.metrics(TARGETS, "metric_time__day", "advertiser__advertiser_code")
    check(
        {day.day: row for (day, code), row in rows.items() if code == "ADV-1"},
        {
            1: [12.5, None, 10, None],
            2: [15, 2, 4, 3],
            3: [15, 2, 0, 15],
            4: [15, None, 0, None],
            5: [15, None, 0, None],
            6: [15, None, 0, None],
            # Days to come.
            **{day: [None, None, None, None] for day in range(7, 32)},
        },
    )
    others = {tuple(row) for (_, code), row in rows.items() if code != "ADV-1"}
    assert others == {(None, None, None, None)}
    to_date = asked.metrics("target_to_date", "target__metric_name", "target__has_passed")
    assert to_date == {
        ("sales", True): [87.5],
        ("sales", False): [None],
        ("net_commission", True): [4],
    }


def test_commissions_beside_their_contract(asked: Asked) -> None:
    """The lowest rate that may be meant decides what is too little; a declined one owes nothing."""
    check(
        asked.by_day("underpaid_commission,overpaid_commission"),
        {1: [1.25, 0], 2: [0.6, 5.6], 3: [0, 0]},
    )


def test_in_total(asked: Asked) -> None:
    metrics = (
        "orders,sales,net_commission,conversion_rate,earnings_per_click,total_cost,roas,profit"
    )
    ((_, row),) = asked.metrics(metrics, "metric_time__year").items()
    assert row == pytest.approx([6, 795, 109.5, 6 / 5, 109.5 / 5, 222, 795 / 222, 18.9])


def test_a_fee_is_a_cost_once(asked: Asked) -> None:
    rows = asked.metrics("cost_beside_commission", "cost__cost_type", "network__network_code")
    assert {key: row[0] for key, row in rows.items()} == {
        ("placement_fee", "awin"): 60,
        ("cpc", "awin"): 0.6,
        ("network_fee", "cj"): 25,
        ("network_fee", "everflow"): pytest.approx(7.2 + 1),
        ("tracking_fee", "awin"): pytest.approx(9.7),
        ("other", "none"): 5,
        ("retainer", "none"): 4,
    }


def test_the_client_reads_its_own_currency(asked: Asked) -> None:
    rows = asked.warehouse.query(
        "select reporting_currency_code, client_currency_code, sum(client_net_commission_amount)"
        f" from {asked.warehouse.schema('marts')}.fct_commissions where status != 'test'"
        " group by reporting_currency_code, client_currency_code"
    )
    assert {row[:2]: float(str(row[2])) for row in rows} == {
        ("USD", "GBP"): 34,
        ("USD", "USD"): 61,
    }


def test_a_payment_is_explained_in_its_currency(asked: Asked) -> None:
    """10 pounds at 1.50 are 15 dollars, of which 14 and a fee of 0.50 were paid."""
    (row,) = asked.warehouse.query(
        "select commissions, commission_amount, unexplained_amount"
        f" from {asked.warehouse.schema('marts')}.fct_payments"
    )
    assert [float(str(value)) for value in row] == [1, 15, -0.5]
