"""What the networks' dashboards and payments say, with a few differences planted.

A dashboard groups by the days of its own time zone, before or after reversals, with or without
bonuses. Where it differs from the feed for another reason than these, the truth has the reason.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from clickstar_demo.commission_formats import (
    DENVER,
    LONDON,
    NEW_YORK,
    UTC,
    Feed,
    Record,
    Window,
    naive,
)
from clickstar_demo.commissions import Commission, money

ZERO = Decimal(0)
# Of the last day, dashboards that are slow know only the sales before this hour (UTC).
LAST_HOUR = 6
# The sale that nobody can explain lies so long before the end, whatever the demo's size: the seed
# reconciliation_exceptions accepts it.
SURPLUS_BEFORE, SURPLUS_CURRENCY = dt.timedelta(days=6), "GBP"


@dataclass(frozen=True)
class Dashboard:
    """How an account's dashboard counts."""

    zone: str
    is_net: bool = False
    has_bonus: bool = True
    by_record: bool = False
    """It sums the feed's records on the day on which they were posted (CJ) or shipped (Amazon)."""
    has_fee: bool = False
    is_slow: bool = False
    has_surplus: bool = False
    clicks: str | None = None
    """Which clicks it counts, `gross` or `valid`; none where it says nothing of them."""
    loses_clicks: bool = False


DASHBOARDS = {
    "cj.publisher_commissions": Dashboard(UTC, is_net=True, by_record=True),
    "cj.advertiser_commissions": Dashboard(UTC, is_net=True, by_record=True, has_fee=True),
    "awin.publisher_transactions": Dashboard(LONDON),
    "awin.advertiser_transactions": Dashboard(LONDON, is_net=True, has_fee=True),
    "impact.actions": Dashboard(NEW_YORK, is_net=True, has_bonus=False, is_slow=True,
                                clicks="gross"),
    "rakuten.signature": Dashboard(UTC, clicks="gross", loses_clicks=True),
    "partnerize.conversions": Dashboard(LONDON, has_fee=True, clicks="gross"),
    "everflow.conversions": Dashboard(NEW_YORK, has_bonus=False, has_fee=True, has_surplus=True,
                                      clicks="valid"),
    "tune.conversions": Dashboard(NEW_YORK, clicks="valid"),
    "shareasale.activity": Dashboard(NEW_YORK, is_net=True, clicks="gross"),
    "amazon.earnings": Dashboard(UTC, is_net=True, by_record=True, clicks="gross"),
    "ebay.transactions": Dashboard(DENVER, is_net=True, clicks="gross"),
}  # fmt: skip
# Clicks that one dashboard has and no feed delivered, accepted by that seed as well; and those that
# another one does not show, on the same day, where so few are nothing of a month.
SURPLUS_CLICKS, LOST_CLICKS, FEWEST_CLICKS = 3, 2, 400
# Clicks by network: of each hour (UTC) how many there are of each kind.
Counted = dict[str, list[tuple[dt.datetime, dict[str, int]]]]
# The feeds that say what the network takes on top; of the others only the dashboard knows it.
SAY_FEES = ("cj.advertiser_commissions", "awin.advertiser_transactions", "everflow.conversions",
            "tune.conversions")  # fmt: skip


@dataclass
class Line:
    """The sums of a day and currency."""

    sales: int = 0
    sale: Decimal = ZERO
    commission: Decimal = ZERO
    fee: Decimal = ZERO


@dataclass
class Reports:
    """Lines of reports and payments, and why they differ from the feeds."""

    differences: list[dict[str, object]] = field(default_factory=list)

    def daily(
        self, feed: Feed, commissions: Sequence[Commission], start: dt.datetime,
        until: dt.datetime, is_last: bool,
    ) -> list[Record]:  # fmt: skip
        """The report of an account over all days, pulled at a day's end."""
        board = DASHBOARDS[feed.name]
        zone = feed.zone if feed.name == "awin.publisher_transactions" else board.zone
        lines: dict[tuple[str, str], Line] = {}
        left_out: dict[tuple[str, str], Line] = {}
        horizon = until - dt.timedelta(hours=24 - LAST_HOUR)
        for one in commissions:
            if one.kind == "test" or (one.kind == "bonus" and not board.has_bonus):
                continue
            if board.by_record:
                _add_records(lines, feed, one, Window(start - dt.timedelta(days=1), until, UTC))
                continue
            state = one.at(until)
            if state is None:
                continue
            day = naive(one.sold_at, zone, "%Y-%m-%d")
            assert day is not None
            target = left_out if board.is_slow and one.sold_at >= horizon else lines
            # A day whose only sale was reversed is reported with nothing in it.
            line = target.setdefault((day, one.currency), Line())
            if board.is_net and state.status in ("reversed", "deleted"):
                continue
            line.sales += one.kind == "sale"
            line.sale += state.sale
            line.commission += state.commission
            line.fee += state.fee
        if is_last:
            self._plant(feed, board, lines, left_out, f"{until - SURPLUS_BEFORE:%Y-%m-%d}")
        return [
            {
                "reported_date": day, "time_zone": zone, "network_code": feed.network,
                "side": feed.side, "account_code": feed.account, "advertiser_id": None,
                "program_id": None, "partner_id": None, "currency_code": currency,
                "basis": "posted" if feed.network == "cj" else "occurred",
                "is_net": str(board.is_net).lower(), "has_bonus": str(board.has_bonus).lower(),
                "clicks": None, "counted_clicks": None,
                "sales": None if board.by_record else line.sales,
                "sale_amount": line.sale, "commission_amount": line.commission,
                "network_fee_amount": line.fee if board.has_fee else None,
                "sales_until": f"{horizon:%Y-%m-%d %H:%M:%S}" if board.is_slow else None,
            }
            for (day, currency), line in sorted(lines.items())
        ]  # fmt: skip

    def clicks(
        self, feed: Feed, counted: Counted, until: dt.datetime, is_last: bool
    ) -> list[Record]:
        """The clicks of a network by the days of its dashboard, pulled at a day's end."""
        board = DASHBOARDS[feed.name]
        if board.clicks is None:
            return []
        horizon = until - dt.timedelta(hours=24 - LAST_HOUR) if board.is_slow else until
        days: dict[str, int] = {}
        for hour, numbers in counted.get(feed.network, []):
            day = naive(hour, board.zone, "%Y-%m-%d")
            if day is not None and hour < horizon and numbers[board.clicks]:
                days[day] = days.get(day, 0) + numbers[board.clicks]
        if is_last:
            self._plant_clicks(feed, board, days, f"{until - SURPLUS_BEFORE:%Y-%m-%d}")
        return [
            {
                "reported_date": day, "time_zone": board.zone, "network_code": feed.network,
                "side": feed.side, "account_code": feed.account, "advertiser_id": None,
                "program_id": None, "partner_id": None, "currency_code": None,
                "basis": "posted" if feed.network == "cj" else "occurred",
                "is_net": str(board.is_net).lower(), "has_bonus": str(board.has_bonus).lower(),
                "clicks": clicks, "counted_clicks": board.clicks, "sales": None,
                "sale_amount": None, "commission_amount": None, "network_fee_amount": None,
                "sales_until": f"{horizon:%Y-%m-%d %H:%M:%S}" if board.is_slow else None,
            }
            for day, clicks in sorted(days.items())
        ]  # fmt: skip

    def _plant_clicks(
        self, feed: Feed, board: Dashboard, days: dict[str, int], planted_day: str
    ) -> None:
        """Let a report have more clicks than there were, another one fewer, and remember it."""
        differs = 0
        if board.has_surplus:
            differs = SURPLUS_CLICKS
        elif board.loses_clicks and sum(days.values()) >= FEWEST_CLICKS:
            differs = -min(LOST_CLICKS, days.get(planted_day, 0))
        if differs:
            days[planted_day] = days.get(planted_day, 0) + differs
            self.differences.append({
                "kind": "clicks", "network": feed.network, "side": feed.side,
                "account": feed.account, "key": planted_day, "currency": "",
                "cause": "accepted" if board.has_surplus else "unexplained", "clicks": differs,
            })  # fmt: skip

    def _plant(
        self, feed: Feed, board: Dashboard, lines: dict[tuple[str, str], Line],
        left_out: dict[tuple[str, str], Line], surplus_day: str,
    ) -> None:  # fmt: skip
        """Let a report differ from its feed, and remember where and why."""
        for (day, currency), line in sorted(left_out.items()):
            self._differ(feed, day, currency, "late_rows", -line.sale, -line.commission, ZERO)
        if board.has_fee and feed.name not in SAY_FEES:
            for (day, currency), line in sorted(lines.items()):
                self._differ(feed, day, currency, "fee_not_in_feed", ZERO, ZERO, line.fee)
        if board.has_surplus:
            day, currency = surplus_day, SURPLUS_CURRENCY
            line = lines.setdefault((day, currency), Line())
            sale, commission = money("123.45", currency), money("9.87", currency)
            line.sales += 1
            line.sale += sale
            line.commission += commission
            self._differ(feed, day, currency, "unexplained", sale, commission, ZERO)

    def _differ(
        self, feed: Feed, day: str, currency: str, cause: str, sale: Decimal, commission: Decimal,
        fee: Decimal,
    ) -> None:  # fmt: skip
        self.differences.append({
            "kind": "report", "network": feed.network, "side": feed.side, "account": feed.account,
            "key": day, "currency": currency, "cause": cause, "sale_amount": sale,
            "commission_amount": commission, "network_fee_amount": fee,
        })  # fmt: skip

    def payments(
        self, feed: Feed, commissions: Sequence[Commission], since: dt.datetime,
        until: dt.datetime, rng: random.Random,
    ) -> list[Record]:  # fmt: skip
        """The payments of an account in a time: most are the sum of their commissions."""
        sums: dict[tuple[str, dt.datetime, str], Decimal] = {}
        for one in commissions:
            state = one.final
            if state.payment_code and state.paid_at and since <= state.paid_at < until:
                key = (state.payment_code, state.paid_at, one.currency)
                sums[key] = sums.get(key, ZERO) + state.commission
        rows: list[Record] = []
        for (code, at, currency), amount in sorted(sums.items()):
            lot = rng.random()
            # A bank keeps something of one payment in six; one in twenty comes too short.
            fee = money("1.5", currency) if lot < 0.16 and amount > 5 else None
            short = money(amount * Decimal("0.05"), currency) if lot > 0.95 else ZERO
            for cause, differs in (("payment_fee", fee or ZERO), ("unexplained", short)):
                if differs:
                    self.differences.append({
                        "kind": "payment", "network": feed.network, "side": feed.side,
                        "account": feed.account, "key": code, "currency": currency,
                        "cause": cause, "sale_amount": ZERO, "commission_amount": -differs,
                        "network_fee_amount": ZERO,
                    })  # fmt: skip
            last = at.replace(day=1) - dt.timedelta(days=1)
            rows.append({
                "network_code": feed.network, "account_code": feed.account, "payment_code": code,
                "paid_on": f"{at:%Y-%m-%d}", "currency_code": currency,
                "amount": amount - (fee or ZERO) - short, "fee_amount": fee,
                "period_from": f"{last.replace(day=1):%Y-%m-%d}", "period_to": f"{last:%Y-%m-%d}",
            })  # fmt: skip
        return rows


def _add_records(
    lines: dict[tuple[str, str], Line], feed: Feed, one: Commission, window: Window
) -> None:
    """Sum the records of a commission on the days on which they were posted or shipped."""
    for row in feed.rows(one, window):
        moment = row.record.get("postingDate", row.record.get("Date Shipped"))
        line = lines.setdefault((str(moment)[:10], row.currency), Line())
        line.sale += row.sale
        line.commission += row.commission
        line.fee += row.fee or ZERO
