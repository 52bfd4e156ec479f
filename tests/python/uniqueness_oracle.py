"""What is a unique click, worked out click by click: nothing here is shared with the SQL.

A rule compares the clicks of one clicker on one thing. Rolling: a click is unique when at least the
window has passed since the clicker's last click. Fixed: since its last unique click. Invalid clicks
are left out before anybody looks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A version of a uniqueness rule.

    Attributes:
        name: rule and version; clicks of two versions are never compared.
        click_key: `visitor`, `ip_user_agent` or `sub_id`.
        scope: `global` or the field of a click that must agree, such as `partner`.
        window: in seconds.
        kind: `rolling` or `fixed`.
    """

    name: str
    click_key: str
    scope: str
    window: int
    kind: str


@dataclass(frozen=True)
class Click:
    """A click as our link tracker writes it."""

    event: str
    at: dt.datetime
    advertiser: str
    partner: str
    program: str
    creative: str
    cookie: str | None
    ip: str | None
    agent: str | None
    sub_id: str | None
    invalid: bool


def clicker(click: Click, rule: Rule) -> tuple[str | None, ...] | None:
    """Who clicked, as the rule sees it; none where nothing tells."""
    address = None if click.ip is None else ("address", click.ip, click.agent)
    match rule.click_key:
        case "sub_id":
            return None if click.sub_id is None else ("sub id", click.sub_id)
        case "ip_user_agent":
            return address
        case _:
            return ("cookie", click.cookie) if click.cookie is not None else address


def classes(
    clicks: Iterable[Click],
    rule_of: Callable[[Click], Rule],
    order: Mapping[str, int],
) -> dict[str, str]:
    """The class of each click by its event; `order` gives the ids that break ties of time."""
    found: dict[str, str] = {}
    counted_from: dict[tuple[object, ...], dt.datetime] = {}
    for click in sorted(clicks, key=lambda click: (click.at, order[click.event])):
        rule = rule_of(click)
        who = clicker(click, rule)
        if click.invalid:
            found[click.event] = "invalid"
            continue
        if who is None:
            found[click.event] = "unique"
            continue
        what = None if rule.scope == "global" else getattr(click, rule.scope)
        key = (rule.name, who, what)
        since = counted_from.get(key)
        unique = since is None or click.at - since >= dt.timedelta(seconds=rule.window)
        found[click.event] = "unique" if unique else "duplicate"
        if unique or rule.kind == "rolling":
            counted_from[key] = click.at
    return found
