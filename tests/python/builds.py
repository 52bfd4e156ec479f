"""Load and build a warehouse many times, quickly, and kill a build in the middle.

dbt is imported and the project parsed once, in a process of its own, which also does the first job,
so that all of dbt's caches are warm. Each further load and build is a fork of it. A build can so be
ended by SIGKILL at any of its statements, exactly as a machine that loses its power ends it, and
the next one starts within milliseconds.

As a program, it is that process: it reads one job a line from standard input and answers in a line.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

QUIET = ("--log-level", "none", "--log-level-file", "none", "--no-write-json")


@dataclass(frozen=True)
class Outcome:
    """What became of a load and build.

    Attributes:
        statements: the statements that dbt sent, when the build came to its end.
        killed: whether it was killed before.
        said: what went wrong; empty otherwise.
    """

    statements: int
    killed: bool
    said: str


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
    ) -> Outcome:
        """Load a landing folder, when one is given, and run a dbt command, when one is given.

        With ``kill_at``, the process is killed when dbt sends its statement of this number, or that
        many milliseconds later, in the middle of whatever it then does.
        """
        job = {
            "variables": dict(variables),
            "dbt": list(dbt),
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
            return Outcome(0, False, f"the loader ended with {code}")
    if not job["dbt"]:
        return Outcome(0, False, "")
    from dbt.cli.main import dbtRunner

    count = _Count(job["kill_at"], job["kill_after_ms"])
    outcome: Any = dbtRunner(manifest=manifest, callbacks=[count]).invoke([*job["dbt"], *QUIET])
    if outcome.exception is not None:
        return Outcome(count.statements, False, repr(outcome.exception))
    failed = [
        f"{result.node.name}: {result.message}"
        for result in outcome.result or []
        if str(result.status) not in ("success", "pass", "no-op")
    ]
    return Outcome(count.statements, False, "\n".join(failed))


def _in_a_fork(job: Mapping[str, Any], manifest: Any) -> Outcome:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        # What the loader and dbt print is not the answer.
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, sys.stdout.fileno())
        os.dup2(quiet, sys.stderr.fileno())
        try:
            outcome = _work(job, manifest)
        except BaseException:
            outcome = Outcome(0, False, traceback.format_exc())
        with os.fdopen(writing, "w") as answer:
            answer.write(json.dumps(outcome.__dict__))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return Outcome(0, True, "")
    return Outcome(**json.loads(said)) if said else Outcome(0, False, f"ended with {status}")


def _first(job: Mapping[str, Any], manifest: Any) -> Outcome:
    """Do the first job in this process, and leave nothing open that a fork would share."""
    with Path(os.devnull).open("w") as quiet, contextlib.redirect_stdout(quiet):
        outcome = _work(job, manifest)
    from dbt.adapters.factory import reset_adapters

    if os.environ["TARGET"] == "duckdb":
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
    reset_adapters()
    if threading.active_count() > 1:
        raise SystemExit(f"threads would not survive a fork: {threading.enumerate()}")
    return outcome


def _serve() -> None:
    root = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(root / "scripts"))
    # Imported and prepared here, so that no fork has to.
    from dbt.cli.main import dbtRunner

    import clickstar_loader.cli
    from clickstar_loader.user_agents import parsed_user_agents

    del clickstar_loader
    parsed_user_agents(["a browser"])
    manifest: Any = None
    for line in sys.stdin:
        job = json.loads(line)
        if manifest is None:
            os.environ.update(job["variables"])
            parsed = dbtRunner().invoke(["parse", *QUIET[:4]])
            manifest = parsed.result
            if manifest is None:
                raise SystemExit(f"dbt cannot parse the project: {parsed.exception}")
            # A build changes the manifest: its foreign keys point at tables afterwards.
            outcome = _first(job, manifest.deepcopy())
        else:
            outcome = _in_a_fork(job, manifest)
        print(json.dumps(outcome.__dict__), flush=True)


if __name__ == "__main__":
    _serve()
