"""What requests are about, by name: a few queries for a whole list."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.urls import reverse

from changes.models import ChangeRequest
from changes.service import ALL_TIME
from records.base import NamedRecord, Record
from records.models import BY_NAME, Crosswalk

# Digits; a longer one is beyond what databases count to.
LONGEST_NUMBER = 18


def with_names(requests: Iterable[ChangeRequest]) -> list[ChangeRequest]:
    """The requests, each with `record_name` and `record_link` (empty: there is no record yet)."""
    found = list(requests)
    codes = defaultdict(set)
    for request in found:
        codes[request.entity].add(request.code)
    names = {entity: _names(BY_NAME[entity], wanted) for entity, wanted in codes.items()}
    for request in found:
        named = names[request.entity].get(request.code)
        request.record_name = (  # type: ignore[attr-defined]
            named or str(request.values.get("name") or request.code)
        )
        request.record_link = (  # type: ignore[attr-defined]
            record_link(request.record_type, request.code) if named else ""
        )
    return found


def _names(entity: type[Record], codes: set[str]) -> dict[str, str]:
    records: QuerySet[Any] = entity._default_manager.filter(pk__in=codes)
    if issubclass(entity, NamedRecord):
        return dict(records.values_list("code", "name"))
    return {code: code for code in records.values_list("code", flat=True)}


def record_link(entity: type[Record], code: str, page: str = "change") -> str:
    """The address of a record's page."""
    return reverse(f"admin:records_{entity._meta.model_name}_{page}", args=[quote(code)])


def whole_number(text: str) -> int | None:
    """The number of a request or an entry; None where none can be of that number."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def _day(moment: dt.datetime) -> str:
    """A moment in words; a day stands for its beginning (UTC)."""
    at = "" if moment.time() == dt.time() else f", {moment:%H:%M} UTC"
    return f"{moment:%-d %B %Y}{at}"


def counts_from(request: ChangeRequest) -> str:
    """From when a change counts in reports, in words."""
    if request.effective == ChangeRequest.Effective.DATE and request.effective_from:
        return f"from {_day(request.effective_from)}"
    if request.effective == ChangeRequest.Effective.ALWAYS:
        return "for all time, as a correction"
    return "from its approval on"


def entry_counts_from(entity: type[Record], entry: object) -> str:
    """From when an entry of a history counts, in words."""
    moment = getattr(entry, "effective_from", None)
    if moment is None:
        return "for all time" if entity is Crosswalk else "from then on"
    if moment <= ALL_TIME:
        return "for all time, as a correction"
    if moment == getattr(entry, "history_date", None):
        return "from then on"
    return f"from {_day(moment)}"
