"""XML: each element of one name is a record; what is damaged or dangerous is set aside whole.

A reader that stops at the first error has already handed on what came before; one that believes
the document's own definitions can be made to read gigabytes, or a file of the machine.
"""

from __future__ import annotations

import gzip
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loader_helpers import Lab, column, contract_table, flipped, write_contract, zst

COLUMNS = [
    column("id", "integer", field="@id", required=True),
    column("name", "varchar(40)"),
    column("amount", "numeric(10,2)", field="money.#text"),
    column("currency", "varchar(3)", field="money.@currency"),
    column("city", "varchar(40)", field="place.city"),
    column("tags", "varchar(200)", field="tag"),
    column("second_tag", "varchar(40)", field="tag[1]"),
    column("mail_hash", "varchar(32)", field="mail", pii="hash"),
]
NAMES = [item["name"] for item in COLUMNS if item["name"] != "mail_hash"]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with one table of XML records."""
    lab = Lab(tmp_path)
    files = [{"pattern": "**/*.xml*", "format": "xml", "record": "item"}]
    table = contract_table("items", files, COLUMNS, pii={"mail": "text"})
    write_contract(lab.contracts, [table])
    return lab


def report(*items: str, head: str = "") -> str:
    """Return a report of these records."""
    return f"{head}<report>\n<title>Items</title>{''.join(items)}\n</report>\n"


def item(number: int, inside: str = "") -> str:
    """Return a record."""
    return f'<item id="{number}"><name>name {number}</name>{inside}</item>\n'


def test_an_element_is_a_record_and_its_children_are_the_fields(lab: Lab) -> None:
    """Guards the shape: text, attribute, depth, repetition, nothing, and what the text hides."""
    inside = (
        '<money currency="EUR"> -1.50 </money><place><city>\n Köln &amp; Bonn\n</city></place>'
        "<tag>a</tag><tag/><tag><![CDATA[<c>]]></tag><mail>who@shop.example</mail><new>n</new>"
    )
    text = report(
        f"<!-- <item id='0'/> -->{item(1, inside)}",
        '<n:item xmlns:n="https://n.example" id="2"><n:name>a<!-- b -->c<?d e?>f</n:name></n:item>',
        '<item id="3"><name></name></item><item id="4"><name>  </name><tag>one</tag></item>',
        '<item id="five"/><item>no id</item><item/>',
        '<item id="6" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<name xsi:nil="true"/><item id="7"/></item>',
    )
    lab.write("x.xml", text)
    lab.load()
    nothing = dict.fromkeys(NAMES)
    assert lab.accepted("x.xml", NAMES) == {
        1: {
            "id": 1,
            "name": "name 1",
            "amount": Decimal("-1.50"),
            "currency": "EUR",
            "city": "Köln & Bonn",
            "tags": '["a","","<c>"]',
            "second_tag": None,
        },
        2: nothing | {"id": 2, "name": "acf"},
        3: nothing | {"id": 3},
        4: nothing | {"id": 4, "tags": "one"},
        8: nothing | {"id": 6},
    }
    extra = {line: row["_extra"] for line, row in lab.accepted("x.xml", ["_extra"]).items()}
    assert json.loads(extra[1]) == {"new": "n"}
    assert json.loads(extra[8]) == {"item": {"@id": "7"}}
    assert [(row["line_number"], row["column_name"]) for row in lab.rejects("x.xml")] == [
        (5, "id"),
        (6, "id"),
        (7, "id"),
    ]
    assert lab.file("x.xml")["unknown_columns"].split(", ") == ["item", "new"]
    lab.assert_accounted()


def test_personal_data_of_a_rejected_element_is_hidden(lab: Lab) -> None:
    """Guards the rejects: the record that shows why it was refused must not show a person."""
    lab.write("x.xml", report(item(1), '<item id="x"><mail>a "very" private name</mail></item>'))
    lab.load()
    [reject] = lab.rejects("x.xml")
    assert "private" not in reject["raw_text"] and "[personal]" in reject["raw_text"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "utf-16"])
def test_an_encoding_that_the_document_declares_is_read(lab: Lab, encoding: str) -> None:
    """Guards letters beyond ASCII: XML says itself how it is written."""
    name = encoding.removesuffix("-sig")
    text = report(
        item(1, "<place><city>Köln</city></place>"), head=f'<?xml version="1.0" encoding="{name}"?>'
    )
    lab.write("x.xml", text.encode(encoding))
    lab.load()
    assert lab.accepted("x.xml", ["city"]) == {1: {"city": "Köln"}}


def test_a_large_file_is_read_as_a_stream_in_every_compression(lab: Lab) -> None:
    """Guards the number and order of many records across the pieces that are read at once."""
    plain = report(*(item(number) for number in range(1, 50_001))).encode()
    last = report(*(item(number) for number in range(1, 50_002))).encode()
    more = report(*(item(number) for number in range(1, 50_003))).encode()
    lab.write("a.xml", plain)
    lab.write("b.xml.gz", gzip.compress(last))
    lab.write("c.xml.zst", zst(more))
    lab.load()
    for path, count in (("a.xml", 50_000), ("b.xml.gz", 50_001), ("c.xml.zst", 50_002)):
        entry = lab.file(path)
        assert (entry["records"], entry["accepted"]) == (count, count)
        assert lab.rows(
            "select count(*) from raw.lab__items"
            f" where _file_id = {entry['file_id']} and id = _line_number"
        ) == [(count,)]


BOMB = "<!DOCTYPE report [" + '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip
WHOLE = report(*(item(number) for number in range(1, 2001))).encode()

DAMAGED: dict[str, tuple[bytes, str]] = {
    "cut.xml": (WHOLE[: len(WHOLE) // 2], "damaged in line"),
    "cut by its last element.xml": (WHOLE.removesuffix(b"</report>\n"), "damaged in line"),
    "wrong end.xml": (report(item(1), "<item id='2'></itm>").encode(), "damaged in line 3"),
    "something after it.xml": (WHOLE + WHOLE, "damaged in line"),
    "a bare ampersand.xml": (report(item(1), item(2, "<tag>a & b</tag>")).encode(), "damaged"),
    "not UTF-8.xml": (report(item(1)).encode() .replace(b"name 1", b"\xff\xfe"), "damaged"),
    "an unknown entity.xml": (report(item(1, "<tag>&euro;</tag>")).encode(), "damaged"),
    "json.xml": (b'{"items": []}', "damaged"),
    "no bytes.xml": (b"", "no bytes"),
    "no bytes.xml.gz": (gzip.compress(b""), "damaged"),
    "cut.xml.gz": (gzip.compress(WHOLE, mtime=0)[:-200], "gzip"),
    "flipped.xml.gz": (flipped(gzip.compress(WHOLE, mtime=0), 8 * 900), "gzip"),
    "bomb.xml": (report(item(1, "<tag>&a9;</tag>"), head=BOMB).encode(), "entities"),
    "bomb in an attribute.xml": (
        report(item(1), '<item id="2" name="&a9;"/>', head=BOMB).encode(),
        "",
    ),
    "file.xml": (
        report(
            item(1, "<tag>&f;</tag>"),
            head='<!DOCTYPE report [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
        ).encode(),
        "entities",
    ),
    "an error message.xml": (b"<error><code>4001</code></error>", "no element item"),
    "an error text.xml": (b"<error>try again</error>", "no element item"),
}  # fmt: skip


def test_a_damaged_or_dangerous_document_is_set_aside_whole(lab: Lab) -> None:
    """Guards against half a report, and against a document that is larger than its bytes."""
    for path, (content, _) in DAMAGED.items():
        lab.write(path, content)
    lab.write("good.xml", report(item(7)))
    lab.write("empty.xml", b"<report/>")
    lab.write("quoted.xml", report(item(8), head="<!DOCTYPE report>"))
    started = time.monotonic()
    lab.load_with_trouble()
    assert time.monotonic() - started < 60
    for path, (_, word) in DAMAGED.items():
        reason = lab.file(path, "set_aside")["reason"]
        assert word in reason and "\n" not in reason, (path, reason)
    assert lab.rows("select id from raw.lab__items order by id") == [(7,), (8,)]
    assert lab.file("empty.xml")["records"] == 0
    lab.assert_accounted()


def test_the_real_report_is_read_whole(tmp_path: Path, shared_data: Path) -> None:
    """Guards the reader against what a vendor really writes: two reports in one sample."""
    sample = shared_data / "networks" / "real_shareasale_activity_and_ledger_2015.xml"
    if not sample.exists():
        pytest.skip(f"{sample} is not there")
    lab = Lab(tmp_path)
    columns: list[dict[str, Any]] = [
        column("ledgerid", "varchar(20)", required=True),
        column("impact", "numeric(18,6)"),
        column("dt", "timestamp"),
    ]
    files = [{"pattern": "*.xml", "format": "xml", "record": "ledgerrecord"}]
    write_contract(lab.contracts, [contract_table("ledger", files, columns)])
    lab.write("x.xml", sample.read_bytes())
    lab.load()
    assert lab.file("x.xml")["accepted"] == sample.read_text().count("<ledgerrecord>") > 0
