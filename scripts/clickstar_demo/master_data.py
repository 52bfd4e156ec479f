"""The history of the reference data: what the portal's database would have recorded.

Each row is the whole record after a change. Changes come back-dated, forward-dated, twice at the
same instant and without any difference; records are deleted and made again; about 85 % of the
networks' ids are mapped, some of them only up to a date (a closed network's merchants move to
another one).
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from clickstar_demo.events import OFFICES
from clickstar_demo.world import COUNTRIES, OBJECTIVES, PARTNER_TYPES, World

Fields = dict[str, str]

MAPPED = 0.85
# Of those of the others that somebody looked at.
IGNORED = 0.4
# Their reports name the advertiser by its program only.
NAMED_BY_PROGRAM = ("impact", "partnerize")
SECOND_PORTION_FROM = 0.6
# Network, side, id, currency and time zone of accounts that pulls are made from.
ACCOUNTS = (
    ("cj", "publisher", "4700101", "USD", "UTC"),
    ("cj", "advertiser", "5100202", "USD", "UTC"),
    ("awin", "publisher", "610101", "GBP", "Europe/London"),
    ("awin", "publisher", "610102", "AUD", "Australia/Sydney"),
    ("awin", "advertiser", "620201", "GBP", "Europe/London"),
    ("impact", "publisher", "IRDEMO", "USD", "America/New_York"),
    ("partnerize", "publisher", "1011l77", "GBP", "Europe/London"),
)

REASONS = {
    "create": ("imported from the old platform", "new contract signed"),
    "edit": ("requested by the account team", "corrected after review", "brand relaunch", ""),
    "nothing": ("saved again by the import",),
    "delete": ("entered twice", "contract ended"),
    "restore": ("contract renewed", "deleted by mistake"),
}


@dataclass
class Change:
    """One recorded change."""

    recorded_at: dt.datetime
    change_type: str
    effective_from: dt.datetime | None
    fields: Fields
    reason: str
    key: Fields = field(default_factory=dict)


def _text(moment: dt.datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


class Historian:
    """Makes the changes of records over the demo's time."""

    def __init__(
        self, first_day: dt.date, days: int, seed: int, stream: str = "master data"
    ) -> None:
        self.rng = random.Random(f"{seed}/{stream}")
        self.start = dt.datetime.combine(first_day, dt.time())
        self.days = days

    def moment(self, first: float, last: float) -> dt.datetime:
        """A working moment between two points, in days from the first day of the clicks."""
        day = self.start + dt.timedelta(days=int(self.rng.uniform(first, last)))
        return day + dt.timedelta(seconds=self.rng.randrange(8 * 3600, 17 * 3600))

    def effective(self, recorded_at: dt.datetime) -> dt.datetime | None:
        """From when a change counts: mostly from its recording on, some earlier, a few later."""
        draw = self.rng.random()
        day = dt.datetime.combine(recorded_at.date(), dt.time())
        if draw < 0.25:
            return day - dt.timedelta(days=self.rng.randrange(1, 60))
        if draw < 0.33:
            return day + dt.timedelta(days=self.rng.randrange(5, 20))
        return None

    def reason(self, kind: str) -> str:
        """Why somebody made a change."""
        return self.rng.choice(REASONS[kind])

    def life(self, code: str, fields: Fields, edit: Callable[[Fields], Fields]) -> list[Change]:
        """All changes of one record."""
        rng = self.rng
        created = self.moment(-400, -30)
        changes = [Change(created, "+", None, fields, self.reason("create"), {"code": code})]
        moments = sorted(
            self.moment(-20, self.days) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3)))
        )
        for moment in moments:
            if rng.random() < 0.08:
                changes.append(self._change(code, moment, "~", fields, "nothing"))
            else:
                fields = edit(fields)
                changes.append(self._change(code, moment, "~", fields, "edit"))
                if rng.random() < 0.08:
                    fields = edit(fields)
                    changes.append(self._change(code, moment, "~", fields, "edit"))
        if rng.random() < 0.05:
            last = max(changes[-1].recorded_at, self.start) + dt.timedelta(days=2, hours=3)
            changes.append(Change(last, "-", None, fields, self.reason("delete"), {"code": code}))
            if rng.random() < 0.5:
                again = last + dt.timedelta(days=rng.randrange(1, 15), minutes=7)
                changes.append(
                    Change(again, "+", None, fields, self.reason("restore"), {"code": code})
                )
        return changes

    def _change(self, code: str, at: dt.datetime, kind: str, fields: Fields, reason: str) -> Change:
        return Change(at, kind, self.effective(at), fields, self.reason(reason), {"code": code})


def group_codes(world: World) -> dict[str, str]:
    """The code of each group of advertisers, by its name."""
    names = sorted({advertiser.group_name for advertiser in world.advertisers})
    return {name: f"GRP-{number:04d}" for number, name in enumerate(names, start=1)}


def _advertisers(historian: Historian, world: World) -> Iterable[Change]:
    rng = historian.rng
    groups = group_codes(world)

    def edit(fields: Fields) -> Fields:
        match rng.randrange(4):
            case 0:
                return fields | {"name": f"{fields['name'].removesuffix(' Co')} Co"}
            case 1:
                return fields | {"group_code": groups[rng.choice(world.advertisers).group_name]}
            case 2:
                return fields | {"vertical": rng.choice(world.advertisers).vertical}
            case _:
                return fields | {"is_active": "false" if fields["is_active"] == "true" else "true"}

    for advertiser in world.advertisers:
        yield from historian.life(advertiser.code, {
            "name": advertiser.name,
            "group_code": groups[advertiser.group_name],
            "vertical": advertiser.vertical,
            "website_domain": advertiser.domain,
            "country_code": advertiser.country,
            "reporting_currency_code": advertiser.reporting_currency,
            "is_active": "true",
        }, edit)  # fmt: skip


def _partners(historian: Historian, world: World) -> Iterable[Change]:
    rng = historian.rng

    def edit(fields: Fields) -> Fields:
        match rng.randrange(4):
            case 0:
                partner_type = rng.choice(list(PARTNER_TYPES))
                return fields | {
                    "partner_type": partner_type,
                    "channel_code": PARTNER_TYPES[partner_type][1],
                }
            case 1:
                return fields | {"channel_code": rng.choice(world.partners).channel_code}
            case 2:
                return fields | {"country_code": rng.choice(list(COUNTRIES))}
            case _:
                return fields | {"is_active": "false" if fields["is_active"] == "true" else "true"}

    for partner in world.partners:
        yield from historian.life(partner.code, {
            "name": partner.name,
            "partner_type": partner.partner_type,
            "channel_code": partner.channel_code,
            "website_domain": partner.domain,
            "country_code": partner.country,
            "is_active": "true",
        }, edit)  # fmt: skip


def _programs(historian: Historian, world: World) -> Iterable[Change]:
    rng = historian.rng

    def edit(fields: Fields) -> Fields:
        match rng.randrange(3):
            case 0 | 1:
                rate = float(fields["commission_rate"]) * rng.choice((0.8, 0.9, 1.1, 1.25))
                return fields | {"commission_rate": f"{rate:.6f}"}
            case _:
                return fields | {"cookie_days": str(rng.choice((7, 14, 30, 45)))}

    for program in world.programs:
        yield from historian.life(program.code, {
            "name": program.name,
            "advertiser_code": program.advertiser.code,
            "network_code": program.network,
            "commission_rate": program.commission_rate,
            "cookie_days": str(program.cookie_days),
            "lock_days": str(program.lock_days),
            "currency_code": program.currency,
            "time_zone": program.time_zone,
            "is_active": "true",
        }, edit)  # fmt: skip


def _campaigns(historian: Historian, world: World) -> Iterable[Change]:
    rng = historian.rng

    def edit(fields: Fields) -> Fields:
        match rng.randrange(3):
            case 0:
                return fields | {"objective": rng.choice(OBJECTIVES)}
            case 1:
                ends_on = dt.date.fromisoformat(fields["ends_on"] or fields["starts_on"])
                return fields | {"ends_on": str(ends_on + dt.timedelta(days=30))}
            case _:
                return fields | {"is_active": "false" if fields["is_active"] == "true" else "true"}

    for campaign in world.campaigns:
        starts_on = historian.moment(-200, historian.days).date()
        ends_on = starts_on + dt.timedelta(days=rng.choice((14, 30, 60, 90, 180)))
        yield from historian.life(campaign.code, {
            "name": campaign.name,
            "advertiser_code": campaign.advertiser.code,
            "objective": campaign.objective,
            "starts_on": str(starts_on),
            "ends_on": "" if rng.random() < 0.2 else str(ends_on),
            "is_active": "true",
        }, edit)  # fmt: skip


def true_codes(world: World) -> dict[tuple[str, str, str], str]:
    """What every id (network, kind, id) stands for: the code of a record."""
    codes: dict[tuple[str, str, str], str] = {}
    for program in world.programs:
        codes[program.network, "advertiser", program.advertiser_id] = program.advertiser.code
        codes[program.network, "program", program.program_id] = program.code
        if program.network in NAMED_BY_PROGRAM:
            marked = f"program:{program.program_id}"
            codes[program.network, "advertiser", marked] = program.advertiser.code
    for partner in world.partners:
        for network, source_id in partner.ids.items():
            codes[network, "partner", source_id] = partner.code
    for campaign in world.campaigns:
        for network, source_id in campaign.ids.items():
            codes[network, "campaign", source_id] = campaign.code
    for program in world.programs:
        if program.network in ("cj", "awin", "shareasale"):
            # Their transactions name the advertiser only: it has one program with them.
            codes[program.network, "program", program.advertiser_id] = program.code
    return codes


def delivered_names(world: World) -> dict[tuple[str, str, str], tuple[str, str]]:
    """The name and the web domain that a network delivers for an id; empty where it does not."""
    said: dict[tuple[str, str, str], tuple[str, str]] = {}
    for program in world.programs:
        network, spelled = program.network, program.advertiser_spelling
        website = f"www.{program.advertiser.domain}" if network == "shareasale" else ""
        if network in ("cj", "everflow", "rakuten", "shareasale", "tune"):
            said[network, "advertiser", program.advertiser_id] = (spelled, website)
        if network in (*NAMED_BY_PROGRAM, "everflow", "tune"):
            said[network, "program", program.program_id] = (program.spelling, "")
        if network in NAMED_BY_PROGRAM:
            said[network, "advertiser", f"program:{program.program_id}"] = (program.spelling, "")
        if network in ("cj", "shareasale"):
            said[network, "program", program.advertiser_id] = (spelled, "")
    for partner in world.partners:
        for network, source_id in partner.ids.items():
            key = network, "partner", source_id
            if network == "awin":
                # Awin calls a partner by its site.
                website = f"https://www.{partner.sites[network]}/"
                said[key] = (website, website)
            elif network in ("cj", "everflow", "impact", "partnerize", "tune"):
                said[key] = (partner.spellings[network], "")
    return said


def write_truth(world: World, path: Path) -> None:
    """Write what each id stands for and how its network calls it."""
    said = delivered_names(world)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("network_code", "kind", "source_id", "code", "name", "website"))
        for key, code in true_codes(world).items():
            writer.writerow((*key, code, *said.get(key, ("", ""))))


def _crosswalk(historian: Historian, world: World) -> Iterable[Change]:
    """The mappings; some of the ids that nobody knows are ignored."""
    for change in _mappings(historian, world):
        is_unknown = change.change_type == "+" and not change.fields["code"]
        lot = random.Random("/".join(("ignored", *change.key.values()))).random()
        is_ignored = "true" if is_unknown and lot < IGNORED else "false"
        change.fields = change.fields | {"is_ignored": is_ignored}
        yield change


def _mappings(historian: Historian, world: World) -> Iterable[Change]:
    """Mappings of the networks' ids; most count for all time, some only from a date on."""
    rng = historian.rng
    codes = true_codes(world)
    moved_on = dt.datetime.combine(
        historian.start + dt.timedelta(days=historian.days // 2), dt.time()
    )
    reused = {
        (program.network, "advertiser", program.advertiser_id)
        for program in [p for p in world.programs if p.network == "awin"][:3]
    }
    for (network, kind, source_id), code in codes.items():
        key = {"network_code": network, "kind": kind, "source_id": source_id}
        by_rule = network == "shareasale" or (network, kind, source_id) in reused
        if not by_rule and rng.random() >= MAPPED:
            if rng.random() < 0.2:
                fields = {"code": ""}
                yield Change(
                    historian.moment(-60, -10), "+", None, fields, "looked at, unknown", key
                )
            continue
        recorded = historian.moment(-60, -10)
        if network == "shareasale" and kind == "advertiser":
            # The network closes: from that day on its id means nothing any more.
            yield Change(recorded, "+", None, {"code": code}, "imported", key)
            yield Change(moved_on - dt.timedelta(days=9), "~", moved_on, {"code": ""},
                         "ShareASale closed, moved to Awin", key)  # fmt: skip
        elif (network, kind, source_id) in reused:
            # The number belonged to another merchant before.
            other = rng.choice(world.advertisers).code
            yield Change(recorded, "+", None, {"code": other}, "imported", key)
            yield Change(moved_on - dt.timedelta(days=5), "~", moved_on, {"code": code},
                         "id given to a merchant that came from ShareASale", key)  # fmt: skip
        elif rng.random() < 0.06:
            # Found late: the mapping counts for all time all the same.
            yield Change(historian.moment(5, historian.days), "+", None, {"code": code},
                         "from the queue of unknown ids", key)  # fmt: skip
        elif rng.random() < 0.04:
            others = [c for (_, k, _), c in codes.items() if k == kind]
            yield Change(recorded, "+", None, {"code": rng.choice(others)}, "imported", key)
            yield Change(historian.moment(0, historian.days), "~", None, {"code": code},
                         "was mapped to the wrong record", key)  # fmt: skip
        elif rng.random() < 0.03:
            yield Change(recorded, "+", None, {"code": code}, "imported", key)
            yield Change(historian.moment(0, historian.days), "-", None, {"code": code},
                         "mapping withdrawn", key)  # fmt: skip
        else:
            yield Change(recorded, "+", None, {"code": code}, "imported", key)


def second_office_from(first_day: dt.date, days: int) -> dt.datetime:
    """When the second office was taken: its clicks are internal from then on."""
    return dt.datetime.combine(first_day + dt.timedelta(days=days // 2), dt.time(9))


def _internal_traffic(historian: Historian, world: World) -> Iterable[Change]:
    """Two offices, the second one taken in the middle, and the mark on the links of our staff."""
    del world
    recorded = historian.moment(-200, -90)
    moved_in = second_office_from(historian.start.date(), historian.days)
    nothing = {"name": "", "ip_prefix": "", "cookie_id": "", "url_parameter": ""}
    for code, at, effective, fields in (
        ("INT-0001", recorded, None, {"name": "Office", "ip_prefix": f"{OFFICES[0]}.0/24"}),
        ("INT-0002", recorded, None, {"name": "Staff links", "url_parameter": "staff=1"}),
        (
            "INT-0003",
            historian.moment(historian.days * 0.7, historian.days),
            moved_in,
            {"name": "Second office", "ip_prefix": f"{OFFICES[1]}.0/24"},
        ),
    ):
        yield Change(at, "+", effective, nothing | fields, "told by facilities", {"code": code})


def _uniqueness_rules(historian: Historian, world: World) -> Iterable[Change]:
    """Some advertisers count as their network does; one changes its mind, one goes back."""
    recorded = historian.moment(-90, -60)
    middle = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    presets = ("affise", "tune", "everflow")
    for number, advertiser in enumerate(world.advertisers[3:15]):
        key = {"code": advertiser.code}
        rule = {"rule_id": presets[number % 3]}
        yield Change(recorded, "+", None, rule, "as in the contract", key)
        if number == 4:
            yield Change(middle, "~", None, {"rule_id": presets[0]}, "new contract", key)
        if number == 5:
            yield Change(middle, "-", None, rule, "back to the default", key)


def _advertiser_groups(historian: Historian, world: World) -> Iterable[Change]:
    """The groups; some get another name, which then is their name for all time."""

    def edit(fields: Fields) -> Fields:
        return fields | {"name": f"{fields['name'].removesuffix(' International')} International"}

    for name, code in group_codes(world).items():
        yield from historian.life(code, {"name": name, "is_active": "true"}, edit)


def _channels(historian: Historian, world: World) -> Iterable[Change]:
    """What stewards did to the tree of the seed: a channel moved, one renamed, two of their own."""
    del world
    recorded = historian.moment(-60, -50)
    moved = historian.moment(historian.days * 0.4, historian.days * 0.5)
    renamed = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    affiliates = {
        "name": "Affiliates", "parent_channel_code": "partners", "sort_order": "210",
        "is_paid": "true", "description": "Links on affiliate sites.", "is_active": "true",
    }  # fmt: skip
    creators = affiliates | {
        "name": "Creators", "sort_order": "220", "description": "Links of creators.",
    }  # fmt: skip
    clips = creators | {
        "name": "Creators' Clips", "parent_channel_code": "creators", "sort_order": "221",
        "description": "Links below creators' videos.",
    }  # fmt: skip
    push = affiliates | {
        "name": "Mobile Push Notifications", "parent_channel_code": "owned", "sort_order": "430",
        "is_paid": "false", "description": "Links in messages on mobile devices.",
    }  # fmt: skip
    for code, at, kind, fields, reason in (
        ("affiliates", recorded, "+", affiliates, "the channels we began with"),
        ("mobile_push_notifications", recorded, "+", push, "the channels we began with"),
        ("creators", recorded, "+", creators, "asked for by the account team"),
        ("creators_clips", recorded, "+", clips, "asked for by the account team"),
        ("mobile_push_notifications", moved, "~",
         push | {"parent_channel_code": "partners", "is_paid": "true"}, "bought from partners now"),
        ("affiliates", renamed, "~", affiliates | {"name": "Affiliate Sites"}, "clearer"),
    ):  # fmt: skip
        yield Change(at, kind, None, fields, reason, {"code": code})


def _fees(historian: Historian, world: World) -> Iterable[Change]:
    """A fee of every kind, one of them raised from the second portion on."""
    recorded = historian.moment(-40, -30)
    raised = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    first, second, third = world.advertisers[:3]
    starts_on = (historian.start - dt.timedelta(days=30)).date()
    nothing = {
        "name": "", "fee_type": "", "network_code": "", "advertiser_code": "", "partner_code": "",
        "program_code": "", "rate": "", "amount": "", "currency_code": "", "charged": "",
        "starts_on": str(starts_on), "ends_on": "", "is_active": "true",
    }  # fmt: skip
    tracking = {
        "name": "Tracking", "fee_type": "tracking_fee", "advertiser_code": first.code,
        "amount": "0.25", "currency_code": "USD", "charged": "per_commission",
    }  # fmt: skip
    fees: dict[str, Fields] = {
        "FEE-0001": tracking,
        "FEE-0002": {
            "name": "Network", "fee_type": "network_fee", "network_code": "partnerize",
            "rate": "0.2", "charged": "per_commission",
        },
        "FEE-0003": {
            "name": "Retainer", "fee_type": "retainer", "advertiser_code": second.code,
            "amount": "1500", "currency_code": "EUR", "charged": "per_month",
        },
        "FEE-0004": {
            "name": "Front page", "fee_type": "placement", "advertiser_code": third.code,
            "partner_code": world.partners[0].code, "amount": "800", "currency_code": "GBP",
            "charged": "once", "starts_on": str(historian.start.date() + dt.timedelta(days=9)),
        },
    }  # fmt: skip
    for code, fields in fees.items():
        yield Change(recorded, "+", None, nothing | fields, "as in the contract", {"code": code})
    dearer = nothing | tracking | {"amount": "0.30"}
    yield Change(raised, "~", None, dearer, "new contract", {"code": "FEE-0001"})


def _targets(historian: Historian, world: World) -> Iterable[Change]:
    """What the first advertisers want to reach in the demo's year, in sales and in commission."""
    recorded = historian.moment(-40, -30)
    planned = [("sales", number * 100_000) for number in range(1, 6)]
    planned += [("net_commission", number * 8_000) for number in range(1, 3)]
    advertisers = (*world.advertisers[:5], *world.advertisers[:2])
    for number, ((metric, amount), advertiser) in enumerate(
        zip(planned, advertisers, strict=True), start=1
    ):
        fields = {
            "advertiser_code": advertiser.code, "channel_code": "", "metric_name": metric,
            "starts_on": f"{historian.start.year}-01-01",
            "ends_on": f"{historian.start.year}-12-31",
            "amount": str(amount), "currency_code": "USD", "is_active": "true",
        }  # fmt: skip
        yield Change(recorded, "+", None, fields, "the plan", {"code": f"TGT-{number:04d}"})


def _product_categories(historian: Historian, world: World) -> Iterable[Change]:
    """A tree of two levels; one of them gets another name."""
    del world
    recorded = historian.moment(-80, -70)
    renamed = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    tree = {
        "PCT-0001": ("Clothes", ""), "PCT-0002": ("Shoes", "PCT-0001"),
        "PCT-0003": ("Hats", "PCT-0001"), "PCT-0004": ("Gift Cards", ""),
    }  # fmt: skip
    for code, (name, parent) in tree.items():
        fields = {"name": name, "parent_category_code": parent, "is_active": "true"}
        yield Change(recorded, "+", None, fields, "as in the contracts", {"code": code})
        if name == "Hats":
            fields = fields | {"name": "Hats and Caps"}
            yield Change(renamed, "~", None, fields, "clearer", {"code": code})


def _brands(historian: Historian, world: World) -> Iterable[Change]:
    """A second name under which some advertisers sell; one of them is given up."""
    recorded = historian.moment(-80, -70)
    given_up = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    for number, advertiser in enumerate(world.advertisers[:6], start=1):
        fields = {
            "name": f"{advertiser.name} Outlet", "advertiser_code": advertiser.code,
            "website_domain": f"outlet.{advertiser.domain}", "is_active": "true",
        }  # fmt: skip
        key = {"code": f"BRD-{number:04d}"}
        yield Change(recorded, "+", None, fields, "told by the advertiser", key)
        if number == 6:
            fields = fields | {"is_active": "false"}
            yield Change(given_up, "~", None, fields, "given up", key)


def _site_domains(historian: Historian, world: World) -> Iterable[Change]:
    """Further sites of some partners; one is sold to another in the middle."""
    recorded = historian.moment(-80, -70)
    later = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    middle = dt.datetime.combine(
        historian.start + dt.timedelta(days=historian.days // 2), dt.time()
    )
    for number, partner in enumerate(world.partners[:20]):
        domain = partner.domain if number % 4 == 0 else f"my-{partner.domain}"
        fields = {"domain": domain, "partner_code": partner.code, "is_active": "true"}
        key = {"code": domain}
        yield Change(recorded, "+", None, fields, "told by the partner", key)
        if number == 0:
            fields = fields | {"partner_code": world.partners[1].code}
            yield Change(later, "~", middle, fields, "sold", key)


def _commission_rates(historian: Historian, world: World) -> Iterable[Change]:
    """Rates of some programs for a category, a partner, or both; one is raised, one ends."""
    recorded = historian.moment(-40, -30)
    changed = historian.moment(historian.days * 0.4, historian.days * SECOND_PORTION_FROM)
    for number, program in enumerate(world.programs[:12]):
        category = "" if number % 3 == 1 else "PCT-0002"
        partner = world.partners[number].code if number % 3 else ""
        rate = float(program.commission_rate) * 1.25
        fields = {
            "program_code": program.code, "product_category_code": category,
            "partner_code": partner, "rate": f"{rate:.6f}", "is_active": "true",
        }  # fmt: skip
        key = {"code": f"RAT-{number + 1:04d}"}
        yield Change(recorded, "+", None, fields, "as in the contract", key)
        if number == 1:
            fields = fields | {"rate": f"{rate * 1.2:.6f}"}
            yield Change(changed, "~", None, fields, "a better rate for the season", key)
        if number == 3:
            yield Change(changed, "-", None, fields, "no longer agreed on", key)


def _network_accounts(historian: Historian, world: World) -> Iterable[Change]:
    """The accounts that pulls are made from; of one the currency changes."""
    del world
    recorded = historian.moment(-200, -150)
    changed = historian.moment(historian.days * 0.4, historian.days * SECOND_PORTION_FROM)
    for number, (network, side, account, currency, zone) in enumerate(ACCOUNTS, start=1):
        fields = {
            "name": f"{network} {account}", "network_code": network, "account_id": account,
            "side": side, "currency_code": currency, "time_zone": zone, "is_active": "true",
        }  # fmt: skip
        key = {"code": f"ACC-{number:04d}"}
        yield Change(recorded, "+", None, fields, "opened", key)
        if number == 1:
            fields = fields | {"currency_code": "EUR"}
            yield Change(changed, "~", None, fields, "paid to another bank", key)


def _fiscal_calendars(historian: Historian, world: World) -> Iterable[Change]:
    """One for everybody, one like the retail calendar, one that changes with the next year."""
    recorded = historian.moment(-80, -70)
    changed = historian.moment(historian.days * 0.4, historian.days * SECOND_PORTION_FROM)
    next_year = dt.datetime(historian.start.year + 1, 1, 3)
    first, second = world.advertisers[:2]
    for number, (name, advertiser, month, pattern) in enumerate((
        ("Our own", "", 4, "months"), ("Retail", first.code, 2, "4-5-4"),
        ("Weeks", second.code, 1, "4-4-5"),
    ), start=1):  # fmt: skip
        fields = {
            "name": name, "advertiser_code": advertiser, "first_month": str(month),
            "week_pattern": pattern, "is_active": "true",
        }  # fmt: skip
        key = {"code": f"FIS-{number:04d}"}
        yield Change(recorded, "+", None, fields, "told by finance", key)
        if name == "Weeks":
            fields = fields | {"week_pattern": "5-4-4"}
            yield Change(changed, "~", next_year, fields, "from the next year on", key)


def _clients(historian: Historian, world: World) -> Iterable[Change]:
    del world
    fields = {"name": "Harbor Client", "is_active": "true"}
    yield Change(
        historian.moment(-90, -80), "+", None, fields, "new contract", {"code": "CLI-0001"}
    )


def _client_users(historian: Historian, world: World) -> Iterable[Change]:
    """Two roles of the client; one of them was closed."""
    del world
    recorded = historian.moment(-80, -70)
    closed = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    for role in ("harbor_reporting", "harbor_agency"):
        fields = {"client_code": "CLI-0001", "user_name": role, "is_active": "true"}
        # The login is the record's key.
        key = {"code": role}
        yield Change(recorded, "+", None, fields, "asked for by the client", key)
        if role == "harbor_agency":
            fields = fields | {"is_active": "false"}
            yield Change(closed, "~", None, fields, "the agency left", key)


def _client_advertisers(historian: Historian, world: World) -> Iterable[Change]:
    """Three advertisers that the client may see; one of them no longer."""
    recorded = historian.moment(-80, -70)
    withdrawn = historian.moment(historian.days * SECOND_PORTION_FROM, historian.days)
    for number, advertiser in enumerate(world.advertisers[:3], start=1):
        fields = {
            "client_code": "CLI-0001", "advertiser_code": advertiser.code, "is_active": "true",
        }  # fmt: skip
        key = {"code": f"CLA-{number:04d}"}
        yield Change(recorded, "+", None, fields, "new contract", key)
        if number == 3:
            yield Change(withdrawn, "-", None, fields, "sold", key)


# Each of these has a random stream of its own: another one changes none of them.
OWN_STREAM: dict[str, Callable[[Historian, World], Iterable[Change]]] = {
    "advertiser_group": _advertiser_groups,
    "channel": _channels,
    "fee": _fees,
    "target": _targets,
    "product_category": _product_categories,
    "brand": _brands,
    "site_domain": _site_domains,
    "commission_rate": _commission_rates,
    "network_account": _network_accounts,
    "fiscal_calendar": _fiscal_calendars,
    "client": _clients,
    "client_user": _client_users,
    "client_advertiser": _client_advertisers,
}
# These share one, in this order.
ENTITIES: dict[str, Callable[[Historian, World], Iterable[Change]]] = {
    "advertiser": _advertisers,
    "partner": _partners,
    "program": _programs,
    "campaign": _campaigns,
    "crosswalk": _crosswalk,
    "internal_traffic": _internal_traffic,
    "uniqueness_rule": _uniqueness_rules,
}


def write(
    world: World, first_day: dt.date, days: int, seed: int, folder: Path
) -> list[tuple[Path, int]]:
    """Write two portions of every history, the second one recorded later; (path, rows) of each."""
    historian = Historian(first_day, days, seed)
    divide = historian.start + dt.timedelta(days=round(days * SECOND_PORTION_FROM))
    last = historian.start + dt.timedelta(days=days)
    written = []
    for entity, make in (ENTITIES | OWN_STREAM).items():
        if entity in OWN_STREAM:
            historian = Historian(first_day, days, seed, entity)
        changes = [change for change in make(historian, world) if change.recorded_at < last]
        changes.sort(key=lambda change: change.recorded_at)
        rows = [
            {"history_id": str(number), "recorded_at": _text(change.recorded_at),
             "change_type": change.change_type, "effective_from": _text(change.effective_from)}
            | change.key | change.fields | {"reason": change.reason}
            for number, change in enumerate(changes, start=1)
        ]  # fmt: skip
        earlier = sum(change.recorded_at < divide for change in changes)
        for name, portion in (("history", rows[:earlier]), ("history_2", rows[earlier:])):
            if not portion:
                continue
            path = folder / f"{entity}_{name}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(portion)
            written.append((path, len(portion)))
    return written
