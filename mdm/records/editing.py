"""How the admin's pages ask for changes instead of saving: form, inline rows and grid."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.views import ChangeList

from changes import forms as why
from changes.diffs import plain_number
from changes.models import ChangeRequest
from changes.service import (
    Refused,
    Stale,
    When,
    new_batch,
    request_change,
    usual_when,
)
from changes.telling import counts_at_once, tell, user_of
from exchange.admin import ExchangeMixin
from portal.lists import OfferedOnly
from records.base import Record
from records.codes import suggested_code
from records.fields import EMPTY, NumberInput, link_field
from records.forms import (
    EditForm,
    Errors,
    GridFormSet,
    GridRow,
    InlineRow,
    RecordForm,
    record_of,
)
from records.models import Crosswalk

Source = ChangeRequest.Source
NO_FIELD = NON_FIELD_ERRORS
GRID = "grid"


class NotSent(Exception):
    """What was asked for is refused: what to say, by the form it belongs to."""

    def __init__(self, prefix: str | None, errors: Errors) -> None:
        super().__init__(errors)
        self.prefix = prefix
        self.errors = errors


def errors_of(error: Exception) -> Errors:
    """What a refusal says, by field."""
    if isinstance(error, ValidationError):
        if hasattr(error, "error_dict"):
            return error.message_dict
        return {NO_FIELD: error.messages}
    return {NO_FIELD: [str(error)]}


REFUSALS = (Refused, ValidationError, PermissionDenied)


# ----------------------------------------------------------------------------------------- parts


class WithoutSaving:
    """Fields as the portal's forms have them; nothing is deleted, by nobody."""

    model: type[Record]
    admin_site: Any

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **_: Any
    ) -> Any:
        """Offer records in a list, or by a search that works without JavaScript, too."""
        return link_field(db_field, request, self.admin_site)

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        """Days by the browser's own calendar; no windows that add records on the way."""
        if isinstance(db_field, models.ForeignKey):
            return self.formfield_for_foreignkey(db_field, request)
        if isinstance(db_field, models.DateField):
            return db_field.formfield(widget=why.DayInput())
        if isinstance(db_field, models.DecimalField):
            return db_field.formfield(widget=NumberInput())
        return super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]

    def formfield_for_choice_field(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        """Nothing is chosen before somebody chooses, unless the field has a default."""
        if not db_field.has_default():
            options["choices"] = db_field.get_choices(blank_choice=[("", EMPTY)])
        return super().formfield_for_choice_field(  # type: ignore[misc]
            db_field, request, **options
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse everybody: records rest, and keys are never used again."""
        return False


class RowInline(WithoutSaving, TabularInline):  # type: ignore[misc]
    """Rows below a record: every new or changed one becomes a request of its own."""

    form = InlineRow
    extra = 1
    can_delete = False
    per_page = 20
    hide_title = True
    columns: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[Mapping[str, Any]] = {}
    # The values that a code is made of where people would have to choose one.
    code_parts: ClassVar[tuple[str, ...]] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The columns; hidden ones where there is something to edit."""
        if not self._edits(request):
            return list(self.columns)
        hidden = ["base_version", *(["code"] if self.code_parts else [])]
        return [*self.columns, *hidden]

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        """Let each row know what it has by where it stands, and what was refused of it."""
        options.setdefault("formfield_callback", partial(self._shown_before, request))
        formset = super().get_formset(request, obj, **options)
        formset.form.fixed = self.fixed
        return formset

    def _shown_before(
        self, request: HttpRequest, field: models.Field[Any, Any], **options: Any
    ) -> Any:
        if field.name == "code":
            return field.formfield(widget=forms.HiddenInput, required=False)
        found = self.formfield_for_dbfield(field, request, **options)
        if found is not None:
            found.show_hidden_initial = True
        return found

    def _edits(self, request: HttpRequest) -> bool:
        return bool(
            self.has_add_permission(request, None) or self.has_change_permission(request, None)
        )


def named(link: str) -> Any:
    """A column with the name of the record that a field points to."""

    @display(description=link.replace("_", " "), ordering=f"{link}__name")  # type: ignore[untyped-decorator]
    def column(record: Any) -> str:
        target = getattr(record, link)
        return target.name if target is not None else EMPTY

    column.__name__ = f"{link}_name"
    return column


def number(name: str, *, percent: bool = False) -> Any:
    """A column with a number as people write it; a share as percent."""
    title = name.replace("_", " ")

    @display(description=title, ordering=name)  # type: ignore[untyped-decorator]
    def column(record: Any) -> str:
        value = getattr(record, name)
        if value is None:
            return EMPTY
        return f"{plain_number(value * 100)} %" if percent else f"{value.normalize():,f}"

    column.__name__ = f"{name}_shown"
    return column


class RecordList(ChangeList):  # type: ignore[misc]
    """A list of records; with `?grid=1` one that is edited in place."""

    def get_filters_params(self, params: Any = None) -> Any:
        """Do not take the mark of the grid for a filter."""
        found = super().get_filters_params(params)
        found.pop(GRID, None)
        return found


class RecordAdmin(OfferedOnly, ExchangeMixin, WithoutSaving, ModelAdmin):  # type: ignore[misc]
    """Lists and forms of an entity, none of which saves."""

    form = RecordForm
    actions: ClassVar[Any] = ()
    list_per_page = 50
    list_max_show_all = 500
    list_filter_submit = False
    show_full_result_count = False
    compressed_fields = True
    # Titles with the fields of each group.
    groups: ClassVar[tuple[tuple[str | None, tuple[Any, ...]], ...]] = ()
    # The columns that the grid edits, and those before them that say which record it is.
    grid: ClassVar[tuple[str, ...]] = ()
    grid_names: ClassVar[tuple[str, ...]] = ()
    code_parts: ClassVar[tuple[str, ...]] = ("name",)
    change_form_template = "records/change_form.html"
    change_list_template = "records/change_list.html"

    # ---- what is shown

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The records, each with the moment of its last change."""
        history = self.model.history  # type: ignore[attr-defined]
        entries = history.filter(code=OuterRef("pk")).order_by("-history_id")
        found: QuerySet[Any] = super().get_queryset(request)
        last = Subquery(entries.values("history_date")[:1])
        annotated: QuerySet[Any] = found.annotate(changed_at=last)
        return annotated

    @display(description="last change", ordering="changed_at")  # type: ignore[untyped-decorator]
    def changed(self, record: Any) -> str:
        """The day of the last change."""
        return f"{record.changed_at:%-d %b %Y}" if record.changed_at else "–"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The groups of fields; why and from when stand below all of them, in the template."""
        shown = []
        for title, fields in self.groups:
            if obj is None and self.model.code_made_from:
                fields = tuple(field for field in fields if field != "code")
            shown.append((title, {"fields": fields}))
        return shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What makes the key of a record stays as it is."""
        if obj is None:
            return ()
        if _is_merged(obj):
            return ("code", *(field.name for field in self.model.editable_fields()))
        return ("code", *self.model.code_made_from)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Rows belong to a record that there is, and that is no part of another."""
        return super().get_inlines(request, obj) if obj is not None and not _is_merged(obj) else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        """Let the form know what was refused of it, and from when changes usually count."""
        form = super().get_form(request, obj, **options)
        form.usual_when = usual_when(self.model).kind
        if any(issubclass(inline.model, Crosswalk) for inline in self.get_inlines(request, obj)):
            form.usual_when, form.when_choices = why.USUAL, why.WHEN_WITH_IDS
        if "code" in form.base_fields:
            form.base_fields["code"].help_text = (
                "The key of the record, in reports and files: it never changes, and is never used"
                " again. Leave it empty, and it is made for you."
            )
        refused = getattr(request, "refused", None)
        if refused is not None and refused.prefix is None:
            form.refusal = refused.errors
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse everybody: records rest."""
        return False

    def _edits(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return bool(self.has_add_permission(request))
        return bool(self.has_change_permission(request, obj)) and not _is_merged(obj)

    # ---- a form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the form, or ask for what is in it; what is refused is said in the form."""
        context = {**(extra_context or {}), "counts_at_once": counts_at_once(request)}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except NotSent as refused:
            request.refused = refused  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, context)

    def render_change_form(self, request: HttpRequest, context: Any, **options: Any) -> Any:
        """Say whether there is something to send from the page."""
        context["is_edited"] = self._edits(request, options.get("obj"))
        return super().render_change_form(request, context, **options)

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        formsets, inlines = super()._create_formsets(request, obj, change)
        refused = getattr(request, "refused", None)
        for formset in formsets:
            for row in formset.forms:
                if refused is not None and row.prefix == refused.prefix:
                    row.refusal = refused.errors
        return formsets, inlines

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Ask for what the form changes; nothing is saved."""
        request.batch = new_batch()  # type: ignore[attr-defined]
        sent = self._ask(request, form, None, Source.FORM, form.when, self.code_parts)
        request.sent = [sent] if sent else []  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Ask for each row that the person touched or added."""
        for formset in formsets:
            for row in formset.forms:
                if not row.has_changed():
                    continue
                if row.makes and formset.initial_forms and row in formset.initial_forms:
                    raise NotSent(
                        row.prefix, {NO_FIELD: ["This row is gone: load the page again."]}
                    )
                sent = self._ask(
                    request,
                    row,
                    row.touched(),
                    Source.INLINE,
                    form.when,
                    _code_parts(self, formset),
                )
                if sent:
                    request.sent.append(sent)  # type: ignore[attr-defined]

    def _ask(
        self,
        request: HttpRequest,
        form: EditForm,
        names: list[str] | None,
        source: str,
        when: When | None,
        code_parts: tuple[str, ...],
    ) -> ChangeRequest | None:
        """Ask for the change of one form; a refusal is raised with the form it belongs to."""
        record = record_of(form)
        entity = type(record)
        values = form.values(None if form.makes else names)
        if form.makes:
            values |= getattr(form, "fixed", {})
        code = record.code if not form.makes else form.cleaned_data.get("code") or ""
        if form.makes and not code and not entity.code_made_from:
            code = suggested_code(entity, [values.get(name) for name in code_parts])
        try:
            return request_change(
                user_of(request),
                entity,
                code or None,
                values,
                reason=request.POST.get("reason", ""),
                source=source,
                base_version=None if form.makes else form.cleaned_data["base_version"],
                when=when,
                batch=request.batch,  # type: ignore[attr-defined]
            )
        except REFUSALS as error:
            prefix = None if isinstance(form, RecordForm) else form.prefix
            raise NotSent(prefix, errors_of(error)) from error

    def construct_change_message(self, *_: Any, **__: Any) -> str:
        """Nothing for the admin's own log: the history says what changed."""
        return ""

    def log_addition(self, *_: Any) -> None:
        """Nothing is added here."""

    def log_change(self, *_: Any) -> None:
        """Nothing is changed here."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Say what was sent; a new record has no page before it is approved."""
        tell(request, request.sent)  # type: ignore[attr-defined]
        page = "add" if "_addanother" in request.POST else "changelist"
        return HttpResponseRedirect(reverse(f"admin:records_{self.opts.model_name}_{page}"))

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        """Say what was sent, on the page of the record as it is."""
        tell(request, request.sent)  # type: ignore[attr-defined]
        return HttpResponseRedirect(request.get_full_path())

    # ---- the list and the grid

    def get_changelist(self, request: HttpRequest, **_: Any) -> Any:
        """The list that knows the grid."""
        return RecordList

    def in_grid(self, request: HttpRequest) -> bool:
        """Whether the list is edited in place."""
        return bool(GRID in request.GET and self.grid and self.has_change_permission(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list; its cells are edited in the grid only."""
        found = super().get_changelist_instance(request)
        found.list_editable = self.grid if self.in_grid(request) else ()
        found.formset = None
        return found

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns; in the grid those that are edited, after what says which record it is."""
        columns = super().get_list_display(request)
        if not self.in_grid(request):
            return columns
        return [*(self.grid_names or ("code",)), *self.grid]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """The first column leads to the record."""
        return [list_display[0]]

    def get_changelist_formset(self, request: HttpRequest, **options: Any) -> Any:
        """The rows of the grid."""
        formset = forms.modelformset_factory(
            self.model,
            form=GridRow,
            formset=GridFormSet,
            extra=0,
            fields=self.grid,
            formfield_callback=partial(self._in_grid, request),
        )
        formset.why = self._why(request)  # type: ignore[attr-defined]
        return formset

    def _why(self, request: HttpRequest) -> why.WhyForm:
        data = request.POST if "_save" in request.POST else None
        return why.WhyForm(data, usual=usual_when(self.model).kind)

    def _in_grid(self, request: HttpRequest, field: models.Field[Any, Any], **options: Any) -> Any:
        if isinstance(field, models.ForeignKey):
            found: Any = link_field(field, request, self.admin_site, in_rows=True)
        else:
            found = self.formfield_for_dbfield(field, request, **options)
        found.show_hidden_initial = True
        return found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list, or ask for what was changed in the grid."""
        if request.method == "POST" and "_save" in request.POST:
            if not self.in_grid(request):
                raise PermissionDenied
            sent = self._send_grid(request)
            if sent is not None:
                return sent
        context = {
            "in_grid": self.in_grid(request),
            "has_grid": bool(self.grid) and self.has_change_permission(request),
            "why": self._why(request),
            "counts_at_once": counts_at_once(request),
            "grid_link": self._same_list(request, **{GRID: "1"}),
            "list_link": self._same_list(request),
            "title": _capital(str(self.opts.verbose_name_plural)),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def _same_list(self, request: HttpRequest, **changed: str) -> str:
        query = request.GET.copy()
        query.pop(GRID, None)
        query.update(changed)
        return f"{request.path}?{query.urlencode()}"

    def _send_grid(self, request: HttpRequest) -> HttpResponse | None:
        """Ask for each changed row; None where the grid has to be shown again."""
        kind: Any = self.get_changelist_formset(request)
        rows = self._get_list_editable_queryset(request, kind.get_default_prefix())
        formset = kind(request.POST, queryset=rows)
        if not formset.is_valid():
            return None
        request.batch = new_batch()  # type: ignore[attr-defined]
        sent, refused = [], []
        for row in formset.forms:
            if not row.has_changed():
                continue
            if row.makes:
                raise BadRequest("The grid makes no new records.")
            try:
                with transaction.atomic():
                    asked = self._ask(
                        request, row, row.touched(), Source.GRID, formset.why.when, ()
                    )
            except NotSent as error:
                refused.append(_named(row, error))
                continue
            if asked:
                sent.append(asked)
        if sent or not refused:
            tell(request, sent)
        for sentence in refused:
            messages.error(request, sentence)
        return HttpResponseRedirect(request.get_full_path())


def _named(row: EditForm, error: NotSent) -> str:
    """One sentence for a row that was refused."""
    said = " ".join(message for found in error.errors.values() for message in found)
    if isinstance(error.__cause__, Stale):
        return f"Not sent: {said}"
    return f"Not sent: {row.instance}: {said}"


def _code_parts(admin: RecordAdmin, formset: Any) -> tuple[str, ...]:
    for inline in admin.inlines:
        if inline.model is formset.model:
            parts: tuple[str, ...] = inline.code_parts
            return parts
    return ()


def _is_merged(record: Any) -> bool:
    """Whether a record is part of another: it rests, and nobody edits it."""
    return getattr(record, "merged_into_id", None) is not None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
