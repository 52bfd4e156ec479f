"""The pages of the queue: many ids at once, and one id with a search and a new record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from changes.models import ChangeRequest
from changes.service import When
from changes.telling import counts_at_once, tell
from records.base import MergeableRecord
from records.codes import suggested_code
from suggestions.suggest import Suggestion
from unmapped.candidates import entity_of, searched, suggestions_for
from unmapped.decisions import Decision, Outcome, decide, open_requests
from unmapped.forms import (
    IGNORE,
    LEAVE,
    MAP,
    NEW,
    FilterForm,
    NewRecordForm,
    QueueWhyForm,
    new_record_form,
)
from unmapped.models import UnmappedId

PER_PAGE = 25
# On the page of one id there is room for more.
MORE_SUGGESTIONS = 8
FOUND = 30
CHOICE = "choice-"
GONE = "This id has left the queue: somebody decided on it, or the warehouse has it no longer."


@dataclass
class Item:
    """An id as its page shows it."""

    one: UnmappedId
    suggestions: Sequence[Suggestion]
    asked: ChangeRequest | None
    decided: str
    link: str
    choice: str = LEAVE
    mistakes: Sequence[str] = ()

    @property
    def field(self) -> str:
        """The name of its choice in the form."""
        return f"{CHOICE}{self.one.code}"


@admin.register(UnmappedId)
class QueueAdmin(ModelAdmin):  # type: ignore[misc]
    """The queue."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the warehouse fills the queue."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: ids are decided on, not edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an id that is not worth a record is ignored."""
        return False

    # ---- many ids

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the ids with suggestions, or ask for what was ticked."""
        self._may_look(request)
        chosen = FilterForm(request.GET)
        page = Paginator(chosen.ids(), PER_PAGE).get_page(request.GET.get("page"))
        items = self._items(list(page), request)
        why = QueueWhyForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            user = self._decider(request)
            if why.is_valid():
                decisions = [
                    Decision(one, _code(choice))
                    for one, choice in _ticked(request.POST)
                    if _is_decided(choice)
                ]
                outcome = self._decided(request, user, decisions, why)
                if not outcome.refused:
                    return HttpResponseRedirect(request.get_full_path())
                items = self._items(list(page), request, outcome)
        return self._queue_page(
            request, "queue", "Queue of unmapped ids", items=items, form=why, chosen=chosen,
            page=page, query=_without(request, "page"), total=page.paginator.count,
            refreshed_at=UnmappedId.objects.values_list("refreshed_at", flat=True).first(),
        )  # fmt: skip

    def _items(
        self, ids: Sequence[UnmappedId], request: HttpRequest, outcome: Outcome | None = None
    ) -> list[Item]:
        asked = open_requests(ids)
        suggestions = suggestions_for([one for one in ids if one.code not in asked])
        items = []
        for one in ids:
            waits = asked.get(one.code)
            item = Item(
                one, suggestions.get(one.key, []), waits, _words(waits, one.kind) if waits else "",
                reverse("admin:unmapped_unmappedid_change", args=[quote(one.code)]),
            )  # fmt: skip
            ticked = [found.code for found in item.suggestions if found.is_preticked]
            item.choice = f"{MAP}{ticked[0]}" if ticked else LEAVE
            if request.method == "POST":
                item.choice = request.POST.get(item.field, LEAVE)
            if outcome and one.code in outcome.refused:
                item.mistakes = outcome.refused[one.code].messages
            items.append(item)
        return items

    # ---- one id

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show one id with all there is to choose from, or ask for what was chosen."""
        self._may_look(request)
        queue = reverse("admin:unmapped_unmappedid_changelist")
        one = UnmappedId.objects.waiting().filter(pk=unquote(object_id)).first()
        if one is None:
            messages.warning(request, GONE)
            return HttpResponseRedirect(queue)
        item = self._items([one], request)[0]
        item.suggestions = suggestions_for([one], MORE_SUGGESTIONS)[one.key]
        text = request.GET.get("q", "").replace("\x00", "").strip()[:128]
        found = searched(one.kind, one.network_code, text, FOUND) if text else []
        item.suggestions = _besides(item.suggestions, found)
        why = QueueWhyForm(request.POST if request.method == "POST" else None)
        data = request.POST if item.choice == NEW else None
        new = new_record_form(one, request, self.admin_site, data)
        if request.method == "POST":
            user = self._decider(request)
            if data is None and not _is_decided(item.choice):
                why.add_error(None, "Choose what the id stands for.")
            elif why.is_valid() and (data is None or new.is_valid()):
                decision = _with_new(one, new) if data else Decision(one, _code(item.choice))
                outcome = self._decided(request, user, [decision], why)
                if not outcome.refused:
                    return HttpResponseRedirect(queue)
                _say(outcome.refused[one.code], new if data else None, why)
        return self._queue_page(
            request, "one", str(one), item=item, one=one, form=why, new=new, text=text,
            found=found, queue=queue, kind_names=entity_of(one.kind)._meta.verbose_name_plural,
            kind_name=entity_of(one.kind)._meta.verbose_name,
        )  # fmt: skip

    # ---- both

    def _decided(
        self, request: HttpRequest, user: User, decisions: Sequence[Decision], why: QueueWhyForm
    ) -> Outcome:
        when: When | None = why.when
        outcome = decide(user, decisions, reason=why.cleaned_data["reason"], when=when)
        if outcome.requests or not outcome.refused:
            tell(request, outcome.requests)
        return outcome

    def _may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _decider(self, request: HttpRequest) -> User:
        user = request.user
        if not isinstance(user, User) or not _may_decide(request):
            raise PermissionDenied
        return user

    def _queue_page(
        self, request: HttpRequest, name: str, title: str, **context: Any
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"unmapped/{name}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "may_decide": _may_decide(request),
                "counts_at_once": counts_at_once(request),
                **context,
            },
        )


def _may_decide(request: HttpRequest) -> bool:
    return request.user.has_perms(["records.add_crosswalk", "records.change_crosswalk"])


def _is_decided(choice: str) -> bool:
    return choice == IGNORE or (choice.startswith(MAP) and choice != MAP)


def _code(choice: str) -> str | None:
    return choice.removeprefix(MAP) if choice.startswith(MAP) else None


def _ticked(posted: Any) -> list[tuple[UnmappedId, str]]:
    """The ids of a posted page with their choices, also those that a refresh moved elsewhere."""
    choices = {
        name.removeprefix(CHOICE): posted[name]
        for name in posted
        if name.startswith(CHOICE) and posted[name] != LEAVE and "\x00" not in name
    }
    return [(one, choices[code]) for code, one in UnmappedId.objects.in_bulk(choices).items()]


def _words(asked: ChangeRequest, kind: str) -> str:
    """What an open request would make of an id."""
    if asked.values.get("is_ignored"):
        return "to be ignored"
    code = asked.values.get(kind)
    record = entity_of(kind)._default_manager.filter(pk=code).first()
    return f"to be mapped to {record or code}" if code else "to be changed"


def _with_new(one: UnmappedId, new: NewRecordForm) -> Decision:
    values = {name: value for name, value in new.cleaned_data.items() if name != "code"}
    if one.kind == "program":
        values["network_code"] = one.network_code
    code = new.cleaned_data["code"] or suggested_code(entity_of(one.kind), [values["name"]])
    return Decision(one, code, values)


def _say(error: ValidationError, new: NewRecordForm | None, why: QueueWhyForm) -> None:
    """Show errors at their fields, and those of no field above the form."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, said in by_field.items():
        if new is not None and name in new.fields:
            new.add_error(name, said)
        else:
            why.add_error(name if name in why.fields else None, said)


def _besides(
    suggestions: Sequence[Suggestion], found: Sequence[MergeableRecord]
) -> list[Suggestion]:
    known = {record.code for record in found}
    return [one for one in suggestions if one.code not in known]


def _without(request: HttpRequest, name: str) -> str:
    query = request.GET.copy()
    query.pop(name, None)
    return query.urlencode()
