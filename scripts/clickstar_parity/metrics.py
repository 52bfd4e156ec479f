"""Every metric of the semantic layer, asked of each warehouse through MetricFlow.

MetricFlow writes the SQL for each engine; it is found in the semantic manifest what metrics there
are and by what they can be grouped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clickstar_parity.compare import Comparer, Comparison
from clickstar_run.problems import Problem

TIME_GROUPS = ("metric_time__day", "metric_time__month")
# By how many dimensions, beside time, each metric is compared.
DIMENSIONS = 6


class _Dialect:
    """The two facts about an engine that MetricFlow needs to write SQL for it."""

    def __init__(self, target: str) -> None:
        from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import SupportedAdapterTypes

        adapter = SupportedAdapterTypes(target)
        self.sql_engine_type = adapter.sql_engine_type
        self.sql_plan_renderer = adapter.sql_plan_renderer


def metric_engine(target: str, semantic_manifest: Path) -> Any:
    """Return a MetricFlow engine that writes SQL for ``target`` and asks nothing itself.

    Raises Problem when there is no semantic manifest.
    """
    # Imported late: it takes seconds.
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    if not semantic_manifest.exists():
        raise Problem(f"{semantic_manifest} is missing: build the warehouse first.")
    manifest = parse_manifest_from_dbt_generated_manifest(
        manifest_json_string=semantic_manifest.read_text(encoding="utf-8")
    )
    # What MetricFlow tries before it finds a plan is of no interest to our reader.
    logging.getLogger("metricflow").setLevel(logging.CRITICAL)
    dialect: Any = _Dialect(target)
    return MetricFlowEngine(SemanticManifestLookup(manifest), dialect)


def _groups(engine: Any, metric: str, number: int, dimensions: int) -> list[tuple[str, ...]]:
    """In total, by time, and by one dimension of each entity in turn until there are enough.

    Each metric, by its ``number``, begins at another entity, so that together they see them all.
    """
    by_entity: dict[str, list[str]] = {}
    timed = False
    for dimension in engine.simple_dimensions_for_metrics([metric]):
        name = dimension.granularity_free_dunder_name
        timed = timed or name == "metric_time"
        if str(dimension.type.name) == "CATEGORICAL":
            by_entity.setdefault(name.rpartition("__")[0], []).append(name)
    chosen: list[str] = []
    first = number * dimensions % max(1, len(by_entity))
    entities = [*by_entity.values()][first:] + [*by_entity.values()][:first]
    while len(chosen) < dimensions and any(entities):
        for names in entities:
            if names and len(chosen) < dimensions:
                chosen.append(names.pop(0))
    times = TIME_GROUPS if timed else ()
    return [(), *((name,) for name in (*times, *chosen))]


def compare_metrics(compare: Comparer, dimensions: int = DIMENSIONS) -> Iterator[Comparison]:
    """Compare every metric in total, by day, by month and by some dimensions.

    Raises Problem when a semantic manifest is missing.
    """
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    engines = [
        metric_engine(extract.side.settings.target, extract.side.semantic_manifest)
        for extract in compare.extracts
    ]
    metrics = sorted(found.name for found in engines[0].list_metrics(False))
    for number, metric in enumerate(metrics):
        for group in _groups(engines[0], metric, number, dimensions):
            name = " by ".join((metric, *group))
            try:
                queries = [
                    engine.explain(
                        MetricFlowQueryRequest.create(
                            metric_names=[metric], group_by_names=list(group) or None
                        )
                    ).sql_statement.sql
                    for engine in engines
                ]
            except Exception as error:  # MetricFlow has many
                reason = " ".join(str(error).split("\n")[0].split())
                yield Comparison(name, "metric", faults=[f"MetricFlow cannot ask it: {reason}"])
                continue
            yield compare.results(name, queries, group)
