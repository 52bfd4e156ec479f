"""A rule for unit tests: their names fit on every engine."""

from __future__ import annotations

from typing import Any

from dbt_bouncer.check_framework.decorator import check, fail

# dbt makes a table of the unit test's name, and PostgreSQL allows names of 63 bytes.
LONGEST_NAME = 63


@check
def check_our_unit_test_name_fits(unit_test: Any) -> None:
    """The name of a unit test is a name that PostgreSQL allows for a table."""
    length = len(str(unit_test.name).encode())
    if length > LONGEST_NAME:
        fail(f"`{unit_test.name}` has {length} bytes; PostgreSQL allows {LONGEST_NAME}.")
