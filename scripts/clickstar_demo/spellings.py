"""How the networks spell the names that master data has: as their clients once typed them in.

A name comes with a legal form, the mark of a country or none of its blanks, as a web address,
shortened, misspelt, or is another one altogether, that of the company behind it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

LEGAL_FORMS = {
    "US": (", Inc.", " Inc", " LLC", " Corp."), "GB": (" Ltd", " Limited", " PLC"),
    "DE": (" GmbH", " GmbH & Co. KG", " AG"), "FR": (" SAS", " S.A.", " SARL"),
    "CA": (" Inc.", " Ltd."), "AU": (" Pty Ltd",),
}  # fmt: skip
COUNTRY_MARKS = {
    "US": (" US", " (US)", " USA", " - U.S."), "GB": (" UK", " (UK)", " United Kingdom"),
    "DE": (" DE", " Germany", " (DE)"), "FR": (" FR", " France"), "CA": (" CA", " Canada"),
    "AU": (" AU", " Australia"),
}  # fmt: skip
PROGRAM_WORDS = (" Affiliate Program", " Affiliates", " - CPA", " Partner Program")
SYLLABLES = ("ba", "dor", "fi", "gan", "lu", "mer", "no", "pel", "qua", "ris", "ton", "ve", "zi")
COMPANIES = ("Holdings", "Ventures", "Trading", "Digital", "Commerce")
# Of a thousand names, how many are written so.
SHARES = {
    "as it is": 250, "legal form": 130, "country": 130, "no blanks": 110, "web address": 110,
    "shortened": 70, "word left out": 60, "turned round": 50, "misspelt": 60, "letter case": 30,
}  # fmt: skip
# Whoever has a company behind, and how often a network knows it by that.
HAS_COMPANY, BY_COMPANY = 0.08, 0.75
# A second peculiarity besides the first.
ALSO_MARKED = 0.25
# A publisher with several sites registered another one of them, one of somebody else's.
WRONG_SITE = 0.04


def spelling(key: str, name: str, domain: str, country: str) -> str:
    """A network's spelling of a name, always the same for the same key."""
    rng = random.Random(f"spelling/{key}")
    behind = company(name, country)
    if behind and rng.random() < BY_COMPANY:
        return behind
    way = rng.choices(list(SHARES), list(SHARES.values()))[0]
    written = WAYS[way](rng, name, domain, country)
    if way not in ("legal form", "web address") and rng.random() < ALSO_MARKED:
        written += rng.choice((*LEGAL_FORMS[country], *COUNTRY_MARKS[country]))
    return written


def program_spelling(key: str, name: str, domain: str, country: str) -> str:
    """A network's name of an advertiser's program: that of the advertiser, often with a mark."""
    rng = random.Random(f"spelling of a program/{key}")
    written = spelling(key, name, domain, country)
    marks = (*COUNTRY_MARKS[country], *PROGRAM_WORDS)
    return written + (rng.choice(marks) if rng.random() < 0.4 else "")


def site(key: str, domain: str, others: Sequence[str]) -> str:
    """The domain under which somebody registered with a network: rarely one of the others."""
    rng = random.Random(f"site/{key}")
    return rng.choice(others) if others and rng.random() < WRONG_SITE else domain


def _as_it_is(rng: random.Random, name: str, domain: str, country: str) -> str:
    del rng, domain, country
    return name


def _legal_form(rng: random.Random, name: str, domain: str, country: str) -> str:
    del domain
    return name + rng.choice(LEGAL_FORMS[country])


def _country(rng: random.Random, name: str, domain: str, country: str) -> str:
    del domain
    return name + rng.choice(COUNTRY_MARKS[country])


def _no_blanks(rng: random.Random, name: str, domain: str, country: str) -> str:
    del domain, country
    joined = name.replace(" ", "")
    return rng.choice((joined, joined, name.replace(" ", "-"), joined.lower()))


def _web_address(rng: random.Random, name: str, domain: str, country: str) -> str:
    del country
    joined = f"{name.replace(' ', '')}.example"
    return rng.choice((domain, f"www.{domain}", joined, joined.lower()))


def _shortened(rng: random.Random, name: str, domain: str, country: str) -> str:
    """The last word ends early, or the others are their first letters only."""
    del domain, country
    *words, last = name.split()
    if rng.random() < 0.6:
        return " ".join([*words, f"{last[: max(3, len(last) // 2)]}."])
    return " ".join([*(f"{word[0]}." for word in words), last])


def _word_left_out(rng: random.Random, name: str, domain: str, country: str) -> str:
    del domain, country
    words = name.split()
    words.pop(rng.randrange(1, len(words)))
    return " ".join(words)


def _turned_round(rng: random.Random, name: str, domain: str, country: str) -> str:
    del rng, domain, country
    first, *rest = name.split()
    return f"{' '.join(rest)}, {first}"


def _misspelt(rng: random.Random, name: str, domain: str, country: str) -> str:
    """Two letters change places, or one is missing."""
    del domain, country
    place = rng.randrange(1, len(name) - 2)
    if rng.random() < 0.5:
        return name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    return name[:place] + name[place + 1 :]


def _letter_case(rng: random.Random, name: str, domain: str, country: str) -> str:
    del domain, country
    return rng.choice((name.upper(), name.lower()))


def company(name: str, country: str) -> str | None:
    """The company under whose name somebody is known to most networks; None for most."""
    rng = random.Random(f"company of {name}")
    if rng.random() >= HAS_COMPANY:
        return None
    word = "".join(rng.choice(SYLLABLES) for _ in range(3)).title()
    return f"{word} {rng.choice(COMPANIES)}{LEGAL_FORMS[country][0]}"


WAYS: dict[str, Callable[[random.Random, str, str, str], str]] = {
    "as it is": _as_it_is, "legal form": _legal_form, "country": _country,
    "no blanks": _no_blanks, "web address": _web_address, "shortened": _shortened,
    "word left out": _word_left_out, "turned round": _turned_round, "misspelt": _misspelt,
    "letter case": _letter_case,
}  # fmt: skip
