"""What is asked of a person who imports a file."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanWidget

from changes.forms import WhyForm
from exchange.tables import MOST_BYTES, too_large


class FileForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        max_length=255,
        widget=UnfoldAdminFileFieldWidget({"accept": ".csv,.txt,.tsv,.xlsx"}),
        error_messages={
            "required": "Choose a file.",
            "max_length": "The file's name is longer than 255 characters: rename it.",
        },
    )

    def clean_file(self) -> object:
        """Refuse a file that is not even worth reading."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(too_large())
        return file


class ConfirmForm(WhyForm):
    """Why, from when, and what becomes of the wrong rows."""

    leaves_out_wrong = forms.BooleanField(
        required=False,
        label="Leave the wrong rows out and import the others",
        widget=UnfoldBooleanWidget,
    )
