"""Writes every history whole to the landing folder, from where the loader takes it.

The loader treats a changed file as a new version that replaces the rows of the old one, so the
histories reach DuckDB, PostgreSQL and Redshift in one way. See DECISIONS.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from publishing.columns import OF_THE_CHANGE, fields_of, history_of, schema_of
from publishing.landing import PUBLISHED, Landing
from records.base import Record
from records.models import ENTITIES, Crosswalk, Kind


class HistoryShrank(Exception):
    """A history has lost or changed what was published of it: the message is for people."""


def publish(landing: Landing) -> dict[str, int]:
    """Write the histories that have changed, and return the new changes of each by entity.

    A file whose content is as it was is left alone, byte for byte.

    Raises:
        HistoryShrank: a history has fewer changes than were published, or others.
    """
    with landing.alone():
        tables, new = {}, {}
        for name, table in read_histories().items():
            before = landing.published(name)
            if before is None and not table.num_rows:
                continue
            if before is not None:
                check_kept(name, before, table)
                if before.equals(table):
                    continue
            tables[name] = table
            new[name] = table.num_rows - (before.num_rows if before is not None else 0)
        if tables:
            landing.publish(tables)
        return new


def read_histories() -> dict[str, pa.Table]:
    """The histories of all entities as they are at one moment."""
    with _one_moment():
        return {entity._meta.db_table: read_history(entity) for entity in ENTITIES}


def read_history(entity: type[Record]) -> pa.Table:
    """The whole history of an entity, in the order of recording."""
    schema = schema_of(entity)
    sources = _sources(entity)
    entries = list(history_of(entity).objects.order_by("history_id").values_list(*sources.values()))
    values = dict(zip(sources, zip(*entries, strict=True), strict=True)) if entries else {}
    if entity is Crosswalk and entries:
        targets = zip(*(values.pop(kind) for kind in Kind.values), strict=True)
        values["code"] = tuple(next(filter(None, of_row), None) for of_row in targets)
    return pa.table(
        [
            pa.array([_stored(value) for value in values.get(field.name, ())], type=field.type)
            for field in schema
        ],
        schema=schema,
    )


def check_kept(name: str, before: pa.Table, after: pa.Table) -> None:
    """Refuse to publish a history that lost or changed what was published of it.

    Raises:
        HistoryShrank: in a sentence.
    """
    what = name.replace("_", " ")
    repair = (
        "The portal's database was emptied, replaced or restored from an older copy: bring it back;"
        f" or remove {PUBLISHED}/{name}_history.parquet from the landing folder if reports are"
        " to forget those changes."
    )
    kept = pc.is_in(before["history_id"], value_set=after["history_id"].combine_chunks())
    lost = before.filter(pc.invert(kept))
    if lost.num_rows:
        raise HistoryShrank(
            f"Nothing was published: the {what} history lacks {lost.num_rows:,} of the"
            f" {before.num_rows:,} changes published before, the first is number"
            f" {pc.min(lost['history_id'])}. {repair}"
        )
    common = [column for column in before.column_names if column in after.column_names]
    again = after.filter(
        pc.is_in(after["history_id"], value_set=before["history_id"].combine_chunks())
    )
    for column in common:
        try:
            same = before[column].cast(after.schema.field(column).type).equals(again[column])
        except pa.ArrowInvalid:
            same = False
        if not same:
            raise HistoryShrank(
                f"Nothing was published: the {what} history has another {column} in changes that"
                f" were published before. {repair}"
            )


@contextmanager
def _one_moment() -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        # SQLite shows one state to a transaction; PostgreSQL does so when it is asked to.
        if connection.vendor == "postgresql" and not nested:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield


def _sources(entity: type[Record]) -> dict[str, str]:
    """The history's field by the column that it goes to; the crosswalk's targets by their kind."""
    fields = {column.name: column.field.attname for column in fields_of(entity)}
    if entity is Crosswalk:
        return OF_THE_CHANGE | fields | {kind: f"{kind}_id" for kind in Kind.values}
    return OF_THE_CHANGE | {"code": "code"} | fields


def _stored(value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value
