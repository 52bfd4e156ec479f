"""Pages of one record besides its form: its history, making an entry so again, and merging."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminSelectWidget

from changes.diffs import Difference, history_differences
from changes.forms import Effective, WhyForm
from changes.models import ChangeRequest
from changes.names import entry_counts_from, record_link, whole_number
from changes.service import (
    request_merge,
    request_revert,
    request_unmerge,
    usual_when,
    what_would_move,
)
from changes.telling import counts_at_once, tell, user_of
from changes.waiting import open_requests
from records.base import MergeableRecord, Record
from records.editing import REFUSALS, errors_of
from records.fields import EMPTY, FEW, SearchOrCode
from records.forms import Errors

PER_PAGE = 25
MADE = {"+": "made", "~": "changed", "-": "deleted past the portal"}


@dataclass(frozen=True)
class Entry:
    """One entry of a history, as the page shows it."""

    number: int
    moment: Any
    what: str
    who: str
    why: str
    counts: str
    request_id: int | None
    differences: list[Difference]
    is_newest: bool


class RecordPages:
    """The history of a record, and how an entry of it is made so again."""

    model: type[Record]
    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        """The pages, before those of the admin."""
        own = [
            path(f"<path:object_id>/{name}/", self._wrapped(view), name=self._name(name))
            for name, view in self.own_pages().items()
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def own_pages(self) -> dict[str, Any]:
        """Names and views."""
        return {"again": self.again_view}

    def _wrapped(self, view: Any) -> Any:
        return self.admin_site.admin_view(view)

    def _name(self, page: str) -> str:
        return f"records_{self.opts.model_name}_{page}"

    # ---- what every page shows of the record

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Say above the form what waits for the record, and where its other pages are."""
        context = dict(extra_context or {})
        if object_id is not None:
            code = unquote(object_id)
            context["waiting"] = list(
                open_requests()
                .filter(entity=self.opts.db_table, code=code)
                .select_related("requested_by")[:10]
            )
            context["pages"] = self.links(request, code)
        return super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, context
        )

    def links(self, request: HttpRequest, code: str) -> list[dict[str, str]]:
        """The other pages of a record."""
        return []

    def _record(self, request: HttpRequest, object_id: str, *, to_change: bool = False) -> Record:
        allowed = self.has_change_permission if to_change else self.has_view_permission  # type: ignore[attr-defined]
        # Asked first: whoever may not look does not learn what there is either.
        if not allowed(request):
            raise PermissionDenied
        record = self.model._default_manager.filter(pk=unquote(object_id)).first()
        if record is None:
            raise Http404(f"There is no {self.opts.verbose_name} {unquote(object_id)}.")
        return record

    def _page(
        self, request: HttpRequest, record: Record, template: str, **context: Any
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            f"records/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "record": record,
                "original": record,
                "list_of": reverse(f"admin:{self._name('changelist')}"),
                "counts_at_once": counts_at_once(request),
                "record_link": record_link(self.model, record.code),
                "subtitle": str(record),
                **context,
            },
        )

    # ---- history

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what of a record, when, why, and from when it counts."""
        record = self._record(request, object_id)
        history = self.model.history.filter(code=record.code)  # type: ignore[attr-defined]
        pages = Paginator(history.order_by("-history_id"), PER_PAGE)
        page = pages.get_page(request.GET.get("p"))
        rows = list(page.object_list)
        # The entry before the last one shown is what that one is compared with.
        older = history.filter(history_id__lt=rows[-1].history_id).order_by("-history_id")[:1]
        before = [*rows[1:], *older, None][: len(rows)]
        first = page.start_index() == 1
        entries = [
            self._entry(row, previous, is_newest=first and position == 0)
            for position, (row, previous) in enumerate(zip(rows, before, strict=True))
        ]
        may_change = self.has_change_permission(request, record)  # type: ignore[attr-defined]
        return self._page(
            request, record, "history", title="History", entries=entries, page=page,
            may_change=may_change and not getattr(record, "merged_into_id", None),
            again_link=record_link(self.model, record.code, "again"),
        )  # fmt: skip

    def _entry(self, row: Any, previous: Any, *, is_newest: bool) -> Entry:
        return Entry(
            number=row.history_id,
            moment=row.history_date,
            what=MADE[row.history_type],
            who=row.history_user_id or "",
            why=row.history_change_reason or "",
            counts=entry_counts_from(self.model, row),
            request_id=row.change_request_id,
            differences=[] if row.history_type == "-" else self._differences(previous, row),
            is_newest=is_newest,
        )

    def _differences(self, older: Any, newer: Any) -> list[Difference]:
        found = history_differences(self.model, older, newer)
        if isinstance(newer, models.Model) and hasattr(newer, "merged_into_id"):
            was = getattr(older, "merged_into_id", None)
            if was != newer.merged_into_id:
                found.append(Difference("merged into", was or EMPTY, newer.merged_into_id or EMPTY))
        return found

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask that the record becomes again what it was after an entry of its history."""
        record = self._record(request, object_id, to_change=True)
        number = request.GET.get("entry", "")
        history = self.model.history.filter(code=record.code)  # type: ignore[attr-defined]
        entry = history.filter(history_id=whole_number(number)).first()
        if entry is None:
            raise Http404(f"The history of {record} has no such entry.")
        differences = history_differences(self.model, record, entry)
        ask = partial(request_revert, user_of(request), record, entry.history_id)
        form, answer = self._with_reason(request, record, ask, usual_when(self.model).kind)
        return answer or self._page(
            request, record, "again", title="Make it so again", form=form, entry=entry,
            differences=differences, history_link=record_link(self.model, record.code, "history"),
        )  # fmt: skip

    def _with_reason(
        self, request: HttpRequest, record: Record, ask: Any, usual: str
    ) -> tuple[WhyForm, HttpResponse | None]:
        """The form with the reason, and where to go once the request is made."""
        if request.method != "POST":
            return WhyForm(usual=usual), None
        form = WhyForm(request.POST, usual=usual)
        if not form.is_valid():
            return form, None
        if request.POST.get("version") != str(record.version):
            form.add_error(
                None,
                f"{record} was changed by somebody else since you opened this page. This is how it"
                " is now: look at it, and send it again if it is still right.",
            )
            return form, None
        try:
            with transaction.atomic():
                sent = ask(reason=form.cleaned_data["reason"], when=form.when)
        except REFUSALS as error:
            add_errors(form, errors_of(error))
            return form, None
        tell(request, [sent] if sent else [])
        return form, HttpResponseRedirect(record_link(self.model, record.code))


class MergingPages(RecordPages):
    """A record of which two may be the same."""

    def own_pages(self) -> dict[str, Any]:
        """Names and views."""
        return {**super().own_pages(), "merge": self.merge_view, "unmerge": self.unmerge_view}

    def links(self, request: HttpRequest, code: str) -> list[dict[str, str]]:
        """Merge, or take a merge back."""
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            return []
        records: models.QuerySet[Any] = self.model._default_manager.filter(pk=code)
        merged = records.filter(merged_into__isnull=False).exists()
        page, title, icon = (
            ("unmerge", "This is a record of its own after all", "call_split")
            if merged
            else ("merge", "This is the same as …", "merge")
        )
        return [{"title": title, "icon": icon, "link": record_link(self.model, code, page)}]

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose what the record is the same as, look at what would move, and ask for it."""
        record = self._record(request, object_id, to_change=True)
        assert isinstance(record, MergeableRecord)
        choice = WinnerForm(record, self, request.GET if "into" in request.GET else None)
        if record.merged_into is not None:
            messages.warning(request, f"{record} was merged into {record.merged_into} already.")
            return HttpResponseRedirect(record_link(self.model, record.code))
        context: dict[str, Any] = {"choice": choice, "title": "This is the same as …"}
        if choice.is_bound and choice.is_valid():
            winner = choice.cleaned_data["into"]
            ask = partial(request_merge, user_of(request), record, winner)
            form, answer = self._with_reason(request, record, ask, Effective.ALWAYS)
            if answer:
                return answer
            moving = [(_plural(entity, n), n) for entity, n in what_would_move(record)]
            context |= {"form": form, "winner": winner, "moving": moving}
            context["winner_link"] = record_link(self.model, winner.code)
            back = record_link(self.model, winner.code, "merge")
            context["other_way"] = f"{back}?{urlencode({'into': record.code})}"
        return self._page(request, record, "merge", **context)

    def unmerge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask that a merged record lives again."""
        record = self._record(request, object_id, to_change=True)
        assert isinstance(record, MergeableRecord)
        if record.merged_into is None:
            messages.warning(request, f"{record} is not merged into another record.")
            return HttpResponseRedirect(record_link(self.model, record.code))
        ask = partial(request_unmerge, user_of(request), record)
        form, answer = self._with_reason(request, record, ask, Effective.ALWAYS)
        merge = ChangeRequest.objects.filter(
            entity=self.opts.db_table, code=record.code, action=ChangeRequest.Action.MERGE,
            status=ChangeRequest.Status.APPLIED,
        ).order_by("-decided_at", "-id").first()  # fmt: skip
        return answer or self._page(
            request, record, "unmerge", title="A record of its own", form=form,
            moved=len(merge.moved) if merge else None,
            winner=record.merged_into,
        )  # fmt: skip


class WinnerForm(forms.Form):
    """Which record another is the same as."""

    into: Any = forms.ModelChoiceField(queryset=None, label="Is the same as")

    def __init__(self, loser: MergeableRecord, admin: Any, data: Any) -> None:
        super().__init__(data)
        field: Any = self.fields["into"]
        link = type(loser)._meta.get_field("merged_into")
        others = type(loser)._default_manager.filter(merged_into=None).exclude(pk=loser.pk)
        few = others.count() <= FEW
        field.widget = UnfoldAdminSelectWidget() if few else SearchOrCode(link, admin.admin_site)
        field.queryset = others
        field.widget.choices = field.choices
        field.widget.is_required = True
        field.error_messages["invalid_choice"] = (
            "There is no such record, or it is merged into another: choose one that lives."
        )


def add_errors(form: forms.Form, errors: Errors) -> None:
    """Show what was refused at its fields, and what belongs to none above the form."""
    for name, said in errors.items():
        form.add_error(name if name in form.fields else None, ValidationError(list(said)))


def _plural(entity: type[Record], number: int) -> str:
    return str(entity._meta.verbose_name if number == 1 else entity._meta.verbose_name_plural)
