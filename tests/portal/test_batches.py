"""Requests that are made together: one points to a record that another one makes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from changes import service
from changes.models import ChangeRequest
from changes.service import Refused, Stale
from people import approve_together
from records.base import Record
from records.models import Channel, Crosswalk, Partner

Source, Status = ChangeRequest.Source, ChangeRequest.Status


def ask(
    user: User, entity: type[Record], code: str | None, batch: str, **values: Any
) -> ChangeRequest:
    request = service.request_change(
        user, entity, code, values, reason="because", source=Source.QUEUE, batch=batch
    )
    assert request is not None
    return request


MAPPING: dict[str, Any] = {
    "network_code": "awin", "kind": "partner", "source_id": "7", "partner": "P-1",
}  # fmt: skip


def test_a_mapping_may_point_to_a_record_of_its_batch(steward: User, approver: User) -> None:
    record = ask(steward, Partner, "P-1", "b1", name="Shop")
    mapping = ask(steward, Crosswalk, None, "b1", **MAPPING)
    # The newest is listed first, and applied last.
    assert approve_together([mapping, record], approver) == {}
    assert Crosswalk.objects.get().partner == Partner.objects.get()


def test_what_points_to_a_new_record_is_applied_after_it(steward: User, approver: User) -> None:
    record = ask(steward, Partner, "P-1", "b1", name="Shop")
    mapping = ask(steward, Crosswalk, None, "b1", **MAPPING)
    with pytest.raises(Refused, match="the new partner P-1, which waits for approval itself"):
        service.approve(mapping, approver)
    service.approve(record, approver)
    assert service.approve(mapping, approver).status == Status.APPLIED


def test_what_points_to_a_new_record_ends_with_it(steward: User, approver: User) -> None:
    for status, by, said in (
        (Status.REJECTED, approver, "was rejected: not so"),
        (Status.WITHDRAWN, steward, "was withdrawn."),
    ):
        tree = [
            ask(steward, Channel, code, "b1", name=code, parent=parent)
            for code, parent in (("top", None), ("middle", "top"), ("leaf", "middle"))
        ]
        other = ask(steward, Channel, "other", "b1", name="Other")
        if status == Status.REJECTED:
            service.reject(tree[0], approver, "not so")
        else:
            service.withdraw(tree[0], steward)
        for one in [*tree, other]:
            one.refresh_from_db()
        assert [one.status for one in tree] == [status] * 3
        assert {one.decided_by for one in tree} == {by}
        assert tree[1].decision_note == f"The new channel top, to which this points, {said}"
        assert tree[2].decision_note.startswith("The new channel middle, to which this points")
        assert other.status == Status.OPEN
        service.withdraw(other, steward)


def test_a_record_that_somebody_made_meanwhile_takes_no_mapping_of_the_batch(
    steward: User, approver: User
) -> None:
    record = ask(steward, Partner, "P-1", "b1", name="Shop")
    mapping = ask(steward, Crosswalk, None, "b1", **MAPPING)
    Partner.objects.create(code="P-1", name="Another shop")
    with pytest.raises(Stale, match="P-1 has been made in the meantime"):
        service.approve(record, approver)
    mapping.refresh_from_db()
    assert mapping.status == Status.STALE
    assert "The new partner P-1, to which this points, is out of date" in mapping.decision_note


def test_only_a_record_of_the_same_batch_and_person_may_be_pointed_to(
    steward: User, approver: User
) -> None:
    ask(steward, Partner, "P-1", "b1", name="Shop")
    for user, batch in ((steward, ""), (steward, "b2"), (approver, "b1")):
        with pytest.raises(ValidationError) as refused:
            ask(user, Crosswalk, None, batch, **MAPPING)
        assert list(refused.value.message_dict) == ["partner"]


def test_a_row_that_points_to_a_new_record_keeps_every_other_rule(steward: User) -> None:
    ask(steward, Partner, "P-1", "b1", name="Shop")
    with pytest.raises(ValidationError, match="of its own kind"):
        ask(steward, Crosswalk, None, "b1", **MAPPING | {"kind": "advertiser"})
    with pytest.raises(ValidationError, match="of its own kind"):
        ask(steward, Crosswalk, None, "b1", **MAPPING, is_ignored=True)
    with pytest.raises(ValidationError) as refused:
        ask(steward, Crosswalk, None, "b1", **MAPPING | {"network_code": "nowhere"})
    assert list(refused.value.message_dict) == ["network_code"]


def test_a_branch_of_a_tree_is_made_in_one_batch(steward: User, approver: User) -> None:
    requests = [
        ask(steward, Channel, code, "b1", name=code, parent=parent)
        for code, parent in (("top", None), ("middle", "top"), ("leaf", "middle"))
    ]
    assert approve_together(requests, approver) == {}
    assert dict(Channel.objects.values_list("code", "parent")) == {
        "top": None, "middle": "top", "leaf": "middle",
    }  # fmt: skip


def test_a_team_of_one_applies_a_batch_as_it_is_made(approver: User, settings: Any) -> None:
    settings.FOUR_EYES = False
    ask(approver, Partner, "P-1", "b1", name="Shop")
    assert ask(approver, Crosswalk, None, "b1", **MAPPING).status == Status.APPLIED


def test_prepared_changes_are_saved_together_or_not_at_all(approver: User, settings: Any) -> None:
    def prepared(code: str, **values: Any) -> ChangeRequest:
        request = service.prepare_change(
            approver, Partner, code, {"name": code, **values}, reason="because",
            source=Source.IMPORT, batch="b1",
        )  # fmt: skip
        assert request is not None
        return request

    saved = service.save_prepared([prepared("P-1"), prepared("P-2")], approver)
    assert [(one.code, one.status) for one in saved] == [("P-1", "open"), ("P-2", "open")]
    settings.FOUR_EYES = False
    twice = prepared("P-3")
    with pytest.raises(Refused, match="P-3 has been made in the meantime"):
        service.save_prepared([twice, prepared("P-4"), prepared("P-3")], approver)
    assert not Partner.objects.exists()
    assert ChangeRequest.objects.count() == 2
