"""The database writes the history: no way of changing a record escapes it, and none changes it."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from records.models import (
    ENTITIES,
    Advertiser,
    CommissionRate,
    Partner,
    ProductCategory,
    Program,
    SiteDomain,
    Target,
)
from records.triggers import ALL, create_triggers, drop_triggers, record_differences

pytestmark = pytest.mark.django_db


def execute(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def recorded(code: str = "P-1") -> list[tuple[str, str]]:
    entries = Partner.history.filter(code=code).order_by("history_id")
    return [(entry.history_type, entry.name) for entry in entries]


def test_every_path_is_recorded() -> None:
    partner = Partner.objects.create(code="P-1", name="made")
    Partner.objects.filter(code="P-1").update(name="updated")
    partner.name = "bulk"
    Partner.objects.bulk_update([partner], ["name"])
    execute("update partner set name = %s where code = %s", "sql", "P-1")
    Partner.objects.bulk_create([Partner(code="P-2", name="bulk")])
    execute("delete from partner where code = %s", "P-1")
    assert recorded() == [
        ("+", "made"), ("~", "updated"), ("~", "bulk"), ("~", "sql"), ("-", "sql"),
    ]  # fmt: skip
    assert recorded("P-2") == [("+", "bulk")]


def test_a_change_from_outside_has_no_user_and_no_reason() -> None:
    Partner.objects.create(code="P-1", name="made")
    entry = Partner.history.get()
    assert entry.history_user_id is entry.history_change_reason is entry.change_request_id is None
    assert entry.history_date is not None


def test_an_update_that_changes_nothing_is_not_recorded() -> None:
    Partner.objects.create(code="P-1", name="made")
    Partner.objects.update(name="made")
    Partner.objects.update(version=9)
    assert recorded() == [("+", "made")]


@pytest.mark.parametrize("table", [tables.history for tables in ALL])
def test_a_history_is_append_only(table: str) -> None:
    columns = next(tables.columns for tables in ALL if tables.history == table)
    row = dict.fromkeys(columns)
    entity = next(e for e in ENTITIES if e.history.model._meta.db_table == table)  # type: ignore[attr-defined]
    model = entity.history.model  # type: ignore[attr-defined]
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.column in row and not field.null:
            internal = field.get_internal_type()
            values[field.attname] = (
                "2026-01-01" if "Date" in internal
                else False if internal == "BooleanField"
                else 1 if "Integer" in internal or "Decimal" in internal
                else "x"
            )  # fmt: skip
    model.objects.create(history_date="2026-01-01T00:00:00Z", history_type="+", **values)
    for statement in (f'update "{table}" set code = code', f'delete from "{table}"'):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            execute(statement)
    assert model.objects.count() == 1


def test_the_code_of_a_record_never_changes() -> None:
    Partner.objects.create(code="P-1", name="made")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        execute("update partner set code = 'P-2'")


def test_what_a_migration_changes_is_recorded_after_it() -> None:
    Partner.objects.bulk_create([Partner(code=f"P-{n}", name="made") for n in (1, 2, 3)])
    drop_triggers()
    execute("update partner set name = 'migrated' where code = 'P-1'")
    execute("delete from partner where code = 'P-2'")
    execute("update partner set version = 7 where code = 'P-3'")
    create_triggers()
    assert record_differences("migrated") == 2
    assert recorded("P-1") == [("+", "made"), ("~", "migrated")]
    assert recorded("P-2") == [("+", "made"), ("-", "made")]
    assert recorded("P-3") == [("+", "made")]
    assert record_differences("migrated") == 0


def test_a_program_has_one_rate_for_a_category_on_every_engine() -> None:
    Advertiser.objects.create(code="A-1", name="made")
    Program.objects.create(code="PR-1", name="made", advertiser_id="A-1", network_code="awin")
    ProductCategory.objects.create(code="shoes", name="Shoes")
    same = {"program_id": "PR-1", "product_category_id": "shoes", "rate": "0.1"}
    CommissionRate.objects.create(code="R-1", **same)
    with pytest.raises(DatabaseError), transaction.atomic():
        CommissionRate.objects.create(code="R-2", **same)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows no such statement")
def test_replacing_a_row_of_sqlite_changes_no_history_and_hides_no_record() -> None:
    Partner.objects.create(code="P-1", name="made")
    copy = "select * from partner_history"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute(f"insert or replace into partner_history {copy}")
    SiteDomain.objects.create(code="one.example", domain="one.example", partner_id="P-1")
    taking = "insert or replace into site_domain (code, version, domain, partner_code, is_active)"
    with pytest.raises(DatabaseError), transaction.atomic():
        execute(f"{taking} values ('two.example', 1, 'one.example', 'P-1', 1)")
    SiteDomain.objects.create(code="two.example", domain="two.example", partner_id="P-1")
    with pytest.raises(DatabaseError), transaction.atomic():
        execute("update or replace site_domain set domain = 'one.example' where code like 'two%%'")
    assert SiteDomain.objects.count() == 2
    # A row replaced by one of the same code is recorded as made anew.
    execute(f"{taking} values ('two.example', 1, 'two.example', 'P-1', 0)")
    entries = SiteDomain.history.filter(code="two.example").order_by("history_id")
    assert [(one.history_type, one.is_active) for one in entries] == [("+", True), ("+", False)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's numbers are exact")
def test_numbers_of_older_portals_are_kept_exactly_and_no_change_is_made_of_it() -> None:
    migration = import_module("records.migrations.0002_exact_decimals")
    editor = SimpleNamespace(connection=connection)
    Advertiser.objects.create(code="A-1", name="Shop")
    numbers = {"0": 0.08, "1": 100, "2": 1234567890.25, "3": 12345678901.123456}

    def amounts(table: str = "target_history") -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(f"select amount from {table} order by code")
            return [amount for (amount,) in cursor.fetchall()]

    for code in numbers:
        Target.objects.create(
            code=code, advertiser_id="A-1", metric_name="revenue", starts_on="2026-01-01",
            ends_on="2026-12-31", amount=1,
        )  # fmt: skip
    drop_triggers()
    for code, number in numbers.items():
        for table in ("target", "target_history"):
            execute(f"update {table} set amount = %s where code = %s", number, code)
    migration.keep_exactly(None, editor)
    # Of more than 15 digits it is what the portal showed before.
    exact = [80_000, 100_000_000, 1_234_567_890_250_000, 12_345_678_901_123_500]
    assert amounts() == amounts("target") == exact
    create_triggers()
    assert record_differences("migrated") == 0
    assert str(Target.objects.get(pk="3").amount) == "12345678901.123500"
    drop_triggers()
    migration.keep_as_before(None, editor)
    assert amounts()[:3] == [0.08, 100, 1234567890.25]
    create_triggers()
