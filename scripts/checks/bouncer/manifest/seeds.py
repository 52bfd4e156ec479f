"""A rule for seeds: every column has the same type on every engine."""

from __future__ import annotations

from typing import Any

from dbt_bouncer.check_framework.decorator import check, fail


@check
def check_our_seed_columns_have_types(seed: Any) -> None:
    """Every documented column of a seed has a type in `column_types`: engines guess differently."""
    typed = {str(name) for name in dict(seed.config.column_types or {})}
    untyped = sorted({str(name) for name in seed.columns} - typed)
    if untyped:
        fail(f"`{seed.name}`: no column_types for {untyped}.")
