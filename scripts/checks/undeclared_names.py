"""Find names that a macro, model or test reads but nobody declares, and arguments nobody reads.

Jinja renders a name that does not exist as nothing: a misnamed parameter ships as a silently wrong
number. `dbt parse` does not look inside branches, so this does. Reads target/manifest.json for the
names of macros, which `dbt parse` has written.

    python scripts/checks/undeclared_names.py [PATH …]      default: the folders of the project
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dbt.context.providers import ModelContext, TestContext
from dbt_common.clients.jinja import get_environment
from jinja2 import Environment, TemplateSyntaxError, meta, nodes

FOLDERS = ("macros", "models", "tests", "snapshots", "analyses")
# Bound by Jinja itself: inside `{% call %}` and in macros that take any arguments.
BOUND_BY_JINJA = frozenset({"caller", "kwargs", "varargs"})
# In dbt's context for its own use only; in a macro of ours it is a parameter that was forgotten.
NOT_FOR_US = frozenset({"column"})
DBT_MACRO = "dbt_macro__"


@dataclass(frozen=True)
class Finding:
    """A name that does not fit, and where."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        """Return the finding as an editor or a terminal can jump to it."""
        return f"{self.path}:{self.line}: {self.message}"


def names_of_dbt() -> frozenset[str]:
    """Return the names that dbt puts into the context of a model, a macro or a test."""
    members = {*ModelContext._context_members_, *TestContext._context_members_, "builtins"}
    jinja = {*get_environment(None).globals, *BOUND_BY_JINJA}
    return frozenset(members | jinja) - NOT_FOR_US


def read_macros(manifest: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of all macros and their packages, and those of macros that are dbt's own."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    ours = content["metadata"]["project_name"]
    macros = content["macros"].values()
    packages = {macro["package_name"] for macro in macros}
    theirs = {macro["name"] for macro in macros if macro["package_name"] != ours}
    return frozenset({macro["name"] for macro in macros} | packages), frozenset(theirs)


def _set_outside_loops(node: nodes.Node) -> Iterator[str]:
    """Yield the names that `{% set %}` binds; those of a loop's body end with the loop."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Assign | nodes.AssignBlock):
            yield from (name.name for name in child.find_all(nodes.Name) if name.ctx == "store")
        elif not isinstance(child, nodes.For):
            yield from _set_outside_loops(child)


def _undeclared(tree: nodes.Template, environment: Environment) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of what is read and not bound, macro by macro."""
    macros = [node for node in tree.body if isinstance(node, nodes.Macro)]
    rest = [node for node in tree.body if not isinstance(node, nodes.Macro)]
    for body in (*([macro] for macro in macros), rest):
        scope = nodes.Template(body, lineno=1)
        scope.set_environment(environment)
        # Jinja also reports what is set in one branch only; our macros use it in that branch.
        for name in sorted(meta.find_undeclared_variables(scope) - set(_set_outside_loops(scope))):
            lines = [node.lineno for node in scope.find_all(nodes.Name) if node.name == name]
            yield min(lines, default=1), name


def _unread_arguments(
    tree: nodes.Template, signatures_of_dbt: frozenset[str]
) -> Iterator[tuple[int, str]]:
    for macro in tree.find_all(nodes.Macro):
        name = macro.name.removeprefix(DBT_MACRO)
        # One engine's implementation may have no use for what another one needs, and a macro that
        # replaces one of dbt's is called with the arguments that dbt has chosen.
        if "__" in name or name in signatures_of_dbt:
            continue
        read = {
            node.name
            for statement in macro.body
            for node in statement.find_all(nodes.Name)
            if node.ctx == "load"
        }
        for argument in macro.args:
            if argument.name not in read:
                yield macro.lineno, f"{name}: the argument `{argument.name}` is never read"


def check_file(
    path: Path, known: frozenset[str], signatures_of_dbt: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Yield what is wrong with the names in one file.

    ``known`` are the names of dbt's context and of all macros; a macro whose name is in
    ``signatures_of_dbt`` may leave arguments unread.
    """
    environment = get_environment(None, capture_macros=True)
    try:
        tree = environment.parse(path.read_text(encoding="utf-8"))
    except TemplateSyntaxError as error:
        yield Finding(path, error.lineno, f"not valid Jinja: {error.message}")
        return
    for line, name in _undeclared(tree, environment):
        if name.removeprefix(DBT_MACRO) not in known:
            yield Finding(path, line, f"`{name}` is read but nobody declares it")
    for line, message in _unread_arguments(tree, signatures_of_dbt):
        yield Finding(path, line, message)


def sql_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the SQL files among the given files and below the given folders."""
    for path in paths:
        yield from sorted(path.rglob("*.sql")) if path.is_dir() else [path]


def main() -> int:
    """Print the findings, and return 1 if there are any."""
    parser = argparse.ArgumentParser(description="Names that are read but nobody declares.")
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders to look into")
    parser.add_argument("--manifest", type=Path, default=Path("target/manifest.json"))
    arguments = parser.parse_args()
    paths = arguments.paths or [Path(folder) for folder in FOLDERS if Path(folder).is_dir()]
    macros, signatures_of_dbt = read_macros(arguments.manifest)
    known = names_of_dbt() | macros
    findings = [
        finding
        for path in sql_files(paths)
        for finding in check_file(path, known, signatures_of_dbt)
    ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
