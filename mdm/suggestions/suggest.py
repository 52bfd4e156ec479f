"""The master records that an unmapped id of a network may stand for, best first.

The mix of ratios is the best of those that were measured (docs/master_data.md, "Suggestions"). No
score is high enough to map by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from .names import normalised, own_domain

# A name that holds all words of another and more is a little less than that other.
SUBSET = 0.95
# Names compared at a time: what bounds the memory, with 10,000 records to 3 times 20 MB.
CHUNK = 500
Scores = npt.NDArray[np.float32]


class SuggestionError(ValueError):
    """What was asked makes no sense; the message says what and what to do."""


class Key(NamedTuple):
    """What an unmapped id is known by."""

    kind: str
    network_code: str
    source_id: str


@dataclass(frozen=True)
class Unmapped:
    """An id that master data does not map, and what is known of it.

    Attributes:
        kind: advertiser, partner, program, campaign or creative.
        network_code: the network that uses the id.
        source_id: the id.
        name: as the network delivers it.
        website: the web address that the network delivers, a host or a URL.
        click_host: where its clicks land (advertiser) or come from (partner).
    """

    kind: str
    network_code: str
    source_id: str
    name: str | None = None
    website: str | None = None
    click_host: str | None = None

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.kind, self.network_code, self.source_id)


@dataclass(frozen=True)
class Candidate:
    """A master record that an id may stand for.

    Attributes:
        kind: as of the id.
        code: its key in the master data.
        name: its name.
        domains: its web addresses, hosts or URLs.
        network_code: the only network whose ids can stand for it (a program's); None for any.
    """

    kind: str
    code: str
    name: str
    domains: tuple[str, ...] = ()
    network_code: str | None = None


@dataclass(frozen=True)
class Alias:
    """A past decision: somebody mapped an id of this name to this record."""

    kind: str
    name: str
    code: str


@dataclass(frozen=True)
class Suggestion:
    """A master record for a person to look at.

    Attributes:
        code: its key.
        name: its name.
        score: 0 to 100; 100 where the web domain or the compared name is the same.
        evidence: why, in words for a person.
        is_preticked: whether every web domain that is known of the id is one of this record and of
            no other. Everything else needs a person's own tick.
    """

    code: str
    name: str
    score: float
    evidence: str
    is_preticked: bool


@dataclass(frozen=True)
class _Spelling:
    """A name under which a candidate is known."""

    candidate: int
    normal: str
    said: str
    is_alias: bool


def suggest(
    unmapped: Sequence[Unmapped],
    candidates: Sequence[Candidate],
    aliases: Sequence[Alias] = (),
    limit: int = 3,
) -> dict[Key, list[Suggestion]]:
    """Return for each id the most likely master records of its kind, best first.

    An id of which neither a name nor a domain is known gets none. Aliases of records that are not
    among the candidates (merged, deleted) say nothing.

    Raises:
        SuggestionError: a limit below 1, an id or a record that is there twice, or one without
            kind, code or id.
    """
    if limit < 1:
        raise SuggestionError(f"At least one suggestion must be asked for, not {limit}.")
    _check("id", "source_id", [(one.key, one.source_id) for one in unmapped])
    _check("record", "code", [((one.kind, one.code), one.code) for one in candidates])
    found: dict[Key, list[Suggestion]] = {}
    for kind in sorted({one.kind for one in unmapped}):
        matcher = Matcher(
            [one for one in candidates if one.kind == kind],
            [one for one in aliases if one.kind == kind],
        )
        found |= matcher.suggestions([one for one in unmapped if one.kind == kind], limit)
    return found


def name_scores(
    names: Sequence[str], others: Sequence[str], only_whole: Sequence[bool] | None = None
) -> Scores:
    """Return how alike normalised names are, 0 to 100: one row per name, one column per other.

    The best of: the ratio of the words in order of the alphabet, the ratio without blanks, and
    0.95 times the token set ratio. An empty name is like nothing.

    Args:
        names: names.
        others: the names that they are compared with.
        only_whole: of which of the others a part is nothing: their token sets do not count.
    """

    def ratio(left: Iterable[str], right: Iterable[str]) -> Scores:
        return process.cdist(list(left), list(right), scorer=fuzz.ratio, dtype=np.float32)

    in_order = ratio(map(_in_order, names), map(_in_order, others))
    together = ratio(map(_together, names), map(_together, others))
    subset = process.cdist(list(names), list(others), scorer=fuzz.token_set_ratio, dtype=np.float32)
    if only_whole is not None:
        subset[:, list(only_whole)] = 0
    scores: Scores = np.maximum(np.maximum(in_order, together), np.float32(SUBSET) * subset)
    scores[[not name for name in names], :] = 0
    scores[:, [not other for other in others]] = 0
    return scores


def _in_order(name: str) -> str:
    return " ".join(sorted(name.split()))


def _together(name: str) -> str:
    return name.replace(" ", "")


def _check(what: str, field: str, keys: list[tuple[tuple[str, ...], str]]) -> None:
    seen = set()
    for key, value in keys:
        if not value or not key[0]:
            raise SuggestionError(f"The {what} {key} has no kind or no {field}: give it both.")
        if key in seen:
            raise SuggestionError(f"The {what} {key} is there twice: pass each once.")
        seen.add(key)


class Matcher:
    """The candidates of one kind, ready to be compared: what can be worked out beforehand."""

    def __init__(self, candidates: Sequence[Candidate], aliases: Sequence[Alias]) -> None:
        self.candidates = sorted(candidates, key=lambda one: one.code)
        places = {one.code: place for place, one in enumerate(self.candidates)}
        self.places = np.arange(len(self.candidates))
        self.by_domain: dict[str, set[int]] = defaultdict(set)
        for place, one in enumerate(self.candidates):
            for domain in filter(None, map(own_domain, one.domains)):
                self.by_domain[domain].add(place)
        spellings = {
            _Spelling(place, normalised(one.name), one.name, False)
            for place, one in enumerate(self.candidates)
        }
        spellings |= {
            _Spelling(places[one.code], normalised(one.name), one.name, True)
            for one in aliases
            if one.code in places
        }
        # By candidate, its own name first: so each has one run of columns.
        self.spellings = sorted(
            spellings, key=lambda one: (one.candidate, one.is_alias, one.normal, one.said)
        )

    def suggestions(self, asked: Sequence[Unmapped], limit: int) -> dict[Key, list[Suggestion]]:
        """Return for each id the most likely candidates, best first."""
        found: dict[Key, list[Suggestion]] = {}
        for start in range(0, len(asked), CHUNK):
            chunk = asked[start : start + CHUNK]
            found |= zip([one.key for one in chunk], self._best(chunk, limit), strict=True)
        return found

    def _best(self, asked: Sequence[Unmapped], limit: int) -> Iterator[list[Suggestion]]:
        if not self.candidates:
            yield from ([] for _ in asked)
            return
        names = [normalised(_name(one)) for one in asked]
        # A spelling that somebody mapped may be one word of the name: it says nothing of all
        # other names with this word.
        by_spelling = name_scores(
            names,
            [one.normal for one in self.spellings],
            only_whole=[one.is_alias for one in self.spellings],
        )
        runs = np.flatnonzero(np.diff([one.candidate for one in self.spellings], prepend=-1))
        by_candidate = np.maximum.reduceat(by_spelling, runs, axis=1)
        ends = [*runs[1:], len(self.spellings)]
        for row, one in enumerate(asked):
            domains = self._domains(one)
            matched = {place for places in domains.values() for place in places}
            # Whoever has the domain comes first, then the names decide, then the code.
            rank = by_candidate[row] + np.isin(self.places, list(matched)) * np.float32(101)
            rank[~self._open_to(one.network_code)] = 0
            fits = np.flatnonzero(rank > max(0, np.sort(rank)[-limit:][0] - 1e-3))
            fits = fits[np.argsort(-rank[fits], kind="stable")]
            suggestions = []
            for place in fits[:limit].tolist():
                columns = slice(runs[place], ends[place])
                best = int(np.argmax(by_spelling[row, columns]))
                suggestions.append(
                    self._suggestion(
                        place,
                        float(by_candidate[row, place]),
                        self.spellings[runs[place] + best],
                        [domain for domain, places in domains.items() if place in places],
                        is_only=all(places == {place} for places in domains.values()),
                    )
                )
            yield suggestions

    def _domains(self, one: Unmapped) -> dict[str, set[int]]:
        """The web domains of an id, and the candidates that have them."""
        said = filter(None, (own_domain(one.website), own_domain(one.click_host)))
        return {domain: self.by_domain.get(domain, set()) for domain in said}

    def _open_to(self, network_code: str) -> npt.NDArray[np.bool_]:
        """Which candidates an id of this network can stand for."""
        return np.array([one.network_code in (None, network_code) for one in self.candidates])

    def _suggestion(
        self, place: int, score: float, spelling: _Spelling, domains: list[str], is_only: bool
    ) -> Suggestion:
        candidate = self.candidates[place]
        words = [f"the web domain {domain} is the same" for domain in domains]
        if spelling.is_alias and score > 0:
            words.append(f"like “{spelling.said}”, mapped to it before ({score:.0f} of 100)")
        elif score > 0:
            words.append("the name is the same" if score == 100 else f"name {score:.0f} of 100")
        return Suggestion(
            candidate.code,
            candidate.name,
            100.0 if domains else round(score, 1),
            "; ".join(words),
            is_preticked=bool(domains) and is_only,
        )


def _name(one: Unmapped) -> str:
    """What an id is called: its name, or else its web domain without the ending."""
    domain = own_domain(one.website) or own_domain(one.click_host) or ""
    return one.name or domain.partition(".")[0]
