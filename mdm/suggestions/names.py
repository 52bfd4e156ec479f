"""Spellings made comparable: names of firms and sites, and the web domains that they own."""

from __future__ import annotations

import re
import unicodedata

LEGAL_FORMS = frozenset(
    """
    ab ag aps as asa bv co company corp corporation gmbh inc incorporated kg kk limited llc llp
    lp ltd ltda nv oy oyj plc pte pty sa sarl sas sl spa srl
    """.split()
)
# What networks add to a name to tell the programs of one firm apart.
COUNTRY_MARKS = frozenset(
    """
    at au be br ca ch de dk emea es eu fr gb global ie in int international intl it jp mx nl no
    nz pl row se sg uk us usa worldwide
    australia austria belgium brazil canada denmark deutschland espana europe france germany india
    ireland italia italy japan mexico netherlands norway poland singapore spain sweden switzerland
    """.split()
)
COUNTRY_PHRASES = (("united", "states"), ("united", "kingdom"), ("great", "britain"))
PROGRAM_PHRASES = (
    ("affiliate", "program"), ("affiliate", "programme"), ("partner", "program"),
    ("partner", "programme"), ("affiliates",), ("affiliate",), ("cpa",), ("cps",),
)  # fmt: skip
ENDINGS = (
    *((word,) for word in sorted(LEGAL_FORMS | COUNTRY_MARKS)), *COUNTRY_PHRASES, *PROGRAM_PHRASES,
)  # fmt: skip

# Letters that Unicode does not take apart into a letter and a mark.
PLAIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})
APOSTROPHES = re.compile("['’‘ʼ`´]")
# A letter, a point, a letter: U.S.A. or S.A.
SPELLED_OUT = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){1,}[^\W\d_](?![^\W_])\.?")
# Only endings that are certainly of the web: "J.Crew" is a name.
SITE = re.compile(
    r"(?:https?://)?(?:www\.)?(?P<label>[a-z0-9-]+(?:\.[a-z0-9-]+)*?)"
    r"\.(?:com|net|org|info|biz|example|eu|de|fr|nl|es|it|(?:com?|org|net)\.[a-z]{2})"
    r"(?![a-z0-9.-]|\.[a-z])(?:/\S*)?"
)

# Below these, as below `com`, anybody registers a name of their own. From the public suffix list,
# https://publicsuffix.org/list/: those of the countries that this industry reports, and hosts of
# other people's shops and pages.
LONG_SUFFIXES = frozenset(
    """
    co.uk org.uk me.uk ltd.uk plc.uk net.uk ac.uk gov.uk com.au net.au org.au co.nz net.nz org.nz
    co.jp ne.jp or.jp com.br net.br com.mx org.mx co.in net.in org.in co.za org.za com.cn com.hk
    com.sg com.my com.ph co.th co.id com.tr com.tw co.kr com.ar com.co com.pe com.ua com.pl co.il
    co.at or.at com.es com.pt
    blogspot.com wordpress.com myshopify.com github.io netlify.app pages.dev web.app vercel.app
    wixsite.com weebly.com tumblr.com substack.com herokuapp.com
    """.split()
)
# Whose pages are other people's: such a domain says nothing about who they are.
SHARED_DOMAINS = frozenset(
    """
    google.com bing.com yahoo.com duckduckgo.com facebook.com instagram.com youtube.com youtu.be
    tiktok.com twitter.com x.com t.co pinterest.com reddit.com linkedin.com linktr.ee bit.ly
    snapchat.com twitch.tv discord.com whatsapp.com telegram.org t.me amazon.com ebay.com etsy.com
    """.split()
)
HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://|^//")


def normalised(name: str) -> str:
    """Return a name as it is compared: small plain letters and digits, single blanks.

    Accents, case, punctuation, what makes a name a web address, legal forms, marks of countries
    and words for a program at its end, and "the" at its beginning are gone, unless nothing else
    were left. A name without any letter or digit gives the empty text.

    Raises:
        TypeError: the name is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"A name must be text, not {name!r}: pass what the network delivered.")
    text = _plain(name)
    text = SITE.sub(lambda found: f" {found['label']} ", text)
    text = SPELLED_OUT.sub(lambda found: found[0].replace(".", ""), text)
    text = APOSTROPHES.sub("", text.replace("&", " and "))
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return " ".join(_core(words))


def registrable_domain(address: str | None) -> str | None:
    """Return the part of a host or URL that somebody registered: shop.a.co.uk gives a.co.uk.

    None where there is none: no text, an IP address, a bare suffix, a name without a point.

    Raises:
        TypeError: the address is neither text nor None.
    """
    if address is None:
        return None
    if not isinstance(address, str):
        raise TypeError(f"A web address must be text, not {address!r}: pass a host or a URL.")
    host = SCHEME.sub("", address.strip().lower())
    host = re.split(r"[/?#\\]", host, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d*$", "", host).rstrip(".")
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    if not HOST.fullmatch(host) or host.rpartition(".")[2].isdigit():
        return None
    labels = host.split(".")
    kept = 3 if ".".join(labels[-2:]) in LONG_SUFFIXES else 2
    return ".".join(labels[-kept:]) if len(labels) >= kept else None


def own_domain(address: str | None) -> str | None:
    """Return the registrable domain, unless it is one on which many others have their pages."""
    domain = registrable_domain(address)
    return None if domain in SHARED_DOMAINS else domain


def _plain(text: str) -> str:
    """Lower case without accents; compatibility forms (full width, ligatures) as usual letters."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return text.translate(PLAIN)


def _core(words: list[str]) -> list[str]:
    """The words without what many names share at the end, and without a leading "the"."""
    shorter = True
    while shorter:
        shorter = False
        for ending in ENDINGS:
            if len(words) > len(ending) and tuple(words[-len(ending) :]) == ending:
                words, shorter = words[: -len(ending)], True
        # Left of GmbH & Co. KG, and of Meadow & Co.
        if len(words) > 1 and words[-1] == "and":
            words, shorter = words[:-1], True
        if len(words) > 1 and words[0] == "the":
            words, shorter = words[1:], True
    return words
