"""The sales that follow from clicks, and what becomes of their commissions.

A commission has a life of changes: it is tracked, may be amended, partly refunded, extended or
reversed, is approved after the program's locking time and paid on the 20th of the month after.
Everything that the networks' files say (see `commission_formats`) is read from these lives.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import duckdb

from clickstar_demo.world import NETWORKS, Partner, Program, World

# The share of the unique, human, valid clicks that end in a sale, and what a network has at least.
CONVERSION_RATE = 0.025
MINIMUM_PER_NETWORK = 75
# A network with few clicks converts at most this share of them.
HIGHEST_RATE = 0.20
# What bounds the memory of a demo of many millions of clicks: its rate falls below the stated one.
MOST_SALES = 60_000

# AppsFlyer's glossary of the time from click to install, taken for sales: "75 % within 1 h, 94 %
# within 24 h".
WITHIN_AN_HOUR, WITHIN_A_DAY = 0.75, 0.94
REVERSED, REFUNDED, AMENDED, EXTENDED = 0.075, 0.05, 0.04, 0.04
# Awin alone takes a transaction away as if it had never been.
DELETED_ONE_IN = 80
# Sales whose click is not among the demo's. Amazon: an item may stay in the cart for 90 days.
WITHOUT_CLICK = {"amazon": 0.25}
WITHOUT_CLICK_ELSEWHERE = 0.03
SUB_ID_LOST = 0.03
BONUS_ONE_IN = 50
BONUS_NETWORKS = ("cj", "awin", "impact", "everflow", "tune")
IN_DOLLARS = ("cj", "amazon", "shareasale", "ebay")
# Whose advertisers try their integration out with conversions that are none.
TEST_NETWORKS = ("tune",)
# Orders whose parts are commissions of their own.
BY_ITEM = ("partnerize", "rakuten")

# Median and spread of an order's value in US dollars.
ORDERS = {
    "fashion": (75, 0.6), "home": (140, 0.8), "outdoor": (110, 0.7), "beauty": (55, 0.5),
    "electronics": (280, 0.8), "travel": (420, 0.8), "finance": (90, 0.4), "health": (60, 0.5),
    "food": (45, 0.4), "software": (120, 0.7),
}  # fmt: skip
# A dollar in other currencies, and the digits after the point.
DOLLAR_IN = {
    "USD": "1", "EUR": "0.92", "GBP": "0.79", "CAD": "1.37", "AUD": "1.52", "JPY": "150",
    "KWD": "0.31",
}  # fmt: skip
DIGITS = {"JPY": 0, "KWD": 3}
# What the advertiser pays the network on top, as a share of the commission.
FEES = {
    "cj": "0.30", "awin": "0.30", "impact": "0.20", "rakuten": "0.25", "partnerize": "0.22",
    "everflow": "0.15", "tune": "0.15", "shareasale": "0.20",
}  # fmt: skip
REASONS = ("returned merchandise", "duplicate order", "order cancelled", "out of stock")
COUPONS = ("SAVE10", "WELCOME15", "FREESHIP", "SPRING20")
# Our accounts at Awin: the reports of each are asked for in its own time zone.
AWIN_ZONES = ("Europe/London", "Australia/Sydney")
ZERO = Decimal(0)


@dataclass(frozen=True)
class State:
    """A commission at a moment. The amounts of a reversed one are what it was reversed from."""

    status: str
    sale: Decimal
    commission: Decimal
    fee: Decimal
    is_extended: bool = False
    is_amended: bool = False
    reason: str | None = None
    old_sale: Decimal | None = None
    old_commission: Decimal | None = None
    approved_at: dt.datetime | None = None
    decided_at: dt.datetime | None = None
    paid_at: dt.datetime | None = None
    payment_code: str | None = None


@dataclass(frozen=True)
class Change:
    """A change: `tracked amended refunded reversed deleted extended approved paid`."""

    at: dt.datetime
    kind: str
    state: State


@dataclass
class Commission:
    """A sale's commission and its life."""

    number: int
    network: str
    order_code: str
    program: Program
    partner: Partner
    partner_id: str
    campaign_code: str | None
    campaign_id: str | None
    creative_id: str | None
    currency: str
    kind: str
    """`sale`, `bonus` for one without a sale, or `test` for one of the integration's tests."""
    click_number: int | None
    click_source: str | None
    click_id: str | None
    network_click_id: str | None
    sub_id: str | None
    clicked_at: dt.datetime | None
    sold_at: dt.datetime
    locks_at: dt.datetime
    country: str | None
    device: str
    referrer_url: str | None
    is_new_customer: bool
    coupon: str | None
    item: int = 1
    items: int = 1
    token: str = ""
    """32 hexadecimal digits that nobody else has."""
    code: str = ""
    """The network's own id of it."""
    is_in_fold: bool = False
    """Its local time happens twice: the file does not say which of the two."""
    changes: list[Change] = field(default_factory=list)
    parts: list[Commission] = field(default_factory=list, repr=False)
    """All commissions of the same order, itself among them."""

    def at(self, moment: dt.datetime) -> State | None:
        """How it stood just before a moment; none before the sale."""
        found = None
        for change in self.changes:
            if change.at < moment:
                found = change.state
        return found

    @property
    def final(self) -> State:
        """How it stands at the demo's end."""
        return self.changes[-1].state

    @property
    def partner_spelling(self) -> str:
        """The partner's name as the network spells it."""
        return self.partner.spellings[self.network]

    @property
    def is_managed(self) -> bool:
        """We see it from the advertiser's side."""
        return draw("managed", self.program.code) < 0.7

    @property
    def is_media(self) -> bool:
        """We see it from the publisher's side, at least where nobody else shows it to us."""
        return not self.is_managed or draw("media", self.partner.code) < 0.6

    @property
    def awin_zone(self) -> str:
        """The time zone of the account that reports it at Awin."""
        return AWIN_ZONES[int(draw("zone", self.partner.code) < 0.25)]


def draw(use: str, key: str) -> float:
    """A number from 0 to 1 that depends on nothing but its use and a key."""
    return random.Random(f"{use}/{key}").random()


def money(amount: Decimal | float | str, currency: str) -> Decimal:
    """An amount in the currency's smallest units."""
    unit = Decimal(1).scaleb(-DIGITS.get(currency, 2))
    return Decimal(amount).quantize(unit, ROUND_HALF_UP)


def account_currency(program: Program) -> str:
    """The currency of a program's commissions: some networks pay our account in one for all."""
    return "USD" if program.network in IN_DOLLARS else program.currency


def folds(zone: str, first_day: dt.date, days: int) -> Iterable[dt.datetime]:
    """The moments (UTC, naive) from which a zone's clocks show the last hour again."""
    local = ZoneInfo(zone)
    start = dt.datetime.combine(first_day, dt.time(), dt.UTC)
    for hour in range(days * 24):
        moment = start + dt.timedelta(hours=hour)
        before = (moment - dt.timedelta(hours=1)).astimezone(local).utcoffset()
        after = moment.astimezone(local).utcoffset()
        if before is not None and after is not None and before > after:
            yield moment.replace(tzinfo=None)


def sample(
    connection: duckdb.DuckDBPyConnection, clicks: int
) -> dict[str, list[tuple[object, ...]]]:
    """The clicks of table `convertible` that end in a sale, by network, in the order of a draw."""
    found: dict[str, list[tuple[object, ...]]] = {}
    shrunk = min(1.0, MOST_SALES / max(1.0, clicks * CONVERSION_RATE))
    for network in NETWORKS:
        row = connection.execute(
            "select coalesce(sum(valid), 0) from convertible_count where network = ?", [network]
        ).fetchone()
        assert row is not None
        valid = int(row[0])
        wanted = math.ceil(
            max(CONVERSION_RATE * shrunk * valid, min(MINIMUM_PER_NETWORK, HIGHEST_RATE * valid))
        )
        found[network] = connection.execute(
            """
            select
                click.click_number, click.source, click.click_id, click.network_click_id,
                click.event_hex, click.sub_id, click.clicked_at, click.program_code,
                click.partner_code, click.partner_id, click.campaign_code, click.campaign_id,
                click.creative_id, click.country, device.device_type, click.referrer_url
            from (
                select * from convertible where network = ? order by draw, click_number limit ?
            ) as click
            left join (
                select user_agent, min(device_type) as device_type from agent group by all
            ) as device using (user_agent)
            order by click.draw, click.click_number
            """,
            [network, wanted],
        ).fetchall()
    return found


class Seller:
    """Makes the commissions of one network."""

    def __init__(
        self, world: World, network: str, first_day: dt.date, days: int, seed: int
    ) -> None:
        self.rng = random.Random(f"{seed}/commissions/{network}")
        self.network = network
        self.start = dt.datetime.combine(first_day, dt.time())
        self.end = self.start + dt.timedelta(days=days)
        self.programs = {program.code: program for program in world.programs}
        self.partners = {partner.code: partner for partner in world.partners}
        self.campaigns = {campaign.code: campaign for campaign in world.campaigns}
        self.folds = list(folds(AWIN_ZONES[1], first_day, days)) if network == "awin" else []
        self.fold_rows = 0
        # A network that closes tracks nothing after the half of the demo.
        self.closes = self.start + dt.timedelta(days=days // 2) if network == "shareasale" else None

    def commissions(self, clicks: list[tuple[object, ...]]) -> list[Commission]:
        """All commissions of these clicks, by the time of their sale, with the bonuses."""
        made: list[Commission] = []
        for click in clicks:
            made += self._sales(click)
        if self.network in BONUS_NETWORKS and made:
            for _ in range(max(1, len(made) // BONUS_ONE_IN)):
                made.append(self._bonus(self.rng.choice(made)))
        if self.network in TEST_NETWORKS and made:
            made += [replace(self._bonus(one), kind="test") for one in made[:2]]
        made = [one for one in made if one.sold_at < self.end]
        if self.closes:
            made = [one for one in made if one.sold_at < self.closes]
        made.sort(key=lambda one: (one.sold_at, one.order_code, one.item, one.token))
        for number, one in enumerate(made, start=1):
            one.number = number
            self._live(one)
        return made

    def _sales(self, click: tuple[object, ...]) -> list[Commission]:
        """The commissions of one click: several where a network reports the parts of an order."""
        rng = self.rng
        (
            click_number, source, click_id, network_click_id, event_hex, sub_id, clicked,
            program_code, partner_code, partner_id, campaign_code, campaign_id, creative_id,
            country, device, referrer_url,
        ) = click  # fmt: skip
        assert isinstance(clicked, dt.datetime)
        program = self.programs[str(program_code)]
        own = str(event_hex) if source == "redirector" else None
        passed = own or sub_id
        token = f"{rng.getrandbits(128):032x}"
        clicked_at: dt.datetime | None = clicked.replace(microsecond=0)
        sold_at = self._sold_at(clicked, program.cookie_days)
        if rng.random() < WITHOUT_CLICK.get(self.network, WITHOUT_CLICK_ELSEWHERE):
            # The click came before the demo's time, or the network counts without one.
            click_number = source = click_id = network_click_id = None
            passed = f"{rng.getrandbits(128):032x}"
            days = program.cookie_days if self.network != "amazon" else 90
            sold_at = self.start + dt.timedelta(
                seconds=rng.randrange(int(min(days, (self.end - self.start).days) * 86_400))
            )
            clicked_at = self.start - dt.timedelta(seconds=rng.randrange(1, 86_400))
            if sold_at - clicked_at > dt.timedelta(days=days):
                clicked_at = None
        if rng.random() < SUB_ID_LOST:
            passed = None
        partner = self.partners[str(partner_code)]
        one = Commission(
            number=0,
            network=self.network,
            order_code=self._order_code(rng),
            program=program,
            partner=partner,
            partner_id=str(partner_id),
            campaign_code=_text(campaign_code),
            campaign_id=_text(campaign_id),
            creative_id=_text(creative_id),
            currency=account_currency(program),
            kind="sale",
            click_number=int(str(click_number)) if click_number is not None else None,
            click_source=_text(source),
            click_id=_text(click_id),
            network_click_id=_text(network_click_id),
            sub_id=_text(passed),
            clicked_at=clicked_at,
            sold_at=sold_at,
            locks_at=sold_at,
            country=_text(country),
            device=_text(device) or "desktop",
            referrer_url=_text(referrer_url),
            is_new_customer=rng.random() < 0.55,
            coupon=rng.choice(COUPONS) if self._has_coupon(partner) else None,
            token=token,
        )
        self._maybe_in_fold(one)
        items = rng.choice((1, 1, 1, 2, 3)) if self.network in BY_ITEM else 1
        parts = [
            replace(one, item=item, items=items, token=_mixed(token, item), changes=[])
            for item in range(1, items + 1)
        ]
        for part in parts:
            part.parts = parts
        return parts

    def _sold_at(self, clicked: dt.datetime, cookie_days: int) -> dt.datetime:
        """A time after the click, as the share of sales after their click has it."""
        rng = self.rng
        share = rng.random()
        day = 86_400.0
        if share < WITHIN_AN_HOUR:
            seconds = math.exp(rng.uniform(math.log(60), math.log(3_600)))
        elif share < WITHIN_A_DAY or cookie_days <= 1:
            seconds = rng.uniform(3_600, day)
        else:
            seconds = rng.uniform(day, cookie_days * day)
        return clicked.replace(microsecond=0) + dt.timedelta(seconds=int(seconds))

    def _has_coupon(self, partner: Partner) -> bool:
        return self.rng.random() < (0.6 if partner.partner_type == "coupon" else 0.08)

    def _order_code(self, rng: random.Random) -> str:
        return f"{rng.choice(('SO', 'WEB', 'W'))}-{rng.randrange(10**8, 10**9)}"

    def _maybe_in_fold(self, one: Commission) -> None:
        """Let some sales happen in the hour that the clocks of an account show twice."""
        for fold in self.folds:
            clicked = one.clicked_at
            if (
                self.fold_rows < 4
                and one.awin_zone == AWIN_ZONES[1]
                and one.is_media
                and clicked is not None
                and dt.timedelta() < fold - dt.timedelta(hours=1) - clicked < dt.timedelta(days=30)
            ):
                self.fold_rows += 1
                # The first hour for even ones, its repetition for odd ones.
                hour = fold - dt.timedelta(hours=self.fold_rows % 2)
                one.sold_at = hour + dt.timedelta(seconds=self.rng.randrange(60, 3_540))
                one.is_in_fold = True

    def _bonus(self, like: Commission) -> Commission:
        """A reward for a partner's performance: no sale, no click."""
        rng = self.rng
        return replace(
            like,
            kind="bonus", order_code="", click_number=None, click_source=None, click_id=None,
            network_click_id=None, sub_id=None, clicked_at=None, coupon=None, referrer_url=None,
            campaign_code=None, campaign_id=None, creative_id=None, is_in_fold=False,
            sold_at=self.start + dt.timedelta(
                seconds=rng.randrange(int((self.end - self.start).total_seconds()))
            ),
            token=f"{rng.getrandbits(128):032x}", changes=[],
        )  # fmt: skip

    def _live(self, one: Commission) -> None:
        """Make the changes of a commission up to the end of the demo."""
        rng = self.rng
        currency, program = one.currency, one.program
        rate = Decimal(program.commission_rate)
        fee_rate = Decimal(FEES.get(self.network, "0"))

        def valued(state: State, sale: Decimal) -> State:
            commission = money(sale * rate, currency)
            fee = money(commission * fee_rate, currency)
            return replace(state, sale=sale, commission=commission, fee=fee)

        if one.kind != "sale":
            bonus = money(Decimal(rng.randrange(25, 250)) * Decimal(DOLLAR_IN[currency]), currency)
            state = State("pending", money(0, currency), bonus, money(bonus * fee_rate, currency))
            if one.kind == "test":
                one.changes = [Change(one.sold_at, "tracked", replace(state, status="test"))]
                return
            if self.network == "tune":
                # An adjustment by hand is never pending.
                state = replace(state, status="approved", approved_at=one.sold_at)
        else:
            median, spread = ORDERS[program.advertiser.vertical]
            value = math.exp(rng.gauss(math.log(median / one.items), spread))
            sale = money(max(1.0, value) * float(DOLLAR_IN[currency]), currency)
            state = valued(State("pending", ZERO, ZERO, ZERO), sale)
        day = dt.timedelta(days=1)
        lock_day = dt.datetime.combine((one.sold_at + program.lock_days * day).date(), dt.time(2))
        one.locks_at = lock_day + dt.timedelta(seconds=one.number % 3_600)
        steps: list[tuple[dt.datetime, str]] = []
        decision, last_day = "approved", program.lock_days - 1
        decided_at = one.locks_at
        if one.kind == "sale":
            if rng.random() < AMENDED:
                steps.append((one.sold_at + rng.uniform(0.5, 9) * day, "amended"))
            if rng.random() < REFUNDED:
                steps.append((one.sold_at + rng.uniform(2, last_day) * day, "refunded"))
            if rng.random() < REVERSED:
                decision = "reversed"
                decided_at = one.sold_at + rng.uniform(1, last_day) * day
            elif self.network == "awin" and one.number % DELETED_ONE_IN == 7:
                decision = "deleted"
                decided_at = one.sold_at + rng.uniform(1, 5) * day
            elif rng.random() < EXTENDED:
                steps.append((one.locks_at, "extended"))
                decided_at = one.locks_at + 31 * day
                one.locks_at = decided_at
        steps = [step for step in steps if step[0] < decided_at]
        steps.append((decided_at, decision))
        if decision == "approved":
            month = (decided_at.replace(day=1) + 32 * day).replace(day=20)
            steps.append((dt.datetime.combine(month.date(), dt.time(6)), "paid"))
        one.changes = [Change(one.sold_at, "tracked", state)]
        for at, kind in sorted(steps):
            at = at.replace(microsecond=0)
            at = max(at, one.changes[-1].at + dt.timedelta(minutes=1))
            if at >= self.end:
                break
            match kind:
                case "amended" | "refunded":
                    factor = rng.uniform(1.1, 1.5) if kind == "amended" else rng.uniform(0.3, 0.9)
                    old = state
                    state = replace(
                        valued(state, money(float(state.sale) * factor, currency)),
                        is_amended=True, old_sale=old.sale, old_commission=old.commission,
                        reason="partial return" if kind == "refunded" else "order amended",
                    )  # fmt: skip
                case "reversed" | "deleted":
                    state = replace(state, status=kind, reason=rng.choice(REASONS), decided_at=at)
                case "extended":
                    state = replace(state, is_extended=True)
                case "approved":
                    state = replace(state, status="approved", approved_at=at, decided_at=at)
                case "paid":
                    state = replace(state, paid_at=at, payment_code=payment_code(one, at))
            one.changes.append(Change(at, kind, state))


def payment_code(one: Commission, at: dt.datetime) -> str:
    """The number of the payment of a network to an account, in a currency and a month."""
    currency = list(DOLLAR_IN).index(one.currency) + 1
    # Partners that are not ours are paid by themselves.
    account = AWIN_ZONES.index(one.awin_zone) + 1 if one.network == "awin" else 1
    if one.network in ("awin", "cj") and not one.is_media:
        account = 0
    return f"{list(NETWORKS).index(one.network) + 10}{at:%y%m}{currency}{account}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _mixed(token: str, item: int) -> str:
    """A token of its own for each part of an order."""
    return token if item == 1 else hashlib.sha256(f"{token}/{item}".encode()).hexdigest()[:32]
