"""What people decide on unmapped ids, as change requests: one batch, each id for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from changes.models import ChangeRequest
from changes.service import Refused, When, new_batch, request_change
from records.models import Crosswalk
from unmapped.candidates import entity_of
from unmapped.models import UnmappedId

SOURCE = ChangeRequest.Source.QUEUE


@dataclass(frozen=True)
class Decision:
    """What one id stands for.

    Attributes:
        unmapped: the id.
        code: of the record that it stands for; None ignores the id.
        new_values: of a record that is made at the same time under this code; None: it is there.
    """

    unmapped: UnmappedId
    code: str | None
    new_values: Mapping[str, Any] | None = field(default=None)


@dataclass
class Outcome:
    """What became of decisions: the requests, and by id why it is not one."""

    requests: list[ChangeRequest] = field(default_factory=list)
    refused: dict[str, ValidationError] = field(default_factory=dict)


def decide(
    user: User, decisions: Sequence[Decision], *, reason: str, when: When | None = None
) -> Outcome:
    """Ask for what was decided, in one batch; what is wrong with one id stops no other.

    `when` is of the mappings, by default for all time; records that are made count from now on.

    Raises:
        PermissionDenied: somebody who only looks.
    """
    outcome = Outcome()
    batch = new_batch()
    for decision in decisions:
        try:
            # Without its record, a mapping makes no sense.
            with transaction.atomic():
                outcome.requests += _ask(user, decision, reason, when, batch)
        except ValidationError as error:
            outcome.refused[decision.unmapped.pk] = error
        except Refused as refusal:
            outcome.refused[decision.unmapped.pk] = ValidationError(str(refusal))
    return outcome


def open_requests(ids: Sequence[UnmappedId]) -> dict[str, ChangeRequest]:
    """The requests that wait for approval, by the code of the crosswalk entry."""
    waiting = ChangeRequest.objects.filter(
        entity="crosswalk",
        code__in=[one.code for one in ids],
        status=ChangeRequest.Status.OPEN,
    )
    return {one.code: one for one in waiting.select_related("requested_by").order_by("-pk")}


def _ask(
    user: User, decision: Decision, reason: str, when: When | None, batch: str
) -> list[ChangeRequest]:
    one = decision.unmapped
    if not user.has_perm("records.add_crosswalk"):
        raise PermissionDenied("You may look at the queue, not decide on it.")
    if open_requests([one]):
        raise Refused(f"{one}: somebody has decided on it, and that waits for approval.")
    entry = Crosswalk.objects.filter(pk=one.code).first()
    if entry is not None and (entry.target or entry.is_ignored):
        raise Refused(f"{one} is decided on already: {entry.target or 'it is ignored'}.")
    made = []
    if decision.new_values is not None:
        made.append(
            request_change(
                user, entity_of(one.kind), decision.code, decision.new_values, reason=reason,
                source=SOURCE, batch=batch,
            )
        )  # fmt: skip
    values = {
        "network_code": one.network_code, "kind": one.kind, "source_id": one.source_id,
        one.kind: decision.code, "is_ignored": decision.code is None,
    }  # fmt: skip
    made.append(
        request_change(
            user, Crosswalk, None if entry is None else entry.code, values, reason=reason,
            source=SOURCE, batch=batch, when=when,
            base_version=None if entry is None else entry.version,
        )
    )  # fmt: skip
    return [request for request in made if request is not None]
