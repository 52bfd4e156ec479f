"""Our own dbt-bouncer rules: each is broken once here, so that it is known to turn red."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dbt_bouncer.testing import check_fails, check_passes

RULES = Path(__file__).resolve().parents[2] / "scripts" / "checks" / "bouncer"
DAILY = "model.clickstar.fct_daily"


def model(**changes: Any) -> dict[str, Any]:
    description: dict[str, Any] = {
        "unique_id": DAILY,
        "name": "fct_daily",
        "description": "One row per day and partner.",
        "original_file_path": "models/marts/performance/fct_daily.sql",
        "patch_path": "clickstar://models/marts/performance/fct_daily.yml",
        "columns": {
            "date_key": {"name": "date_key"},
            "partner_key": {"name": "partner_key"},
            "clicks": {"name": "clicks"},
        },
        "config": {"materialized": "table"},
        "constraints": [{"type": "primary_key", "columns": ["date_key", "partner_key"]}],
    }
    return description | changes


def data_test(name: str, column: str | None = None, **arguments: Any) -> dict[str, Any]:
    return {
        "unique_id": f"test.clickstar.{name}_{column}.1",
        "attached_node": DAILY,
        "column_name": column,
        "test_metadata": {"name": name, "kwargs": {"column_name": column, **arguments}},
    }


TESTS = [
    data_test("not_null", "date_key"),
    data_test("not_null", "partner_key"),
    data_test("relationships", "date_key"),
    data_test("relationships", "partner_key"),
    data_test("unique_combination", columns=["date_key", "partner_key"]),
]


def without(name: str, column: str | None = None) -> list[dict[str, Any]]:
    return [
        test
        for test in TESTS
        if (test["test_metadata"]["name"], test["column_name"]) != (name, column)
    ]


def passes(rule: str, **given: Any) -> None:
    check_passes(rule, custom_checks_dir=RULES, **given)


def fails(rule: str, match: str, **given: Any) -> None:
    check_fails(rule, custom_checks_dir=RULES, match=match, **given)


def test_a_description_starts_with_the_grain() -> None:
    rule = "check_our_description_starts_with_the_grain"
    passes(rule, model=model())
    fails(rule, "One row per", model=model(description="Daily numbers. One row per day."))
    fails(rule, "One row per", model=model(description=""))
    fails(rule, "One row per", model=model(description="One day of one partner."))
    upstream = "models/intermediate/clicks/int_clicks__received.sql"
    passes(rule, model=model(description="One copy of a click.", original_file_path=upstream))
    fails(rule, "One", model=model(description="Copies of clicks.", original_file_path=upstream))


def test_a_mart_has_a_yaml_of_its_own() -> None:
    rule = "check_our_model_has_its_own_yaml"
    passes(rule, model=model())
    shared = "clickstar://models/marts/performance/_performance__models.yml"
    fails(rule, r"fct_daily\.yml", model=model(patch_path=shared))


def test_the_key_is_declared_and_tested() -> None:
    rule = "check_our_key_is_tested"
    passes(rule, model=model(), ctx_tests=TESTS)
    fails(rule, "declares no primary_key", model=model(constraints=[]), ctx_tests=TESTS)
    fails(rule, "date_key.*not_null", model=model(), ctx_tests=without("not_null", "date_key"))
    fails(rule, "is unique", model=model(), ctx_tests=without("unique_combination"))


def test_a_column_that_refuses_nulls_needs_no_test_of_it() -> None:
    rule = "check_our_key_is_tested"
    declared = {"name": "date_key", "constraints": [{"type": "not_null"}]}
    columns = {**model()["columns"], "date_key": declared}
    untested = without("not_null", "date_key")
    passes(rule, model=model(columns=columns), ctx_tests=untested)
    # No engine enforces anything of a view.
    view = model(columns=columns, config={"materialized": "view"})
    fails(rule, "date_key.*not_null", model=view, ctx_tests=untested)


def test_a_view_has_a_key_by_its_tests_alone() -> None:
    rule = "check_our_key_is_tested"
    view = model(constraints=[], config={"materialized": "view"})
    tests = [data_test("not_null", "date_key"), data_test("unique", "date_key")]
    passes(rule, model=view, ctx_tests=tests)
    fails(rule, "primary_key", model=view, ctx_tests=tests[:1])


def test_uniqueness_of_fewer_columns_than_the_key_is_not_enough() -> None:
    tests = [*without("unique_combination"), data_test("unique_combination", columns=["date_key"])]
    fails("check_our_key_is_tested", "is unique", model=model(), ctx_tests=tests)


@pytest.mark.parametrize("column", ["date_key", "partner_key"])
def test_each_foreign_key_of_a_fact_is_tested(column: str) -> None:
    rule = "check_our_foreign_keys_are_tested"
    passes(rule, model=model(), ctx_tests=TESTS)
    fails(rule, column, model=model(), ctx_tests=without("relationships", column))


def macro(**changes: Any) -> dict[str, Any]:
    description: dict[str, Any] = {
        "unique_id": "macro.clickstar.dimension_key",
        "name": "dimension_key",
        "original_file_path": "macros/keys/dimension_key.sql",
        "description": "An integer key.",
        "arguments": [
            {"name": "parts", "type": "list[string]", "description": "What it is made of."}
        ],
    }
    return description | changes


def test_a_macro_lives_in_the_file_of_its_name() -> None:
    rule = "check_our_macro_file_has_its_name"
    passes(rule, macro=macro())
    passes(rule, macro=macro(name="duckdb__dimension_key"))
    passes(
        rule,
        macro=macro(name="test_positive", original_file_path="tests/generic/positive.sql"),
    )
    fails(rule, r"surrogate\.sql", macro=macro(name="surrogate"))
    fails(rule, r"surrogate\.sql", macro=macro(name="duckdb__surrogate"))


def test_a_macro_is_documented_down_to_the_last_argument() -> None:
    rule = "check_our_macro_is_documented"
    passes(rule, macro=macro())
    fails(rule, "no description", macro=macro(description=""))
    fails(rule, "parts", macro=macro(arguments=[{"name": "parts", "description": ""}]))


def test_a_generic_test_names_its_arguments_in_its_description() -> None:
    rule = "check_our_macro_is_documented"
    sql = "{% test above(model, column_name, limit) %} select 1 {% endtest %}"
    given = {"name": "test_above", "macro_sql": sql, "arguments": []}
    passes(rule, macro=macro(**given, description="Above `limit`."))
    fails(rule, "limit", macro=macro(**given, description="Above something."))


def test_a_seed_declares_the_type_of_each_column() -> None:
    rule = "check_our_seed_columns_have_types"
    seed = {
        "unique_id": "seed.clickstar.networks",
        "name": "networks",
        "columns": {"network_code": {"name": "network_code"}},
    }
    passes(rule, seed=seed | {"config": {"column_types": {"network_code": "varchar(30)"}}})
    fails(rule, "network_code", seed=seed | {"config": {"column_types": {}}})


def test_the_name_of_a_unit_test_fits_on_postgresql() -> None:
    rule = "check_our_unit_test_name_fits"
    given = {"unique_id": "unit_test.clickstar.fct_clicks.x", "model": "fct_clicks"}
    passes(rule, unit_test=given | {"name": "n" * 63})
    fails(rule, "64", unit_test=given | {"name": "n" * 64})
