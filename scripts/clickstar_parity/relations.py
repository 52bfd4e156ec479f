"""What there is to compare: every mart and every snapshot that dbt's manifest names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clickstar_run.problems import Problem

# What dbt adds to a snapshot. Where it compares columns, all of it tells the time of the run.
SNAPSHOT_TIMES = ("dbt_valid_from", "dbt_valid_to", "dbt_updated_at", "dbt_scd_id")


@dataclass(frozen=True)
class Relation:
    """A table or view of the warehouse.

    Attributes:
        name: its name for people.
        kind: `mart` or `snapshot`.
        schema: the schema it is in.
        table: its name there.
        key: the columns that tell its rows apart; empty where nothing says so, then whole rows are
            compared.
        declared: the type that the contract gives each column; empty without a contract.
        run_times: columns that hold the time of a run. They differ between two warehouses by right,
            so of them only the order and whether they are null is compared.
    """

    name: str
    kind: str
    schema: str
    table: str
    key: tuple[str, ...] = ()
    declared: dict[str, str] = field(default_factory=dict)
    run_times: tuple[str, ...] = ()


def relations(manifest: Path, names: Iterable[str] | None = None) -> list[Relation]:
    """Read every mart and snapshot from a manifest, sorted by name; or only the named ones.

    Raises Problem when there is no manifest, or when it has no relation of a name.
    """
    if not manifest.exists():
        raise Problem(f"{manifest} is missing: build the warehouse first (dbt build writes it).")
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    unique = _unique_columns(nodes)
    found = [_relation(node, unique.get(node["unique_id"], [])) for node in nodes if _is_one(node)]
    found.sort(key=lambda relation: relation.name)
    if names is None:
        return found
    unknown = sorted(set(names) - {relation.name for relation in found})
    if unknown:
        raise Problem(f"There is no mart or snapshot called {', '.join(unknown)}.")
    return [relation for relation in found if relation.name in set(names)]


def _is_one(node: dict[str, Any]) -> bool:
    if node["resource_type"] == "snapshot":
        return True
    is_stored = node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    return is_stored and bool(node["fqn"][1] == "marts")


def _unique_columns(nodes: Iterable[dict[str, Any]]) -> dict[str, list[tuple[str, ...]]]:
    """The columns that `unique` and `unique_combination` tests hold unique, by node."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for node in nodes:
        test = node.get("test_metadata") or {}
        if node["resource_type"] != "test" or not node.get("attached_node"):
            continue
        # A test of a part of the rows does not hold for all of them.
        if node["config"].get("where"):
            continue
        if test.get("name") == "unique" and node.get("column_name"):
            columns: tuple[str, ...] = (node["column_name"],)
        elif test.get("name") == "unique_combination":
            columns = tuple(test["kwargs"]["columns"])
        else:
            continue
        found.setdefault(node["attached_node"], []).append(columns)
    return found


def _relation(node: dict[str, Any], unique: list[tuple[str, ...]]) -> Relation:
    columns = node["columns"]
    run_times = [
        name
        for name, column in columns.items()
        if (column.get("config") or {}).get("meta", column.get("meta", {})).get("time_of_run")
    ]
    if node["resource_type"] == "snapshot":
        wanted = node["config"]["unique_key"]
        key = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        renamed = node["config"].get("snapshot_meta_column_names") or {}
        times = tuple(renamed.get(name) or name for name in SNAPSHOT_TIMES)
        if node["config"]["strategy"] == "check":
            run_times += times  # the versions of one record are told apart by their order
        else:
            key = (*key, times[0])
        return Relation(
            name=node["name"],
            kind="snapshot",
            schema=node["schema"],
            table=node["alias"],
            key=key,
            run_times=tuple(run_times),
        )
    contract = node["config"].get("contract") or {}
    return Relation(
        name=node["name"],
        kind="mart",
        schema=node["schema"],
        table=node["alias"],
        key=_primary_key(node) or next(iter(sorted(unique, key=len)), ()),
        declared={name: column["data_type"] for name, column in columns.items()}
        if contract.get("enforced")
        else {},
        run_times=tuple(run_times),
    )


def _primary_key(node: dict[str, Any]) -> tuple[str, ...]:
    for constraint in node.get("constraints", []):
        if constraint["type"] == "primary_key":
            return tuple(constraint["columns"])
    return tuple(
        name
        for name, column in node["columns"].items()
        if any(held["type"] == "primary_key" for held in column.get("constraints", []))
    )
