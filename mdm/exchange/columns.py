"""The columns of an entity's file: its key, what people edit by the names of the histories, and
the version that was exported.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from import_export import fields, resources
from import_export.formats import base_formats
from tablib import Dataset

from exchange.tables import csv_file, xlsx_file
from records.base import Record

KEY, VERSION = "code", "version"


def editable_columns(entity: type[Record]) -> dict[str, models.Field[Any, Any]]:
    """The fields that people edit by their columns; a foreign key's is `<name>_code`."""
    return {str(field.column): field for field in entity.editable_fields()}


class Value(fields.Field):  # type: ignore[misc]
    """A column that holds a record's value as it is: a code, a Decimal, a date."""

    def __init__(self, field: models.Field[Any, Any]) -> None:
        super().__init__(attribute=field.attname, column_name=str(field.column))
        self.of = field

    def export(self, instance: models.Model, **_: Any) -> Any:
        """The value of a record."""
        return self.of.value_from_object(instance)


def resource_of(entity: type[Record]) -> type[resources.ModelResource]:
    """What import-export has to know to export an entity."""
    fields_by_column: dict[str, models.Field[Any, Any]] = {
        name: entity._meta.get_field(name)  # type: ignore[misc]
        for name in (KEY, VERSION)
    }
    columns = {
        KEY: fields_by_column[KEY],
        **editable_columns(entity),
        VERSION: fields_by_column[VERSION],
    }
    meta = type("Meta", (), {"model": entity, "fields": list(columns), "import_id_fields": [KEY]})
    body = {column: Value(field) for column, field in columns.items()}
    made: type[resources.ModelResource] = resources.ModelDeclarativeMetaclass(
        f"{entity.__name__}Resource", (resources.ModelResource,), {**body, "Meta": meta}
    )
    return made


class Csv(base_formats.CSV):  # type: ignore[misc]
    """Comma-separated values that every spreadsheet opens right."""

    def is_binary(self) -> bool:
        """Its bytes are made here, with their mark."""
        return True

    def export_data(self, dataset: Dataset, **_: Any) -> bytes:
        """The rows as a file."""
        return csv_file(dataset.headers, list(dataset))


class Xlsx(base_formats.XLSX):  # type: ignore[misc]
    """A workbook of one sheet."""

    def export_data(self, dataset: Dataset, **_: Any) -> bytes:
        """The rows as a file; `dataset.title` is the table that they are of."""
        return xlsx_file(dataset.title, dataset.headers, list(dataset), dataset.texts)
