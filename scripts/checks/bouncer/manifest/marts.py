"""Rules for models: the grain comes first, keys are tested, foreign keys point at something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from dbt_bouncer.check_framework.decorator import check, fail

# A mart says what a row is; upstream, "One delivered record of a click" says as much.
GRAIN = {True: re.compile(r"^One row per \w"), False: re.compile(r"^One \w")}
# Columns that end in _key and point at no dimension: a degenerate key would be listed here.
UNKNOWN_TARGETS: frozenset[str] = frozenset()


def _tests(model: Any, ctx: Any, name: str) -> Iterator[Any]:
    for test in ctx.tests_by_attached_node.get(model.unique_id, []):
        metadata = getattr(test, "test_metadata", None)
        if metadata is not None and metadata.name == name:
            yield test


def _plain(value: Any) -> Any:
    """Return the value as Python's own type; dbt-bouncer wraps what it reads in proxies."""
    return getattr(value, "value", value)


def _columns_tested(model: Any, ctx: Any, name: str) -> set[str]:
    return {str(test.column_name) for test in _tests(model, ctx, name)}


def _combinations_tested(model: Any, ctx: Any) -> list[set[str]]:
    return [
        set(test.test_metadata.kwargs["columns"])
        for test in _tests(model, ctx, "unique_combination")
    ]


def _key(model: Any) -> set[str]:
    """Return the columns of the primary key, from the column's or the model's constraints."""
    for name, column in model.columns.items():
        for constraint in getattr(column, "constraints", None) or []:
            if str(_plain(constraint.type)) == "primary_key":
                return {str(name)}
    for constraint in getattr(model, "constraints", None) or []:
        if str(_plain(constraint.type)) == "primary_key":
            return {str(column) for column in constraint.columns}
    return set()


def _never_null(model: Any, ctx: Any) -> set[str]:
    """Return the columns that hold no null: a test says so, or the stored table refuses one.

    Of a table with a contract every engine enforces `not null`: a test of it could not fail.
    """
    refused: set[str] = set()
    if str(_plain(model.config.materialized)) != "view":
        refused = {
            str(name)
            for name, column in model.columns.items()
            if any(
                str(_plain(constraint.type)) == "not_null"
                for constraint in getattr(column, "constraints", None) or []
            )
        }
    return refused | _columns_tested(model, ctx, "not_null")


@check
def check_our_description_starts_with_the_grain(model: Any) -> None:
    """The first words of a description are the grain: of a mart `One row per …`, else `One …`."""
    is_mart = str(model.original_file_path).startswith("models/marts/")
    if not GRAIN[is_mart].match(str(model.description or "").strip()):
        words = "One row per …" if is_mart else "One …"
        fail(f"`{model.name}`: the description must start with its grain, `{words}`.")


@check
def check_our_model_has_its_own_yaml(model: Any) -> None:
    """A mart is described in one YAML file of its own, beside its SQL."""
    patch = str(model.patch_path or "").rpartition("://")[2]
    expected = PurePath(str(model.original_file_path)).with_suffix(".yml")
    if PurePath(patch) != expected:
        fail(f"`{model.name}` must be described in {expected}, not in {patch or 'no file'}.")


@check
def check_our_key_is_tested(model: Any, ctx: Any) -> None:
    """A mart declares its primary key; a test says that it is unique, and it is never null."""
    key = _key(model)
    if not key and str(_plain(model.config.materialized)) == "view":
        # No engine lets a view declare a key: its tests say which column it is.
        unique_columns = _columns_tested(model, ctx, "unique")
        key = set(sorted(unique_columns & _columns_tested(model, ctx, "not_null"))[:1])
    if not key:
        fail(f"`{model.name}` declares no primary_key constraint.")
    nullable = key - _never_null(model, ctx)
    if nullable:
        fail(f"`{model.name}`: its key {sorted(nullable)} has no not_null constraint or test.")
    unique = (
        key <= _columns_tested(model, ctx, "unique")
        if len(key) == 1
        else key in _combinations_tested(model, ctx)
    )
    if not unique:
        fail(f"`{model.name}`: no test says that its key {sorted(key)} is unique.")


@check
def check_our_foreign_keys_are_tested(model: Any, ctx: Any) -> None:
    """Each column of a fact that ends in `_key`, and each foreign key, has a relationships test."""
    foreign = {
        str(name)
        for name, column in model.columns.items()
        if any(
            str(_plain(constraint.type)) == "foreign_key"
            for constraint in getattr(column, "constraints", None) or []
        )
    }
    if str(model.name).startswith(("fct_", "bridge_")):
        own = _key(model) if len(_key(model)) == 1 else set()
        foreign |= {
            str(name)
            for name in model.columns
            if str(name).endswith("_key") and name not in own | UNKNOWN_TARGETS
        }
    untested = foreign - _columns_tested(model, ctx, "relationships")
    if untested:
        fail(f"`{model.name}`: no relationships test on {sorted(untested)}.")
