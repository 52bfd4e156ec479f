"""The lists of allowed values: the warehouse's seeds, so that each list stands once."""

from __future__ import annotations

import csv
from functools import cache
from zoneinfo import available_timezones

from django.conf import settings


@cache
def _seed(name: str, value: str, label: str) -> tuple[tuple[str, str], ...]:
    with (settings.PROJECT_DIR / "seeds" / f"{name}.csv").open(encoding="utf-8") as file:
        return tuple((row[value], row[label]) for row in csv.DictReader(file))


def networks() -> tuple[tuple[str, str], ...]:
    """Codes and names of the affiliate networks, and `none` for our own traffic."""
    return _seed("networks", "network_code", "network_name")


def countries() -> tuple[tuple[str, str], ...]:
    """ISO 3166-1 alpha-2 codes and names."""
    return _seed("countries", "country_code", "country_name")


def currencies() -> tuple[tuple[str, str], ...]:
    """ISO 4217 codes and names."""
    return _seed("currencies", "currency_code", "currency_name")


def uniqueness_rules() -> tuple[tuple[str, str], ...]:
    """The rules by which unique clicks are counted."""
    # A rule has a row per version: each is offered once.
    return tuple((rule, rule) for rule in dict(_seed("uniqueness_rules", "rule_id", "rule_id")))


@cache
def time_zones() -> tuple[tuple[str, str], ...]:
    """IANA names of time zones."""
    return tuple((name, name) for name in sorted(available_timezones()))
