"""The portal as production runs it: settings that refuse, and gunicorn with collected files."""

from __future__ import annotations

import http.client
import re
import runpy
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ImproperlyConfigured

from publishing.demo import DEMO_LOGINS
from running import PROJECT, manage, portal_environment

HOST = "portal.example"
PASSWORD = "correct horse battery"
SETTINGS = PROJECT / "mdm" / "portal" / "settings.py"
# A text for tests; whoever runs a portal makes a random one.
SECRET = "for-tests-only/" + "0123456789abcdef" * 4
BY_HTTPS = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.9"}


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MDM_ALLOWED_HOSTS": HOST}, "MDM_SECRET_KEY is missing or shorter"),
        ({"MDM_ALLOWED_HOSTS": HOST, "MDM_SECRET_KEY": "short"}, "MDM_SECRET_KEY is missing"),
        ({"MDM_SECRET_KEY": SECRET}, "MDM_ALLOWED_HOSTS is missing"),
        ({"MDM_SECRET_KEY": SECRET, "MDM_ALLOWED_HOSTS": " , "}, "MDM_ALLOWED_HOSTS is missing"),
    ],
)
def test_production_refuses_what_only_a_demo_may_have(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], said: str
) -> None:
    for name in ("MDM_SECRET_KEY", "MDM_ALLOWED_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"MDM_PRODUCTION": "1", **environment}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        runpy.run_path(str(SETTINGS))


# ---------------------------------------------------------------------------------------- gunicorn


@dataclass
class Production:
    """A portal behind a proxy that we play ourselves."""

    environment: dict[str, str]
    port: int

    def call(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] = BY_HTTPS
    ) -> tuple[http.client.HTTPResponse, str]:
        """Call it by plain HTTP, as the proxy does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body.encode(), dict(headers))
            answer = connection.getresponse()
            return answer, answer.read().decode(errors="replace")
        finally:
            connection.close()


def gunicorn(*options: str) -> list[str]:
    return [sys.executable, "-m", "gunicorn", "--chdir", "mdm", *options, "portal.wsgi"]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    environment = portal_environment(
        folder,
        MDM_PRODUCTION="1",
        MDM_SECRET_KEY=SECRET,
        MDM_ALLOWED_HOSTS=HOST,
        MDM_BEHIND_PROXY="1",
        MDM_STATIC_ROOT=str(folder / "static"),
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    for command in (
        ["migrate", "--verbosity", "0"],
        ["collectstatic", "--noinput", "--verbosity", "0"],
        ["createsuperuser", "--noinput", "--username", "owner", "--email", "owner@portal.example"],
    ):
        done = manage(*command, environment=environment)
        assert done.returncode == 0, done.stderr
    process = subprocess.Popen(
        gunicorn("--bind", "127.0.0.1:0", "--workers", "1", "--threads", "2"),
        cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    said = ""
    try:
        for line in process.stderr:
            said += line
            found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line)
            if found:
                yield Production(environment, int(found[1]))
                break
        else:
            pytest.fail(said)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_checks_for_production_find_nothing(production: Production) -> None:
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING", environment=production.environment
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "no issues" in done.stdout


def test_who_calls_by_http_is_sent_to_https(production: Production) -> None:
    answer, _ = production.call("GET", "/login/", headers={"Host": HOST})
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/login/")


def test_a_host_that_is_not_ours_is_refused(production: Production) -> None:
    answer, _ = production.call("GET", "/login/", headers={**BY_HTTPS, "Host": "other.example"})
    assert answer.status == 400


def test_a_person_logs_in_with_cookies_that_travel_by_https_only(production: Production) -> None:
    answer, page = production.call("GET", "/login/")
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == (
        "max-age=31536000; includeSubDomains; preload"
    )
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["csrftoken"]
    assert cookie["secure"]
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    form = {"username": "owner", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    headers = {
        **BY_HTTPS,
        "Cookie": f"csrftoken={cookie.value}",
        "Referer": f"https://{HOST}/login/",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer, _ = production.call("POST", "/login/", urlencode(form), headers)
    assert answer.status == 302
    cookies = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or []))
    session = next(
        line for line in answer.headers.get_all("Set-Cookie") or [] if line.startswith("sessionid")
    )
    assert "Secure" in session
    assert "HttpOnly" in session
    home, _ = production.call(
        "GET", "/", headers={**BY_HTTPS, "Cookie": f"sessionid={cookies['sessionid'].value}"}
    )
    assert home.status == 200
    answer, _ = production.call("POST", "/login/", urlencode(form), {**headers, "Referer": ""})
    assert answer.status == 403


@pytest.mark.parametrize("page", ["/login/", "/api/v1/docs"])
def test_every_script_and_style_is_ours_and_kept_by_browsers(
    production: Production, page: str
) -> None:
    _, text = production.call("GET", page)
    files = re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg|png|woff2))"', text)
    assert files
    for name in files:
        assert re.fullmatch(r"/static/[\w/.-]+\.[0-9a-f]{12}\.\w+", name), name
        answer, _ = production.call("GET", name, headers={**BY_HTTPS, "Accept-Encoding": "gzip"})
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        if name.endswith((".js", ".css")) and int(answer.headers["Content-Length"]) > 1000:
            assert answer.headers["Content-Encoding"] == "gzip", name


def test_the_api_answers_there_too(production: Production) -> None:
    answer, text = production.call("GET", "/api/v1/records/partner")
    assert (answer.status, answer.headers["Content-Type"]) == (
        401, "application/json; charset=utf-8",
    )  # fmt: skip
    assert "Send a token" in text


def test_a_portal_with_a_login_of_the_demo_does_not_start(
    production: Production, tmp_path: Path
) -> None:
    copy = tmp_path / "portal.sqlite3"
    source = production.environment["MDM_DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(copy)) as other:
        one.backup(other)
        password = PBKDF2PasswordHasher().encode(DEMO_LOGINS["viewer"], "salt", iterations=1)
        other.execute("update auth_user set username = 'viewer', password = ?", [password])
        other.commit()
    environment = {**production.environment, "MDM_DATABASE_URL": f"sqlite:///{copy}"}
    started = subprocess.run(
        gunicorn("--check-config"), cwd=PROJECT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert started.returncode != 0
    assert "Everybody knows the passwords of the demo: viewer." in started.stderr
