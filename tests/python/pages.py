"""Tables of a page in docs/ that a test writes and holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path


def table(names: str, rows: Iterable[Sequence[object]], text: Callable[[object], str] = str) -> str:
    """Return a Markdown table.

    Args:
        names: the heads of its columns, separated by commas.
        rows: their values.
        text: how a value is written.
    """
    heads = names.split(", ")
    lines = [heads, ["---"] * len(heads), *([text(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def hold_tables(path: Path, tables: Mapping[str, str]) -> None:
    """Assert that a page has these tables; with WRITE_DOCS=1 write them there.

    Each stands between its marks, `built: name` and `end: name` in comments.
    """
    page = wanted = path.read_text(encoding="utf-8")
    for name, content in tables.items():
        begin, end = f"<!-- built: {name} -->", f"<!-- end: {name} -->"
        before, rest = wanted.split(begin)
        _, after = rest.split(end)
        wanted = f"{before}{begin}\n{content}\n{end}{after}"
    if os.environ.get("WRITE_DOCS"):
        path.write_text(wanted, encoding="utf-8")
        return
    assert page == wanted, f"{path.name} is not what is built: run this test with WRITE_DOCS=1"
