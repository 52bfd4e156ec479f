"""The one way to change a master record: ask, let somebody else approve, apply.

Every way of editing (form, inline row, grid, import, API, queue) calls `request_change`. A
record is saved by `approve` only, in one transaction with its request; the database writes the
history.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import IntegrityError, OperationalError, models, transaction
from django.utils import timezone

from changes.models import ChangeRequest
from records.as_of import BEGINNING, entry_of, spans_of
from records.base import MergeableRecord, Record, TreeRecord
from records.models import BY_NAME, ENTITIES, Crosswalk
from records.triggers import counted_from, history_context

ALL_TIME, NEVER = BEGINNING, dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
MOST_CHARACTERS = 500
# So many digits of a number survive where it is kept as floating point: in JSON, in spreadsheets.
EXACT_DIGITS = 15
# Control characters, and those that change the direction of writing ("Trojan Source",
# CVE-2021-42574): a name with them looks like another one to whoever approves it.
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
Action, Effective, Source, Status = (
    ChangeRequest.Action,
    ChangeRequest.Effective,
    ChangeRequest.Source,
    ChangeRequest.Status,
)

# What a field held over business time: each code (or none) with the moment from which it counts.
Spans = Sequence[tuple[dt.datetime, "str | None"]]
# Of a record that is asked for in the same batch: its values by table and code; else None.
Beside = Callable[[str, str], "Mapping[str, Any] | None"]


class Refused(Exception):
    """A change that cannot be: the message says in a sentence why, and what to do."""


class Stale(Refused):
    """The record was changed since: the change has to be looked at and made again."""


@dataclass(frozen=True)
class When:
    """From when a change counts in reports.

    `kind` is now, from a date (then `moment`, UTC), or always: a correction for all time.
    """

    kind: str = Effective.NOW
    moment: dt.datetime | None = None

    def __post_init__(self) -> None:
        if self.kind not in Effective.values:
            raise ValidationError({"effective": f"Choose one of: {', '.join(Effective.values)}."})
        if (self.kind == Effective.DATE) != (self.moment is not None):
            raise ValidationError(
                {"effective_from": "Give the date from which the change counts, and only then."}
            )
        if self.moment is not None and not ALL_TIME <= self.moment < NEVER:
            raise ValidationError(
                {"effective_from": "Give a date between 1900 and 9998, or correct it for all time."}
            )


ALWAYS = When(Effective.ALWAYS)


def usual_when(entity: type[Record]) -> When:
    """What is offered first: a mapping of an id counts for all time, other changes from now on."""
    return ALWAYS if entity is Crosswalk else When()


def new_batch() -> str:
    """A mark for requests that are made together."""
    return uuid.uuid4().hex


# --------------------------------------------------------------------------------------- asking


def request_change(
    user: User,
    entity: type[Record],
    code: str | None,
    values: Mapping[str, Any],
    *,
    reason: str,
    source: str,
    base_version: int | None = None,
    when: When | None = None,
    batch: str = "",
) -> ChangeRequest | None:
    """Ask for a record to be made (no such code yet) or changed.

    `code` is None for a record whose code follows from its values. `values` are the new values by
    field, foreign keys as codes; fields that are not named stay. `base_version` is the version that
    the person saw; None makes a new record. `when` says from when the change counts, by default as
    `usual_when` has it. Requests that are made together share a `batch`: a later one may point to a
    record that an earlier one makes, and is applied after it.

    Returns:
        The request, or None where nothing would change.

    Raises:
        ValidationError: values that the record cannot have, by field.
        Stale: the record is of another version by now.
        Refused, PermissionDenied: in a sentence.
    """
    request = prepare_change(
        user, entity, code, values, reason=reason, source=source, base_version=base_version,
        when=when, batch=batch, beside=_asked_for_in(batch, user),
    )  # fmt: skip
    if request is None:
        return None
    request.save()
    return _without_second_pair_of_eyes(request, user)


def prepare_change(
    user: User,
    entity: type[Record],
    code: str | None,
    values: Mapping[str, Any],
    *,
    reason: str,
    source: str,
    base_version: int | None = None,
    when: When | None = None,
    batch: str = "",
    beside: Beside = lambda table, code: None,
) -> ChangeRequest | None:
    """Check a change as `request_change` does and return its request, not saved yet.

    For previews, and for many changes at once (`save_prepared`). `beside` knows the new records
    that are asked for at the same time.
    """
    values = clean_values(entity, values)
    creates = base_version is None
    _may(user, entity, "add" if creates else "change")
    reason = clean_reason(reason)
    if creates:
        record = new_record(entity, code, values)
    else:
        record = entity._default_manager.get(pk=clean_text("code", code or ""))
        _same_version(record, base_version or 0)
        _refuse_merged(record)
        before = current_values(record)
        values = {name: value for name, value in values.items() if before[name] != value}
        if not values:
            return None
    _refuse_invisible(values)
    _set(record, values)
    _check(record, values, beside)
    return ChangeRequest(
        entity=entity._meta.db_table,
        code=record.code,
        action=Action.CREATE if creates else Action.UPDATE,
        values=values,
        base_version=0 if creates else record.version,
        reason=reason,
        source=source,
        batch=batch,
        requested_by=user,
        **_effective(when or usual_when(entity)),
    )


def save_prepared(requests: Sequence[ChangeRequest], user: User) -> list[ChangeRequest]:
    """Save requests of one person that were prepared together: all of them, or none.

    Raises:
        Refused: the person's changes count at once, and one of them cannot be applied.
    """
    with transaction.atomic():
        saved = ChangeRequest.objects.bulk_create(requests, batch_size=500)
        return [_without_second_pair_of_eyes(request, user) for request in saved]


def what_would_move(record: Record) -> list[tuple[type[Record], int]]:
    """How many rows of each entity point to a record: what a merge would take elsewhere."""
    counts: dict[type[Record], int] = {}
    for entity, field in _links_to(record):
        number = entity._default_manager.filter(**{field: record}).count()
        counts[entity] = counts.get(entity, 0) + number
    return [(entity, number) for entity, number in counts.items() if number]


def request_merge(
    user: User,
    loser: MergeableRecord,
    winner: MergeableRecord,
    *,
    reason: str,
    when: When = ALWAYS,
    source: str = Source.MERGE,
) -> ChangeRequest:
    """Ask that one record becomes part of another, which takes over all that points to it.

    Raises:
        Refused: the records are of two kinds, the same, or merged already.
        ValidationError, PermissionDenied: as `request_change`.
    """
    _may(user, type(loser), "change")
    reason = clean_reason(reason)
    _mergeable(loser, winner)
    return _ask_about(user, loser, Action.MERGE, {"into": winner.code}, reason, when, source)


def request_unmerge(
    user: User,
    loser: MergeableRecord,
    *,
    reason: str,
    when: When = ALWAYS,
    source: str = Source.MERGE,
) -> ChangeRequest:
    """Ask that a merged record lives again, with all that the merge took from it.

    Raises:
        Refused: the record was never merged, or what it was merged into was merged itself.
        ValidationError, PermissionDenied: as `request_change`.
    """
    _may(user, type(loser), "change")
    reason = clean_reason(reason)
    winner = _merged_into(loser)
    return _ask_about(user, loser, Action.UNMERGE, {"from": winner.code}, reason, when, source)


def _ask_about(
    user: User,
    record: MergeableRecord,
    action: str,
    values: dict[str, Any],
    reason: str,
    when: When,
    source: str,
) -> ChangeRequest:
    """Save the request for what happens to a record as a whole."""
    request = ChangeRequest.objects.create(
        entity=record._meta.db_table,
        code=record.code,
        action=action,
        values=values,
        base_version=record.version,
        reason=reason,
        source=source,
        requested_by=user,
        **_effective(when),
    )
    return _without_second_pair_of_eyes(request, user)


def request_revert(
    user: User,
    record: Record,
    history_id: int,
    *,
    reason: str,
    when: When | None = None,
    source: str = Source.REVERT,
) -> ChangeRequest | None:
    """Ask that a record becomes what it was after a change of its history; None when it is so.

    Raises:
        Refused: the history has no such change of this record.
        ValidationError, Stale, PermissionDenied: as `request_change`.
    """
    entry = record.history.filter(history_id=history_id).first()  # type: ignore[attr-defined]
    if entry is None:
        raise Refused(f"The history of {record} has no change {history_id}.")
    return request_change(
        user,
        type(record),
        record.code,
        current_values(entry, type(record)),
        reason=reason,
        source=source,
        base_version=record.version,
        when=when,
    )


# ------------------------------------------------------------------------------------- deciding


def may_decide(user: User, request: ChangeRequest) -> str:
    """Why somebody may not decide on a request, in a sentence; empty when they may."""
    if not user.has_perm("changes.approve_changerequest"):
        return "Only approvers decide on changes."
    if request.status != Status.OPEN:
        return f"This change is {request.get_status_display()} already."
    if settings.FOUR_EYES and request.requested_by_id == user.pk:
        return "You asked for this change: somebody else has to approve it (four eyes)."
    return ""


def approve(request: ChangeRequest, user: User, note: str = "") -> ChangeRequest:
    """Apply a request: the record, its history and the request change together, or nothing does.

    Raises:
        PermissionDenied: not an approver, or the request is the approver's own.
        Stale: the record was changed since; the request is closed as out of date.
        Refused: decided already, or the record can no longer take these values.
        ValidationError: a note that cannot be kept.
    """
    note = _said("note", note)
    try:
        with transaction.atomic():
            locked = _open(request.pk, user)
            now = timezone.now()
            counts_from = _counts_from(locked, now)
            with history_context(
                reason=locked.reason,
                user_name=locked.requested_by.get_username(),
                effective_from=counts_from,
                change_request_id=locked.pk,
                recorded_at=now,
            ):
                _APPLY[locked.action](locked, counts_from or now)
            _decide(locked, user, Status.APPLIED, note, now)
    except Stale as stale:
        with transaction.atomic():
            _end(_open(request.pk, user), user, Status.STALE, str(stale))
        raise
    except ValidationError as error:
        raise Refused(
            _waits_for(request)
            or f"{request} cannot be applied any more: {' '.join(error.messages)}"
        ) from error
    except IntegrityError as error:
        raise Refused(
            f"{request} cannot be applied any more: another record stands against it."
        ) from error
    except OperationalError as error:
        # The database gave up one of two that waited for each other, or waited too long itself.
        raise Refused(
            "Somebody changes the same records at this moment: nothing was changed, try it again."
        ) from error
    request.refresh_from_db()
    return request


def reject(request: ChangeRequest, user: User, note: str) -> ChangeRequest:
    """Refuse a request, with the reason for the person who asked.

    What points to a record that it would have made is refused with it.

    Raises:
        PermissionDenied, Refused: as `approve`; ValidationError: no note.
    """
    note = _said("note", note)
    if not note:
        raise ValidationError({"note": "Say why: whoever asked wants to know."})
    with transaction.atomic():
        return _end(_open(request.pk, user), user, Status.REJECTED, note)


def withdraw(request: ChangeRequest, user: User) -> ChangeRequest:
    """Take one's own request back, and with it what points to a record that it would have made.

    Raises:
        PermissionDenied: somebody else's; Refused: decided already.
    """
    with transaction.atomic():
        locked = ChangeRequest.objects.select_for_update().get(pk=request.pk)
        if locked.requested_by_id != user.pk:
            raise PermissionDenied("Only whoever asked for a change takes it back.")
        if locked.status != Status.OPEN:
            raise Refused(f"This change is {locked.get_status_display()} already.")
        return _end(locked, user, Status.WITHDRAWN, "")


# --------------------------------------------------------------------------------------- values


def clean_text(name: str, value: str) -> str:
    """A text without blanks around it; refuses what no database keeps."""
    value = value.strip()
    if "\x00" in value or (not value.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in value)):
        raise ValidationError({name: "The text holds a character that cannot be stored."})
    return value


def clean_reason(reason: str) -> str:
    """The reason of a change, as the history keeps it; raises ValidationError where it cannot."""
    reason = _said("reason", reason)
    if not reason:
        raise ValidationError({"reason": "Say why: the history keeps it."})
    return reason


def _said(name: str, text: str) -> str:
    """What a person says of a change: of some lines, of which each looks as it is."""
    text = clean_text(name, text)
    if len(text) > MOST_CHARACTERS:
        raise ValidationError({name: f"The {name} is longer than {MOST_CHARACTERS} characters."})
    _refuse_invisible({name: re.sub(r"[\r\n\t]", " ", text)})
    return text


def _refuse_invisible(values: Mapping[str, Any]) -> None:
    """Refuse characters that nobody sees and that may let a text look like another."""
    wrong = {
        name: "The text holds a character that cannot be seen, such as a line end or a mark that"
        " turns the direction of writing: write it anew."
        for name, value in values.items()
        if isinstance(value, str) and INVISIBLE.search(value)
    }
    if wrong:
        raise ValidationError(wrong)


def clean_values(entity: type[Record], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a request keeps them: typed as their fields say, foreign keys as codes.

    Raises:
        ValidationError: a field that the entity does not have or nobody may set, or a wrong type.
    """
    cleaned: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    allowed = {field.name: field for field in entity.editable_fields()}
    for name, value in values.items():
        field = allowed.get(name)
        if field is None:
            wrong[name] = [f"{entity._meta.verbose_name} has no field {name} to change."]
            continue
        try:
            cleaned[name] = _clean_value(field, value)
        except ValidationError as error:
            wrong[name] = list(error.messages)
    if wrong:
        raise ValidationError(wrong)
    return cleaned


def _clean_value(field: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(value, models.Model):
        value = value.pk
    if isinstance(value, str):
        value = clean_text(field.name, value)
    elif isinstance(field, (models.CharField, models.ForeignKey)) and value is not None:
        raise ValidationError("This has to be a text.")
    if value in (None, ""):
        return "" if isinstance(field, models.CharField) and not field.null else None
    if isinstance(field, models.ForeignKey):
        return value
    if isinstance(field, models.IntegerField) and isinstance(value, (bool, float)):
        raise ValidationError("This has to be a whole number.")
    if isinstance(field, models.DecimalField) and isinstance(value, float):
        value = _as_written(value)
    try:
        python = field.to_python(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValidationError(f"This cannot be {value!r:.100}.") from error
    if isinstance(field, models.DecimalField):
        if not python.is_finite():
            raise ValidationError("This has to be a number.")
        # As the database will give it back, so that 0.1 and 0.100000 are the same.
        places = field.decimal_places or 0
        try:
            if abs(python) < 10 ** (field.max_digits or 0) and python == round(python, places):
                python = round(python, places)
        except ArithmeticError as error:
            raise ValidationError("This number is too large.") from error
        return str(python)
    if isinstance(python, (dt.date, dt.datetime)):
        return python.isoformat()
    return python


def _as_written(value: float) -> Decimal:
    """A number that was sent as such; raises ValidationError where it may not be the one sent."""
    number = Decimal(repr(value))
    if number.is_finite() and len(number.normalize().as_tuple().digits) > EXACT_DIGITS:
        raise ValidationError(
            f'Send a number of more than {EXACT_DIGITS} digits as a text, such as "0.5": as a'
            " number it is not kept exactly."
        )
    return number


def current_values(record: models.Model, entity: type[Record] | None = None) -> dict[str, Any]:
    """The values of a record, or of an entry of its history, as requests keep them."""
    fields = (entity or type(record)).editable_fields()  # type: ignore[attr-defined]
    return {field.name: _clean_value(field, getattr(record, field.attname)) for field in fields}


def new_record(entity: type[Record], code: str | None, values: Mapping[str, Any]) -> Record:
    """A record that is not saved yet.

    Raises:
        ValidationError: no code, or one that is or was another record's.
    """
    code = entity.made_code(dict(values)) or clean_text("code", code or "")
    if not code:
        raise ValidationError({"code": "Give the record a code."})
    known = entity._default_manager.filter(pk=code).exists()
    if known or entity.history.filter(code=code).exists():  # type: ignore[attr-defined]
        raise ValidationError({"code": f"{code} is, or was, another record's code."})
    if _open_creation(entity._meta.db_table, code).exists():
        raise ValidationError({"code": f"A new record {code} waits for approval already."})
    return entity(code=code)


def _set(record: Record, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        field = record._meta.get_field(name)
        assert isinstance(field, models.Field)
        setattr(record, field.attname, field.to_python(value))


def _check(record: Record, values: Mapping[str, Any], beside: Beside) -> None:
    """Check a record that is not saved and may point to records that are not saved either."""
    waiting = _point_to_new(record, beside)
    record.full_clean(exclude=waiting)
    _refuse_merged_targets(record, values)
    if waiting:
        # Django leaves out with a field all constraints that it is part of.
        record.validate_constraints()


def _refuse_merged_targets(record: Record, values: Mapping[str, Any]) -> None:
    """Refuse new links to a record that became part of another; those that stayed behind may."""
    for name in values:
        target = getattr(record, name)
        into = target.merged_into if isinstance(target, MergeableRecord) else None
        if into is not None:
            raise ValidationError({name: f"{target} was merged into {into}: choose that."})


def _point_to_new(record: Record, beside: Beside) -> set[str]:
    """Give a record the new records that it points to; returns the fields that do."""
    waiting = set()
    for field in record.editable_fields():
        code = getattr(record, field.attname)
        if not isinstance(field, models.ForeignKey) or not code:
            continue
        table = field.related_model._meta.db_table
        values = beside(table, code)
        if values is not None:
            made = BY_NAME[table](code=code)
            _set(made, values)
            _point_to_new(made, beside)
            setattr(record, field.name, made)
            waiting.add(field.name)
    return waiting


def _asked_for_in(batch: str, user: User) -> Beside:
    def values_of(table: str, code: str) -> Mapping[str, Any] | None:
        if not batch:
            return None
        return _open_creation(table, code).filter(batch=batch, requested_by=user).first()

    return values_of


def _open_creation(table: str, code: str) -> models.QuerySet[ChangeRequest, dict[str, Any]]:
    return ChangeRequest.objects.filter(
        entity=table, code=code, action=Action.CREATE, status=Status.OPEN
    ).values_list("values", flat=True)


def _waits_for(request: ChangeRequest) -> str:
    """Which request has to be approved before this one, in a sentence; empty when none."""
    for field in request.record_type.editable_fields():
        code = request.values.get(field.name)
        if not isinstance(field, models.ForeignKey) or not code:
            continue
        table = field.related_model._meta.db_table
        if _open_creation(table, code).exists():
            return (
                f"{request} points to the new {table.replace('_', ' ')} {code}, which waits for"
                " approval itself: approve that first."
            )
    return ""


# ------------------------------------------------------------------------------------- applying


def _create(request: ChangeRequest, _: dt.datetime) -> None:
    entity = request.record_type
    _one_after_the_other(entity)
    if entity._default_manager.filter(pk=request.code).exists():
        raise Stale(f"{request.code} has been made in the meantime.")
    record = entity(code=request.code)
    _apply_values(record, request.values)
    record.save(force_insert=True)


def _update(request: ChangeRequest, _: dt.datetime) -> None:
    _one_after_the_other(request.record_type)
    record = _locked(request)
    _apply_values(record, request.values)
    _save(record)


def _merge(request: ChangeRequest, moment: dt.datetime) -> None:
    into = request.values["into"]
    # In one order, or two merges of the same records would wait for each other.
    both = {code: _lock(request.record_type, code) for code in sorted((request.code, into))}
    loser, winner = both[request.code], both[into]
    _same_version(loser, request.base_version)
    assert isinstance(loser, MergeableRecord)
    assert isinstance(winner, MergeableRecord)
    _mergeable(loser, winner)
    for row, field in _pointing_to(loser):
        # Only the time in which the row pointed to it: before, an id may have been another's.
        spans = _spans_from(moment, _spans(row, field), loser.code)
        become = [(since, winner.code if code == loser.code else code) for since, code in spans]
        if _point(row, field, become):
            request.moved.append(
                {
                    "entity": row._meta.db_table,
                    "code": row.code,
                    "field": field,
                    "spans": [[since.isoformat(), code] for since, code in spans],
                }
            )
    request.values = {**request.values, "was_active": loser.is_active}
    loser.is_active = False
    loser.merged_into = winner
    _save(loser)


def _unmerge(request: ChangeRequest, moment: dt.datetime) -> None:
    loser = _locked(request)
    assert isinstance(loser, MergeableRecord)
    winner = _merged_into(loser)
    merge = (
        ChangeRequest.objects.filter(
            entity=request.entity, code=request.code, action=Action.MERGE, status=Status.APPLIED
        )
        .order_by("-decided_at", "-id")
        .first()
    )
    if merge is None:
        raise Refused(f"{loser} was merged past the portal: what belonged to it is not known.")
    loser.merged_into = None
    loser.is_active = merge.values["was_active"]
    _save(loser)
    for moved in merge.moved:
        row = _found(BY_NAME[moved["entity"]], moved["code"])
        # Somebody may have decided otherwise since, or deleted it past the portal.
        if row is None or getattr(row, f"{moved['field']}_id") != winner.code:
            continue
        # Merges that did not keep these times yet moved a row for all of its time.
        spans = moved.get("spans", [[ALL_TIME.isoformat(), loser.code]])
        was = [(dt.datetime.fromisoformat(since), code) for since, code in spans]
        if _point(row, moved["field"], _spans_from(moment, was, loser.code)):
            request.moved.append(moved)


_APPLY: dict[str, Callable[[ChangeRequest, dt.datetime], None]] = {
    Action.CREATE: _create,
    Action.UPDATE: _update,
    Action.MERGE: _merge,
    Action.UNMERGE: _unmerge,
}


def _apply_values(record: Record, values: Mapping[str, Any]) -> None:
    try:
        _set(record, values)
    except FieldDoesNotExist as error:
        raise Refused(f"The field of this request is gone: {error}.") from error
    record.full_clean()
    _refuse_merged_targets(record, values)


def _one_after_the_other(entity: type[Record]) -> None:
    """Lock a whole tree: two moves that are right alone may make a cycle together."""
    if issubclass(entity, TreeRecord):
        list(entity._default_manager.select_for_update().order_by("code").values_list("code"))


def _save(record: Record) -> None:
    record.version += 1
    record.save(force_update=True)


def _links_to(record: Record) -> Iterable[tuple[type[Record], str]]:
    for relation in record._meta.related_objects:
        if relation.related_model in ENTITIES and relation.field.name != "merged_into":
            yield relation.related_model, relation.field.name


def _pointing_to(record: Record) -> Iterable[tuple[Record, str]]:
    for entity, field in _links_to(record):
        rows = entity._default_manager.select_for_update().filter(**{field: record})
        yield from ((row, field) for row in rows.order_by("code"))


def _spans(row: Record, field: str) -> Spans:
    """What a link of a row was over business time, by its history."""
    column = f"{field}_id"
    entries = type(row).history.filter(code=row.code).order_by("history_id")  # type: ignore[attr-defined]
    return spans_of(
        [entry_of(entry, [column]) for entry in entries],
        column,
        retroactive=isinstance(row, Crosswalk),
    )


def _spans_from(moment: dt.datetime, spans: Spans, code: str) -> Spans:
    """The rest of a field's time from a moment on, from where it first is this code."""
    ends = [since for since, _ in spans[1:]] + [NEVER]
    rest = [
        (max(since, moment), value)
        for (since, value), end in zip(spans, ends, strict=True)
        if end > moment
    ]
    first = next(number for number, (_, value) in enumerate(rest) if value == code)
    return rest[first:]


def _point(row: Record, field: str, spans: Spans) -> bool:
    """Record anew what a link of a row is over business time, the last span being what it is now.

    A row that its last target has already, or that is its by key, stays.
    """
    setattr(row, f"{field}_id", spans[-1][1])
    try:
        row.full_clean()
    except ValidationError:
        return False
    for since, code in spans:
        setattr(row, f"{field}_id", code)
        with counted_from(since):
            _save(row)
    return True


def _refuse_merged(record: Record) -> None:
    into = record.merged_into if isinstance(record, MergeableRecord) else None
    if into is not None:
        raise Refused(f"{record} was merged into {into}: change that, or take it out first.")


def _merged_into(loser: MergeableRecord) -> MergeableRecord:
    """What a record was merged into, from which it can be taken out."""
    winner: MergeableRecord | None = loser.merged_into
    if winner is None:
        raise Refused(f"{loser} is not merged into another record.")
    if winner.merged_into is not None:
        raise Refused(
            f"{loser} was merged into {winner}, and that into {winner.merged_into}: take"
            f" {winner} out first, and what it took over comes back to it."
        )
    return winner


def _mergeable(loser: MergeableRecord, winner: MergeableRecord) -> None:
    if type(loser) is not type(winner) or loser.code == winner.code:
        raise Refused("Two different records of one kind can be merged.")
    for record in (loser, winner):
        if record.merged_into is not None:
            raise Refused(f"{record} was merged into {record.merged_into} already.")


def _found(entity: type[Record], code: str) -> Record | None:
    return entity._default_manager.select_for_update().filter(pk=code).first()


def _lock(entity: type[Record], code: str) -> Record:
    record = _found(entity, code)
    if record is None:
        raise Stale(f"{code} is no longer there.")
    return record


def _locked(request: ChangeRequest) -> Record:
    record = _lock(request.record_type, request.code)
    _same_version(record, request.base_version)
    return record


def _same_version(record: Record, base_version: int) -> None:
    if record.version != base_version:
        raise Stale(
            f"{record} was changed by somebody else since: look at it as it is now, and make the"
            " change again."
        )


def _open(pk: int, user: User) -> ChangeRequest:
    request = ChangeRequest.objects.select_for_update().get(pk=pk)
    refusal = may_decide(user, request)
    if refusal and request.status == Status.OPEN:
        raise PermissionDenied(refusal)
    if refusal:
        raise Refused(refusal)
    return request


def _decide(
    request: ChangeRequest, user: User, status: str, note: str, now: dt.datetime
) -> ChangeRequest:
    request.status = status
    request.decided_by = user
    request.decided_at = now
    request.decision_note = note[:MOST_CHARACTERS]
    request.save()
    return request


def _end(request: ChangeRequest, user: User, status: str, note: str) -> ChangeRequest:
    """Close a request that is not applied, and all that cannot be applied without it."""
    ended = _decide(request, user, status, note, timezone.now())
    if request.action == Action.CREATE:
        label = Status(status).label
        became = f"is {label}" if status == Status.STALE else f"was {label}"
        what = f"The new {request.record_type_name} {request.code}, to which this points, {became}"
        for other in _pointing_to_new(request):
            _end(other, user, status, f"{what}: {note}" if note else f"{what}.")
    return ended


def _pointing_to_new(made: ChangeRequest) -> models.QuerySet[ChangeRequest]:
    """The open requests of a batch that point to the record that another one of it makes."""
    points = models.Q(pk=None)
    for entity in ENTITIES:
        for field in entity.editable_fields():
            if field.related_model is made.record_type:
                value = {f"values__{field.name}": made.code}
                points |= models.Q(entity=entity._meta.db_table, **value)
    together = ChangeRequest.objects.select_for_update().exclude(batch="").order_by("id")
    return together.filter(
        points, batch=made.batch, requested_by=made.requested_by, status=Status.OPEN
    )


def _effective(when: When) -> dict[str, Any]:
    return {"effective": when.kind, "effective_from": when.moment}


def _counts_from(request: ChangeRequest, now: dt.datetime) -> dt.datetime | None:
    if request.effective == Effective.ALWAYS:
        return ALL_TIME
    if request.effective == Effective.DATE:
        return request.effective_from
    # A mapping without a date counts for all time, so "from now on" has to say its moment.
    return now if _touches_mappings(request) else None


def _touches_mappings(request: ChangeRequest) -> bool:
    return request.record_type is Crosswalk or request.action in (Action.MERGE, Action.UNMERGE)


def _may(user: User, entity: type[Record], what: str) -> None:
    if not user.has_perm(f"records.{what}_{entity._meta.model_name}"):
        raise PermissionDenied(
            f"You may look at {entity._meta.verbose_name_plural}, not change them."
        )


def _without_second_pair_of_eyes(request: ChangeRequest, user: User) -> ChangeRequest:
    if not settings.FOUR_EYES and user.has_perm("changes.approve_changerequest"):
        return approve(request, user)
    return request
