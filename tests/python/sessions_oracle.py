"""The rules of docs/sessions.md read event by event: an oracle without windows, joins or rounds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

INACTIVITY = timedelta(minutes=30)
MOST_TIME = timedelta(hours=24)
MOST_EVENTS = 2000


@dataclass(frozen=True)
class Event:
    """A click or page view of a visitor; what it does not name is None."""

    key: int
    visitor: int
    at: datetime
    campaign: int | None = None
    channel: int | None = None


@dataclass
class Session:
    """A session, in the order of its events."""

    events: list[Event] = field(default_factory=list)
    chain: int = 0
    ended_by: str = "inactivity"

    def reason(self, most: timedelta = MOST_TIME, most_events: int = MOST_EVENTS) -> str | None:
        """Why it is set aside, if it is."""
        if self.events[-1].at - self.events[0].at > most:
            return "too_long"
        return "too_many_events" if len(self.events) > most_events else None


def expected_sessions(
    events: Iterable[Event], criteria: Sequence[str] = ("campaign", "channel")
) -> list[Session]:
    """Walk through the events of each visitor, and begin a session where a rule says so."""
    by_visitor: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_visitor[event.visitor].append(event)
    found: list[Session] = []
    for own in by_visitor.values():
        last: Event | None = None
        named: dict[str, int] = {}
        for event in sorted(own, key=lambda e: (e.at, e.key)):
            reason = None
            if last is None or event.at - last.at >= INACTIVITY:
                reason = "inactivity"
                named = {}
            else:
                for criterion in criteria:
                    value = getattr(event, criterion)
                    if value is not None and named.get(criterion, value) != value:
                        reason = reason or criterion
            if reason is not None:
                if last is not None:
                    found[-1].ended_by = reason
                chain = event.key if reason == "inactivity" else found[-1].chain
                found.append(Session(chain=chain))
            for criterion in criteria:
                value = getattr(event, criterion)
                if value is not None:
                    named[criterion] = value
            found[-1].events.append(event)
            last = event
    return found


def expected_components(links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Each node's component, named by its smallest node: union and find."""
    parents: dict[int, int] = {}

    def find(node: int) -> int:
        parents.setdefault(node, node)
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for one, other in links:
        first, second = sorted((find(one), find(other)))
        parents[second] = first
    return {node: find(node) for node in list(parents)}


# --- from records to visits -----------------------------------------------------------------------

REDIRECTOR = "redirector"
BEFORE, AFTER = timedelta(minutes=5), timedelta(minutes=30)


def key(*parts: str | None) -> int:
    """The key that the macro `dimension_key` makes of texts."""
    written = [
        "n:" if part is None else "v:" + part.replace("~", "~0").replace("|", "~1")
        for part in parts
    ]
    return int(hashlib.md5("|".join(written).encode()).hexdigest()[:15], 16)


@dataclass(frozen=True)
class Record:
    """A record of a file: a click, a page view, or a view of a tagged page, which is both."""

    source: str
    event_id: str
    at: datetime
    is_click: bool
    is_page_view: bool
    cookie: str | None = None
    login: str | None = None
    address: str | None = None
    carried: str | None = None
    campaign: str | None = None
    utm_source: str | None = None
    page: str | None = None

    @property
    def key(self) -> int:
        """The key of the event."""
        return key(self.source, self.event_id)

    @property
    def identifier(self) -> tuple[str, int]:
        """What its identifier is, and the identifier."""
        if self.cookie is not None:
            return "cookie", key(self.cookie)
        if self.login is not None:
            return "login", key("login", self.login)
        if self.source == REDIRECTOR:
            return "click_id", self.key
        return self.fallback

    @property
    def fallback(self) -> tuple[str, int]:
        """The same for an event that nothing but its address tells of."""
        return ("none", self.key) if self.address is None else ("address", key(self.address, None))


@dataclass(frozen=True)
class Limits:
    """The variables of the project that a test may set."""

    most: timedelta = MOST_TIME
    most_events: int = MOST_EVENTS
    most_sharers: int = 50
    late_after_days: int = 1


def received(files: Mapping[int, Sequence[Record]]) -> dict[int, tuple[Record, datetime]]:
    """Each event once: its earliest record, and when it was first delivered."""
    copies: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    delivered: dict[int, list[datetime]] = defaultdict(list)
    for file_id, records in files.items():
        for line, record in enumerate(records, start=1):
            copies[record.key].append((record.at, file_id, line))
            delivered[record.key].append(max(other.at for other in records))
    return {
        event: (files[file_id][line - 1], min(delivered[event]))
        for event, (_, file_id, line) in ((event, min(found)) for event, found in copies.items())
    }


def expected_links(records: Iterable[Record]) -> set[tuple[int, int, str]]:
    """Every two identifiers that were seen together."""
    by_key = {record.key: record for record in records}
    links = set()
    for record in by_key.values():
        kind, identifier = record.identifier
        if kind == "cookie" and record.login is not None:
            links.add((identifier, key("login", record.login), "login"))
        click = by_key.get(key(REDIRECTOR, record.carried)) if record.carried else None
        if click is None or not click.is_click:
            continue
        if click.at - BEFORE <= record.at <= click.at + AFTER:
            links |= {
                (one.identifier[1], click.key, "click_id")
                for one in (record, click)
                if one.identifier[0] in ("cookie", "login")
            }
    return links


def expected_visitors(
    links: Iterable[tuple[int, int, str]], most_sharers: int
) -> dict[int, tuple[int, str]]:
    """The visitor of each identifier that is stitched, and the rules that stitched it."""
    sharers: dict[int, set[int]] = defaultdict(set)
    for one, other, rule in links:
        sharers[other].add(one)
        if rule == "login":
            sharers[one].add(other)
    blocked = {identifier for identifier, others in sharers.items() if len(others) > most_sharers}
    stitching = [link for link in links if not blocked & set(link[:2])]
    components = expected_components((one, other) for one, other, _ in stitching)
    rules: dict[int, set[str]] = defaultdict(set)
    for one, _, rule in stitching:
        rules[components[one]].add(rule)
    return {
        identifier: (visitor, ", ".join(sorted(rules[visitor])))
        for identifier, visitor in components.items()
    }


def expected_visits(
    files: Mapping[int, Sequence[Record]], channels: Mapping[str, int], limits: Limits
) -> dict[int, dict[str, object]]:
    """Every session of the files, by its key, with what can be said of it."""
    events = received(files)
    stitched = expected_visitors(
        expected_links(record for record, _ in events.values()), limits.most_sharers
    )
    rules: dict[int, str] = {}
    of_visitors = []
    for event, (record, _) in events.items():
        kind, identifier = record.identifier
        if identifier in stitched:
            visitor, rule = stitched[identifier]
        else:
            rule, visitor = record.fallback if kind == "click_id" else (kind, identifier)
        rules[visitor] = rule
        named = (record.campaign, record.utm_source)
        of_visitors.append(
            Event(
                event,
                visitor,
                record.at,
                None if named[0] is None else hash(named[0]),
                None if named[1] is None else channels[named[1]],
            )
        )
    visits: dict[int, dict[str, object]] = {}
    for session in expected_sessions(of_visitors):
        own = [events[event.key] for event in session.events]
        named_channels = [e.channel for e in session.events if e.channel is not None]
        pages = [record.page for record, _ in own if record.page is not None]
        first, last = session.events[0], session.events[-1]
        visits[first.key] = {
            "visitor_id": first.visitor,
            "visitor_rule": rules[first.visitor],
            "first_channel": named_channels[0] if named_channels else None,
            "last_channel": named_channels[-1] if named_channels else None,
            "entry_page": pages[0] if pages else None,
            "exit_page": pages[-1] if pages else None,
            "ended_by": session.ended_by,
            "reason": session.reason(limits.most, limits.most_events),
            "events": len(own),
            "clicks": sum(record.is_click for record, _ in own),
            "page_views": sum(record.is_page_view for record, _ in own),
            "deliveries": len({delivered.date() for _, delivered in own}),
            "started_at": first.at,
            "ended_at": last.at,
        }
    return visits


def expected_late(
    files: Mapping[int, Sequence[Record]], limits: Limits
) -> dict[tuple[object, str], tuple[int, int, int]]:
    """Events, late events and the most days late, by day and source."""
    waited: dict[tuple[object, str], list[int]] = defaultdict(list)
    for record, delivered in received(files).values():
        days = (delivered.date() - record.at.date()).days
        waited[record.at.date(), record.source].append(days)
    return {
        of: (len(days), sum(day > limits.late_after_days for day in days), max(days))
        for of, days in waited.items()
    }
