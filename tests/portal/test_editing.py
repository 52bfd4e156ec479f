"""Every save on the portal's pages asks for a change, and leaves the record as it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from changes import service
from changes.models import ChangeRequest
from portal_pages import Browser, Page, list_of, make_world, page_of
from records import models
from records.models import Advertiser, Crosswalk, Partner, SiteDomain

pytestmark = pytest.mark.django_db
PARTNER = page_of(Partner, "P-1")
GRID = list_of(Partner) + "?grid=1"
SENT = "Sent to an approver: nothing changes until somebody else approves it."


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    make_world()


@pytest.fixture
def browser(steward: User) -> Browser:
    return Browser(steward)


def asked() -> list[ChangeRequest]:
    return list(ChangeRequest.objects.order_by("id"))


def form(browser: Browser, address: str = PARTNER) -> Page:
    return browser.look(address, f"{address.split('/')[2]}_form")


def grid(browser: Browser, address: str = GRID) -> Page:
    return browser.look(address, "changelist-form")


# ------------------------------------------------------------------------------------------- form


def test_a_form_asks_and_saves_nothing(browser: Browser, steward: User) -> None:
    page = browser.send(form(browser), name="Evening Deals", reason="they moved")
    assert SENT in page.text
    (request,) = asked()
    assert request.values == {"name": "Evening Deals"}
    assert (request.source, request.requested_by, request.reason) == ("form", steward, "they moved")
    assert (request.base_version, request.effective) == (1, "now")
    partner = Partner.objects.get(pk="P-1")
    assert (partner.name, partner.version, partner.history.count()) == ("Morning Deals", 1, 1)
    assert not LogEntry.objects.exists()
    link = page.document.xpath("//a[@class='said-link']/@href")[0]
    assert "Morning Deals → Evening Deals" in browser.look(link).text


def test_a_form_without_a_change_sends_nothing_and_says_so(browser: Browser) -> None:
    page = browser.send(form(browser), reason="just looking")
    assert "Nothing was changed, so nothing was sent." in page.text
    assert not asked()


def test_a_form_without_a_reason_is_shown_again_as_it_was_typed(browser: Browser) -> None:
    page = browser.send(form(browser), name="Evening Deals", reason=" ")
    assert "Say why: the history keeps it." in page.text
    assert page.value("name") == "Evening Deals"
    assert not asked()


def test_what_the_model_refuses_is_said_at_its_field(browser: Browser) -> None:
    page = browser.send(form(browser), website_domain="https://x.example/", reason="r")
    assert "Write the domain alone and in lower case" in page.text
    assert page.value("website_domain") == "https://x.example/"
    page = browser.send(form(browser), channel="no-such", reason="r")
    assert "There is no channel of this code" in page.text
    assert not asked()


def test_a_form_of_an_older_version_is_refused_and_keeps_what_was_typed(browser: Browser) -> None:
    seen = form(browser)
    Partner.objects.filter(pk="P-1").update(name="Noon Deals", version=2)
    page = browser.send(seen, name="Evening Deals", reason="r")
    assert "was changed by somebody else since" in page.text
    assert (page.status, page.value("name")) == (200, "Evening Deals")
    # Sending it again is refused again: the version that was seen stays with the form.
    assert "was changed by somebody else since" in browser.send(page, reason="r").text
    assert not asked()


@pytest.mark.parametrize(
    ("chosen", "day", "expected"),
    [
        ("date", "2026-03-01", ("date", dt.datetime(2026, 3, 1, tzinfo=dt.UTC))),
        ("always", "", ("always", None)),
        ("now", "", ("now", None)),
    ],
)
def test_a_change_counts_from_when_the_person_says(
    browser: Browser, chosen: str, day: str, expected: Any
) -> None:
    browser.send(form(browser), name="X", reason="r", effective=chosen, effective_from=day)
    (request,) = asked()
    assert (request.effective, request.effective_from) == expected


@pytest.mark.parametrize(
    ("chosen", "day", "said"),
    [
        ("date", "", "Give the date from which the change counts."),
        ("now", "2026-03-01", "There is a date: choose"),
        ("", "2026-03-01", "too."),
        ("date", "soon", "Enter a valid date."),
        ("never", "", "Select a valid choice."),
    ],
)
def test_a_date_and_its_choice_go_together(
    browser: Browser, chosen: str, day: str, said: str
) -> None:
    sent = form(browser)
    page = browser.send(sent, name="X", reason="r", effective=chosen, effective_from=day)
    assert said in page.text
    assert not asked()


def test_a_new_record_waits_and_its_code_is_made_for_people(browser: Browser) -> None:
    add = list_of(Advertiser) + "add/"
    page = browser.send(form(browser, add), name="Bäckerei Example", reason="new client")
    assert SENT in page.text
    browser.send(form(browser, add), name="Bäckerei Example", reason="another")
    browser.send(form(browser, add), name="Third", code="A-3", reason="with a code")
    codes = [(r.action, r.code) for r in asked()]
    assert codes == [
        ("create", "Backerei-Example"), ("create", "Backerei-Example-2"), ("create", "A-3"),
    ]  # fmt: skip
    assert Advertiser.objects.count() == 2
    page = browser.send(form(browser, add), name="Fourth", code="A-1", reason="taken")
    assert "with this Code already exists" in page.text
    page = browser.send(form(browser, add), name="Fifth", code="A-3", reason="waits")
    assert "A new record A-3 waits for approval already." in page.text


def test_a_code_that_follows_from_the_values_is_not_asked_for(browser: Browser) -> None:
    add = list_of(SiteDomain) + "add/"
    empty = form(browser, add)
    assert "code" not in empty.fields
    browser.send(empty, domain="new.example", partner="P-2", reason="r")
    assert [request.code for request in asked()] == ["new.example"]
    page = browser.send(form(browser, add), domain="new.example", partner="P-2", reason="r")
    assert "waits for approval already" in page.text
    # What makes the code of a record is shown, and not offered to be changed.
    assert "domain" not in form(browser, page_of(SiteDomain, "deals.example")).fields


def test_in_a_team_of_one_an_approvers_form_counts_at_once(
    approver: User, steward: User, settings: Any
) -> None:
    settings.FOUR_EYES = False
    assert "Send to an approver" in form(Browser(steward)).buttons()
    browser = Browser(approver)
    page = form(browser)
    assert "Save" in page.buttons()
    page = browser.send(page, name="Evening Deals", reason="r")
    assert "The change counts at once" in page.text
    assert Partner.objects.get(pk="P-1").name == "Evening Deals"


def test_a_field_for_a_code_counts_where_there_is_no_script(browser: Browser) -> None:
    Partner.objects.bulk_create(Partner(code=f"X-{n:03}", name=f"More {n}") for n in range(205))
    page = form(browser, list_of(SiteDomain) + "add/")
    browser.send(page, domain="new.example", partner=["", "P-2"], reason="r")
    assert [request.values["partner"] for request in asked()] == ["P-2"]


# ---------------------------------------------------------------------------------------- inlines


def test_every_inline_row_is_a_request_of_its_own_in_one_batch(browser: Browser) -> None:
    page = browser.send(
        form(browser),
        typed={
            "name": "Evening Deals",
            "reason": "new domains",
            "site_domains-0-is_active": None,
            "site_domains-1-domain": "new.example",
            "crosswalk_set-1-network_code": "cj",
            "crosswalk_set-1-source_id": "99",
        },
    )
    assert "4 changes were sent to an approver" in page.text
    requests = asked()
    assert [(r.entity, r.code, r.action, r.source, r.effective) for r in requests] == [
        ("partner", "P-1", "update", "form", "now"),
        ("site_domain", "deals.example", "update", "inline", "now"),
        ("site_domain", "new.example", "create", "inline", "now"),
        ("crosswalk", "cj-partner-99", "create", "inline", "always"),
    ]
    assert requests[3].values == {
        "network_code": "cj", "kind": "partner", "source_id": "99", "partner": "P-1",
    }  # fmt: skip
    assert len({r.batch for r in requests}) == 1 and requests[0].batch
    assert {r.reason for r in requests} == {"new domains"}
    assert SiteDomain.objects.get().is_active
    assert Crosswalk.objects.count() == 1


def test_rows_whose_code_people_would_have_to_invent_get_one(browser: Browser) -> None:
    address = page_of(models.Program, "PR-1")
    browser.send(
        form(browser, address),
        typed={
            "rates-0-rate": "0.06",
            "rates-1-partner": "P-1",
            "rates-1-rate": "0.1",
            "reason": "r",
        },
    )
    assert [(r.code, r.action, r.values.get("rate")) for r in asked()] == [
        ("PR-1-C-1", "update", "0.060000"), ("PR-1-P-1", "create", "0.100000"),
    ]  # fmt: skip


def test_a_row_that_is_refused_sends_nothing_at_all(browser: Browser) -> None:
    changed = {"name": "Evening Deals", "reason": "r", "site_domains-1-domain": "Bad Domain"}
    page = browser.send(form(browser), typed=changed)
    assert "Write the domain alone and in lower case" in page.text
    assert page.value("name") == "Evening Deals"
    seen = form(browser)
    SiteDomain.objects.update(version=2)
    page = browser.send(seen, typed={"reason": "r", "name": "X", "site_domains-0-is_active": None})
    assert "was changed by somebody else since" in page.text
    assert not asked()


def test_a_row_that_is_not_of_this_record_is_refused(browser: Browser) -> None:
    address = page_of(models.Program, "PR-1")
    changed = {"rates-0-code": "PR-9-C-1", "rates-0-rate": "0.06", "reason": "r"}
    assert "This row is gone" in browser.send(form(browser, address), typed=changed).text
    assert not asked()


def test_a_row_that_somebody_else_changed_is_not_taken_for_a_change(browser: Browser) -> None:
    seen = form(browser)
    SiteDomain.objects.update(is_active=False, version=2)
    browser.send(seen, name="Evening Deals", reason="r")
    assert [r.entity for r in asked()] == ["partner"]


# ------------------------------------------------------------------------------------------- grid


def test_the_grid_asks_for_each_changed_row(browser: Browser) -> None:
    page = browser.send(
        grid(browser),
        typed={"form-0-name": "Evening Deals", "form-1-channel": "coupon", "reason": "r"},
    )
    assert "2 changes were sent to an approver" in page.text
    requests = asked()
    assert [(r.code, r.values, r.source) for r in requests] == [
        ("P-1", {"name": "Evening Deals"}, "grid"), ("P-2", {"channel": "coupon"}, "grid"),
    ]  # fmt: skip
    assert len({r.batch for r in requests}) == 1
    assert Partner.objects.get(pk="P-1").name == "Morning Deals"


def test_a_stale_row_is_named_and_the_others_go_through(browser: Browser) -> None:
    seen = grid(browser)
    Partner.objects.filter(pk="P-1").update(name="Noon Deals", version=2)
    page = browser.send(
        seen, typed={"form-0-name": "Evening Deals", "form-1-name": "Hill Journal", "reason": "r"}
    )
    assert SENT in page.text
    assert "Not sent: Noon Deals (P-1) was changed by somebody else since" in page.text
    assert [r.code for r in asked()] == ["P-2"]


def test_a_row_of_the_grid_that_only_somebody_else_changed_is_left_alone(browser: Browser) -> None:
    seen = grid(browser)
    Partner.objects.filter(pk="P-1").update(name="Noon Deals", version=2)
    page = browser.send(seen, typed={"form-1-name": "Hill Journal", "reason": "r"})
    assert "Not sent" not in page.text
    assert [r.code for r in asked()] == ["P-2"]


def test_the_grid_keeps_what_was_typed_when_something_is_wrong(browser: Browser) -> None:
    typed = {"form-0-name": "Evening Deals", "reason": ""}
    page = browser.send(grid(browser), typed=typed)
    assert "Say why: the history keeps it." in page.text
    assert page.document.xpath("//input[@name='form-0-name']/@value") == ["Evening Deals"]
    page = browser.send(grid(browser), typed={"form-0-website_domain": "No Domain", "reason": "r"})
    assert "Write the domain alone and in lower case" in page.text
    assert not asked()
    page = browser.send(grid(browser), reason="r")
    assert "Nothing was changed, so nothing was sent." in page.text


def test_a_grid_that_was_tampered_with_makes_and_changes_nothing(browser: Browser) -> None:
    page = browser.send(
        grid(browser), typed={"form-0-code": "P-9", "form-0-name": "X", "reason": "r"}
    )
    assert page.status in (200, 400)
    page = browser.send(grid(browser), typed={"form-TOTAL_FORMS": "x", "reason": "r"})
    assert page.status == 200
    assert not asked()


# ------------------------------------------------------------------------ again, merge and unmerge


def test_an_entry_of_the_history_is_made_so_again(
    browser: Browser, steward: User, approver: User
) -> None:
    request = service.request_change(
        steward, Partner, "P-1", {"name": "Evening Deals", "channel": None}, reason="a mistake",
        source="form", base_version=1,
    )  # fmt: skip
    assert request is not None
    service.approve(request, approver)
    history = browser.look(page_of(Partner, "P-1", "history"))
    assert "a mistake" in history.text
    assert "Coupons (coupon) → –" in history.text
    link = history.document.xpath("//a[normalize-space()='Make it so again']/@href")
    assert len(link) == 1
    page = browser.look(link[0])
    assert "Evening Deals → Morning Deals" in page.text
    assert "Say why" in browser.send(page, reason="").text
    page = browser.send(page, reason="it was right before")
    assert SENT in page.text
    newest = asked()[-1]
    assert (newest.source, newest.values) == (
        "revert", {"name": "Morning Deals", "channel": "coupon"},
    )  # fmt: skip
    assert browser.look(page_of(Partner, "P-1", "again") + "?entry=999").status == 404
    assert (
        browser.look(page_of(Partner, "P-2", "again") + "?" + link[0].split("?")[1]).status == 404
    )


def test_a_record_is_merged_and_taken_out_again(browser: Browser, approver: User) -> None:
    merge = page_of(Partner, "P-1", "merge")
    page = browser.look(merge)
    assert "Morning Deals" not in str(page.document.xpath("//select[@name='into']/option/text()"))
    page = browser.look(merge + "?into=P-2")
    assert "1 site domain" in page.text
    assert "1 crosswalk entry" in page.text
    other_way = page.document.xpath("//a[starts-with(., 'Keep Morning Deals')]/@href")[0]
    assert "Trail Journal (P-2) becomes part of" in browser.look(other_way).text
    page = browser.send(page, reason="the same site")
    assert SENT in page.text
    (request,) = asked()
    assert (request.action, request.values["into"], request.effective) == (
        "merge", "P-2", "always",
    )  # fmt: skip
    assert SiteDomain.objects.get().partner_id == "P-1"
    service.approve(request, approver)
    page = browser.look(PARTNER)
    assert "was merged into Trail Journal (P-2)" in page.text
    assert "Send to an approver" not in page.buttons()
    assert "name" not in page.fields
    unmerge = browser.look(page_of(Partner, "P-1", "unmerge"))
    assert "Of the 2 rows" in unmerge.text
    browser.send(unmerge, reason="not the same")
    service.approve(asked()[-1], approver)
    assert SiteDomain.objects.get().partner_id == "P-1"
    assert "There is no such record" in browser.look(merge + "?into=P-1").text
    assert "There is no such record" in browser.look(merge + "?into=nothing").text


def test_what_cannot_be_stored_is_refused_before_it_is_looked_for(browser: Browser) -> None:
    for page, wrong in ((form(browser), "channel"), (grid(browser), "form-0-code")):
        assert browser.send(page, typed={wrong: "P\x001", "reason": "r"}).status == 400
    assert not asked()


def test_pages_of_records_that_are_not_there_are_not_found(browser: Browser) -> None:
    for page in ("history", "merge", "unmerge", "again"):
        assert browser.look(page_of(Partner, "P-9", page)).status == 404


def test_what_somebody_else_changed_is_not_reverted_unseen(browser: Browser) -> None:
    Partner.objects.filter(pk="P-1").update(name="Noon Deals", version=2)
    first = Partner.history.filter(code="P-1").earliest("history_id").history_id
    again = browser.look(page_of(Partner, "P-1", "again") + f"?entry={first}")
    merge = browser.look(page_of(Partner, "P-1", "merge") + "?into=P-2")
    Partner.objects.filter(pk="P-1").update(website_domain="noon.example", version=3)
    for page in (again, merge):
        answer = browser.send(page, reason="a mistake")
        assert "was changed by somebody else since" in answer.text
        # What is shown now is the record as it is: sending that is a decision about it.
        assert "noon.example" in answer.text or page is merge
    assert not asked()
    assert SENT in browser.send(browser.look(again.address), reason="a mistake").text


def test_a_long_grid_is_sent_whole(browser: Browser) -> None:
    Partner.objects.bulk_create(Partner(code=f"X-{n:03}", name=f"More {n}") for n in range(150))
    page = grid(browser, GRID + "&all=")
    page = browser.send(page, typed={"form-140-name": "Evening Deals", "reason": "r"})
    assert page.status == 200
    assert [request.values for request in asked()] == [{"name": "Evening Deals"}]


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "²", "-1"])
def test_no_number_in_an_address_is_an_error_of_ours(browser: Browser, number: str) -> None:
    for address in (
        page_of(Partner, "P-1", "again") + f"?entry={number}",
        page_of(Partner, "P-1", "history") + f"?p={number}",
        f"/changes/changerequest/{number}/change/",
        f"/changes/changerequest/{number}/decide/",
        list_of(Partner) + f"?p={number}",
        f"/unmapped/unmappedid/?page={number}",
    ):
        assert browser.look(address).status in (200, 404), address


def test_an_exact_amount_goes_from_the_form_to_the_record(browser: Browser, approver: User) -> None:
    for amount in ("12345678901.123456", "999999999999.999999"):
        address = page_of(models.Target, "T-1")
        assert SENT in browser.send(form(browser, address), amount=amount, reason="r").text
        service.approve(asked()[-1], approver)
        assert form(browser, address).value("amount") == amount
        entry = models.Target.history.latest("history_id")
        assert str(entry.amount) == amount
