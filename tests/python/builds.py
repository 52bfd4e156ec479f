"""Load and build warehouses many times, quickly, and kill a build in the middle.

dbt is imported and the project parsed once, in a process of its own, which also does the first job,
so that all of dbt's caches are warm. Each further load and build is a fork of it. A build can so be
ended by SIGKILL at any of its statements, exactly as a machine that loses its power ends it, and
the next one starts within milliseconds.

What was parsed serves every warehouse that dbt would parse the project for in the same way: of the
same engine, with the same schemas and the same name of the database (of a DuckDB file, without its
folder). What the parse writes, the manifests, each job finds in its target folder.

As a program, it is that process: it reads one job a line from standard input and answers in a line.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

QUIET = ("--log-level", "none", "--log-level-file", "none", "--no-write-json")
MANIFESTS = ("manifest.json", "semantic_manifest.json")


@dataclass(frozen=True)
class Outcome:
    """What became of a load and build.

    Attributes:
        statements: the statements that dbt sent, when the build came to its end.
        killed: whether it was killed before.
        said: what went wrong, a warning too; empty otherwise.
        failed: whether the command would have ended with another code than 0.
        printed: what the loader and dbt printed.
    """

    statements: int = 0
    killed: bool = False
    said: str = ""
    failed: bool = False
    printed: str = ""


class Builds:
    """The process that has dbt ready. Its environment decides the engine, for all of its builds."""

    def __init__(self, environment: Mapping[str, str], project: Path) -> None:
        self._environment = dict(environment)
        self._project = project

    def __enter__(self) -> Self:
        """Start it; the project is parsed at the first job."""
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=self._project,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def run(
        self,
        variables: Mapping[str, str],
        dbt: Sequence[str] = (),
        landing: Path | None = None,
        kill_at: int | None = None,
        kill_after_ms: int = 0,
        aloud: bool = False,
    ) -> Outcome:
        """Load a landing folder, when one is given, and run a dbt command, when one is given.

        ``variables`` are set beyond those of the process. ``aloud``, dbt prints and writes what it
        does when nobody tells it not to. With ``kill_at``, the process is killed when dbt sends its
        statement of this number, or that many milliseconds later, in the middle of whatever it then
        does.
        """
        job = {
            "variables": dict(variables),
            "dbt": [*dbt, *(() if aloud or not dbt else QUIET)],
            "landing": None if landing is None else str(landing),
            "kill_at": kill_at,
            "kill_after_ms": kill_after_ms,
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError(f"the process that builds ended: {self._process.wait()}")
        return Outcome(**json.loads(answer))


# --- the process ----------------------------------------------------------------------------------


class _Count:
    """Counts the statements of a build, and kills it at the one that was asked for."""

    def __init__(self, kill_at: int | None, kill_after_ms: int) -> None:
        self.statements = 0
        self._kill_at = kill_at
        self._kill_after_ms = kill_after_ms
        self._lock = threading.Lock()

    def __call__(self, event: Any) -> None:
        if event.info.name != "SQLQuery":
            return
        with self._lock:
            self.statements += 1
            if self.statements != self._kill_at:
                return
        if not self._kill_after_ms:
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Timer(
            self._kill_after_ms / 1000, lambda: os.kill(os.getpid(), signal.SIGKILL)
        ).start()


def _work(job: Mapping[str, Any], manifest: Any) -> Outcome:
    """Do a job, in the fork."""
    os.environ.update(job["variables"])
    if job["landing"] is not None:
        from clickstar_loader.cli import main

        code = main(["load", "--landing", job["landing"], "--json"])
        if code:
            return Outcome(said=f"the loader ended with {code}", failed=True)
    if not job["dbt"]:
        return Outcome()
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    count = _Count(job["kill_at"], job["kill_after_ms"])
    outcome: Any = dbtRunner(manifest=manifest, callbacks=[count]).invoke(job["dbt"])
    if outcome.exception is not None:
        return Outcome(count.statements, said=repr(outcome.exception), failed=True)
    failed = [
        f"{result.node.name}: {result.message}"
        for result in (outcome.result if isinstance(outcome.result, RunExecutionResult) else ())
        if str(result.status) not in ("success", "pass", "no-op")
    ]
    return Outcome(count.statements, said="\n".join(failed), failed=not outcome.success)


def _close() -> None:
    """Close the warehouse: a DuckDB file then has all that was written, and no log beside it."""
    from dbt.adapters.factory import reset_adapters

    if os.environ["TARGET"] == "duckdb":
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
    reset_adapters()


def _in_a_fork(job: Mapping[str, Any], manifest: Any) -> Outcome:
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            # What the loader and dbt print is not the answer.
            os.dup2(printed.fileno(), sys.stdout.fileno())
            os.dup2(printed.fileno(), sys.stderr.fileno())
            try:
                outcome = _work(job, manifest)
                _close()
            except BaseException:
                outcome = Outcome(said=traceback.format_exc(), failed=True)
            sys.stdout.flush()
            with os.fdopen(writing, "w") as answer:
                answer.write(json.dumps(asdict(outcome)))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            said = answer.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return Outcome(killed=True)
        printed.seek(0)
        answered = json.loads(said) if said else {"said": f"ended with {status}", "failed": True}
        return replace(Outcome(**answered), printed=printed.read())


def _first(job: Mapping[str, Any], manifest: Any) -> Outcome:
    """Do the first job in this process, and leave nothing open that a fork would share."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        # A build changes the manifest: its foreign keys point at tables afterwards.
        outcome = _work(job, manifest.deepcopy())
    _close()
    if threading.active_count() > 1:
        raise SystemExit(f"threads would not survive a fork: {threading.enumerate()}")
    # No fork need look for garbage, and copy pages, among what all of them share.
    gc.freeze()
    return replace(outcome, printed=printed.getvalue())


class _ParseError(Exception):
    """dbt cannot parse the project."""


def _parsed(written: Path) -> Any:
    """Parse the project, and write the manifests into a folder."""
    from dbt.cli.main import dbtRunner

    outcome: Any = dbtRunner().invoke(["parse", *QUIET[:4], "--target-path", str(written)])
    if outcome.result is None:
        raise _ParseError(f"dbt cannot parse the project: {outcome.exception}")
    return outcome.result


def _serve(written: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(root / "scripts"))
    # Imported and prepared here, so that no fork has to.
    import dbt.cli.main

    import clickstar_loader.cli
    from clickstar_loader.user_agents import parsed_user_agents

    del clickstar_loader, dbt
    parsed_user_agents(["a browser"])
    environment = dict(os.environ)
    manifest: Any = None
    for line in sys.stdin:
        job = json.loads(line)
        os.environ.clear()
        os.environ.update(environment | job["variables"])
        work = _in_a_fork
        try:
            if job["dbt"]:
                if manifest is None:
                    manifest = _parsed(written)
                    if job["kill_at"] is None:
                        work = _first
                target = Path(os.environ["DBT_TARGET_PATH"])
                target.mkdir(parents=True, exist_ok=True)
                for name in MANIFESTS:
                    shutil.copy(written / name, target)
            outcome = work(job, manifest)
        except _ParseError as error:
            outcome = Outcome(said=str(error), failed=True)
        print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        _serve(Path(folder))
