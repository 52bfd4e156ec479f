"""The commission ledger worked out observation by observation: nothing here is shared with the SQL.

An observation that sets an amount says the whole of it; one that adds says what a record of the
network is worth, and what the same record was worth before is taken off. What an observation does
not say stays as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

AMOUNTS = ("sale", "commission", "network_fee")
Amounts = tuple[Decimal | None, Decimal | None, Decimal | None]
Sums = tuple[Decimal, Decimal, Decimal]
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Observation:
    """What one line of one pull says of a commission.

    Attributes:
        commission: its key.
        feed: key of the seed `commission_feeds`; `mode` is what the seed says of it.
        record: the network's id of the record, for feeds that append.
        status: ours, as the seed `commission_statuses` translates the network's word.
        word: the network's word.
        amounts: sale, commission and network fee; None where the line does not say it.
        modified_at: the network's own time of the change, if it has one.
        pulled_at: when the file was made.
    """

    commission: int
    feed: str
    mode: str
    record: str | None
    status: str
    word: str
    currency: str | None
    amounts: Amounts
    modified_at: dt.datetime | None
    pulled_at: dt.datetime
    paid_at: dt.datetime | None
    file_id: int
    line_number: int

    @property
    def order(self) -> tuple[object, ...]:
        """The network's own time before that of the pull, and the rest only to be definite."""
        moment = self.modified_at or self.pulled_at
        return (moment, self.pulled_at, self.feed, self.file_id, self.line_number)


@dataclass(frozen=True)
class Entry:
    """A row of the ledger."""

    commission: int
    currency: str | None
    place: int
    change_type: str
    status: str
    amounts: Sums
    pulled_at: dt.datetime


def expected_entries(observations: Sequence[Observation]) -> list[Entry]:
    """The entries of all commissions, by commission, place and currency."""
    found: list[Entry] = []
    for commission in sorted({one.commission for one in observations}):
        found += _entries_of_one([o for o in observations if o.commission == commission])
    return sorted(found, key=lambda e: (e.commission, e.place, e.currency or ""))


def expected_sums(observations: Sequence[Observation]) -> dict[tuple[int, str | None], Sums]:
    """The levels at the end, by commission and currency, without those that are nothing."""
    sums: dict[tuple[int, str | None], Sums] = {}
    for entry in expected_entries(observations):
        key = (entry.commission, entry.currency)
        before = sums.get(key, (NOTHING,) * 3)
        sums[key] = tuple(a + b for a, b in zip(before, entry.amounts, strict=True))  # type: ignore[assignment]
    return sums


def _entries_of_one(observations: list[Observation]) -> list[Entry]:
    currencies = sorted({o.currency for o in observations if o.currency})
    levels: dict[str, list[Decimal]] = {}
    worth_before: dict[str, bool] = {}
    said: dict[tuple[str, str | None], list[Decimal]] = {}
    entries: list[Entry] = []
    status: str | None = None
    currency_before: str | None = None
    paid = False
    accounted = False
    for place, seen in enumerate(sorted(observations, key=lambda o: o.order), 1):
        if seen.mode == "append" and accounted:
            continue
        currency = seen.currency or (currencies[-1] if currencies else "")
        for one in (*currencies, currency):
            levels.setdefault(one, [NOTHING] * 3)
        before = {one: tuple(level) for one, level in levels.items()}
        sets = seen.mode == "state" or (seen.mode == "final" and not accounted)
        accounted = accounted or seen.mode == "final"
        record = said.setdefault((currency, seen.record), [NOTHING] * 3)
        for number, amount in enumerate(seen.amounts):
            if amount is None:
                continue
            if sets:
                for one in levels:
                    levels[one][number] = amount if one == currency else NOTHING
            else:
                levels[currency][number] += amount - record[number]
            record[number] = amount
        nothing_left = levels[currency][0] == 0 and levels[currency][1] == 0
        if not nothing_left:
            worth_before[currency] = True
        new_status = seen.status
        if (
            seen.mode != "state"
            and nothing_left
            and worth_before.get(currency)
            and seen.status in ("pending", "approved")
        ):
            new_status = "reversed"
        newly_paid = seen.paid_at is not None and not paid
        paid = paid or newly_paid
        if currency_before is not None and currency != currency_before:
            change = "restated"
        elif place == 1:
            change = "created"
        elif new_status != status:
            change = "reopened" if new_status == "pending" else new_status
        else:
            change = "paid" if newly_paid else "amended"
        for one, level in levels.items():
            moved = tuple(a - b for a, b in zip(level, before[one], strict=True))
            own = one == currency
            if any(moved) or (own and (new_status != status or newly_paid)):
                entries.append(
                    Entry(
                        seen.commission,
                        one or None,
                        place,
                        change if own else "restated",
                        new_status if own else seen.status,
                        moved,  # type: ignore[arg-type]
                        seen.pulled_at,
                    )
                )
        status, currency_before = new_status, currency
    return entries
