"""Decimals that SQLite keeps exactly, too: its own are floating point beyond 15 digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models


class ExactDecimalField(models.DecimalField):  # type: ignore[type-arg]
    """A decimal of up to 18 digits: `numeric` on PostgreSQL, a whole number on SQLite.

    SQLite keeps how many of the last decimal place it is (0.08 with six places as 80000), so that
    order and comparisons are those of the numbers.
    """

    def get_internal_type(self) -> str:
        """A name of its own: Django's converter for SQLite would round to 15 digits."""
        return "ExactDecimalField"

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        if connection.vendor == "sqlite":
            return "bigint"
        return f"numeric({self.max_digits}, {self.decimal_places})"

    def from_db_value(self, value: Any, _: Any, connection: Any) -> Decimal | None:
        """The number that the database keeps."""
        if value is None or connection.vendor != "sqlite":
            return value  # type: ignore[no-any-return]
        return Decimal(value).scaleb(-self.decimal_places)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """What the database is given."""
        number = value if prepared else self.get_prep_value(value)
        if connection.vendor != "sqlite" or not isinstance(number, Decimal):
            return super().get_db_prep_value(number, connection, prepared=True)
        return int(number.scaleb(self.decimal_places).to_integral_value())
