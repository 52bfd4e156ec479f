"""The pages of change requests: what an approver sees, and what a decision does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User

from changes import service
from changes.models import ChangeRequest
from people import Person
from portal_pages import Browser, make_world
from records.models import Partner, SiteDomain

pytestmark = pytest.mark.django_db
LIST = "/changes/changerequest/"
Status = ChangeRequest.Status


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    make_world()


def ask(user: User, code: str = "P-1", batch: str = "", **values: Any) -> ChangeRequest:
    version = Partner.objects.get(pk=code).version
    request = service.request_change(
        user, Partner, code, values or {"name": "New name"}, reason="because", source="grid",
        base_version=version, batch=batch,
    )  # fmt: skip
    assert request is not None
    return request


def page_of(request: ChangeRequest) -> str:
    return f"{LIST}{request.pk}/change/"


def status_of(request: ChangeRequest) -> str:
    request.refresh_from_db()
    return request.status


def decide(browser: Browser, request: ChangeRequest, button: str, note: str = "") -> Any:
    data = {button: "1", "note": note}
    answer = browser.web.post(f"{LIST}{request.pk}/decide/", data, follow=True)
    return browser._page(answer, "", None)


def test_the_page_shows_before_and_after_with_names_and_offers_what_is_allowed(
    steward: User, approver: User, viewer: User
) -> None:
    request = ask(steward, name="Evening Deals", channel="affiliate")
    other = ask(steward, name="Night Deals")
    page = Browser(approver).look(page_of(request))
    assert "channel Coupons (coupon) → Affiliate (affiliate)" in page.text
    assert "because" in page.text
    assert "from its approval on" in page.text
    assert "1 other open change of the same record" in page.text
    assert page_of(other) in page.document.xpath("//main//a/@href | //a/@href")
    assert {"Approve", "Reject"} <= set(page.buttons())
    assert "Withdraw" not in page.buttons()
    page = Browser(steward).look(page_of(request))
    assert "Only approvers decide on changes." in page.text
    assert "Withdraw" in page.buttons()
    assert "Approve" not in page.buttons()
    page = Browser(viewer).look(page_of(request))
    assert not {"Withdraw", "Approve", "Reject"} & set(page.buttons())


def test_an_approver_approves(steward: User, approver: User) -> None:
    request = ask(steward, name="Evening Deals")
    page = decide(Browser(approver), request, "approve")
    assert "Approved: the record has the new values." in page.text
    assert Partner.objects.get(pk="P-1").name == "Evening Deals"
    # The page still says what it changed.
    assert "Morning Deals → Evening Deals" in Browser(approver).look(page_of(request)).text


def test_a_rejection_needs_a_note_that_whoever_asked_reads(steward: User, approver: User) -> None:
    request = ask(steward)
    page = decide(Browser(approver), request, "reject")
    assert "Say why: whoever asked wants to know." in page.text
    assert status_of(request) == Status.OPEN
    decide(Browser(approver), request, "reject", "not so")
    assert status_of(request) == Status.REJECTED
    assert "not so" in Browser(steward).look(page_of(request)).text


@pytest.mark.parametrize("role", ["viewer", "steward"])
@pytest.mark.parametrize("button", ["approve", "reject", "withdraw", "nothing"])
def test_who_may_not_decide_is_told_so(
    steward: User, person: Person, role: str, button: str
) -> None:
    request = ask(steward)
    page = decide(Browser(person(role, "another")), request, button, "note")
    assert page.status == 200
    assert status_of(request) == Status.OPEN


def test_nobody_decides_on_the_own_change_but_takes_it_back(approver: User) -> None:
    request = ask(approver)
    page = decide(Browser(approver), request, "approve")
    assert "somebody else has to approve it (four eyes)" in page.text
    assert status_of(request) == Status.OPEN
    assert "Withdrawn" in decide(Browser(approver), request, "withdraw").text
    assert status_of(request) == Status.WITHDRAWN
    assert "withdrawn already" in decide(Browser(approver), request, "withdraw").text


def test_a_request_that_is_out_of_date_is_closed_with_a_sentence(
    steward: User, approver: User
) -> None:
    first, second = ask(steward, name="First"), ask(steward, name="Second")
    decide(Browser(approver), first, "approve")
    page = decide(Browser(approver), second, "approve")
    assert "was changed by somebody else since" in page.text
    assert status_of(second) == Status.STALE


def bulk(browser: Browser, action: str, *requests: ChangeRequest, **more: str) -> Any:
    data = {"action": action, "_selected_action": [r.pk for r in requests], "index": "0", **more}
    return browser._page(browser.web.post(LIST, data, follow=True), "", None)


def test_several_are_approved_and_each_refusal_is_a_sentence(steward: User, approver: User) -> None:
    first, second = ask(steward, name="First"), ask(steward, name="Second")
    own = ask(approver, "P-2", name="Own")
    page = bulk(Browser(approver), "approve_selected", first, second, own)
    assert "1 change approved." in page.text
    assert "was changed by somebody else since" in page.text
    assert "change partner P-2: You asked for this change" in page.text
    assert [status_of(r) for r in (first, second, own)] == [
        Status.APPLIED, Status.STALE, Status.OPEN,
    ]  # fmt: skip


def test_several_are_rejected_with_one_note(steward: User, approver: User) -> None:
    requests = [ask(steward), ask(steward, "P-2")]
    browser = Browser(approver)
    page = bulk(browser, "reject_selected", *requests)
    assert "Reject 2 changes" in page.text
    again = {"action": "reject_selected", "_selected_action": [r.pk for r in requests]}
    answer = browser.web.post(LIST, {**again, "note": " "}, follow=True)
    assert "Say why: whoever asked wants to know." in answer.content.decode()
    answer = browser.web.post(LIST, {**again, "note": "no"}, follow=True)
    assert "2 changes rejected." in answer.content.decode()
    assert {status_of(r) for r in requests} == {Status.REJECTED}


@pytest.mark.parametrize("role", ["viewer", "steward"])
def test_the_lists_actions_are_for_approvers(steward: User, person: Person, role: str) -> None:
    request = ask(steward)
    browser = Browser(person(role, "another"))
    assert "Approve the selected" not in browser.look(LIST).text
    bulk(browser, "approve_selected", request)
    bulk(browser, "reject_selected", request, note="no")
    assert status_of(request) == Status.OPEN


def test_changes_made_together_are_decided_on_one_page(steward: User, approver: User) -> None:
    batch = service.new_batch()
    requests = [ask(steward, batch=batch), ask(steward, "P-2", batch=batch, name="Hill Journal")]
    apart = ask(steward, name="Apart")
    address = f"{LIST}together/{batch}/"
    listed = Browser(steward).look(LIST)
    assert address in listed.document.xpath("//a/@href")
    assert "Approve all" not in Browser(steward).look(address).buttons()
    page = Browser(approver).look(address)
    assert "2 changes made together" in page.text
    assert "Trail Journal → Hill Journal" in page.text
    page = Browser(approver).send(page, "reject", note="")
    assert "Say why: whoever asked wants to know." in page.text
    page = Browser(approver).send(Browser(approver).look(address), "approve")
    assert "2 changes approved." in page.text
    assert [status_of(r) for r in requests] == [Status.APPLIED] * 2
    assert status_of(apart) == Status.OPEN
    assert Browser(approver).look(f"{LIST}together/nothing/").status == 404


def test_whoever_asked_takes_a_batch_back(steward: User, viewer: User) -> None:
    batch = service.new_batch()
    request = ask(steward, batch=batch)
    address = f"{LIST}together/{batch}/"
    for button in ("approve", "withdraw"):
        Browser(viewer).send(Browser(viewer).look(address), button)
        assert status_of(request) == Status.OPEN
    Browser(steward).send(Browser(steward).look(address), "withdraw")
    assert status_of(request) == Status.WITHDRAWN


def test_the_list_shows_mine_and_what_waits_for_me(steward: User, approver: User) -> None:
    ask(steward, name="Evening Deals")
    ask(approver, "P-2", name="Hill Journal")
    shown = {
        "": {"Morning Deals", "Trail Journal"},
        "?whose=waiting": {"Morning Deals"},
        "?whose=mine": {"Trail Journal"},
        "?status__exact=applied": set(),
        "?entity__exact=partner&q=Hill": {"Trail Journal"},
    }
    for query, names in shown.items():
        text = Browser(approver).look(LIST + query).text
        assert {name for name in ("Morning Deals", "Trail Journal") if name in text} == names
    assert "No change requests here" in Browser(approver).look(LIST + "?status__exact=stale").text
    assert "You have asked for nothing" not in Browser(steward).look(LIST + "?whose=mine").text


def test_a_request_is_neither_edited_nor_deleted(steward: User, approver: User) -> None:
    request = ask(steward)
    web = Browser(approver).web
    web.post(page_of(request), {"reason": "another", "status": "applied"})
    assert web.post(f"{LIST}{request.pk}/delete/", {"post": "yes"}).status_code == 403
    assert web.get(LIST + "add/").status_code == 403
    request.refresh_from_db()
    assert (request.reason, request.status) == ("because", Status.OPEN)
    assert web.get(f"{LIST}999/change/").status_code == 404
    assert web.get(f"{LIST}x/change/").status_code == 404


@pytest.mark.parametrize("chosen", ["x", "9" * 30, "999"])
def test_requests_that_are_not_there_are_not_decided_on(approver: User, chosen: str) -> None:
    data = {"action": "approve_selected", "_selected_action": chosen, "index": "0"}
    assert Browser(approver).web.post(LIST, data).status_code in (302, 400)
    for page in ("change", "decide"):
        assert Browser(approver).look(f"{LIST}{chosen}/{page}/").status == 404


def test_a_new_record_and_what_points_to_it_are_rejected_in_one_go(
    steward: User, approver: User
) -> None:
    batch = service.new_batch()
    for entity, code, values in (
        (Partner, "P-9", {"name": "New Shop"}),
        (SiteDomain, None, {"domain": "new.example", "partner": "P-9"}),
    ):
        service.request_change(
            steward, entity, code, values, reason="because", source="queue", batch=batch
        )
    address = f"{LIST}together/{batch}/"
    page = Browser(approver).send(Browser(approver).look(address), "reject", note="no shop")
    assert "2 changes rejected." in page.text
    assert "rejected already" not in page.text


def test_a_flood_of_refusals_is_told_in_short(steward: User, approver: User) -> None:
    batch = service.new_batch()
    partners = [Partner(code=f"X-{n:02}", name=f"More {n}") for n in range(30)]
    Partner.objects.bulk_create(partners)
    for partner in partners:
        ask(approver, partner.code, batch=batch)
    ask(steward, "P-2", batch=batch)
    address = f"{LIST}together/{batch}/"
    text = Browser(approver).send(Browser(approver).look(address), "approve").text
    assert "1 change approved." in text
    assert text.count("You asked for this change: somebody else") < 25
    assert "10 more were refused" in text


def test_requests_are_found_by_the_name_of_their_record(steward: User) -> None:
    ask(steward, partner_type="coupon")
    ask(steward, "P-2", name="Bäckerei Trail")
    service.request_change(
        steward, SiteDomain, "deals.example", {"is_active": False}, reason="because",
        source="form", base_version=1,
    )  # fmt: skip
    for text, found in (("morning deals", "Morning Deals"), ("Bäckerei", "Trail Journal"),
                        ("deals.example", "deals.example")):  # fmt: skip
        page = Browser(steward).look(f"{LIST}?q={text}")
        names = page.document.xpath("//span[@class='what']/b/text()")
        assert names == [found], text


def test_a_moment_that_is_no_beginning_of_a_day_is_shown_whole(
    steward: User, approver: User
) -> None:
    moment = dt.datetime(2026, 3, 1, 17, 30, tzinfo=dt.UTC)
    request = service.request_change(
        steward, Partner, "P-1", {"name": "New"}, reason="because", source="api", base_version=1,
        when=service.When("date", moment),
    )  # fmt: skip
    assert request is not None
    assert "from 1 March 2026, 17:30 UTC" in Browser(steward).look(page_of(request)).text
    service.approve(request, approver)
    page = Browser(steward).look("/records/partner/P-1/history/")
    assert "from 1 March 2026, 17:30 UTC" in page.text
