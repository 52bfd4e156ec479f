"""Asking for changes, deciding on them, and what the history says afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError

from changes import service
from changes.models import ChangeRequest
from changes.service import Refused, Stale, When
from people import Person
from records.base import Record
from records.models import Advertiser, Channel, Client, ClientAdvertiser, Crosswalk, Partner

Status, Source = ChangeRequest.Status, ChangeRequest.Source


@pytest.fixture
def make(steward: User, approver: User) -> Any:
    """Make an approved record, or change it: `make(Partner, "P-1", name="Shop")`."""

    def change(
        entity: type[Record], code: str | None = None, when: When | None = None, **values: Any
    ) -> Any:
        known = entity._default_manager.filter(pk=code).first()
        request = service.request_change(
            steward,
            entity,
            code,
            values,
            reason="because",
            source=Source.FORM,
            base_version=known.version if known else None,
            when=when,
        )
        assert request is not None
        service.approve(request, approver)
        return entity._default_manager.get(pk=request.code)

    return change


def ask(user: User, record: Record, **values: Any) -> ChangeRequest:
    request = service.request_change(
        user,
        type(record),
        record.code,
        values,
        reason="because",
        source=Source.FORM,
        base_version=record.version,
    )
    assert request is not None
    return request


def test_nothing_changes_before_somebody_else_approves(
    make: Any, steward: User, approver: User
) -> None:
    partner = make(Partner, "P-1", name="Old name")
    request = ask(steward, partner, name="New name")
    partner.refresh_from_db()
    assert (partner.name, partner.version, request.status) == ("Old name", 1, Status.OPEN)
    service.approve(request, approver)
    partner.refresh_from_db()
    assert (partner.name, partner.version, request.status) == ("New name", 2, Status.APPLIED)


def test_the_history_says_who_asked_why_and_for_which_request(
    make: Any, steward: User, approver: User
) -> None:
    partner = make(Partner, "P-1", name="Old name")
    request = service.approve(ask(steward, partner, name="New name"), approver)
    newest, oldest = partner.history.all()
    assert [(e.history_type, e.name) for e in (oldest, newest)] == [
        ("+", "Old name"),
        ("~", "New name"),
    ]
    assert newest.history_user_id == "steward"
    assert newest.history_change_reason == "because"
    assert newest.change_request_id == request.pk
    assert newest.history_date == request.decided_at
    assert newest.effective_from is None


@pytest.mark.parametrize("role", ["steward", "viewer"])
def test_only_approvers_approve(make: Any, steward: User, person: Person, role: str) -> None:
    request = ask(steward, make(Partner, "P-1", name="Old name"), name="New name")
    with pytest.raises(PermissionDenied, match="Only approvers"):
        service.approve(request, person(role, "another"))


def test_nobody_approves_the_own_change(make: Any, approver: User, person: Person) -> None:
    partner = make(Partner, "P-1", name="Old name")
    request = ask(approver, partner, name="New name")
    with pytest.raises(PermissionDenied, match="four eyes"):
        service.approve(request, approver)
    service.approve(request, person("approver", "second"))


def test_a_team_of_one_needs_no_second_pair_of_eyes(
    make: Any, approver: User, steward: User, settings: Any
) -> None:
    partner = make(Partner, "P-1", name="Old name")
    settings.FOUR_EYES = False
    assert ask(approver, partner, name="New name").status == Status.APPLIED
    partner.refresh_from_db()
    assert ask(steward, partner, name="Newer name").status == Status.OPEN


def test_a_viewer_asks_for_nothing(make: Any, viewer: User) -> None:
    with pytest.raises(PermissionDenied, match="You may look at partners"):
        ask(viewer, make(Partner, "P-1", name="Old name"), name="New name")


def test_a_request_against_an_older_version_is_refused(
    make: Any, steward: User, approver: User
) -> None:
    seen = make(Partner, "P-1", name="Old name")
    first, second = ask(steward, seen, name="First"), ask(steward, seen, name="Second")
    service.approve(first, approver)
    with pytest.raises(Stale, match="changed by somebody else"):
        ask(steward, seen, name="Third")
    with pytest.raises(Stale):
        service.approve(second, approver)
    second.refresh_from_db()
    seen.refresh_from_db()
    assert (second.status, seen.name) == (Status.STALE, "First")


def test_a_request_is_decided_once(make: Any, steward: User, approver: User) -> None:
    request = ask(steward, make(Partner, "P-1", name="Old name"), name="New name")
    service.reject(request, approver, "not so")
    with pytest.raises(Refused, match="rejected already"):
        service.approve(request, approver)
    with pytest.raises(Refused, match="rejected already"):
        service.withdraw(request, steward)


def test_what_stays_the_same_is_no_change(make: Any, steward: User) -> None:
    partner = make(Partner, "P-1", name="Same")
    same = service.request_change(
        steward, Partner, "P-1", {"name": " Same "}, reason="because", source=Source.FORM,
        base_version=partner.version,
    )  # fmt: skip
    assert same is None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (When(), None),
        (When("always"), dt.datetime(1900, 1, 1, tzinfo=dt.UTC)),
        (
            When("date", dt.datetime(2026, 3, 1, 5, tzinfo=dt.UTC)),
            dt.datetime(2026, 3, 1, 5, tzinfo=dt.UTC),
        ),
    ],
)
def test_the_date_belongs_to_one_change(
    make: Any, when: When, expected: dt.datetime | None
) -> None:
    partner = make(Partner, "P-1", name="One")
    make(Partner, "P-1", when=when, name="Two")
    make(Partner, "P-1", name="Three")
    assert [e.effective_from for e in partner.history.order_by("history_id")] == [
        None,
        expected,
        None,
    ]


def test_a_mapping_counts_for_all_time_unless_it_is_dated(make: Any) -> None:
    make(Partner, "P-1", name="One")
    entry = make(Crosswalk, network_code="awin", kind="partner", source_id="1/2", partner="P-1")
    assert entry.code == "awin-partner-1~2F2"
    make(Crosswalk, entry.code, when=When(), partner=None)
    always, now = entry.history.order_by("history_id")
    assert always.effective_from == service.ALL_TIME
    assert now.effective_from == now.history_date


def test_a_code_is_never_used_again(make: Any, steward: User) -> None:
    partner = make(Partner, "P-1", name="One")
    partner.delete()
    with pytest.raises(ValidationError, match="is, or was, another record's code"):
        make(Partner, "P-1", name="Another")


@pytest.mark.parametrize(
    ("entity", "values", "field"),
    [
        (Partner, {"name": ""}, "name"),
        (Partner, {"name": "x", "colour": "red"}, "colour"),
        (Partner, {"name": "x", "country_code": "XX"}, "country_code"),
        (Partner, {"name": "x", "channel": "nowhere"}, "channel"),
        (Channel, {"name": "x", "parent": "nowhere"}, "parent"),
        (Partner, {"name": "x", "website_domain": "https://x.example"}, "website_domain"),
        (Partner, {"name": "x\x00"}, "name"),
        (Partner, {"name": "\ud800"}, "name"),
        (Partner, {"name": 5}, "name"),
        (Channel, {"name": "x", "sort_order": 10**30}, "sort_order"),
        (Channel, {"name": "x", "sort_order": True}, "sort_order"),
        (Channel, {"name": "x", "version": 7}, "version"),
    ],
)
def test_wrong_values_are_refused_by_field(
    steward: User, entity: type[Record], values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        service.request_change(steward, entity, "X-1", values, reason="because", source=Source.API)
    assert list(refused.value.message_dict) == [field]


def test_a_tree_has_no_cycles_even_from_two_requests_that_are_right_alone(
    make: Any, steward: User, approver: User
) -> None:
    one, two = make(Channel, "one", name="One"), make(Channel, "two", name="Two")
    first, second = ask(steward, one, parent="two"), ask(steward, two, parent="one")
    service.approve(first, approver)
    with pytest.raises(Refused, match="a tree has no cycles"):
        service.approve(second, approver)


def test_a_tree_has_four_levels_at_most(make: Any, steward: User) -> None:
    for number in range(1, 5):
        make(Channel, f"L{number}", name="Level", parent=f"L{number - 1}" if number > 1 else None)
    make(Channel, "top", name="Top")
    with pytest.raises(ValidationError, match="more than 4 levels"):
        make(Channel, "L5", name="Level", parent="L4")
    # Three levels hang below the one that would move.
    with pytest.raises(ValidationError, match="more than 4 levels"):
        ask(steward, Channel.objects.get(pk="L1"), parent="top")
    assert ask(steward, Channel.objects.get(pk="L2"), parent="top").values == {"parent": "top"}


def test_a_merge_moves_what_points_to_the_record_and_an_unmerge_moves_it_back(
    make: Any, steward: User, approver: User
) -> None:
    loser, winner = make(Advertiser, "A-1", name="Shop Ltd"), make(Advertiser, "A-2", name="Shop")
    make(Crosswalk, network_code="awin", kind="advertiser", source_id="1", advertiser="A-1")
    make(Crosswalk, network_code="cj", kind="advertiser", source_id="7", advertiser="A-1")
    make(Client, "C-1", name="Client")
    make(ClientAdvertiser, "CA-1", client="C-1", advertiser="A-1")
    make(ClientAdvertiser, "CA-2", client="C-1", advertiser="A-2")
    service.approve(service.request_merge(steward, loser, winner, reason="the same"), approver)
    loser.refresh_from_db()
    assert (loser.is_active, loser.merged_into) == (False, winner)
    assert set(Crosswalk.objects.values_list("advertiser", flat=True)) == {"A-2"}
    # The client sees the winner already: its row for the loser stays as it was.
    assert ClientAdvertiser.objects.get(pk="CA-1").advertiser_id == "A-1"

    # One mapping is decided otherwise in between: the unmerge leaves it alone.
    make(Advertiser, "A-3", name="Third")
    make(Crosswalk, "cj-advertiser-7", advertiser="A-3")
    loser.refresh_from_db()
    service.approve(service.request_unmerge(steward, loser, reason="not the same"), approver)
    loser.refresh_from_db()
    assert (loser.is_active, loser.merged_into) == (True, None)
    assert dict(Crosswalk.objects.values_list("code", "advertiser")) == {
        "awin-advertiser-1": "A-1",
        "cj-advertiser-7": "A-3",
    }


def test_a_merge_needs_a_reason_that_the_history_can_keep(make: Any, steward: User) -> None:
    loser, winner = make(Partner, "P-1", name="Shop Ltd"), make(Partner, "P-2", name="Shop")
    for reason, said in (("  ", "Say why"), ("x" * 501, "longer than 500")):
        with pytest.raises(ValidationError, match=said):
            service.request_merge(steward, loser, winner, reason=reason)


def test_a_record_becomes_again_what_it_was(make: Any, steward: User, approver: User) -> None:
    partner = make(Partner, "P-1", name="One", partner_type="coupon")
    first = partner.history.get().history_id
    partner = make(Partner, "P-1", name="Two", partner_type="content")
    request = service.request_revert(steward, partner, first, reason="a mistake")
    assert request is not None
    assert request.values == {"name": "One", "partner_type": "coupon"}
    service.approve(request, approver)
    partner.refresh_from_db()
    assert (partner.name, partner.version) == ("One", 3)


def test_a_mapped_id_has_a_target_of_its_kind(make: Any) -> None:
    make(Partner, "P-1", name="One")
    with pytest.raises(ValidationError, match="of its own kind"):
        make(Crosswalk, network_code="awin", kind="advertiser", source_id="1", partner="P-1")
