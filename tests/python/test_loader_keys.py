"""JSON records that are alike are read by one strict parse; nobody may notice by the result.

Broken, a record with a key of its own loses it, a damaged one disappears, or one file is judged
otherwise than its neighbour.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loader_helpers import REPOSITORY, Lab, column, contract_table, write_contract

COLUMNS = [
    column("id", "varchar(20)", required=True),
    column("happened_at", "timestamp", required=True),
    column("amount", "numeric(12,3)"),
    column("count", "integer"),
    column("ratio", "double precision"),
    column("done", "boolean"),
    column("note", "varchar(40)"),
    column("address_hash", "varchar(32)", field="address", pii="hash"),
    column("never_there", "varchar(10)"),
]
KEYS = ("id", "happened_at", "amount", "count", "ratio", "done", "note", "address")
NAMES = ("id", "happened_at", "amount", "count", "ratio", "done", "note", "address_hash",
         "never_there", "_extra")  # fmt: skip
# What a value may look like in the text of a record; each stands for every kind of column.
VALUES = (
    '"x"', '""', '"2026-06-01T10:00:00Z"', '"1.50"', "1.50", "1e3", "-0", "0.1e-7", "12", "7.0",
    "123456789012345678901234567890", "1e400", "true", "false", "null", '"true"', "NaN",
    "Infinity", '{"a": [1, {"b": null}]}', '[1, "two"]', "[]", "{}", r'"\u00e9\/\n\t"',
    r'"\u0000"', '"  "', '"' + "ä" * 21 + '"', '"203.0.113.9"', '"1_000"', "9223372036854775808",
)  # fmt: skip


def plain_record(number: int) -> str:
    """Return a good record, with its keys in the order of the others."""
    return json.dumps(
        {
            "id": f"r{number}",
            "happened_at": "2026-06-01T10:00:00Z",
            "amount": number / 8,
            "count": number,
            "ratio": None if number % 3 else 0.5,
            "done": number % 2 == 0,
            "note": f"note {number}",
            "address": "203.0.113.9",
        },
        separators=(",", ":"),
    )


def odd_record(number: int, draw: random.Random) -> bytes:
    """Return a record that differs from the others in its keys, its spelling or its values."""
    good = plain_record(number)
    pairs = list(json.loads(good).items())
    key = draw.choice(KEYS)
    kind = draw.randrange(16)
    if kind < 6:
        texts = {name: json.dumps(value) for name, value in pairs}
        texts[key] = draw.choice(VALUES)
        return ("{" + ", ".join(f'"{k}" : {v}' for k, v in texts.items()) + "}").encode()
    if kind == 6:
        return good[: draw.randrange(1, len(good))].encode()
    if kind == 7:
        draw.shuffle(pairs)
        return json.dumps(dict(pairs)).encode()
    further: tuple[bytes, ...] = (
        json.dumps({name: value for name, value in pairs if name != key}).encode(),
        good.replace(f'"{key}"', f'"{key.title()}"').encode(),
        good.replace("{", '{"strange":"203.0.113.77 x","other":{"a":1},').encode(),
        good.replace("{", f'{{"{key}":"twice",').encode(),
        good.replace(f'"{key}"', f'"{key}s"').encode(),
        draw.choice((b"[1]", b"[{}]", b"{}", b'"text"', b"null", b"7", b"}", b"x}", b'{"id":"a"}')),
        draw.choice(
            (good + " ", good + "\t\r", good + good, good[:-1] + ",}", "\\u007b}", good + "{}")
        ).encode(),
        good.replace("note", "\\ud800").encode(),
    )
    return further[kind - 8]


def deliveries() -> Iterator[tuple[str, bytes]]:
    """Return files: all alike, some odd records at places that no sample sees, and odd ones only.

    A batch of 3,000 records is looked at in every eleventh place.
    """
    yield "alike.ndjson", "".join(plain_record(n) + "\n" for n in range(3_000)).encode()
    yield "windows.ndjson", "".join(plain_record(n) + "\r\n" for n in range(1, 3_000)).encode()
    for seed in range(3):
        draw = random.Random(seed)
        lines = [
            odd_record(n, draw) if n % 11 and draw.random() < 0.06 else plain_record(n).encode()
            for n in range(3_000)
        ]
        yield f"some_{seed}.ndjson", b"\n".join(lines)
    draw = random.Random(9)
    yield "odd.ndjson.gz", gzip.compress(b"\n".join(odd_record(n, draw) for n in range(400)))
    # Without the records that spoil a document as a whole.
    records = [
        json.dumps({**json.loads(plain_record(n)), **({"own": n} if n % 97 == 5 else {})})
        for n in range(3_000)
    ]
    yield "document.json", f"[{', '.join(records)}]".encode()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return a warehouse with the same files in two tables, of which one cannot be read strictly.

    Its contract looks below a key, so each record is read with care.
    """
    lab = Lab(tmp_path_factory.mktemp("keys"))
    tables = []
    for name in ("alike", "careful"):
        deep = [column("deep", "varchar(10)", field="deep.er")] if name == "careful" else []
        files = [
            {"pattern": f"{name}/*.ndjson*", "format": "ndjson"},
            {"pattern": f"{name}/*.json", "format": "json"},
        ]
        tables.append(contract_table(name, files, [*COLUMNS, *deep], pii={"address": "ip"}))
        for path, content in deliveries():
            lab.write(f"{name}/{path}", content)
    write_contract(lab.contracts, tables)
    lab.run()
    return lab


@pytest.mark.parametrize("path", [path for path, _ in deliveries()])
def test_alike_records_are_judged_as_carefully_read_ones(lab: Lab, path: str) -> None:
    found = [lab.accepted(f"{name}/{path}", NAMES) for name in ("alike", "careful")]
    assert found[0] == found[1]
    told: list[Any] = [
        [
            (reject["line_number"], reject["column_name"], reject["reason"], reject["raw_text"])
            for reject in lab.rejects(f"{name}/{path}")
        ]
        for name in ("alike", "careful")
    ]
    assert told[0] == told[1]
    assert len(found[0]) + len(told[0]) == lab.file(f"alike/{path}")["records"]


def test_the_files_hold_what_they_are_meant_to(lab: Lab) -> None:
    """Otherwise the comparison would say nothing."""
    lab.assert_accounted()
    assert lab.file("alike/alike.ndjson")["accepted"] == 3_000
    assert lab.file("alike/some_0.ndjson")["rejected"] > 40
    reasons = {reason for (reason,) in lab.rows("select distinct reason from raw._rejects")}
    assert {"not valid JSON", "not a JSON object", "a required value is missing"} <= reasons
    extra = lab.rows("select count(*) from raw.lab__alike where _extra is not null")
    assert extra[0][0] > 40


def test_the_strict_way_is_taken_for_alike_records_only(tmp_path: Path) -> None:
    sys.path.insert(0, str(REPOSITORY / "scripts"))
    from clickstar_loader.contract import read_contracts
    from clickstar_loader.fields import dialect_of, keyed_fields
    from clickstar_loader.records import read_batches

    class Whole:
        def __init__(self, content: bytes) -> None:
            self.content, self.position = content, 0

        def read(self, size: int, /) -> bytes:
            content, self.content = self.content, b""
            return content

    files = [{"pattern": "x/*.ndjson", "format": "ndjson"}]
    write_contract(tmp_path, [contract_table("x", files, COLUMNS, pii={"address": "ip"})])
    table = read_contracts(tmp_path)[0]
    pattern = table.files[0]
    taken = {}
    for path, content in deliveries():
        if path.endswith(".ndjson"):
            batch = next(iter(read_batches(Whole(content), dialect_of(table, pattern))))
            taken[path] = keyed_fields(table, pattern, batch) is not None
    assert taken == dict.fromkeys(taken, True)
    without = b'{"id":"a","note":"no time"}\n' * 500
    batch = next(iter(read_batches(Whole(without), dialect_of(table, pattern))))
    assert keyed_fields(table, pattern, batch) is None
