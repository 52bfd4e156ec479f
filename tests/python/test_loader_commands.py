"""What the loader's commands answer, to people and machines, must be what the warehouse holds."""

from __future__ import annotations

import csv
import gzip
import os
import pty
import subprocess
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from loader_helpers import (
    PATIENCE,
    Lab,
    Outcome,
    assert_says,
    csv_events,
    ndjson,
    new_lab,
)

NOBODY = 65534


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a new lab with a DuckDB warehouse."""
    return new_lab(tmp_path)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Outcome]:
    """Return a warehouse with all kinds of files, and what ``load --json`` said of them."""
    lab = new_lab(tmp_path_factory.mktemp("reported"))
    lab.write("events/a.ndjson", ndjson(range(1, 11)) + b"broken\n")
    lab.write("events/b.ndjson", ndjson(range(1, 11)) + b"broken\n")
    lab.write(
        "events/c.csv", csv_events(range(20, 23), quantity="four") + csv_events(range(23, 24))
    )
    lab.write("events/d.ndjson.gz", gzip.compress(ndjson(range(100, 110)))[:-8])
    lab.write("events/unknown.ndjson", b'{"eventId": "event-99", "surprise": 1}\n')
    lab.write("elsewhere/e.xlsx", b"-")
    return lab, lab.load_with_trouble("--json")


def test_load_as_json_says_what_became_of_each_file(reported: tuple[Lab, Outcome]) -> None:
    """Guards the schedule that reads this: totals and files say the same as the ledger."""
    lab, outcome = reported
    document = outcome.json
    assert document["exit_code"] == outcome.code == 1
    ledger = {(row["path"], row["status"]): row for row in lab.records("ledger")}
    assert {(file["path"], file["status"]) for file in document["files"]} == set(ledger)
    for file in document["files"]:
        entry = ledger[file["path"], file["status"]]
        for name in ("records", "accepted", "rejected"):
            assert file[name] == (entry[name] or 0), file
        assert file["reason"] == entry["reason"]
    statuses = [status for _, status in ledger]
    totals = document["totals"]
    assert totals["loaded"] == statuses.count("loaded") == 3
    assert totals["duplicate"] == totals["set_aside"] == 1
    assert totals["records"] == totals["accepted"] + totals["rejected"]
    assert document["unmatched"] == ["elsewhere/e.xlsx"]
    unknown = [file["unknown_columns"] for file in document["files"] if file["unknown_columns"]]
    assert unknown == [["surprise"]]


def test_status_counts_what_the_warehouse_holds(reported: tuple[Lab, Outcome]) -> None:
    """Guards the daily look: files, rows, rejects and the newest event by source."""
    lab, _ = reported
    document = lab.run("status", "--json").json
    entry = next(row for row in document["sources"] if row["table_name"] == "lab__events")
    [(rows, newest)] = lab.rows("select count(*), max(clicked_at) from raw.lab__events")
    [(rejects,)] = lab.rows("select count(*) from raw._rejects")
    assert (entry["files"], entry["set_aside"]) == (3, 1)
    assert (entry["rows"], entry["rejects"]) == (rows, rejects)
    assert datetime.fromisoformat(entry["newest_event"]) == newest
    empty = next(row for row in document["sources"] if row["table_name"] == "lab__requests")
    assert (empty["files"], empty["rows"], empty["newest_event"]) == (0, 0, None)
    assert [file["path"] for file in document["set_aside"]] == ["events/d.ndjson.gz"]
    said = lab.run("status")
    assert said.code == 0
    assert_says(said, "lab__events", "lab__requests", str(newest)[:19], "events/d.ndjson.gz")


def test_rejects_are_shown_and_exported_whole(reported: tuple[Lab, Outcome]) -> None:
    """Guards the list that goes back to the sender: each rejected record with place and reason."""
    lab, _ = reported
    expected = sorted(
        (path, line, name or "", reason, text)
        for path, line, name, reason, text in lab.rows(
            "select files.path, rejects.line_number, rejects.column_name, rejects.reason,"
            " rejects.raw_text from raw._rejects as rejects inner join raw._files as files"
            " on files.file_id = rejects.file_id and files.status = 'loaded'"
        )
    )
    assert len(expected) == 5
    keys = ("path", "line_number", "column_name", "reason", "raw_text")
    document = lab.run("rejects", "--json").json
    assert document["total"] == 5
    shown = [tuple(row[key] or "" for key in keys) for row in document["rejects"]]
    assert sorted(shown) == expected
    target = lab.root / "rejects.csv"
    outcome = lab.run("rejects", "--export", str(target))
    assert outcome.code == 0
    assert_says(outcome, "5", target.name)
    with target.open(newline="", encoding="utf-8") as file:
        exported = [tuple(row[key] for key in keys) for row in csv.DictReader(file)]
    assert sorted((row[0], int(row[1]), *row[2:]) for row in exported) == expected
    assert len(lab.run("rejects", "--json", "--limit", "2").json["rejects"]) == 2
    assert lab.run("rejects", "--json", "--table", "lab__requests").json["total"] == 0
    said = lab.run("rejects")
    assert_says(said, "events/a.ndjson", "events/c.csv", "quantity", "broken")
    mistyped = lab.run("rejects", "--table", "lab")
    assert mistyped.code == 2
    assert_says(mistyped, "'lab'", "status")
    nowhere = lab.run("rejects", "--export", str(lab.root / "no" / "folder.csv"))
    assert nowhere.code != 0
    assert_says(nowhere, "folder.csv")


def test_words_without_a_terminal_are_plain_lines(reported: tuple[Lab, Outcome]) -> None:
    """Guards the log of a schedule against control characters."""
    lab, _ = reported
    for command in ("load", "status", "rejects"):
        assert "\x1b" not in lab.run(command).text
    assert "\x1b" in on_a_terminal(lab, "load"), "on a terminal there is a bar"


def test_what_is_one_is_said_in_the_singular(lab: Lab) -> None:
    """Guards the sentence that everybody reads against "1 files loaded"."""
    lab.write("events/a.ndjson", ndjson(range(1, 2)))
    said = lab.load().text
    assert "\n1 file loaded; 1 record = 1 accepted + 0 rejected." in f"\n{said}"
    lab.write("events/b.ndjson", ndjson(range(1, 2)))
    lab.write("events/c.ndjson", ndjson(range(2, 4)) + b"broken\n")
    lab.write("events/d.ndjson", ndjson(range(4, 6)))
    said = lab.load().text
    told = "2 files loaded, 1 unchanged, 1 duplicate; 5 records = 4 accepted + 1 rejected."
    assert told in said
    assert "1 of 1 rejected record; all with" in lab.run("rejects").text
    assert (
        "1 rejected record written"
        in lab.run("rejects", "--export", str(lab.root / "one.csv")).text
    )


def test_a_file_of_which_nothing_is_accepted_needs_a_person(lab: Lab) -> None:
    """Guards against a sender's change of format that is counted and passed over for weeks."""
    lab.write("events/partly.csv", csv_events(range(1, 3)) + csv_events(range(3, 4), quantity="x"))
    assert lab.load().code == 0, "a few rejected records are only told"
    lab.write("events/wholly.csv", csv_events(range(20, 23), quantity="four"))
    outcome = lab.load_with_trouble()
    assert outcome.code == 1
    assert lab.file("events/wholly.csv")["rejected"] == 3, "its records are kept as rejects"
    lab.assert_accounted()
    sentences = [line for line in outcome.text.splitlines() if "events/wholly.csv" in line]
    assert len(sentences) == 1
    assert_says(outcome, "Nothing accepted: events/wholly.csv", "rejects --table lab__events")
    assert "events/partly.csv" not in outcome.text
    again = lab.run("load", "--json")
    assert again.code == again.json["exit_code"] == 1, "it waits until somebody has mended it"
    assert {file["path"]: file["nothing_accepted"] for file in again.json["files"]} == {
        "events/partly.csv": False,
        "events/wholly.csv": True,
    }
    lab.write("events/wholly.csv", csv_events(range(20, 23), quantity="4"))
    assert lab.load().code == 0


def test_the_warning_of_the_demo_salt_stands_by_itself_at_the_end(lab: Lab) -> None:
    """Guards against a warning that the lines after it push out of sight."""
    lab.write("events/a.ndjson", ndjson(range(1, 2)) + b"broken\n")
    lab.extra["CLICKSTAR_SALT"] = ""
    outcome = lab.load()
    assert outcome.stderr.startswith("Warning: CLICKSTAR_SALT is not set, ")
    assert outcome.stderr.count("\n") == 1, "a line for a log"
    lab.extra["COLUMNS"] = "60"
    framed = on_a_terminal(lab, "load").split("accepted")[-1]
    assert "━━━" in framed
    assert "\x1b[33m" in framed
    assert "CLICKSTAR_SALT is not set" in framed
    warned = lab.run("load", "--json")
    assert warned.stderr == ""
    assert "CLICKSTAR_SALT" in warned.json["warnings"][0]


def on_a_terminal(lab: Lab, *arguments: str) -> str:
    """Run a command of the loader on a terminal and return what it wrote there."""
    mine, its = pty.openpty()
    process = subprocess.Popen(
        lab.command(*arguments),
        env={**lab.environment(), "TERM": "xterm"},
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    written = b""
    with suppress(OSError):  # Linux ends a terminal with an error, not with nothing
        while more := os.read(mine, 65536):
            written += more
    os.close(mine)
    process.wait(timeout=PATIENCE)
    text = written.decode()
    assert "Traceback" not in text, text
    return text


@pytest.mark.parametrize("command", ["status", "rejects"])
def test_questions_before_the_first_load_are_answered_in_one_sentence(
    lab: Lab, command: str
) -> None:
    """Guards the newcomer who asks first: no traceback, and no warehouse made by a question."""
    outcome = lab.run(command)
    assert outcome.code != 0
    assert_says(outcome, "load")
    assert not lab.path.exists()
    assert lab.run(command, "--json").json["exit_code"] == outcome.code


def test_a_memory_that_duckdb_does_not_understand_is_named(lab: Lab) -> None:
    """Guards against DuckDB's own words, which do not say which setting they are about."""
    lab.write("events/a.ndjson", ndjson(range(3)))
    lab.extra["CLICKSTAR_LOADER_MEMORY"] = "plenty"
    outcome = lab.run("load")
    assert outcome.code == 2
    assert_says(outcome, "CLICKSTAR_LOADER_MEMORY is 'plenty': write a size such as 1200MB.")
    lab.extra["CLICKSTAR_LOADER_MEMORY"] = "512MB"
    lab.load()
