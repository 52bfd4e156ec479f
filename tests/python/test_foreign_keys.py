"""PostgreSQL enforces foreign keys while a table lives, and a day's build must not fail on them."""

from __future__ import annotations

from pathlib import Path

from warehouses import Warehouse, demo_landing

KEYS = """
    select conrelid::regclass::text from pg_constraint
    where contype = 'f' and confrelid = 'marts.fct_commissions'::regclass
    order by 1
"""


def test_a_commission_that_others_refer_to_is_replaced(
    tmp_path: Path, postgres_warehouse: dict[str, str]
) -> None:
    """Guards the day's build: the ledger of yesterday still refers to the commission."""
    warehouse = Warehouse("postgres", tmp_path, postgres_warehouse)
    warehouse.load(demo_landing(tmp_path, "--clicks", "2000", "--days", "20"))
    models = ("fct_commissions", "fct_commission_events", "fct_commissions_as_of")
    without_tests = ("--exclude-resource-type", "test", "unit_test")
    warehouse.dbt("build", "--select", *(f"+{model}" for model in models), *without_tests)
    assert {"marts.fct_commission_events", "marts.fct_commissions_as_of"} == {
        table for (table,) in warehouse.query(KEYS)
    }
    warehouse.execute(
        "update intermediate.int_commissions__matched_to_clicks set match_confidence = 0.12"
    )
    warehouse.dbt("run", "--select", *models)
    found = warehouse.query(
        "select distinct match_confidence from marts.fct_commissions where click_id is not null"
    )
    assert [str(value) for (value,) in found] == ["0.12"]
