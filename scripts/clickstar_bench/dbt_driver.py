"""Run one dbt command in this process and write down what it used, as a whole and node by node.

    python -m clickstar_bench.dbt_driver RESULT.json build --full-refresh

A thread looks at the process every 20 milliseconds: CPU seconds so far and memory now. dbt's events
say when each node starts and ends. A slice of CPU belongs to the nodes that ran during it, in equal
shares; the memory of a node is the largest that the process had while the node ran, so of two
that ran at once both show the sum.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

EVERY_SECONDS = 0.02
MEGABYTE = 1024 * 1024


@dataclass
class Node:
    """One model, seed, snapshot or test: when it ran (seconds of the clock) and what it used."""

    started: float
    finished: float = 0.0
    status: str = ""
    cpu_seconds: float = 0.0
    megabytes: float = 0.0


@dataclass
class Watch:
    """What the process used so far, in all and by node; ``look`` is called again and again."""

    nodes: dict[str, Node] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    cpu_seconds: float = 0.0
    between_seconds: float = 0.0
    megabytes: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    process: psutil.Process = field(default_factory=psutil.Process)

    def look(self) -> None:
        """Charge the CPU since the last look to the nodes that are running."""
        with self.lock:
            self._look()

    def _look(self) -> None:
        now = cpu_seconds()
        spent, self.cpu_seconds = now - self.cpu_seconds, now
        megabytes = self.process.memory_info().rss / MEGABYTE
        self.megabytes = max(self.megabytes, megabytes)
        if not self.running:
            self.between_seconds += spent
        for name in self.running:
            node = self.nodes[name]
            node.cpu_seconds += spent / len(self.running)
            node.megabytes = max(node.megabytes, megabytes)

    def follow(self, event: Any) -> None:
        """Take note of dbt's event that a node started or ended."""
        name = event.info.name
        if name not in ("NodeStart", "NodeFinished"):
            return
        node_id = event.data.node_info.unique_id
        with self.lock:
            self._look()
            if name == "NodeStart":
                self.nodes[node_id] = Node(started=time.time())
                self.running.add(node_id)
            else:
                self.running.discard(node_id)
                self.nodes[node_id].finished = time.time()
                self.nodes[node_id].status = str(event.data.node_info.node_status)

    def keep_looking(self, until: threading.Event) -> None:
        """Look until the event is set."""
        while not until.wait(EVERY_SECONDS):
            self.look()


def cpu_seconds() -> float:
    """Return the CPU seconds of this process so far, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Run dbt with the arguments after the first; return 1 when dbt says that it failed."""
    out, arguments = Path(sys.argv[1]), sys.argv[2:]
    from dbt.cli.main import dbtRunner

    watch = Watch()
    ended = threading.Event()
    watcher = threading.Thread(target=watch.keep_looking, args=(ended,), daemon=True)
    watcher.start()
    started = time.time()
    outcome = dbtRunner(callbacks=[watch.follow]).invoke(
        ["--log-level", "error", "--no-use-colors", *arguments]
    )
    ended.set()
    watcher.join()
    watch.look()
    if outcome.exception is not None:
        print(outcome.exception, file=sys.stderr)
    kinds = {}
    results = getattr(outcome.result, "results", None) or []
    for result in results:
        kinds[result.node.unique_id] = {
            "name": result.node.name,
            "kind": str(result.node.resource_type),
            "materialized": str(result.node.config.materialized),
            "rows": (result.adapter_response or {}).get("rows_affected"),
            "status": str(result.status),
        }
    document = {
        "command": arguments,
        "threads": os.environ.get("CLICKSTAR_THREADS", ""),
        "wall_seconds": time.time() - started,
        "cpu_seconds": watch.cpu_seconds,
        # Reading the project, planning the graph and writing the artifacts.
        "overhead_cpu_seconds": watch.between_seconds,
        "megabytes": watch.megabytes,
        "nodes": {
            node_id: {
                **kinds.get(node_id, {}),
                "wall_seconds": node.finished - node.started,
                "cpu_seconds": node.cpu_seconds,
                "megabytes": node.megabytes,
            }
            for node_id, node in watch.nodes.items()
        },
    }
    out.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return 0 if outcome.success else 1


if __name__ == "__main__":
    sys.exit(main())
