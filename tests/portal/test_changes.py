"""Asking for changes, deciding on them, and what the history says afterwards."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError

from changes import service
from changes.models import ChangeRequest
from changes.service import Refused, Stale, When
from people import Person
from records.as_of import entry_of, state_at
from records.base import Record
from records.models import (
    Advertiser,
    Campaign,
    Channel,
    Client,
    ClientAdvertiser,
    Crosswalk,
    InternalTraffic,
    Partner,
    Target,
)

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


MARCH, JUNE, AUGUST = (
    When("date", dt.datetime(2026, month, 1, tzinfo=dt.UTC)) for month in (3, 6, 8)
)


def test_a_merge_leaves_alone_the_time_in_which_an_id_was_anothers(
    make: Any, steward: User, approver: User
) -> None:
    """The months in which an id was another partner's stay its own, also after an undo."""
    for code in ("P-1", "P-2", "P-3"):
        make(Partner, code, name=f"Shop {code}")
    make(Crosswalk, network_code="awin", kind="partner", source_id="1", partner="P-1")
    entry = "awin-partner-1"
    make(Crosswalk, entry, MARCH, partner="P-2")
    make(Crosswalk, entry, JUNE, partner="P-1")
    make(Crosswalk, entry, AUGUST, partner="P-2")

    def partners() -> list[str | None]:
        entries = [
            entry_of(row, ["partner_id"])
            for row in Crosswalk.history.filter(code=entry).order_by("history_id")
        ]
        states = [
            state_at(entries, dt.datetime(2026, month, 15, tzinfo=dt.UTC), retroactive=True)
            for month in (1, 4, 7, 9)
        ]
        return [state.values["partner_id"] if state else None for state in states]

    loser, winner = Partner.objects.get(pk="P-2"), Partner.objects.get(pk="P-3")
    assert partners() == ["P-1", "P-2", "P-1", "P-2"]
    service.approve(service.request_merge(steward, loser, winner, reason="same"), approver)
    assert partners() == ["P-1", "P-3", "P-1", "P-3"]
    loser.refresh_from_db()
    service.approve(service.request_unmerge(steward, loser, reason="not the same"), approver)
    assert partners() == ["P-1", "P-2", "P-1", "P-2"]

    # From a date on: what was before stays with the record that is merged.
    loser.refresh_from_db()
    july = When("date", dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
    merge = service.request_merge(steward, loser, winner, reason="same", when=july)
    service.approve(merge, approver)
    assert partners() == ["P-1", "P-2", "P-1", "P-3"]
    assert Crosswalk.objects.get(pk=entry).partner_id == "P-3"


def test_a_merge_from_now_on_counts_from_its_approval(
    make: Any, steward: User, approver: User
) -> None:
    loser, winner = make(Advertiser, "A-1", name="Shop Ltd"), make(Advertiser, "A-2", name="Shop")
    make(Campaign, "CP-1", name="Spring", advertiser="A-1")
    merge = service.request_merge(steward, loser, winner, reason="same", when=When())
    service.approve(merge, approver)
    moved = Campaign.history.filter(code="CP-1").order_by("history_id").last()
    assert (moved.advertiser_id, moved.effective_from) == ("A-2", moved.history_date)
    # The record itself rests from then on, too.
    rests = Advertiser.history.filter(code="A-1").order_by("history_id").last()
    assert (rests.is_active, rests.effective_from) == (False, rests.history_date)


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


def test_what_was_taken_from_a_merged_record_comes_back_step_by_step(
    make: Any, steward: User, approver: User
) -> None:
    small, middle, large = (make(Advertiser, f"A-{n}", name=f"Shop {n}") for n in (1, 2, 3))
    for number, one in enumerate((small, middle), start=1):
        make(Crosswalk, network_code="awin", kind="advertiser", source_id=str(number),
             advertiser=one.code)  # fmt: skip
    service.approve(service.request_merge(steward, small, middle, reason="same"), approver)
    middle.refresh_from_db()
    service.approve(service.request_merge(steward, middle, large, reason="same"), approver)
    small.refresh_from_db()
    with pytest.raises(Refused, match=r"take Shop 2 \(A-2\) out first"):
        service.request_unmerge(steward, small, reason="not the same")
    middle.refresh_from_db()
    service.approve(service.request_unmerge(steward, middle, reason="no"), approver)
    small.refresh_from_db()
    # A row that is gone by now stands in nobody's way.
    Crosswalk.objects.filter(pk="awin-advertiser-2").delete()
    service.approve(service.request_unmerge(steward, small, reason="no"), approver)
    assert dict(Crosswalk.objects.values_list("code", "advertiser")) == {"awin-advertiser-1": "A-1"}


def test_a_merge_of_before_its_times_were_kept_is_taken_out_too(
    make: Any, steward: User, approver: User
) -> None:
    loser, winner = make(Partner, "P-1", name="Shop Ltd"), make(Partner, "P-2", name="Shop")
    make(Crosswalk, network_code="awin", kind="partner", source_id="1", partner="P-1")
    merge = service.approve(service.request_merge(steward, loser, winner, reason="same"), approver)
    merge.moved = [{key: row[key] for key in ("entity", "code", "field")} for row in merge.moved]
    merge.save()
    loser.refresh_from_db()
    service.approve(service.request_unmerge(steward, loser, reason="not the same"), approver)
    assert Crosswalk.objects.get(pk="awin-partner-1").partner_id == "P-1"


def test_a_row_that_was_deleted_meanwhile_does_not_stop_an_unmerge(
    make: Any, steward: User, approver: User
) -> None:
    loser, winner = make(Partner, "P-1", name="Shop Ltd"), make(Partner, "P-2", name="Shop")
    entry = make(Crosswalk, network_code="awin", kind="partner", source_id="1", partner="P-1")
    service.approve(service.request_merge(steward, loser, winner, reason="same"), approver)
    entry.delete()
    loser.refresh_from_db()
    service.approve(service.request_unmerge(steward, loser, reason="not the same"), approver)
    loser.refresh_from_db()
    assert loser.is_active


def test_nothing_new_points_to_a_record_that_became_part_of_another(
    make: Any, steward: User, approver: User
) -> None:
    loser, winner = make(Advertiser, "A-1", name="Shop Ltd"), make(Advertiser, "A-2", name="Shop")
    make(Client, "C-1", name="Client")
    make(ClientAdvertiser, "CA-1", client="C-1", advertiser="A-1")
    make(ClientAdvertiser, "CA-2", client="C-1", advertiser="A-2")
    waits = service.request_change(
        steward, Campaign, "CP-1", {"name": "Spring", "advertiser": "A-1"}, reason="because",
        source=Source.FORM,
    )  # fmt: skip
    assert waits is not None
    service.approve(service.request_merge(steward, loser, winner, reason="same"), approver)
    said = r"was merged into Shop \(A-2\): choose that"
    with pytest.raises(Refused, match=said):
        service.approve(waits, approver)
    with pytest.raises(ValidationError, match=said):
        make(Campaign, "CP-2", name="Spring", advertiser="A-1")
    # A row that stayed behind can still be changed.
    assert not make(ClientAdvertiser, "CA-1", is_active=False).is_active


def test_a_merged_record_rests_until_it_is_taken_out(
    make: Any, steward: User, approver: User
) -> None:
    loser, winner = make(Partner, "P-1", name="Shop Ltd"), make(Partner, "P-2", name="Shop")
    first = loser.history.get().history_id
    service.approve(service.request_merge(steward, loser, winner, reason="same"), approver)
    loser.refresh_from_db()
    said = r"Shop Ltd \(P-1\) was merged into Shop \(P-2\): change that, or take it out first"
    with pytest.raises(Refused, match=said):
        ask(steward, loser, is_active=True)
    with pytest.raises(Refused, match=said):
        service.request_revert(steward, loser, first, reason="so again")
    service.approve(service.request_unmerge(steward, loser, reason="no"), approver)
    loser.refresh_from_db()
    assert ask(steward, loser, name="New").status == Status.OPEN


@pytest.mark.parametrize("year", [26, 1899, 9999])
def test_a_change_counts_from_a_moment_that_reports_know(year: int) -> None:
    with pytest.raises(ValidationError, match="between 1900 and 9998") as refused:
        When("date", dt.datetime(year, 3, 1, tzinfo=dt.UTC))
    assert list(refused.value.message_dict) == ["effective_from"]


@pytest.mark.parametrize("text", ["gnp.\u202ejpg", "a\u2066b", "bell\x07", "two\nlines", "\x9b"])
def test_a_text_that_is_not_as_it_looks_is_refused(
    make: Any, steward: User, approver: User, text: str
) -> None:
    partner = make(Partner, "P-1", name="Shop")
    with pytest.raises(ValidationError, match="cannot be seen") as refused:
        ask(steward, partner, name=text)
    assert list(refused.value.message_dict) == ["name"]
    # Whoever mends another field need not mend what came past the portal.
    Partner.objects.update(name=text)
    request = ask(steward, partner, name=text, partner_type="coupon")
    assert request.values == {"partner_type": "coupon"}
    if "\n" not in text:
        with pytest.raises(ValidationError, match="cannot be seen"):
            service.request_change(
                steward, Partner, "P-1", {"name": "x"}, reason=text, source=Source.FORM,
                base_version=1,
            )  # fmt: skip
        with pytest.raises(ValidationError, match="cannot be seen"):
            service.reject(request, approver, text)


def test_a_note_is_kept_whole_or_refused(make: Any, steward: User, approver: User) -> None:
    request = ask(steward, make(Partner, "P-1", name="Shop"), name="New")
    with pytest.raises(ValidationError, match="longer than 500"):
        service.reject(request, approver, "x" * 501)
    with pytest.raises(ValidationError, match="longer than 500"):
        service.approve(request, approver, "x" * 501)


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("12345678901.123456", "12345678901.123456"),
        ("999999999999.999999", "999999999999.999999"),
        (0.1, "0.100000"),
        (1234567890.25, "1234567890.250000"),
        (12345678901.123456, None),
        (1e300, None),
        ("1000000000000", None),
        ("0.1234567", None),
    ],
)
def test_an_amount_is_kept_exactly_or_refused(
    make: Any, number: str | float, kept: str | None
) -> None:
    make(Advertiser, "A-1", name="Shop")
    values = {
        "advertiser": "A-1", "metric_name": "revenue", "starts_on": "2026-01-01",
        "ends_on": "2026-12-31", "amount": number,
    }  # fmt: skip
    if kept is None:
        with pytest.raises(ValidationError) as refused:
            make(Target, "T-1", **values)
        assert list(refused.value.message_dict) == ["amount"]
        return
    target = make(Target, "T-1", **values)
    assert str(target.amount) == kept
    assert str(target.history.get().amount) == kept
    assert Target.objects.filter(amount=Decimal(kept), amount__gte=Decimal(kept)).exists()


def test_amounts_are_in_order(make: Any) -> None:
    make(Advertiser, "A-1", name="Shop")
    for number, amount in enumerate(("9", "10.5", "-1", "999999999999.999999", "100")):
        make(Target, f"T-{number}", advertiser="A-1", metric_name="revenue",
             starts_on="2026-01-01", ends_on="2026-12-31", amount=amount)  # fmt: skip
    ordered = Target.objects.order_by("amount").values_list("code", flat=True)
    assert list(ordered) == ["T-2", "T-0", "T-1", "T-4", "T-3"]


@pytest.mark.parametrize("number", [2**31, 2**40, -1])
def test_a_whole_number_is_one_that_the_warehouse_keeps(steward: User, number: int) -> None:
    with pytest.raises(ValidationError) as refused:
        service.request_change(
            steward, Channel, "X-1", {"name": "x", "sort_order": number}, reason="because",
            source=Source.API,
        )  # fmt: skip
    assert list(refused.value.message_dict) == ["sort_order"]


@pytest.mark.parametrize(
    "prefix", ["999.1.1.0/24", "\u0661\u0669\u0662.0.2.0/24", ":::::::/48", "192.0.2.0/25", "x"]
)
def test_a_prefix_is_one_that_clicks_can_have(make: Any, prefix: str) -> None:
    for good in ("192.0.2.0/24", "2001:db8:1::/48"):
        make(InternalTraffic, good.replace("/", "_").replace(":", "_"), name="x", ip_prefix=good)
    with pytest.raises(ValidationError, match="Write the prefix as clicks carry it"):
        make(InternalTraffic, "I-1", name="x", ip_prefix=prefix)
