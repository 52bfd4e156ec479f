"""The comparison itself, by key and value: the only place that says when two rows are equal.

Every row of one side is paired with the row of the same key on the other; copies of a key are
numbered, so a second copy has no partner. Integers, decimals, text, dates and booleans must be
equal (null is not the empty text), doubles to a relative error of 1e-9.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from clickstar_parity.extract import Extract, Side, Type, type_of
from clickstar_parity.relations import Relation, relations
from clickstar_run.problems import Problem

RELATIVE_ERROR = 1e-9
LISTED = 5
MISSING, DIFFERENT = "missing", "different"


@dataclass(frozen=True)
class Difference:
    """One row that is not the same on two sides.

    Attributes:
        kind: `missing` or `different`.
        sides: the two warehouses; a missing row is in the first and not in the second.
        key: the values of the key's columns, and the number of the copy where it is not the first.
        values: for each column that differs, its value on each side.
    """

    kind: str
    sides: tuple[str, str]
    key: dict[str, object]
    values: dict[str, tuple[object, object]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in a line."""
        key = ", ".join(f"{name} {value}" for name, value in self.key.items())
        if self.kind == MISSING:
            return f"{key}: only in {self.sides[0]}, not in {self.sides[1]}"
        told = "; ".join(
            f"{name} is {one!r} in {self.sides[0]} and {other!r} in {self.sides[1]}"
            for name, (one, other) in self.values.items()
        )
        return f"{key}: {told}"


@dataclass
class Comparison:
    """What was found about one relation or metric.

    Attributes:
        name: the relation or metric.
        kind: `mart`, `snapshot` or `metric`.
        rows: the number of rows in each warehouse.
        faults: sentences about what is wrong as a whole: columns, types, a missing relation.
        different: how many rows differ.
        examples: some of them.
    """

    name: str
    kind: str
    rows: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    different: int = 0
    examples: list[Difference] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether nothing was found."""
        return not self.faults and not self.different

    def __str__(self) -> str:
        """Say what was found, a line for each finding."""
        counted = ", ".join(f"{count} rows in {side}" for side, count in self.rows.items())
        lines = [f"{self.name}: {counted}; {self.different} rows differ", *self.faults]
        return "\n  ".join([*lines, *map(str, self.examples)])


# A result that was copied here: whence, the name of its table, its columns.
Copy = tuple[Extract, str, dict[str, Type]]


class Comparer:
    """Compares the warehouses with the first of them. Use `comparer` to make one."""

    def __init__(self, extracts: Sequence[Extract], connection: duckdb.DuckDBPyConnection) -> None:
        self.extracts = extracts
        self._connection = connection

    def relation(self, relation: Relation) -> Comparison:
        """Compare a mart or snapshot."""
        found = Comparison(relation.name, relation.kind)
        queries = [
            f"select * from {extract.relation(relation.schema, relation.table)}"
            for extract in self.extracts
        ]
        tables = self._copies(found, queries)
        for extract, _, columns in tables:
            found.faults += _contract_faults(relation, extract.side.name, columns)
        self._pairs(found, relation, tables, types_must_agree=True)
        return found

    def results(self, name: str, queries: Sequence[str], key: Sequence[str]) -> Comparison:
        """Compare the results of the same question, put to each warehouse in its own SQL.

        Engines count and divide in types of their own, so only the values must agree.
        """
        found = Comparison(name, "metric")
        relation = Relation(name, "metric", "", "", key=tuple(key))
        self._pairs(found, relation, self._copies(found, queries), types_must_agree=False)
        return found

    def _copies(self, found: Comparison, queries: Sequence[str]) -> list[Copy]:
        """Copy the result of each warehouse's query here; one that fails is a fault."""
        copies: list[Copy] = []
        for number, (extract, query) in enumerate(zip(self.extracts, queries, strict=True)):
            try:
                with extract.opened():
                    columns = extract.columns(query)
                    found.rows[extract.side.name] = extract.copy(query, f"side_{number}")
            except Problem as problem:
                found.faults.append(str(problem))
                continue
            copies.append((extract, f"side_{number}", columns))
        return copies

    def _pairs(
        self,
        found: Comparison,
        relation: Relation,
        copies: Sequence[Copy],
        *,
        types_must_agree: bool,
    ) -> None:
        """Compare each further copy with the first, if no warehouse failed."""
        if len(copies) == len(self.extracts):
            for other in copies[1:]:
                self._pair(found, relation, copies[0], other, types_must_agree=types_must_agree)

    def _pair(
        self,
        found: Comparison,
        relation: Relation,
        one: Copy,
        other: Copy,
        *,
        types_must_agree: bool,
    ) -> None:
        sides = (one[0].side.name, other[0].side.name)
        for (extract, _, here), (_, _, there) in ((one, other), (other, one)):
            if extra := [column for column in here if column not in there]:
                found.faults.append(f"only {extract.side.name} has the columns {', '.join(extra)}")
        common: dict[str, Type] = {}
        for column in (column for column in one[2] if column in other[2]):
            types = (one[2][column], other[2][column])
            if types_must_agree and not types[0].agrees_with(types[1]):
                found.faults.append(
                    f"{column} is {types[0]} in {sides[0]} and {types[1]} in {sides[1]}"
                )
            common[column] = _common_type(*types)
        key = [column for column in relation.key if column in common]
        if len(key) < len(relation.key):
            return  # said above: a column of the key is missing
        self._compare_rows(found, relation, key, common, (one[1], other[1]), sides)

    def _compare_rows(
        self,
        found: Comparison,
        relation: Relation,
        key: Sequence[str],
        common: dict[str, Type],
        tables: tuple[str, str],
        sides: tuple[str, str],
    ) -> None:
        # A metric in total is one row; of a relation without a key whole rows are compared.
        if not key and relation.kind != "metric":
            key = [name for name, kind in common.items() if not kind.is_double]
        values = [name for name in common if name not in key]
        for table, name in zip(tables, ("parity_one", "parity_other"), strict=True):
            self._connection.execute(
                f"create or replace temp table {name} as "
                + _numbered(table, key, common, relation.run_times)
            )
        equal = {
            name: _equality(f"one.{_quoted(name)}", f"other.{_quoted(name)}", common[name])
            for name in values
        }
        selected = [
            "one.parity_copy is null",
            "other.parity_copy is null",
            "coalesce(one.parity_copy, other.parity_copy)",
            *(
                f"cast(coalesce(one.{_quoted(name)}, other.{_quoted(name)}) as varchar)"
                for name in key
            ),
        ]
        for name in values:
            selected += [
                f"not ({equal[name]})",
                f"cast(one.{_quoted(name)} as varchar)",
                f"cast(other.{_quoted(name)} as varchar)",
            ]
        listed = ", ".join(
            f"{expression} as c{number}" for number, expression in enumerate(selected)
        )
        joined = " and ".join(
            [
                "one.parity_copy = other.parity_copy",
                *(
                    f"one.{_quoted(name)} is not distinct from other.{_quoted(name)}"
                    for name in key
                ),
            ]
        )
        unequal = " or ".join(f"not ({condition})" for condition in equal.values()) or "false"
        self._connection.execute(
            f"create or replace temp table parity_different as select {listed} from parity_one"
            f" as one full join parity_other as other on {joined} where one.parity_copy is null"
            f" or other.parity_copy is null or {unequal}"
        )
        [[count]] = self._connection.execute("select count(*) from parity_different").fetchall()
        found.different += int(count)
        if count:
            rows = self._connection.execute(
                f"select * from parity_different order by all limit {LISTED}"
            ).fetchall()
            found.examples += [_difference(row, key, values, sides) for row in rows]


@contextmanager
def comparer(sides: Sequence[Side]) -> Iterator[Comparer]:
    """Make what compares these warehouses; the first is what the others are held against."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clickstar-parity-")))
        # A file, so that large tables need not fit into memory.
        connection = stack.enter_context(duckdb.connect(str(scratch / "clickstar_parity.duckdb")))
        connection.execute("set TimeZone = 'UTC'")
        yield Comparer([Extract(side, connection, scratch, stack) for side in sides], connection)


def compare_relations(
    sides: Sequence[Side], names: Iterable[str] | None = None
) -> list[Comparison]:
    """Compare every mart and snapshot of some warehouses, or the named ones.

    Raises Problem when a manifest or a warehouse is missing.
    """
    with comparer(sides) as compare:
        return [compare.relation(relation) for relation in relations(sides[0].manifest, names)]


def _contract_faults(relation: Relation, side: str, columns: dict[str, Type]) -> list[str]:
    if not relation.declared:
        return []
    faults = [
        f"{side} has no column {name}, which the contract names"
        for name in relation.declared
        if name not in columns
    ]
    for name, found in columns.items():
        if name not in relation.declared:
            faults.append(f"the contract does not know the column {name} of {side}")
        elif not found.agrees_with(declared := type_of(relation.declared[name])):
            faults.append(f"{name} is {found} in {side}, and {declared} in the contract")
    return faults


def _common_type(one: Type, other: Type) -> Type:
    """The type in which values of two types are compared."""
    if one.name == other.name:
        sized = one if one.size else other
        if one.name == "numeric" and one.size and other.size:
            return Type("numeric", (38, max(one.size[1], other.size[1])))
        if one.name != "numeric" or sized.size:
            return Type("varchar") if one.name == "varchar" else sized
        return Type("double precision")
    if one.is_exact_number and other.is_exact_number:
        # PostgreSQL's sums of decimals keep no size: the other engine's says how many digits.
        scales = [kind.size[1] for kind in (one, other) if len(kind.size) == 2]
        if any(kind.name == "numeric" and not kind.size for kind in (one, other)) and not scales:
            return Type("numeric", (38, 0))
        return Type("numeric", (38, max(scales, default=0)))
    if all(kind.is_double or kind.is_exact_number for kind in (one, other)):
        return Type("double precision")
    if {one.name, other.name} <= {"date", "timestamp", "timestamptz"}:
        return Type("timestamp")
    return Type("varchar")


def _numbered(
    table: str, key: Sequence[str], common: dict[str, Type], run_times: Sequence[str]
) -> str:
    """The rows of a side in the common types, the copies of each key numbered."""
    cast = ", ".join(
        f"cast({_quoted(name)} as {kind}) as {_quoted(name)}" for name, kind in common.items()
    )
    # Of a time of a run only the order counts, and whether it is there.
    listed = ", ".join(
        f"{_quoted(name)} is not null as {_quoted(name)}" if name in run_times else _quoted(name)
        for name in common
    )
    others = [name for name in common if name not in key and name not in run_times]
    doubles = [name for name in others if common[name].is_double]
    order = [name for name in run_times if name in common]
    order += [name for name in others if name not in doubles] + doubles
    window = "partition by " + ", ".join(map(_quoted, key)) if key else ""
    if order:
        window += " order by " + ", ".join(map(_quoted, order))
    return (
        f"with typed as (select {cast} from {table})"
        f" select {listed}, row_number() over ({window}) as parity_copy from typed"
    )


def _equality(one: str, other: str, kind: Type) -> str:
    if not kind.is_double:
        return f"{one} is not distinct from {other}"
    return (
        f"({one} is not distinct from {other} or coalesce("
        f"abs({one} - {other}) <= {RELATIVE_ERROR} * greatest(abs({one}), abs({other}))"
        f" and isfinite({one}) and isfinite({other}), false))"
    )


def _difference(
    row: Sequence[object], key: Sequence[str], values: Sequence[str], sides: tuple[str, str]
) -> Difference:
    not_in_one, not_in_other, copy, *rest = row
    told: dict[str, object] = dict(zip(key, rest, strict=False))
    if copy != 1:
        told["copy"] = copy
    if not_in_one:
        return Difference(MISSING, (sides[1], sides[0]), told)
    if not_in_other:
        return Difference(MISSING, sides, told)
    compared = rest[len(key) :]
    return Difference(
        DIFFERENT,
        sides,
        told,
        {
            name: (compared[3 * number + 1], compared[3 * number + 2])
            for number, name in enumerate(values)
            if compared[3 * number]
        },
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
