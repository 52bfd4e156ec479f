"""The benchmark measures everything there is, and says so; each part runs at a tiny size.

Broken, a new model or metric would be missing on the page, or a part would measure nothing. How
fast anything is, no test can say: at this size Python and dbt's start are most of every number.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import bench
from clickstar_bench import day, page, questions, warehouses
from clickstar_bench.measure import BenchError, DbtRun, Measurement, Settings
from clickstar_bench.page import Promise, Report

CLICKS = 3000


@dataclass(frozen=True)
class Measured:
    """What one run of every part wrote, and dbt's manifests of its warehouse."""

    document: dict[str, Any]
    page: str
    screen: str
    manifest: dict[str, Any]
    semantic_manifest: dict[str, Any]

    def part(self, name: str) -> dict[str, Any]:
        """Return the JSON of a part."""
        found: dict[str, Any] = self.document["parts"][name]
        return found


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Run every part once, at a tiny size."""
    folder = tmp_path_factory.mktemp("bench")
    settings = Settings(
        rows=1000,
        runs=1,
        clicks=(CLICKS,),
        by_hand=(CLICKS,),
        month=CLICKS,
        engine_clicks=CLICKS,
        scratch=folder,
        shared=folder / "shared",
        built=folder / "built",
    )
    reports: dict[str, Report] = {}
    manifests = {}
    for name, part in bench.PARTS.items():
        scratch = folder / name
        scratch.mkdir()
        reports[name] = part(replace(settings, scratch=scratch))
        if name == "build":
            target = warehouses.built(settings, CLICKS).folder / "target"
            for kind in ("manifest", "semantic_manifest"):
                manifests[kind] = json.loads((target / f"{kind}.json").read_text())
    written = page.write(folder / "out", settings, reports, {})
    console = Console(record=True, width=80, file=(folder / "screen").open("w"))
    for report in reports.values():
        page.show(report, console)
    page.show_promises(reports, {}, console)
    return Measured(
        json.loads(written.with_suffix(".json").read_text()),
        written.read_text(),
        console.export_text(),
        manifests["manifest"],
        manifests["semantic_manifest"],
    )


def test_every_part_is_on_the_page_and_in_the_json(measured: Measured) -> None:
    assert list(measured.document["parts"]) == list(bench.PARTS)
    assert measured.document["unmeasured"] == {}
    assert measured.document["machine"]["processors"] > 0
    for name in bench.PARTS:
        assert f"## {measured.part(name)['title']}" in measured.page
        for promise in measured.part(name)["promises"]:
            assert promise["what"] in measured.page
            assert promise["kept"] is (
                promise["value"] <= promise["limit"]
                if promise["at_most"]
                else promise["value"] >= promise["limit"]
            )
    assert max(map(len, measured.screen.splitlines())) <= 80


def test_every_model_of_the_manifest_is_in_the_build(measured: Measured) -> None:
    """Guards that the table of models is that of the project, whoever adds one."""
    wanted = {
        unique_id: node["name"]
        for unique_id, node in measured.manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed", "snapshot")
        and node["config"]["materialized"] != "ephemeral"
    }
    found = measured.part("build")["sizes"][str(CLICKS)]["nodes"]
    assert wanted.keys() - found.keys() == set()
    for unique_id, name in wanted.items():
        if not unique_id.startswith("seed."):
            assert f"| {name} | " in measured.page, name
    for node in found.values():
        assert node["cpu_seconds"] >= 0 and node["wall_seconds"] > 0 and node["megabytes"] > 0
    tests = {key for key in measured.manifest["nodes"] if key.startswith("test.")}
    assert tests - found.keys() == set()


def test_every_metric_and_dimension_of_the_manifest_is_asked(measured: Measured) -> None:
    """Guards that the questions grow with the semantic layer."""
    asked = measured.part("questions")["questions"]
    assert len(asked) == len(questions.SHAPES) == 20
    metrics = {metric["name"] for metric in measured.semantic_manifest["metrics"]}
    assert metrics - {name for question in asked for name in question["metrics"]} == set()
    models = measured.semantic_manifest["semantic_models"]
    joined = {
        entity["name"]
        for model in models
        for entity in model["entities"]
        if entity["type"] == "foreign"
    }
    with_metrics = {
        (metric["type_params"].get("metric_aggregation_params") or {}).get("semantic_model")
        for metric in measured.semantic_manifest["metrics"]
    }
    entities = {
        entity["name"]
        for model in models
        for entity in model["entities"]
        if entity["type"] == "primary"
        and any(dimension["type"] == "categorical" for dimension in model["dimensions"])
        and (entity["name"] in joined or model["name"] in with_metrics)
    }
    used = {name for question in asked for name in (*question["groups"], question["filtered_by"])}
    assert entities - {name.rpartition("__")[0] for name in used} == set()
    for question in asked:
        assert question["rows"] > 0 and not question["is_empty"], question["question"]
        for kind in ("planning_seconds", "sql_seconds", "cpu_seconds"):
            assert len(question[kind]) == 1 and question[kind][0] > 0


def test_a_day_arrives_and_both_engines_work(measured: Measured) -> None:
    size = measured.part("day")["sizes"][str(CLICKS)]
    # The demo's days differ, so a thirtieth of the month only roughly.
    assert CLICKS / 90 < size["clicks_of_the_day"] < CLICKS / 10
    assert "model.clickstar.fct_clicks" in size["days"][0]["nodes"]
    steps = measured.part("postgres")["steps"]
    for step in ("load", "build"):
        for engine in ("postgres", "duckdb"):
            [turn] = steps[step][engine]
            assert turn["cpu_seconds"] > 1 and turn["wall_seconds"] > 1
    for engine in ("postgres", "duckdb"):
        both = sum(steps[step][engine][0]["cpu_seconds"] for step in ("load", "build"))
        assert steps["together"][engine][0]["cpu_seconds"] == pytest.approx(both)
    assert len(measured.part("loader")["comparisons"]) == 3
    assert measured.part("by_hand")["models"][0]["ratio"]["median"] > 0


def known(facts: Mapping[str, tuple[int, str]]) -> dict[str, list[str]]:
    """Return metrics of made-up facts: how many each has, and letters of its entities."""
    return {
        f"{fact}_{number}": [f"{entity}__{part}" for entity in entities for part in ("x", "y")]
        for fact, (metrics, entities) in facts.items()
        for number in range(metrics)
    }


@pytest.mark.parametrize(
    "facts",
    [
        {"clicks": (1, "a")},
        {"clicks": (1, "")},
        {"clicks": (5, "abcdefghijkl")},
        {"clicks": (20, "abc"), "costs": (3, "bcd")},
        {"clicks": (30, "abcdefgh"), "commissions": (25, "abcdxyz"), "costs": (9, "k")},
        {"clicks": (7, "abcdefghijklmnopqrstuvwxyz"), "costs": (2, "ABCDEFGHIJ")},
    ],
)
def test_any_manifest_gives_twenty_questions_with_everything(
    facts: Mapping[str, tuple[int, str]],
) -> None:
    there = known(facts)
    chosen = questions.choose(there)
    assert len(chosen) == 20
    assert {name for question in chosen for name in question.metrics} == set(there)
    used = {name for question in chosen for name in (*question.groups, question.filtered_by)}
    every = {name.partition("__")[0] for names in there.values() for name in names}
    assert every - {name.partition("__")[0] for name in used} == set()
    for question in chosen:
        by = {name for name in question.groups if not name.startswith("metric_time__")}
        for metric in question.metrics:
            assert by | {question.filtered_by} - {""} <= set(there[metric])
    times = [name for question in chosen for name in question.groups if "metric_time" in name]
    assert {"day", "week", "month", "quarter"} == {name.rpartition("__")[2] for name in times}
    shuffled = list(there.items())
    random.Random(1).shuffle(shuffled)
    assert questions.choose(dict(shuffled)) == chosen


def test_without_a_metric_there_is_nothing_to_ask() -> None:
    with pytest.raises(BenchError, match="no metric"):
        questions.choose({})


def days(*costs: float) -> day.Days:
    """Return days that cost so many CPU seconds, three of which were not the models'."""
    runs = [
        DbtRun(
            Measurement(cost, cost, 100),
            {
                "cpu_seconds": cost,
                "overhead_cpu_seconds": 3,
                "nodes": {
                    "model.p.small": {"name": "small", "cpu_seconds": 1},
                    "model.p.large": {"name": "large", "cpu_seconds": cost - 4},
                },
            },
        )
        for cost in costs
    ]
    return day.Days(1000, runs, runs[0])


@pytest.mark.parametrize(("last", "kept"), [((11.9, 50.0, 11.0), True), ((12.1, 1.0, 13.0), False)])
def test_growth_is_from_the_smallest_to_the_largest_history(
    last: tuple[float, ...], kept: bool
) -> None:
    """Guards the median of the days (10 before), against 1.2 times."""
    found = day.report({1_000_000: days(9, 10, 30), 10_000_000: days(90), 50_000_000: days(*last)})
    [promise] = found.promises
    assert promise.value == pytest.approx(sorted(last)[1] / 10)
    assert promise.kept is kept
    assert found.data["growth"]["10000000"]["models"] == pytest.approx(87 / 7)
    assert [row[:2] for row in found.grids[1].rows] == [["large", "6.00"], ["small", "1.00"]]
    assert day.report({1_000_000: days(9)}).promises == []


def fast(settings: Settings) -> Report:
    return Report("Fast", "It is.", [], [Promise("fast", 1, 2)])


def slow(settings: Settings) -> Report:
    return Report("Slow", "It is not.", [], [Promise("slow", 3, 2)])


def ahead(settings: Settings) -> Report:
    return Report("Ahead", "It is.", [], [Promise("ahead", 3, 2, at_most=False)])


def broken(settings: Settings) -> Report:
    raise BenchError("The tape is torn.")


@pytest.mark.parametrize(
    ("parts", "options", "code", "words"),
    [
        ({"loader": fast, "build": ahead}, ["--strict"], 0, ["kept"]),
        ({"loader": fast, "build": slow}, [], 0, ["NOT KEPT"]),
        ({"loader": fast, "build": slow}, ["--strict"], 1, ["NOT KEPT"]),
        ({"loader": broken, "build": fast}, [], 1, ["loader could not be measured", "torn"]),
    ],
)
def test_the_exit_code_says_whether_it_was_measured(
    parts: Mapping[str, Any],
    options: list[str],
    code: int,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Guards that a slow day does not look like a defect, and a defect not like a slow day."""
    monkeypatch.setattr(bench, "PARTS", parts)
    assert bench.main(["--out", str(tmp_path), *options]) == code
    said = capsys.readouterr().out
    for word in words:
        assert word in said
    document = json.loads((tmp_path / "bench.json").read_text())
    measured = [name for name, part in parts.items() if part is not broken]
    assert list(document["parts"]) == measured
    assert list(document["unmeasured"]) == [name for name in parts if name not in measured]
    text = (tmp_path / "bench.md").read_text()
    assert ("not kept" in text) == (slow in parts.values())
    assert ("torn" in text) == (broken in parts.values())
