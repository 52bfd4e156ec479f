"""Rules for macros: one per file, of the same name, and documented down to the last argument."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from dbt_bouncer.check_framework.decorator import check, fail

# An implementation of a dispatched macro lives, and is documented, with the macro it implements.
DISPATCHED = re.compile(r"^(?:default|duckdb|postgres|redshift)__")

SIGNATURE = re.compile(r"{%-?\s*test\s+\w+\s*\((?P<arguments>[^)]*)\)")
# dbt passes these two to every generic test; what they mean is dbt's.
GIVEN = frozenset({"model", "column_name"})


def _public_name(macro: Any) -> str:
    name = DISPATCHED.sub("", str(macro.name))
    # dbt registers the generic test `unique_combination` as the macro `test_unique_combination`.
    if str(macro.original_file_path).startswith("tests/"):
        name = name.removeprefix("test_")
    return name


@check
def check_our_macro_file_has_its_name(macro: Any) -> None:
    """A macro lives in the file of its own name, so that it is found without searching."""
    name = _public_name(macro)
    # What replaces dbt's own implementation for one engine has no public macro here to sit with.
    if PurePath(str(macro.original_file_path)).stem not in (name, macro.name):
        fail(f"`{macro.name}` must live in a file named {name}.sql.")


@check
def check_our_macro_is_documented(macro: Any) -> None:
    """A macro and each of its arguments have a description."""
    if DISPATCHED.match(str(macro.name)):
        return
    description = str(macro.description or "").strip()
    if not description:
        fail(f"`{macro.name}` has no description.")
    if str(macro.name).startswith("test_"):
        # dbt reads no arguments of generic tests, so their description has to name them.
        signature = SIGNATURE.search(str(macro.macro_sql))
        names = re.findall(r"\w+", signature["arguments"]) if signature else []
        missing = [name for name in names if name not in GIVEN and f"`{name}`" not in description]
    else:
        # dbt reads the arguments' names from the signature (the flag validate_macro_args).
        missing = [
            str(argument.name)
            for argument in macro.arguments or []
            if not str(argument.description or "").strip()
        ]
    if missing:
        fail(f"`{macro.name}`: the arguments {missing} have no description.")
