"""The pages of import and export, for the admin of every entity."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from import_export.admin import ExportMixin
from unfold.contrib.import_export.forms import ExportForm

from changes.service import Refused, usual_when
from changes.telling import counts_at_once, tell
from exchange import imports
from exchange.columns import KEY, VERSION, Csv, Xlsx, editable_columns, resource_of
from exchange.forms import ConfirmForm, FileForm
from exchange.models import Upload
from exchange.preview import CHANGED, MOST_CHANGES, NEW, UNCHANGED, WRONG
from exchange.tables import MOST_BYTES, MOST_ROWS, Unreadable
from records.base import Record

PER_PAGE = 100
GROUPS = {
    WRONG: "These rows cannot be imported.",
    NEW: "These records would be made.",
    CHANGED: "These records would change.",
    UNCHANGED: "These rows are as the records are.",
}


class ExchangeMixin(ExportMixin):  # type: ignore[misc]
    """Import and export of an entity.

    Of import-export only the export is used: its import saves records past the change requests,
    and keeps files on the disk.
    """

    model: type[Record]
    # The list's own template has the buttons.
    import_export_change_list_template = None
    export_template_name = "exchange/export.html"
    export_form_class = ExportForm
    export_formats = (Xlsx, Csv)

    def get_urls(self) -> list[Any]:
        """The pages of import beside those of export."""
        of = "_".join(self.get_model_info())
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name=f"{of}_import"),
            path("import/<uuid:upload>/", view(self.preview_view), name=f"{of}_import_preview"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Offer the import to those who may change records."""
        offered = {"has_import_permission": self.has_import_permission(request)}
        response: HttpResponse = super().changelist_view(request, (extra_context or {}) | offered)
        return response

    # ------------------------------------------------------------------------------------ export

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        """What the page of the export says: how many records, and what narrowed them down."""
        context: dict[str, Any] = super().init_request_context_data(request, form)
        return context | {
            "title": f"Export {self.model._meta.verbose_name_plural}",
            "list_of": self._address("changelist"),
            "number": self.get_export_queryset(request).count(),
            "is_filtered": bool(request.GET),
            "formats": [("0", "XLSX workbook"), ("1", "CSV")],
        }

    def get_export_resource_classes(self, request: HttpRequest) -> list[Any]:
        """Every column, always: a file without one leaves that field alone when it comes back."""
        return [resource_of(self.model)]

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whoever may look at the records may take them along."""
        return bool(self.has_view_permission(request))

    def get_export_data(
        self, file_format: Any, request: HttpRequest, queryset: Any, **_: Any
    ) -> bytes:
        """The rows of the list, with its filters, as a file."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        data = resource_of(self.model)().export(queryset)
        data.title = self.model._meta.db_table
        data.texts = {
            column
            for column, field in editable_columns(self.model).items()
            if isinstance(field, (models.CharField, models.ForeignKey))
        } | {KEY}
        exported: bytes = file_format.export_data(data)
        return exported

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        """The table and the day."""
        name: str = super().get_export_filename(request, queryset, file_format)
        return name.replace(self.model.__name__, self.model._meta.db_table, 1)

    # ------------------------------------------------------------------------------------ import

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whoever may ask for new and for changed records (viewers may not)."""
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file and show what it would change."""
        user = self._importer(request)
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                kept = imports.upload(user, self.model, file.name, file.read())
            except Unreadable as refusal:
                form.add_error("file", str(refusal))
            else:
                return HttpResponseRedirect(self._address("import_preview", kept.pk))
        columns = [KEY, *editable_columns(self.model), VERSION]
        return self._exchange_page(
            request, "upload", f"Import {self.model._meta.verbose_name_plural}", form=form,
            columns=columns, most_rows=f"{MOST_ROWS:,}", most_changes=f"{MOST_CHANGES:,}",
            most_megabytes=MOST_BYTES // 1024**2,
            export_address=self._address("export"),
        )  # fmt: skip

    def preview_view(self, request: HttpRequest, upload: uuid.UUID) -> HttpResponse:
        """Show what a file would change, and ask for it when the person confirms."""
        user = self._importer(request)
        mine = Upload.objects.filter(entity=self.model._meta.db_table, uploaded_by=user)
        kept = mine.filter(pk=upload).first()
        if kept is None and request.method == "POST":
            messages.warning(request, "This file was confirmed or cancelled already.")
            return HttpResponseRedirect(self._address("changelist"))
        kept = kept or get_object_or_404(mine, pk=upload)
        if "cancel" in request.POST:
            kept.delete()
            messages.info(request, "The import was cancelled: nothing changes.")
            return HttpResponseRedirect(self._address("changelist"))
        form = ConfirmForm(request.POST or None, usual=usual_when(self.model).kind)
        if request.method == "POST" and form.is_valid():
            try:
                requests = imports.confirm(
                    kept, user, reason=form.cleaned_data["reason"], when=form.when,
                    leaves_out_wrong=form.cleaned_data["leaves_out_wrong"],
                )  # fmt: skip
            except ValidationError as error:
                form.add_error(None, error)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                kept.refresh_from_db()
            else:
                tell(request, requests)
                return HttpResponseRedirect(self._address("changelist"))
        return self._preview_page(request, kept, form)

    def _preview_page(self, request: HttpRequest, kept: Upload, form: ConfirmForm) -> HttpResponse:
        rows = imports.rows_of(kept)
        counts = imports.counts(rows)
        first = next((group for group in GROUPS if counts[group]), WRONG)
        shown = request.GET.get("show", "")
        shown = shown if shown in GROUPS else first
        pages = Paginator([row for row in rows if row.group == shown], PER_PAGE)
        return self._exchange_page(
            request, "preview", f"Import {kept.file_name}", form=form, kept=kept, shown=shown,
            explained=GROUPS[shown],
            groups=[(group, counts[group]) for group in GROUPS],
            page=pages.get_page(request.GET.get("page")), counts_at_once=counts_at_once(request),
            wrong=counts[WRONG], asks_for=counts[NEW] + counts[CHANGED],
            import_address=self._address("import"),
        )  # fmt: skip

    def _importer(self, request: HttpRequest) -> User:
        if not self.has_import_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _address(self, page: str, *args: Any) -> str:
        of = "_".join(self.get_model_info())
        return reverse(f"{self.admin_site.name}:{of}_{page}", args=args)

    def _exchange_page(
        self, request: HttpRequest, name: str, title: str, **context: Any
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"exchange/{name}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "list_of": self._address("changelist"),
                **context,
            },
        )
