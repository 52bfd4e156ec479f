"""The part `questions`: twenty typical questions of a BI tool, asked through MetricFlow.

No question is written down here. Metrics and dimensions are those of the semantic manifest; twenty
shapes of a question (in total, by time, by one or two dimensions, filtered, the ten largest) are
filled with them by a rule, so that the same manifest always gives the same questions, every metric
is asked and every dimension that some metric knows is used.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from clickstar_bench.measure import BenchError, Settings
from clickstar_bench.page import Grid, Report, millions
from clickstar_bench.warehouses import built
from clickstar_parity.metrics import metric_engine

TOP = 10
NEWEST_DAYS = 28


@dataclass(frozen=True)
class Shape:
    """What a question looks like before it has metrics and dimensions.

    Attributes:
        grain: `day`, `week`, `month` or `quarter`; empty: not by time.
        dimensions: by how many dimensions, of different entities.
        newest: only the last ``NEWEST_DAYS`` days.
        filtered: only one value of a dimension, the one with the most of the first metric.
        top: only the ``TOP`` rows with the most of the first metric.
    """

    grain: str = ""
    dimensions: int = 0
    newest: bool = False
    filtered: bool = False
    top: bool = False


SHAPES = (
    Shape(),
    Shape("day"),
    Shape("week"),
    Shape("month"),
    Shape("quarter"),
    Shape(dimensions=1),
    Shape(dimensions=1, top=True),
    Shape("month", 1),
    Shape(dimensions=1, newest=True),
    Shape(dimensions=2, top=True),
    Shape("day", filtered=True),
    Shape("week", 1),
    Shape(dimensions=1, filtered=True),
    Shape("quarter", 1),
    Shape(dimensions=2),
    Shape("day", 1, newest=True),
    Shape("month", 1, filtered=True),
    Shape(dimensions=1, newest=True, top=True),
    Shape("month", 2, top=True),
    Shape(dimensions=2, newest=True, filtered=True, top=True),
)


@dataclass(frozen=True)
class Question:
    """One question, as MetricFlow is asked it, but for the values that filters look for.

    Attributes:
        metrics: the metrics, the one that rows are ordered by first.
        groups: by what, as MetricFlow names it: `metric_time__month`, `partner__partner_type`.
        filtered_by: the dimension of which one value is wanted; empty: no such filter.
        newest: only the last ``NEWEST_DAYS`` days.
        top: only the ``TOP`` rows with the most of the first metric.
    """

    metrics: tuple[str, ...]
    groups: tuple[str, ...]
    filtered_by: str = ""
    newest: bool = False
    top: bool = False

    @property
    def sentence(self) -> str:
        """Return the question in words."""
        words = [", ".join(self.metrics)]
        if self.groups:
            words.append("by " + ", ".join(map(_short, self.groups)))
        if self.filtered_by:
            words.append(f"of one {_short(self.filtered_by)}")
        if self.newest:
            words.append(f"of {NEWEST_DAYS} days")
        if self.top:
            words.append(f"top {TOP}")
        return " ".join(words)


def choose(known: Mapping[str, Sequence[str]]) -> list[Question]:
    """Fill each shape with metrics and dimensions.

    ``known`` has for each metric the dimensions that it can be grouped by, as MetricFlow names them
    (`partner__partner_type`). Metrics are dealt to the questions in turn, neighbours those that
    know the same dimensions; a question may be grouped by what all of its metrics know. It takes
    the entity that was used least so far and of that the attribute that was used least. An entity
    that no question took is added to the first that knows it.
    """
    if not known:
        raise BenchError("The semantic manifest has no metric: there is nothing to ask.")
    dealt = _dealt(known)
    number = len(dealt)
    used: Counter[str] = Counter()

    def take(metrics: Sequence[str], wanted: int, without: Sequence[str] = ()) -> list[str]:
        common = sorted(set.intersection(*(set(known[metric]) for metric in metrics)))
        taken: list[str] = []
        while len(taken) < wanted:
            passed = {_entity(name) for name in (*taken, *without)}
            left = [name for name in common if _entity(name) not in passed]
            if not left:
                break
            best = min(left, key=lambda name: (used[_entity(name)], used[name], name))
            used.update((_entity(best), best))
            taken.append(best)
        return taken

    questions = []
    for place, shape in enumerate(SHAPES):
        metrics = dealt[place % number]
        groups = take(metrics, shape.dimensions)
        filtered_by = take(metrics, 1, groups) if shape.filtered else []
        times = (f"metric_time__{shape.grain}",) if shape.grain else ()
        questions.append(
            Question(metrics, (*times, *groups), "".join(filtered_by), shape.newest, shape.top)
        )
    for entity in sorted({_entity(name) for names in known.values() for name in names}):
        if used[entity]:
            continue
        for place, question in enumerate(questions):
            common = set.intersection(*(set(known[metric]) for metric in question.metrics))
            fitting = sorted(name for name in common if _entity(name) == entity)
            if fitting and SHAPES[place].dimensions:
                questions[place] = Question(
                    question.metrics,
                    (*question.groups, fitting[0]),
                    question.filtered_by,
                    question.newest,
                    question.top,
                )
                break
    return questions


def _dealt(known: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the metrics of each question: together are those that know the same dimensions."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for metric in sorted(known):
        alike.setdefault(tuple(sorted(known[metric])), []).append(metric)
    groups = [alike[dimensions] for dimensions in sorted(alike)]
    shares = [1] * len(groups)
    while sum(shares) < len(SHAPES) and any(
        share < len(group) for share, group in zip(shares, groups, strict=True)
    ):
        fullest = max(range(len(groups)), key=lambda place: len(groups[place]) / shares[place])
        shares[fullest] += 1
    return [
        tuple(group[len(group) * part // share : len(group) * (part + 1) // share])
        for group, share in zip(groups, shares, strict=True)
        for part in range(share)
    ]


def _short(name: str) -> str:
    """Return `partner_type` of `partner__partner_type`, and `program country_code` of another."""
    entity, _, attribute = name.rpartition("__")
    if entity == "metric_time" or attribute.startswith(entity):
        return attribute
    return f"{entity} {attribute}"


def _entity(dimension: str) -> str:
    return dimension.rpartition("__")[0]


@dataclass
class Answer:
    """What one question took, turn by turn, in seconds of the clock; CPU is of all threads."""

    question: Question
    planning_seconds: list[float]
    sql_seconds: list[float]
    cpu_seconds: list[float]
    rows: int = 0
    is_empty: bool = False

    @property
    def seconds(self) -> float:
        """Return the median of planning and SQL together."""
        turns = zip(self.planning_seconds, self.sql_seconds, strict=True)
        return median(sum(turn) for turn in turns)

    def as_json(self) -> dict[str, Any]:
        """Return the question and its numbers for the JSON beside the page."""
        return {
            "question": self.question.sentence,
            "metrics": self.question.metrics,
            "groups": self.question.groups,
            "filtered_by": self.question.filtered_by,
            "rows": self.rows,
            "is_empty": self.is_empty,
            "planning_seconds": self.planning_seconds,
            "sql_seconds": self.sql_seconds,
            "cpu_seconds": self.cpu_seconds,
        }


class Asker:
    """MetricFlow and a connection to the warehouse that its SQL is for."""

    def __init__(self, semantic_manifest: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self._engine = metric_engine("duckdb", semantic_manifest)
        self._connection = connection

    def known(self) -> dict[str, list[str]]:
        """Return each metric and the dimensions, other than times, that it can be grouped by."""
        return {
            found.name: sorted(
                dimension.granularity_free_dunder_name
                for dimension in self._engine.simple_dimensions_for_metrics([found.name])
                if str(dimension.type.name) == "CATEGORICAL"
            )
            for found in self._engine.list_metrics(False)
        }

    def plan(self, question: Question, where: Sequence[str]) -> str:
        """Return MetricFlow's SQL; the first metric orders the rows where only some are wanted."""
        return self._plan(
            question.metrics,
            question.groups,
            where,
            *((f"-{question.metrics[0]}", TOP) if question.top else ()),
        )

    def _plan(
        self,
        metrics: Sequence[str],
        groups: Sequence[str],
        where: Sequence[str] = (),
        order: str = "",
        limit: int | None = None,
    ) -> str:
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        request = MetricFlowQueryRequest.create(
            metric_names=list(metrics),
            group_by_names=list(groups) or None,
            where_constraints=list(where) or None,
            order_by_names=[order] if order else None,
            limit=limit,
        )
        try:
            return str(self._engine.explain(request).sql_statement.sql)
        except Exception as error:  # MetricFlow has many
            reason = " ".join(str(error).split("\n")[0].split())
            raise BenchError(
                f"MetricFlow cannot ask {', '.join(metrics)} by {', '.join(groups) or 'nothing'}:"
                f" {reason}"
            ) from error

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._connection.execute(sql).fetchall()

    def filters(self, question: Question) -> list[str]:
        """Return the question's conditions, with values that the warehouse has."""
        conditions = []
        if question.filtered_by:
            found = self.rows(
                self._plan(
                    question.metrics[:1],
                    [question.filtered_by],
                    [f"{{{{ Dimension('{question.filtered_by}') }}}} is not null"],
                    f"-{question.metrics[0]}",
                    1,
                )
            )
            if found:
                value = _literal(found[0][0])
                conditions.append(f"{{{{ Dimension('{question.filtered_by}') }}}} = {value}")
        if question.newest:
            group = "metric_time__day"
            days = self.rows(self._plan(question.metrics[:1], [group], (), f"-{group}", None))
            # Some metrics name days to come, of which nothing is known.
            newest = next((day for day, value in days if value is not None), None)
            if newest is not None:
                first = _day(newest) - timedelta(days=NEWEST_DAYS - 1)
                moment = "{{ TimeDimension('metric_time', 'day') }}"
                conditions.append(f"{moment} >= '{first.isoformat()}'")
        return conditions


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise BenchError(f"A day of the metrics is {value!r}, which is no date.")


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def ask_all(asker: Asker, questions: Sequence[Question], runs: int) -> list[Answer]:
    """Ask every question ``runs`` times, all of them in each turn, and time both halves."""
    answers = [Answer(question, [], [], []) for question in questions]
    where = [asker.filters(question) for question in questions]
    for _ in range(runs):
        for answer, conditions in zip(answers, where, strict=True):
            began, spent = time.perf_counter(), time.process_time()
            sql = asker.plan(answer.question, conditions)
            planned = time.perf_counter()
            rows = asker.rows(sql)
            answer.planning_seconds.append(planned - began)
            answer.sql_seconds.append(time.perf_counter() - planned)
            answer.cpu_seconds.append(time.process_time() - spent)
            answer.rows = len(rows)
            values = len(answer.question.metrics)
            answer.is_empty = all(value is None for row in rows for value in row[-values:])
    return answers


def questions_part(settings: Settings) -> Report:
    """Ask twenty questions of the largest warehouse and report their times."""
    clicks = settings.clicks[-1]
    warehouse = built(settings, clicks)
    manifest = warehouse.folder / "target" / "semantic_manifest.json"
    with duckdb.connect(str(warehouse.file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        asker = Asker(manifest, connection)
        known = asker.known()
        answers = ask_all(asker, choose(known), settings.runs)
    empty = [answer.question.sentence for answer in answers if answer.is_empty]
    said = f" No rows came of: {'; '.join(empty)}." if empty else " Each has an answer."
    return Report(
        title="Twenty questions",
        explanation=(
            f"All {len(known)} metrics, asked through MetricFlow of a warehouse of"
            f" {millions(clicks)} clicks: MetricFlow writes the SQL (`planning`), DuckDB answers it"
            " (`SQL`). Questions are chosen by a rule from the semantic manifest: each metric, by"
            " day to quarter, by each dimension in turn, filtered, ordered and limited. Seconds of"
            f" the clock, medians.{said}"
        ),
        grids=[
            Grid(
                f"Twenty questions of {millions(clicks)} clicks, seconds",
                ["question", "planning", "SQL", "together", "rows"],
                [
                    [
                        answer.question.sentence,
                        f"{median(answer.planning_seconds):.2f}",
                        f"{median(answer.sql_seconds):.2f}",
                        f"{answer.seconds:.2f}",
                        f"{answer.rows:,}" if not answer.is_empty else "none",
                    ]
                    for answer in answers
                ],
            ),
        ],
        data={
            "clicks": clicks,
            "metrics": sorted(known),
            "dimensions": sorted({name for names in known.values() for name in names}),
            "questions": [answer.as_json() for answer in answers],
        },
    )
