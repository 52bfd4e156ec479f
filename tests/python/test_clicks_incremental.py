"""Verdicts, the fact of clicks and what is added up of it follow the days that changed.

One warehouse of the demo, in which days of the tables that these models read are changed, as their
own builds would change them: with the states of those days. An incremental build must then have the
rows that a full refresh has.
"""

from __future__ import annotations

import pytest

from incremental import built_as_anew, differing, rows
from warehouses import Warehouse, demo_landing

MODELS = {
    "int_clicks__verdicts": "intermediate",
    "fct_clicks": "marts",
    "fct_daily_performance": "marts",
    "int_members__daily_clicks": "intermediate",
}

CHANGES = {
    "hits": """
        delete from intermediate.int_clicks__judged where mod(date_key, 10) = 1;
        update intermediate.int_clicks__judged__days set records = 0 where mod(date_key, 10) = 1
    """,
    "keys": """
        update intermediate.int_clicks__keyed set uniqueness_key = mod(line_number, 5)
        where mod(date_key, 10) = 2;
        update intermediate.int_clicks__keyed__days set uniqueness_keys = uniqueness_keys + 1
        where mod(date_key, 10) = 2
    """,
    "gone clicks": """
        delete from intermediate.int_clicks__keyed
        where mod(date_key, 10) = 3 and mod(line_number, 3) = 1;
        update intermediate.int_clicks__keyed__days set records = records - 1
        where mod(date_key, 10) = 3
    """,
    "a gone day": """
        create table main.gone as
        select max(date_key) as date_key from intermediate.int_clicks__keyed
        where mod(date_key, 10) = 4;
        delete from intermediate.int_clicks__keyed
        where date_key in (select date_key from main.gone);
        delete from intermediate.int_clicks__keyed__days
        where date_key in (select date_key from main.gone)
    """,
    "a member": """
        update intermediate.int_members__versions set member_key = member_key + 1
        where kind = 'creative' and mod(member_key, 5) = 2
    """,
    "a member that is mapped no longer": """
        update intermediate.int_members__versions
        set member_key = member_key + 1, current_key = current_key + 1, is_mapped = false
        where kind = 'partner' and mod(member_key, 5) = 2
    """,
}
# A rule that is another judges the clicks of all days.
CHANGES_OF_ALL = {
    "quality": """
        update intermediate.int_click_quality_rules__in_force set version = version + 1
        where rule_id = (
            select rule_id from intermediate.int_clicks__judged
            where severity = 'invalid'
            group by rule_id order by count(*) desc limit 1
        )
    """,
    "uniqueness": """
        update intermediate.int_uniqueness_rules__in_force set window_seconds = 10
    """,
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a built warehouse of the demo."""
    folder = tmp_path_factory.mktemp("clicks_incremental")
    built = Warehouse("duckdb", folder)
    built.load(demo_landing(folder, "--clicks", "4000", "--days", "40"))
    selected = (f"+{model}" for model in MODELS)
    built.dbt("build", "--select", *selected, "--exclude-resource-type", "test", "unit_test")
    return built


def test_clicks_are_those_of_a_full_refresh_whatever_changed(warehouse: Warehouse) -> None:
    before = rows(warehouse, MODELS)
    assert all(before.values())
    changed: set[str] = set()
    for name, change in CHANGES.items():
        warehouse.execute(change)
        after = built_as_anew(warehouse, MODELS, name)
        assert differing(after, before), name
        changed |= differing(after, before).keys()
        before = after
    assert changed == MODELS.keys()


@pytest.mark.parametrize("name", CHANGES_OF_ALL)
def test_all_clicks_follow_a_rule_of(name: str, warehouse: Warehouse) -> None:
    before = rows(warehouse, MODELS)
    warehouse.execute(CHANGES_OF_ALL[name])
    assert differing(built_as_anew(warehouse, MODELS, name), before)


def test_nothing_is_built_again_when_nothing_changed(warehouse: Warehouse) -> None:
    """A build without news would restore what somebody took away."""
    for model, schema in MODELS.items():
        warehouse.execute(f"delete from {schema}.{model} where mod(date_key, 10) = 5")
    before = rows(warehouse, MODELS)
    warehouse.dbt("run", "--select", *MODELS)
    assert not differing(rows(warehouse, MODELS), before)
