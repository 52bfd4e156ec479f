"""What unmapped ids may stand for: master records, and the decisions of the past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Max, Q

from records.base import MergeableRecord, Record
from records.models import BY_NAME, Advertiser, Brand, Crosswalk, Partner, SiteDomain
from suggestions.suggest import Alias, Candidate, Key, Matcher, Suggestion, Unmapped
from unmapped.models import DeliveredName, UnmappedId

TOP = 3
# Whose names and domains are those of a kind, besides the records themselves.
DOMAINS_OF: dict[str, type[Record]] = {"advertiser": Brand, "partner": SiteDomain}
Stamp = tuple[Any, ...]
_matchers: dict[str, tuple[Stamp, Matcher]] = {}


def suggestions_for(ids: Sequence[UnmappedId], limit: int = TOP) -> dict[Key, list[Suggestion]]:
    """The most likely records of each id, best first."""
    asked = defaultdict(list)
    for one in ids:
        asked[one.kind].append(
            Unmapped(
                one.kind, one.network_code, one.source_id, one.name or None, one.website or None,
                one.click_host or None,
            )
        )  # fmt: skip
    found: dict[Key, list[Suggestion]] = {}
    for kind, of_kind in asked.items():
        found |= _matcher(kind).suggestions(of_kind, limit)
    return found


def _matcher(kind: str) -> Matcher:
    """The records of a kind, ready to be compared; made anew when anything of them has changed."""
    # Asked for before the records are read: what changes meanwhile is seen the next time.
    stamp = _stamp(kind)
    known = _matchers.get(kind)
    if known is None or known[0] != stamp:
        known = _matchers[kind] = (stamp, Matcher(list(_candidates(kind)), _aliases(kind)))
    return known[1]


def _stamp(kind: str) -> Stamp:
    """What is another one after every change of names, domains, mappings and delivered names.

    Histories only grow, whoever changes a record. Their number tells of a change that was
    committed after one with a higher id, which the highest id does not.
    """
    stamp: list[Any] = []
    for entity in (entity_of(kind), Crosswalk, DOMAINS_OF.get(kind)):
        if entity is not None:
            history = entity.history.order_by()  # type: ignore[attr-defined]
            last = (Count("pk"), Max("history_id"), Max("history_date"))
            stamp += history.aggregate(*last).values()
    delivered = UnmappedId.objects.aggregate(Max("refreshed_at")).values()
    return (*stamp, *delivered, DeliveredName.objects.count())


def entity_of(kind: str) -> type[MergeableRecord]:
    """The entity that ids of a kind stand for."""
    entity = BY_NAME[kind]
    assert issubclass(entity, MergeableRecord)
    return entity


def searched(kind: str, network_code: str, text: str, limit: int) -> list[MergeableRecord]:
    """The records of a kind that a text finds by code, name or web domain."""
    entity: Any = entity_of(kind)
    found = Q(code__icontains=text) | Q(name__icontains=text)
    if hasattr(entity, "website_domain"):
        found |= Q(website_domain__icontains=text)
    records = entity._default_manager.filter(found, merged_into=None)
    if kind == "program":
        records = records.filter(network_code=network_code)
    return list(records.order_by("-is_active", "name", "code")[:limit])


def _candidates(kind: str) -> Iterable[Candidate]:
    domains = _domains(kind)
    entity = entity_of(kind)
    # Of records that rest, none is offered: they may still be searched for.
    for record in entity._default_manager.filter(is_active=True, merged_into=None):
        yield Candidate(
            kind,
            record.code,
            record.name,
            tuple(domains[record.code]),
            getattr(record, "network_code", None),
        )


def _domains(kind: str) -> dict[str, list[str]]:
    """The web domains by record; each once, in the order of their telling."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    sources = {
        "advertiser": (
            Advertiser.objects.values_list("code", "website_domain"),
            Brand.objects.filter(is_active=True).values_list("advertiser", "website_domain"),
        ),
        "partner": (
            Partner.objects.values_list("code", "website_domain"),
            SiteDomain.objects.filter(is_active=True).values_list("partner", "domain"),
        ),
    }
    for rows in sources.get(kind, ()):
        for code, domain in rows:
            if domain:
                found[code][domain] = None
    return defaultdict(list, {code: list(domains) for code, domains in found.items()})


def _aliases(kind: str) -> list[Alias]:
    """Names that networks deliver for ids that are mapped: each a decision of the past."""
    mapped = Crosswalk.objects.filter(kind=kind).exclude(**{kind: None})
    targets = dict(mapped.values_list("code", f"{kind}_id"))
    names = DeliveredName.objects.filter(kind=kind)
    return [Alias(kind, one.name, targets[one.code]) for one in names if one.code in targets]
