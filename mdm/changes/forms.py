"""What every change is asked with: why, and from when it counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from changes.models import ChangeRequest
from changes.service import When

Effective = ChangeRequest.Effective
USUAL = ""
WHEN: list[tuple[str, str]] = [
    (Effective.NOW, "from its approval on"),
    (Effective.DATE, "from the date that I give"),
    (Effective.ALWAYS, "for all time, as a correction"),
]
WHEN_WITH_IDS: list[tuple[str, str]] = [
    (USUAL, "as usual: from its approval on, ids of networks for all time"),
    *WHEN,
]


class DayInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A day, by the browser's own calendar: it needs no script."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        """The form that browsers expect, whatever the language."""
        return value.isoformat() if isinstance(value, dt.date) else value


def reason_field() -> forms.CharField:
    """Why something is changed."""
    return forms.CharField(
        max_length=500,
        label="Reason",
        error_messages={"required": "Say why: the history keeps it."},
        help_text="Why this is right. The approver reads it, and the history keeps it.",
        widget=UnfoldAdminTextInputWidget({"placeholder": "Why this is right"}),
    )


def effective_field(
    choices: list[tuple[str, str]] = WHEN, initial: str = Effective.NOW
) -> forms.ChoiceField:
    """From when a change counts."""
    return forms.ChoiceField(
        choices=choices,
        initial=initial,
        required=False,
        label="Counts",
        help_text="From when reports see the new values.",
        widget=UnfoldAdminSelectWidget(),
    )


def day_field() -> forms.DateField:
    """The day from which a change counts."""
    return forms.DateField(
        required=False,
        label="Date",
        help_text="Only with “from the date that I give”: from the start of that day, UTC.",
        widget=DayInput(),
    )


def when_of(cleaned: dict[str, Any]) -> When | None:
    """From when a change counts; None for as usual.

    Raises:
        ValidationError: by field, as `When` does.
    """
    kind, day = cleaned.get("effective") or USUAL, cleaned.get("effective_from")
    if kind == USUAL:
        if day is not None:
            raise ValidationError({"effective": "Choose “from the date that I give”, too."})
        return None
    if kind == Effective.DATE and day is None:
        raise ValidationError({"effective_from": "Give the date from which the change counts."})
    if kind != Effective.DATE and day is not None:
        raise ValidationError(
            {"effective": "There is a date: choose “from the date that I give”, or empty the date."}
        )
    return When(kind, dt.datetime.combine(day, dt.time(), dt.UTC) if day else None)


class WhyForm(forms.Form):
    """Why and from when, for a change that has no other fields."""

    reason = reason_field()
    effective = effective_field()
    effective_from = day_field()

    def __init__(self, *args: Any, usual: str = Effective.NOW, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["effective"].initial = usual

    def clean(self) -> dict[str, Any]:
        """Check that a date goes with the choice."""
        cleaned = super().clean() or {}
        self.when = when_of(cleaned)
        return cleaned


class NoteForm(forms.Form):
    """What whoever asked should know of a decision."""

    note = forms.CharField(
        required=False,
        max_length=500,
        label="Note",
        help_text="To whoever asked; needed to reject.",
        widget=UnfoldAdminTextInputWidget({"placeholder": "Needed to reject"}),
    )
