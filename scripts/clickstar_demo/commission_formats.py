"""How each network writes a commission: fields and shapes are those of the vendors' answers.

A `Feed` says which commissions it tells of, how often it is pulled, and what it says of each: the
present state (`state_rows`), or the records since the pull before (the other functions).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from clickstar_demo.commissions import Commission, State, draw, money

Record = dict[str, object]
NEW_YORK, DENVER, LONDON, UTC = "America/New_York", "America/Denver", "Europe/London", "UTC"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Row:
    """A record and what it says, in the words of the warehouse."""

    record: Record
    code: str
    status: str
    sale: Decimal
    commission: Decimal
    currency: str
    fee: Decimal | None = None
    record_code: str | None = None
    is_money: bool = True


@dataclass(frozen=True)
class Window:
    """A pull: what changed from `since` on and before `until`, as it stood then."""

    since: dt.datetime
    until: dt.datetime
    zone: str

    def has(self, moment: dt.datetime | None) -> bool:
        """Whether a moment lies in it."""
        return moment is not None and self.since <= moment < self.until

    def before(self, moment: dt.datetime | None) -> dt.datetime | None:
        """A moment, when it had come by then."""
        return moment if moment is not None and moment < self.until else None


@dataclass(frozen=True)
class Feed:
    """One kind of pull of one account."""

    name: str
    rows: Callable[[Commission, Window], Iterable[Row]]
    document: Callable[[Sequence[Record | str]], str]
    suffix: str
    damage: Callable[[Record], Record | str]
    """A record that the loader must refuse, made of a good one."""
    side: str = "publisher"
    account: str = ""
    currency: str = ""
    """The account's currency, where the records do not say it."""
    zone: str = UTC
    names_zone: bool = False
    """The path says the time zone: the file's times are naive."""
    step: int = 14
    """Days from one pull to the next."""
    overlap: int = 7
    """Days of the pull before that a pull tells again."""
    lag: int = 0
    """Days that the feed is behind."""
    is_money: bool = True
    """Its records are commissions, and not what may become some."""
    takes: Callable[[Commission], bool] = lambda _: True
    extra: Callable[[Sequence[Commission], Window], Iterable[Row]] = lambda _all, _window: ()
    """Records that are no commissions."""

    @property
    def network(self) -> str:
        """The network's code."""
        return self.name.split(".")[0]


# ------------------------------------------------------------------------------------ small things
def number(amount: Decimal | None) -> float | int | None:
    """An amount as a JSON number."""
    return None if amount is None else float(amount)


def naive(moment: dt.datetime | None, zone: str, form: str) -> str | None:
    """A moment as the clocks of a zone show it, without saying which zone."""
    if moment is None:
        return None
    return moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).strftime(form)


def utc_text(moment: dt.datetime | None) -> str | None:
    """ISO 8601 with Z."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def offset_text(moment: dt.datetime | None) -> str:
    """ISO 8601 with the offset of New York; empty where there is none, as impact.com has it."""
    if moment is None:
        return ""
    local = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(NEW_YORK))
    return local.isoformat(timespec="seconds")


def epoch(moment: dt.datetime | None) -> int:
    """Seconds since 1970; 0 for none."""
    return 0 if moment is None else int(moment.replace(tzinfo=dt.UTC).timestamp())


def json_document(*path: str, **beside: object) -> Callable[[Sequence[Record | str]], str]:
    """A document that holds its records at the end of a path of names."""

    def document(records: Sequence[Record | str]) -> str:
        content: object = list(records)
        for depth, name in enumerate(reversed(path)):
            content = {**({} if depth else beside), name: content}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"

    return document


def csv_document(records: Sequence[Record | str]) -> str:
    """A CSV file with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for one in records[:1] if isinstance(one, dict) for name in one])
    for record in records:
        assert isinstance(record, dict)
        writer.writerow(["" if value is None else value for value in record.values()])
    return text.getvalue()


def xml_document(root: str, element: str) -> Callable[[Sequence[Record | str]], str]:
    """An XML document of flat records."""

    def document(records: Sequence[Record | str]) -> str:
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{root}>"]
        for record in records:
            assert isinstance(record, dict)
            fields = "".join(
                f"<{name}>{escape('' if value is None else str(value))}</{name}>"
                for name, value in record.items()
            )
            lines.append(f"<{element}>{fields}</{element}>")
        return "\n".join([*lines, f"</{root}>"]) + "\n"

    return document


def broken(name: str) -> Callable[[Record], Record]:
    """Damage: a time that is none."""

    def damage(record: Record) -> Record:
        return record | {name: "yesterday at noon"}

    return damage


def state_rows(
    row: Callable[[Commission, State, Window], Row],
) -> Callable[[Commission, Window], Iterable[Row]]:
    """A commission that changed in the window, as it stood at its end."""

    def rows(one: Commission, window: Window) -> Iterable[Row]:
        if any(window.has(change.at) for change in one.changes):
            state = one.at(window.until)
            assert state is not None
            yield row(one, state, window)

    return rows


def moved(one: Commission, window: Window) -> Iterable[tuple[int, dt.datetime, State, State]]:
    """The changes of amounts up to the window's end: number, time, state and the difference."""
    sale = commission = fee = ZERO
    for position, change in enumerate(one.changes):
        if change.at >= window.until:
            break
        state = change.state
        is_void = state.status in ("reversed", "deleted")
        new = (ZERO, ZERO, ZERO) if is_void else (state.sale, state.commission, state.fee)
        step = State(change.kind, new[0] - sale, new[1] - commission, new[2] - fee)
        sale, commission, fee = new
        yield position, change.at, state, step


def base36(value: int) -> str:
    """Digits and letters, as Partnerize's ids have them."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while value:
        value, rest = divmod(value, 36)
        text = digits[rest] + text
    return text or "0"


def dashed(token: str) -> str:
    """Hexadecimal digits as a UUID."""
    return "-".join((token[:8], token[8:12], token[12:16], token[16:20], token[20:]))


DEVICES = {"desktop": "Desktop", "mobile": "Mobile", "tablet": "Tablet", "tv": "TV"}


# ------------------------------------------------------------------------------------ CJ
CJ_REASONS = {
    "returned merchandise": "RETURNED_MERCHANDISE", "duplicate order": "DUPLICATED_ORDER",
    "order cancelled": "BOOKING_CANCELED", "out of stock": "CANT_SHIP_OR_SOLD_OUT",
}  # fmt: skip


CJ_VALIDATION = {
    "new": "PENDING", "extended": "PENDING", "locked": "ACCEPTED", "closed": "ACCEPTED",
}  # fmt: skip


def cj_posted_at(one: Commission, end: dt.datetime) -> dt.datetime:
    """When CJ has it: soon after the sale, days after it where the advertiser reports by file."""
    late = one.sold_at + dt.timedelta(days=9, minutes=one.number % 600)
    following = one.changes[1].at if len(one.changes) > 1 else end
    if draw("late", one.token) < 0.03 and late < min(following, end):
        return late
    soon = one.sold_at + dt.timedelta(minutes=1 + int(29 * draw("posted", one.token)))
    return min(soon, end - dt.timedelta(seconds=1))


def cj_rows(view: str, end: dt.datetime) -> Callable[[Commission, Window], Iterable[Row]]:
    """The original record; for a change one that takes back and one with the new amounts."""

    def status(one: Commission, window: Window) -> str:
        state = one.at(window.until) or one.final
        if state.paid_at:
            return "closed"
        if state.status == "approved" or one.locks_at < window.until:
            return "locked"
        return "extended" if state.is_extended else "new"

    def rows(one: Commission, window: Window) -> Iterable[Row]:
        first = 2_900_000_000 + one.number * 20
        records: list[tuple[int, dt.datetime, Decimal, Decimal, Decimal, str | None]] = []
        before = (ZERO, ZERO, ZERO)
        for position, change in enumerate(one.changes):
            state = change.state
            now = (state.sale, state.commission, state.fee)
            reason: str | None = CJ_REASONS.get(state.reason or "", "OTHER_REASON")
            if position == 0:
                records.append((first, cj_posted_at(one, end), *now, None))
                before = now
            elif change.kind in ("amended", "refunded", "reversed"):
                taken = (-before[0], -before[1], -before[2])
                records.append((first + 2 * position - 1, change.at, *taken, reason))
                if change.kind != "reversed":
                    records.append((first + 2 * position, change.at, *now, reason))
                before = now
        turns = [c.at for c in one.changes if c.kind in ("extended", "approved", "paid")]
        turned = any(window.has(at) for at in (*turns, one.locks_at))
        for record_id, posted_at, sale, commission, fee, why in records:
            if posted_at >= window.until or not (turned or window.has(posted_at)):
                continue
            word = status(one, window)
            is_void = (one.at(window.until) or one.final).status == "reversed"
            record: Record = {
                "commissionId": str(record_id),
                "originalActionId": str(first),
                "original": record_id == first,
                "correctionReason": why,
                "actionStatus": word,
                "validationStatus": "DECLINED" if is_void else CJ_VALIDATION[word],
                "lockingMethod": "FIXED_DURATION",
                "actionType": "bonus" if one.kind == "bonus" else "item_sale",
                "actionTrackerId": str(380_000 + int(one.program.advertiser_id) % 997),
                "actionTrackerName": "Sale",
                "advertiserId": one.program.advertiser_id,
                "advertiserName": one.program.advertiser_spelling,
                "publisherId": one.partner_id,
                "publisherName": one.partner_spelling,
                "websiteId": str(int(one.partner_id) + 90_000),
                "aid": one.creative_id,
                "orderId": one.order_code or None,
                "clickDate": utc_text(one.clicked_at),
                "clickReferringURL": one.referrer_url,
                "eventDate": utc_text(one.sold_at),
                "postingDate": utc_text(posted_at),
                "lockingDate": utc_text(one.locks_at),
                "saleAmountUsd": str(sale),
                "pubCommissionAmountUsd": str(commission),
                "orderDiscountUsd": "0.00",
                "coupon": one.coupon,
                "country": one.country,
                "isCrossDevice": one.number % 17 == 0,
                "initiatingDeviceType": one.device.upper(),
                "concludingDeviceType": one.device.upper(),
            }
            if view == "publisher":
                record |= {
                    "shopperId": one.sub_id,
                    "saleAmountPubCurrency": str(sale),
                    "pubCommissionAmountPubCurrency": str(commission),
                }
            else:
                record |= {
                    "advCommissionAmountUsd": str(commission),
                    "cjFeeUsd": str(fee),
                    "newToFile": one.is_new_customer,
                }
            yield Row(
                record, str(first), "declined" if is_void else word, sale, commission, "USD",
                fee if view == "advertiser" else None, str(record_id),
            )  # fmt: skip

    return rows


def cj_document(view: str) -> Callable[[Sequence[Record | str]], str]:
    """The answer of the GraphQL query."""

    def document(records: Sequence[Record | str]) -> str:
        last = max(str(one["commissionId"]) for one in records if isinstance(one, dict))
        answer = {
            "data": {
                f"{view}Commissions": {
                    "count": len(records), "payloadComplete": True, "maxCommissionId": last,
                    "records": list(records),
                }
            }
        }  # fmt: skip
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n"

    return document


# ------------------------------------------------------------------------------------ Awin
def awin_row(view: str) -> Callable[[Commission, State, Window], Row]:
    """A transaction as the sample of 2021 has it; the advertiser's view adds the network's fee."""

    def pair(amount: Decimal | None, currency: str) -> Record | None:
        return None if amount is None else {"amount": number(amount), "currency": currency}

    def row(one: Commission, state: State, window: Window) -> Row:
        local = "%Y-%m-%dT%H:%M:%S"
        currency = one.currency
        word = {"reversed": "declined"}.get(state.status, state.status)
        group = 290_000 + int(one.program.program_id)
        lapse = int((one.sold_at - one.clicked_at).total_seconds()) if one.clicked_at else 0
        # Halves of an order with more than one kind of goods; their sum is the sale.
        first = money(state.sale / 2, currency) if one.number % 6 == 0 else state.sale
        first_commission = (
            money(state.commission / 2, currency) if one.number % 6 == 0 else state.commission
        )
        parts = [
            {"commissionGroupId": group, "amount": number(first),
             "commissionAmount": number(first_commission), "advertiserCost": None,
             "commissionGroupCode": "DEFAULT", "commissionGroupName": "Default",
             "trackedParts": [{"code": "DEFAULT", "amount": number(first), "currency": currency}]}
        ]  # fmt: skip
        if one.number % 6 == 0:
            rest, rest_commission = state.sale - first, state.commission - first_commission
            parts.append(
                {"commissionGroupId": group + 1, "amount": number(rest),
                 "commissionAmount": number(rest_commission), "advertiserCost": None,
                 "commissionGroupCode": "SALE", "commissionGroupName": "Réduit",
                 "trackedParts": [{"code": "SALE", "amount": number(rest), "currency": currency}]}
            )  # fmt: skip
        original = one.changes[0].state.sale if state.is_amended else None
        site = f"https://www.{one.partner.sites[one.network]}/"
        record: Record = {
            "id": int(one.code),
            "url": site,
            "advertiserId": int(one.program.advertiser_id),
            "publisherId": int(one.partner_id),
            "commissionSharingPublisherId": None,
            "commissionSharingSelectedRatePublisherId": None,
            "campaign": one.campaign_id,
            "siteName": site,
            "commissionStatus": word,
            "commissionAmount": pair(state.commission, currency),
            "saleAmount": pair(state.sale, currency),
            "ipHash": str(int(one.token[:15], 16) - 2**59),
            "customerCountry": one.country,
            "clickRefs": {"clickRef": one.sub_id} if one.sub_id else None,
            "clickDate": naive(one.clicked_at, window.zone, local),
            "transactionDate": naive(one.sold_at, window.zone, local),
            "validationDate": naive(state.decided_at, window.zone, local),
            "type": "Bonus" if one.kind == "bonus" else "Commission group transaction",
            "declineReason": state.reason if word == "declined" else None,
            "voucherCodeUsed": one.coupon is not None,
            "voucherCode": one.coupon,
            "lapseTime": lapse,
            "amended": state.is_amended,
            "amendReason": state.reason if state.is_amended and word != "declined" else None,
            "oldSaleAmount": pair(state.old_sale, currency),
            "oldCommissionAmount": pair(state.old_commission, currency),
            "clickDevice": {"desktop": "Windows", "mobile": "iPhone"}.get(one.device, "iPad"),
            "transactionDevice": {"desktop": "Windows", "mobile": "iPhone"}.get(one.device, "iPad"),
            "customerAcquisition": "NEW" if one.is_new_customer else "RETURNING",
            "publisherUrl": one.referrer_url or f"https://www.{one.partner.domain}/",
            "advertiserCountry": one.program.advertiser.country,
            "orderRef": one.order_code or None,
            "customParameters": None,
            "transactionParts": parts,
            "paidToPublisher": state.paid_at is not None,
            "paymentId": int(state.payment_code or 0),
            "transactionQueryId": 0,
            "originalSaleAmount": pair(original, currency),
            "advertiserCost": {"amount": None, "currency": None},
            "basketProducts": [],
        }  # fmt: skip
        if view == "advertiser":
            record["networkFee"] = pair(state.fee, currency)
        return Row(
            record, one.code, word, state.sale, state.commission, currency,
            state.fee if view == "advertiser" else None,
        )  # fmt: skip

    return row


# ------------------------------------------------------------------------------------ impact.com
def impact_row(one: Commission, state: State, window: Window) -> Row:
    """An action: a reversed one keeps what was intended and earns nothing."""
    is_void = state.status == "reversed"
    zero = money(0, one.currency)
    sale, payout = (zero, zero) if is_void else (state.sale, state.commission)
    steps = list(moved(one, window))
    first = one.changes[0].state
    last = steps[-1][3]
    program = one.program
    record: Record = {
        "Id": one.code,
        "CampaignId": program.program_id,
        "CampaignName": program.spelling,
        "ActionTrackerId": str(2_000 + int(program.program_id)),
        "ActionTrackerName": "Bonus" if one.kind == "bonus" else "Sale",
        "MediaPartnerId": one.partner_id,
        "MediaPartnerName": one.partner_spelling,
        "State": state.status.upper(),
        "AdId": one.creative_id or "",
        "Payout": str(payout),
        "DeltaPayout": str(last.commission),
        "IntendedPayout": str(first.commission),
        "Amount": str(sale),
        "DeltaAmount": str(last.sale),
        "IntendedAmount": str(first.sale),
        "Currency": one.currency,
        "ReferringDate": offset_text(one.clicked_at),
        "EventDate": offset_text(one.sold_at),
        "CreationDate": offset_text(one.sold_at + dt.timedelta(minutes=9)),
        "LockingDate": offset_text(one.locks_at),
        "ClearedDate": offset_text(state.paid_at),
        "ReferringType": "PROMOCODE" if one.clicked_at is None and one.coupon else "CLICK_COOKIE",
        "ReferringDomain": (one.referrer_url or "").split("/")[2] if one.referrer_url else "",
        "EventCode": "",
        "PromoCode": one.coupon or "",
        "Oid": one.order_code,
        "CustomerArea": "",
        "CustomerCity": "",
        "CustomerRegion": "",
        "CustomerCountry": one.country or "",
        "CustomerStatus": "NEW" if one.is_new_customer else "RETURNING",
        "SharedId": "",
        "SubId1": one.sub_id or "",
        "SubId2": "",
        "SubId3": "",
        "Uri": f"/Mediapartners/IRDEMO/Actions/{one.code}",
    }
    return Row(record, one.code, state.status, sale, payout, one.currency)


def impact_updates(one: Commission, window: Window) -> Iterable[Row]:
    """One record per change with the differences; the sum of them is what the action earns."""
    for position, at, state, step in moved(one, window):
        if not window.has(at):
            continue
        record_code = f"{one.code}.{10_000_000 + position}"
        record: Record = {
            "Id": record_code,
            "ActionId": one.code,
            "CampaignId": one.program.program_id,
            "MediaPartnerId": one.partner_id,
            "ActionTrackerId": str(2_000 + int(one.program.program_id)),
            "EventCode": "",
            "State": state.status.upper(),
            "StateDetail": {"extended": "EXTENDED", "paid": "PAID"}.get(step.status, ""),
            "StateDetailDescription": state.reason or "",
            "AdId": one.creative_id or "",
            "ReportingState": "IR_BLANK",
            "DeltaPayout": str(step.commission),
            "DeltaAmount": str(step.sale),
            "Currency": one.currency,
            "Category": one.program.advertiser.vertical,
            "Sku": f"SKU-{one.number % 900}",
            "Quantity": "1",
            "UpdateDate": offset_text(at),
            "ActionDate": offset_text(one.sold_at),
            "LockingDate": offset_text(one.locks_at),
            "ClearingDate": offset_text(state.paid_at),
            "Oid": one.order_code,
            "SubId1": one.sub_id or "",
            "SubId2": "",
            "SubId3": "",
            "PaystubId": state.payment_code or "",
            "ContractId": f"S-{7_000_000 + int(one.program.program_id)}",
            "EventTypeId": str(2_000 + int(one.program.program_id)),
            "EventTypeName": "Bonus" if one.kind == "bonus" else "Sale",
            "PayoutLevel": "ORDER",
            "SharedId": "",
            "ActionUri": f"/Mediapartners/IRDEMO/Actions/{one.code}",
            "Uri": f"/Mediapartners/IRDEMO/ActionUpdates/{record_code}",
        }
        yield Row(
            record, one.code, state.status, step.sale, step.commission, one.currency,
            record_code=record_code,
        )  # fmt: skip


# ------------------------------------------------------------------------------------ Partnerize
def partnerize_rows(one: Commission, window: Window) -> Iterable[Row]:
    """An item of a conversion; a conversion that changed comes with all its items."""
    if not any(window.has(change.at) for part in one.parts for change in part.changes):
        return
    state = one.at(window.until)
    assert state is not None
    local = "%Y-%m-%d %H:%M:%S"

    def time(moment: dt.datetime | None) -> str | None:
        return naive(moment, window.zone, local)

    changed_at = max(change.at for change in one.changes if change.at < window.until)
    modified_at = max(
        change.at for part in one.parts for change in part.changes if change.at < window.until
    )
    word = {"reversed": "rejected"}.get(state.status, state.status)
    device = {"desktop": 2, "mobile": 1}.get(one.device, 3)
    referer = one.referrer_url or ""
    clickref = one.network_click_id or f"1011l{one.parts[0].token[:14]}"
    common = {
        "campaign_id": one.program.program_id,
        "publisher_id": one.partner_id,
        "creative_type": 0,
        "creative_id": one.creative_id or 0,
        "specific_creative_id": 0,
        "publisher_reference": one.sub_id or "",
        "ref_device_id": device,
        "ref_traffic_source_id": 3,
        "ref_partnership_model_id": 2,
        "ref_user_context_id": 2,
        "ref_device": DEVICES.get(one.device, "Desktop"),
        "ref_traffic_source": "Affiliate",
        "ref_partnership_model": "CPA",
        "ref_user_context": "Web",
        "clickref": clickref,
    }
    lag = int((one.sold_at - one.clicked_at).total_seconds()) if one.clicked_at else 0
    conversion = common | {
        "conversion_id": f"1011l{one.order_code.rpartition('-')[2]}",
        "conversion_time": time(one.sold_at),
        "currency": one.currency,
        "advertiser_reference": "",
        "conversion_reference": one.order_code,
        "customer_type": "new" if one.is_new_customer else "returning",
        "referer_ip": f"198.18.{one.number % 256}.{one.number % 251}",
        "source_referer": referer,
        "last_modified": time(modified_at),
        "conversion_type": 1,
        "country": one.country,
        "customer_reference": f"customer-{one.parts[0].token[:10]}",
        "ref_conversion_metric_id": 2,
        "ref_conversion_metric": "Standard",
        "campaign_title": one.program.spelling,
        "publisher_name": one.partner_spelling,
        "meta_data": {"basket": str(len(one.parts))},
        "was_disputed": one.number % 97 == 0,
        "conversion_lag": lag,
        "click": common | {
            "type": "standard",
            "status": "nibbled",
            "set_time": time(one.clicked_at),
            "set_ip": f"198.18.{one.number % 256}.{one.number % 251}",
            "last_used": epoch(one.sold_at),
            "last_ip": f"198.18.{one.number % 256}.{one.number % 251}",
            "referer": referer,
        },
    }  # fmt: skip
    item: Record = {
        "conversion_item_id": one.code,
        "sku": 100 + one.number % 900,
        "category": one.program.advertiser.vertical,
        "item_value": number(state.sale),
        "item_publisher_commission": number(state.commission),
        "item_status": word,
        "last_update": time(changed_at),
        "publisher_self_bill_id": state.payment_code,
        "approved_at": time(state.approved_at),
        "item_status_id": {"pending": 1, "approved": 2, "rejected": 3}[word],
        "reject_reason": state.reason if word == "rejected" else None,
        "voucher_codes": [one.coupon] if one.coupon else [],
        "meta_data": [],
        "payable": state.approved_at is not None,
    }
    yield Row(
        {"conversion": conversion, "item": item}, one.code, word, state.sale, state.commission,
        one.currency,
    )  # fmt: skip


def partnerize_document(records: Sequence[Record | str]) -> str:
    """The conversions with their items inside."""
    conversions: list[Record] = []
    for record in records:
        assert isinstance(record, dict)
        head, item = record["conversion"], record["item"]
        assert isinstance(head, dict)
        last = conversions[-1] if conversions else None
        if last is None or any(
            last[name] != head[name] for name in ("conversion_id", "conversion_time")
        ):
            conversions.append(head | {"conversion_items": []})
        items = conversions[-1]["conversion_items"]
        assert isinstance(items, list)
        items.append(item)
    for conversion in conversions:
        items = conversion["conversion_items"]
        assert isinstance(items, list)
        words = {item["item_status"] for item in items}
        digits = 3
        conversion["conversion_value"] = {
            "conversion_status": words.pop() if len(words) == 1 else "mixed",
            "value": round(sum(item["item_value"] for item in items), digits),
            "publisher_commission": round(
                sum(item["item_publisher_commission"] for item in items), digits
            ),
        }
    document = json_document("conversions", count=len(conversions), limit=300, offset=0)
    return document([{"conversion_data": conversion} for conversion in conversions])


def partnerize_damage(record: Record) -> Record:
    """Damage: a conversion at no time."""
    head = record["conversion"]
    assert isinstance(head, dict)
    return record | {"conversion": head | {"conversion_time": "yesterday at noon"}}


# ------------------------------------------------------------------------------------ Everflow
def everflow_record(one: Commission, state: State, word: str) -> Record:
    """A conversion; its click is known by the transaction id."""
    address = f"198.18.{one.number % 256}.{one.number % 251}"
    return {
        "conversion_id": one.code,
        "transaction_id": one.network_click_id or f"{int(one.token, 16) ^ 1:032x}",
        "conversion_unix_timestamp": epoch(one.sold_at),
        "click_unix_timestamp": epoch(one.clicked_at),
        "status": word,
        "payout": number(state.commission),
        "revenue": number(state.commission + state.fee),
        "sale_amount": number(state.sale),
        "payout_type": "cpa" if one.kind == "bonus" else "cps",
        "revenue_type": "rpa" if one.kind == "bonus" else "rps",
        "currency_id": one.currency,
        "source_id": one.partner.code.lower(),
        "sub1": one.sub_id or "", "sub2": "", "sub3": "", "sub4": "", "sub5": "",
        "adv1": "", "adv2": "", "adv3": "", "adv4": "", "adv5": "",
        "is_event": False,
        "event": "",
        "is_scrub": False,
        "is_view_through": False,
        "error_code": 0,
        "error_message": state.reason if word in ("rejected", "invalid") else "",
        "order_id": one.order_code,
        "coupon_code": one.coupon or "",
        "country": one.country or "",
        "device_type": DEVICES.get(one.device, "Desktop"),
        "session_user_ip": address,
        "conversion_user_ip": address,
        "http_user_agent": "",
        "referer": one.referrer_url or "",
        "relationship": {
            "offer": {
                "network_offer_id": int(one.program.program_id), "name": one.program.spelling,
            },
            "advertiser": {
                "network_advertiser_id": int(one.program.advertiser_id),
                "name": one.program.advertiser_spelling,
            },
            "affiliate": {
                "network_affiliate_id": int(one.partner_id), "name": one.partner_spelling,
            },
            "campaign": {"network_campaign_id": int(one.campaign_id or 0)},
        },
    }  # fmt: skip


def everflow_rows(one: Commission, window: Window) -> Iterable[Row]:
    """The conversion as it stands, and of some an event that shares its transaction id."""
    if not any(window.has(change.at) for change in one.changes):
        return
    state = one.at(window.until)
    assert state is not None
    word = {"reversed": "rejected", "pending": "on_hold" if state.is_extended else "pending"}.get(
        state.status, state.status
    )
    if state.reason == "duplicate order" and word == "rejected":
        word = "invalid"
    record = everflow_record(one, state, word)
    yield Row(
        record, one.code, word, state.sale, state.commission, one.currency, state.fee
    )  # fmt: skip
    if one.number % 12 == 0 and one.kind == "sale":
        event_id = f"{int(one.token, 16) ^ 2:032x}"
        event = record | {
            "conversion_id": event_id, "is_event": True, "event": "newsletter", "payout": 0,
            "revenue": 0,
        }  # fmt: skip
        yield Row(event, event_id, word, ZERO, ZERO, one.currency, is_money=False)


# ------------------------------------------------------------------------------------ TUNE
def tune_row(one: Commission, state: State, window: Window) -> Row:
    """A conversion; the code tells tests and adjustments by hand."""
    local = "%Y-%m-%d %H:%M:%S"
    word = {"reversed": "rejected", "test": "approved"}.get(state.status, state.status)
    code = {"approved": 41, "rejected": 12, "pending": 0}[word]
    status = word
    if one.kind == "bonus":
        code, status = 52, "adjustment"
    elif one.kind == "test":
        code, status = 22, "test"
    offer, advertiser = one.program.program_id, one.program.advertiser_id
    record: Record = {
        "Stat": {
            "tune_event_id": one.code,
            "id": str(5_000_000 + one.number),
            "ad_id": f"102{one.token[3:29]}",
            "datetime": naive(one.sold_at, window.zone, local),
            "session_datetime": naive(one.clicked_at, window.zone, local) or "0000-00-00 00:00:00",
            "status": word,
            "status_code": str(code),
            "payout": str(state.commission),
            "revenue": str(state.commission + state.fee),
            "sale_amount": str(state.sale),
            "currency": one.currency,
            "offer_id": offer,
            "advertiser_id": advertiser,
            "affiliate_id": one.partner_id,
            "affiliate_info1": one.sub_id or "", "affiliate_info2": "", "affiliate_info3": "",
            "affiliate_info4": "", "affiliate_info5": "",
            "advertiser_info": one.order_code,
            "payout_type": "cpa_percentage",
            "revenue_type": "cpa_percentage",
            "promo_code": one.coupon or "",
            "country_code": one.country or "",
            "refer": one.referrer_url or "",
            "ip": f"198.18.{one.number % 256}.{one.number % 251}",
            "is_adjustment": "1" if one.kind == "bonus" else "0",
        },
        "Offer": {"id": offer, "name": one.program.spelling},
        "Affiliate": {"id": one.partner_id, "company": one.partner_spelling},
        "Advertiser": {"id": advertiser, "company": one.program.advertiser_spelling},
    }  # fmt: skip
    return Row(record, one.code, status, state.sale, state.commission, one.currency, state.fee)


def tune_damage(record: Record) -> Record:
    """Damage: a conversion at no time."""
    stat = record["Stat"]
    assert isinstance(stat, dict)
    return record | {"Stat": stat | {"datetime": "yesterday at noon"}}


# ------------------------------------------------------------------------------------ Rakuten
def rakuten_sku(one: Commission) -> str:
    """The item's number with the advertiser."""
    return f"{one.program.advertiser.vertical[:2].upper()}{1000 + one.number % 9000}-{one.item}"


def rakuten_time(moment: dt.datetime) -> str:
    """As JavaScript writes a time."""
    return moment.strftime("%a %b %d %Y %H:%M:%S GMT+0000 (UTC)")


def rakuten_events(one: Commission, window: Window) -> Iterable[Row]:
    """A line per change of the amounts; some commissions are only estimated there."""
    for position, at, _, step in moved(one, window):
        if not window.has(at) or (position and not step.commission and not step.sale):
            continue
        commission = step.commission
        if position == 0 and draw("estimate", one.token) < 0.05:
            commission = money(commission * Decimal("1.1"), one.currency)
        record_code = f"{one.token[:24]}{position:02d}"
        record: Record = {
            "etransaction_id": record_code,
            "advertiser_id": one.program.advertiser_id,
            "sid": one.partner_id,
            "order_id": one.order_code,
            "offer_id": one.program.program_id,
            "sku_number": rakuten_sku(one),
            "sale_amount": number(step.sale),
            "quantity": -1 if step.sale < 0 else 1,
            "commissions": number(commission),
            "process_date": rakuten_time(at + dt.timedelta(minutes=2)),
            "transaction_date": rakuten_time(one.sold_at),
            "transaction_type": "batch" if position else "realtime",
            "product_name": f"{one.program.advertiser.vertical.title()} item {one.item}",
            "u1": one.sub_id or "",
            "currency": one.currency,
            "is_event": "N",
            "commission_list_id": str(100 + one.number % 7),
        }
        yield Row(
            record, one.code, str(record["transaction_type"]), step.sale, commission, one.currency,
            record_code=record_code,
        )  # fmt: skip
        if position == 0 and one.number % 15 == 0:
            event_id = f"{one.token[:24]}ev"
            event = record | {"etransaction_id": event_id, "is_event": "Y"}
            yield Row(
                event, one.code, "realtime", step.sale, commission, one.currency,
                record_code=event_id, is_money=False,
            )  # fmt: skip


def rakuten_signature(one: Commission, window: Window) -> Iterable[Row]:
    """The accounting feed: the same lines with the amounts that count."""
    for position, at, _, step in moved(one, window):
        if not window.has(at) or (position and not step.commission and not step.sale):
            continue
        processed = at + dt.timedelta(minutes=2)
        record: Record = {
            "Member ID (U1)": one.sub_id,
            "MID": one.program.advertiser_id,
            "Advertiser Name": one.program.advertiser_spelling,
            "Order ID": one.order_code,
            "Transaction Date": one.sold_at.strftime("%m/%d/%y"),
            "Transaction Time": one.sold_at.strftime("%H:%M:%S"),
            "SKU": rakuten_sku(one),
            "Sales": step.sale,
            "# of Items": -1 if step.sale < 0 else 1,
            "Total Commission": step.commission,
            "Process Date": processed.strftime("%m/%d/%y"),
            "Process Time": processed.strftime("%H:%M:%S"),
            "Currency": one.currency,
        }
        yield Row(
            record, one.code, "signature", step.sale, step.commission, one.currency,
            record_code=f"{one.token[:24]}{position:02d}",
        )  # fmt: skip


# ------------------------------------------------------------------------------------ ShareASale
def shareasale_row(one: Commission, state: State, window: Window) -> Row:
    """A line of the activity report; the status is in flags and dates."""
    day = "%Y-%m-%d"
    is_void = state.status == "reversed"
    is_locked = state.approved_at is not None
    word = "voided" if is_void else "locked" if is_locked else "open"

    def local(moment: dt.datetime | None, form: str) -> str:
        return naive(moment, window.zone, form) or ""

    record: Record = {
        "transid": one.code,
        "userid": one.partner_id,
        "merchantid": one.program.advertiser_id,
        "transdate": local(one.sold_at, "%m/%d/%Y %I:%M:%S %p"),
        "transamount": state.sale,
        "commission": state.commission,
        "comment": f"Sale - {one.order_code}",
        "voided": "1" if is_void else "",
        "pendingdate": "",
        "locked": "1" if is_locked else "",
        "affcomment": one.sub_id or "",
        "bannerpage": one.referrer_url or "",
        "reversaldate": local(state.decided_at if is_void else None, day),
        "clickdate": local(one.clicked_at, f"{day} 00:00:00.0"),
        "clicktime": local(one.clicked_at, "%I:%M:%S %p"),
        "bannerid": one.creative_id or "",
        "skulist": str(2_000_000 + one.number),
        "quantitylist": "1",
        "lockdate": local(one.locks_at, day),
        "paiddate": local(state.paid_at, day),
        "merchantorganization": one.program.advertiser_spelling,
        "merchantwebsite": f"www.{one.program.advertiser.domain}",
    }
    return Row(record, one.code, word, state.sale, state.commission, one.currency)


def shareasale_ledger(one: Commission, window: Window) -> Iterable[Row]:
    """Signed impacts on the account."""
    actions = {
        "tracked": "Transaction Created", "amended": "Transaction Edited",
        "refunded": "Transaction Edited", "reversed": "Transaction Voided",
    }  # fmt: skip
    for position, at, _, step in moved(one, window):
        if not window.has(at) or step.status not in actions:
            continue
        record_code = f"T-{900_000_000 + one.number * 10 + position}"
        record: Record = {
            "ledgerid": record_code,
            "dt": naive(at, window.zone, "%Y-%m-%d %H:%M:%S.0"),
            "action": actions[step.status],
            "transid": one.code,
            "transtype": "Sale",
            "impact": step.commission,
            "afftrack": one.sub_id or "",
            "comment": f"Sale - {one.order_code}",
            "merchantid": one.program.advertiser_id,
            "storeid": "",
            "orderimpact": step.sale,
            "ordernumber": one.order_code,
            "merchantorganization": one.program.advertiser_spelling,
        }
        yield Row(
            record, one.code, actions[step.status].lower(), step.sale, step.commission,
            one.currency, record_code=record_code,
        )  # fmt: skip


def shareasale_payments(commissions: Sequence[Commission], window: Window) -> Iterable[Row]:
    """The network's payments to the account: they lower its balance and earn nobody anything."""
    sums: dict[tuple[dt.datetime, str], Decimal] = {}
    for one in commissions:
        state = one.final
        if state.paid_at and state.payment_code and window.has(state.paid_at):
            key = (state.paid_at, state.payment_code)
            sums[key] = sums.get(key, ZERO) + state.commission
    for (at, code), amount in sorted(sums.items()):
        record: Record = {
            "ledgerid": f"T-{code}",
            "dt": naive(at, window.zone, "%Y-%m-%d %H:%M:%S.0"),
            "action": "Payment",
            "transid": code,
            "transtype": "Affiliate Payment",
            "impact": -amount,
            "afftrack": "",
            "comment": f"Payment {at:%m/%d} Commissions - ACH Deposit",
            "merchantid": "47",
            "storeid": "",
            "orderimpact": "0",
            "ordernumber": "",
            "merchantorganization": "shareasale.com",
        }
        yield Row(
            record, code, "payment", ZERO, -amount, "USD", record_code=f"T-{code}", is_money=False
        )


# ------------------------------------------------------------------------------------ Amazon
# Of nine orders, the one beside which another one was cancelled before it was shipped.
NEVER_SHIPPED = 4


def amazon_rows(one: Commission, window: Window) -> Iterable[Row]:
    """Lines of the earnings report: what shipped, and negative ones of what came back."""
    shipped_at = one.sold_at + dt.timedelta(days=1 + one.number % 3)
    for position, at, _, step in moved(one, window):
        # Nothing comes back before it was shipped.
        at = shipped_at if position == 0 else max(at, shipped_at + dt.timedelta(days=1))
        if not window.has(at) or (position and not step.commission and not step.sale):
            continue
        is_return = step.sale < 0
        record: Record = {
            "Category": one.program.advertiser.vertical.title(),
            "Name": f"{one.program.advertiser.name} item {one.number % 50}",
            "ASIN": f"B0{one.number % 50:08d}",
            "Seller": "Amazon.com" if one.number % 3 else one.program.advertiser.name,
            "Tracking ID": one.partner_id,
            "Date Shipped": at.strftime("%Y-%m-%d"),
            "Price($)": abs(step.sale),
            "Items Shipped": 0 if is_return else 1,
            "Returns": 1 if is_return else 0,
            "Revenue($)": step.sale,
            "Ad Fees($)": step.commission,
            "Device Type Group": "PHONE" if one.device == "mobile" else "DESKTOP",
        }
        yield Row(
            record, one.code, "returned" if is_return else "shipped", step.sale, step.commission,
            one.currency, record_code=f"{one.token[:24]}{position:02d}",
        )  # fmt: skip


def amazon_order(one: Commission, ordered_at: dt.datetime, *, ships: bool) -> Row:
    """A line of the orders report, which earns nothing: of what will be shipped, or never is."""
    price = one.changes[0].state.sale
    item = one.number % 50 if ships else (one.number * 7 + 1) % 50
    quantity = 1 if ships else 1 + one.number % 2
    record: Record = {
        "Category": one.program.advertiser.vertical.title(),
        "Name": f"{one.program.advertiser.name} item {item}",
        "ASIN": f"B0{item:08d}",
        "Date": ordered_at.strftime("%Y-%m-%d"),
        "Qty": quantity,
        "Price($)": price,
        "Link Type": ("Text Only", "Image", "Text and Image")[one.number % 3],
        "Tag": one.partner_id,
        # A cart holds more than what its link led to.
        "Indirect Sales": "Yes" if one.clicked_at is None or not ships else "No",
        "Device Type Group": "PHONE" if one.device == "mobile" else "DESKTOP",
    }
    return Row(
        record, one.code, "ordered", price * quantity, ZERO, one.currency,
        record_code=f"{one.token[:24]}{'or' if ships else 'ca'}", is_money=False,
    )  # fmt: skip


def amazon_orders(one: Commission, window: Window) -> Iterable[Row]:
    """Lines of the orders report, on the day of the order; now and then one that never ships."""
    if one.kind != "sale":
        return
    if window.has(one.sold_at):
        yield amazon_order(one, one.sold_at, ships=True)
    cancelled_at = one.sold_at + dt.timedelta(hours=3)
    if one.number % 9 == NEVER_SHIPPED and window.has(cancelled_at):
        yield amazon_order(one, cancelled_at, ships=False)


# ------------------------------------------------------------------------------------ eBay
def ebay_row(one: Commission, state: State, window: Window) -> Row:
    """A transaction as it stands, with its last step; a cancelled one stands at nothing."""
    local = "%Y-%m-%d %H:%M:%S"
    word = {"approved": "CLEARED", "reversed": "CANCELLED"}.get(state.status, "PENDING")
    if state.paid_at:
        word = "PAID"
    steps = list(moved(one, window))
    last = steps[-1][3]
    zero = money(0, one.currency)
    sale, earnings = (zero, zero) if word == "CANCELLED" else (state.sale, state.commission)
    record: Record = {
        "EventDate": naive(one.sold_at, window.zone, local),
        "UpdateDate": naive(steps[-1][1], window.zone, local),
        "ClickTimestamp": naive(one.clicked_at, window.zone, local),
        "EventName": "Sale",
        "Status": word,
        "CampaignId": one.partner_id,
        "CampaignName": one.partner.name,
        "CustomId": one.sub_id or "",
        "EpnTransactionId": one.code,
        "EbayCheckoutTransactionId": one.order_code,
        "CheckoutSite": one.program.advertiser.country,
        "ItemId": str(300_000_000_000 + one.number * 37),
        "ItemName": f"{one.program.advertiser.name} item {one.number % 50}",
        "VerticalCategory": one.program.advertiser.vertical.title(),
        "MetaCategoryName": one.program.advertiser.vertical.title(),
        "Sales": str(sale),
        "DeltaSales": str(last.sale),
        "Earnings": str(earnings),
        "DeltaEarnings": str(last.commission),
        "Quantity": 0 if word == "CANCELLED" else 1,
        "DeltaQuantity": -1 if last.status == "reversed" else int(len(steps) == 1),
    }
    return Row(record, one.code, word.lower(), sale, earnings, one.currency)


def ids(one: Commission) -> str:
    """The network's own id of a commission."""
    match one.network:
        case "cj":
            return str(2_900_000_000 + one.number * 20)
        case "awin":
            return str(1_400_000_000 + one.number * 7)
        case "impact":
            return f"{one.program.program_id}.4636.{100_000 + one.number}"
        case "partnerize":
            return f"1011l{base36(30_000_000 + one.number)}"
        case "everflow":
            return one.token
        case "tune":
            return dashed(one.token)
        case "shareasale" | "ebay":
            return str(180_000_000 + one.number * 11)
        case "rakuten":
            return f"{one.program.advertiser_id}|{one.order_code}|{rakuten_sku(one)}"
        case _:
            return one.token


def feeds(end: dt.datetime) -> list[Feed]:
    """Every feed of every account."""
    zone_1, zone_2 = "Europe/London", "Australia/Sydney"
    return [
        Feed(
            name="cj.publisher_commissions", account="4700101", step=21,
            rows=cj_rows("publisher", end), document=cj_document("publisher"),
            suffix=".json.gz", damage=broken("postingDate"), takes=lambda one: one.is_media,
        ),
        Feed(
            name="cj.advertiser_commissions", side="advertiser", account="5100202", step=30,
            rows=cj_rows("advertiser", end), document=cj_document("advertiser"),
            suffix=".json.gz", damage=broken("eventDate"), takes=lambda one: one.is_managed,
        ),
        *(
            Feed(
                name="awin.publisher_transactions", account=account, zone=zone, names_zone=True,
                step=step, rows=state_rows(awin_row("publisher")), document=json_list,
                suffix=".json.gz", damage=broken("transactionDate"),
                takes=lambda one, zone=zone: one.is_media and one.awin_zone == zone,  # type: ignore[misc]
            )
            for account, zone, step in (("610101", zone_1, 14), ("610102", zone_2, 30))
        ),
        Feed(
            name="awin.advertiser_transactions", side="advertiser", account="620201", zone=zone_1,
            names_zone=True, step=30, rows=state_rows(awin_row("advertiser")), document=json_list,
            suffix=".json.gz", damage=broken("transactionDate"), takes=lambda one: one.is_managed,
        ),
        Feed(
            name="impact.actions", account="IRDEMO", rows=state_rows(impact_row),
            document=json_document("Actions", **{"@page": "1", "@numpages": "1"}),
            suffix=".json.gz", damage=broken("EventDate"),
        ),
        Feed(
            name="impact.action_updates", account="IRDEMO", step=30, rows=impact_updates,
            document=json_document("ActionUpdates", **{"@page": "1", "@numpages": "1"}),
            suffix=".json.gz", damage=broken("UpdateDate"),
        ),
        Feed(
            name="rakuten.events", account="2200101", overlap=2, rows=rakuten_events,
            document=json_list, suffix=".json.gz", damage=broken("transaction_date"),
        ),
        Feed(
            name="rakuten.signature", account="2200101", step=30, overlap=3, lag=14,
            rows=rakuten_signature, document=csv_document, suffix=".csv",
            damage=broken("Transaction Date"),
        ),
        Feed(
            name="partnerize.conversions", account="1011l77", zone=LONDON, names_zone=True,
            rows=partnerize_rows, document=partnerize_document, suffix=".json.gz",
            damage=partnerize_damage,
        ),
        Feed(
            name="everflow.conversions", side="advertiser", account="301", rows=everflow_rows,
            document=json_document("conversions", paging={"page": 1, "page_size": 2000}),
            suffix=".json.gz", damage=broken("conversion_unix_timestamp"),
        ),
        Feed(
            name="tune.conversions", side="advertiser", account="demo", zone=NEW_YORK,
            names_zone=True, step=30, rows=state_rows(tune_row),
            document=json_document("response", "data", "data"), suffix=".json.gz",
            damage=tune_damage,
        ),
        Feed(
            name="shareasale.activity", account="775483", zone=NEW_YORK, names_zone=True, step=30,
            rows=state_rows(shareasale_row), suffix=".xml",
            document=xml_document("activitydetailsreport", "activitydetailsreportrecord"),
            damage=broken("transdate"),
        ),
        Feed(
            name="shareasale.ledger", account="775483", zone=NEW_YORK, names_zone=True, step=30,
            rows=shareasale_ledger, extra=shareasale_payments, suffix=".xml",
            document=xml_document("ledger", "ledgerrecord"), damage=broken("dt"),
        ),
        Feed(
            name="amazon.earnings", account="demo-20", step=30, overlap=0, rows=amazon_rows,
            document=csv_document, suffix=".csv", damage=broken("Date Shipped"),
        ),
        Feed(
            name="amazon.orders", account="demo-20", step=30, overlap=0, rows=amazon_orders,
            document=csv_document, suffix=".csv", damage=broken("Date"), is_money=False,
        ),
        Feed(
            name="ebay.transactions", account="5575001", currency="USD", zone=DENVER,
            names_zone=True, step=30, rows=state_rows(ebay_row),
            document=json_document("Records"), suffix=".json.gz", damage=broken("EventDate"),
        ),
    ]  # fmt: skip


def json_list(records: Sequence[Record | str]) -> str:
    """A list of records."""
    return json.dumps(list(records), ensure_ascii=False, separators=(",", ":")) + "\n"
