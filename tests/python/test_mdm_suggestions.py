"""What the queue of unmapped ids suggests: names made comparable, domains, past decisions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggestions.names import normalised, own_domain, registrable_domain
from suggestions.suggest import (
    CHUNK,
    Alias,
    Candidate,
    Key,
    SuggestionError,
    Unmapped,
    name_scores,
    suggest,
)

APPAREL = Candidate("advertiser", "A1", "Alder Apparel", ("alder.example",))
AUDIO = Candidate("advertiser", "A2", "Alder Audio")
HOSTING = Candidate("advertiser", "A3", "Umber Hosting", ("umber.example", "umber.co.uk"))
RECORDS = (APPAREL, AUDIO, HOSTING)


def asked(name: str | None = None, **known: Any) -> Unmapped:
    return Unmapped("advertiser", "cj", "1", name, **known)


def codes(one: Unmapped, *records: Candidate, aliases: tuple[Alias, ...] = ()) -> list[str]:
    return [each.code for each in suggest([one], records or RECORDS, aliases)[one.key]]


@pytest.mark.parametrize(
    ("name", "compared"),
    [
        ("Alder Apparel", "alder apparel"),
        ("  ALDER\tApparel™ ", "alder appareltm"),
        ("Alder Apparel, Inc.", "alder apparel"),
        ("Café Ørsted GmbH & Co. KG", "cafe orsted"),
        ("Straße", "strasse"),
        ("Ａｌｄｅｒ", "alder"),
        ("Alder Apparel S.A.", "alder apparel"),
        ("Alder Apparel U.S.A.", "alder apparel"),
        ("Alder Apparel (UK)", "alder apparel"),
        ("Alder Apparel - United Kingdom", "alder apparel"),
        ("Alder Apparel Ltd (US) Affiliate Program", "alder apparel"),
        ("US Alder", "us alder"),
        ("AlderApparel.example", "alderapparel"),
        ("https://www.alder-apparel.co.uk/offers?x=1", "alder apparel"),
        ("Alder.com Deals", "alder deals"),
        ("J.Crew", "j crew"),
        ("Meadow's & Sons", "meadows and sons"),
        ("The Meadow", "meadow"),
        ("The", "the"),
        ("Inc.", "inc"),
        ("US", "us"),
        ("!!!", ""),
        ("", ""),
        ("アルダー", "アルター"),
    ],
)
def test_a_name_is_compared_without_what_networks_add(name: str, compared: str) -> None:
    assert normalised(name) == compared


NAMES = st.text() | st.lists(
    st.sampled_from(["The", "Alder", "Inc.", "U.S.", "(UK)", "alder.co.uk", "&", "'s", "İ", "ﬁ",
                     "Affiliate Program", "www.", ".", "-", "Co", "united", "states", "ß"])
).map(" ".join)  # fmt: skip


@given(NAMES)
def test_a_compared_name_is_compared_as_itself(name: str) -> None:
    once = normalised(name)
    assert normalised(once) == once
    assert once == " ".join(once.split())
    assert bool(once) == any(map(str.isalnum, once))


@given(NAMES.filter(lambda name: normalised(name) not in ("", "the")))
def test_case_blanks_and_legal_forms_make_no_difference(name: str) -> None:
    assert normalised(f"  {name} GmbH ") == normalised(name)
    # Upper case of some letters is of another letter (ı, ſ): only those that come back count.
    if name.upper().lower() == name.lower():
        assert normalised(name.upper()) == normalised(name.lower())


@pytest.mark.parametrize("name", [None, 7, b"Alder"])
def test_what_is_no_text_is_refused_in_a_sentence(name: Any) -> None:
    with pytest.raises(TypeError, match="must be text, not"):
        normalised(name)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("alder.example", "alder.example"),
        ("https://user@www.Alder.example:8443/a?b#c", "alder.example"),
        ("//shop.alder.example./", "alder.example"),
        ("shop.alder.co.uk", "alder.co.uk"),
        ("alder.myshopify.com", "alder.myshopify.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("co.uk", None),
        ("localhost", None),
        ("198.51.100.7", None),
        ("[2001:db8::1]", None),
        ("a..example", None),
        ("-a.example", None),
        ("two words.example", None),
        ("", None),
        (None, None),
    ],
)
def test_the_domain_is_the_part_that_somebody_registered(
    address: str | None, domain: str | None
) -> None:
    assert registrable_domain(address) == domain


@given(st.text())
def test_any_text_has_a_domain_or_none(address: str) -> None:
    domain = registrable_domain(address)
    assert domain is None or registrable_domain(f"https://www.{domain}/") == domain


def test_pages_on_other_peoples_sites_are_no_domains_of_ones_own() -> None:
    assert own_domain("https://www.instagram.com/alder") is None
    assert own_domain("alder.example") == "alder.example"
    with pytest.raises(TypeError, match="must be text"):
        own_domain(7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "other", "score"),
    [
        # The same words in another order.
        ("apparel alder", "alder apparel", 100),
        # Without blanks the same.
        ("alderapparel", "alder apparel", 100),
        # All words of the one are in the other: 0.95 times 100.
        ("alder", "alder apparel", 95),
        # Common letters in order: "alder a", so 2 x 7 / (11 + 13) = 58.3; without blanks 2 x 6 / 22
        # = 54.5; of the sets, "alder" to "alder audio": 2 x 5 / (5 + 11) = 62.5, times 0.95.
        ("alder audio", "alder apparel", 59.375),
        # "umber" to "amber": 2 x 4 / 10.
        ("umber", "amber", 80),
        ("", "alder", 0),
        ("", "", 0),
    ],
)
def test_scores_are_those_worked_out_by_hand(name: str, other: str, score: float) -> None:
    assert name_scores([name], [other])[0, 0] == pytest.approx(score, abs=1e-3)


def test_the_best_three_come_first_and_say_why() -> None:
    found = suggest([asked("AlderApparel Inc.")], [*RECORDS, Candidate("advertiser", "A0", "Zu")])
    best, *others = found[Key("advertiser", "cj", "1")]
    assert (best.code, best.name, best.score) == ("A1", "Alder Apparel", 100.0)
    assert best.evidence == "the name is the same"
    assert [one.code for one in others] == ["A2", "A3"]
    # "aldera" of 12 and of 10 letters: 2 x 6 / 22.
    assert (others[0].score, others[0].evidence) == (54.5, "name 55 of 100")


def test_no_name_is_good_enough_to_be_ticked() -> None:
    found = suggest([asked("Alder Apparel")], RECORDS, [Alias("advertiser", "Alder Apparel", "A1")])
    assert [one.is_preticked for one in found[Key("advertiser", "cj", "1")]] == [False] * 3


@pytest.mark.parametrize(
    "known",
    [
        {"website": "https://www.umber.example/x"},
        {"click_host": "shop.umber.co.uk"},
        {"website": "umber.example", "click_host": "go.umber.co.uk"},
        {"website": "umber.example", "click_host": "www.google.com"},
    ],
)
def test_the_same_web_domain_comes_first_and_is_ticked(known: dict[str, str]) -> None:
    one = asked("Alder Apparel", **known)
    best, second, _ = suggest([one], RECORDS)[one.key]
    assert (best.code, best.score, best.is_preticked) == ("A3", 100.0, True)
    assert best.evidence.startswith("the web domain umber.")
    assert (second.code, second.is_preticked) == ("A1", False)


@pytest.mark.parametrize(
    ("known", "records"),
    [
        # The network says one, the clicks say another.
        ({"website": "umber.example", "click_host": "alder.example"}, RECORDS),
        # What the network says is nobody's that we know.
        ({"website": "slate.example", "click_host": "umber.example"}, RECORDS),
        # Two records have the domain.
        (
            {"website": "umber.example"},
            (*RECORDS, Candidate("advertiser", "A4", "Umber Cloud", ("umber.example",))),
        ),
        # Everybody's site.
        (
            {"website": "instagram.com"},
            (*RECORDS, Candidate("advertiser", "A4", "Slate", ("instagram.com",))),
        ),
    ],
)
def test_a_doubtful_domain_ticks_nothing(
    known: dict[str, str], records: tuple[Candidate, ...]
) -> None:
    one = asked("Umber Hosting", **known)
    found = suggest([one], records)[one.key]
    assert found[0].code == "A3"
    assert not any(each.is_preticked for each in found)


def test_a_decision_is_an_alias_of_the_next_suggestion() -> None:
    one = asked("Zorro Retail Ltd")
    assert codes(one)[0] != "A2"
    alias = Alias("advertiser", "Zorro Retail (UK)", "A2")
    assert codes(one, aliases=(alias,))[0] == "A2"
    best = suggest([one], RECORDS, [alias])[one.key][0]
    assert best.evidence == "like “Zorro Retail (UK)”, mapped to it before (100 of 100)"
    # Of another kind, or to a record that is gone, it says nothing.
    others = (Alias("partner", "Zorro Retail", "A2"), Alias("advertiser", "Zorro Retail", "A9"))
    assert codes(one, aliases=others) == codes(one)


def test_a_word_that_was_mapped_says_nothing_of_longer_names() -> None:
    one = asked("Slate Audi0 Co")
    records = (
        Candidate("advertiser", "A1", "Umber Coupons"),
        Candidate("advertiser", "A2", "Slate Audio"),
    )
    aliases = (Alias("advertiser", "Slate", "A1"), Alias("advertiser", "Slate (US)", "A1"))
    best, second = suggest([one], records, aliases)[one.key]
    assert (best.code, second.code) == ("A2", "A1")
    # "slate" to "slate audi0": 2 x 5 / 16, without blanks 2 x 5 / 15.
    assert second.score == 66.7


def test_a_site_without_a_name_is_called_by_its_domain() -> None:
    one = asked(website="https://umber-hosting.co.uk/")
    best = suggest([one], RECORDS)[one.key][0]
    assert (best.code, best.score, best.is_preticked) == ("A3", 100.0, False)


def test_nothing_known_suggests_nothing() -> None:
    nothing = (asked(), asked("!!!"), asked(click_host="www.google.com"))
    for one in nothing:
        assert suggest([one], RECORDS) == {one.key: []}
    assert suggest([asked("Alder")], []) == {asked().key: []}
    assert suggest([], RECORDS) == {}


def test_only_records_of_the_kind_and_of_the_network_are_suggested() -> None:
    records = (
        Candidate("program", "P1", "Alder Apparel", network_code="awin"),
        Candidate("program", "P2", "Alder", network_code="cj"),
        APPAREL,
    )
    one = Unmapped("program", "cj", "1", "Alder Apparel")
    assert codes(one, *records) == ["P2"]


def test_ties_are_in_the_order_of_the_codes() -> None:
    # So many that an unstable sort would mix them.
    twins = [Candidate("advertiser", f"A{number}", "Alder") for number in range(99, 9, -1)]
    assert codes(asked("Alder"), *twins) == ["A10", "A11", "A12"]
    assert len(suggest([asked("Alder")], twins, limit=5)[asked().key]) == 5


def test_many_are_answered_as_one_by_one() -> None:
    many = [
        Unmapped("advertiser", "cj", str(number), f"{'Alder Umber Slate'[number % 9 :]} {number}")
        for number in range(CHUNK + 2)
    ]
    together = suggest(many, RECORDS)
    assert list(together) == [one.key for one in many]
    for one in (many[0], many[7], many[CHUNK - 1], many[CHUNK], many[-1]):
        assert together[one.key] == suggest([one], RECORDS)[one.key]


@pytest.mark.parametrize(
    ("ids", "records", "limit", "said"),
    [
        ([asked("A")], RECORDS, 0, "At least one"),
        ([asked("A"), asked("B")], RECORDS, 3, r"id .* is there twice"),
        ([asked("A")], (AUDIO, AUDIO), 3, r"record .* is there twice"),
        ([Unmapped("advertiser", "cj", "", "A")], RECORDS, 3, "no source_id"),
        ([asked("A")], (Candidate("advertiser", "", "A"),), 3, "no code"),
        ([Unmapped("", "cj", "1", "A")], RECORDS, 3, "no kind"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    ids: list[Unmapped], records: tuple[Candidate, ...], limit: int, said: str
) -> None:
    with pytest.raises(SuggestionError, match=said):
        suggest(ids, records, limit=limit)
