"""Every rule on the demo, whose truth is known: precision, recall, and exact duplicates."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import duckdb
import pytest

from clickstar_bench.judging import (
    ROBOTS,
    Accuracy,
    accuracies,
    beside_the_truth,
    wrong_classes,
)
from warehouses import Warehouse

# A mark of a request is there or not: nothing may be missed, nothing else hit.
EXACT = (
    "prefetch",
    "head_request",
    "test_click",
    "network_verdict",
    "missing_user_agent",
    "fast_click",
    "impossible_sequence",
    "internal_traffic",
    "shared_click_id",
)
# The rule counts by the minute of the clock, which cuts a burst in two now and then.
LEAST = {"visitor_rate": (1.0, 0.85), ROBOTS: (0.99, 0.95), "concentrated_partner": (0.9, 0.9)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to a built warehouse of demo clicks and their truth."""
    folder = tmp_path_factory.mktemp("judged_demo")
    warehouse = Warehouse("duckdb", folder)
    warehouse.run(
        *(sys.executable, "scripts/make_demo.py", "--landing", str(folder / "landing")),
        *("--truth", str(folder / "truth"), "--clicks", "20000", "--days", "30"),
    )
    warehouse.load(folder / "landing")
    warehouse.dbt(
        "build", "--exclude-resource-type", "test", "unit_test", "--select", "+fct_clicks"
    )
    with beside_the_truth(warehouse.file, folder / "truth") as connection:
        yield connection


@pytest.fixture(scope="module")
def measured(demo: duckdb.DuckDBPyConnection) -> dict[str, Accuracy]:
    """Return how right each rule is."""
    return {accuracy.rule: accuracy for accuracy in accuracies(demo)}


@pytest.mark.parametrize("rule", EXACT)
def test_a_mark_is_found_exactly(measured: dict[str, Accuracy], rule: str) -> None:
    accuracy = measured[rule]
    assert accuracy.true > 0
    assert (accuracy.precision, accuracy.recall) == (1.0, 1.0), accuracy


@pytest.mark.parametrize("rule", LEAST)
def test_what_is_inferred_is_mostly_right(measured: dict[str, Accuracy], rule: str) -> None:
    accuracy, (precision, recall) = measured[rule], LEAST[rule]
    assert accuracy.precision is not None and accuracy.recall is not None
    assert accuracy.precision >= precision and accuracy.recall >= recall, accuracy


def test_every_rule_of_the_seed_is_measured(
    demo: duckdb.DuckDBPyConnection, measured: dict[str, Accuracy]
) -> None:
    """Guards a new rule against going unmeasured. Some cannot be: nothing in the demo shows it."""
    rules = {
        str(row[0])
        for row in demo.sql(
            "select distinct rule_id from built.intermediate.int_click_quality_rules__in_force"
            # Those that judge user agents are measured together.
            " where kind != 'user_agent'"
        ).fetchall()
    }
    # The demo's addresses belong to nobody, and no prefix of it is that busy.
    assert rules - set(measured) <= {"data_centre", "prefix_rate"}


def test_every_duplicate_is_found_and_no_other(demo: duckdb.DuckDBPyConnection) -> None:
    valid, wrong = wrong_classes(demo)
    assert valid > 15_000
    assert wrong == 0


def test_gross_is_the_sum_of_the_classes(demo: duckdb.DuckDBPyConnection) -> None:
    rows = demo.sql(
        "select click_class, count(*) from built.marts.fct_clicks group by click_class"
    ).fetchall()
    assert {row[0] for row in rows} == {"unique", "duplicate", "invalid"}
    assert sum(row[1] for row in rows) == 20_000
