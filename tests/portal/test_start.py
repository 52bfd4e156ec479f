"""`make mdm`: the portal on one machine, from nothing to the page where people log in."""

from __future__ import annotations

import sqlite3
import urllib.request
from pathlib import Path

import pytest

from publishing.demo import DEMO_LOGINS, make_demo_logins
from publishing.server import PortTaken, open_server
from running import manage, portal_environment, running_portal
from small_world import deliver_small_world


def test_the_portal_starts_filled_and_keeps_what_it_has(tmp_path: Path) -> None:
    deliver_small_world(tmp_path / "landing")
    environment = portal_environment(tmp_path)
    with running_portal(environment) as first:
        assert "Adopted" in first.said
        for login, password in DEMO_LOGINS.items():
            assert login in first.said
            assert password in first.said
        with urllib.request.urlopen(first.address) as page:
            assert page.status == 200
            assert b"password" in page.read()
    assert first.ended.strip().startswith("Stopped.")
    with sqlite3.connect(tmp_path / "portal.sqlite3") as database:
        database.execute("update partner set name = 'Edited' where code = 'P-1'")
        database.execute("update auth_user set password = '!' where username = 'viewer'")
    with running_portal(environment) as second:
        assert "Adopted" not in second.said
        assert DEMO_LOGINS["viewer"] not in second.said
        assert DEMO_LOGINS["steward"] in second.said
    with sqlite3.connect(tmp_path / "portal.sqlite3") as database:
        [name] = database.execute("select name from partner where code = 'P-1'").fetchone()
    assert name == "Edited"


def test_a_port_that_is_taken_is_passed_over_or_named() -> None:
    with open_server(None) as one, open_server(None) as other:
        assert one.server_port != other.server_port
        with pytest.raises(PortTaken, match=f"Port {one.server_port} is taken"):
            open_server(one.server_port)


def test_files_that_do_not_fit_are_told_before_anything_is_served(tmp_path: Path) -> None:
    deliver_small_world(tmp_path / "landing")
    with (tmp_path / "landing/master_data/partner_history.csv").open("a") as file:
        file.write("9,2026-01-01T09:00:00Z,+,,P-9,X,,nowhere,,,true,\n")
    done = manage("start", environment=portal_environment(tmp_path))
    assert done.returncode == 1
    assert "there is no channel nowhere" in done.stderr
    assert "Nothing was adopted." in done.stderr


@pytest.mark.django_db
def test_production_has_neither_this_server_nor_the_demos_logins(
    tmp_path: Path, settings: object
) -> None:
    (tmp_path / "landing").mkdir()
    environment = portal_environment(
        tmp_path, MDM_PRODUCTION="1", MDM_SECRET_KEY="x" * 60, MDM_ALLOWED_HOSTS="mdm.example"
    )
    done = manage("start", environment=environment)
    assert done.returncode == 1
    assert "gunicorn" in done.stderr
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="no demo logins"):
        make_demo_logins()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("MDM_DATABASE_URL", "mysql://127.0.0.1/portal"), ("MDM_PRODUCTION", "1")],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, setting: str, value: str) -> None:
    done = manage("start", environment=portal_environment(tmp_path, **{setting: value}))
    assert done.returncode == 1
    assert done.stderr.startswith("Wrong setting: MDM_"), done.stderr
    assert done.stderr.count("\n") == 1
