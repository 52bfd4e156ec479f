"""What the API sends and takes. The fields of records are those of their models."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Field, Schema
from ninja.orm import create_schema, register_field
from pydantic import AfterValidator, BeforeValidator, ConfigDict, JsonValue, WithJsonSchema

from api.errors import Fields
from changes.models import ChangeRequest
from changes.service import clean_text
from records.base import Record
from records.models import BY_NAME

register_field("ExactDecimalField", Decimal)
# The largest whole number that both databases keep.
LARGEST_ID = 2**63 - 1
EARLIEST, LATEST = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (1, 9999))
WRITE_A_MOMENT = (
    "Write a moment with its offset from UTC, such as 2026-03-01T00:00:00Z (in an address, a + is"
    " written %2B)."
)


def _storable(text: str) -> str:
    try:
        clean_text("text", text)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from error
    return text


def _moment(value: Any) -> Any:
    """A text as ISO 8601 has it; pydantic would also take numbers, and times without zone."""
    if isinstance(value, dt.datetime):
        return value
    try:
        moment = dt.datetime.fromisoformat(value) if "T" in str(value).upper() else None
        moment = moment.astimezone(dt.UTC) if moment and moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        moment = None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ValueError(WRITE_A_MOMENT)
    return moment


def _known_kind(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError(f"Choose one of: {', '.join(BY_NAME)}.")
    return name


Kind = Annotated[
    str,
    AfterValidator(_known_kind),
    WithJsonSchema({"type": "string", "enum": list(BY_NAME)}),
]
Text = Annotated[str, Field(max_length=500), AfterValidator(_storable)]
Moment = Annotated[
    dt.datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Input(Schema):
    """What is sent to us: a field that we do not know is a mistake, and is said to be one."""

    model_config = ConfigDict(extra="forbid")


# ---------------------------------------------------------------------------------------- records


def fields_of(entity: type[Record]) -> list[str]:
    """The names of the fields of a record besides its code and version."""
    own = [field.name for field in entity._meta.concrete_fields]
    return [name for name in own if name not in ("code", "version")]


def record_schema(entity: type[Record]) -> type[Schema]:
    """A record as it is now."""
    updated = Field(None, description="When it was last changed (UTC).")
    return create_schema(
        entity,
        name=entity.__name__,
        fields=[*fields_of(entity), "version"],
        custom_fields=[
            ("code", str, Field(..., description="The key of the record.")),
            ("updated_at", dt.datetime | None, updated),
        ],
    )


def values_schema(entity: type[Record]) -> type[Schema]:
    """The fields of a record at some time; one that was not known then is null."""
    return create_schema(
        entity,
        name=f"{entity.__name__}Values",
        fields=fields_of(entity),
        optional_fields=fields_of(entity),
    )


def page_schema(name: str, item: Any) -> type[Schema]:
    """Some of many, and how many there are."""
    annotations = {"items": list[item], "total": int, "limit": int, "offset": int}
    return type(f"{name}Page", (Schema,), {"__annotations__": annotations, "__doc__": "A page."})


def history_schema(entity: type[Record], values: type[Schema]) -> type[Schema]:
    """An entry of a history: the record after a change, and who asked for it and why."""
    doc = "The record after a change, with who asked for it, why, and from when it counts."
    name = f"{entity.__name__}HistoryEntry"
    return type(name, (HistoryEntry,), {"__annotations__": {"record": values}, "__doc__": doc})


def as_of_schema(entity: type[Record], values: type[Schema]) -> type[Schema]:
    """A record at a moment of business time."""
    doc = "The record at a moment of business time."
    name = f"{entity.__name__}AsOf"
    return type(name, (AsOf,), {"__annotations__": {"record": values}, "__doc__": doc})


class HistoryEntry(Schema):
    """One entry of the append-only history of a record."""

    history_id: int
    recorded_at: dt.datetime = Field(description="When it was approved (UTC).")
    change_type: str = Field(description="+ made, ~ changed, - deleted")
    effective_from: dt.datetime | None = Field(
        description="From when it counts (UTC); null: from when it was recorded."
    )
    changed_by: str | None = Field(description="Who asked; null: it came past the portal.")
    reason: str | None
    change_request_id: int | None


class AsOf(Schema):
    """What a record was at a moment."""

    code: str
    as_of: dt.datetime
    known_at: dt.datetime | None
    is_deleted: bool


def absent(description: str = "") -> Any:
    """A filter that may be left out; nobody sends a null."""
    return Field(None, description=description or None)


class Paging(Schema):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=500, description="How many at most.")
    offset: int = Field(0, ge=0, le=LARGEST_ID, description="How many to pass over.")


class RecordFilter(Paging):
    """Which records of a kind."""

    code: Text = absent("Exactly this code.")
    updated_since: Moment = absent("Changed at or after this moment, such as 2026-03-01T00:00:00Z.")


class _Name(Schema):
    name: Text = absent("The name holds this, in capitals or not.")


class _Network(Schema):
    network: Text = absent("Of the network with this code.")


class _IsActive(Schema):
    is_active: bool = absent()


def filter_schema(entity: type[Record]) -> type[RecordFilter]:
    """The filters that the fields of an entity allow."""
    names = fields_of(entity)
    parts = [
        part
        for field, part in (("name", _Name), ("network_code", _Network), ("is_active", _IsActive))
        if field in names
    ]
    return type(f"{entity.__name__}Filter", (*parts, RecordFilter), {"__doc__": "Which records."})


class AsOfMoments(Schema):
    """Two moments: of business, and of what was known."""

    as_of: Moment = Field(description="The moment of business time, such as 2026-03-01T00:00:00Z.")
    known_at: Moment = absent(
        "As it was known at this moment; by default with all that is known now."
    )


def refuse_unknown(request: HttpRequest, known: type[Schema]) -> None:
    """Refuse a misspelt filter: without it, the answer would be everything.

    Raises:
        Fields: for each parameter that this address does not know.
    """
    unknown = set(request.GET) - set(known.model_fields)
    if unknown:
        sentence = f"There is no such parameter here; there are {', '.join(known.model_fields)}."
        raise Fields({name: [sentence] for name in sorted(unknown)})


# -------------------------------------------------------------------------------- change requests


class ChangeRequestOut(Schema):
    """What somebody wants to change of one record, and what became of it."""

    id: int
    entity: str
    code: str
    action: str = Field(description=f"One of: {', '.join(ChangeRequest.Action.values)}.")
    values: dict[str, Any] = Field(description="The new value of each field that changes.")
    base_version: int
    reason: str
    effective: str
    effective_from: dt.datetime | None
    source: str
    batch: str
    status: str = Field(description=f"One of: {', '.join(ChangeRequest.Status.values)}.")
    requested_by: str
    requested_at: dt.datetime
    decided_by: str | None
    decided_at: dt.datetime | None
    decision_note: str

    @staticmethod
    def resolve_requested_by(request: ChangeRequest) -> str:
        """The login of who asked."""
        return request.requested_by.get_username()

    @staticmethod
    def resolve_decided_by(request: ChangeRequest) -> str | None:
        """The login of who decided."""
        return request.decided_by.get_username() if request.decided_by else None


class RequestFilter(Paging):
    """Which change requests."""

    entity: Kind = absent()
    code: Text = absent()
    status: ChangeRequest.Status = absent()
    batch: Text = absent("Made together under this mark.")
    requested_by: Text = absent("The login of who asked.")


class _Why(Input):
    reason: str = Field(description="Why: the history keeps it (500 characters).")
    effective: ChangeRequest.Effective | None = Field(
        None,
        description=(
            "From when it counts in reports: now, date (`effective_from` says which), or always: a"
            " correction for all time. By default now; of mappings of ids and merges, always."
        ),
    )
    effective_from: Moment | None = Field(None, description="With `effective: date` only.")


class Change(_Why):
    """A record to make (without `base_version`) or to change."""

    entity: Kind = Field(description="The kind of record, as in the addresses of records.")
    code: str | None = Field(None, description="None where the code follows from the values.")
    values: dict[str, JsonValue] = Field(
        description="The new values by field, links as codes; fields that are not named stay."
    )
    base_version: int | None = Field(
        None, ge=1, le=LARGEST_ID, description="The `version` that you saw; none: a new record."
    )


class Changes(Input):
    """Changes that are asked for together: all or none."""

    changes: list[Change] = Field(min_length=1, max_length=1000)


class Merge(_Why):
    """Make a record part of another, which takes over all that points to it."""

    entity: Kind
    code: str = Field(description="The record that becomes part of the other.")
    into: str = Field(description="The record that stays.")


class Unmerge(_Why):
    """Let a merged record live again."""

    entity: Kind
    code: str


class Revert(_Why):
    """Make a record what it was after a change of its history."""

    entity: Kind
    code: str
    history_id: int = Field(ge=1, le=LARGEST_ID)


class Decision(Input):
    """What the approver says; a rejection needs it."""

    note: str = Field("", description="For the person who asked (500 characters).")


class Asked(Schema):
    """What was asked for."""

    batch: str = Field(description="The mark of requests made together; empty for one alone.")
    requests: list[ChangeRequestOut]
    unchanged: list[str] = Field(description="Codes of records that have these values already.")


class DifferenceOut(Schema):
    """One field, before and after, as people read it."""

    label: str
    before: str
    after: str
