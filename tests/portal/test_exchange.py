"""Import and export: what goes out comes back unchanged, and a file changes nothing by itself."""

from __future__ import annotations

import datetime as dt
import io
import re
import time
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changes import roles, service
from changes.models import ChangeRequest
from exchange import cells, imports, tables
from exchange.columns import Csv, Xlsx, editable_columns, resource_of
from exchange.models import Upload
from exchange.preview import JudgedRow, given_rows, judged_rows
from exchange.tables import Unreadable, read_table
from people import Person, approve_together
from records.base import Record
from records.models import (
    ENTITIES,
    Advertiser,
    AdvertiserGroup,
    Brand,
    Campaign,
    Channel,
    Client,
    ClientAdvertiser,
    ClientUser,
    CommissionRate,
    Creative,
    Crosswalk,
    Fee,
    FiscalCalendar,
    InternalTraffic,
    NetworkAccount,
    Partner,
    ProductCategory,
    Program,
    SiteDomain,
    Target,
    UniquenessRule,
)

HOSTILE = ("=1+1", "+x", "-x", "@x", "'=x", "'plain", "＝x", "007", "1e5", "#N/A", "a,b;c\td",
           'say "x"', "_x0041_ \x07", "one\r\ntwo", "TRUE", "2026-03-01", "ünïcödé 🛒")  # fmt: skip


def save(entity: type[Record], code: str, **values: Any) -> Record:
    """A record as approved, for tests of what comes after."""
    return entity._default_manager.create(code=code, **values)


@pytest.fixture
def one_of_each(db: None) -> None:
    """A record of every entity, with every field filled, and hostile names."""
    save(AdvertiserGroup, "007", name=HOSTILE[0])
    save(
        Advertiser, "A-1", name=HOSTILE[1], group_id="007", vertical="=HYPERLINK(1)",
        website_domain="shop.example", country_code="DE", reporting_currency_code="EUR",
    )  # fmt: skip
    save(Brand, "B-1", name=HOSTILE[2], advertiser_id="A-1", is_active=False)
    save(Channel, "paid", name=HOSTILE[3], is_paid=True, sort_order=10)
    save(Channel, "paid.social", name="x", parent_id="paid", description="@SUM(1)")
    save(ProductCategory, "C-1", name=HOSTILE[4])
    for number, name in enumerate(HOSTILE):
        save(Partner, f"00{number}", name=name, channel_id="paid", partner_type="coupon")
    save(SiteDomain, "site.example", domain="site.example", partner_id="001")
    save(
        Program, "P-1", name="x", advertiser_id="A-1", network_code="awin", cookie_days=30,
        commission_rate=Decimal("0.080000"), lock_days=60, currency_code="EUR",
        time_zone="Europe/Berlin",
    )  # fmt: skip
    save(
        CommissionRate, "R-1", program_id="P-1", product_category_id="C-1", partner_id="001",
        rate=Decimal("0.123456"),
    )  # fmt: skip
    save(
        Campaign, "K-1", name="x", advertiser_id="A-1", objective="-1",
        starts_on=dt.date(1900, 1, 1), ends_on=dt.date(9999, 12, 31),
    )  # fmt: skip
    save(
        Creative, "D-1", name="x", advertiser_id="A-1", creative_type="banner", width=300,
        height=250, destination_url="https://shop.example/?a=1&b==2",
    )  # fmt: skip
    save(
        NetworkAccount, "N-1", name="x", network_code="awin", account_id="000123",
        side="publisher", currency_code="EUR", time_zone="UTC",
    )  # fmt: skip
    save(
        Crosswalk, "awin-partner-00042", network_code="awin", kind="partner",
        source_id="00042", partner_id="001",
    )  # fmt: skip
    save(
        Fee, "F-1", name="x", fee_type="retainer", network_code="awin", advertiser_id="A-1",
        partner_id="001", program_id="P-1", amount=Decimal("123456789.123456"),
        currency_code="EUR", charged="once", starts_on=dt.date(2026, 1, 1),
    )  # fmt: skip
    save(Fee, "F-2", name="x", fee_type="network_fee", rate=Decimal(0), charged="per_commission")
    save(
        Target, "T-1", advertiser_id="A-1", channel_id="paid", metric_name="=net",
        starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 12, 31), amount=Decimal("-0.000001"),
        currency_code="EUR",
    )  # fmt: skip
    save(FiscalCalendar, "Y-1", name="x", advertiser_id="A-1", first_month=2, week_pattern="4-5-4")
    save(UniquenessRule, "A-1", advertiser_id="A-1", rule_id="")
    save(
        InternalTraffic, "I-1", name="x", ip_prefix="192.0.2.0/24", cookie_id="-c",
        url_parameter="staff=1",
    )  # fmt: skip
    save(Client, "L-1", name="x")
    save(ClientUser, "-login", client_id="L-1", user_name="-login")
    save(ClientAdvertiser, "LA-1", client_id="L-1", advertiser_id="A-1")


def exported(entity: type[Record], kind: type[Csv] | type[Xlsx] = Csv) -> bytes:
    data = resource_of(entity)().export(entity._default_manager.all())
    data.title, data.texts = entity._meta.db_table, set(editable_columns(entity))
    content: bytes = kind().export_data(data)
    return content


def preview(user: User, entity: type[Record], content: bytes | str) -> list[JudgedRow]:
    content = content.encode() if isinstance(content, str) else content
    rows, _ = judged_rows(user, entity, given_rows(entity, read_table("a file", content)))
    return rows


def groups(rows: list[JudgedRow]) -> list[str]:
    return [row.group for row in rows]


def sentences(rows: list[JudgedRow]) -> list[tuple[int, str, str]]:
    return [(row.number, one.column, one.sentence) for row in rows for one in row.mistakes]


# ------------------------------------------------------------------------------------ round trip


@pytest.mark.parametrize("kind", [Csv, Xlsx])
def test_what_goes_out_comes_back_unchanged_for_every_entity(
    one_of_each: None, steward: User, kind: type[Csv] | type[Xlsx]
) -> None:
    for entity in ENTITIES:
        rows = preview(steward, entity, exported(entity, kind))
        assert rows, entity
        assert set(groups(rows)) == {"unchanged"}, (entity, rows)


@pytest.mark.parametrize("kind", [Csv, Xlsx])
def test_every_record_can_be_made_from_its_export(
    one_of_each: None, steward: User, kind: type[Csv] | type[Xlsx]
) -> None:
    """The values that come back are those that went out, not only close enough to be the same."""
    record = Fee.objects.get(pk="F-1")
    table = read_table("a file", exported(Fee, kind))
    row = next(row for row in given_rows(Fee, table) if row.code == "F-1")
    assert row.values == service.current_values(record)
    assert row.values["amount"] == "123456789.123456"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_any_text_comes_back_from_both_kinds_of_file_and_runs_as_no_formula(text: str) -> None:
    for number, content in enumerate(
        (tables.csv_file(["a"], [[text]]), tables.xlsx_file("t", ["a"], [[text]], ["a"]))
    ):
        if text.strip():
            cell = read_table("a file", content).rows[0].cells[0]
            assert cells.as_written(cell) == text
            assert number or cell.lstrip()[:1] not in ("=", "+", "-", "@")


@settings(max_examples=40, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, max_value=10**12))
def test_any_decimal_comes_back_exactly(number: Decimal) -> None:
    field = Fee._meta.get_field("amount")
    for content in (
        tables.csv_file(["a"], [[number]]), tables.xlsx_file("t", ["a"], [[number]], [])
    ):  # fmt: skip
        cell = read_table("a file", content).rows[0].cells[0]
        assert Decimal(cells.read_cell(field, cell)) == number


def test_a_workbook_holds_types_and_no_formula(one_of_each: None) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(exported(Program, Xlsx))).active
    row = {cell.value: sheet.cell(2, cell.column) for cell in sheet[1]}
    assert (row["code"].value, row["code"].number_format) == ("P-1", "@")
    assert (row["commission_rate"].value, row["cookie_days"].value) == (0.08, 30)
    assert row["is_active"].value is True
    partners = openpyxl.load_workbook(io.BytesIO(exported(Partner, Xlsx))).active
    assert {cell.data_type for line in partners.iter_rows() for cell in line} <= {"s", "n", "b"}
    assert "000" in [cell.value for cell in partners["A"]]


# --------------------------------------------------------------------------------- what rows mean


def test_rows_are_new_changed_unchanged_or_wrong(steward: User) -> None:
    save(Channel, "paid", name="Paid")
    save(Partner, "P-1", name="One")
    save(Partner, "P-2", name="Two", channel_id="paid", partner_type="coupon")
    rows = preview(
        steward, Partner,
        "code,name,channel_code,is_active\nP-1,One,,true\nP-2,Second,,no\nP-3,Three,paid,\n"
        "P-4,,nowhere,\n",
    )  # fmt: skip
    assert groups(rows) == ["unchanged", "changed", "new", "wrong"]
    assert [(one.label, one.before, one.after) for one in rows[1].differences] == [
        ("name", "Two", "Second"),
        ("is active", "yes", "no"),
        ("channel", "Paid (paid)", "–"),
    ]
    # Missing columns leave fields alone, and an empty cell of a new record says nothing.
    assert "partner_type" not in rows[1].values
    assert rows[2].values == {"name": "Three", "channel": "paid"}
    assert sorted(sentences(rows)) == [
        (5, "channel_code", "There is no channel nowhere."),
        (5, "name", "This cannot be empty."),
    ]


@pytest.mark.parametrize(
    ("entity", "header", "cell", "sentence"),
    [
        (Program, "commission_rate", '"0,08"', "Write a number with a point"),
        (Program, "commission_rate", "1.5", "less than or equal to 1"),
        (Program, "commission_rate", "0.1234567", "6 decimal places"),
        (Program, "commission_rate", "nan", "Write a number"),
        (Program, "cookie_days", "3.5", "Write a whole number"),
        (Program, "cookie_days", "-1", "greater than or equal to 0"),
        (Program, "cookie_days", "9" * 400, "Write a whole number"),
        (Program, "time_zone", "Berlin", "not a valid choice"),
        (Program, "is_active", "perhaps", "Write true or false"),
        (Campaign, "starts_on", "01.03.2026", "Write the day as"),
        (Campaign, "starts_on", "2026-02-30", "Write the day as"),
        (Campaign, "name", "x" * 300, "at most 255 characters"),
        (Campaign, "name", "a\x07" + "\x7f", "cannot be seen"),
        (Campaign, "version", "soon", "Write a whole number"),
        (Campaign, "version", "3", "codes never change"),
        (Campaign, "advertiser_code", "nobody", "There is no advertiser nobody"),
    ],
)
def test_a_wrong_cell_is_told_by_row_and_column(
    steward: User, entity: type[Record], header: str, cell: str, sentence: str | None
) -> None:
    save(Advertiser, "A-1", name="One")
    values = {"name": "x", "advertiser_code": "A-1", header: cell}
    if entity is Program:
        values["network_code"] = "awin"
    rows = preview(steward, entity, f"code,{','.join(values)}\nX-1,{','.join(values.values())}\n")
    found = sentences(rows)
    if sentence is None:
        assert found == []
    else:
        column = "code" if "codes never" in sentence else header
        assert [(number, name) for number, name, _ in found] == [(2, column)]
        assert sentence in found[0][2]


def test_a_record_is_in_a_file_once(steward: User) -> None:
    rows = preview(steward, Partner, "code,name\nP-1,a\nP-2,b\nP-1,c\n,d\n")
    assert groups(rows) == ["wrong", "new", "wrong", "wrong"]
    assert sentences(rows)[0][2] == "Rows 2 and 4 are of the same record."
    assert sentences(rows)[-1][2] == "The row has no code."


def test_codes_that_follow_from_values_may_be_left_out(steward: User) -> None:
    save(Partner, "P-1", name="One")
    save(
        Crosswalk, "awin-partner-1", network_code="awin", kind="partner", source_id="1",
        partner_id="P-1",
    )  # fmt: skip
    rows = preview(
        steward, Crosswalk,
        "network_code,kind,source_id,partner_code\nawin,partner,1,\nawin,partner,2,P-1\n",
    )  # fmt: skip
    assert [(row.code, row.group) for row in rows] == [
        ("awin-partner-1", "changed"),
        ("awin-partner-2", "new"),
    ]
    rows = preview(steward, SiteDomain, "code,domain,partner_code\nmine,site.example,P-1\n")
    assert "leave it empty, or write site.example" in sentences(rows)[0][2]


def test_an_older_version_is_refused_only_where_it_would_change_something(steward: User) -> None:
    save(Partner, "P-1", name="One", version=3)
    save(Partner, "P-2", name="Two", version=3)
    rows = preview(steward, Partner, "code,name,version\nP-1,One,2\nP-2,Second,2\n")
    assert groups(rows) == ["unchanged", "wrong"]
    assert "the row has version 2, the record 3" in sentences(rows)[0][2]
    assert groups(preview(steward, Partner, "code,name,version\nP-2,Second,4\n")) == ["wrong"]
    assert groups(preview(steward, Partner, "code,name,version\nP-2,Second,3\n")) == ["changed"]


def test_a_branch_of_a_tree_comes_in_any_order(steward: User, approver: User) -> None:
    content = "code,name,parent_channel_code\nleaf,L,middle\nmiddle,M,top\ntop,T,\nx,X,y\ny,Y,x\n"
    kept = imports.upload(steward, Channel, "channels.csv", content.encode())
    assert groups(imports.rows_of(kept)) == ["new", "new", "new", "wrong", "wrong"]
    requests = imports.confirm(kept, steward, reason="because", leaves_out_wrong=True)
    assert approve_together(requests, approver) == {}
    assert Channel.objects.get(pk="leaf").parent_id == "middle"


# ------------------------------------------------------------------------------------ confirming


@pytest.fixture
def kept(steward: User) -> Upload:
    save(Partner, "P-1", name="One")
    content = b"code,name\nP-1,First\nP-2,Two\nP-3,\n"
    return imports.upload(steward, Partner, "partners.csv", content)


def test_nothing_is_imported_while_a_row_is_wrong_unless_it_is_left_out(
    kept: Upload, steward: User
) -> None:
    with pytest.raises(service.Refused, match="because rows are wrong"):
        imports.confirm(kept, steward, reason="because")
    assert not ChangeRequest.objects.exists()
    requests = imports.confirm(kept, steward, reason="because", leaves_out_wrong=True)
    assert [(one.code, one.action, one.source, one.reason) for one in requests] == [
        ("P-1", "update", "import", "because"),
        ("P-2", "create", "import", "because"),
    ]
    assert len({one.batch for one in requests}) == 1
    assert Partner.objects.get().name == "One"
    assert not Upload.objects.exists()


def test_a_record_that_changes_between_preview_and_confirmation_is_looked_at_again(
    kept: Upload, steward: User
) -> None:
    Partner.objects.update(name="Uno", version=2)
    save(Partner, "P-2", name="Zwei")
    with pytest.raises(imports.LookAgain):
        imports.confirm(kept, steward, reason="because", leaves_out_wrong=True)
    kept.refresh_from_db()
    assert groups(imports.rows_of(kept)) == ["wrong", "wrong", "wrong"]
    assert "changed since" in sentences(imports.rows_of(kept))[0][2]
    assert not ChangeRequest.objects.exists()


def test_a_file_is_confirmed_once(kept: Upload, steward: User) -> None:
    imports.confirm(kept, steward, reason="because", leaves_out_wrong=True)
    with pytest.raises(service.Refused):
        imports.confirm(kept, steward, reason="because", leaves_out_wrong=True)
    assert ChangeRequest.objects.count() == 2


def test_what_nobody_confirms_is_forgotten_after_a_day(kept: Upload, steward: User) -> None:
    Upload.objects.update(uploaded_at=kept.uploaded_at - dt.timedelta(hours=25))
    imports.upload(steward, Partner, "partners.csv", b"code,name\nP-1,First\n")
    assert not Upload.objects.filter(pk=kept.pk).exists()


# ---------------------------------------------------------------------------------- hostile files


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet(f"more {number}")
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/"), content)
    return file.getvalue()


ROWS = [["code", "name"], ["P-1", "Ö"]]
BOMB = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]><x>&j;</x>"  # fmt: skip


def replaced(content: bytes, part: str, by: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, by if name == part else old.read(name))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "code,name\nP-1,Ö\n".encode(),
        "code,name\nP-1,Ö\n".encode("utf-8-sig"),
        "code,name\nP-1,Ö\n".encode("utf-16"),
        "code;name\r\nP-1;Ö\r\n".encode(),
        "sep=;\r\ncode;name\r\nP-1;Ö\r\n".encode(),
        "code\tname\nP-1\tÖ".encode("utf-16"),
        "\n Code , NAME \n\nP-1,Ö\n\n".encode(),
        workbook(ROWS),
        workbook(ROWS, []),
        workbook([], [[]], [["code", "name", None], [], ["P-1", "Ö", None]]),
    ],
)
def test_what_spreadsheets_save_is_read(content: bytes) -> None:
    table = read_table("a file", content)
    assert table.columns == ("code", "name")
    assert [row.cells for row in table.rows] == [("P-1", "Ö")]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "The file is empty"),
        ("a.csv", b"\n\n,,\n", "The file is empty"),
        ("a.xlsx", workbook([]), "The file is empty"),
        ("a.csv", "code,name\nP-1,Ö\n".encode("latin-1"), "not in UTF-8, perhaps in Latin-1"),
        ("a.csv", "code,name\n".encode("utf-16-le"), "neither CSV nor a workbook"),
        ("a.csv", "\ufeffcode".encode("utf-16-le") + b"\x00", "not in UTF-8"),
        ("a.xlsx", b"code,name\n", "called a workbook and is none"),
        ("a.xls", tables.OLD_WORKBOOK + b"x" * 600, "with a password"),
        ("a.csv", b'code,name\nP-1,"open\n', "Row 2 is not written as CSV"),
        ("a.csv", b'code,name\nP-1,"' + b"x" * 200_000 + b'"\n', "Row 2 is not written as CSV"),
        ("a.csv", b"code," + b"x," * 200, "more than 100 columns"),
        ("a.csv", b"code\n" + b"P\n" * 20_001, "more than 20,000 rows"),
        ("a.csv", b"x" * (tables.MOST_BYTES + 1), "larger than 10 MB"),
        ("a.xlsx", workbook(ROWS, ROWS), "several sheets with rows (“Sheet”, “more 1”)"),
        ("a.xlsx", b"PK\x03\x04 and no more", "damaged"),
        ("a.xlsx", workbook(ROWS)[:-30], "damaged"),
        ("a.zip", archive(**{"a.csv": b"code"}), "damaged"),
        ("a.xlsx", archive(**{"xl__bomb.xml": bytes(51 * 1024**2)}), "unpacks to more than 50 MB"),
        ("a.xlsx", replaced(workbook(ROWS), "xl/worksheets/sheet1.xml", BOMB), "damaged"),
        ("a.xlsx", replaced(workbook(ROWS), "xl/workbook.xml", BOMB), "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(
    name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        read_table(name, content)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("code,name,colour", "not known: “colour”. Partners have: code, name,"),
        ("name,channel_code", "no column “code”"),
        ("code,name,name", "The column name is there twice"),
        ("code,,name", "Column 2 has no name"),
    ],
)
def test_columns_that_do_not_fit_are_refused_in_a_sentence(header: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        given_rows(Partner, read_table("a.csv", header.encode()))
    assert sentence in str(refused.value)


def test_a_long_export_comes_back_but_not_with_more_changes_than_can_be_checked(
    steward: User,
) -> None:
    Partner.objects.bulk_create(Partner(code=f"P-{n}", name="x") for n in range(3000))
    assert set(groups(preview(steward, Partner, exported(Partner)))) == {"unchanged"}
    with pytest.raises(Unreadable, match="changes more than 2,000 records: split it"):
        preview(steward, Partner, exported(Partner).replace(b",x,", b",y,"))


def test_what_a_sheet_says_of_its_own_size_is_not_believed() -> None:
    sheet = zipfile.ZipFile(io.BytesIO(workbook(ROWS))).read("xl/worksheets/sheet1.xml")
    assert b'<dimension ref="A1:B2"' in sheet
    lying = replaced(
        workbook(ROWS), "xl/worksheets/sheet1.xml", sheet.replace(b'ref="A1:B2"', b'ref="A1"')
    )
    assert [row.cells for row in read_table("a.xlsx", lying).rows] == [("P-1", "Ö")]


def test_a_character_that_no_database_keeps_is_no_error_of_ours(steward: User) -> None:
    rows = preview(
        steward, Partner, workbook([["code", "name"], ["P_x0000_", "_xD800_"], ["P-2", "_x0000_"]])
    )
    assert groups(rows) == ["new", "new"]
    assert rows[0].code == "P_x0000_"


def test_a_row_with_too_few_cells_clears_nothing(steward: User) -> None:
    save(Partner, "P-1", name="One", partner_type="coupon")
    rows = preview(steward, Partner, "code,name,partner_type\nP-1,One\n")
    assert sentences(rows) == [(2, "", "The row has 2 cells, and the file 3 columns.")]


def test_what_a_spreadsheet_made_of_a_cell_is_not_guessed(steward: User) -> None:
    content = workbook(
        [
            ["code", "name", "starts_on", "ends_on"],
            [7, 1.5, dt.date(2026, 3, 1), dt.datetime(2026, 3, 2)],
            ["K-2", "=1+1", None, None],
            ["K-3", dt.date(2026, 3, 1), None, dt.datetime(2026, 3, 2, 12)],
            ["K-4", True, None, None],
            ["K-5", "#DIV/0!", None, None],
        ]
    )
    rows = preview(steward, Campaign, content)
    assert rows[0].values == {"name": "1.5", "starts_on": "2026-03-01", "ends_on": "2026-03-02"}
    assert rows[0].code == "7"
    assert [(number, column) for number, column, _ in sentences(rows)] == [
        (3, "name"), (4, "name"), (4, "ends_on"), (5, "name"), (6, "name"),
    ]  # fmt: skip
    assert "holds a formula" in sentences(rows)[0][2]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_at_all_is_an_error_of_ours(steward: User, content: bytes) -> None:
    for name in ("a.csv", "a.xlsx"):
        try:
            preview_of = given_rows(Partner, read_table(name, content))
        except Unreadable:
            continue
        judged_rows(steward, Partner, preview_of)


# ----------------------------------------------------------------------------------------- pages


def address(page: str, *args: Any) -> str:
    return reverse(f"admin:records_partner_{page}", args=args)


def file(content: bytes = b"code,name\nP-1,First\nP-2,Two\n", name: str = "partners.csv") -> Any:
    found = io.BytesIO(content)
    found.name = name
    return found


@pytest.fixture
def browser() -> Callable[[User], Browser]:
    def login(user: User) -> Browser:
        browser = Browser()
        browser.force_login(user)
        return browser

    return login


@pytest.fixture(autouse=True)
def _staff(request: pytest.FixtureRequest, db: None) -> None:
    for role in ("viewer", "steward", "approver"):
        if role in request.fixturenames:
            user = request.getfixturevalue(role)
            user.is_staff = True
            user.save()


def test_a_file_goes_from_upload_over_preview_to_requests(steward: User, browser: Any) -> None:
    save(Partner, "P-1", name="One")
    steward_at = browser(steward)
    page = steward_at.get(address("changelist"))
    assert address("import") in page.content.decode()
    assert b"channel_code" in steward_at.get(address("import")).content
    page = steward_at.post(address("import"), {"file": file()}, follow=True)
    text = page.content.decode()
    assert page.status_code == 200
    assert "<b>1</b> new" in text
    assert "<b>1</b> changed" in text
    preview_at = page.redirect_chain[-1][0]
    changed = steward_at.get(f"{preview_at}?show=changed").content.decode()
    assert changed.index(">One</td>") < changed.index(">First</td>")
    page = steward_at.post(preview_at, {"confirm": "1", "effective": "now"})
    assert "Say why" in page.content.decode()
    assert not ChangeRequest.objects.exists()
    page = steward_at.post(
        preview_at,
        {"confirm": "1", "reason": "from the agency", "effective": "date",
         "effective_from": "2026-03-01"},
        follow=True,
    )  # fmt: skip
    assert "2 changes were sent to an approver" in page.content.decode()
    made = ChangeRequest.objects.all()
    assert {(one.effective, one.effective_from) for one in made} == {
        ("date", dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    }
    page = steward_at.post(preview_at, {"confirm": "1", "reason": "again"}, follow=True)
    assert "confirmed or cancelled already" in page.content.decode()
    assert ChangeRequest.objects.count() == 2


def test_an_import_can_be_cancelled(steward: User, browser: Any) -> None:
    steward_at = browser(steward)
    page = steward_at.post(address("import"), {"file": file()})
    page = steward_at.post(page["Location"], {"cancel": "1"}, follow=True)
    assert "nothing changes" in page.content.decode()
    assert not Upload.objects.exists()
    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"code,name\n", "no rows below them"),
        (b"x" * (20 * 1024**2), "larger than 10 MB"),
        ("code,name\nP-1,Ö".encode("latin-1"), "not in UTF-8"),
    ],
)
def test_a_refused_file_is_a_sentence_and_leaves_nothing_on_the_disk(
    steward: User, browser: Any, content: bytes, sentence: str, tmp_path: Path, settings: Any
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    page = browser(steward).post(address("import"), {"file": file(content)})
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert list(tmp_path.iterdir()) == []
    assert not Upload.objects.exists()


def test_a_hostile_name_is_shown_as_text(steward: User, browser: Any) -> None:
    content = b"code,name\nP-1,<script>alert(1)</script>\n<i>,x\n"
    page = browser(steward).post(
        address("import"), {"file": file(content, "<img src=x>.csv")}, follow=True
    )
    text = page.content.decode()
    assert "<i>" not in text
    assert "<img src=x" not in text
    page = browser(steward).get(page.redirect_chain[-1][0] + "?show=new")
    assert "&lt;script&gt;alert(1)" in page.content.decode()


def test_the_export_is_what_the_list_shows(steward: User, browser: Any) -> None:
    save(Partner, "007", name="=1+1", partner_type="coupon")
    save(Partner, "008", name="x", partner_type="content")
    steward_at = browser(steward)
    page = steward_at.get(address("changelist"), {"partner_type__exact": "coupon"})
    link = f"{address('export')}?partner_type__exact=coupon"
    assert link in page.content.decode()
    assert steward_at.get(link).status_code == 200
    answer = steward_at.post(link, {"format": "1", "resource": "0"})
    assert 'filename="partner-20' in answer["Content-Disposition"]
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == (
        "code,name,is_active,partner_type,channel_code,website_domain,country_code,version"
    )
    assert lines[1:] == ["007,'=1+1,true,coupon,,,,1"]
    answer = steward_at.post(link, {"format": "0", "resource": "0"})
    assert [row.cells[0] for row in read_table("a.xlsx", answer.content).rows] == ["007"]


@pytest.mark.parametrize("role", [roles.VIEWER, roles.STEWARD, roles.APPROVER])
def test_viewers_take_records_along_and_bring_none_back(
    person: Person, browser: Any, role: str
) -> None:
    user = person(role, "somebody")
    user.is_staff = True
    user.save()
    owner = person(roles.STEWARD, "owner")
    theirs = imports.upload(owner, Partner, "a.csv", b"code,name\nP-1,One\n")
    mine = Upload.objects.create(entity="partner", file_name="x", uploaded_by=user, rows=[])
    at = browser(user)
    may = role != roles.VIEWER
    assert (address("import") in at.get(address("changelist")).content.decode()) is may
    for entity in (Partner, Crosswalk) if may else ENTITIES:
        of = f"admin:records_{entity._meta.model_name}"
        assert at.get(reverse(f"{of}_import")).status_code == (200 if may else 403)
    assert at.get(address("export")).status_code == 200
    assert at.post(address("import"), {"file": file()}).status_code == (302 if may else 403)
    for data in ({"confirm": "1", "reason": "x"}, {"cancel": "1"}):
        assert at.post(address("import_preview", mine.pk), data).status_code in (
            (200, 302) if may else (403,)
        )
    # Somebody else's file is not there, nor is one under another entity.
    assert at.get(address("import_preview", theirs.pk)).status_code == (404 if may else 403)
    at.post(address("import_preview", theirs.pk), {"cancel": "1"})
    assert Upload.objects.filter(pk=theirs.pk).exists()
    assert not ChangeRequest.objects.exists()


def test_nobody_unknown_imports_or_exports(db: None) -> None:
    for page in ("import", "export"):
        answer = Browser().get(address(page))
        assert answer.status_code == 302
        assert "login" in answer["Location"]
    for path in ("process_import/",):
        assert Browser().post(address("changelist") + path).status_code in (302, 404)


def workbook_of(sheets: Sequence[str]) -> bytes:
    """A workbook whose sheets have these rows, written by hand."""
    book = openpyxl.Workbook()
    for number in range(1, len(sheets)):
        book.create_sheet(f"more {number}")
    plain = io.BytesIO()
    book.save(plain)
    written = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", part.filename)
            content = old.read(part)
            if found:
                content = (
                    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                    f"<sheetData>{sheets[int(found[1]) - 1]}</sheetData></worksheet>"
                ).encode()
            new.writestr(part.filename, content)
    return written.getvalue()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER_ROW = f'<row r="1">{cell("A1", "code")}{cell("B1", "name")}</row>'


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ([HEADER_ROW + f'<row r="999999999">{cell("A999999999", "P")}</row>'], "sheet has rows"),
        (['<row r="1048576"></row>'] * 200, "more than 20 sheets"),
    ],
    ids=["long", "many"],
)
def test_a_workbook_that_unfolds_is_refused_at_once(sheets: list[str], said: str) -> None:
    content = workbook_of(sheets)
    before = time.process_time()
    with pytest.raises(Unreadable, match=said):
        read_table("rows.xlsx", content)
    assert time.process_time() - before < 4


def test_a_cell_far_to_the_right_makes_no_row_of_16_384_cells() -> None:
    rows = (
        f'<row r="{n}">{cell(f"A{n}", "P")}{cell(f"XFD{n}", "x")}</row>' for n in range(2, 2000)
    )
    content = workbook_of([HEADER_ROW + "".join(rows)])
    before = time.process_time()
    table = read_table("rows.xlsx", content)
    assert time.process_time() - before < 3
    assert {len(row.cells) for row in table.rows} == {2}
