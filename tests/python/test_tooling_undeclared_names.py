"""The check for names that are read but nobody declares: Jinja renders them as nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.undeclared_names import check_file, names_of_dbt

KNOWN = names_of_dbt() | {"dimension_key"}


def findings(
    tmp_path: Path, sql: str, signatures_of_dbt: frozenset[str] = frozenset()
) -> list[str]:
    file = tmp_path / "macro.sql"
    file.write_text(sql, encoding="utf-8")
    return [finding.message for finding in check_file(file, KNOWN, signatures_of_dbt)]


def test_a_misnamed_parameter_is_found_on_both_sides(tmp_path: Path) -> None:
    sql = "{% macro cents(column_nme) %} cast({{ column_name }} * 100 as bigint) {% endmacro %}"
    assert findings(tmp_path, sql) == [
        "`column_name` is read but nobody declares it",
        "cents: the argument `column_nme` is never read",
    ]


def test_a_name_in_a_branch_that_parsing_never_takes_is_found(tmp_path: Path) -> None:
    sql = "{% if execute and is_incremental %} {{ days_bcak }} {% endif %}"
    assert "`days_bcak` is read but nobody declares it" in findings(tmp_path, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "{% macro f(a, b=none) %} {{ a }} {{ b or var('c') }} {% endmacro %}",
        "{% macro f(parts) %} {% for part in parts %} {{ loop.index }}{{ part }} {% endfor %}"
        "{% endmacro %}",
        "{% macro f(a) %} {% set x = a %} {{ dimension_key([x]) }} {{ this }} {% endmacro %}",
        "{% test positive(model, column_name) %} select 1 from {{ model }}"
        " where {{ column_name }} < 0 {% endtest %}",
        "{% macro f(a) %} {% if a %} 1 {% else %} {% set x = 2 %} {% for b in a %} {{ x + b }}"
        "{% endfor %} {% endif %} {% endmacro %}",
        "select {{ dimension_key(['a']) }} from {{ ref('b') }} {{ range(3) | list }}",
    ],
)
def test_declared_names_are_left_alone(tmp_path: Path, sql: str) -> None:
    assert findings(tmp_path, sql) == []


def test_the_argument_of_one_macro_declares_nothing_for_another(tmp_path: Path) -> None:
    sql = "{% macro f(a) %} {{ a }} {% endmacro %} {% macro duckdb__f(b) %} {{ a }} {% endmacro %}"
    assert findings(tmp_path, sql) == ["`a` is read but nobody declares it"]


def test_what_a_loop_sets_ends_with_the_loop(tmp_path: Path) -> None:
    sql = "{% for a in [1] %} {% set total = a %} {% endfor %} {{ total }}"
    assert findings(tmp_path, sql) == ["`total` is read but nobody declares it"]


def test_an_engines_implementation_may_leave_an_argument_unread(tmp_path: Path) -> None:
    sql = "{% macro duckdb__f(a, width) %} {{ a }} {% endmacro %}"
    assert findings(tmp_path, sql) == []


def test_a_macro_that_replaces_one_of_dbts_may_leave_an_argument_unread(tmp_path: Path) -> None:
    sql = "{% macro generate_schema_name(name, node) %} {{ name }} {% endmacro %}"
    assert findings(tmp_path, sql, frozenset({"generate_schema_name"})) == []


def test_broken_jinja_is_a_finding_and_not_a_traceback(tmp_path: Path) -> None:
    assert findings(tmp_path, "{% macro f(a %} {% endmacro %}")[0].startswith("not valid Jinja")
