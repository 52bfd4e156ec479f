"""What goes wrong in the night: each fault is really made, and then the warehouse must be right.

Right means: the same rows as if nothing had happened, once; or the file set aside with its reason.
And what the loader says must be for a person: what, where and what to do, never a traceback
(``Lab.run`` fails on one in every test here).
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loader_helpers import (
    EVENT_COLUMNS,
    EVENT_FILES,
    EVENT_PII,
    LOADER,
    PATIENCE,
    Lab,
    Outcome,
    access_log_table,
    assert_says,
    column,
    contract_table,
    csv_events,
    event_ids,
    flipped,
    json_events,
    kill_after,
    names,
    ndjson,
    new_lab,
    parquet_events,
    parquet_of_bad_text,
    unique_name,
    write_contract,
    write_standard_contract,
    zst,
)

NOBODY = 65534


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a new lab with a DuckDB warehouse."""
    return new_lab(tmp_path)


# --- Damaged files -------------------------------------------------------------------------------

PLAIN = ndjson(range(100, 400))
PACKED = gzip.compress(PLAIN, mtime=0)
PACKED_ZST = zst(PLAIN)
PARQUET = parquet_events(range(300))
CSV = csv_events(range(20))

# path → content and a word that the reason must have, or "" where the path is enough
DAMAGED: dict[str, tuple[bytes, str]] = {
    "events/gzip cut in its middle.ndjson.gz": (PACKED[: len(PACKED) // 2], ""),
    "events/gzip cut before its checksum.ndjson.gz": (PACKED[:-8], ""),
    "events/gzip cut in its checksum.csv.gz": (gzip.compress(CSV)[:-3], ""),
    "events/gzip cut in its header.ndjson.gz": (PACKED[:5], ""),
    "events/gzip second member cut.ndjson.gz": (PACKED + gzip.compress(PLAIN[:999])[:-20], ""),
    "events/gzip of zero bytes.ndjson.gz": (b"", ""),
    "events/gzip with a flipped bit.ndjson.gz": (flipped(PACKED, len(PACKED) * 4), ""),
    "events/gzip with a flipped bit.csv.gz": (
        flipped(gzip.compress(csv_events(range(300))), 40_000),
        "",
    ),
    "events/gzip with another checksum.ndjson.gz": (flipped(PACKED, (len(PACKED) - 8) * 8), ""),
    "events/gzip with another length.ndjson.gz": (flipped(PACKED, (len(PACKED) - 4) * 8), ""),
    "events/not gzip at all.ndjson.gz": (PLAIN, ""),
    "events/zstd cut.ndjson.zst": (PACKED_ZST[: len(PACKED_ZST) // 2], ""),
    "events/zstd cut at its end.ndjson.zst": (PACKED_ZST[:-2], ""),
    "events/zstd with a flipped bit.ndjson.zst": (flipped(PACKED_ZST, len(PACKED_ZST) * 4), ""),
    "events/zstd of zero bytes.ndjson.zst": (b"", ""),
    "events/not zstd at all.csv.zst": (CSV, ""),
    "events/parquet cut.parquet": (PARQUET[: len(PARQUET) // 2], ""),
    "events/parquet of zero bytes.parquet": (b"", ""),
    "events/not parquet at all.parquet": (CSV, ""),
    "events/parquet with text that is not UTF-8.parquet": (parquet_of_bad_text(), "UTF"),
    "events/json cut.json": (json_events(range(20))[:-30], ""),
    "events/json two documents.json": (b'[{"eventId": "a"}] [{"eventId": "b"}]', ""),
    "events/json of zero bytes.json": (b"", ""),
    "events/json that is a number.json": (b"42", ""),
    "events/required column missing.csv": (CSV.replace(b"eventId,", b"eventID2,", 1), "eventId"),
    "events/utf-16.csv": (CSV.decode().encode("utf-16"), ""),
}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Outcome]:
    """Return a warehouse after a load of all damaged files and two good ones, and what was said."""
    lab = new_lab(tmp_path_factory.mktemp("damaged"))
    for path, (content, _) in DAMAGED.items():
        lab.write(path, content)
    without_id = pa.table({"note": ["no id"], "quantity": ["1"]})
    pq.write_table(without_id, lab.write("events/required column missing.parquet", b""))
    lab.write("events/a good one.ndjson", ndjson(range(1, 11)))
    lab.write("events/z good one.csv.gz", gzip.compress(csv_events(range(11, 21))))
    return lab, lab.load_with_trouble()


@pytest.mark.parametrize("path", [*DAMAGED, "events/required column missing.parquet"])
def test_a_damaged_file_is_set_aside_with_its_reason(
    damaged: tuple[Lab, Outcome], path: str
) -> None:
    """Guards against silence: DuckDB alone loads 63 of 101 thousand rows of a flipped gzip."""
    lab, outcome = damaged
    entry = lab.file(path, "set_aside")
    assert_says(outcome, path.removeprefix("events/"))
    assert entry["reason"] and "\n" not in entry["reason"]
    word = DAMAGED[path][1] if path in DAMAGED else "eventId"
    assert word in entry["reason"]
    assert lab.records("ledger", f"path = '{path}' and status = 'loaded'") == []


def test_another_delimiter_is_suspected_and_no_name_is_repeated(lab: Lab) -> None:
    """Guards against looking for a column that the file has, and against telling what it holds."""
    lab.write("events/semicolons.csv", CSV.replace(b",", b";"))
    assert_says(
        lab.load_with_trouble(), "is missing (its header has no ',': is that its delimiter?)"
    )
    reason = lab.file("events/semicolons.csv", "set_aside")["reason"]
    assert ";" not in reason.replace("; deliver", "")
    lab.write("events/semicolons.csv", CSV.replace(b"eventId,", b"eventID2,", 1))
    lab.load_with_trouble()
    assert "delimiter" not in lab.file("events/semicolons.csv", "set_aside")["reason"]


def test_damaged_files_do_not_stop_the_good_ones(damaged: tuple[Lab, Outcome]) -> None:
    """Guards that one bad delivery does not cost the night's other ones."""
    lab, _ = damaged
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 21))


def test_a_damaged_file_is_loaded_once_it_is_whole(damaged: tuple[Lab, Outcome]) -> None:
    """Guards that set aside is not for ever: the file is tried again when it changes."""
    lab, _ = damaged
    again = lab.run("load")
    assert event_ids(lab) == names(range(1, 21)), again.text
    for path in [*DAMAGED, "events/required column missing.parquet"]:
        (lab.landing / path).unlink()
    lab.write("events/gzip cut in its middle.ndjson.gz", PACKED)
    lab.write("events/zstd cut.ndjson.zst", zst(ndjson(range(400, 500))))
    lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 21)) + names(range(100, 500))


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_no_flipped_bit_anywhere_loads_wrong_rows(lab: Lab, kind: str) -> None:
    """Guards every place of a compressed file: header, body, checksum, length; 60 bits of each.

    A bit that means nothing (a gzip's time stamp) may load; then the rows must be the file's.
    """
    rows = b"".join(
        json.dumps({"eventId": f"event-{n}", "note": random.Random(n).randbytes(40).hex()}).encode()
        + b"\n"
        for n in range(1, 51)
    )
    content = gzip.compress(rows) if kind == "gz" else zst(rows)
    size = len(content) * 8
    chosen = random.Random(5).sample(range(160, size - 80), 26)
    bits = [*range(0, 80, 4), *chosen, *range(size - 64, size, 5), size - 1]
    for bit in bits:
        lab.write(f"events/{bit}.ndjson.{kind}", flipped(content, bit))
    lab.load_with_trouble()
    lab.assert_accounted()
    ledger = {entry["path"]: entry for entry in lab.records("ledger")}
    assert len(ledger) == len(bits)
    aside = 0
    for entry in ledger.values():
        if entry["status"] == "set_aside":
            aside += 1
        elif entry["status"] == "loaded":
            found = lab.accepted(entry["path"], ["event_id", "note"])
            assert [row["event_id"] for row in found.values()] == names(range(1, 51)), entry
            assert all(
                row["note"] == random.Random(number).randbytes(40).hex()
                for number, row in found.items()
            ), entry
    assert aside >= 30, f"only {aside} of {len(bits)} damaged files were noticed"


def test_bytes_after_a_gzip_neither_add_nor_lose_rows(lab: Lab) -> None:
    """Guards against a reader that stops at, or reads past, what follows a gzip member."""
    packed = gzip.compress(ndjson(range(1, 11)))
    lab.write("events/zeros.ndjson.gz", packed + b"\0" * 512)
    lab.write("events/words.ndjson.gz", packed + b"something else")
    lab.run("load")
    lab.assert_accounted()
    for entry in lab.records("ledger"):
        if entry["status"] == "loaded":
            assert event_ids(lab, entry["path"]) == names(range(1, 11))


# --- Killed, twice at once, interrupted ----------------------------------------------------------


def write_many_files(landing: Path, rows: int = 800) -> None:
    """Write eight landing files of several formats, with bad records between the good ones."""
    bad = b'{"eventId": "bad", "quantity": "abc"}\n{"eventId": \n'
    contents = {
        "a.ndjson": ndjson(range(rows)) + bad,
        "b.ndjson.gz": gzip.compress(ndjson(range(rows, 2 * rows)) + bad),
        "c.csv": csv_events(range(2 * rows, 3 * rows)) + b"one,column,more\n",
        "d.csv.gz": gzip.compress(csv_events(range(3 * rows, 4 * rows))),
        "e.parquet": parquet_events(range(4 * rows, 5 * rows)),
        "f.ndjson.zst": zst(ndjson(range(5 * rows, 6 * rows))),
        "g.json": json_events(range(6 * rows, 7 * rows)),
        "same as a.ndjson": ndjson(range(rows)) + bad,
    }
    for name, content in contents.items():
        target = landing / "events" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


class Undisturbed:
    """What a load of ``write_many_files`` gives when nothing disturbs it, and how long it takes."""

    def __init__(self, root: Path) -> None:
        self.lab = new_lab(root)
        write_many_files(self.lab.landing)
        started = time.monotonic()
        self.lab.load()
        self.seconds = time.monotonic() - started
        self.lab.assert_accounted()
        self.content = self.lab.content()

    def another(self, root: Path, **options: Any) -> Lab:
        """Return a new warehouse for the same landing files."""
        lab = new_lab(root, **options)
        lab.landing = self.lab.landing
        return lab


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Return the measure for all interrupted loads."""
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


def assert_same_content(lab: Lab, expected: Mapping[str, list[tuple[Any, ...]]]) -> None:
    """Fail unless every table holds the same rows, value by value."""
    found = lab.content()
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert len(found[table]) == len(rows), table
        assert found[table] == rows, table


def has_tables(lab: Lab) -> bool:
    """Tell whether the loader came far enough to make its tables."""
    if not lab.is_postgres and not lab.path.exists():
        return False
    try:
        lab.rows("select count(*) from raw._rejects")
    except (duckdb.CatalogException, psycopg.errors.UndefinedTable):
        return False
    return True


def test_killed_at_any_moment_and_run_again_gives_the_same_rows(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """Guards the transaction: rows without their ledger row, or twice, would show after kill -9."""

    def once(seed: int) -> int:
        lab = undisturbed.another(tmp_path / str(seed))
        share = random.Random(seed).uniform(0.3, 1.0)
        code = kill_after(lab, undisturbed.seconds * share)
        if has_tables(lab):
            lab.assert_accounted()
        lab.load()
        assert_same_content(lab, undisturbed.content)
        leftovers = {path.name for path in lab.path.parent.iterdir()} - {lab.path.name}
        assert not [name for name in leftovers if not name.endswith(".lock")], leftovers
        return code

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(once, range(20)))
    assert codes.count(-signal.SIGKILL) >= 10, f"too few were really killed: {codes}"


def test_killed_again_and_again_gives_the_same_rows(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """Guards progress: several kills in a row on one warehouse, then one run to the end."""
    lab = undisturbed.another(tmp_path)
    chance = random.Random(99)
    for _ in range(4):
        kill_after(lab, undisturbed.seconds * chance.uniform(0.4, 0.9))
    lab.load()
    assert_same_content(lab, undisturbed.content)


def test_killed_on_postgres_and_run_again_gives_the_same_rows(
    undisturbed: Undisturbed, tmp_path: Path, postgres_environment: dict[str, str]
) -> None:
    """Guards the same on a server, where an abandoned session may hold locks for a while."""
    lab = undisturbed.another(tmp_path, warehouse=postgres_environment)
    chance = random.Random(7)
    for _ in range(4):
        kill_after(lab, undisturbed.seconds * chance.uniform(0.3, 1.0))
        if has_tables(lab):
            lab.assert_accounted()
    lab.load()
    assert_same_content(lab, undisturbed.content)


def wait_until_at_work(lab: Lab, process: subprocess.Popen[str]) -> None:
    """Return once the loader holds the warehouse's lock, or has ended."""
    deadline = time.monotonic() + PATIENCE
    while not lab.path.with_name(lab.path.name + ".lock").exists() and process.poll() is None:
        assert time.monotonic() < deadline, "the loader did not start"
        time.sleep(0.01)


def test_interrupted_by_hand_says_so_and_leaves_a_right_warehouse(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """Guards Ctrl+C: a person who stops a load gets a sentence, not a traceback."""
    codes: list[int] = []
    # On a busy machine a load may be done before the signal reaches it: then as early as possible.
    for attempt, share in enumerate((0.0, 0.2, 0.4, 0.6, *[0.0] * 8)):
        if attempt >= 4 and any(codes):
            break
        lab = undisturbed.another(tmp_path / str(attempt))
        process = lab.start("load")
        wait_until_at_work(lab, process)
        time.sleep(undisturbed.seconds * share)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        codes.append(process.returncode)
        assert "Traceback" not in stdout + stderr, stdout + stderr
        assert process.returncode == 0 or "interrupted" in stderr.lower(), (codes, stdout, stderr)
        if has_tables(lab):
            lab.assert_accounted()
            assert lab.records("ledger", "status = 'set_aside'") == []
        lab.load()
        assert_same_content(lab, undisturbed.content)
    assert any(codes), "no load was really interrupted"


# The loader, which at its first file gets a signal whose exception a library does not hand on.
LOST_INTERRUPTION = """
import os, signal, sys
sys.path.insert(0, sys.argv.pop(1))
import duckdb
from clickstar_loader import cli, load

signal_number, what_becomes_of_it = int(sys.argv.pop(1)), sys.argv.pop(1)
load_text = load.FileLoad._load_text

def interrupted(self, path):
    load.FileLoad._load_text = load_text
    try:
        os.kill(os.getpid(), signal_number)
    except KeyboardInterrupt:
        if what_becomes_of_it == "dropped":
            return load_text(self, path)
        raise duckdb.InvalidInputException("counting the rows failed: KeyboardInterrupt")

load.FileLoad._load_text = interrupted
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("what_becomes_of_it", ["renamed", "dropped"])
def test_an_interruption_that_a_library_does_not_hand_on_is_one(
    lab: Lab, number: int, what_becomes_of_it: str
) -> None:
    """Guards Ctrl+C inside DuckDB's call to an Arrow table: the file is not one that is broken."""
    lab.write("events/a.ndjson", ndjson(range(3)))
    lab.write("events/b.ndjson", ndjson(range(3, 6)))
    given = [str(LOADER.parent), str(int(number)), what_becomes_of_it]
    process = subprocess.run(
        [sys.executable, "-c", LOST_INTERRUPTION, *given, *lab.command("load")[2:]],
        env=lab.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    text = process.stdout + process.stderr
    assert (process.returncode, "Interrupted" in process.stderr) == (130, True), text
    assert lab.records("ledger", "status = 'set_aside'") == [], text
    assert len(lab.records("ledger")) == (1 if what_becomes_of_it == "dropped" else 0), text
    lab.load()
    lab.assert_accounted()
    assert lab.records("ledger", "status <> 'loaded'") == []
    assert len(lab.records("ledger")) == 2


def run_together(labs: list[Lab]) -> list[Outcome]:
    """Run a load in each lab at the same time and return how each ended."""
    processes = [lab.start("load") for lab in labs]
    outcomes = []
    for process in processes:
        stdout, stderr = process.communicate(timeout=PATIENCE)
        outcomes.append(Outcome(process.returncode, stdout, stderr))
    assert not any("Traceback" in outcome.text for outcome in outcomes), outcomes
    return outcomes


def test_two_loaders_at_once_load_each_row_once(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Guards against rows that double when a schedule and a person start a load together."""
    lab = undisturbed.another(tmp_path)
    outcomes = run_together([lab, lab, lab])
    assert any(outcome.code == 0 for outcome in outcomes), outcomes
    for outcome in outcomes:
        assert outcome.code == 0 or "another" in outcome.words, outcome.text
    assert_same_content(lab, undisturbed.content)


def test_two_loaders_at_once_on_postgres_load_each_row_once(
    undisturbed: Undisturbed, tmp_path: Path, postgres_environment: dict[str, str]
) -> None:
    """Guards the same on a server, also from two machines: no lock file is shared between them."""
    one, other = (
        undisturbed.another(tmp_path / name, warehouse=postgres_environment) for name in "ab"
    )
    outcomes = run_together([one, other])
    assert any(outcome.code == 0 for outcome in outcomes), outcomes
    for outcome in outcomes:
        assert outcome.code == 0 or "another" in outcome.words, outcome.text
    assert_same_content(one, undisturbed.content)


def test_a_lost_connection_is_one_sentence_and_the_next_run_completes(
    undisturbed: Undisturbed, tmp_path: Path, postgres_environment: dict[str, str]
) -> None:
    """Guards a server that restarts in the middle of a load."""
    lab = undisturbed.another(tmp_path, warehouse=postgres_environment)
    process = lab.start("load")
    ended = 0
    with psycopg.connect(
        host=postgres_environment["CLICKSTAR_POSTGRES_HOST"],
        port=postgres_environment["CLICKSTAR_POSTGRES_PORT"],
        user=postgres_environment["CLICKSTAR_POSTGRES_USER"],
        dbname=postgres_environment["CLICKSTAR_POSTGRES_DATABASE"],
        autocommit=True,
    ) as server:
        while process.poll() is None and ended == 0:
            ended = len(
                server.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where pid !="
                    " pg_backend_pid() and datname = current_database() and query ilike 'copy%'"
                ).fetchall()
            )
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in stdout + stderr, stdout + stderr
    assert ended and process.returncode > 0, stdout + stderr
    if has_tables(lab):
        lab.assert_accounted()
    lab.load()
    assert_same_content(lab, undisturbed.content)


def test_a_server_that_is_not_there_is_one_sentence(lab: Lab) -> None:
    """Guards the most usual mistake: the server is not running, or the port is another."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab.warehouse = {
        "TARGET": "postgres",
        "CLICKSTAR_POSTGRES_HOST": "127.0.0.1",
        "CLICKSTAR_POSTGRES_PORT": str(port),
        "CLICKSTAR_POSTGRES_USER": "clickstar",
        "CLICKSTAR_POSTGRES_DATABASE": "clickstar",
    }
    lab.write("events/one.ndjson", ndjson(range(1, 3)))
    outcome = lab.load_with_trouble()
    assert_says(outcome, str(port))


def test_a_warehouse_that_another_program_holds_is_one_sentence(lab: Lab) -> None:
    """Guards the DuckDB file that a person has open in another program: DuckDB lets one write."""
    lab.write("events/one.ndjson", ndjson(range(1, 3)))
    lab.load()
    lab.write("events/two.ndjson", ndjson(range(3, 5)))
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True);"
            " sys.stdin.read()",
            str(lab.path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin and holder.stdout
    try:
        assert holder.stdout.readline() == "open\n"
        outcome = lab.load_with_trouble("--wait", "1")
    finally:
        holder.communicate("")
    assert_says(outcome, lab.path.name)
    lab.load()
    assert event_ids(lab) == names(range(1, 5))


# --- Files that change ---------------------------------------------------------------------------


def test_a_file_that_grows_while_it_is_read_is_never_half_loaded(lab: Lab) -> None:
    """Guards the file that a server still writes: one moment of it is loaded, then the rest."""
    target = lab.write("events/growing.ndjson", ndjson(range(1, 8_001)))
    written = 8_000
    stop = threading.Event()

    def grow() -> None:
        nonlocal written
        with target.open("ab", buffering=0) as file:
            while not stop.is_set():
                more = ndjson(range(written + 1, written + 101))
                half = len(more) // 2 + 7
                file.write(more[:half])
                time.sleep(0.01)
                file.write(more[half:])
                written += 100

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        outcomes = [lab.run("load") for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    lab.assert_accounted()
    loaded = lab.records("ledger", "status = 'loaded'")
    if loaded:
        found = event_ids(lab)
        assert found == names(range(1, len(found) + 1)), outcomes
        assert loaded[0]["rejected"] <= 1
        moment = target.read_bytes()[: loaded[0]["size_bytes"]]
        assert moment.count(b"\n") == loaded[0]["accepted"]
    lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, written + 1))
    assert lab.file("events/growing.ndjson")["rejected"] == 0


def test_a_replaced_file_replaces_its_rows(lab: Lab) -> None:
    """Guards corrections: the new content counts, the old is in the ledger only, and back again."""
    first, second = ndjson(range(1, 11)) + b"broken\n", ndjson(range(6, 21))
    lab.write("events/day.ndjson", first)
    lab.write("events/other.csv", csv_events(range(50, 55)))
    lab.load()
    before = lab.content()
    lab.write("events/day.ndjson", second)
    lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(6, 21)) + names(range(50, 55))
    assert lab.records("rejects") == []
    assert lab.file("events/day.ndjson", "superseded")["size_bytes"] == len(first)
    lab.write("events/day.ndjson", first)
    lab.load()
    lab.assert_accounted()
    assert lab.content()["lab__events"] == before["lab__events"]
    assert lab.content()["_rejects"] == before["_rejects"]


def test_a_file_replaced_by_a_damaged_one_keeps_its_rows_until_it_is_whole(lab: Lab) -> None:
    """Guards the good rows of yesterday against a broken delivery of today."""
    lab.write("events/day.ndjson.gz", gzip.compress(ndjson(range(1, 11))))
    lab.load()
    lab.write("events/day.ndjson.gz", gzip.compress(ndjson(range(1, 21)))[:-9])
    outcome = lab.load_with_trouble()
    assert_says(outcome, "day.ndjson.gz")
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 11))
    lab.write("events/day.ndjson.gz", gzip.compress(ndjson(range(1, 21))))
    lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 21))


def test_a_file_that_is_gone_keeps_its_rows(lab: Lab) -> None:
    """Guards against losing history when landing files are archived."""
    target = lab.write("events/day.ndjson", ndjson(range(1, 11)))
    lab.load()
    target.unlink()
    lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 11))


def test_the_same_file_under_two_names_is_loaded_once_and_reported(lab: Lab) -> None:
    """Guards the delivery that arrives twice."""
    content = ndjson(range(1, 11))
    lab.write("events/first.ndjson", content)
    lab.write("events/second.ndjson", content)
    outcome = lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 11))
    assert sorted(row["status"] for row in lab.records("ledger")) == ["duplicate", "loaded"]
    assert_says(outcome, "first.ndjson", "second.ndjson")
    again = lab.content()
    lab.load()
    assert lab.content() == again


def test_a_duplicate_steps_in_when_its_twin_is_replaced(lab: Lab) -> None:
    """Guards rows that would vanish: the twin changes, but the other name still holds them."""
    lab.write("events/first.ndjson", ndjson(range(1, 11)))
    lab.write("events/second.ndjson", ndjson(range(1, 11)))
    lab.load()
    lab.write(lab.records("ledger", "status = 'loaded'")[0]["path"], ndjson(range(30, 35)))
    lab.load()
    lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 11)) + names(range(30, 35))


def test_files_that_swap_their_contents_keep_all_rows(lab: Lab) -> None:
    """Guards log rotation: what was .1 yesterday is .2 today, and .1 is another file."""
    parts = [ndjson(range(10 * n, 10 * n + 10)) for n in range(1, 5)]
    for n in range(3):
        lab.write(f"events/log.{n}.ndjson", parts[2 - n])
    lab.load()
    for n in range(4):
        lab.write(f"events/log.{n}.ndjson", parts[3 - n])
    lab.load()
    lab.load()
    lab.assert_accounted()
    assert event_ids(lab) == names(range(10, 50))


def test_the_order_of_arrival_does_not_matter(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Guards reproducibility: files one by one in another order give the same rows and numbers."""
    lab = new_lab(tmp_path)
    files = sorted((undisturbed.lab.landing / "events").iterdir(), reverse=True)
    for file in files:
        if not file.name.startswith("same as"):
            lab.write(f"events/{file.name}", file.read_bytes())
            if file.name[0] in "geb":
                lab.load()
    lab.load()
    for table in ("lab__events", "_rejects"):
        assert lab.content()[table] == undisturbed.content[table]


# --- Columns that change -------------------------------------------------------------------------


def test_a_column_of_another_type_rejects_its_records_only(lab: Lab) -> None:
    """Guards the day on which a network sends words where it sent numbers."""
    lab.write("events/monday.csv", csv_events(range(1, 4)))
    lab.write("events/tuesday.csv", csv_events(range(4, 7), quantity="four"))
    assert_says(lab.load_with_trouble(), "events/tuesday.csv", "every record of it was rejected")
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 4))
    assert {row["column_name"] for row in lab.rejects("events/tuesday.csv")} == {"quantity"}


def with_column(name: str, data_type: str, **meta: Any) -> list[dict[str, Any]]:
    """Return the events' columns with one replaced or added."""
    others = [item for item in EVENT_COLUMNS if item["name"] != name]
    return [*others, column(name, data_type, **meta)]


def test_a_fixed_contract_and_replay_bring_the_rejected_records_in(lab: Lab) -> None:
    """Guards the way back: after the contract is fixed, replay loads the same file anew."""
    lab.write("events/day.csv", csv_events(range(1, 4), quantity="four"))
    lab.write("events/other.csv", csv_events(range(4, 7)))
    assert_says(lab.load_with_trouble(), "events/day.csv", "every record of it was rejected")
    assert len(lab.rejects("events/day.csv")) == 3
    table = contract_table(
        "events", EVENT_FILES, with_column("quantity", "varchar(20)"), pii=EVENT_PII
    )
    write_contract(lab.contracts, [table, access_log_table()])
    outcome = lab.run("replay", "events/day.csv")
    assert outcome.code == 0, outcome.text
    lab.assert_accounted()
    assert event_ids(lab) == names(range(1, 7))
    assert lab.accepted("events/day.csv", ["quantity"])[1] == {"quantity": "four"}
    assert lab.accepted("events/other.csv", ["quantity"])[1] == {"quantity": "4"}
    lab.load()
    assert event_ids(lab) == names(range(1, 7))


def test_a_column_added_to_the_contract_is_filled_by_replay(lab: Lab) -> None:
    """Guards that an unknown column, once known, comes out of _extra into its own."""
    content = csv_events(range(1, 3)).replace(b"\n", b",surprise\n", 1)
    content = content.replace(b"person1@example.com", b"person1@example.com,one")
    content = content.replace(b"person2@example.com", b"person2@example.com,two")
    lab.write("events/day.csv", content)
    outcome = lab.load()
    assert_says(outcome, "surprise")
    assert lab.file("events/day.csv")["unknown_columns"] == "surprise"
    extra = lab.accepted("events/day.csv", ["_extra"])
    assert [json.loads(row["_extra"]) for row in extra.values()] == [
        {"surprise": "one"},
        {"surprise": "two"},
    ]
    table = contract_table(
        "events", EVENT_FILES, with_column("surprise", "varchar(20)"), pii=EVENT_PII
    )
    write_contract(lab.contracts, [table, access_log_table()])
    lab.load()
    outcome = lab.run("replay", "events/day.csv")
    assert outcome.code == 0, outcome.text
    lab.assert_accounted()
    found = lab.accepted("events/day.csv", ["surprise", "_extra"])
    assert [(row["surprise"], row["_extra"]) for row in found.values()] == [
        ("one", None),
        ("two", None),
    ]


def test_a_replay_of_an_unknown_file_is_one_sentence(lab: Lab) -> None:
    """Guards a mistyped name."""
    lab.write("events/day.csv", CSV)
    lab.load()
    outcome = lab.run("replay", "events/dya.csv")
    assert outcome.code != 0
    assert_says(outcome, "events/dya.csv")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + "\n  - [", "_lab__sources.yml"),
        (lambda text: text.replace("data_type: integer", "data_type: integr"), "integr"),
        (lambda text: text.replace("format: ndjson", "format: ndjsn"), "ndjsn"),
        (lambda text: text.replace("timezone: UTC", "timezone: Mars/Base"), "Mars/Base"),
        (lambda text: text.replace("pii: prefix", "pii: prefx"), "ip_prefix"),
        (lambda text: text.replace("pii: hash", "required: false"), "ip"),
    ],
    ids=["yaml", "type", "format", "zone", "pii", "pii unprotected"],
)
def test_a_wrong_contract_is_one_sentence(
    lab: Lab, change: Callable[[str], str], said: str
) -> None:
    """Guards the person who writes a contract: the sentence names the file and the word."""
    lab.write("events/one.ndjson", ndjson(range(1, 3)))
    contract = lab.contracts / "lab" / "_lab__sources.yml"
    changed = change(contract.read_text(encoding="utf-8"))
    assert changed != contract.read_text(encoding="utf-8")
    contract.write_text(changed, encoding="utf-8")
    outcome = lab.load_with_trouble()
    assert_says(outcome, said, "_lab__sources.yml")


def test_a_landing_folder_that_is_not_there_is_one_sentence(lab: Lab) -> None:
    """Guards a mistyped LANDING: nothing loaded must not look like all is well."""
    lab.landing = lab.root / "nowhere"
    outcome = lab.load_with_trouble()
    assert_says(outcome, "nowhere")


def test_a_file_that_no_contract_knows_is_named(lab: Lab) -> None:
    """Guards the delivery with a new name, which would otherwise wait unseen for ever."""
    lab.write("events/one.ndjson", ndjson(range(1, 3)))
    lab.write("new_network/clicks.xlsx", b"something")
    outcome = lab.run("load")
    assert_says(outcome, "new_network/clicks.xlsx")
    assert event_ids(lab) == names(range(1, 3))


# --- A full disk, permissions --------------------------------------------------------------------


def bulky_events(numbers: range) -> bytes:
    """Return events whose notes no compression makes smaller."""
    return b"".join(
        ndjson(range(n, n + 1), note=random.Random(n).randbytes(95).hex()) for n in numbers
    )


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Return a folder on a disk of four megabytes, or skip where one cannot be made."""
    folder = Path(tempfile.mkdtemp(prefix="clickstar-small-disk-"))
    mounted = os.geteuid() == 0 and (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], capture_output=True
        ).returncode
        == 0
    )
    try:
        if not mounted:
            pytest.skip("a small disk needs root and mount(8); the limit on file sizes is tested")
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def test_a_full_disk_is_one_sentence_and_the_next_run_completes(
    lab: Lab, small_disk: Path, tmp_path: Path
) -> None:
    """Guards the warehouse on a disk that fills up in the middle of a load."""
    lab.write("events/a.ndjson", bulky_events(range(1, 11)))
    lab.write("events/b.ndjson.gz", gzip.compress(bulky_events(range(11, 25_000)), 1))
    whole = new_lab(tmp_path / "whole")
    whole.landing = lab.landing
    whole.load()
    lab.path = small_disk / "clickstar.duckdb"
    lab.warehouse["CLICKSTAR_DUCKDB_PATH"] = str(lab.path)
    outcome = lab.load_with_trouble()
    assert_says(outcome, "space")
    subprocess.run(["mount", "-o", "remount,size=300m", str(small_disk)], check=True)
    if has_tables(lab):
        lab.assert_accounted()
    lab.load()
    assert_same_content(lab, whole.content())


def test_a_limit_on_file_sizes_is_one_sentence_and_the_next_run_completes(lab: Lab) -> None:
    """Guards the same without root: the warehouse file may not grow past two megabytes."""
    lab.write("events/a.ndjson", bulky_events(range(1, 11)))
    lab.write("events/b.ndjson.gz", gzip.compress(bulky_events(range(11, 25_000)), 1))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    outcome = lab.load_with_trouble(preexec_fn=limit)
    assert_says(outcome, lab.path.name)
    if has_tables(lab):
        lab.assert_accounted()
    lab.load()
    assert event_ids(lab) == names(range(1, 25_000))


class Stranger(Lab):
    """A lab whose loader runs as a user without any right that root has."""

    def command(self, *arguments: str) -> list[str]:
        """Return the loader's command line as that user."""
        plain = super().command(*arguments)
        if os.geteuid() != 0:
            return plain
        user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return ["setpriv", *user, *plain]

    def own(self, path: Path) -> None:
        """Give a file or folder to that user."""
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """Return a lab of a user without rights, in a folder that every user reaches."""
    root = Path(tempfile.mkdtemp(prefix="clickstar-stranger-"))
    root.chmod(0o755)
    try:
        lab = Stranger(root)
        write_standard_contract(lab.contracts)
        if os.geteuid() == 0:
            if shutil.which("setpriv") is None:
                pytest.skip("root reads everything, and setpriv to become another user is not here")
            probe = subprocess.run([*lab.command("--help")], capture_output=True, cwd=root)
            if probe.returncode != 0:
                pytest.skip("another user cannot read this checkout or its Python")
        lab.own(lab.path.parent)
        yield lab
    finally:
        for folder, _, _ in os.walk(root):
            Path(folder).chmod(0o755)
        shutil.rmtree(root)


def test_an_unreadable_file_is_set_aside_and_the_others_are_loaded(stranger: Stranger) -> None:
    """Guards a delivery with wrong permissions."""
    stranger.write("events/a good.ndjson", ndjson(range(1, 4)))
    closed = stranger.write("events/closed.ndjson", ndjson(range(4, 7)))
    closed.chmod(0)
    outcome = stranger.load_with_trouble()
    assert_says(outcome, "events/closed.ndjson")
    assert event_ids(stranger) == names(range(1, 4))
    closed.chmod(0o644)
    stranger.load()
    stranger.assert_accounted()
    assert event_ids(stranger) == names(range(1, 7))


def test_an_unreadable_folder_is_named_and_the_others_are_loaded(stranger: Stranger) -> None:
    """Guards the folder that a plain walk skips without a word."""
    stranger.write("events/open/one.ndjson", ndjson(range(1, 4)))
    folder = stranger.write("events/closed/two.ndjson", ndjson(range(4, 7))).parent
    folder.chmod(0)
    outcome = stranger.load_with_trouble()
    assert_says(outcome, "events/closed")
    folder.chmod(0o755)
    stranger.load()
    assert event_ids(stranger) == names(range(1, 7))


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_warehouse_is_one_sentence(stranger: Stranger, what: str) -> None:
    """Guards a warehouse that belongs to somebody else."""
    stranger.write("events/one.ndjson", ndjson(range(1, 4)))
    stranger.load()
    stranger.write("events/two.ndjson", ndjson(range(4, 7)))
    target = stranger.path if what == "file" else stranger.path.parent
    mode = target.stat().st_mode
    if os.geteuid() == 0:
        os.chown(stranger.path, 0, 0)
        os.chown(target, 0, 0)
    target.chmod(0o444 if what == "file" else 0o555)
    outcome = stranger.load_with_trouble()
    assert_says(outcome, stranger.path.name)
    target.chmod(mode)
    stranger.own(stranger.path)
    stranger.own(target)
    stranger.load()
    assert event_ids(stranger) == names(range(1, 7))


# --- S3 ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def object_store() -> Iterator[dict[str, str]]:
    """Return the environment of a private S3 server on 127.0.0.1."""
    pytest.importorskip("s3fs", reason="the s3 extra is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.terminate()
        server.wait()


class Bucket(Lab):
    """A lab whose landing folder is a prefix of a bucket."""

    def __init__(self, root: Path, store: dict[str, str]) -> None:
        super().__init__(root)
        import boto3

        self.extra = dict(store)
        self.client = boto3.client(
            "s3",
            endpoint_url=store["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            region_name="us-east-1",
        )
        self.bucket = unique_name("landing").replace("_", "-")
        self.client.create_bucket(Bucket=self.bucket)

    def command(self, *arguments: str) -> list[str]:
        """Return the loader's command line on the bucket."""
        plain = super().command(*arguments)
        plain[plain.index("--landing") + 1] = f"s3://{self.bucket}/in/put"
        return plain

    def put(self, name: str, content: bytes) -> None:
        """Write an object below the prefix."""
        self.client.put_object(Bucket=self.bucket, Key=f"in/put/{name}", Body=content)


def test_s3_gives_the_same_rows_as_a_folder(
    undisturbed: Undisturbed, tmp_path: Path, object_store: dict[str, str]
) -> None:
    """Guards the one code path: same files, same rows, same ledger, wherever they lie."""
    lab = Bucket(tmp_path, object_store)
    write_standard_contract(lab.contracts)
    for file in (undisturbed.lab.landing / "events").iterdir():
        lab.put(f"events/{file.name}", file.read_bytes())
    lab.load()
    assert_same_content(lab, undisturbed.content)
    lab.load()
    assert_same_content(lab, undisturbed.content)
    lab.put("events/a.ndjson", ndjson(range(1, 3)))
    lab.put("events/broken.ndjson.gz", PACKED[:-8])
    outcome = lab.load_with_trouble()
    assert_says(outcome, "events/broken.ndjson.gz")
    lab.assert_accounted()
    assert event_ids(lab, "events/a.ndjson") == names(range(1, 3))


def test_a_bucket_that_is_not_there_is_one_sentence(
    tmp_path: Path, object_store: dict[str, str]
) -> None:
    """Guards a mistyped bucket."""
    lab = Bucket(tmp_path, object_store)
    write_standard_contract(lab.contracts)
    lab.bucket = "no-such-bucket-here"
    outcome = lab.load_with_trouble()
    assert_says(outcome, "no-such-bucket-here")
