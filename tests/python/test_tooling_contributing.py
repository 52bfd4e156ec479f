"""CONTRIBUTING.md is followed to the letter: files are written, changes are made, all is built.

A walk-through that no longer fits the project fails here, before it misleads somebody. A block
after "`path`:" is a file to write; a diff is a change to make.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from warehouses import ROOT, Warehouse, project_copy

FENCED = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)
FILE = re.compile(r"`(?P<path>[\w/.-]+\.(?:sql|yml|csv))`:\Z")


def write_files_and_make_changes(project: Path) -> list[str]:
    """Do what the page says in ``project``, and return the paths that were written or changed."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    touched = []
    for block in FENCED.finditer(page):
        text = textwrap.dedent(block["text"])
        if block["language"] == "diff":
            touched += make_changes(project, text)
        elif named := FILE.search(page[: block.start()].rstrip().rpartition("\n\n")[2]):
            path = project / named["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            touched.append(named["path"])
    return touched


def make_changes(project: Path, diff: str) -> list[str]:
    """Apply a diff whose hunks carry no line numbers: their context says where they belong."""
    touched = []
    for change in re.split(r"^--- a/.*\n", diff, flags=re.M)[1:]:
        name, _, rest = change.removeprefix("+++ b/").partition("\n")
        path = project / name
        text, done = "\n" + path.read_text(encoding="utf-8"), 0
        for hunk in re.split(r"^@@\n", rest, flags=re.M)[1:]:
            lines = [(line[:1], line[1:]) for line in hunk.splitlines()]
            before = "".join(f"\n{line}" for sign, line in lines if sign != "+") + "\n"
            after = "".join(f"\n{line}" for sign, line in lines if sign != "-") + "\n"
            at = text.find(before, done)
            assert at >= 0, f"{name} has no longer:\n{before}"
            text = text[:at] + after + text[at + len(before) :]
            done = at + len(after) - 1
        path.write_text(text.removeprefix("\n"), encoding="utf-8")
        touched.append(name)
    return touched


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return the warehouse of a copy of the project in which every walk-through was followed."""
    folder = tmp_path_factory.mktemp("contributing")
    (folder / "project").mkdir()
    project = project_copy(folder / "project")
    touched = write_files_and_make_changes(project)
    assert "models/staging/acme/_acme__sources.yml" in touched
    assert "models/marts/performance/fct_landing_hosts.yml" in touched
    assert "models/marts/core/dim_partner.yml" in touched
    assert "models/marts/core/fct_clicks.yml" in touched
    warehouse = Warehouse("duckdb", folder, {}, project)
    contracts = project / "models" / "staging"
    warehouse.run(
        *(sys.executable, str(ROOT / "scripts" / "load.py")),
        *("load", "--landing", str(project / "landing"), "--contracts", str(contracts)),
    )
    warehouse.dbt("build", "--warn-error")
    return warehouse


def rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse.file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_source_delivers_a_click(walked: Warehouse) -> None:
    query = """
        select cast(clicked_at as varchar), partner_name, advertiser_name, channel_name
        from marts.fct_clicks
        join marts.dim_partner using (partner_key)
        join marts.dim_advertiser using (advertiser_key)
        join marts.dim_channel on fct_clicks.channel_key = dim_channel.channel_key
    """
    # 10:00 in New York in June is 14:00 in UTC.
    expected = ("2026-06-01 14:00:00", "acme partner p9", "acme advertiser 77", "Affiliates")
    assert rows(walked, query) == [expected]


def test_the_attribute_is_in_the_dimension(walked: Warehouse) -> None:
    query = "select partner_name from marts.dim_partner where contract_type = 'hybrid'"
    assert rows(walked, query) == [("New Partner",)]


def test_the_metric_can_be_asked_for_by_the_attribute(walked: Warehouse) -> None:
    assert walked.metrics("sub_ids,clicks", "partner__contract_type") == {
        ("",): {"sub_ids": "0", "clicks": "1"}
    }


def test_the_rules_of_the_project_have_nothing_to_say_about_what_was_added(
    walked: Warehouse,
) -> None:
    (walked.project / "scripts").symlink_to(ROOT / "scripts")
    (walked.project / "dbt-bouncer.yml").write_bytes((ROOT / "dbt-bouncer.yml").read_bytes())
    walked.run(str(Path(sys.executable).with_name("dbt-bouncer")), "run")
