"""Write a page about every source: its way to the marts, and the schema at every step.

    python scripts/source_pages.py             write docs/sources/
    python scripts/source_pages.py --check     only say whether the pages are current; fail if not

Everything on a page is read from target/manifest.json, which `dbt parse` writes: the pages follow
the YAML files and are never edited by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "target" / "manifest.json"
PAGES = ROOT / "docs" / "sources"
LAYERS = ("raw", "staging", "intermediate", "marts")
# Where the clicks of all sources come together: behind it, dimensions only get their keys.
TOGETHER = "int_clicks__unioned"
# Where the commissions of all feeds come together: the view of each feed has its columns.
OBSERVED = "int_commissions__observed"
FEED = "int_commissions__from_"
# A page of this source describes the dimensions; the others lead there.
DIMENSIONS_PAGE = "master_data"
GENERATED = "<!-- Written by scripts/source_pages.py from the dbt manifest. Do not edit. -->"

Node = Mapping[str, Any]


class PagesError(RuntimeError):
    """The pages cannot be written; the message is one sentence for a person."""


@dataclass(frozen=True)
class Lineage:
    """The tables and models of a manifest, and which of them read which."""

    nodes: Mapping[str, Node]

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Lineage:
        """Return the sources and models of a manifest."""
        models = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}
        return cls(models | manifest["sources"])

    def parents(self, node_id: str) -> list[str]:
        """Return what a model reads, without seeds."""
        depends_on = self.nodes[node_id].get("depends_on", {})
        return [parent for parent in depends_on.get("nodes", []) if parent in self.nodes]

    def behind(self, starts: Iterable[str]) -> list[str]:
        """Return the starts and all that reads them, directly or not: inputs before readers."""
        reached = set(starts)
        grown = True
        while grown:
            more = {n for n in self.nodes if reached.intersection(self.parents(n))} - reached
            reached |= more
            grown = bool(more)
        return sorted(reached, key=lambda n: (LAYERS.index(self.layer(n)), self.depth(n), n))

    def depth(self, node_id: str) -> int:
        """Return the length of the longest way from a raw table."""
        return 1 + max((self.depth(parent) for parent in self.parents(node_id)), default=0)

    def layer(self, node_id: str) -> str:
        """Return raw, staging, intermediate or marts."""
        node = self.nodes[node_id]
        return "raw" if node["resource_type"] == "source" else str(node["fqn"][1])

    def name(self, node_id: str) -> str:
        """Return the name that people know the table or model by."""
        node = self.nodes[node_id]
        return str(node["identifier"] if node["resource_type"] == "source" else node["name"])


def one_line(text: str) -> str:
    """Return a text without line breaks, safe in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    names = list(header)
    return [
        "| " + " | ".join(names) + " |",
        "| " + " | ".join("---" for _ in names) + " |",
        *("| " + " | ".join(one_line(cell) for cell in row) + " |" for row in rows),
    ]


def code(text: str) -> str:
    """Return a text as code; nothing for nothing."""
    return f"`{text}`" if text else ""


def origin(meta: Mapping[str, Any], column: str) -> str:
    """Say where the value of a raw column comes from in the file."""
    if column.startswith("_"):
        return "the loader"
    said = code(str(meta.get("field", column)))
    if "path" in meta:
        said = f"the folder {code(str(meta['path']) + '=…')} of its path"
    if "fields" in meta:
        said = " and ".join(map(code, meta["fields"]))
    if "sum" in meta:
        said = f"sum of {code(str(meta['sum']))}"
    if "url_parameter" in meta:
        said = f"parameter {code(str(meta['url_parameter']))} in {said}"
    notes = []
    if "format" in meta:
        ways = meta["format"] if isinstance(meta["format"], list) else [meta["format"]]
        notes.append(f"as {' or '.join(map(code, ways))}")
    if meta.get("decode"):
        notes.append("percent-decoded" + (" twice" if meta["decode"] == 2 else ""))
    if "thousands" in meta:
        notes.append("1,234.50 without its commas")
    if "pii" in meta:
        notes.append({"hash": "hashed", "prefix": "network only", "mask": "masked"}[meta["pii"]])
    if meta.get("required"):
        notes.append("required")
    return said + "".join(f", {note}" for note in notes)


def diagram(lineage: Lineage, members: list[str]) -> list[str]:
    """Return the way of a source as a Mermaid flow chart."""
    lines = ["```mermaid", "flowchart LR"]
    files = {n: patterns(lineage.nodes[n]) for n in members if lineage.layer(n) == "raw"}
    if any(files.values()):
        lines.append("    subgraph landing")
        for node_id, names in files.items():
            if names:
                lines.append(f'        files_{lineage.name(node_id)}["{"<br>".join(names)}"]')
        lines.append("    end")
    for layer in LAYERS:
        inside = [n for n in members if lineage.layer(n) == layer]
        if inside:
            lines.append(f"    subgraph {layer}")
            lines += [f'        {lineage.name(n)}["{lineage.name(n)}"]' for n in inside]
            lines.append("    end")
    for node_id, names in files.items():
        if names:
            lines.append(f"    files_{lineage.name(node_id)} --> {lineage.name(node_id)}")
    for node_id in members:
        lines += [
            f"    {lineage.name(parent)} --> {lineage.name(node_id)}"
            for parent in lineage.parents(node_id)
            if parent in members
        ]
    return [*lines, "```"]


def landing_of(node: Node) -> Mapping[str, Any]:
    """Return the landing block of a raw table's contract; empty for the loader's own tables."""
    landing: Mapping[str, Any] = node["config"].get("meta", {}).get("landing", {})
    return landing


def patterns(node: Node) -> list[str]:
    """Return the file patterns of a raw table."""
    return [str(files["pattern"]) for files in landing_of(node).get("files", [])]


def written(files: Mapping[str, Any]) -> str:
    """Say in which format files are, and what one record of them is if they are XML."""
    record = "".join(f", each {code(files[key])}" for key in ("record", "each") if key in files)
    return f"{files['format']}{record}"


def zone(said: str | Mapping[str, str]) -> str:
    """Say in which time zone a contract takes times to be."""
    if isinstance(said, str):
        return said
    named = f"the zone of the path's folder {code(said['path'] + '=…')}"
    return f"{named}, else in {said['default']}" if "default" in said else named


def raw_section(lineage: Lineage, node_id: str) -> list[str]:
    """Describe a raw table: what lands in it and its columns."""
    node = lineage.nodes[node_id]
    lines = [f"### raw.{lineage.name(node_id)}", "", one_line(node["description"]), ""]
    landing = landing_of(node)
    if landing:
        lines += table(
            ["files below `landing/`", "format"],
            [[code(files["pattern"]), written(files)] for files in landing["files"]],
        )
        lines += ["", f"Times without an offset are in {zone(landing.get('timezone', 'UTC'))}."]
        if landing.get("pii"):
            fields = ", ".join(code(field) for field in landing["pii"])
            lines.append(
                f"Personal data, kept only as a hash, a network or a masked text: {fields}."
            )
        lines.append("")
    columns = node["columns"].values()
    if landing:
        lines += table(
            ["column", "type", "from the file", "what it is"],
            [
                [
                    code(column["name"]),
                    column["data_type"] or "",
                    origin(column["config"].get("meta", {}), column["name"]),
                    column["description"],
                ]
                for column in columns
            ],
        )
    else:
        lines += schema(columns)
    return [*lines, ""]


def schema(columns: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the table of a model's columns."""
    return table(
        ["column", "type", "what it is"],
        [[code(c["name"]), c["data_type"] or "", c["description"]] for c in columns],
    )


def model_section(lineage: Lineage, node_id: str) -> list[str]:
    """Describe a model: its grain and its columns."""
    node = lineage.nodes[node_id]
    lines = [f"### {node['name']}", "", one_line(node["description"]), ""]
    if node["name"].startswith(FEED) and not node["columns"]:
        return [*lines, f"Its columns are those of [`{OBSERVED}`](#{OBSERVED}).", ""]
    return [*lines, *schema(node["columns"].values()), ""]


def page(lineage: Lineage, source_name: str) -> str:
    """Return the page of a source."""
    raw = [
        node_id
        for node_id, node in lineage.nodes.items()
        if node["resource_type"] == "source" and node["source_name"] == source_name
    ]
    members = lineage.behind(raw)
    with_clicks = TOGETHER in [lineage.name(n) for n in members] and source_name != DIMENSIONS_PAGE
    lines = [
        GENERATED,
        "",
        f"# {source_name}",
        "",
        one_line(lineage.nodes[raw[0]]["source_description"]),
        "",
        "## The way of the data",
        "",
        *diagram(lineage, members),
        "",
    ]
    keyed = []
    for layer in LAYERS:
        inside = [n for n in members if lineage.layer(n) == layer]
        if with_clicks and layer == "marts":
            keyed = [lineage.name(n) for n in inside if lineage.name(n).startswith("dim_")]
            inside = [n for n in inside if lineage.name(n) not in keyed]
        if inside:
            lines += [f"## {layer.capitalize()}", ""]
        for node_id in inside:
            lines += (raw_section if layer == "raw" else model_section)(lineage, node_id)
    if keyed:
        links = ", ".join(f"[{name}]({DIMENSIONS_PAGE}.md#{name})" for name in keyed)
        lines += [f"Ids that are new in the clicks also become members of {links}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def pages(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of every page by its file name."""
    lineage = Lineage.of(manifest)
    sources = sorted({n["source_name"] for n in manifest["sources"].values()})
    texts = {f"{source}.md": page(lineage, source) for source in sources}
    first = {n["source_name"]: n["source_description"] for n in manifest["sources"].values()}
    texts["README.md"] = "\n".join([
        GENERATED,
        "",
        "# Sources",
        "",
        *table(
            ["source", "what it is"],
            [[f"[{source}]({source}.md)", first[source]] for source in sources],
        ),
        "",
    ])  # fmt: skip
    return texts


def read_manifest(path: Path) -> Mapping[str, Any]:
    """Return the manifest, or say what to do when there is none."""
    try:
        manifest: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise PagesError(f"{path} does not exist: run `dbt parse` first.") from missing
    return manifest


def outdated(texts: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of the pages that are missing, left over or not what they should be."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(n for n in texts.keys() | there.keys() if texts.get(n) != there.get(n))


def main(arguments: list[str] | None = None) -> int:
    """Write or check the pages; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a stale page")
    parser.add_argument("--manifest", type=Path, default=MANIFEST)
    parser.add_argument("--folder", type=Path, default=PAGES)
    options = parser.parse_args(arguments)
    try:
        texts = pages(read_manifest(options.manifest))
    except PagesError as problem:
        print(problem, file=sys.stderr)
        return 1
    stale = outdated(texts, options.folder)
    if options.check:
        if stale:
            print(
                f"Not current in {options.folder}: {', '.join(stale)}."
                " Run `dbt parse` and `python scripts/source_pages.py`, then commit the pages.",
                file=sys.stderr,
            )
        return 1 if stale else 0
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        path = options.folder / name
        if name in texts:
            path.write_text(texts[name], encoding="utf-8")
        else:
            path.unlink()
    print(f"{len(texts)} pages in {options.folder}, {len(stale)} of them changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
