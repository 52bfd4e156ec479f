"""What the portal's users may count on: forms, logins, passwords, sessions, and headers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calls import API
from people import Person
from portal.checks import refuse_unsafe_start
from portal.security import client_address
from publishing.demo import DEMO_LOGINS

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"


def log_in(client: Client, name: str, password: str, **more: Any) -> Any:
    return client.post("/login/", {"username": name, "password": password}, **more)


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


# ------------------------------------------------------------------------------------------- forms


def addresses_of_forms() -> list[str]:
    pages = [reverse(f"admin:{name}") for name in ("login", "logout", "password_change")]
    for model in admin.site._registry:
        start = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages += [reverse(f"{start}_changelist"), reverse(f"{start}_add")]
    return pages


@pytest.mark.django_db
def test_no_form_takes_what_another_site_sends(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    found = addresses_of_forms()
    assert len(found) > 40
    refused = {page: client.post(page, {"name": "x"}).status_code for page in found}
    assert set(refused.values()) == {403}, refused


def test_a_form_of_our_own_is_taken(steward: User) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/login/").content.decode()
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    form = {"username": "steward", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    answer = client.post("/login/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(client)


# ------------------------------------------------------------------------------------------ logins


def test_five_failures_lock_a_name_from_an_address_and_say_so(
    steward: User, approver: User
) -> None:
    client = Client()
    answers = [log_in(client, "steward", f"wrong {n}") for n in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert "for 15 minutes" in answers[-1].content.decode()
    locked = log_in(client, "steward", PASSWORD)
    assert locked.status_code == 429
    assert not is_in(client)
    # Neither colleagues in the same office nor the person elsewhere are locked out.
    assert log_in(Client(), "approver", PASSWORD).status_code == 302
    elsewhere = log_in(Client(), "steward", PASSWORD, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302


def test_a_lock_ends_after_a_quarter_of_an_hour(steward: User, monkeypatch: Any) -> None:
    client = Client()
    for n in range(5):
        log_in(client, "steward", f"wrong {n}")
    now = timezone.now()
    for minutes, status in ((14, 429), (30, 302)):
        later = now + timezone.timedelta(minutes=minutes)  # type: ignore[attr-defined]
        monkeypatch.setattr("axes.handlers.proxy.now", lambda later=later: later)
        assert log_in(client, "steward", PASSWORD).status_code == status


def test_a_successful_login_forgets_earlier_failures(steward: User) -> None:
    for _ in range(3):
        client = Client()
        for n in range(4):
            assert log_in(client, "steward", f"wrong {n}").status_code == 200
        assert log_in(client, "steward", PASSWORD).status_code == 302


def test_an_account_at_rest_is_not_let_in(steward: User) -> None:
    client = Client()
    client.force_login(steward)
    assert is_in(client)
    steward.is_active = False
    steward.save()
    assert not is_in(client)
    assert log_in(Client(), "steward", PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("behind", "forwarded", "expected"),
    [
        (False, "198.51.100.9", "192.0.2.1"),
        (True, "198.51.100.9", "198.51.100.9"),
        # Whoever calls wrote the first, our proxy the last.
        (True, "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        (True, "", "192.0.2.1"),
        (True, "198.51.100.9:443", "198.51.100.9"),
        # One line of IPv6 has all addresses of its network.
        (True, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (True, "[2001:db8:1:2::7]:443", "2001:db8:1:2::"),
        # What is no address cannot be kept as one, and says nothing.
        (True, "unknown", "192.0.2.1"),
        (True, "203.0.113.5, x" + "y" * 300, "192.0.2.1"),
    ],
)
def test_who_calls_is_what_our_own_proxy_says(
    settings: Any, behind: bool, forwarded: str, expected: str
) -> None:
    settings.BEHIND_PROXY = behind
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(request) == expected


# --------------------------------------------------------------------------------------- passwords


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("eleven-char", "at least 12 characters"),
        ("steward-steward", "too similar to the username"),
        ("passwordpassword", ""),
        ("password1234", "too common"),
        ("8364019273645", "entirely numeric"),
        ("correct horse battery", ""),
    ],
)
def test_a_password_is_long_and_neither_common_nor_ones_name(password: str, said: str) -> None:
    user = User(username="steward-steward")
    if not said:
        validate_password(password, user)
        return
    with pytest.raises(ValidationError, match=said):
        validate_password(password, user)


def test_the_rules_hold_where_passwords_are_set(admin_user: User, steward: User) -> None:
    client = Client()
    client.force_login(admin_user)
    for page, form in (
        (reverse("admin:password_change"), {"old_password": "password"}),
        (reverse("admin:auth_user_password_change", args=[steward.pk]), {}),
        (reverse("admin:auth_user_add"), {"username": "somebody"}),
    ):
        names = ("new_password1", "new_password2", "password1", "password2")
        answer = client.post(page, {**form, **dict.fromkeys(names, "short")})
        assert "at least 12 characters" in answer.content.decode(), page
    assert not User.objects.filter(username="somebody").exists()


# ---------------------------------------------------------------------------------------- sessions


def test_who_logs_out_is_out(steward: User) -> None:
    client = Client()
    assert log_in(client, "steward", PASSWORD).status_code == 302
    cookie = client.cookies["sessionid"].value
    assert is_in(client)
    client.post("/logout/")
    client.cookies["sessionid"] = cookie
    assert not is_in(client)


def test_a_session_ends_with_the_browser_or_the_working_day(steward: User) -> None:
    client = Client()
    log_in(client, "steward", PASSWORD)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]
    ends_in = Session.objects.get().expire_date - timezone.now()
    assert 11.9 < ends_in.total_seconds() / 3600 < 12.1
    Session.objects.update(expire_date=timezone.now())
    assert not is_in(client)


# ----------------------------------------------------------------------------------------- headers


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/login/", "/nothing/", f"{API}/docs", f"{API}/records/partner"])
def test_every_page_says_what_it_may_load(page: str) -> None:
    answer = Client().get(page)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_an_address_that_no_database_can_look_up_is_refused(steward: User) -> None:
    client = Client()
    client.force_login(steward)
    for page in ("/records/partner/?q=%00", "/records/partner/%00/change/", "/login/?next=%00"):
        assert client.get(page).status_code == 400


def test_what_is_larger_than_any_form_is_not_read(steward: User) -> None:
    for page in ("/login/", "/records/partner/import/", f"{API}/change-requests"):
        answer = Client().post(page, "{}", "application/json", CONTENT_LENGTH=str(33 * 1024**2))
        assert answer.status_code == 413, page
        assert "send" in answer.content.decode()


def test_a_list_is_narrowed_down_by_its_own_filters_only(admin_user: User) -> None:
    client = Client()
    client.force_login(admin_user)
    for page, lookup, value in (
        # SQLite tries a pattern for as long as its writer likes.
        ("/records/partner/", "name__regex", "(a+)+$"),
        ("/records/target/", "amount__gt", "1e400"),
        ("/changes/changerequest/", "requested_at__year", "9" * 12),
        ("/changes/changerequest/", "values__name", "x"),
        ("/auth/user/", "password__startswith", "md5"),
        ("/api/apitoken/", "token_hash__startswith", "0"),
    ):
        assert client.get(page, {lookup: value}).status_code == 400, lookup
    for page, query in (
        ("/records/partner/", "channel__code__exact=x&is_active__exact=1&partner_type=coupon"),
        ("/records/channel/", "is_paid__isnull=True&parent__isnull=True"),
        ("/changes/changerequest/", "status__exact=open&entity__exact=partner&whose=mine"),
        ("/auth/user/", "groups__id__exact=1"),
    ):
        assert client.get(f"{page}?{query}").status_code == 200, query


def test_a_search_of_a_thousand_words_is_no_error_of_ours(viewer: User) -> None:
    client = Client()
    client.force_login(viewer)
    autocomplete = "/autocomplete/?app_label=records&model_name=sitedomain&field_name=partner"
    for page in ("/records/partner/?q", "/changes/changerequest/?q", f"{autocomplete}&term"):
        assert client.get(f"{page}={'a+' * 1000}").status_code == 200, page


def test_a_page_of_an_error_says_what_to_do(viewer: User, steward: User, monkeypatch: Any) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(viewer)

    def said(page: str, status: int, send: Any = None) -> str:
        answer = client.get(page) if send is None else client.post(page, send)
        assert answer.status_code == status, page
        text = answer.content.decode()
        assert "To the home page" in text
        return text

    assert "No page has this address." in said("/nothing/", 404)
    said("/nothing/at/all", 404)
    hostile = "/records/partner/<script>alert(1)<_2F>/history/"
    assert "There is no partner &lt;script&gt;" in said(hostile, 404)
    assert "Your role does not allow it" in said("/records/partner/add/", 403)
    assert "load the page again" in said("/records/partner/?name__regex=x", 400)
    assert "too old to be sent" in said("/logout/", 403, {"x": "y"})
    monkeypatch.setattr("portal.home.page", lambda request: 1 / 0)
    assert "Something went wrong on our side" in said("/", 500)


# ------------------------------------------------------------------------------------- production


def test_production_refuses_the_logins_of_the_demo(person: Person, settings: Any) -> None:
    settings.PRODUCTION = True
    name, password = next(iter(DEMO_LOGINS.items()))
    user = person("viewer", name)
    refuse_unsafe_start()
    user.set_password(password)
    user.save()
    with pytest.raises(ImproperlyConfigured, match=f"of the demo: {name}"):
        refuse_unsafe_start()
    assert [error.id for error in run_checks() if error.id == "portal.E001"] == ["portal.E001"]
    user.is_active = False
    user.save()
    refuse_unsafe_start()


def test_there_are_no_secrets_in_the_repository() -> None:
    names = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    kept_out = re.compile(r"(^|/)\.env|\.(pem|key|p12|sqlite3)$|(^|/)id_(rsa|ed25519)")
    assert [name for name in names if kept_out.search(name)] == []
    patterns = ("BEGIN [A-Z ]*PRIVATE KEY", "AKIA[0-9A-Z]{16}", "mdm_[A-Za-z0-9_-]{43}")
    found = subprocess.run(
        ["git", "grep", "-lE", "|".join(patterns), "--", ".", f":!{Path(__file__).name}"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout.splitlines() in ([], ["tests/portal/test_security.py"])
