"""Tables of a page in docs/ that a test writes and holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def table(names: str, rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; `names` are the heads of its columns, separated by commas."""
    heads = names.split(", ")
    lines = [heads, ["---"] * len(heads), *([str(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def with_tables(page: str, tables: Mapping[str, str]) -> str:
    """Return a page with tables between their marks, `built: name` and `end: name` in comments."""
    for name, content in tables.items():
        begin, end = f"<!-- built: {name} -->", f"<!-- end: {name} -->"
        before, rest = page.split(begin)
        after = rest.split(end)[1]
        page = f"{before}{begin}\n{content}\n{end}{after}"
    return page
