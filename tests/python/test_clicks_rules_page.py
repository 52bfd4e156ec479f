"""The page about click quality names every rule as its seed does; `WRITE_DOCS=1` writes it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping

import pytest

from pages import hold_tables, table
from warehouses import ROOT

PAGE = ROOT / "docs" / "click_quality.md"


def _quality_row(rule: Mapping[str, str]) -> list[str]:
    return [f"`{rule['rule_id']}`", rule["severity"], rule["description"], _after(rule)]


def _uniqueness_row(rule: Mapping[str, str]) -> list[str]:
    name = f"`{rule['rule_id']}`" + (" (default)" if rule["is_default"] == "true" else "")
    where = "everywhere" if rule["scope"] == "global" else f"on one {rule['scope']}"
    who = rule["click_key"].replace("_", " ")
    window = f"{int(rule['window_seconds']) // 60:,} min, {rule['window_kind']}"
    return [name, f"{who} {where}", window, _after(rule)]


def _after(rule: Mapping[str, str]) -> str:
    return f"[{rule['standard_says']}]({rule['source_url']})"


def _table(seed: str, heads: str, row: Callable[[Mapping[str, str]], list[str]]) -> str:
    with (ROOT / "seeds" / f"{seed}.csv").open(newline="", encoding="utf-8") as file:
        latest = {rule["rule_id"]: rule for rule in csv.DictReader(file)}
    rules = sorted(latest.values(), key=lambda rule: int(rule.get("priority", 0)))
    return table(heads, map(row, rules))


@pytest.mark.parametrize(
    ("seed", "heads", "row"),
    [
        ("click_quality_rules", "rule, severity, finds, after", _quality_row),
        ("uniqueness_rules", "rule, compares, window, after", _uniqueness_row),
    ],
)
def test_the_page_names_every_rule(
    seed: str, heads: str, row: Callable[[Mapping[str, str]], list[str]]
) -> None:
    hold_tables(PAGE, {seed: _table(seed, heads, row)})
