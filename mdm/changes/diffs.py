"""What a change changes, for people: names instead of ids, words instead of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from changes.models import ChangeRequest
from changes.service import current_values
from records.base import Record

NOTHING = "–"


@dataclass(frozen=True)
class Difference:
    """One field, before and after."""

    label: str
    before: str
    after: str


def differences(request: ChangeRequest) -> list[Difference]:
    """What a request changes of the record that it was made against."""
    entity = request.record_type
    if request.action not in (ChangeRequest.Action.CREATE, ChangeRequest.Action.UPDATE):
        other = request.values.get("into") or request.values.get("from")
        named = entity._default_manager.filter(pk=other).first() or other
        label = "becomes part of" if "into" in request.values else "is taken out of"
        return [Difference(label, NOTHING, str(named))]
    before = _before(request)
    return _compare(entity, before, {**before, **request.values})


def history_differences(
    entity: type[Record], older: models.Model | None, newer: models.Model
) -> list[Difference]:
    """What one entry of a record's history changed of the entry before it."""
    before = current_values(older, entity) if older is not None else {}
    return _compare(entity, before, current_values(newer, entity))


def shown(entity: type[Record], name: str, value: Any) -> str:
    """A value as people read it."""
    field = entity._meta.get_field(name)
    assert isinstance(field, models.Field)
    if value in (None, ""):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field, models.ForeignKey):
        target = field.related_model._default_manager.filter(pk=value).first()
        return str(target or value)
    if isinstance(field, models.DecimalField):
        return plain_number(Decimal(str(value)))
    return str(dict(field.flatchoices).get(value, value))


def plain_number(value: Decimal) -> str:
    """A number without the zeros that only its column asks for: 0.08, not 0.080000."""
    return f"{value.normalize():f}"


def _before(request: ChangeRequest) -> dict[str, Any]:
    if request.action == ChangeRequest.Action.CREATE:
        return {}
    history = request.record_type.history.filter(code=request.code)  # type: ignore[attr-defined]
    # The record as the request saw it: the last entry of that version, or of before it was decided.
    entry = history.filter(version=request.base_version).order_by("-history_id").first()
    record = entry or request.record_type._default_manager.get(pk=request.code)
    return current_values(record, request.record_type)


def _compare(
    entity: type[Record], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Difference]:
    found = [
        Difference(
            str(field.verbose_name),
            shown(entity, field.name, before.get(field.name)),
            shown(entity, field.name, after[field.name]),
        )
        for field in entity.editable_fields()
        if field.name in after and before.get(field.name) != after[field.name]
    ]
    # A new record differs from nothing by its empty fields, too: nobody wants to read that.
    return [one for one in found if (one.before, one.after) != (NOTHING, NOTHING)]
