"""Personal data must not be found in the warehouse: not in a value, not in a byte, not in a word.

Addresses, cookies and e-mails are planted wherever a careless file may have them, and then searched
for in every value, in the bytes of the warehouse and its log, and in what the loader says.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loader_helpers import (
    EVENT_FIELDS,
    PATIENCE,
    Lab,
    Outcome,
    assert_says,
    column,
    contract_table,
    event,
    kill_after,
    ndjson,
    new_lab,
    write_contract,
)

NOBODY = 65534


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a new lab with a DuckDB warehouse."""
    return new_lab(tmp_path)


SECRETS = {
    "IPv4": "203.0.113.77",
    "IPv6": "2001:db8:85a3::8a2e:370:7334",
    "IPv6 in full": "2001:0db8:85a3:0000:0000:8a2e:0370:9999",
    "cookie": "9f8e7d6c5b4a-cookie-of-a-person",
    "e-mail": "jane.doe+shop@example.org",
}


def write_secrets(lab: Lab) -> None:
    """Write each secret into fields of personal data, rejected records and unknown columns."""
    lines: list[bytes] = []

    def add(fields: Mapping[str, Any], change: Callable[[bytes], bytes] = bytes) -> None:
        lines.append(change(json.dumps(fields).encode()))

    for ip in (SECRETS["IPv4"], SECRETS["IPv6"], SECRETS["IPv6 in full"]):
        person = {"ip": ip, "cookie": SECRETS["cookie"], "email": SECRETS["e-mail"]}
        one = {"eventId": "findable-marker", **person}
        add(one)
        add({**one, "quantity": "findable-wrong"})
        add({**person, "note": "no id"})
        add(one, lambda raw: raw[:-1])
        add(one, lambda raw: raw + b"\xff\xfe")
        add(one, lambda raw: raw + b"}")
        add({"quantity": "x", **one}, lambda raw: raw.replace(b"findable", b"a\0b"))
        add({**one, "note": "x" * 300})
        add({"eventId": "u", "clientAddress": ip, "contact": SECRETS["e-mail"]})
        add({"eventId": "u", "visitor": {"addresses": [ip], "mail": f"Jane <{SECRETS['e-mail']}>"}})
        add({"eventId": "u", "surprise": f"from {ip}:8080, {ip};", "quantity": "bad"})
    lab.write("events/secret.ndjson", b"\n".join(lines))
    lab.write("events/secret.json", b"[" + b",".join(lines[:3]) + b"]")
    lab.write("events/secret and broken.json", b"[" + b",".join(lines[:4]) + b"]")
    rows = []
    for ip in (SECRETS["IPv4"], SECRETS["IPv6"], SECRETS["IPv6 in full"]):
        fields = event(1, ip=ip, cookie=SECRETS["cookie"], email=SECRETS["e-mail"])
        values = [fields[name] for name in EVENT_FIELDS]
        rows += [
            [*values, f"unknown {ip}"],
            [*values, SECRETS["e-mail"], "one", "too many"],
            values[:3] + values[-3:],
            ["moved", *values],
            [*values[:3], "bad quantity", *values[4:], ip],
        ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*EVENT_FIELDS, "who"])
    writer.writerows(rows)
    open_quote = (
        f'event-9,"never closed,{SECRETS["IPv4"]},{SECRETS["cookie"]},{SECRETS["e-mail"]}\n'
    )
    lab.write("events/secret.csv", text.getvalue() + open_quote)
    columns = {
        "eventId": ["parquet", "parquet bad", None],
        "quantity": ["1", "abc", "1"],
        "ip": [SECRETS["IPv4"], SECRETS["IPv6"], SECRETS["IPv4"]],
        "cookie": [SECRETS["cookie"]] * 3,
        "email": [SECRETS["e-mail"]] * 3,
        "unknown": [SECRETS["IPv6"], SECRETS["IPv4"], SECRETS["e-mail"]],
    }
    pq.write_table(pa.table(columns), lab.write("events/secret.parquet", b""))
    log = []
    for ip in (SECRETS["IPv4"], SECRETS["IPv6"], SECRETS["IPv6 in full"]):
        start = f"{ip} - {SECRETS['cookie']} "
        end = '"GET /findable-marker HTTP/1.1" 200 5 "-" "agent"'
        log += [
            f"{start}[17/May/2015:10:05:03 +0000] {end}",
            f"{start}[99/May/2015:10:05:03 +0000] {end}",
            f"{start}[17/May/2015:10:05:03 +0000] {end}"[:70],
            f"no log line, {ip}",
            f"{start}[17/May/2015:10:05:03 +0000] {end}".replace(" 200 ", " 99999 "),
        ]
    lab.write("requests/secret.log", "\n".join(log))


def assert_no_secret(lab: Lab, *also: str) -> None:
    """Fail when a secret can be read in any value or any byte of the warehouse, or in ``also``."""
    found = []
    for table in [*lab.raw_tables(), "_files", "_rejects", "_user_agents"]:
        for row in lab.rows(f"select * from raw.{table}"):
            for value in row:
                found += [
                    (table, kind, value)
                    for kind, secret in SECRETS.items()
                    if isinstance(value, str) and secret.lower() in value.lower()
                ]
    assert not found, found
    for text in also:
        for kind, secret in SECRETS.items():
            assert secret not in text, (kind, text)


def test_no_planted_address_cookie_or_mail_can_be_found(lab: Lab) -> None:
    """Guards the promise on personal data, in values and in the bytes of the file and its log."""
    write_secrets(lab)
    outcome = lab.run("load")
    lab.assert_accounted()
    exported = lab.root / "export"
    exported.mkdir()
    shown = lab.run("rejects", "--export", str(exported / "rejects.csv"))
    files = [path for folder in (lab.path.parent, exported) for path in folder.rglob("*")]
    texts = [path.read_bytes().decode("latin-1") for path in files if path.is_file()]
    assert_no_secret(lab, outcome.text, shown.text, *texts)
    assert any("findable-marker" in text for text in texts), "the search itself finds nothing"
    assert len(lab.rows("select 1 from raw._rejects where raw_text like '%findable-wrong%'")) == 4
    assert (
        len(lab.rows("select distinct ip_hash from raw.lab__events where ip_hash is not null")) >= 3
    )


def test_no_planted_data_is_left_by_a_killed_load(lab: Lab) -> None:
    """Guards the log that DuckDB leaves when a load is killed, and any scratch file."""
    write_secrets(lab)
    scratch = lab.root / "scratch"
    scratch.mkdir()
    lab.extra["TMPDIR"] = str(scratch)
    started = time.monotonic()
    lab.run("load")
    seconds = time.monotonic() - started
    for share in (0.7, 0.85):
        for path in lab.path.parent.iterdir():
            path.unlink()
        kill_after(lab, seconds * share)
        for path in lab.path.parent.iterdir():
            text = path.read_bytes().decode("latin-1")
            assert not [kind for kind, secret in SECRETS.items() if secret in text], path
    lab.run("load")
    assert list(scratch.rglob("*")) == [], "scratch files outlive the load"


def test_personal_data_is_not_found_on_postgres_either(
    tmp_path: Path, postgres_environment: dict[str, str]
) -> None:
    """Guards the same on a server."""
    lab = new_lab(tmp_path, warehouse=postgres_environment)
    write_secrets(lab)
    outcome = lab.run("load")
    lab.assert_accounted()
    assert_no_secret(lab, outcome.text)


def test_the_salt_decides_the_hash(tmp_path: Path) -> None:
    """Guards that whoever knows the method cannot guess hashes; they stay with the salt."""
    hashes = []
    for number, salt in enumerate(("one salt", "another salt", "one salt")):
        lab = new_lab(tmp_path / str(number))
        lab.write("events/one.ndjson", ndjson(range(1, 2)))
        lab.extra["CLICKSTAR_SALT"] = salt
        lab.load()
        hashes.append(lab.rows("select ip_hash, cookie_hash, email_hash from raw.lab__events")[0])
    assert hashes[0] == hashes[2]
    assert not set(hashes[0]) & set(hashes[1])
    assert len(set(hashes[0])) == 3


def test_of_an_address_the_prefix_is_no_more_than_its_network(tmp_path: Path) -> None:
    """Guards that what is nearly an address is not kept whole as its own prefix."""
    lab = Lab(tmp_path)
    columns = [column("ip_prefix", "varchar(43)", field="ip", pii="prefix")]
    files = [{"pattern": "x/*.csv", "format": "csv", "delimiter": ";"}]
    write_contract(lab.contracts, [contract_table("x", files, columns, pii={"ip": "ip"})])
    kept = {
        "203.0.113.9": "203.0.113.0/24",
        "255.255.255.255": "255.255.255.0/24",
        "[2001:db8:7::1]:443": "2001:db8:7::/48",
        "203.0.113.9.": None,
        "203.0.113": None,
        "256.1.1.1": None,
        "203.0.113.9.9": None,
    }
    lab.write("x/a.csv", "ip;n\n" + "".join(f"{address};1\n" for address in kept))
    lab.load()
    found = lab.rows("select ip_prefix from raw.lab__x order by _line_number")
    assert [prefix for (prefix,) in found] == list(kept.values())


def test_what_an_address_is_agrees_with_ipaddress(tmp_path: Path) -> None:
    """Every number, with and without leading zeros, in the first and in the last place."""
    numbers = [f"{number:0{width}}" for number in range(1000) for width in (1, 2, 3)]
    addresses = [f"{number}.2.3.4" for number in numbers] + [
        f"1.2.3.{number}" for number in numbers
    ]
    columns = [column("ip_prefix", "varchar(43)", field="ip", pii="prefix")]
    files = [{"pattern": "x/*.ndjson", "format": "ndjson"}]
    lab = Lab(tmp_path)
    write_contract(lab.contracts, [contract_table("x", files, columns, pii={"ip": "ip"})])
    lab.write("x/a.ndjson", "".join(f'{{"ip": "{address}"}}\n' for address in addresses))
    lab.load()
    wanted: list[str | None] = []
    for address in addresses:
        try:
            ipaddress.IPv4Address(address)
            wanted.append(f"{address.rpartition('.')[0]}.0/24")
        except ValueError:
            wanted.append(None)
    found = lab.rows("select ip_prefix from raw.lab__x order by _line_number")
    assert [prefix for (prefix,) in found] == wanted
    assert len(set(filter(None, wanted))) == 256


def test_without_a_salt_there_is_a_warning(lab: Lab) -> None:
    """Guards against real data under the demo's salt, unnoticed."""
    lab.write("events/one.ndjson", ndjson(range(1, 2)))
    assert "clickstar_salt" not in lab.load().words
    lab.write("events/two.ndjson", ndjson(range(2, 3)))
    environment = lab.environment()
    del environment["CLICKSTAR_SALT"]
    done = subprocess.run(
        lab.command("load"), env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0
    assert_says(Outcome(done.returncode, done.stdout, done.stderr), "CLICKSTAR_SALT")
