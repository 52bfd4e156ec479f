"""The forms of records: a page, an inline row, and a row of the grid. None of them saves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from changes import forms as why
from changes.service import When
from records.base import Record

Errors = Mapping[str, list[str]]


class EditForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the three have in common: the version that the person saw, and the key that stays."""

    base_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    # Why the service refused what the form had found right, by field.
    refusal: ClassVar[Errors] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.makes = self.instance._state.adding
        if self.makes:
            self.fields["base_version"].widget.attrs["disabled"] = True
        else:
            self.fields["base_version"].initial = self.instance.version
            self.fields["base_version"].required = True
        code = self.fields.get("code")
        if code is not None:
            code.required = False

    def values(self, names: list[str] | None = None) -> dict[str, Any]:
        """The values to ask for; of `names` only, or of all fields of the record in the form."""
        editable = [field.name for field in self.instance.editable_fields()]
        chosen = editable if names is None else [name for name in editable if name in names]
        return {name: self.cleaned_data[name] for name in chosen if name in self.cleaned_data}

    def clean(self) -> dict[str, Any]:
        """Say at its field what the service refused."""
        cleaned = super().clean() or {}
        self.say(self.refusal)
        return cleaned

    def say(self, errors: Errors) -> None:
        """Show errors at their fields, and those of no field of the form above it."""
        for name, messages in errors.items():
            self.add_error(name if name in self.fields else None, messages)


class RecordForm(EditForm):
    """The page of a record."""

    reason = why.reason_field()
    effective = why.effective_field()
    effective_from = why.day_field()
    usual_when: ClassVar[str] = why.Effective.NOW
    when_choices: ClassVar[list[tuple[str, str]]] = why.WHEN
    when: When | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        effective = self.fields["effective"]
        assert isinstance(effective, forms.ChoiceField)
        effective.choices = self.when_choices
        effective.initial = self.usual_when

    def clean(self) -> dict[str, Any]:
        """Check that a date goes with the choice."""
        cleaned = super().clean()
        self.when = why.when_of(cleaned)
        return cleaned


class _Row(EditForm):
    """A row among others: only what the person touched in it is asked for.

    What the page showed is posted along with it, so that a value that somebody else changed in the
    meantime is not taken for a change.
    """

    def touched(self) -> list[str]:
        """The fields that the person changed."""
        return [name for name in self.changed_data if name not in ("base_version", "code")]

    def has_changed(self) -> bool:
        """Whether the person touched the row."""
        return bool(self.touched())

    def _post_clean(self) -> None:
        if self.has_changed():
            super()._post_clean()  # type: ignore[misc]


class GridRow(_Row):
    """A row of the grid."""


class InlineRow(_Row):
    """An inline row: of a record that there is, or a new one."""

    # Values that the row has by where it stands, such as the kind of an id.
    fixed: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in self.instance.code_made_from:
            if name in self.fields and not self.makes:
                self.fields[name].disabled = True
        if self.makes:
            for name, value in self.fixed.items():
                setattr(self.instance, name, value)


class GridFormSet(forms.BaseModelFormSet):  # type: ignore[type-arg]
    """The rows of the grid, with one reason for all of them."""

    why: ClassVar[why.WhyForm | None] = None

    def clean(self) -> None:
        """Refuse rows without a reason."""
        super().clean()
        if self.why is not None and not self.why.is_valid():
            raise ValidationError([e for errors in self.why.errors.values() for e in errors])


def record_of(form: EditForm) -> Record:
    """The record that a form is about; not saved yet where it makes one."""
    record = form.instance
    assert isinstance(record, Record)
    return record
