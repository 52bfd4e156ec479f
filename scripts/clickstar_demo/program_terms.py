"""The terms of Awin's programs, as its publisher API describes them to two accounts of ours.

Each pull is a whole list of an account's programs. Between pulls some rates rise or fall, Awin's
own figures move every time, one program leaves and one only joins later.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from clickstar_demo.world import Program, World

# The accounts of the publisher, and how many of the network's programs each has joined.
ACCOUNTS = {"610101": 1.0, "610102": 0.5}
# The days of the pulls, before the demo's end.
PULLED_BEFORE = (42, 21, 0)
Record = dict[str, object]


def write_program_terms(
    world: World, first_day: dt.date, days: int, seed: int, folder: Path
) -> Iterator[tuple[Path, int]]:
    """Write a file per account and pull below the folder of Awin; (path, records) of each."""
    end = first_day + dt.timedelta(days=days)
    programs = [program for program in world.programs if program.network == "awin"]
    for account, share in ACCOUNTS.items():
        joined = programs[: max(1, round(len(programs) * share))]
        for number, before in enumerate(PULLED_BEFORE):
            day = end - dt.timedelta(days=before)
            if day <= first_day:
                continue
            records = [
                _described(program, account, number, seed)
                for position, program in enumerate(joined)
                if not _is_absent(position, number, len(joined))
            ]
            pull = folder / f"programme_details/account={account}/full=true/pulled_at={day:%Y%m%d}"
            path = Path(f"{pull}T043000Z") / "programme_details.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
            yield path, len(records)


def _is_absent(position: int, pull: int, joined: int) -> bool:
    """Whether the account's program is not in the pull: one leaves, one joins late."""
    last = len(PULLED_BEFORE) - 1
    return joined > 2 and ((position == 1 and pull == last) or (position == 2 and pull == 0))


def _described(program: Program, account: str, pull: int, seed: int) -> Record:
    """The answer about a program."""
    terms = random.Random(f"{seed}/terms/{account}/{program.code}")
    rate = Decimal(program.commission_rate) * 100
    for _ in range(pull):
        if terms.random() < 0.25:
            rate = (rate * Decimal(terms.choice(("0.8", "1.25")))).quantize(Decimal("0.01"))
    ranges: list[Record] = [
        {"min": float(rate), "max": float(rate + terms.choice((0, 0, 1, 3))), "type": "percentage"}
    ]
    if terms.random() < 0.2:
        ranges.append({"min": 1.5, "max": 15, "type": "amount"})
    figures = random.Random(f"{seed}/figures/{account}/{program.code}/{pull}")
    advertiser = program.advertiser
    return {
        "programmeInfo": {
            "id": int(program.advertiser_id),
            "name": program.name,
            "displayUrl": f"https://www.{advertiser.domain}",
            "clickThroughUrl": f"https://www.{advertiser.domain}/?from={account}",
            "currencyCode": program.currency,
            "deeplinkEnabled": terms.random() < 0.8,
            "description": f"Earn with {advertiser.name}.",
            "membershipStatus": "joined",
            "primaryRegion": {"name": advertiser.country, "countryCode": advertiser.country},
            "primarySector": advertiser.vertical,
            "validDomains": [{"domain": advertiser.domain}],
        },
        "kpi": {
            "averagePaymentTime": str(figures.randrange(20, 70)),
            "approvalPercentage": round(figures.uniform(70, 99), 2),
            "epc": round(figures.uniform(0.05, 0.9), 2),
            "conversionRate": round(figures.uniform(0.5, 5), 2),
            "validationDays": figures.randrange(10, 60),
            "awinIndex": round(figures.uniform(20, 99), 2),
        },
        "commissionRange": ranges,
    }
