"""Every page of every entity, for every role: what it shows, what it offers, and what it costs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client as Web
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html

from api.models import ApiToken
from changes import service
from changes.models import ChangeRequest
from people import Person
from portal_pages import WORLD, Browser, list_of, make_world, page_of
from records import models
from records.base import MergeableRecord
from records.models import ENTITIES, Partner

pytestmark = pytest.mark.django_db
FIRST = {entity: code for entity, code, _ in reversed(WORLD)}


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    make_world()


def test_the_world_has_every_entity() -> None:
    assert set(FIRST) == set(ENTITIES)


@pytest.mark.parametrize("role", ["viewer", "steward", "approver"])
def test_every_page_of_every_entity(person: Person, role: str) -> None:
    browser = Browser(person(role))
    edits = role != "viewer"
    for entity, code in FIRST.items():
        listed = browser.look(list_of(entity))
        assert listed.status == 200, entity
        assert "last change" in listed.text.lower(), entity
        assert any("Edit as a grid" in b for b in listed.buttons()) == edits, entity
        assert browser.look(list_of(entity) + "?q=x").status == 200, entity

        grid = browser.look(list_of(entity) + "?grid=1", "changelist-form")
        assert ("form-0-base_version" in grid.fields) == edits, entity

        new = browser.look(list_of(entity) + "add/")
        assert new.status == (200 if edits else 403), entity
        assert ("Send to an approver" in new.buttons()) == edits, entity

        form = browser.look(page_of(entity, code))
        assert form.status == 200, entity
        assert ("Send to an approver" in form.buttons()) == edits, entity
        assert ("base_version" in form.fields) == edits, entity
        assert not form.document.xpath("//a[contains(@href, 'delete')]"), entity
        assert not [name for name in form.fields if "DELETE" in name], entity
        merges = issubclass(entity, MergeableRecord) and edits
        assert any("This is the same as" in b for b in form.buttons()) == merges, entity

        history = browser.look(page_of(entity, code, "history"))
        assert history.status == 200, entity
        assert "came past the portal" in history.text, entity

        assert browser.look(page_of(entity, code, "delete")).status == 403, entity


def test_nobody_deletes_by_the_admins_own_action(steward: User) -> None:
    web = Browser(steward).web
    for entity, code in FIRST.items():
        data = {"action": "delete_selected", "_selected_action": code, "post": "yes", "index": "0"}
        web.post(list_of(entity), data)
        assert web.post(page_of(entity, code, "delete"), {"post": "yes"}).status_code == 403
        assert entity._default_manager.filter(pk=code).exists()


def test_a_viewer_posts_nothing(viewer: User) -> None:
    web = Browser(viewer).web
    posts = [
        page_of(Partner, "P-1"),
        list_of(Partner) + "add/",
        page_of(Partner, "P-1", "merge") + "?into=P-2",
        page_of(Partner, "P-1", "again") + "?entry=1",
        page_of(Partner, "P-1", "unmerge"),
    ]
    for address in posts:
        assert web.post(address, {"name": "x", "reason": "y"}).status_code == 403, address
    assert web.post(list_of(Partner) + "?grid=1", {"_save": "1"}).status_code == 403
    assert not ChangeRequest.objects.exists()


def test_who_is_not_logged_in_sees_nothing(db: None) -> None:
    web = Web()
    for address in ("/", list_of(Partner), page_of(Partner, "P-1"), "/changes/changerequest/"):
        answer = web.get(address)
        assert (answer.status_code, answer["Location"][:7]) == (302, "/login/"), address


def test_an_account_needs_no_staff_flag_and_no_role_to_come_in(db: None) -> None:
    User.objects.create_user("nobody", password="correct horse battery")
    web = Web()
    web.post("/login/", {"username": "nobody", "password": "correct horse battery"})
    assert "Your account has no role" in web.get("/").content.decode()
    assert web.get(list_of(Partner)).status_code == 403


def test_every_asset_is_the_portals_own(steward: User) -> None:
    for address in ("/", list_of(Partner), page_of(Partner, "P-1")):
        page = Browser(steward).web.get(address).content.decode()
        used = html.fromstring(page).xpath("//link/@href | //script/@src | //img/@src")
        assert used
        assert not [asset for asset in used if not asset.startswith(("/static/", "/jsi18n/"))]


def test_an_empty_list_says_what_to_do(steward: User) -> None:
    text = Browser(steward).look(list_of(Partner) + "?q=nothing").text
    assert "No partner fits the search and the filters." in text
    models.Fee.objects.all().delete()
    assert "No fees yet Make the first one" in Browser(steward).look(list_of(models.Fee)).text


def test_accounts_are_for_superusers(approver: User, db: None) -> None:
    admin = User.objects.create_superuser("admin", password="correct horse battery")
    for address in ("/auth/user/", "/auth/user/add/", f"/auth/user/{approver.pk}/change/"):
        assert Browser(approver).look(address).status == 403
        assert Browser(admin).look(address).status == 200
    assert Browser(admin).look(f"/auth/user/{approver.pk}/password/").status == 200
    new = Browser(admin).look("/auth/user/add/", "user_form")
    secret = {"password1": "correct horse battery", "password2": "correct horse battery"}
    viewers = str(Group.objects.get(name="viewer").pk)
    Browser(admin).send(new, typed=secret, username="newcomer", groups=viewers)
    assert [group.name for group in User.objects.get(username="newcomer").groups.all()] == [
        "viewer"
    ]
    assert Browser(admin).look(f"/auth/user/{approver.pk}/delete/").status == 403
    assert Browser(approver).look("/password_change/").status == 200


def test_records_are_found_by_name_code_and_the_id_in_a_network(viewer: User) -> None:
    browser = Browser(viewer)
    for term, found in (("Morning", True), ("P-1", True), ("deals.example", True), ("7", True),
                        ("nothing", False)):  # fmt: skip
        page = browser.look(f"{list_of(Partner)}?q={term}")
        assert ("Morning Deals" in page.text) == found, term
        assert "Trail Journal" not in page.text, term


def test_records_are_offered_to_a_search_for_viewers_too(viewer: User) -> None:
    address = (
        "/autocomplete/?app_label=records&model_name=sitedomain&field_name=partner&term=morning"
    )
    found = Browser(viewer).web.get(address).json()["results"]
    assert found == [{"id": "P-1", "text": "Morning Deals (P-1)"}]


@pytest.mark.parametrize("rows", [5, 205])
def test_of_few_records_one_is_chosen_of_many_one_is_searched_or_its_code_written(
    steward: User, rows: int
) -> None:
    Partner.objects.bulk_create(Partner(code=f"X-{n:03}", name=f"More {n}") for n in range(rows))
    page = Browser(steward).look(list_of(models.SiteDomain) + "add/")
    offered = page.document.xpath("//select[@name='partner']/option")
    typed = page.document.xpath("//noscript/input[@name='partner']")
    if rows == 5:
        assert (len(offered), len(typed)) == (2 + rows + 1, 0)
    else:
        assert (len(offered) <= 1, len(typed)) == (True, 1)


@pytest.mark.parametrize("entity", [Partner, models.Crosswalk, models.CommissionRate])
def test_the_number_of_queries_does_not_grow_with_the_rows(steward: User, entity: Any) -> None:
    browser = Browser(steward)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.look(address).status == 200
        return len(captured)

    addresses = [list_of(entity), list_of(entity) + "?grid=1", "/changes/changerequest/", "/"]
    before = [queries(address) for address in addresses]
    Partner.objects.bulk_create(
        Partner(code=f"X-{n:03}", name=f"More {n}", channel_id="coupon") for n in range(190)
    )
    models.Crosswalk.objects.bulk_create(
        models.Crosswalk(code=f"cj-partner-{n}", network_code="cj", kind="partner",
                         source_id=str(n), partner_id=f"X-{n:03}")
        for n in range(190)
    )  # fmt: skip
    models.CommissionRate.objects.bulk_create(
        models.CommissionRate(code=f"R-{n}", program_id="PR-1", partner_id=f"X-{n:03}", rate="0.1")
        for n in range(190)
    )
    ChangeRequest.objects.bulk_create(
        ChangeRequest(entity="partner", code=f"X-{n:03}", action="update", values={"name": "y"},
                      reason="z", source="form", requested_by=steward, batch="b")
        for n in range(190)
    )  # fmt: skip
    after = [queries(address) for address in addresses]
    assert all(number <= was + 4 for number, was in zip(after, before, strict=True)), (
        before,
        after,
    )
    assert max(after) <= 22


def test_the_home_page_says_what_waits_for_whom(
    steward: User, approver: User, viewer: User
) -> None:
    assert "Nothing waits for your approval" in Browser(approver).look("/").text
    assert "it waits here until somebody approves it" in Browser(steward).look("/").text
    partner = Partner.objects.get(pk="P-1")
    request = service.request_change(
        steward, Partner, "P-1", {"name": "Evening Deals"}, reason="it moved", source="form",
        base_version=partner.version,
    )  # fmt: skip
    assert request is not None
    home = Browser(approver).look("/")
    assert "To approve 1 by others wait for your approval" in home.text
    assert "Morning Deals change partner" in home.text
    assert "Your requests 1 of yours wait for an approver" in Browser(steward).look("/").text
    assert "To approve" not in Browser(steward).look("/").text
    assert "Your requests" not in Browser(viewer).look("/").text
    assert (
        Browser(approver)
        .look("/")
        .document.xpath("//nav//a[contains(., 'Change requests')]//span[normalize-space()='1']")
    )
    assert "Unmapped ids 0 Every id stands for a record." in Browser(steward).look("/").text
    assert "Unmapped ids 0" not in Browser(viewer).look("/").text
    service.approve(request, approver)
    assert "Evening Deals change partner" in Browser(viewer).look("/").text
    # Whoever has no role sees no names either.
    nobody = Browser(User.objects.create_user("nobody")).look("/").text
    assert "Your account has no role" in nobody
    assert "Evening" not in nobody


# Pages that every account has: the own home, password, tokens and theme, and the scripts' words.
OF_EVERYBODY = {
    "index", "login", "logout", "password_change", "password_change_done", "jsi18n", "search",
    "toggle_sidebar", "api_apitoken_changelist", "api_apitoken_add", "api_apitoken_change",
    "api_apitoken_history", "api_apitoken_delete", "api_apitoken_autocomplete",
}  # fmt: skip


def every_address() -> dict[str, str]:
    """An address of every page of the site, by its name; of records those of one kind of each."""
    codes = {entity._meta.model_name: code for entity, code in FIRST.items()}
    found = {}
    for pattern in admin.site.get_urls():
        for page in getattr(pattern, "url_patterns", [pattern]):
            if page.name in (None, "app_list"):  # the home page by another name
                continue
            app, _, model = str(pattern.pattern).strip("/").partition("/")
            if app == "records" and model not in ("partner", "channel"):
                continue
            known = {
                "object_id": quote(codes.get(model, "1")), "pk": 1, "id": 1, "batch": "b",
                "app_label": "records", "content_type_id": 1, "url": "x/", "upload": UUID(int=1),
            }  # fmt: skip
            parts = {name: known[name] for name in page.pattern.converters}
            found[page.name] = reverse(f"admin:{page.name}", kwargs=parts)
    return found


def test_no_page_was_forgotten_when_rights_were_asked_for(steward: User, viewer: User) -> None:
    request = ChangeRequest.objects.create(
        pk=1, entity="partner", code="P-1", action="update", values={"name": "Asked"}, batch="b",
        base_version=1, reason="because", source="form", requested_by=steward,
    )  # fmt: skip
    nobody = Browser(User.objects.create_user("nobody")).web
    looks = Browser(viewer).web
    addresses = every_address()
    assert len(addresses) > 50
    for name, address in addresses.items():
        if name not in OF_EVERYBODY:
            assert nobody.get(address).status_code in (302, 403, 404), name
            assert Web().get(address).status_code in (302, 404), name
        if name in OF_EVERYBODY:
            continue
        if "P-1" in address:
            # Nor does anybody learn whether there is such a record.
            nothing = nobody.get(address.replace("P-1", "P-9")).status_code
            assert nothing == nobody.get(address).status_code, name
        pressed = {"name": "x", "reason": "y", "_save": "1", "approve": "1", "note": "z"}
        assert looks.post(address, pressed).status_code in (200, 302, 400, 403, 404, 405), name
    request.refresh_from_db()
    assert (request.status, ChangeRequest.objects.count()) == ("open", 1)
    for entity, code in FIRST.items():
        [entry] = entity.history.filter(code=code)
        assert entry.change_request_id is None
    assert User.objects.count() == 3
    assert not ApiToken.objects.exists()
