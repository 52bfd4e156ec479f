"""The columns of a published history: what publishing writes, and adopting reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import models

from records.base import MANAGED_FIELDS, Record
from records.models import Crosswalk, Kind, UniquenessRule

MOMENT = pa.timestamp("us")  # UTC, as the loader takes a time without zone
FIRST = {
    "history_id": pa.int64(),
    "recorded_at": MOMENT,
    "change_type": pa.string(),
    "effective_from": MOMENT,
    "code": pa.string(),
}
# What the change itself says, by the column of the file.
OF_THE_CHANGE = {
    "history_id": "history_id",
    "recorded_at": "history_date",
    "change_type": "history_type",
    "effective_from": "effective_from",
    "reason": "history_change_reason",
}
_TYPES: tuple[tuple[type[models.Field[Any, Any]], Callable[[Any], pa.DataType]], ...] = (
    (models.ForeignKey, lambda field: pa.string()),
    (models.BooleanField, lambda field: pa.bool_()),
    (models.DecimalField, lambda field: pa.decimal128(field.max_digits, field.decimal_places)),
    (models.DateField, lambda field: pa.date32()),
    (models.IntegerField, lambda field: pa.int32()),
    (models.CharField, lambda field: pa.string()),
)


@dataclass(frozen=True)
class Column:
    """A column of the file with the record's field that it holds."""

    name: str
    type: pa.DataType
    field: models.Field[Any, Any]


def fields_of(entity: type[Record]) -> list[Column]:
    """The columns that hold fields of the record, `is_active` last.

    Of the crosswalk without its targets: the file has the one that a row has as `code`.
    """
    fields = [field for field in entity._meta.concrete_fields if field.name not in MANAGED_FIELDS]
    if entity is Crosswalk:
        fields = [field for field in fields if field.name not in Kind.values]
    if entity is UniquenessRule:
        fields = [field for field in fields if field.name != "advertiser"]  # its code
    fields.sort(key=lambda field: field.name == "is_active")
    return [Column(str(field.column), _type(field), field) for field in fields]


def schema_of(entity: type[Record]) -> pa.Schema:
    """Names and types of the file's columns, in their order."""
    columns = {column.name: column.type for column in fields_of(entity)}
    return pa.schema([*FIRST.items(), *columns.items(), ("reason", pa.string())])


def history_of(entity: type[Record]) -> Any:
    """The model of the entity's history, whose fields no type checker sees."""
    return entity.history.model  # type: ignore[attr-defined]


def _type(field: models.Field[Any, Any]) -> pa.DataType:
    return next(made(field) for kind, made in _TYPES if isinstance(field, kind))
