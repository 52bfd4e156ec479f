"""The made-up world: brands, partners, programs, campaigns and the links placed between them.

All names are put together from word lists and all domains end in `.example`, which RFC 2606
reserves: none of them can belong to anybody.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from clickstar_demo.spellings import program_spelling, site, spelling

ADVERTISERS = 60
PARTNERS = 300
PLACEMENT_SLOTS = 65_536

# The third program of these networks has a currency of no, or of three, digits after the point.
FAR_CURRENCIES = {"partnerize": "JPY", "everflow": "KWD"}

# Network code and its share of the programs.
NETWORKS = {
    "cj": 17, "awin": 17, "impact": 18, "rakuten": 11, "partnerize": 10,
    "everflow": 8, "shareasale": 7, "amazon": 6, "tune": 3, "ebay": 3,
}  # fmt: skip

FIRST_WORDS = """
Alder Amber Aspen Basalt Birch Bramble Brass Canyon Cedar Cinder Clover Cobalt Copper Coral
Crescent Delta Drift Dune Ember Fern Flint Garnet Granite Harbor Hazel Heron Indigo Ivory Juniper
Kelp Lantern Larch Linden Lunar Maple Marble Meadow Mistral Moss Nimbus Northwind Ochre Onyx
Orchard Otter Pebble Pine Plover Quartz Quill Raven Russet Saffron Sage Sequoia Slate Sparrow
Summit Tamarind Thistle Tidal Timber Umber Velvet Verdant Walnut Willow Zephyr
""".split()
VERTICALS: dict[str, tuple[str, ...]] = {
    "fashion": ("Apparel", "Threads", "Footwear", "Denim"),
    "home": ("Home", "Furnishings", "Kitchen", "Bedding"),
    "outdoor": ("Outdoor", "Outfitters", "Trail Gear", "Cycles"),
    "beauty": ("Skincare", "Beauty", "Fragrance"),
    "electronics": ("Electronics", "Audio", "Computing"),
    "travel": ("Travel", "Stays", "Getaways"),
    "finance": ("Credit", "Insurance", "Banking"),
    "health": ("Wellness", "Nutrition", "Pharmacy"),
    "food": ("Coffee", "Grocers", "Meal Kits"),
    "software": ("Software", "Cloud", "Hosting"),
}
GROUP_WORDS = ("Holdings", "Brands", "Group", "Collective")
COUNTRIES = {
    # code: share of visitors, English name, currency, minutes east of Greenwich in summer
    "US": (56.0, "United States", "USD", -300),
    "GB": (10.0, "United Kingdom", "GBP", 60),
    "CA": (7.0, "Canada", "CAD", -240),
    "DE": (6.0, "Germany", "EUR", 120),
    "FR": (4.0, "France", "EUR", 120),
    "AU": (4.0, "Australia", "AUD", 600),
    "IN": (3.0, "India", "INR", 330),
    "NL": (2.0, "Netherlands", "EUR", 120),
    "ES": (2.0, "Spain", "EUR", 120),
    "BR": (2.0, "Brazil", "BRL", -180),
    "JP": (1.5, "Japan", "JPY", 540),
    "SE": (1.5, "Sweden", "SEK", 120),
    "MX": (1.0, "Mexico", "MXN", -360),
}
TIME_ZONES = {
    "US": "America/New_York", "GB": "Europe/London", "CA": "America/Toronto",
    "DE": "Europe/Berlin", "FR": "Europe/Paris", "AU": "Australia/Sydney",
}  # fmt: skip
PROGRAM_COUNTRIES = ("US", "US", "US", "US", "US", "GB", "GB", "DE", "FR", "CA", "AU")

# partner type: share, channel code, utm_medium values, words of its name
PARTNER_TYPES: dict[str, tuple[int, str, tuple[str, ...], tuple[str, ...]]] = {
    "content": (30, "affiliates", ("affiliate", "affiliate", "referral"),
                ("Review", "Guide", "Journal", "Digest")),
    "coupon": (16, "affiliates", ("affiliate", "affiliate", "coupon"),
               ("Coupons", "Vouchers", "Deals")),
    "cashback": (10, "affiliates", ("affiliate",), ("Cashback", "Rewards", "Points")),
    "comparison": (9, "affiliates", ("affiliate", "cpc"), ("Compare", "Finder")),
    "influencer": (13, "organic_social", ("social", "affiliate"),
                   ("Studio", "Picks", "Daily Looks")),
    "email": (6, "email", ("email", "email", "affiliate"), ("Newsletter", "Dispatch")),
    "search": (5, "paid_search", ("cpc", "ppc"), ("Search", "Results")),
    "display": (5, "display", ("display", "banner", "cpm"), ("Media", "Adspace")),
    "social": (3, "paid_social", ("paid_social", "cpc"), ("Social", "Feed")),
    "app": (3, "mobile_push_notifications", ("push", "sms"), ("App", "Alerts")),
}  # fmt: skip
OBJECTIVES = ("awareness", "acquisition", "retention", "clearance", "launch")
CAMPAIGN_WORDS = (
    "Spring Refresh", "Summer Kickoff", "Member Days", "New Arrivals", "Clearance",
    "Back to School", "Holiday Gifts", "Always On", "Brand Launch", "Weekend Offers",
)  # fmt: skip
SECTIONS = ("p", "shop", "sale", "new", "collections/best", "item")


def slug(text: str) -> str:
    """Lower case, words joined by hyphens."""
    return "-".join(text.lower().split())


@dataclass(frozen=True)
class Advertiser:
    """A brand: golden record of master data."""

    code: str
    name: str
    group_name: str
    vertical: str
    domain: str
    country: str
    weight: float

    @property
    def reporting_currency(self) -> str:
        """The currency of its reports: that of its country, or none of its own (every third)."""
        return "" if int(self.code[4:]) % 3 == 0 else COUNTRIES[self.country][2]


@dataclass(frozen=True)
class Partner:
    """A publisher, influencer or other partner, with its id in each network that it joined."""

    code: str
    name: str
    partner_type: str
    channel_code: str
    domain: str
    country: str
    weight: float
    utm_mediums: tuple[str, ...]
    ids: dict[str, str] = field(hash=False, default_factory=dict)
    spellings: dict[str, str] = field(hash=False, default_factory=dict)
    """Its name as each network spells it."""
    sites: dict[str, str] = field(hash=False, default_factory=dict)
    """The web domain under which it registered with each network."""


@dataclass(frozen=True)
class Campaign:
    """A campaign of an advertiser, with its id in each network in which the advertiser runs."""

    code: str
    name: str
    advertiser: Advertiser
    objective: str
    ids: dict[str, str] = field(hash=False, default_factory=dict)


@dataclass(frozen=True)
class Program:
    """An advertiser's program in one network, with the network's ids."""

    code: str
    name: str
    advertiser: Advertiser
    network: str
    advertiser_id: str
    program_id: str
    creative_ids: tuple[str, ...]
    commission_rate: str
    cookie_days: int
    lock_days: int
    currency: str
    time_zone: str
    spelling: str
    """Its name as the network spells it."""
    advertiser_spelling: str
    """The advertiser's name as the network spells it."""


@dataclass(frozen=True)
class Placement:
    """A link that a partner placed: what a click on it says about itself."""

    partner: Partner
    program: Program
    campaign: Campaign | None
    creative_id: str | None
    landing_url: str
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    referrer_url: str | None
    cpc: str | None
    weight: float


@dataclass(frozen=True)
class World:
    """Everything that exists before the first click."""

    advertisers: list[Advertiser]
    partners: list[Partner]
    programs: list[Program]
    campaigns: list[Campaign]
    placements: list[Placement]


def source_id(network: str, kind: str, number: int) -> str:
    """The id that a network gives to its nth advertiser, partner, program, campaign or creative."""
    step = {"advertiser": 37, "partner": 53, "program": 41, "campaign": 61, "creative": 17}[kind]
    match network:
        case "cj":
            return str(4_000_000 + 1_009 * number + step)
        case "awin" | "shareasale":
            return str(12_000 + step * number)
        case "impact":
            return str({"partner": 1_200_000, "creative": 500_000}.get(kind, 9_000) + step * number)
        case "rakuten":
            return str(38_000 + step * number)
        case "partnerize":
            return f"1{step:02d}{number:04d}l{number % 97:02d}"
        case "amazon":
            return f"brand{number:03d}-20" if kind == "partner" else f"amzn-{kind[:4]}-{number:04d}"
        case "ebay":
            return str(5_330_000_000 + 1_013 * number + step)
        case _:
            return str(step + number)


def _names(rng: random.Random, endings: list[str], taken: set[str]) -> str:
    """A name that nobody has yet: a first word (sometimes two) and an ending."""
    while True:
        words = [rng.choice(FIRST_WORDS), rng.choice(endings)]
        if rng.random() < 0.35:
            words.insert(1, rng.choice(FIRST_WORDS))
        name = " ".join(words)
        if len(set(words)) == len(words) and name not in taken:
            taken.add(name)
            return name


def _weighted_sample(rng: random.Random, items: list[str], weights: list[int], n: int) -> list[str]:
    """`n` different items, the heavier the likelier, in the order of the draw."""
    keyed = [
        (rng.random() ** (1 / weight), item) for item, weight in zip(items, weights, strict=True)
    ]
    return [item for _, item in sorted(keyed, reverse=True)[:n]]


def make_world(seed: int) -> World:
    """The world of a seed: heavy-tailed partners and advertisers over the networks."""
    rng = random.Random(f"{seed}/world")
    taken: set[str] = set()
    codes, shares = list(NETWORKS), list(NETWORKS.values())

    groups = [f"{rng.choice(FIRST_WORDS)} {rng.choice(GROUP_WORDS)}" for _ in range(12)]
    advertisers = []
    for number in range(1, ADVERTISERS + 1):
        vertical = rng.choice(list(VERTICALS))
        name = _names(rng, list(VERTICALS[vertical]), taken)
        country = rng.choice(PROGRAM_COUNTRIES)
        group = rng.choice(groups) if rng.random() < 0.6 else name
        advertisers.append(
            Advertiser(f"ADV-{number:04d}", name, group, vertical, f"{slug(name)}.example", country,
                       number**-0.9)
        )  # fmt: skip
    counters: dict[tuple[str, str], int] = {}

    def next_id(network: str, kind: str) -> str:
        counters[network, kind] = counters.get((network, kind), 0) + 1
        return source_id(network, kind, counters[network, kind])

    programs: list[Program] = []
    campaigns: list[Campaign] = []
    for advertiser in advertisers:
        chosen = _weighted_sample(rng, codes, shares, rng.choice((1, 1, 2, 2, 3)))
        # Every network has a program of one of the big brands, so that no small run misses one.
        position = int(advertiser.code[4:]) - 1
        if position < len(codes) and codes[position] not in chosen:
            chosen.append(codes[position])
        currency = COUNTRIES[advertiser.country][2]
        named = advertiser.name, advertiser.domain, advertiser.country
        for network in chosen:
            is_third = sum(program.network == network for program in programs) == 2
            programs.append(
                Program(
                    code=f"PRG-{len(programs) + 1:04d}",
                    name=f"{advertiser.name} ({network})",
                    advertiser=advertiser,
                    network=network,
                    advertiser_id=next_id(network, "advertiser"),
                    program_id=next_id(network, "program"),
                    creative_ids=tuple(
                        next_id(network, "creative") for _ in range(rng.randint(3, 8))
                    ),
                    commission_rate=f"{rng.randrange(100, 1500, 25) / 10000:.6f}",
                    cookie_days=rng.choice((1, 7, 14, 30, 30, 30, 45, 60, 90)),
                    lock_days=rng.choice((15, 30, 45, 60)),
                    currency=(
                        "USD"
                        if network in ("shareasale", "amazon")
                        else FAR_CURRENCIES.get(network, currency)
                        if is_third
                        else currency
                    ),
                    time_zone=TIME_ZONES[advertiser.country],
                    spelling=program_spelling(
                        f"{seed}/{network}/program/{advertiser.code}", *named
                    ),
                    advertiser_spelling=spelling(
                        f"{seed}/{network}/advertiser/{advertiser.code}", *named
                    ),
                )
            )
        for words in rng.sample(CAMPAIGN_WORDS, rng.randint(2, 5)):
            campaigns.append(
                Campaign(
                    code=f"CMP-{len(campaigns) + 1:04d}",
                    name=f"{advertiser.name} {words}",
                    advertiser=advertiser,
                    objective=rng.choice(OBJECTIVES),
                    ids={network: next_id(network, "campaign") for network in chosen},
                )
            )

    types = list(PARTNER_TYPES)
    type_shares = [PARTNER_TYPES[name][0] for name in types]
    partners = []
    for number in range(1, PARTNERS + 1):
        partner_type = rng.choices(types, type_shares)[0]
        _, channel, mediums, endings = PARTNER_TYPES[partner_type]
        name = _names(rng, list(endings), taken)
        joined = _weighted_sample(
            rng, codes, shares, min(10, 2 + int(rng.random() * 5 + 60 / (number + 9)))
        )
        partners.append(
            Partner(
                f"PAR-{number:04d}", name, partner_type, channel, f"{slug(name)}.example",
                rng.choice(PROGRAM_COUNTRIES), number**-1.05, mediums,
                {network: next_id(network, "partner") for network in joined},
            )
        )  # fmt: skip
    _spell(seed, partners)
    placements = _placements(rng, partners, programs, campaigns)
    return World(advertisers, partners, programs, campaigns, placements)


def _spell(seed: int, partners: list[Partner]) -> None:
    """Let every network have its own spelling of its partners' names, and their sites."""
    domains = [partner.domain for partner in partners]
    for partner in partners:
        for network in partner.ids:
            key = f"{seed}/{network}/partner/{partner.code}"
            partner.spellings[network] = spelling(
                key, partner.name, partner.domain, partner.country
            )
            partner.sites[network] = site(key, partner.domain, domains)


def _placements(
    rng: random.Random, partners: list[Partner], programs: list[Program], campaigns: list[Campaign]
) -> list[Placement]:
    """Links of every partner to some of the programs of the networks that it joined."""
    by_advertiser: dict[str, list[Campaign]] = {}
    for campaign in campaigns:
        by_advertiser.setdefault(campaign.advertiser.code, []).append(campaign)
    placements = []
    for rank, partner in enumerate(partners, start=1):
        open_programs = [program for program in programs if program.network in partner.ids]
        count = min(len(open_programs), max(2, int(40 / rank**0.5)))
        joined = rng.sample(open_programs, count)
        links = [
            (program, 0.3 + rng.random()) for program in joined for _ in range(rng.randint(1, 4))
        ]
        whole = sum(program.advertiser.weight * noise for program, noise in links)
        for program, noise in links:
            advertiser = program.advertiser
            offered: list[Campaign | None] = [*by_advertiser[advertiser.code]]
            chosen = rng.choice(offered) if rng.random() < 0.75 else None
            tagged = rng.random() < 0.6
            path = f"{rng.choice(SECTIONS)}/{rng.randrange(1000, 9999)}"
            if rng.random() < 0.03:
                path = f"{path}/caf%C3%A9%20set"
            utm_source, utm_medium, utm_campaign = None, None, None
            url = f"https://www.{advertiser.domain}/{path}"
            if tagged:
                utm_source = _utm_source(rng, partner)
                utm_medium = rng.choice(partner.utm_mediums)
                utm_campaign = slug(chosen.name.removeprefix(advertiser.name)) if chosen else None
                url += f"?utm_source={utm_source}&utm_medium={utm_medium}"
                url += f"&utm_campaign={utm_campaign}" if utm_campaign else ""
            words = f"{rng.choice(('best', 'top', 'review', 'guide'))}-{advertiser.vertical}"
            placements.append(
                Placement(
                    partner=partner,
                    program=program,
                    campaign=chosen,
                    creative_id=rng.choice(program.creative_ids) if rng.random() < 0.85 else None,
                    landing_url=url,
                    utm_source=utm_source,
                    utm_medium=utm_medium,
                    utm_campaign=utm_campaign,
                    referrer_url=_referrer(rng, partner, words),
                    cpc=f"{rng.randrange(300, 12000) / 10000:.4f}" if rng.random() < 0.12 else None,
                    weight=partner.weight * advertiser.weight * noise / whole,
                )
            )
    return placements


def _utm_source(rng: random.Random, partner: Partner) -> str:
    """What the link says of its origin: the site it stands on, or the partner's own name."""
    if rng.random() < 0.7:
        match partner.partner_type:
            case "search":
                return rng.choice(("google", "google", "bing"))
            case "influencer" | "social":
                return rng.choice(("instagram", "facebook", "youtube.com", "tiktok"))
    return slug(partner.name)


def _referrer(rng: random.Random, partner: Partner, words: str) -> str | None:
    """The page on which the link stands; none for mail and apps."""
    match partner.partner_type:
        case "email" | "app":
            return None
        case "search":
            return rng.choice(
                ("https://www.google.com/", "https://www.bing.com/", "https://duckduckgo.com/")
            )
        case "influencer" | "social":
            return rng.choice((
                "https://www.instagram.com/", "https://www.youtube.com/", "https://www.tiktok.com/",
                "https://t.co/", "https://www.facebook.com/",
            ))  # fmt: skip
        case _:
            host = rng.choice(("", "www.")) + partner.domain
            return f"https://{host}/{words}-{rng.randrange(100, 999)}"
