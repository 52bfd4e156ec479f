"""How often the suggestions are right on the demo, whose truth is known: the table of the page.

Every id for which a network of the demo delivers a name is asked for, as if none of them were
mapped, over several worlds. `WRITE_DOCS=1` writes the table into the page.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pytest

from clickstar_demo.master_data import delivered_names, true_codes
from clickstar_demo.world import World, make_world
from pages import hold_tables, table
from suggestions.suggest import Alias, Candidate, Key, Suggestion, Unmapped, suggest
from warehouses import ROOT

PAGE = ROOT / "docs" / "master_data.md"
SEEDS = range(7, 11)
KINDS = ("advertiser", "partner", "program")
TOP = 3


@dataclass(frozen=True)
class Asked:
    """The ids of a world, the records, and what is right."""

    ids: list[Unmapped]
    records: list[Candidate]
    codes: Mapping[Key, str]


@dataclass
class Counts:
    """How many were asked, found first, found among the first three, ticked, and ticked rightly."""

    asked: int = 0
    first: int = 0
    among: int = 0
    ticked: int = 0
    right: int = 0

    def add(self, found: list[Suggestion], code: str) -> None:
        codes = [one.code for one in found]
        self.asked += 1
        self.first += codes[:1] == [code]
        self.among += code in codes[:TOP]
        ticked = [one.code for one in found if one.is_preticked]
        self.ticked += bool(ticked)
        self.right += ticked == [code]


def records(world: World) -> Iterable[Candidate]:
    for advertiser in world.advertisers:
        yield Candidate("advertiser", advertiser.code, advertiser.name, (advertiser.domain,))
    for partner in world.partners:
        yield Candidate("partner", partner.code, partner.name, (partner.domain,))
    for program in world.programs:
        yield Candidate("program", program.code, program.name, network_code=program.network)


def click_hosts(world: World) -> dict[Key, str]:
    """Where most clicks of an advertiser's id land, and of a partner's come from."""
    weights: dict[tuple[Key, str], float] = defaultdict(float)
    for link in world.placements:
        network, program = link.program.network, link.program
        advertisers = (program.advertiser_id, f"program:{program.program_id}")
        for key, url in (
            *((Key("advertiser", network, one), link.landing_url) for one in advertisers),
            (Key("partner", network, link.partner.ids[network]), link.referrer_url),
        ):
            if url:
                weights[key, url.split("/")[2]] += link.weight
    found: dict[Key, str] = {}
    for (key, host), _ in sorted(weights.items(), key=lambda item: item[1]):
        found[key] = host
    return found


def asked_of(seed: int) -> Asked:
    world = make_world(seed)
    said, hosts = delivered_names(world), click_hosts(world)
    ids, codes = [], {}
    for (network, kind, source_id), code in true_codes(world).items():
        if (network, kind, source_id) in said:
            name, website = said[network, kind, source_id]
            key = Key(kind, network, source_id)
            ids.append(Unmapped(*key, name or None, website or None, hosts.get(key)))
            codes[key] = code
    return Asked(ids, list(records(world)), codes)


@pytest.fixture(scope="module")
def worlds() -> list[Asked]:
    return [asked_of(seed) for seed in SEEDS]


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def measured(worlds: list[Asked], kind: str) -> dict[str, Counts]:
    """Ask for the ids of a kind, knowing more and more of them."""
    counts: dict[str, Counts] = defaultdict(Counts)
    for number, world in enumerate(worlds):

        def ask(
            known: str, ids: list[Unmapped], aliases: Iterable[Alias] = (), world: Asked = world
        ) -> None:
            for key, found in suggest(ids, world.records, [*aliases], TOP).items():
                counts[known].add(found, world.codes[key])

        ids = [one for one in world.ids if one.kind == kind]
        # What is called by its address has no name besides.
        named = [replace(one, click_host=None) for one in ids if not one.website]
        ask("the name", named)
        decided, half = _halves(named, number)
        ask("the name, of one half", half)
        aliases = [Alias(kind, one.name or "", world.codes[one.key]) for one in decided]
        ask("the same, when the other half is decided", half, aliases)
        ask("name, website and host of the clicks", ids)
    return counts


def _halves(ids: list[Unmapped], seed: int) -> tuple[list[Unmapped], list[Unmapped]]:
    mixed = random.Random(seed).sample(ids, len(ids))
    return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


def test_the_page_says_how_often_suggestions_are_right(worlds: list[Asked]) -> None:
    found = {kind: measured(worlds, kind) for kind in KINDS}
    rows = [
        (
            *(kind, known, f"{one.asked:,}", share(one.first, one.asked)),
            *(share(one.among, one.asked), share(one.ticked, one.asked)),
            share(one.right, one.ticked),
        )
        for kind, counts in found.items()
        for known, one in counts.items()
    ]
    heads = "kind, what is known, ids, first, among three, ticked, of these right"
    hold_tables(PAGE, {"suggestions": table(heads, rows)})
    for counts in found.values():
        *named, everything = counts.values()
        # No name ticks anything.
        assert sum(one.ticked for one in named) == 0
        assert everything.right >= 0.99 * everything.ticked
    # Decisions help where one record has many ids.
    _, half, decided, _ = found["partner"].values()
    assert decided.first > half.first + 0.02 * half.asked
