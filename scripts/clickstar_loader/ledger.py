"""The ledger: which content of which file is in the warehouse, and why another is not.

One row per table, path and content. The rows of a table belong to the rows of the ledger whose
status is ``loaded``; the others tell a story only.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import pyarrow as pa

from .discover import FileState
from .warehouse import LEDGER, OWN_TABLES, REJECTS, Warehouse

LOADED, SUPERSEDED, DUPLICATE, SET_ASIDE = "loaded", "superseded", "duplicate", "set_aside"
_ARROW = {"bigint": pa.int64(), "timestamp": pa.timestamp("us")}


@dataclass(frozen=True)
class Entry:
    """A row of the ledger."""

    file_id: int
    source_name: str
    table_name: str
    path: str
    file_format: str
    compression: str
    size_bytes: int
    modified_at: datetime
    content_hash: str
    status: str
    reason: str | None = None
    records: int = 0
    accepted: int = 0
    rejected: int = 0
    unknown_columns: str | None = None
    batch_id: int = 0
    started_at: datetime | None = None
    loaded_at: datetime | None = None

    def has_state(self, state: FileState) -> bool:
        """Whether the file looked then as it does now."""
        return self.size_bytes == state.size and self.modified_at == state.modified_at


def file_id(table: str, content_hash: str) -> int:
    """The id of a content in a table: 60 bits, the same on every engine and in every order."""
    return _sixty_bits(f"{table}\n{content_hash}")


def hash_with_path(content_hash: str, values: dict[str, str]) -> str:
    """The hash of a content together with the values that its contract reads from the path.

    Equal bytes of two accounts, or of two days of pulling, are different deliveries.
    """
    if not values:
        return content_hash
    text = json.dumps([content_hash, sorted(values.items())])
    return hashlib.sha256(text.encode()).hexdigest()


def _id_in_place(table: str, path: str, content_hash: str) -> int:
    """The id of a ledger row that no raw row belongs to."""
    return _sixty_bits(f"{table}\n{path}\n{content_hash}")


def _sixty_bits(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:15], 16)


class Ledger:
    """The ledger of a warehouse, read once; changes are written within the open transaction."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.read()

    def read(self) -> None:
        """Read it anew, as after a rollback."""
        names = ", ".join(OWN_TABLES[LEDGER])
        rows = self._warehouse.query(
            f"select {names} from {self._warehouse.relation(LEDGER)} order by started_at, file_id"
        )
        self._by_place: dict[tuple[str, str], list[Entry]] = {}
        for row in rows:
            entry = Entry(**dict(zip(OWN_TABLES[LEDGER], row, strict=True)))
            self._by_place.setdefault((entry.table_name, entry.path), []).append(entry)
        self._last_batch = max(
            (entry.batch_id for entries in self._by_place.values() for entry in entries), default=0
        )

    def next_batch(self) -> int:
        """The number of a new batch."""
        return self._last_batch + 1

    def current(self, table: str, path: str) -> Entry | None:
        """The content that the path stands for in the warehouse."""
        return self._one(table, path, (LOADED, DUPLICATE))

    def aside(self, table: str, path: str) -> Entry | None:
        """The content of the path that could not be loaded, if that was the last one tried."""
        return self._one(table, path, (SET_ASIDE,))

    def holder(self, table: str, content_hash: str, but_not: str) -> Entry | None:
        """The other path that the content was loaded from."""
        for entry in self._all(table):
            if (
                entry.status == LOADED
                and entry.content_hash == content_hash
                and entry.path != but_not
            ):
                return entry
        return None

    def record(self, entry: Entry) -> None:
        """Make the entry the one of its table, path and content.

        What stood for the path before is retired: its rows leave the table, unless another path
        holds the same content, which then takes them over.
        """
        place = (entry.table_name, entry.path)
        current = self.current(*place)
        if entry.status == SET_ASIDE:
            entry = replace(entry, file_id=_id_in_place(*place, entry.content_hash))
        elif current is not None and current.status == LOADED:
            if current.content_hash != entry.content_hash:
                self._retire_rows(current)
        if entry.status == DUPLICATE:
            entry = replace(entry, file_id=_id_in_place(*place, entry.content_hash))
        kept = []
        for old in self._by_place.get(place, []):
            if old.content_hash == entry.content_hash and (
                entry.status != SET_ASIDE or old.status == SET_ASIDE
            ):
                continue
            if old.status == SET_ASIDE or (
                entry.status != SET_ASIDE and old.status in (LOADED, DUPLICATE)
            ):
                old = replace(
                    old, status=SUPERSEDED, file_id=_id_in_place(*place, old.content_hash)
                )
            kept.append(old)
        self._write(place, [*kept, entry])

    def touch(self, entry: Entry, state: FileState) -> None:
        """Remember that an unchanged content has another modification time."""
        place = (entry.table_name, entry.path)
        now = replace(entry, modified_at=state.modified_at, size_bytes=state.size)
        entries = [now if old is entry else old for old in self._by_place[place]]
        if entry.status != SET_ASIDE:
            entries = [
                replace(old, status=SUPERSEDED) if old.status == SET_ASIDE else old
                for old in entries
            ]
        self._write(place, entries)

    def remove_rows(self, entry: Entry) -> None:
        """Take the rows and rejects of a loaded content out of the tables."""
        relation = self._warehouse.relation
        self._warehouse.execute(
            f"delete from {relation(entry.table_name)} where _file_id = {entry.file_id}"
        )
        self._warehouse.execute(f"delete from {relation(REJECTS)} where file_id = {entry.file_id}")

    def _retire_rows(self, entry: Entry) -> None:
        for other in self._all(entry.table_name):
            if (
                other.status == DUPLICATE
                and other.content_hash == entry.content_hash
                and other.path != entry.path
            ):
                heir = replace(
                    entry,
                    path=other.path,
                    size_bytes=other.size_bytes,
                    modified_at=other.modified_at,
                    compression=other.compression,
                )
                place = (other.table_name, other.path)
                entries = [heir if old is other else old for old in self._by_place[place]]
                self._write(place, entries)
                return
        self.remove_rows(entry)

    def _one(self, table: str, path: str, statuses: tuple[str, ...]) -> Entry | None:
        found = [e for e in self._by_place.get((table, path), []) if e.status in statuses]
        return found[-1] if found else None

    def _all(self, table: str) -> list[Entry]:
        return [
            entry
            for (name, _), entries in self._by_place.items()
            if name == table
            for entry in entries
        ]

    def _write(self, place: tuple[str, str], entries: list[Entry]) -> None:
        table, path = place
        relation = self._warehouse.relation(LEDGER)
        if place in self._by_place:
            self._warehouse.execute(
                f"delete from {relation} "
                f"where table_name = {self._warehouse.literal(table)} "
                f"and path = {self._warehouse.literal(path)}"
            )
        rows = [asdict(entry) for entry in entries]
        self._warehouse.append_rows(
            LEDGER,
            pa.table(
                {
                    name: pa.array([row[name] for row in rows], _ARROW.get(kind, pa.string()))
                    for name, kind in OWN_TABLES[LEDGER].items()
                }
            ),
        )
        self._by_place[place] = entries
