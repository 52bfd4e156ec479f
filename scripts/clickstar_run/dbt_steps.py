"""dbt's part of a run, inside this process: starting dbt costs seconds, so it is started once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clickstar_run.problems import Problem, explain

SITE = Path("site/index.html")
# dbt's own lines go to logs/dbt.log; the screen is ours.
QUIET = ("--log-level", "none", "--log-level-file", "info")


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

    @property
    def failures(self) -> list[Node]:
        """Return what is broken: errors, and tests that found something."""
        return [node for node in self.nodes if node.status in ("error", "fail", "runtime error")]

    @property
    def warnings(self) -> list[Node]:
        """Return the tests that found something worth a look."""
        return [node for node in self.nodes if node.status == "warn"]


class Dbt:
    """One dbt for the whole run: the project is parsed once, for building and for the docs."""

    def __init__(self, console: Console) -> None:
        self._console = console
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

    def build(self) -> Build:
        """Run every seed, model, snapshot and test; a failing one stops only what stands on it."""
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
            outcome = self._invoke(["build"], [follow])
        self._built = True
        build = Build([_node(result) for result in outcome.result.results])
        self._release_warehouse()
        return build

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
