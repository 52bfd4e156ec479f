"""The forms of the queue: what an id stands for, why, and a new record where there is none."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.sites import AdminSite
from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from changes.forms import WhyForm
from changes.service import ALWAYS
from records import value_lists
from records.fields import link_field
from records.models import Kind
from suggestions.names import own_domain
from unmapped.candidates import entity_of
from unmapped.models import UnmappedId

LEAVE, IGNORE, NEW, MAP = "", "ignore", "new", "map:"
REASON = "Decided in the queue of unmapped ids"
# What is asked of a new record; the rest is filled on its own page later.
ASKED = {
    Kind.ADVERTISER: ("name", "website_domain"),
    Kind.PARTNER: ("name", "partner_type", "channel", "website_domain"),
    Kind.PROGRAM: ("name", "advertiser", "currency_code"),
    Kind.CAMPAIGN: ("name", "advertiser"),
    Kind.CREATIVE: ("name", "advertiser", "creative_type"),
}


class FilterForm(forms.Form):
    """Which ids are shown."""

    kind = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    network = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    q = forms.CharField(
        required=False,
        max_length=128,
        label="Name or id",
        widget=UnfoldAdminTextInputWidget({"type": "search"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, choices in (("kind", Kind.choices), ("network", list(value_lists.networks()))):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "all"), *choices]

    def ids(self) -> models.QuerySet[UnmappedId]:
        """The ids that wait and fit; a choice that does not exist finds none."""
        found = UnmappedId.objects.waiting()
        if not self.is_valid():
            return found.none()
        wanted = self.cleaned_data
        if wanted["kind"]:
            found = found.filter(kind=wanted["kind"])
        if wanted["network"]:
            found = found.filter(network_code=wanted["network"])
        if text := wanted["q"].replace("\x00", ""):
            found = found.filter(
                models.Q(name__icontains=text) | models.Q(source_id__icontains=text)
            )
        return found


class QueueWhyForm(WhyForm):
    """Why, filled in already, and from when: a mapping counts for all time unless it is dated."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, usual=ALWAYS.kind)
        self.fields["reason"].initial = REASON


class NewRecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new record that an id stands for; its rules are checked when it is asked for."""

    code = forms.CharField(
        required=False,
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="Leave it empty, and it is made from the name.",
    )

    def _post_clean(self) -> None:
        """Leave the record's rules to the request."""


def new_record_form(
    one: UnmappedId, request: HttpRequest, site: AdminSite, data: Any = None
) -> NewRecordForm:
    """The form of a new record for an id, filled with what its network delivers."""
    entity = entity_of(one.kind)

    def field_of(field: models.Field[Any, Any], **options: Any) -> forms.Field | None:
        if isinstance(field, models.ForeignKey):
            return link_field(field, request, site)
        widget: Any = UnfoldAdminSelectWidget if field.choices else UnfoldAdminTextInputWidget
        return field.formfield(widget=widget, **options)

    kind: Any = forms.modelform_factory(
        entity, form=NewRecordForm, fields=ASKED[Kind(one.kind)], formfield_callback=field_of
    )
    # Where clicks come from or land may be somebody else's.
    domain = own_domain(one.website) or ""
    form: NewRecordForm = kind(
        data, prefix=NEW, initial={"name": one.name, "website_domain": domain}
    )
    return form
