"""The pages of change requests: what waits, what it changes, and the decision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from changes import accounts as accounts  # registers the accounts
from changes import service
from changes.diffs import differences
from changes.forms import NoteForm
from changes.models import ChangeRequest
from changes.names import counts_from, whole_number, with_names
from changes.telling import user_of
from changes.waiting import others_on_the_same_record, waiting_for
from portal.lists import LONGEST_SEARCH, OfferedOnly
from records.base import NamedRecord
from records.models import ENTITIES

Status = ChangeRequest.Status
APPROVE, REJECT, WITHDRAW = "approve", "reject", "withdraw"
COLOURS = {
    Status.OPEN: "warning",
    Status.APPLIED: "success",
    Status.REJECTED: "danger",
    Status.STALE: "danger",
}
BATCH_LIMIT = 500
# Sentences about single requests that one page bears.
TOLD = 20


class Whose(admin.SimpleListFilter):
    """Mine, those that wait for me, or everybody's."""

    title = "whose"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices besides all."""
        mine = [("mine", "My own")]
        return [("waiting", "Waiting for me"), *mine] if _decides(request) else mine

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The requests of the choice."""
        user = user_of(request)
        if self.value() == "waiting":
            return queryset.filter(pk__in=waiting_for(user).values("pk"))
        return queryset.filter(requested_by=user) if self.value() == "mine" else queryset


class Together(admin.SimpleListFilter):
    """Requests that were made together; chosen by a link, not from a list."""

    title = "made together"
    parameter_name = "batch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Only the one that a link named."""
        batch = request.GET.get(self.parameter_name)
        return [(batch, "With the one you came from")] if batch else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The requests of the batch."""
        return queryset.filter(batch=self.value()) if self.value() else queryset


class RequestList(ChangeList):  # type: ignore[misc]
    """A list of requests that knows the names of their records."""

    def get_results(self, request: HttpRequest) -> None:
        """Look the names of a page up together."""
        super().get_results(request)
        shown: Any = self.result_list
        self.result_list: Any = with_names(shown)
        batches = {one.batch for one in self.result_list} - {""}
        counted = ChangeRequest.objects.filter(batch__in=batches).order_by().values("batch")
        sizes = {row["batch"]: row["size"] for row in counted.annotate(size=Count("pk"))}
        for one in self.result_list:
            one.made_together = sizes.get(one.batch, 1)  # type: ignore[attr-defined]


@admin.register(ChangeRequest)
class ChangeRequestAdmin(OfferedOnly, ModelAdmin):  # type: ignore[misc]
    """Change requests: looked at, and decided on."""

    list_display = (
        "what", "fields_changed", "reason", "requested_by", "asked_at", "counts", "together",
        "state",
    )  # fmt: skip
    list_display_links = ("what",)
    list_filter = (Whose, "status", "entity", "source", Together)
    list_select_related = ("requested_by", "decided_by")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("code", "reason", "requested_by__username", "values")
    search_help_text = "Search by the record's code or name, the reason, or who asked"
    actions = ("approve_selected", "reject_selected")
    change_list_template = "changes/change_list.html"

    # ---- rights

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: requests are made where records are edited."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a request is decided on, not edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what was asked for stays known."""
        return False

    def has_approve_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person decides on changes."""
        return _decides(request)

    # ---- the list

    def get_changelist(self, request: HttpRequest, **_: Any) -> Any:
        """The list with names."""
        return RequestList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list, with the usual choices above it."""
        context = {
            "title": "Change requests",
            "tabs": _tabs(request),
            "empty": _empty(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @display(description="change", ordering="entity")  # type: ignore[untyped-decorator]
    def what(self, request: ChangeRequest) -> SafeString:
        """What is done to which record."""
        return format_html(
            '<span class="what"><b>{}</b> <small>{} {}</small></span>',
            getattr(request, "record_name", request.code),
            request.get_action_display(),
            request.record_type_name,
        )

    @display(description="fields")  # type: ignore[untyped-decorator]
    def fields_changed(self, request: ChangeRequest) -> str:
        """The names of the fields that change."""
        if request.action in (ChangeRequest.Action.MERGE, ChangeRequest.Action.UNMERGE):
            return f"into {request.values['into']}" if "into" in request.values else "on its own"
        labels = _labels(request)
        return ", ".join(labels[:3]) + (f" + {len(labels) - 3}" if len(labels) > 3 else "")

    @display(description="asked", ordering="requested_at")  # type: ignore[untyped-decorator]
    def asked_at(self, request: ChangeRequest) -> str:
        """When it was asked for (UTC)."""
        return f"{request.requested_at:%-d %b %Y, %H:%M}"

    @display(description="together")  # type: ignore[untyped-decorator]
    def together(self, request: ChangeRequest) -> str:
        """A link to the page of all requests that were made together."""
        number = getattr(request, "made_together", 1)
        if number < 2:
            return ""
        page = reverse("admin:changes_batch", args=[request.batch])
        return format_html('<a class="said-link" href="{}">{} changes</a>', page, number)

    @display(description="counts from")  # type: ignore[untyped-decorator]
    def counts(self, request: ChangeRequest) -> str:
        """From when the change counts, in a word or two."""
        if request.effective == ChangeRequest.Effective.DATE and request.effective_from:
            return f"{request.effective_from:%-d %b %Y}"
        always = request.effective == ChangeRequest.Effective.ALWAYS
        return "all time" if always else "approval"

    @display(  # type: ignore[untyped-decorator]
        description="status", ordering="status",
        label={Status(status).label: colour for status, colour in COLOURS.items()},
    )  # fmt: skip
    def state(self, request: ChangeRequest) -> str:
        """What became of it."""
        return request.get_status_display()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The requests that a text finds, also by the name that their record has by now."""
        found, twice = super().get_search_results(request, queryset, search_term)
        text = search_term.strip()[:LONGEST_SEARCH]
        # SQLite keeps values as JSON, in which letters beyond ASCII are written by number.
        named = Q(values__icontains=json.dumps(text)[1:-1])
        for entity in ENTITIES:
            if issubclass(entity, NamedRecord):
                codes = entity._default_manager.filter(name__icontains=text).values("code")
                named |= Q(entity=entity._meta.db_table, code__in=codes)
        return (found | queryset.filter(named) if text else found), twice

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Run an action on requests that there may be."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if None in map(whole_number, chosen):
            raise BadRequest("These are no change requests.")
        return super().response_action(request, queryset)

    @admin.action(description="Approve the selected changes", permissions=["approve"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[ChangeRequest]) -> None:
        """Approve one after the other, and say of each that is refused why."""
        decide(request, queryset, APPROVE, "")

    @admin.action(description="Reject the selected changes …", permissions=["approve"])
    def reject_selected(
        self, request: HttpRequest, queryset: QuerySet[ChangeRequest]
    ) -> HttpResponse | None:
        """Ask for the reason first."""
        if "note" in request.POST:
            form = NoteForm(request.POST)
            if form.is_valid() and form.cleaned_data["note"].strip():
                decide(request, queryset, REJECT, form.cleaned_data["note"])
                return None
            form.add_error("note", "Say why: whoever asked wants to know.")
        else:
            form = NoteForm()
        chosen = with_names(queryset.select_related("requested_by")[:BATCH_LIMIT])
        return self._page(
            request, "reject", title="Reject changes", form=form, requests=chosen,
            action="reject_selected",
        )  # fmt: skip

    # ---- pages

    def get_urls(self) -> list[URLPattern]:
        """The page of requests made together, and the decisions."""
        wrapped = self.admin_site.admin_view
        own = [
            path("together/<str:batch>/", wrapped(self.batch_view), name="changes_batch"),
            path("<int:pk>/decide/", wrapped(self.decide_view), name="changes_decide"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What a request changes, before and after, and who decides."""
        return self._request_page(request, self._known(request, object_id), NoteForm())

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """A request has no history of its own: its page says all."""
        return HttpResponseRedirect(reverse("admin:changes_changerequest_change", args=[object_id]))

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve, reject or withdraw one request; what is refused is said on its page."""
        asked = self._known(request, str(pk))
        page = reverse("admin:changes_changerequest_change", args=[pk])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self._request_page(request, asked, form)
        try:
            said = _decided(asked, user_of(request), request.POST, form.cleaned_data["note"])
        except ValidationError as error:
            form.add_error("note", error.messages)
            asked.refresh_from_db()
            return self._request_page(request, asked, form)
        except (service.Refused, PermissionDenied) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, said)
        return HttpResponseRedirect(page)

    def batch_view(self, request: HttpRequest, batch: str) -> HttpResponse:
        """All requests that were made together, on one page."""
        self._may_view(request)
        together = ChangeRequest.objects.filter(batch=batch).select_related(
            "requested_by", "decided_by"
        )
        if not together.exists():
            raise Http404("There are no requests of this batch.")
        form = NoteForm()
        if request.method == "POST":
            form = NoteForm(request.POST)
            waiting = together.filter(status=Status.OPEN)
            rejects = REJECT in request.POST
            if form.is_valid():
                note = form.cleaned_data["note"]
                if rejects and not note.strip():
                    form.add_error("note", "Say why: whoever asked wants to know.")
                else:
                    what = WITHDRAW if WITHDRAW in request.POST else REJECT if rejects else APPROVE
                    decide(request, waiting, what, note)
                    return HttpResponseRedirect(request.path)
        requests = with_names(together.order_by("id")[:BATCH_LIMIT])
        open_ones = [one for one in requests if one.status == Status.OPEN]
        user = user_of(request)
        return self._page(
            request, "batch", title="Changes made together", form=form, first=requests[0],
            requests=[(one, differences(one), counts_from(one)) for one in requests],
            open_count=len(open_ones), total=together.count(),
            may_decide=any(not service.may_decide(user, one) for one in open_ones),
            may_withdraw=any(one.requested_by_id == user.pk for one in open_ones),
            why_not=service.may_decide(user, open_ones[0]) if open_ones else "",
        )  # fmt: skip

    def _request_page(
        self, request: HttpRequest, asked: ChangeRequest, form: NoteForm
    ) -> HttpResponse:
        with_names([asked])
        user = user_of(request)
        refusal = service.may_decide(user, asked)
        is_open = asked.status == Status.OPEN
        together = (
            ChangeRequest.objects.filter(batch=asked.batch).exclude(pk=asked.pk).count()
            if asked.batch
            else 0
        )
        return self._page(
            request, "request", title=str(asked), subtitle=None, asked=asked, form=form,
            differences=differences(asked), counts=counts_from(asked), is_open=is_open,
            conflicts=others_on_the_same_record(asked) if is_open else [],
            may_decide=not refusal, why_not=refusal if is_open else "",
            may_withdraw=is_open and asked.requested_by_id == user.pk, together=together,
            colour=COLOURS.get(Status(asked.status), ""),
        )  # fmt: skip

    def _known(self, request: HttpRequest, object_id: str) -> ChangeRequest:
        self._may_view(request)
        found = (
            ChangeRequest.objects.select_related("requested_by", "decided_by")
            .filter(pk=whole_number(object_id) or 0)
            .first()
        )
        if found is None:
            raise Http404("There is no such request.")
        return found

    def _may_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        shown = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"changes/{template}.html", shown)


# ------------------------------------------------------------------------------------- decisions


def decide(request: HttpRequest, requests: QuerySet[ChangeRequest], what: str, note: str) -> None:
    """Decide on several requests, each for itself, and say what became of them."""
    user = user_of(request)
    done, refused = 0, []
    # What points to a new record of the same batch was made after it, and ends with it.
    for asked in requests.order_by("id" if what == APPROVE else "-id"):
        try:
            _decided(asked, user, {what: "1"}, note)
            done += 1
        except ValidationError as error:
            refused.append(f"{asked}: {' '.join(error.messages)}")
        except (service.Refused, PermissionDenied) as error:
            refused.append(_sentence(asked, str(error)))
    if done:
        past = {APPROVE: "approved", REJECT: "rejected", WITHDRAW: "withdrawn"}[what]
        messages.success(request, f"{done} change{'s' if done > 1 else ''} {past}.")
    for sentence in refused[:TOLD]:
        messages.error(request, sentence)
    if len(refused) > TOLD:
        messages.error(request, f"{len(refused) - TOLD} more were refused: look at each.")
    if not done and not refused:
        messages.warning(request, "Nothing was waiting here.")


def _decided(asked: ChangeRequest, user: User, pressed: Any, note: str) -> str:
    """Do what the pressed button says; the sentence says what is so now."""
    if APPROVE in pressed:
        service.approve(asked, user, note)
        return "Approved: the record has the new values."
    if REJECT in pressed:
        service.reject(asked, user, note)
        return "Rejected: whoever asked sees your note."
    if WITHDRAW in pressed:
        service.withdraw(asked, user)
        return "Withdrawn: nothing changes."
    raise service.Refused("Choose to approve, to reject or to withdraw.")


def _sentence(asked: ChangeRequest, said: str) -> str:
    return said if asked.code in said else f"{asked}: {said}"


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The lists that people look at most; the first is what an approver has to do."""
    choices = [("All", {}), ("All open", {"status__exact": "open"})]
    if request.user.has_perm("records.change_partner"):
        choices.insert(0, ("My own", {"whose": "mine"}))
    if _decides(request):
        choices.insert(0, ("Waiting for me", {"whose": "waiting"}))
    now = {name: request.GET[name] for name in ("whose", "status__exact") if request.GET.get(name)}
    return [
        {"title": title, "link": f"?{urlencode(query)}", "active": query == now}
        for title, query in choices
    ]


def _empty(request: HttpRequest) -> tuple[str, str]:
    """What to say of an empty list."""
    if request.GET.get("whose") == "waiting":
        return "Nothing waits for you", "What others ask for appears here."
    if request.GET.get("whose") == "mine":
        return "You have asked for nothing", "Open a record, change it and send it to an approver."
    return "No change requests here", "Every edit of a record becomes a request and appears here."


def _labels(request: ChangeRequest) -> list[str]:
    return list(_named_fields(request))


def _named_fields(request: ChangeRequest) -> Iterator[str]:
    labels = {f.name: str(f.verbose_name) for f in request.record_type.editable_fields()}
    for name, value in request.values.items():
        if request.action != ChangeRequest.Action.CREATE or value not in (None, ""):
            yield labels.get(name, name)


def _decides(request: HttpRequest) -> bool:
    return request.user.has_perm("changes.approve_changerequest")
