"""Two approvers at the same moment, in two processes, on each engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_postgres import private_postgres
from running import PROJECT, manage, portal_environment

ROUNDS = 10
ENGINES = ("sqlite", "postgresql")

# In each round: one request that both approve; two of one record; two moves that are right alone,
# and would make a cycle together; and two merges of the same records, each into the other.
PREPARE = f"""
from django.contrib.auth.models import Group, User
from changes.service import request_change, request_merge
from records.models import Channel, Partner

def person(name, role):
    user = User.objects.create(username=name)
    user.groups.add(Group.objects.get(name=role))
    return user

steward = person("steward", "steward")
person("approver0", "approver"), person("approver1", "approver")

def ask(record, **values):
    return request_change(steward, type(record), record.code, values, reason="because",
                          source="form", base_version=record.version).pk

for number in range({ROUNDS}):
    one, two = (Partner.objects.create(code=f"P-{{kind}}{{number}}", name="P") for kind in "ab")
    three, four = (Partner.objects.create(code=f"M-{{kind}}{{number}}", name="M") for kind in "ab")
    left, right = (Channel.objects.create(code=f"C-{{kind}}{{number}}", name="C") for kind in "ab")
    same = ask(one, name="new")
    print(same, same, ask(two, name="first"), ask(two, name="second"),
          ask(left, parent=right.code), ask(right, parent=left.code),
          request_merge(steward, four, three, reason="the same").pk,
          request_merge(steward, three, four, reason="the same").pk)
"""
APPROVE = """
import json, sys, time
from pathlib import Path
from django.contrib.auth.models import User
from changes.models import ChangeRequest
from changes.service import Refused, approve

folder, me = Path({folder!r}), {me}
user = User.objects.get(username=f"approver{{me}}")
applied = [0, 0, 0, 0]
for number, line in enumerate({rounds!r}):
    for case in range(4):
        # Both begin at the same moment, or the second would find what the first has done.
        (folder / f"{{number}}-{{case}}-{{me}}").touch()
        until = time.monotonic() + 60
        while not (folder / f"{{number}}-{{case}}-{{1 - me}}").exists():
            assert time.monotonic() < until, "The other one did not come."
            time.sleep(0.0002)
        try:
            approve(ChangeRequest.objects.get(pk=line[2 * case + me]), user)
            applied[case] += 1
        except Refused as refused:
            assert "try it again" not in str(refused), refused
print(json.dumps(applied))
"""
LOOK = """
import json
from records.models import Channel, Partner
print(json.dumps([
    sorted({p.history.count() for p in Partner.objects.filter(code__startswith="P-")}),
    sorted({p.version for p in Partner.objects.filter(code__startswith="P-")}),
    Partner.objects.filter(merged_into__isnull=False).count(),
    Channel.objects.filter(parent__isnull=False).count(),
]))
"""


@pytest.fixture(params=ENGINES)
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield portal_environment(tmp_path)
        return
    with private_postgres() as server:
        server.create_database("portal")
        url = f"postgresql://{server.user}@{server.host}:{server.port}/portal"
        yield portal_environment(tmp_path, MDM_DATABASE_URL=url)


def said(code: str, environment: dict[str, str]) -> str:
    done = manage("shell", "--verbosity", "0", "-c", code, environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_two_approve_at_once_is_applied_once(
    environment: dict[str, str], tmp_path: Path
) -> None:
    assert manage("migrate", environment=environment).returncode == 0
    rounds = [[int(pk) for pk in line.split()] for line in said(PREPARE, environment).splitlines()]
    approvers = [
        subprocess.Popen(
            [
                *(sys.executable, PROJECT / "mdm" / "manage.py", "shell", "--verbosity", "0", "-c"),
                APPROVE.format(folder=str(tmp_path), me=me, rounds=rounds),
            ],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in (0, 1)
    ]
    applied = [json.loads(process.communicate(timeout=120)[0]) for process in approvers]
    # Of each pair one was applied, whoever was first.
    assert [sum(case) for case in zip(*applied, strict=True)] == [ROUNDS] * 4, applied
    # A creation and one change each; a tree without cycles; nothing merged both ways.
    assert json.loads(said(LOOK, environment)) == [[2], [2], ROUNDS, ROUNDS]
