"""Asking for changes and deciding on them, by the same service as every other way of editing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest
from ninja import Field, Path, Query, Router, Status

from api.errors import Error, Fields, by_field
from api.record_routes import REFUSALS, may_view, page_of
from api.schemas import (
    LARGEST_ID,
    Asked,
    Change,
    ChangeRequestOut,
    Changes,
    Decision,
    DifferenceOut,
    Merge,
    RequestFilter,
    Revert,
    Unmerge,
    _Why,
    page_schema,
    refuse_unknown,
)
from changes import service
from changes.diffs import differences
from changes.models import ChangeRequest
from changes.service import When
from records.base import MergeableRecord
from records.models import BY_NAME

router = Router(tags=["change requests"])
WRITE_REFUSALS = {**REFUSALS, 409: Error, 415: Error}
Source = ChangeRequest.Source


@router.get(
    "",
    response={200: page_schema("ChangeRequest", ChangeRequestOut), **REFUSALS},
    summary="List change requests, newest first",
)
def list_requests(request: HttpRequest, filters: Query[RequestFilter]) -> Any:
    """Filter by kind and code of the record, status, batch, or who asked."""
    _may_view(request)
    refuse_unknown(request, RequestFilter)
    conditions = {
        "entity": filters.entity,
        "code": filters.code,
        "status": filters.status,
        "batch": filters.batch,
        "requested_by__username": filters.requested_by,
    }
    given = {name: value for name, value in conditions.items() if value is not None}
    rows = ChangeRequest.objects.select_related("requested_by", "decided_by").filter(**given)
    return page_of(rows, filters)


@router.post(
    "",
    response={200: Asked, 201: Asked, **WRITE_REFUSALS},
    summary="Ask for changes: all of them or none",
)
def ask(request: HttpRequest, payload: Changes) -> Any:
    """Make or change records. Nothing changes before somebody else approves it.

    201 with the requests; 200 where every record has these values already.
    """
    batch = service.new_batch() if len(payload.changes) > 1 else ""
    asked: list[ChangeRequest] = []
    unchanged: list[str] = []
    with transaction.atomic():
        for number, change in enumerate(payload.changes):
            made = _placed(f"changes.{number}.", lambda change=change: _ask(request, change, batch))  # type: ignore[misc]
            if made is None:
                unchanged.append(str(change.code))
            else:
                asked.append(made)
    return Status(
        201 if asked else 200, {"batch": batch, "requests": asked, "unchanged": unchanged}
    )


@router.post(
    "/merge", response={201: ChangeRequestOut, **WRITE_REFUSALS}, summary="Ask for a merge"
)
def merge(request: HttpRequest, payload: Merge) -> Any:
    """Ask that a record becomes part of another, which takes over all that points to it."""
    loser = _mergeable(request, payload.entity, payload.code)
    winner = _mergeable(request, payload.entity, payload.into)
    when = _when(payload) or service.ALWAYS
    made = service.request_merge(
        _user(request), loser, winner, reason=payload.reason, when=when, source=Source.API
    )
    return Status(201, made)


@router.post(
    "/unmerge", response={201: ChangeRequestOut, **WRITE_REFUSALS}, summary="Ask for an unmerge"
)
def unmerge(request: HttpRequest, payload: Unmerge) -> Any:
    """Ask that a merged record lives again, with all that the merge took from it."""
    loser = _mergeable(request, payload.entity, payload.code)
    when = _when(payload) or service.ALWAYS
    made = service.request_unmerge(
        _user(request), loser, reason=payload.reason, when=when, source=Source.API
    )
    return Status(201, made)


@router.post(
    "/revert",
    response={200: Asked, 201: Asked, **WRITE_REFUSALS},
    summary="Ask that a record becomes what it was",
)
def revert(request: HttpRequest, payload: Revert) -> Any:
    """Ask that a record becomes what it was after one change of its history."""
    record = _record(request, payload.entity, payload.code)
    made = service.request_revert(
        _user(request), record, payload.history_id, reason=payload.reason, when=_when(payload),
        source=Source.API,
    )  # fmt: skip
    asked = [made] if made else []
    unchanged = [] if made else [record.code]
    return Status(201 if made else 200, {"batch": "", "requests": asked, "unchanged": unchanged})


Id = Path[Annotated[int, Field(ge=1, le=LARGEST_ID)]]


@router.get(
    "/{int:request_id}", response={200: ChangeRequestOut, **REFUSALS}, summary="One change request"
)
def get_request(request: HttpRequest, request_id: Id) -> Any:
    """What somebody wants to change, and what became of it."""
    _may_view(request)
    return _found(request_id)


@router.get(
    "/{int:request_id}/diff",
    response={200: list[DifferenceOut], **REFUSALS},
    summary="What a change request changes, with names instead of codes",
)
def get_differences(request: HttpRequest, request_id: Id) -> Any:
    """Each field that differs from the record that the request was made against."""
    _may_view(request)
    return [vars(difference) for difference in differences(_found(request_id))]


@router.post(
    "/{int:request_id}/approve",
    response={200: ChangeRequestOut, **WRITE_REFUSALS},
    summary="Approve: the record changes",
)
def approve(request: HttpRequest, request_id: Id, payload: Decision) -> Any:
    """Apply a request of somebody else's. 409 where the record was changed since (stale)."""
    return service.approve(_found(request_id), _user(request), payload.note)


@router.post(
    "/{int:request_id}/reject",
    response={200: ChangeRequestOut, **WRITE_REFUSALS},
    summary="Reject, with a note for who asked",
)
def reject(request: HttpRequest, request_id: Id, payload: Decision) -> Any:
    """Refuse a request of somebody else's; say why."""
    return service.reject(_found(request_id), _user(request), payload.note)


@router.post(
    "/{int:request_id}/withdraw",
    response={200: ChangeRequestOut, **WRITE_REFUSALS},
    summary="Take one's own request back",
)
def withdraw(request: HttpRequest, request_id: Id) -> Any:
    """Take back what you asked for yourself."""
    return service.withdraw(_found(request_id), _user(request))


def _ask(request: HttpRequest, change: Change, batch: str) -> ChangeRequest | None:
    return service.request_change(
        _user(request),
        BY_NAME[change.entity],
        change.code,
        change.values,
        reason=change.reason,
        source=Source.API,
        base_version=change.base_version,
        when=_when(change),
        batch=batch,
    )


def _placed(place: str, ask: Callable[[], ChangeRequest | None]) -> ChangeRequest | None:
    """Ask, and say of a refusal which of several changes it is about."""
    try:
        return ask()
    except ValidationError as error:
        raise Fields(by_field(error, place)) from error
    except ObjectDoesNotExist as error:
        raise Fields({f"{place}code": ["There is no such record to change."]}) from error


def _mergeable(request: HttpRequest, name: str, code: str) -> MergeableRecord:
    entity = BY_NAME[name]
    if not issubclass(entity, MergeableRecord):
        raise Fields({"entity": [f"{entity._meta.verbose_name_plural} cannot be merged."]})
    record: MergeableRecord = _record(request, name, code)
    return record


def _record(request: HttpRequest, name: str, code: str) -> Any:
    entity = BY_NAME[name]
    may_view(request, entity)
    found = entity._default_manager.filter(pk=service.clean_text("code", code)).first()
    if found is None:
        raise Http404(f"There is no {entity._meta.verbose_name} {code}.")
    return found


def _when(why: _Why) -> When | None:
    if why.effective is None and why.effective_from is None:
        return None
    return When(why.effective or When.kind, why.effective_from)


def _found(request_id: int) -> ChangeRequest:
    rows = ChangeRequest.objects.select_related("requested_by", "decided_by")
    found = rows.filter(pk=request_id).first()
    if found is None:
        raise Http404(f"There is no change request {request_id}.")
    return found


def _may_view(request: HttpRequest) -> None:
    if not request.user.has_perm("changes.view_changerequest"):
        raise PermissionDenied("You may not look at change requests.")


def _user(request: HttpRequest) -> User:
    user: User = request.auth  # type: ignore[attr-defined]
    return user
