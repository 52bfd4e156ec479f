"""How a form offers the records that a field may point to, with and without JavaScript."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from changes.diffs import plain_number
from records.base import Record

# So many records are offered in a plain list; of more, people search or write the code.
FEW = 200
EMPTY = "–"


class SearchOrCode(AutocompleteSelect):
    """A search for one of many records; without JavaScript, a field for its code.

    The field for the code stands in `noscript`, after the search and by the same name: where there
    is no JavaScript, it is the one that counts.
    """

    template_name = "records/search_or_code.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add the code to what the template shows."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["code"] = value or ""
        return context


class CodeInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """The code of one of many records, where a search for each row would be slow."""


class NumberInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A number as people write it: without the zeros that only its column asks for."""

    def format_value(self, value: Any) -> str | None:
        """What stands in the field."""
        if isinstance(value, Decimal):
            return plain_number(value)
        return None if value is None else str(value)


def link_field(
    model_field: models.ForeignKey[Any, Any],
    request: HttpRequest,
    site: Any,
    *,
    in_rows: bool = False,
) -> forms.ModelChoiceField[Any]:
    """A form's field for a link to another record, by how many there are to choose from."""
    entity: Any = model_field.related_model
    choices = _choices(entity, request)
    widget: forms.Widget
    if choices is not None:
        widget = UnfoldAdminSelectWidget()
    elif in_rows:
        widget = CodeInput({"placeholder": "Code"})
    else:
        widget = SearchOrCode(model_field, site)
    field: Any = model_field.formfield(widget=widget, empty_label=EMPTY)
    field.error_messages["invalid_choice"] = (
        f"There is no {entity._meta.verbose_name} of this code: choose or write one that there is."
    )
    if choices is not None:
        empty = [] if field.required and field.initial else [("", EMPTY)]
        field.choices = [*empty, *choices]
    return field  # type: ignore[no-any-return]


def _choices(entity: type[Record], request: HttpRequest) -> list[tuple[str, str]] | None:
    """Codes and names, read once per page; None where there are too many."""
    known: dict[Any, Any] = request.__dict__.setdefault("_choices_of_links", {})
    if entity not in known:
        records = list(entity._default_manager.all()[: FEW + 1])
        known[entity] = (
            [(record.code, str(record) + _resting(record)) for record in records]
            if len(records) <= FEW
            else None
        )
    choices: list[tuple[str, str]] | None = known[entity]
    return choices


def _resting(record: Record) -> str:
    if getattr(record, "merged_into_id", None):
        return f" – merged into {record.merged_into_id}"  # type: ignore[attr-defined]
    return "" if getattr(record, "is_active", True) else " – resting"
