"""Codes for people who do not want to invent one."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError

from changes.service import new_record
from records.base import Record

LONGEST = 64


def suggested_code(entity: type[Record], parts: Iterable[Any]) -> str:
    """A free code made of some values: `example-shop`, or `example-shop-2` where that is taken."""
    text = "-".join(str(getattr(part, "pk", part)) for part in parts if part not in (None, ""))
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9_.~-]+", "-", plain).strip("-._~") or "record"
    stem = stem[: LONGEST - 4].rstrip("-._~")
    for number in itertools.count(1):
        code = stem if number == 1 else f"{stem}-{number}"
        try:
            new_record(entity, code, {})
        except ValidationError:
            continue
        return code
    raise AssertionError("There is always a next number.")
