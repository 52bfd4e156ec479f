"""`make` and `scripts/run.py`: what they offer, and what they say when something is wrong."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from clickstar_run.problems import Problem, explain
from clickstar_run.settings import read_settings
from private_postgres import PostgresServer


def run_step(repository: Path, step: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, repository / "scripts" / "run.py", step],
        cwd=repository,
        # Wide, so that a sentence stays on one line.
        env=os.environ | {"COLUMNS": "1000"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    said = done.stderr.strip()
    assert done.returncode != 0
    assert "Traceback" not in said
    assert said.count("\n") == 0, said
    for word in words:
        assert word in said


def test_make_help_lists_every_target_with_a_line(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    targets = set(phony[1].split()) - {"venv"}
    said = subprocess.run(
        ["make", "help"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout
    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", said, re.MULTILINE))
    assert set(listed) == targets


def test_an_unknown_target_is_named_with_the_known_ones(repository: Path) -> None:
    done = run_step(repository, "run", TARGET="oracle")
    assert_one_sentence(done, "TARGET=oracle", "duckdb, postgres, redshift")


def test_a_server_that_does_not_answer_is_one_sentence(repository: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    done = run_step(repository, "run", TARGET="postgres", CLICKSTAR_POSTGRES_PORT=port)
    assert_one_sentence(done, "PostgreSQL is not reachable", port, "CLICKSTAR_POSTGRES_HOST")


def test_a_database_that_does_not_exist_is_one_sentence(
    repository: Path, postgres_server: PostgresServer
) -> None:
    done = run_step(repository, "build", **postgres_server.environment("nowhere"))
    assert_one_sentence(done, "nowhere", "does not exist", "CLICKSTAR_POSTGRES_HOST")


def test_a_mistyped_landing_folder_is_not_filled_with_demo_data(
    repository: Path, tmp_path: Path
) -> None:
    mistyped = tmp_path / "landnig"
    done = run_step(repository, "run", LANDING=str(mistyped), TARGET="duckdb")
    assert_one_sentence(done, str(mistyped))
    assert not mistyped.exists()


def test_a_port_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET", "postgres")
    monkeypatch.setenv("CLICKSTAR_POSTGRES_PORT", "five")
    with pytest.raises(Problem, match="CLICKSTAR_POSTGRES_PORT=five"):
        read_settings()


def test_a_full_disk_is_explained() -> None:
    assert "disk is full" in explain(OSError(errno.ENOSPC, "No space left on device"))
    assert "disk is full" in explain('IO Error: Could not write file "x": No space left on device')


def test_a_warehouse_that_somebody_has_open_is_explained() -> None:
    said = explain('IO Error: Could not set lock on file "x.duckdb": Conflicting lock is held')
    assert "close it" in said


def test_without_python_one_sentence_says_how_to_get_it(repository: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "dirname"):
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    done = subprocess.run(
        [repository / "scripts" / "make_environment.sh"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_sentence(done, "Python 3.11", "CLICKSTAR_PYTHON")


def test_the_environment_is_left_alone_when_the_lock_did_not_change(
    repository: Path, tmp_path: Path
) -> None:
    shutil.copy(repository / "Makefile", tmp_path)
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "make_environment.sh"
    script.write_text("#!/bin/sh\necho made; mkdir -p .venv; cp requirements.lock .venv/\n")
    script.chmod(0o755)
    lock = tmp_path / "requirements.lock"

    def make() -> str:
        done = subprocess.run(
            ["make", "venv"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    lock.write_text("a==1\n")
    assert make() == "made"
    assert make() == ""
    lock.touch()
    assert make() == "", "a checkout changes the time of a file, not its content"
    lock.write_text("a==2\n")
    assert make() == "made"
