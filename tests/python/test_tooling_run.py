"""`make` and `scripts/run.py`: what they offer, and what they say when something is wrong."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
from rich.console import Console

import run as run_script
from clickstar_run.changes import Rows, State, describe, read_state
from clickstar_run.dbt_steps import Build, Node
from clickstar_run.portal import there_is_a_portal
from clickstar_run.problems import Problem, explain
from clickstar_run.settings import read_settings
from private_postgres import PostgresServer
from warehouses import Warehouse


def run_script_file(
    repository: Path, name: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, repository / "scripts" / name, *arguments],
        cwd=repository,
        # Wide, so that a sentence stays on one line.
        env=os.environ | {"COLUMNS": "1000"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run_step(repository: Path, step: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_script_file(repository, "run.py", step, **environment)


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


@pytest.mark.parametrize("threads", ["0", "-1", "two", "1.5", ""])
def test_a_number_of_threads_that_dbt_cannot_use_is_named(threads: str) -> None:
    """Guards `make build` and `make rejudge`: dbt would fail with a traceback of its own."""
    with pytest.raises(Problem, match=f"CLICKSTAR_THREADS is '{threads}'.*whole number above 0"):
        read_settings({"CLICKSTAR_THREADS": threads})
    assert read_settings({"CLICKSTAR_THREADS": "4"}) == read_settings({})


@pytest.mark.parametrize("memory", ["lots", "6 parsecs", ""])
def test_a_memory_that_duckdb_does_not_understand_is_named(memory: str) -> None:
    """Guards `make build`: DuckDB's own words do not say which setting they are about."""
    with pytest.raises(Problem, match=f"CLICKSTAR_DUCKDB_MEMORY is '{memory}': write a size"):
        read_settings({"CLICKSTAR_DUCKDB_MEMORY": memory})
    assert read_settings({"CLICKSTAR_DUCKDB_MEMORY": "512 MB"}) == read_settings({})
    assert read_settings({"TARGET": "postgres", "CLICKSTAR_DUCKDB_MEMORY": memory})


@pytest.mark.parametrize("built", ["no file", "nothing", "verdicts"])
def test_rejudging_before_the_first_build_is_one_sentence(
    built: str, repository: Path, tmp_path: Path
) -> None:
    """Guards against the log of dbt, or a missing table, as an answer; and nothing may be made."""
    path = tmp_path / "one.duckdb"
    if built != "no file":
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema intermediate")
            if built == "verdicts":
                connection.execute("create table intermediate.int_clicks__verdicts (click_id int)")
    before = path.read_bytes() if path.exists() else None
    done = run_script_file(
        repository, "rejudge.py", TARGET="duckdb", CLICKSTAR_DUCKDB_PATH=str(path)
    )
    assert_one_sentence(done, "No click is judged yet: make build first.")
    assert (path.read_bytes() if path.exists() else None) == before


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


# --- What a run says that it changed --------------------------------------------------------------

MARTS = ("dim_device", "dim_partner", "fct_clicks")


def state(
    days: dict[int, tuple[int, int]],
    files: tuple[int, ...] = (),
    **dimensions: tuple[int, int],
) -> State:
    """Return marts with so many rows and such fingerprints; the clicks by day."""
    clicks = [Rows(count, Decimal(fingerprint)) for count, fingerprint in days.values()]
    total = Rows(
        sum(day.count for day in clicks), sum((day.fingerprint for day in clicks), Decimal(0))
    )
    tables = {name: Rows(count, Decimal(number)) for name, (count, number) in dimensions.items()}
    return State(
        tables | {"fct_clicks": total}, dict(zip(days, clicks, strict=True)), frozenset(files)
    )


BEFORE = state(
    {20260301: (100, 5), 20260302: (10, 7)}, (1, 2), dim_device=(3, 1), dim_partner=(4, 1)
)
# What is different from BEFORE, how many files were just loaded, and what must be said.
SAID: dict[str, tuple[State, int | None, str]] = {
    "nothing, loaded and built": (
        BEFORE,
        0,
        "Nothing changed: no file was loaded, and every row of the 3 marts is as it was.",
    ),
    "nothing, built only": (
        BEFORE,
        None,
        "Nothing changed: no file with clicks is new or gone, and every row of the 3 marts is as it"
        " was.",
    ),
    "a file that brought nothing": (
        BEFORE,
        1,
        "1 file loaded, but nothing changed by it: every row of the 3 marts is as it was.",
    ),
    "clicks": (
        state(
            {20260301: (98, 4), 20260302: (10, 7), 20260401: (1205, 9)},
            (2, 3, 4),
            dim_device=(3, 1),
            dim_partner=(4, 1),
        ),
        2,
        "Changed: 2 files with clicks new, 1 file with clicks gone, clicks +1,205 −2 ="
        " 1,313 clicks, 2 days of clicks rebuilt with other rows (2026-03-01 to 2026-04-01).",
    ),
    "other rows, as many": (
        state(
            {20260301: (100, 5), 20260302: (10, 8)}, (1, 2), dim_device=(3, 1), dim_partner=(4, 1)
        ),
        0,
        "Changed: clicks ±0 = 110 clicks, 1 day of clicks rebuilt with other rows (2026-03-02).",
    ),
    "dimensions": (
        state(
            {20260301: (100, 5), 20260302: (10, 7)}, (1, 2), dim_device=(1, 1), dim_partner=(4, 2)
        ),
        0,
        "Changed: dim_device −2, dim_partner with other rows.",
    ),
    "a file whose clicks were known": (
        state(
            {20260301: (100, 5), 20260302: (10, 7)},
            (1, 2, 3),
            dim_device=(3, 1),
            dim_partner=(4, 1),
        ),
        1,
        "Changed: 1 file with clicks new.",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_a_run_says_in_a_sentence_what_changed(case: str) -> None:
    after, loaded, sentence = SAID[case]
    assert describe(BEFORE, after, MARTS, loaded) == sentence


def test_the_first_run_says_that_everything_is_new() -> None:
    said = describe(State({}, {}, frozenset()), BEFORE, MARTS, 4)
    assert said == "Changed: everything is new, 3 marts for the first time."


def test_a_snapshot_counts_as_a_mart_does() -> None:
    """Guards what only a snapshot keeps, such as the terms of programs: no mart changes with it."""
    snapshots = ("published_partners",)
    known = State(
        BEFORE.tables | {"published_partners": Rows(4, Decimal(9))},
        BEFORE.click_days,
        BEFORE.click_files,
    )
    more = State(
        BEFORE.tables | {"published_partners": Rows(5, Decimal(8))},
        BEFORE.click_days,
        BEFORE.click_files,
    )
    nothing = State({}, {}, frozenset())
    said = [describe(before, after, MARTS, 0, snapshots)
            for before, after in ((nothing, known), (known, known), (known, more))]  # fmt: skip
    assert said == [
        "Changed: everything is new, 3 marts and 1 snapshot for the first time.",
        "Nothing changed: no file was loaded, and every row of the 3 marts and 1 snapshot is as it"
        " was.",
        "Changed: published_partners +1.",
    ]


# Each changes the rows without changing how many there are.
UNSEEN_BY_COUNTING = (
    "update marts.fct_clicks set cost = 0.02 where click_id = 1",
    "update marts.fct_clicks set sub_id = null where click_id = 2",
    "update marts.fct_clicks set sub_id = case click_id when 1 then 'b' else 'a' end",
    "update marts.fct_clicks set date_key = 20260302",
    "update marts.dim_device set is_bot = not is_bot",
    "update snapshots.published_partners set known_to = timestamp '2026-06-03 04:00:00'",
)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_every_value_of_the_marts_counts(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Guards "every row is as it was": a change that leaves the number of rows must be seen."""
    if engine == "duckdb":
        environment = {"TARGET": "duckdb", "CLICKSTAR_DUCKDB_PATH": str(tmp_path / "one.duckdb")}
    else:
        environment = dict(request.getfixturevalue("postgres_environment"))
    settings = read_settings(environment)

    def execute(*statements: str) -> None:
        if settings.server is None:
            with duckdb.connect(str(settings.duckdb_path)) as connection:
                for statement in statements:
                    connection.execute(statement)
            return
        server = settings.server
        with psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=server.database,
        ) as session:
            for statement in statements:
                session.execute(statement.encode())

    if engine == "duckdb":
        assert read_state(settings) == State({}, {}, frozenset()), "before the first build"
    execute(
        *("create schema marts", "create schema intermediate"),
        "create table marts.fct_clicks"
        " (click_id bigint, date_key integer, sub_id varchar(9), cost numeric(18, 6))",
        "create table marts.dim_device (device_key bigint, is_bot boolean)",
        "create table marts.dim_empty (key bigint)",
        "create schema snapshots",
        "create table snapshots.published_partners (partner_code varchar(9), known_to timestamp)",
        "insert into snapshots.published_partners values ('P1', timestamp '9999-12-31')",
        "create view marts.dim_today as select current_timestamp as at",
        "create table intermediate.int_clicks__user_agents (file_id bigint, user_agent varchar(9))",
        "insert into marts.fct_clicks values"
        " (1, 20260301, 'a', 0.01), (2, 20260301, 'b', null), (3, 20260302, null, null)",
        "insert into marts.dim_device values (-1, true), (5, true)",
        "insert into intermediate.int_clicks__user_agents values (7, 'x'), (7, null), (8, null)",
    )
    states = [read_state(settings)]
    assert {name: mart.count for name, mart in states[0].tables.items()} == {
        "fct_clicks": 3,
        "dim_device": 2,
        "dim_empty": 0,
        "published_partners": 1,
    }
    assert {day: rows.count for day, rows in states[0].click_days.items()} == {
        20260301: 2,
        20260302: 1,
    }
    assert states[0].click_files == {7, 8}
    # The same rows in another order, as a table that is built anew has them.
    execute(
        "create table marts.again as select * from marts.fct_clicks order by click_id desc",
        "drop table marts.fct_clicks",
        "alter table marts.again rename to fct_clicks",
    )
    assert read_state(settings) == states[0]
    for change in UNSEEN_BY_COUNTING:
        execute(change)
        states.append(read_state(settings))
        [table] = [name for name in states[0].tables if f".{name} " in change]
        assert states[-1].tables[table] != states[-2].tables[table], change
        assert states[-1].tables[table].count == states[0].tables[table].count


class DbtStandIn:
    """Takes the place of dbt in a run: "builds" a mart by a statement."""

    statements: tuple[str, ...] = ()

    def __init__(self, console: Console, settings: object) -> None:
        self._file = os.environ["CLICKSTAR_DUCKDB_PATH"]

    def build(self, *, unit_tests_again: bool = True) -> Build:
        """Run the statements."""
        with duckdb.connect(self._file) as connection:
            for statement in self.statements:
                connection.execute(statement)
        names = ("model.clickstar.fct_clicks", "fct_clicks", "model", "marts", "success", "", "One")
        return Build([Node(*names, 0.1, "fct_clicks.sql", "")])

    def docs(self) -> Path:
        """Write nothing."""
        return Path("site/index.html")


@pytest.fixture
def lines_of_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return a way to run a step with a stand-in for dbt: its exit code and what it printed."""
    landing = tmp_path / "landing"
    landing.mkdir()
    for name, value in Warehouse("duckdb", tmp_path).environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LANDING", str(landing))
    monkeypatch.setattr(run_script, "Dbt", DbtStandIn)

    def step(chosen: str, *statements: str, code: int = 0) -> list[str]:
        monkeypatch.setattr(DbtStandIn, "statements", statements)
        console = Console(highlight=False, width=200, file=(tmp_path / "said").open("w"))
        settings = read_settings()
        function = run_script.run if chosen == "run" else run_script.build_only
        assert function(console, settings) == code
        console.file.close()
        return [line.rstrip() for line in (tmp_path / "said").read_text().splitlines()]

    return step


ONE_CLICK = (
    "create schema if not exists marts",
    "create or replace table marts.fct_clicks as select 20260301 as date_key, 1 as visitor_id,"
    " 'a' as source_name, timestamp '2026-03-01' as clicked_at, 0.1 as cost_amount,"
    " 'EUR' as currency_code, 'unique' as click_class",
)
REQUEST = (
    '203.0.113.7 - - [01/Mar/2026:10:00:00 +0000] "GET /go?sid={} HTTP/1.1" 302 0 "-" "Agent"\n'
)


def test_a_second_run_says_that_nothing_changed(
    tmp_path: Path, lines_of_run: Callable[..., list[str]]
) -> None:
    """Guards the moments of comparison: what the load or the build did must lie between them."""
    log = tmp_path / "landing" / "access_log" / "site" / "access.log"
    log.parent.mkdir(parents=True)
    log.write_text(REQUEST.format(1))
    new = "Changed: everything is new, 1 mart for the first time."
    assert new in lines_of_run("run", *ONE_CLICK)
    nothing = "Nothing changed: no file was loaded, and every row of the 1 mart is as it was."
    assert nothing in lines_of_run("run", *ONE_CLICK)
    log.write_text(REQUEST.format(1) + REQUEST.format(22))
    told = "1 file loaded, but nothing changed by it: every row of the 1 mart is as it was."
    assert told in lines_of_run("run", *ONE_CLICK)
    once_more = "insert into marts.fct_clicks select * from marts.fct_clicks"
    changed = "Changed: clicks +1 = 2 clicks, 1 day of clicks rebuilt with other rows (2026-03-01)."
    assert changed in lines_of_run("build", once_more)
    nothing = "Nothing changed: no file with clicks is new or gone, and every row of the 1 mart is"
    assert f"{nothing} as it was." in lines_of_run("build")


def test_a_run_ends_with_the_warning_of_the_demo_salt(
    tmp_path: Path, lines_of_run: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards against a warning that a page of tables pushes out of sight."""
    (tmp_path / "landing" / "access_log").mkdir()
    assert not any("CLICKSTAR_SALT" in line for line in lines_of_run("run", *ONE_CLICK))
    monkeypatch.setenv("CLICKSTAR_SALT", "")
    *_, warning, done = lines_of_run("run")
    assert warning.startswith("Warning: CLICKSTAR_SALT is not set, so personal data is hashed")
    assert done.startswith("Done in ")


def test_a_run_builds_what_there_is_though_a_file_was_rejected_whole(
    tmp_path: Path, lines_of_run: Callable[..., list[str]]
) -> None:
    """Guards the night's reports: one bad file must be told, and must not stop the others."""
    log = tmp_path / "landing" / "access_log" / "site" / "access.log"
    log.parent.mkdir(parents=True)
    log.write_text("not a line of a log\n" * 2)
    said = lines_of_run("run", *ONE_CLICK, code=1)
    assert "  access_log/site/access.log: every record of it was rejected" in said
    assert any(line.startswith("Changed: everything is new") for line in said)
    # At the end, where the exit code is seen: the tables have pushed the reason out of sight.
    sentence = "Somebody must see to access_log/site/access.log: nothing was loaded, see above."
    assert said[-2:-1] == [f"Warning: {sentence}"]
    log.with_name("other.log").write_text("nor is this one\n")
    *_, warning, _ = lines_of_run("run", code=1)
    assert "access_log/site/access.log and 1 more file: nothing was loaded" in warning


def test_a_wrong_setting_of_the_loader_ends_a_run_though_a_file_waits(
    tmp_path: Path, lines_of_run: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards against the numbers of yesterday under a warning about a file of yesterday."""
    log = tmp_path / "landing" / "access_log" / "site" / "access.log"
    log.parent.mkdir(parents=True)
    log.write_text("not a line of a log\n")
    lines_of_run("run", *ONE_CLICK, code=1)
    monkeypatch.setenv("CLICKSTAR_LOADER_MEMORY", "plenty")
    assert not any(line.startswith("Done in") for line in lines_of_run("run", code=2))


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("postgresql://portal@db.example/portal", True),
        ("sqlite:///{folder}/there.sqlite3", True),
        ("sqlite:///{folder}/not-there.sqlite3", False),
    ],
)
def test_a_portal_is_there_when_its_database_is(url: str, there: bool, tmp_path: Path) -> None:
    (tmp_path / "there.sqlite3").touch()
    assert there_is_a_portal({"MDM_DATABASE_URL": url.format(folder=tmp_path)}) is there


def test_publishing_without_a_portal_is_one_sentence(repository: Path) -> None:
    assert_one_sentence(run_step(repository, "publish"), "no portal yet", "make mdm")


def test_a_portal_that_cannot_publish_ends_the_run_in_one_sentence(
    repository: Path, tmp_path: Path
) -> None:
    """Guards against reports that are built without edits which everybody believes are in."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "a.csv").touch()
    (tmp_path / "empty.sqlite3").touch()
    done = run_step(
        repository,
        "run",
        LANDING=str(tmp_path / "landing"),
        MDM_DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        CLICKSTAR_DUCKDB_PATH=str(tmp_path / "one.duckdb"),
    )
    assert_one_sentence(done, "portal's database cannot be used", "manage.py migrate")
    assert not (tmp_path / "one.duckdb").exists()


def test_a_run_does_not_wait_for_django(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, run; sys.exit('django' in sys.modules)"],
        cwd=repository / "scripts",
        check=False,
    )
    assert done.returncode == 0
