"""The REST API: what it answers, whom it lets do what, and how it refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from api.models import ApiToken
from calls import API, Call, approved, caller, token_of
from changes.models import ChangeRequest
from people import Person
from records.models import ENTITIES, Channel, Crosswalk, Partner, Program

CHANGE = {"entity": "partner", "code": "P-1", "values": {"name": "New"}, "reason": "because"}


@pytest.fixture
def partner(steward: User, approver: User) -> Partner:
    made: Partner = approved(steward, approver, Partner, "P-1", name="Old", country_code="DE")
    return made


@pytest.fixture
def asks(steward: User) -> Call:
    return caller(steward)


@pytest.fixture
def decides(approver: User) -> Call:
    return caller(approver)


# ----------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("kind", [entity._meta.db_table for entity in ENTITIES])
def test_every_kind_has_its_addresses(asks: Call, kind: str) -> None:
    assert asks("get", f"/records/{kind}").json() == {
        "items": [], "total": 0, "limit": 100, "offset": 0,
    }  # fmt: skip
    for address in ("nothing", "nothing/history", "nothing/as-of?as_of=2026-01-01T00:00:00Z"):
        answer = asks("get", f"/records/{kind}/{address}")
        assert (answer.status_code, set(answer.json())) == (404, {"detail", "errors"})


def test_one_record_with_typed_fields_and_links_as_codes(
    asks: Call, steward: User, approver: User, partner: Partner
) -> None:
    approved(steward, approver, Channel, "seo", name="Search", sort_order=7)
    approved(steward, approver, Partner, "P-1", channel="seo")
    answer = asks("get", "/records/partner/P-1").json()
    assert answer.pop("updated_at") is not None
    assert answer == {
        "code": "P-1", "version": 2, "name": "Old", "is_active": True, "merged_into": None,
        "partner_type": "", "channel": "seo", "website_domain": "", "country_code": "DE",
    }  # fmt: skip
    assert asks("get", "/records/channel/seo").json()["sort_order"] == 7


def test_a_code_with_odd_characters_is_an_address(
    asks: Call, steward: User, approver: User, partner: Partner
) -> None:
    approved(steward, approver, Crosswalk, None, network_code="awin", kind="partner",
             source_id="1/2", partner="P-1")  # fmt: skip
    for path in ("awin-partner-1~2F2", "awin-partner-1%7E2F2"):
        assert asks("get", f"/records/crosswalk/{path}").json()["source_id"] == "1/2"
    history = asks("get", "/records/crosswalk/awin-partner-1~2F2/history").json()
    assert [entry["record"]["partner"] for entry in history["items"]] == ["P-1"]


def test_a_list_is_paged_and_filtered(asks: Call, steward: User, approver: User) -> None:
    for number in (3, 1, 2):
        approved(steward, approver, Partner, f"P-{number}", name=f"Shop {number}")
    before = timezone.now()
    approved(steward, approver, Partner, "P-2", name="Blog", is_active=False)

    def codes(**query: Any) -> list[str]:
        return [item["code"] for item in asks("get", "/records/partner", **query).json()["items"]]

    assert codes() == ["P-1", "P-2", "P-3"]
    assert codes(limit=1, offset=1) == ["P-2"]
    assert asks("get", "/records/partner", limit=1, offset=7).json()["total"] == 3
    assert codes(code="P-3") == ["P-3"]
    assert codes(name="SHOP") == ["P-1", "P-3"]
    assert codes(is_active="false") == ["P-2"]
    assert codes(updated_since=before.isoformat()) == ["P-2"]
    assert codes(updated_since=timezone.now().isoformat()) == []


def test_a_list_is_filtered_by_network(
    asks: Call, steward: User, approver: User, partner: Partner
) -> None:
    for network in ("awin", "cj"):
        approved(steward, approver, Crosswalk, None, network_code=network, kind="partner",
                 source_id="7", partner="P-1")  # fmt: skip
    found = asks("get", "/records/crosswalk", network="cj").json()["items"]
    assert [item["code"] for item in found] == ["cj-partner-7"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"nam": "Shop"}, "nam"),
        ({"network": "awin"}, "network"),
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"offset": -1}, "offset"),
        ({"offset": 10**30}, "offset"),
        ({"is_active": "perhaps"}, "is_active"),
        ({"updated_since": "2026-03-01"}, "updated_since"),
        ({"updated_since": "2026-03-01T00:00:00"}, "updated_since"),
        ({"updated_since": "2026-02-30T00:00:00Z"}, "updated_since"),
        ({"updated_since": "0001-01-01T00:00:00+14:00"}, "updated_since"),
        ({"updated_since": "1772323200"}, "updated_since"),
        ({"name": "x" * 501}, "name"),
    ],
)
def test_a_wrong_filter_is_said_by_its_name(asks: Call, query: dict[str, Any], field: str) -> None:
    answer = asks("get", "/records/partner", **query)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


def test_the_history_says_what_changed_who_and_why(
    asks: Call, steward: User, approver: User, partner: Partner
) -> None:
    approved(steward, approver, Partner, "P-1", name="New")
    page = asks("get", "/records/partner/P-1/history").json()
    assert page["total"] == 2
    shown = [(e["change_type"], e["record"]["name"], e["changed_by"]) for e in page["items"]]
    assert shown == [("+", "Old", "steward"), ("~", "New", "steward")]
    assert page["items"][1]["reason"] == "because"
    assert page["items"][1]["change_request_id"] == ChangeRequest.objects.first().pk  # type: ignore[union-attr]
    assert (
        asks("get", "/records/partner/P-1/history", offset=1).json()["items"] == page["items"][1:]
    )


def test_a_record_as_of_a_moment_and_as_it_was_known_then(
    asks: Call, decides: Call, partner: Partner
) -> None:
    known_before = timezone.now().isoformat()
    dated = {**CHANGE, "base_version": 1, "effective": "date",
             "effective_from": "2026-03-01T06:00:00+01:00"}  # fmt: skip
    asked = asks("post", "/change-requests", {"changes": [dated]}).json()["requests"][0]
    assert asked["effective_from"] == "2026-03-01T05:00:00Z"
    assert decides("post", f"/change-requests/{asked['id']}/approve").status_code == 200

    def name(moment: str, **query: Any) -> str:
        answer = asks("get", "/records/partner/P-1/as-of", as_of=moment, **query)
        return str(answer.json()["record"]["name"])

    assert name("2026-03-01T04:59:59Z") == "Old"
    assert name("2026-03-01T05:00:00Z") == "New"
    assert name("1500-01-01T00:00:00Z") == "Old"
    assert name("2026-03-01T05:00:00Z", known_at=known_before) == "Old"
    answer = asks("get", "/records/partner/P-1/as-of", as_of="2026-03-01T05:00:00Z",
                  known_at="2020-01-01T00:00:00Z")  # fmt: skip
    assert answer.status_code == 404


# ------------------------------------------------------------------------------------------ asking


def test_asking_and_approving(asks: Call, decides: Call, partner: Partner) -> None:
    change = {**CHANGE, "base_version": 1}
    answer = asks("post", "/change-requests", {"changes": [change]})
    assert answer.status_code == 201
    [made] = answer.json()["requests"]
    assert (made["status"], made["source"], made["requested_by"]) == ("open", "api", "steward")
    assert asks("get", "/records/partner/P-1").json()["name"] == "Old"
    assert asks("get", f"/change-requests/{made['id']}/diff").json() == [
        {"label": "name", "before": "Old", "after": "New"}
    ]
    done = decides("post", f"/change-requests/{made['id']}/approve", {"note": "fine"}).json()
    assert (done["status"], done["decided_by"], done["decision_note"]) == (
        "applied", "approver", "fine",
    )  # fmt: skip
    assert asks("get", "/records/partner/P-1").json()["name"] == "New"


def test_several_changes_are_all_asked_for_or_none(asks: Call, partner: Partner) -> None:
    good = {**CHANGE, "code": "P-2"}
    bad = {**CHANGE, "code": "P-3", "values": {"name": "x", "country_code": "XX"}}
    before = ChangeRequest.objects.count()
    refused = asks("post", "/change-requests", {"changes": [good, bad]})
    assert (refused.status_code, list(refused.json()["errors"])) == (
        422, ["changes.1.country_code"],
    )  # fmt: skip
    assert ChangeRequest.objects.count() == before
    same = {**CHANGE, "values": {"name": "Old"}, "base_version": 1}
    answer = asks("post", "/change-requests", {"changes": [good, same, {**good, "code": "P-3"}]})
    made = answer.json()
    assert (answer.status_code, made["unchanged"]) == (201, ["P-1"])
    assert {request["batch"] for request in made["requests"]} == {made["batch"]} != {""}
    found = asks("get", "/change-requests", batch=made["batch"], status="open").json()
    assert [request["code"] for request in found["items"]] == ["P-3", "P-2"]
    assert asks("post", "/change-requests", {"changes": [same]}).status_code == 200


def test_requests_are_listed_by_filters(asks: Call, partner: Partner) -> None:
    for query, number in (
        ({"entity": "partner"}, 1), ({"entity": "brand"}, 0), ({"code": "P-1"}, 1),
        ({"requested_by": "steward"}, 1), ({"requested_by": "approver"}, 0),
        ({"status": "applied"}, 1), ({"status": "open"}, 0),
    ):  # fmt: skip
        assert asks("get", "/change-requests", **query).json()["total"] == number, query
    assert asks("get", "/change-requests", statuss="open").status_code == 422


def test_a_change_of_an_older_version_is_a_conflict(
    asks: Call, decides: Call, partner: Partner
) -> None:
    body = {"changes": [{**CHANGE, "base_version": 1}]}
    first, second = (
        asks("post", "/change-requests", body).json()["requests"][0]["id"] for _ in range(2)
    )
    decides("post", f"/change-requests/{first}/approve")
    for answer in (
        asks("post", "/change-requests", body),
        decides("post", f"/change-requests/{second}/approve"),
    ):
        assert answer.status_code == 409
        assert "changed by somebody else" in answer.json()["detail"]
    assert asks("get", f"/change-requests/{second}").json()["status"] == "stale"
    again = decides("post", f"/change-requests/{first}/approve")
    assert (again.status_code, again.json()["detail"]) == (409, "This change is approved already.")


def test_rejecting_needs_a_note_and_withdrawing_is_for_who_asked(
    asks: Call, decides: Call, partner: Partner
) -> None:
    body = {"changes": [{**CHANGE, "base_version": 1}]}
    first, second = (
        asks("post", "/change-requests", body).json()["requests"][0]["id"] for _ in range(2)
    )
    silent = decides("post", f"/change-requests/{first}/reject")
    assert (silent.status_code, list(silent.json()["errors"])) == (422, ["note"])
    rejected = decides("post", f"/change-requests/{first}/reject", {"note": "not so"}).json()
    assert (rejected["status"], rejected["decision_note"]) == ("rejected", "not so")
    assert decides("post", f"/change-requests/{second}/withdraw").status_code == 403
    withdrawn = asks("post", f"/change-requests/{second}/withdraw").json()
    assert withdrawn["status"] == "withdrawn"


def test_merge_unmerge_and_revert(
    asks: Call, decides: Call, steward: User, approver: User, partner: Partner
) -> None:
    approved(steward, approver, Partner, "P-2", name="Winner")

    def done(action: str, **body: Any) -> None:
        body = {"entity": "partner", "code": "P-1", "reason": "because", **body}
        answer = asks("post", f"/change-requests/{action}", body)
        assert answer.status_code == 201, answer.content
        made = answer.json().get("requests", [answer.json()])[0]
        assert decides("post", f"/change-requests/{made['id']}/approve").status_code == 200

    done("merge", into="P-2")
    assert asks("get", "/records/partner/P-1").json()["merged_into"] == "P-2"
    done("unmerge")
    assert asks("get", "/records/partner/P-1").json()["merged_into"] is None
    approved(steward, approver, Partner, "P-1", name="Newer")
    first = asks("get", "/records/partner/P-1/history").json()["items"][0]["history_id"]
    done("revert", history_id=first)
    assert asks("get", "/records/partner/P-1").json()["name"] == "Old"
    by_api = ChangeRequest.objects.filter(source=ChangeRequest.Source.API)
    assert [one.action for one in by_api.order_by("id")] == ["merge", "unmerge", "update"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entity": "person"}, "changes.0.entity"),
        ({"reason": " "}, "changes.0.reason"),
        ({"reason": "x" * 501}, "changes.0.reason"),
        ({"reason": "\x00"}, "changes.0.reason"),
        ({"reason": "\ud800"}, "changes.0.reason"),
        ({"values": {"name": "\ud800"}}, "changes.0.name"),
        ({"values": {"name": 10**30}}, "changes.0.name"),
        ({"values": {"name": ["x"]}}, "changes.0.name"),
        ({"values": {}}, "changes.0.name"),
        ({"values": []}, "changes.0.values"),
        ({"base_version": 10**30}, "changes.0.base_version"),
        ({"base_version": 1, "code": "nothing"}, "changes.0.code"),
        ({"base_version": 1, "code": "\ud800"}, "changes.0.code"),
        ({"base_version": 1, "code": "\x00"}, "changes.0.code"),
        ({"effective": "sometimes"}, "changes.0.effective"),
        ({"effective": "date"}, "changes.0.effective_from"),
        ({"effective": "date", "effective_from": "2026-03-01"}, "changes.0.effective_from"),
        ({"effectiv": "now"}, "changes.0.effectiv"),
        ({"code": "a/b"}, "changes.0.code"),
    ],
)
def test_a_wrong_change_is_said_by_field(asks: Call, change: dict[str, Any], field: str) -> None:
    answer = asks("post", "/change-requests", {"changes": [{**CHANGE, "code": "X-1", **change}]})
    assert answer.status_code == 422, answer.content
    assert any(name.startswith(field) for name in answer.json()["errors"]), answer.json()


@pytest.mark.parametrize(
    ("entity", "values"),
    [
        (Program, {"commission_rate": "sNaN"}),
        (Program, {"commission_rate": float("nan")}),
        (Program, {"commission_rate": "1e999999999"}),
        (Program, {"commission_rate": "1e-999999999"}),
        (Program, {"commission_rate": True}),
        (Program, {"cookie_days": 10**400}),
        (Program, {"cookie_days": "٣" * 5000}),
        (Program, {"network_code": ["awin"]}),
        (Channel, {"is_paid": "perhaps"}),
        (Channel, {"parent": "\x00"}),
        (Channel, {"parent": {}}),
    ],
)
def test_absurd_values_are_refused_in_a_sentence(
    asks: Call, entity: Any, values: dict[str, Any]
) -> None:
    change = {**CHANGE, "entity": entity._meta.db_table, "code": "X-1"}
    change["values"] = {"name": "x", **values}
    answer = asks("post", "/change-requests", {"changes": [change]})
    assert answer.status_code in (400, 422), answer.content


# --------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("method", "address", "body", "content_type", "status"),
    [
        ("POST", "/change-requests", b"{", "application/json", 400),
        ("POST", "/change-requests", b"\xff", "application/json", 400),
        ("POST", "/change-requests", b"[" * 100_000, "application/json", 400),
        ("POST", "/change-requests", b"9" * 5_000, "application/json", 400),
        ("POST", "/change-requests", b"{}", "text/plain", 415),
        ("POST", "/change-requests", b"changes=1", "application/x-www-form-urlencoded", 415),
        ("POST", "/change-requests", b"[]", "application/json", 422),
        ("POST", "/change-requests", b"", "application/json", 422),
        ("POST", "/change-requests", b"", "text/plain", 422),
        ("POST", "/change-requests", b" " * 3_000_000, "application/json", 413),
        ("PATCH", "/records/partner/P-1", b"{}", "application/json", 405),
        ("DELETE", "/change-requests/1", b"", "application/json", 405),
        ("GET", "/records/person", b"", "", 404),
        ("GET", "/records/partner/a/b/c", b"", "", 404),
        ("GET", "/change-requests/99999999999999999999", b"", "", 422),
        ("GET", "/change-requests/0", b"", "", 422),
        ("GET", "/records/partner/%00", b"", "", 400),
        ("GET", "/records/partner?name=%00", b"", "", 400),
        ("GET", "/records/partner/%ED%A0%80", b"", "", 404),
    ],
)
def test_a_refusal_has_a_status_a_sentence_and_errors(
    steward: User, method: str, address: str, body: bytes, content_type: str, status: int
) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_of(steward)}"})
    answer = client.generic(method, API + address, body, content_type)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/json")
    assert set(answer.json()) == {"detail", "errors"}
    assert answer.json()["detail"]


# ----------------------------------------------------------------------------------------- tokens


def status_with(header: str | None, **client: Any) -> int:
    headers = {} if header is None else {"Authorization": header}
    answer = Client(headers=headers).get(f"{API}/records/partner", **client)
    if answer.status_code == 401:
        assert answer["WWW-Authenticate"] == "Bearer"
    return answer.status_code


def test_a_token_carries_the_rights_of_its_user_as_long_as_they_last(steward: User) -> None:
    text = token_of(steward)
    assert status_with(f"Bearer {text}") == 200
    assert ApiToken.objects.get().last_used_on == timezone.now().date()
    steward.groups.clear()
    assert status_with(f"Bearer {text}") == 403
    steward.is_active = False
    steward.save()
    assert status_with(f"Bearer {text}") == 401


def test_whoever_may_not_look_learns_not_even_what_there_is(db: None, partner: Partner) -> None:
    call = caller(User.objects.create_user("nobody"))
    for code in ("P-1", "P-9"):
        body = {"entity": "partner", "code": code, "reason": "because"}
        for action, more in (("merge", {"into": "P-1"}), ("unmerge", {}),
                             ("revert", {"history_id": 1})):  # fmt: skip
            answer = call("post", f"/change-requests/{action}", {**body, **more})
            assert answer.status_code == 403, (action, code)


def test_without_a_valid_token_nothing_is_answered(steward: User) -> None:
    text = token_of(steward)
    for header in (None, "Bearer", "Bearer ", f"Basic {text}", text, f"Bearer {text}x"):
        assert status_with(header) == 401, header
    assert status_with(f"Bearer {token_of(steward, days=-1)}") == 401
    assert status_with(f"Bearer {token_of(steward, days=0)}") == 200
    ApiToken.objects.update(revoked_at=timezone.now())
    assert status_with(f"Bearer {text}") == 401


def test_a_session_opens_nothing(steward: User) -> None:
    client = Client()
    client.force_login(steward)
    assert client.get(f"{API}/records/partner").status_code == 401
    body = {"changes": [CHANGE]}
    answer = client.post(f"{API}/change-requests", body, content_type="application/json")
    assert answer.status_code == 401


def test_guessing_tokens_is_stopped_for_the_guessers_address_only(steward: User) -> None:
    good, expired = f"Bearer {token_of(steward)}", f"Bearer {token_of(steward, days=-1)}"
    # A token that expired is no guess.
    assert [status_with(expired, REMOTE_ADDR="192.0.2.1") for _ in range(9)] == [401] * 9
    guesses = [status_with(f"Bearer {n}", REMOTE_ADDR="192.0.2.1") for n in range(6)]
    assert guesses == [401] * 4 + [429] * 2
    assert status_with(good, REMOTE_ADDR="192.0.2.1") == 429
    assert status_with(good, REMOTE_ADDR="192.0.2.2") == 200


def test_only_a_hash_of_a_token_is_kept(steward: User) -> None:
    text = token_of(steward)
    kept = " ".join(str(value) for value in ApiToken.objects.values().get().values())
    assert text not in kept
    assert text.removeprefix("mdm_") not in kept


def page_of_tokens(user: User) -> Client:
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


def test_the_text_of_a_token_is_shown_once(steward: User) -> None:
    client = page_of_tokens(steward)
    day = timezone.now().date() + dt.timedelta(days=30)
    answer = client.post("/api/apitoken/add/", {"name": "nightly", "expires_on": day.isoformat()})
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode().split('id="token">')[1].split("<")[0]
    assert status_with(f"Bearer {text}") == 200
    assert ApiToken.objects.get().user == steward
    listed = client.get("/api/apitoken/").content.decode()
    assert "nightly" in listed
    assert text not in listed


@pytest.mark.parametrize("days", [-1, 367])
def test_a_token_expires_within_a_year(steward: User, days: int) -> None:
    day = timezone.now().date() + dt.timedelta(days=days)
    form = {"name": "nightly", "expires_on": day.isoformat()}
    answer = page_of_tokens(steward).post("/api/apitoken/add/", form)
    assert b"Choose a day from today to a year ahead." in answer.content
    assert not ApiToken.objects.exists()


def test_everybody_sees_and_revokes_the_own_tokens_only(steward: User, approver: User) -> None:
    text = token_of(steward)
    token = ApiToken.objects.get()
    form = {"action": "revoke", "_selected_action": [token.pk]}
    stranger = page_of_tokens(approver)
    assert "test" not in stranger.get("/api/apitoken/").content.decode().split("<table")[-1]
    stranger.post("/api/apitoken/", form)
    assert status_with(f"Bearer {text}") == 200
    page_of_tokens(steward).post("/api/apitoken/", form)
    assert status_with(f"Bearer {text}") == 401


def test_a_superuser_revokes_what_somebody_has_lost(steward: User, admin_user: User) -> None:
    text = token_of(steward)
    form = {"action": "revoke", "_selected_action": [ApiToken.objects.get().pk]}
    page = page_of_tokens(admin_user)
    listed = page.get("/api/apitoken/").content.decode().split("<table")[-1]
    assert "steward" in listed
    assert text not in listed
    page.post("/api/apitoken/", form)
    assert status_with(f"Bearer {text}") == 401


# -------------------------------------------------------------------------------------- the page


@pytest.mark.django_db
def test_the_documentation_loads_nothing_from_elsewhere() -> None:
    page = Client().get(f"{API}/docs").content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page
    assert "://" not in page
    assert '"validatorUrl": null' in page


@pytest.mark.django_db
def test_the_description_names_every_kind_and_its_types(person: Person) -> None:
    described = Client().get(f"{API}/openapi.json").json()
    for entity in ENTITIES:
        assert f"{API}/records/{entity._meta.db_table}/{{code}}" in described["paths"]
    fields = described["components"]["schemas"]["Program"]["properties"]
    assert fields["cookie_days"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    assert fields["advertiser"]["type"] == "string"
