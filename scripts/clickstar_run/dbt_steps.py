"""dbt's part of a run, inside this process: starting dbt costs seconds, so it is started once."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clickstar_run.problems import Problem, explain
from clickstar_run.settings import Settings

SITE = Path("site/index.html")
# A unit test has rows of its own: its outcome changes with the project, never with the data.
PROJECT = ("models", "macros", "seeds", "snapshots", "tests/generic", "dbt_project.yml")
ENVIRONMENT = ("requirements.lock", "profiles.yml")
UNIT_TESTS_PASSED = Path("target/unit_tests_passed")
# dbt's own lines go to logs/dbt.log; the screen is ours.
QUIET = ("--log-level", "none", "--log-level-file", "info")
FAILED = ("error", "fail", "runtime error")


@dataclass(frozen=True)
class Node:
    """What became of one model, seed, snapshot or test."""

    unique_id: str
    name: str
    kind: str
    layer: str
    status: str
    message: str
    description: str
    seconds: float
    file: str
    query: str


@dataclass
class Build:
    """The outcome of one `dbt build`."""

    nodes: list[Node] = field(default_factory=list)
    ran_unit_tests: bool = True

    @property
    def failures(self) -> list[Node]:
        """Return what is broken: errors, and tests that found something."""
        return [node for node in self.nodes if node.status in FAILED]

    @property
    def warnings(self) -> list[Node]:
        """Return the tests that found something worth a look."""
        return [node for node in self.nodes if node.status == "warn"]


class Dbt:
    """One dbt for the whole run: the project is parsed once, for building and for the docs."""

    def __init__(self, console: Console, settings: Settings) -> None:
        self._console = console
        self._settings = settings
        self._manifest: Any = None
        self._built = False

    def _invoke(self, arguments: list[str], callbacks: list[Any] | None = None) -> Any:
        # Imported late: it takes seconds, and a problem that is found before need not wait.
        from dbt.cli.main import dbtRunner

        runner = dbtRunner(manifest=self._manifest, callbacks=callbacks or [])
        outcome = runner.invoke([*QUIET, *arguments])
        if outcome.exception is not None:
            raise Problem(explain(outcome.exception)) from outcome.exception
        return outcome

    def _parse(self) -> None:
        if self._manifest is None:
            self._manifest = self._invoke(["parse"]).result

    def build(self, *, unit_tests_again: bool = True) -> Build:
        """Run every seed, model, snapshot and test; a failing one stops only what stands on it.

        Without ``unit_tests_again`` the unit tests are left out when they have passed on this
        warehouse and nothing of the project has changed since: they are a third of the time.
        """
        project = self._fingerprint()
        passed = UNIT_TESTS_PASSED.read_text().split() if UNIT_TESTS_PASSED.exists() else []
        ran_unit_tests = unit_tests_again or project not in passed
        left_out = () if ran_unit_tests else ("--exclude-resource-type", "unit_test")
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[last]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        ) as progress:
            task = progress.add_task("Building", total=None, last="reading the project")

            def follow(event: Any) -> None:
                if event.info.name == "LogStartLine":
                    progress.update(task, total=event.data.total)
                elif event.info.name == "NodeFinished":
                    progress.update(task, advance=1, last=event.data.node_info.node_name)

            self._parse()
            outcome = self._invoke(["build", *left_out], [follow])
        self._built = True
        self._release_warehouse()
        build = Build([_node(result) for result in outcome.result.results], ran_unit_tests)
        if ran_unit_tests and not build.failures:
            UNIT_TESTS_PASSED.write_text("\n".join({*passed, project}))
        return build

    def _fingerprint(self) -> str:
        """Return a text that changes with the warehouse and with every file of the project."""
        content = hashlib.sha256(
            f"{self._settings.warehouse} {self._settings.schema_prefix}".encode()
        )
        for name in (*PROJECT, *ENVIRONMENT):
            path = Path(name)
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    content.update(f"\n{file}\n".encode() + file.read_bytes())
        return content.hexdigest()

    def docs(self) -> Path:
        """Write the documentation site: one file that opens without a server."""
        self._parse()
        # A build has compiled every model already, and leaves a manifest that cannot be compiled
        # a second time: its foreign keys point at tables instead of models.
        compiled = ("--no-compile",) if self._built else ()
        outcome = self._invoke(["docs", "generate", "--static", *compiled])
        self._release_warehouse()
        if not outcome.success:
            raise Problem("The documentation could not be written: see logs/dbt.log.")
        SITE.parent.mkdir(exist_ok=True)
        shutil.copyfile("target/static_index.html", SITE)
        return SITE

    def command(self, *arguments: str) -> None:
        """Run any other command of dbt, and forget what it opened and changed.

        Raises Problem when dbt or one of its nodes fails.
        """
        from dbt.adapters.factory import reset_adapters

        self._parse()
        parsed = self._manifest
        # As after a build: what ran cannot be compiled a second time.
        self._manifest = parsed.deepcopy()
        try:
            outcome = self._invoke(list(arguments))
        finally:
            self._manifest = parsed
            self._release_warehouse()
            reset_adapters()
        if not outcome.success:
            failed = [
                f"{result.node.name}: {result.message}"
                for result in outcome.result.results
                if str(result.status) in FAILED
            ]
            raise Problem(f"dbt {arguments[0]} failed: " + " ".join(failed))

    @staticmethod
    def _release_warehouse() -> None:
        # dbt-duckdb keeps its connection, and with it the lock on the file, until the process ends.
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()


def _node(result: Any) -> Node:
    node = result.node
    folders = node.fqn[1:-1]
    return Node(
        unique_id=node.unique_id,
        name=node.name,
        kind=str(node.resource_type),
        layer=folders[0] if folders else "",
        status=str(result.status),
        message=str(result.message or ""),
        description=node.description or "",
        seconds=result.execution_time,
        file=node.original_file_path,
        query=getattr(node, "compiled_path", None) or "",
    )
