"""Which user agents are robots: every rule, both engines, and how good the judgement is.

The labelled user agents are not ours; where they are not beside the repository, only our own cases
are judged. WRITE_DOCS=1 writes the table of the documentation anew.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clickstar_lists.seeds import read_rows
from pages import hold_tables
from standins import execute, literal, stand_in
from warehouses import DATABASE, Warehouse, project_copy

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "click_quality" / "user_agents.md"
ENGINES = ("duckdb", "postgres")
SELECTED = (
    *("click_quality_rules", "click_quality_sources", "user_agent_patterns", "user_agent_marks"),
    *("int_user_agents__patterns", "int_user_agents__matched", "int_user_agents__judged"),
)
# What we promise of the labelled user agents, and what is true of them with some room.
RECALL, FALSE_ALARMS = 0.95, 0.003

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36"
ANDROID = (
    "Mozilla/5.0 (Linux; Android {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.4844.88"
)

# user agent -> every rule that hits it
CASES: Mapping[str, set[str]] = {
    # Browsers of people, and their apps.
    CHROME: set(),
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": set(),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
    ): set(),
    "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko": set(),
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0; .NET CLR 2.0.50727)": set(),
    "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1/28.3492; U; en) Presto/2.8.119 Version/11.10": set(),
    "Dalvik/2.1.0 (Linux; U; Android 12; Pixel 6 Build/SP2A.220505.002)": set(),
    "OurShop/7.1 CFNetwork/1494.0.7 Darwin/23.4.0": set(),
    "Nokia6300/2.0 (07.21) Profile/MIDP-2.0 Configuration/CLDC-1.1": set(),
    # Phones whose names hold a robot's word.
    ANDROID.format("9; CUBOT X19") + " Mobile Safari/537.36": set(),
    ANDROID.format("7.0; M bot 60 Build/NRD90M") + " Mobile Safari/537.36": set(),
    ANDROID.format("8.1.0; Seoul 9") + " Mobile Safari/537.36": set(),
    ANDROID.format("10; wv) CamScanner(AndroidPhone") + " Mobile": set(),
    "MozacFetch/112.0": {"known_bot"},
    # Robots on a list.
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": {
        "known_bot", "declared_bot", "unknown_agent",
    },
    "GPTBot": {"known_bot", "declared_bot", "non_browser_agent", "unknown_agent"},
    # Robots that say so.
    f"{CHROME} OurCrawler/0.1": {"known_bot", "declared_bot"},
    f"{CHROME} (robot; see www.robots.example)": {"declared_bot"},
    f"{CHROME} page@mail.example": {"declared_bot"},
    f"{CHROME} sitescan": {"declared_bot"},
    f"{CHROME} our-spider/2": {"declared_bot", "disputed_bot"},
    f"{CHROME} ThumbMaker": {"declared_bot"},
    # Steered browsers.
    f"{WINDOWS} HeadlessChrome/126.0.0.0 Safari/537.36": {"known_bot", "headless_browser"},
    f"{CHROME} PTST/240201.1": {"known_bot", "headless_browser"},
    # Libraries, tools and bare products.
    "python-requests/2.31.0": {"known_bot", "non_browser_agent", "unknown_agent"},
    "okhttp/4.12.0": {"known_bot", "non_browser_agent", "unknown_agent"},
    "Java/17.0.2": {"non_browser_agent", "unknown_agent"},
    "Acme-Widget/3.1": {"non_browser_agent", "unknown_agent"},
    "some words": {"non_browser_agent", "unknown_agent"},
    "Mozilla/5.0 acme-widget": {"non_browser_agent", "unknown_agent"},
    "Mozilla/5.0 (compatible; Widget 3.1)": {"non_browser_agent", "unknown_agent"},
    "Acme Widget [beta] 3": {"unknown_agent"},
    "Mozilla/5.0 (Acme Widget)": {"unknown_agent"},
    # Lists disagree: marked only.
    f"{CHROME} GTmetrix": {"disputed_bot"},
    # Too short to say anything, and beyond ASCII.
    "zx": set(),
    "ΟΣ ΚΡΌΝΟΣ İstanbul \u212a": {"unknown_agent"},
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """The warehouses in which the user agents were judged, and the labelled ones."""

    warehouses: Mapping[str, Warehouse]
    labelled: list[tuple[str, bool]] = field(default_factory=list)

    def hits(self, engine: str) -> dict[str, dict[str, str]]:
        """Rule and evidence of version 1 by user agent."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for user_agent, rule_id, evidence in self.warehouses[engine].query(
            "select user_agent, rule_id, evidence from intermediate.int_user_agents__judged"
            " where version = 1"
        ):
            found[str(user_agent)][str(rule_id)] = str(evidence)
        return found


def _labelled() -> list[tuple[str, bool]]:
    """The labelled user agents, and whether each is a robot's; none where they are not there."""
    folder = Path(os.environ.get("CLICKSTAR_SHARED_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "bots" / "user_agents_labelled.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["user_agent"], row["label"] == "bot") for row in csv.DictReader(file)]


def _build(warehouse: Warehouse, user_agents: list[str]) -> None:
    stand_in(
        warehouse,
        "staging.stg_loader__user_agents",
        "user_agent varchar(8192)",
        [(user_agent,) for user_agent in user_agents],
    )
    options = ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
    warehouse.dbt("build", *options, "--select", *SELECTED)


@pytest.fixture(scope="module")
def judged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Judged]:
    """Judge our cases and the labelled user agents on each engine."""
    labelled = _labelled()
    user_agents = sorted({*CASES, *(user_agent for user_agent, _ in labelled)})
    server = request.getfixturevalue("postgres_server")
    warehouses = {
        engine: Warehouse(
            engine,
            tmp_path_factory.mktemp(f"agents_{engine}"),
            server.create_database(DATABASE) if engine == "postgres" else {},
        )
        for engine in ENGINES
    }
    for warehouse in warehouses.values():
        _build(warehouse, user_agents)
    yield Judged(warehouses, labelled)
    server.drop_database(DATABASE)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_rule_hits_what_it_is_for_and_spares_people(judged: Judged, engine: str) -> None:
    hits = judged.hits(engine)
    assert {user_agent: set(hits.get(user_agent, {})) for user_agent in CASES} == CASES


def test_both_engines_judge_alike_and_name_the_same_evidence(judged: Judged) -> None:
    one, other = (judged.hits(engine) for engine in ENGINES)
    assert one == other
    assert (
        one["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"]["known_bot"]
        == "googlebot/"
    )


def test_a_seed_reaches_the_warehouse_as_it_was_written(judged: Judged) -> None:
    """A pattern that lost a space would hit more user agents than the list means."""
    for name in ("user_agent_patterns", "user_agent_marks"):
        written = sorted((row["pattern"], row["match"]) for row in read_rows(_seed(name)))
        assert any(pattern != pattern.strip() for pattern, _ in written) or name.endswith("marks")
        for engine in ENGINES:
            rows = judged.warehouses[engine].query(f"select pattern, match from seeds.{name}")
            assert sorted((str(pattern), str(match)) for pattern, match in rows) == written


def test_every_pattern_belongs_to_a_version_of_its_rule() -> None:
    """A refresh whose rule got no new version would never judge by what it brought."""
    versions: dict[str, int] = defaultdict(int)
    for rule in read_rows(_seed("click_quality_rules")):
        versions[rule["rule_id"]] = max(versions[rule["rule_id"]], int(rule["version"]))
    sources = {row["source"] for row in read_rows(_seed("click_quality_sources"))}
    for name in ("user_agent_patterns", "user_agent_marks", "data_centre_networks"):
        for row in read_rows(_seed(name)):
            newest = max(int(row["added_in_version"]), int(row["removed_in_version"] or 1))
            assert 1 <= newest <= versions[row["rule_id"]], row
            assert row.get("source") is None or row["source"] in sources, row
            # A user agent without the stem is never asked for the pattern.
            assert row.get("stem", "") in row.get("pattern", ""), row


def test_the_labelled_user_agents_are_told_apart(judged: Judged) -> None:
    if not judged.labelled:
        pytest.skip("no labelled user agents beside the repository")
    severities = {
        row["rule_id"]: row["severity"] for row in read_rows(_seed("click_quality_rules"))
    }
    hits = judged.hits("duckdb")
    caught = [
        any(severities[rule] == "invalid" for rule in hits.get(user_agent, ()))
        for user_agent, _ in judged.labelled
    ]
    robots = [is_robot for _, is_robot in judged.labelled]
    recall = sum(hit and robot for hit, robot in zip(caught, robots, strict=True)) / sum(robots)
    alarms = sum(hit and not robot for hit, robot in zip(caught, robots, strict=True))
    rate = alarms / robots.count(False)
    assert recall >= RECALL and rate <= FALSE_ALARMS, f"recall {recall:.4f}, {alarms} false alarms"


def test_the_documentation_states_what_is_measured(judged: Judged) -> None:
    if not judged.labelled:
        pytest.skip("no labelled user agents beside the repository")
    hold_tables(DOCS, {"measured": _table(judged)})


@pytest.mark.parametrize("engine", ENGINES)
def test_new_user_agents_and_new_patterns_give_what_a_full_refresh_gives(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings: dict[str, str] = {}
    if engine == "postgres":
        settings = request.getfixturevalue("postgres_environment")
    warehouse = Warehouse(engine, tmp_path, settings, project_copy(tmp_path / "project"))
    _build(warehouse, ["Wonderful thing (Windows NT 6.1)", "curl/8.1", "gone/1.0", CHROME])
    assert "Wonderful thing (Windows NT 6.1)" not in _hit(warehouse)

    # New user agents, one gone, the patterns as they were: only the new ones are compared.
    execute(
        warehouse,
        "insert into staging.stg_loader__user_agents values ('Other thing (Windows NT 6.1)')",
        "insert into staging.stg_loader__user_agents values ('harvest/1.2')",
        "delete from staging.stg_loader__user_agents where user_agent = 'gone/1.0'",
    )
    models = ("int_user_agents__patterns", "int_user_agents__matched", "int_user_agents__judged")
    # A mark that only a comparison of everything would bring back.
    execute(
        warehouse,
        "delete from intermediate.int_user_agents__matched"
        f" where user_agent = {literal('curl/8.1')} and pattern != ''",
    )
    warehouse.dbt("run", "--select", *models)
    assert "harvest/1.2" in _hit(warehouse)
    assert not {"curl/8.1", "gone/1.0"} & _hit(warehouse)

    # A new pattern and one that is gone: everything is compared again.
    seed = warehouse.project / "seeds" / "user_agent_marks.csv"
    marks = [row for row in read_rows(seed) if row["pattern"] != "harvest"]
    added = {**marks[0], "pattern": "wonderful", "match": "starts", "rule_id": "declared_bot"}
    with seed.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(added))
        writer.writeheader()
        writer.writerows([*marks, added])
    warehouse.dbt("build", "--select", "user_agent_marks", "--exclude-resource-type", "test")
    warehouse.dbt("run", "--select", *models)
    assert {"Wonderful thing (Windows NT 6.1)", "curl/8.1"} <= _hit(warehouse)
    assert "Other thing (Windows NT 6.1)" not in _hit(warehouse)
    incremental = _matched(warehouse)
    assert not any(
        pattern == "harvest" and match == "contains" for _, pattern, match in incremental
    )
    warehouse.dbt("run", "--full-refresh", "--select", *models)
    assert incremental == _matched(warehouse)


def _seed(name: str) -> Path:
    return ROOT / "seeds" / f"{name}.csv"


def _matched(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return sorted(
        map(
            tuple,
            warehouse.query(
                "select user_agent, pattern, match from intermediate.int_user_agents__matched"
            ),
        )
    )


def _hit(warehouse: Warehouse) -> set[str]:
    rows = warehouse.query("select user_agent from intermediate.int_user_agents__judged")
    return {str(row[0]) for row in rows}


def _table(judged: Judged) -> str:
    """Precision and recall of each rule, and of all that make a click invalid, as Markdown."""
    hits = judged.hits("duckdb")
    rules = sorted(
        (row for row in read_rows(_seed("click_quality_rules")) if row["kind"] == "user_agent"),
        key=lambda row: int(row["priority"]),
    )
    invalid = {row["rule_id"] for row in rules if row["severity"] == "invalid"}
    robots = sum(robot for _, robot in judged.labelled)
    people = len(judged.labelled) - robots
    lines = [
        f"{robots:,} robots and {people:,} browsers:",
        "",
        "| rule | severity | robots hit | recall | only this rule | browsers hit | false alarms |"
        " precision |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    named = [(f"`{row['rule_id']}`", row["severity"], {row["rule_id"]}) for row in rules]
    named.append(("**all that make invalid**", "invalid", invalid))
    named.append(("all", "", {row["rule_id"] for row in rules}))
    for name, severity, ids in named:
        right = wrong = alone = 0
        for user_agent, robot in judged.labelled:
            of_it = set(hits.get(user_agent, ()))
            if of_it & ids:
                right, wrong = right + robot, wrong + (not robot)
                alone += robot and of_it & invalid == ids
        lines.append(
            f"| {name} | {severity} | {right:,} | {right / robots:.2%} |"
            f" {format(alone, ',') if len(ids & invalid) == 1 else ''} | {wrong:,} |"
            f" {wrong / people:.2%} | {right / (right + wrong):.2%} |"
        )
    return "\n".join(lines)
