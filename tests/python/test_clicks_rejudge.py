"""Old clicks keep their verdict until somebody re-judges, and is told what changes before.

Four clicks of one visitor, a minute apart, on one partner: by the default rule (rolling half hours)
one unique click and three duplicates. Then the rule is edited in place to 60 seconds: four unique
ones. And a second version that begins tomorrow judges tomorrow's clicks only.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from private_postgres import PostgresServer
from warehouses import DATABASE, ROOT, Warehouse, project_copy

# Everything: judging anew builds all that follows from the clicks.
BUILD = ("build", "--exclude-resource-type", "test", "unit_test")
SEED = Path("seeds") / "uniqueness_rules.csv"
EDITED = "rejudge"
RULE = "impact,1,1900-01-01 00:00:00,9999-12-31 00:00:00,visitor,partner,1800,rolling"


def click(event: str, time: str, **fields: str) -> dict[str, str]:
    return {
        "event_id": event,
        "event_time": time,
        "network": "cj",
        "advertiser_id": "a1",
        "partner_id": "p1",
        "cookie_id": "A",
        "user_agent": "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
        "cpc": "0.50",
        "currency": "USD",
        **fields,
    }


def deliver(warehouse: Warehouse, name: str, *clicks: dict[str, str]) -> None:
    """Let a file arrive, load and build."""
    path = warehouse.folder / "landing" / "redirector" / f"{name}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(item) + "\n" for item in clicks))
    warehouse.load(warehouse.folder / "landing")
    warehouse.dbt(*BUILD)


class Edited:
    """A warehouse whose project's seeds can be edited."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._seed = warehouse.project / SEED

    def edit(self, old: str, new: str) -> None:
        text = self._seed.read_text()
        assert old in text
        self._seed.write_text(text.replace(old, new))

    def rejudge(self, *options: str) -> str:
        script = str(ROOT / "scripts" / "rejudge.py")
        return self.warehouse.run(sys.executable, script, *options).stdout

    def classes(self) -> Counter[str]:
        return self._counted("select click_class, 1 from {marts}.fct_clicks")

    def summed(self) -> Counter[str]:
        columns = ", ".join(f"sum({name}_clicks)" for name in ("unique", "duplicate", "invalid"))
        marts = self.warehouse.schema("marts")
        (row,) = self.warehouse.query(f"select {columns} from {marts}.fct_daily_performance")
        return +Counter(
            dict(zip(("unique", "duplicate", "invalid"), (int(str(n)) for n in row), strict=True))
        )

    def _counted(self, query: str) -> Counter[str]:
        rows = self.warehouse.query(query.format(marts=self.warehouse.schema("marts")))
        return Counter(str(row[0]) for row in rows)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a built warehouse of the four clicks, which no test changes."""
    settings: dict[str, str] = {}
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        request.addfinalizer(lambda: server.drop_database(DATABASE))
        settings = server.create_database(DATABASE)
    warehouse = Warehouse(request.param, tmp_path_factory.mktemp("built"), settings)
    deliver(warehouse, "first", *(click(f"e{n}", f"2026-03-01T10:0{n}:00Z") for n in range(4)))
    return warehouse


@pytest.fixture(scope="module")
def project(built: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project whose seeds the tests of an engine edit in turn: dbt parses it once."""
    return project_copy(tmp_path_factory.mktemp("edited"))


@pytest.fixture
def edited(built: Warehouse, project: Path, request: pytest.FixtureRequest) -> Edited:
    """Return a copy of the built warehouse, and the project as it is without edits."""
    settings = built.settings
    folder = project / "warehouse"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(built.folder / "landing", folder / "landing")
    if built.target == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        request.addfinalizer(lambda: server.drop_database(EDITED))
        settings = server.create_database(EDITED, template=DATABASE)
    else:
        shutil.copy(built.file, folder)
    shutil.copy(ROOT / SEED, project / SEED)
    return Edited(Warehouse(built.target, folder, settings, project))


def test_an_edit_of_the_past_waits_for_the_command(edited: Edited) -> None:
    before = Counter(unique=1, duplicate=3)
    assert edited.classes() == before
    edited.edit(RULE, RULE.replace("1800", "60"))
    # Also the day that a late click makes anew is judged by the rules that judged the others.
    deliver(edited.warehouse, "late", click("e4", "2026-03-01T10:04:00Z"))
    before["duplicate"] += 1
    assert edited.classes() == before

    said = edited.rejudge()
    assert "4 verdicts would change" in said
    assert "duplicate (impact 1)" in said and "unique (impact 1)" in said
    assert "2.00" in said and "USD" in said
    assert "Nothing was changed" in said
    assert edited.classes() == before
    assert edited.warehouse.tables("rejudged") == []
    edited.warehouse.dbt(*BUILD)
    assert edited.classes() == before

    assert "were changed" in edited.rejudge("--yes")
    assert edited.classes() == edited.summed() == Counter(unique=5)
    assert "No verdict would change" in edited.rejudge()


def test_a_version_from_tomorrow_on_needs_nobody(edited: Edited) -> None:
    tomorrow = "2026-03-02 00:00:00"
    ended = RULE.replace("9999-12-31 00:00:00", tomorrow)
    begun = RULE.replace("impact,1,1900-01-01 00:00:00", f"impact,2,{tomorrow}").replace(
        "1800", "60"
    )
    rest = ",true,a,b,c\n"
    edited.edit(RULE, f"{begun}{rest}{ended}")
    deliver(
        edited.warehouse,
        "next",
        click("late", "2026-03-01T10:04:00Z"),
        *(click(f"n{n}", f"2026-03-02T10:0{n}:00Z") for n in range(3)),
    )
    assert edited.classes() == edited.summed() == Counter(unique=1 + 3, duplicate=4)
    assert "No verdict would change" in edited.rejudge()
