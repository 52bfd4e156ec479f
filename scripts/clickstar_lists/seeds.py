"""Rows of a seed, each with the rule versions in which it holds; a refresh never loses a row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ADDED, REMOVED = "added_in_version", "removed_in_version"
Row = dict[str, str]


@dataclass(frozen=True)
class Refreshed:
    """What a refresh changed.

    Attributes:
        rows: all rows of the seed, in its order.
        added: how many rows came, by rule.
        removed: how many rows no longer hold, by rule.
        versions: the new version of each rule that changed.
    """

    rows: list[Row]
    added: Mapping[str, int]
    removed: Mapping[str, int]
    versions: Mapping[str, int]


def read_rows(path: Path) -> list[Row]:
    """The rows of a seed; none where the file is not there yet."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a seed."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def refreshed(
    known: Iterable[Row], found: Iterable[Row], key: tuple[str, ...], rule: str
) -> Refreshed:
    """Bring a seed's rows up to date with a list.

    A row that the list no longer has keeps its place with the version from which it no longer
    holds, so that older versions of the rule judge as they did. The first list is version 1.

    Args:
        known: the rows so far.
        found: the rows of the list, without versions.
        key: the columns that make a row itself; all others of a row that holds are renewed.
        rule: the column that names the rule; every rule counts its own versions.
    """
    known = list(known)
    newest: dict[str, int] = {}
    for row in known:
        for version in (row[ADDED], row[REMOVED]):
            newest[row[rule]] = max(newest.get(row[rule], 0), int(version or 0))
    wanted = {tuple(row[column] for column in key): row for row in found}
    held = {tuple(row[column] for column in key): row for row in known if not row[REMOVED]}
    added: dict[str, int] = {}
    removed: dict[str, int] = {}
    for identity in wanted.keys() - held.keys():
        added[wanted[identity][rule]] = added.get(wanted[identity][rule], 0) + 1
    for identity in held.keys() - wanted.keys():
        removed[held[identity][rule]] = removed.get(held[identity][rule], 0) + 1
    versions = {name: newest.get(name, 0) + 1 for name in added.keys() | removed.keys()}
    rows = [row for row in known if row[REMOVED]]
    for identity, row in held.items():
        if identity in wanted:
            rows.append({**wanted[identity], ADDED: row[ADDED], REMOVED: ""})
        else:
            rows.append({**row, REMOVED: str(versions[row[rule]])})
    rows += [
        {**row, ADDED: str(versions[row[rule]]), REMOVED: ""}
        for identity, row in wanted.items()
        if identity not in held
    ]
    rows.sort(key=lambda row: (*(row[column] for column in key), int(row[ADDED])))
    return Refreshed(rows, added, removed, versions)
