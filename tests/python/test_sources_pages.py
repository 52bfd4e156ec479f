"""The pages about the sources: complete, current, and checked by a command that says what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import source_pages
from warehouses import Warehouse


@pytest.fixture(scope="module")
def manifest_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the manifest of the project as it is now."""
    folder = tmp_path_factory.mktemp("manifest")
    Warehouse("duckdb", folder).dbt("parse")
    return folder / "target" / "manifest.json"


@pytest.fixture(scope="module")
def manifest(manifest_path: Path) -> Mapping[str, Any]:
    return source_pages.read_manifest(manifest_path)


def test_the_pages_in_the_repository_are_current(
    manifest_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page that lags behind the contract would document columns that are not there."""
    code = source_pages.main(["--check", "--manifest", str(manifest_path)])
    assert code == 0, capsys.readouterr().err


def test_every_column_of_a_source_is_on_its_page(manifest: Mapping[str, Any]) -> None:
    """Raw and staging: each column with its type and a description."""
    pages = source_pages.pages(manifest)
    staging = {
        node["name"]: node for node in manifest["nodes"].values() if node["fqn"][1] == "staging"
    }
    for source in manifest["sources"].values():
        page = pages[f"{source['source_name']}.md"]
        model = staging[f"stg_{source['source_name']}__{source['name']}"]
        for node in (source, model):
            for column in node["columns"].values():
                assert column["description"] and column["data_type"], (node["name"], column["name"])
                assert f"| `{column['name']}` | {column['data_type']} |" in page


def test_every_source_leads_to_a_mart(manifest: Mapping[str, Any]) -> None:
    """The diagram goes from the files over every layer to a table that reports read."""
    for name, page in source_pages.pages(manifest).items():
        if name in ("README.md", "loader.md"):
            continue
        diagram = page.split("```mermaid")[1].split("```")[0]
        layers = [line.split()[1] for line in diagram.splitlines() if "subgraph" in line]
        assert layers == ["landing", "raw", "staging", "intermediate", "marts"], name


def test_every_model_on_the_way_shows_its_columns(manifest: Mapping[str, Any]) -> None:
    """A step without columns would be a hole in the schema at every step."""
    for name, page in source_pages.pages(manifest).items():
        for section in page.split("\n### ")[1:]:
            title = section.split("\n")[0]
            elsewhere = title.startswith(source_pages.FEED) and source_pages.OBSERVED in section
            assert elsewhere or "\n| `" in section, f"{name}: {title} shows no column"
            assert "` |  |" not in section, f"{name}: {title} has a column without a type"


def test_a_stale_a_missing_and_a_leftover_page_are_found(
    manifest_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--manifest", str(manifest_path), "--folder", str(tmp_path)]
    assert source_pages.main(arguments) == 0
    assert source_pages.main([*arguments, "--check"]) == 0
    (tmp_path / "alb.md").write_text("edited by hand\n", encoding="utf-8")
    (tmp_path / "ga4.md").unlink()
    shutil.copy(tmp_path / "impact.md", tmp_path / "gone.md")
    capsys.readouterr()
    assert source_pages.main([*arguments, "--check"]) == 1
    said = capsys.readouterr().err
    assert "alb.md, ga4.md, gone.md." in said
    assert "python scripts/source_pages.py" in said
    assert source_pages.main(arguments) == 0
    assert source_pages.main([*arguments, "--check"]) == 0
    assert not (tmp_path / "gone.md").exists()


def test_without_a_manifest_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert source_pages.main(["--manifest", str(tmp_path / "manifest.json")]) == 1
    assert "run `dbt parse` first" in capsys.readouterr().err


def test_a_change_of_the_contract_changes_the_page(manifest_path: Path, tmp_path: Path) -> None:
    """Guards that the pages follow the manifest: a new type of a column must show."""
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    for source in manifest["sources"].values():
        if source["identifier"] == "redirector__clicks":
            source["columns"]["event_id"]["data_type"] = "varchar(77)"
    changed = tmp_path / "manifest.json"
    changed.write_text(json.dumps(manifest), encoding="utf-8")
    assert source_pages.main(["--manifest", str(changed), "--folder", str(tmp_path)]) == 0
    assert "| `event_id` | varchar(77) |" in (tmp_path / "redirector.md").read_text("utf-8")


def test_what_comes_from_a_path_is_said(manifest: Mapping[str, Any]) -> None:
    """Guards who lays out the folders: without these words nobody knows that a zone is read."""
    page = source_pages.pages(manifest)["shareasale.md"]
    assert "| xml, each `activitydetailsreportrecord` |" in page
    assert (
        "Times without an offset are in the zone of the path's folder `time_zone=…`, else in"
        " America/New_York." in page
    )
    assert "| the folder `account=…` of its path |" in page
    assert "| `clickdate` and `clicktime`, as `%Y-%m-%d 00:00:00.0 %I:%M:%S %p` or" in page


def test_a_page_says_what_one_record_of_a_document_is(manifest: Mapping[str, Any]) -> None:
    """Guards who counts the rows: of a list inside a document each element is one."""
    page = source_pages.pages(manifest)["partnerize.md"]
    assert "| json, each `conversion_data.conversion_items` |" in page
    report = source_pages.pages(manifest)["rakuten.md"]
    assert "| `Transaction Date` and `Transaction Time`, as `%m/%d/%y %H:%M:%S` or " in report
