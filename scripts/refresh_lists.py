"""Renew the lists behind the rules for general invalid traffic from their packages.

python scripts/refresh_lists.py bots        seeds/user_agent_patterns.csv
python scripts/refresh_lists.py networks    seeds/data_centre_networks.csv

What a list no longer has stays in the seed and counts for the older versions of its rule.
Afterwards add the new versions of the rules to seeds/click_quality_rules.csv.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from clickstar_lists import bots, networks
from clickstar_lists.packages import ListError
from clickstar_lists.seeds import Refreshed, read_rows, refreshed, write_rows

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
PATTERNS = SEEDS / "user_agent_patterns.csv"
NETWORKS = SEEDS / "data_centre_networks.csv"
SOURCES = SEEDS / "click_quality_sources.csv"
_SOURCE_COLUMNS = (
    "source", "package_version", "list_date", "retrieved_on", "licence", "used_for", "source_url",
)  # fmt: skip


def main() -> int:
    """Refresh one list; 1 where it could not be had."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("list", choices=["bots", "networks"])
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="clickstar-") as folder:
            if arguments.list == "bots":
                _bots(Path(folder))
            else:
                _networks(Path(folder))
    except ListError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _bots(folder: Path) -> None:
    lists = bots.download(folder)
    found, left_out = bots.rows(lists)
    result = refreshed(read_rows(PATTERNS), found, bots.KEY, "rule_id")
    write_rows(PATTERNS, bots.COLUMNS, result.rows)
    _remember_sources(lists.versions, {})
    _tell(PATTERNS, result)
    print(f"{len(left_out)} patterns are no plain text and were left out:")
    print("  " + "\n  ".join(left_out))


def _networks(folder: Path) -> None:
    lists = networks.download(folder)
    found, narrow = networks.rows(lists)
    result = refreshed(read_rows(NETWORKS), found, networks.KEY, "rule_id")
    write_rows(NETWORKS, networks.COLUMNS, result.rows)
    _remember_sources(lists.versions, lists.days)
    _tell(NETWORKS, result)
    told = ", ".join(f"{provider} {number}" for provider, number in sorted(narrow.items()))
    print(f"Left out, narrower than /24 or /48: {told}")


def _remember_sources(versions: dict[str, str], days: dict[str, str]) -> None:
    """Write down of which package the lists are; what people wrote about a source stays."""
    today = datetime.now(UTC).date().isoformat()
    rows = {row["source"]: row for row in read_rows(SOURCES)}
    for source, version in versions.items():
        row = rows.setdefault(source, dict.fromkeys(_SOURCE_COLUMNS, "") | {"source": source})
        row |= {
            "package_version": version,
            "list_date": days.get(source, ""),
            "retrieved_on": today,
        }
    write_rows(SOURCES, _SOURCE_COLUMNS, [rows[source] for source in sorted(rows)])


def _tell(path: Path, result: Refreshed) -> None:
    print(f"{path.relative_to(SEEDS.parent)}: {len(result.rows):,} rows")
    for rule, version in sorted(result.versions.items()):
        print(
            f"  {rule}: {result.added.get(rule, 0):,} added, {result.removed.get(rule, 0):,} "
            f"removed; they hold from version {version}"
        )
        if version > 1:
            print(f"  add version {version} of {rule} to seeds/click_quality_rules.csv")
    if not result.versions:
        print("  nothing changed")


if __name__ == "__main__":
    sys.exit(main())
