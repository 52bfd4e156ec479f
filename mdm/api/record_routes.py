"""Reading records: lists, one, as of a moment, and the history. Each kind has its own addresses.

The addresses are literal (`/records/partner/…`), one set per kind: a common `/records/{kind}/…`
beside them would take their calls.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest
from ninja import Query, Router

from api.errors import Error
from api.schemas import (
    AsOfMoments,
    Paging,
    RecordFilter,
    as_of_schema,
    fields_of,
    filter_schema,
    history_schema,
    page_schema,
    record_schema,
    refuse_unknown,
    values_schema,
)
from records.as_of import entry_of, state_at
from records.base import Record
from records.models import ENTITIES, Crosswalk

REFUSALS = dict.fromkeys((400, 401, 403, 404, 422, 429), Error)


def record_router() -> Router:
    """The addresses of every kind of record."""
    router = Router(tags=["records"])
    for entity in ENTITIES:
        _add_routes(router, entity)
    return router


def _add_routes(router: Router, entity: type[Record]) -> None:
    kind = entity._meta.db_table
    people = str(entity._meta.verbose_name)
    record, values = record_schema(entity), values_schema(entity)
    which = filter_schema(entity)
    entry = history_schema(entity, values)
    options: dict[str, Any] = {"tags": [kind]}

    def list_records(request: HttpRequest, filters: Any) -> Any:
        may_view(request, entity)
        refuse_unknown(request, which)
        return page_of(_filtered(entity, filters), filters)

    # The filters differ by kind, so their type is known here only.
    in_query: Any = Query
    list_records.__annotations__["filters"] = in_query[which]
    router.get(
        f"/{kind}",
        response={200: page_schema(entity.__name__, record), **REFUSALS},
        operation_id=f"list_{kind}",
        summary=f"List: {entity._meta.verbose_name_plural}",
        **options,
    )(list_records)

    @router.get(
        f"/{kind}/{{code}}",
        response={200: record, **REFUSALS},
        operation_id=f"get_{kind}",
        summary=f"One {people}",
        **options,
    )
    def get_record(request: HttpRequest, code: str) -> Any:
        may_view(request, entity)
        found = _with_updated(entity).filter(pk=code).first()
        if found is None:
            raise Http404(f"There is no {people} {code}.")
        return found

    @router.get(
        f"/{kind}/{{code}}/as-of",
        response={200: as_of_schema(entity, values), **REFUSALS},
        operation_id=f"get_{kind}_as_of",
        summary=f"One {people}, as of a moment",
        **options,
    )
    def get_as_of(request: HttpRequest, code: str, moments: Query[AsOfMoments]) -> Any:
        may_view(request, entity)
        refuse_unknown(request, AsOfMoments)
        entries = _entries(entity, code)
        if moments.known_at:
            entries = entries.filter(history_date__lte=moments.known_at)
        state = state_at(
            [entry_of(each, _columns(entity)) for each in entries],
            moments.as_of,
            retroactive=entity is Crosswalk,
        )
        if state is None:
            raise Http404(f"Nothing was known of {people} {code} for that moment.")
        return {
            "code": code,
            "as_of": moments.as_of,
            "known_at": moments.known_at,
            "is_deleted": state.is_deleted,
            "record": state.values,
        }

    @router.get(
        f"/{kind}/{{code}}/history",
        response={200: page_schema(f"{entity.__name__}History", entry), **REFUSALS},
        operation_id=f"list_{kind}_history",
        summary=f"The history of one {people}, oldest first",
        **options,
    )
    def list_history(request: HttpRequest, code: str, paging: Query[Paging]) -> Any:
        may_view(request, entity)
        refuse_unknown(request, Paging)
        entries = _entries(entity, code)
        if not entries.exists():
            raise Http404(f"There is and was no {people} {code}.")
        page = page_of(entries, paging)
        return {**page, "items": [_shown_entry(entity, each) for each in page["items"]]}


def may_view(request: HttpRequest, entity: type[Record]) -> None:
    """Refuse whoever may not look at records of a kind."""
    if not request.user.has_perm(f"records.view_{entity._meta.model_name}"):
        raise PermissionDenied(f"You may not look at {entity._meta.verbose_name_plural}.")


def _with_updated(entity: type[Record]) -> QuerySet[Any]:
    last = (
        entity.history.filter(code=OuterRef("pk"))  # type: ignore[attr-defined]
        .order_by()
        .values("code")
        .annotate(last=Max("history_date"))
        .values("last")
    )
    return entity._default_manager.annotate(updated_at=Subquery(last)).order_by("code")


def _filtered(entity: type[Record], filters: RecordFilter) -> QuerySet[Any]:
    conditions = {
        "pk": filters.code,
        "updated_at__gte": filters.updated_since,
        "name__icontains": getattr(filters, "name", None),
        "network_code": getattr(filters, "network", None),
        "is_active": getattr(filters, "is_active", None),
    }
    given = {name: value for name, value in conditions.items() if value is not None}
    return _with_updated(entity).filter(**given)


def page_of(rows: QuerySet[Any], paging: Paging) -> dict[str, Any]:
    """Some rows of many, and how many there are."""
    total = rows.count()
    # Beyond the end there is nothing to ask the database for.
    some = rows[paging.offset : paging.offset + paging.limit] if paging.offset < total else []
    return {"items": list(some), "total": total, "limit": paging.limit, "offset": paging.offset}


def _entries(entity: type[Record], code: str) -> QuerySet[Any]:
    entries: QuerySet[Any] = entity.history.filter(code=code).order_by("history_id")  # type: ignore[attr-defined]
    return entries


def _columns(entity: type[Record]) -> list[str]:
    return [entity._meta.get_field(name).attname for name in fields_of(entity)]  # type: ignore[union-attr]


def _shown_entry(entity: type[Record], entry: Any) -> dict[str, Any]:
    return {
        "history_id": entry.history_id,
        "recorded_at": entry.history_date,
        "change_type": entry.history_type,
        "effective_from": entry.effective_from,
        "changed_by": entry.history_user_id,
        "reason": entry.history_change_reason,
        "change_request_id": entry.change_request_id,
        "record": entry_of(entry, _columns(entity)).values,
    }
