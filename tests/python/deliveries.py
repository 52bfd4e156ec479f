"""Random deliveries: what trackers, networks and stewards send, in every order and shape.

A sequence of deliveries is drawn by hypothesis from a pool of real files that span 64 days, so that
a file which arrives after the last one is up to 64 days late. Files come whole, cut and completed
later, twice, mixed with others, and with their events restated; records of the master data are
edited and mapped otherwise, from dates in the past. After each delivery the warehouse is built, or
not, or the build is killed. Every part says in words what it is, so that a failure can be read.

It is about clicks and master data, and about the costs and rates that come as plain files. What was
pulled from an interface (commissions, reports, payments) is not in the pool: a later pull replaces
an earlier one, and `test_commissions_histories.py` delivers pulls in random orders of their own.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

Fields = dict[str, Any]
FIRST_DAY = dt.date(2026, 4, 28)
LAST_DAY = dt.date(2026, 6, 30)
# How many files of a source are in the pool: spread over its days.
FILES_PER_SOURCE = 2
FILES_OF_REDIRECTOR = 9
# A build on DuckDB of what follows from the sources, without its views, has some 630 statements; a
# later one kills nothing.
LAST_STATEMENT = 650


@dataclass(frozen=True)
class Arrival:
    """A file that arrives: its path in the landing folder, its bytes, and what it is in words."""

    path: str
    content: bytes
    words: str

    def __repr__(self) -> str:
        """Say what it is."""
        return f"<{self.words}>"


@dataclass(frozen=True)
class Step:
    """What arrives before the next load, and what happens after it.

    Attributes:
        arrivals: the files; one under a known path replaces the one before.
        build: `built`, `not built` or `killed`.
        kill_at: the statement of the build at which it is killed.
        kill_after_ms: how long after that statement began.
    """

    arrivals: tuple[Arrival, ...]
    build: str = "built"
    kill_at: int = 0
    kill_after_ms: int = 0

    def __repr__(self) -> str:
        """Say it in a line for each file."""
        lines = "".join(f"\n    {arrival.words}" for arrival in self.arrivals)
        then = self.build
        if self.build == "killed":
            then = f"build killed {self.kill_after_ms} ms into statement {self.kill_at}"
        return f"\n  arrives:{lines}\n  then: {then}"


@dataclass(frozen=True)
class PoolFile:
    """A file of the pool, unpacked."""

    path: str
    plain: bytes

    @property
    def source(self) -> str:
        """The folder, which is the source."""
        return self.path.partition("/")[0]

    @property
    def kind(self) -> str:
        """What its records are: `lines`, `csv`, `document` or `whole` (cannot be cut)."""
        name = self.path.removesuffix(".gz")
        if name.endswith(".json"):
            return "document"
        if name.endswith(".csv"):
            return "csv"
        return "whole" if name.endswith(".parquet") else "lines"

    def packed(self, plain: bytes, level: int = 6) -> bytes:
        """The bytes of a file of this name with a content."""
        return gzip.compress(plain, level, mtime=0) if self.path.endswith(".gz") else plain

    def named(self, suffix: str) -> str:
        """Another path that the same contract takes."""
        stem, _, name = self.path.rpartition("/")
        first, dot, rest = name.partition(".")
        # History files are told apart by how their names begin.
        return f"{stem}/{first}{suffix}{dot}{rest}"

    def records(self) -> tuple[bytes, list[bytes], bytes]:
        """What stands before the records, the records, and what stands after them."""
        if self.kind == "whole":
            return b"", [self.plain], b""
        if self.kind == "document":
            document = json.loads(self.plain)
            [key] = [name for name, value in document.items() if isinstance(value, list)]
            others = {name: value for name, value in document.items() if name != key}
            head = json.dumps(others)[:-1] + (", " if others else "") + f'"{key}": [\n'
            return head.encode(), [json.dumps(record).encode() for record in document[key]], b"]}"
        lines = self.plain.splitlines(keepends=True)
        first = 1 if self.kind == "csv" else sum(line.startswith(b"#") for line in lines)
        return b"".join(lines[:first]), lines[first:], b""

    def with_records(self, records: list[bytes]) -> bytes:
        """A content with these records."""
        head, _, tail = self.records()
        return head + (b",\n" if self.kind == "document" else b"").join(records) + tail


def _shifted(days: int) -> Callable[[Fields], Fields]:
    def shift(record: Fields) -> Fields:
        moment = dt.datetime.fromisoformat(record["event_time"].replace("Z", "+00:00"))
        moved = (moment + dt.timedelta(days=days)).isoformat().replace("+00:00", "Z")
        return {**record, "event_time": moved}

    return shift


def _set(**fields: str | None) -> Callable[[Fields], Fields]:
    return lambda record: {**record, **fields}


# Channels of the seed, one that the portal has added, and one that nobody made until it is renamed.
CHANNELS = ("affiliates", "email", "creators", "made-later")


# How a tracker restates an event: the same id, other fields.
RESTATEMENTS: Mapping[str, Callable[[Fields], Fields]] = {
    "a day later": _shifted(1),
    "60 days earlier": _shifted(-60),
    "of another partner": _set(partner_id="restated-partner"),
    "of another network": _set(network="restated-network"),
    "from another campaign": _set(landing_url="https://shop.example/?utm_source=x&utm_medium=cpc"),
    "from another page": _set(referrer_url="https://www.google.com/search"),
    "with another browser": _set(user_agent="restated/1.0", cookie_id=None),
    "with a cost": _set(cpc="0.125", currency="EUR"),
}


@dataclass(frozen=True)
class Id:
    """An id that clicks of the pool carry, and the record it is mapped to."""

    kind: str
    network: str
    source_id: str
    code: str


class Pool:
    """The files that deliveries are drawn from, and the master data that their clicks refer to."""

    def __init__(self, landing: Path) -> None:
        self.files = [
            _read(landing, path)
            for folder in sorted(landing.iterdir())
            if folder.is_dir() and not folder.name.startswith("_")
            for path in _sample(folder)
        ]
        self._histories: dict[str, list[Fields]] = {}
        for file in self.files:
            if file.source == "master_data":
                name = re.sub(r"_history.*", "", file.path.rpartition("/")[2])
                rows = list(csv.DictReader(io.StringIO(file.plain.decode())))
                self._histories.setdefault(name, []).extend(rows)
        seen = {
            (record["network"], record[f"{kind}_id"], kind)
            for file in self.restatable
            for record in map(json.loads, file.records()[1])
            for kind in ("advertiser", "partner", "program", "campaign")
        }
        self.ids = sorted(
            {
                Id(row["kind"], row["network_code"], row["source_id"], row["code"])
                for row in self._histories["crosswalk"]
                if (row["network_code"], row["source_id"], row["kind"]) in seen and row["code"]
            },
            key=repr,
        )

    @property
    def restatable(self) -> list[PoolFile]:
        """The files whose events can be restated."""
        return [
            file for file in self.files if file.source == "redirector" and ".ndjson" in file.path
        ]

    def file(self, words: str) -> PoolFile:
        """The first file whose path has some words in it."""
        return next(file for file in self.files if words in file.path)

    # --- arrivals ---

    def whole(self, file: PoolFile) -> Arrival:
        """The file as it is."""
        return Arrival(file.path, file.packed(file.plain), f"{file.path}, whole")

    def half(self, file: PoolFile, *, last: bool = False) -> Arrival:
        """One half of its records, under its own name."""
        _, records, _ = file.records()
        middle = len(records) // 2
        kept = records[middle:] if last else records[:middle]
        if file.kind == "whole":
            return self.whole(file)
        which = "the last" if last else "the first"
        words = f"{file.path}, {which} {len(kept)} of {len(records)} records only"
        return Arrival(file.path, file.packed(file.with_records(kept)), words)

    def again(self, file: PoolFile, suffix: str) -> Arrival:
        """The same records again: compressed otherwise, and under another name."""
        path = file.named(f"_again{suffix}")
        return Arrival(
            path, file.packed(file.plain, level=1), f"{path}, the content of {file.path}"
        )

    def mixed(self, file: PoolFile, other: PoolFile, suffix: str) -> Arrival:
        """All records of two files in one, backwards."""
        path = file.named(f"_mixed{suffix}")
        if "whole" in (file.kind, other.kind):
            return self.again(file, suffix)
        records = [*file.records()[1], *other.records()[1]][::-1]
        words = f"{path}, the records of {file.path} and {other.path} backwards"
        return Arrival(path, file.packed(file.with_records(records)), words)

    def restated(self, file: PoolFile, how: str, *, in_place: bool, every: int = 1) -> Arrival:
        """Every so many of its events restated; under its own name, or in a file of their own."""
        records = [json.loads(record) for record in file.records()[1]]
        changed = [
            RESTATEMENTS[how](record) if number % every == 0 else record
            for number, record in enumerate(records)
            if in_place or number % every == 0
        ]
        plain = b"".join(json.dumps(record).encode() + b"\n" for record in changed)
        path = file.path if in_place else file.named(f"_restated_{how.replace(' ', '_')}")
        words = f"{path}, each of {every} events of {file.path} restated {how}"
        return Arrival(path, file.packed(plain), words)

    def edit(
        self,
        of: Id,
        number: int,
        change: str,
        recorded_on: dt.date,
        effective_on: dt.date | None,
    ) -> Arrival:
        """A record of the master data renamed, or deleted."""
        rows = [row for row in self._histories[of.kind] if row["code"] == of.code]
        # A mapping to a record that nobody made: then it is made now.
        row = dict(rows[-1]) if rows else dict.fromkeys(self._histories[of.kind][0], "")
        row["code"] = of.code
        if change == "~":
            row["name"] = f"Renamed {number}"
        word = "renamed" if change == "~" else "deleted"
        return _history(
            of.kind, row, number, change, recorded_on, effective_on, f"{of.kind} {of.code} {word}"
        )

    def of_channel(
        self,
        code: str,
        number: int,
        change: str,
        recorded_on: dt.date,
        effective_on: dt.date | None,
    ) -> Arrival:
        """A channel renamed, or deleted."""
        row = dict(self._histories["channel"][-1])
        row |= {"code": code, "parent_channel_code": "partners", "name": f"Renamed {number}"}
        word = "renamed" if change == "~" else "deleted"
        return _history(
            "channel", row, number, change, recorded_on, effective_on, f"channel {code} {word}"
        )

    def channel_of_partner(
        self,
        of: Id,
        channel: str,
        number: int,
        recorded_on: dt.date,
        effective_on: dt.date | None,
    ) -> Arrival:
        """A partner whose clicks belong to another channel."""
        rows = [row for row in self._histories["partner"] if row["code"] == of.code]
        row = dict(rows[-1]) if rows else dict.fromkeys(self._histories["partner"][0], "")
        row |= {"code": of.code, "channel_code": channel}
        told = f"partner {of.code} moved to channel {channel}"
        return _history("partner", row, number, "~", recorded_on, effective_on, told)

    def mapping(
        self,
        of: Id,
        to: Id,
        number: int,
        change: str,
        recorded_on: dt.date,
        effective_on: dt.date | None,
    ) -> Arrival:
        """A network's id mapped to another record, or to none any more."""
        row = {
            "network_code": of.network,
            "kind": of.kind,
            "source_id": of.source_id,
            "code": to.code if to.kind == of.kind else of.code,
        }
        told = f"{of.network}'s {of.kind} {of.source_id} mapped to {row['code']}"
        if change == "-":
            told = f"{of.network}'s {of.kind} {of.source_id} no longer mapped"
        return _history("crosswalk", row, number, change, recorded_on, effective_on, told)


def _history(
    kind: str,
    row: Fields,
    number: int,
    change: str,
    recorded_on: dt.date,
    effective_on: dt.date | None,
    told: str,
) -> Arrival:
    written = {
        **row,
        "history_id": str(1_000_000 + number),
        "recorded_at": f"{recorded_on}T12:00:00Z",
        "change_type": change,
        "effective_from": f"{effective_on}T00:00:00Z" if effective_on else "",
        "reason": "a test",
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, list(written), lineterminator="\n")
    writer.writeheader()
    writer.writerow(written)
    path = f"master_data/{kind}_history_edit_{number}.csv"
    dated = f"as of {effective_on}" if effective_on else "undated"
    return Arrival(path, text.getvalue().encode(), f"{path}: {told}, {dated}, on {recorded_on}")


def _sample(folder: Path) -> list[Path]:
    # Pulls are not cut, mixed or restated as files with clicks are: see above.
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".zst" and "/pulled_at=" not in path.as_posix()
    )
    if folder.name == "master_data":
        return paths
    kinds: dict[str, list[Path]] = {}
    for path in paths:
        kinds.setdefault("".join(re.findall(r"\.[a-z]+", path.name)), []).append(path)
    chosen: list[Path] = []
    for of_kind in kinds.values():
        number = FILES_PER_SOURCE
        if folder.name == "redirector":
            number = FILES_OF_REDIRECTOR if of_kind[0].name.endswith(".ndjson.gz") else 1
        places = {round(place * (len(of_kind) - 1) / max(1, number - 1)) for place in range(number)}
        chosen += [of_kind[place] for place in sorted(places)]
    return chosen


def _read(landing: Path, path: Path) -> PoolFile:
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    return PoolFile(path.relative_to(landing).as_posix(), plain)


def sequences(pool: Pool, most: int = 4) -> st.SearchStrategy[list[Step]]:
    """Sequences of deliveries, with a build after some of them and a killed one after others."""
    days = st.integers(-10, (LAST_DAY - FIRST_DAY).days + 10).map(
        lambda day: FIRST_DAY + dt.timedelta(days=day)
    )
    files = st.sampled_from(pool.files)
    # The same few clicks again and again: what meets, tells more than what does not.
    restatable = st.sampled_from(pool.restatable)

    def arrival(draw: st.DrawFn, number: int) -> Arrival:
        kind = draw(
            st.sampled_from(
                [
                    *("whole", "half", "again", "mixed", "restated", "restated"),
                    *("edit", "mapping", "channel", "channel of partner"),
                ]
            )
        )
        if kind in ("edit", "mapping", "channel", "channel of partner"):
            of = draw(st.sampled_from(pool.ids))
            change = draw(st.sampled_from("~~-"))
            recorded_on = LAST_DAY + dt.timedelta(days=draw(st.integers(0, 20)))
            effective_on = draw(st.one_of(st.none(), days))
            if kind == "edit":
                return pool.edit(of, number, change, recorded_on, effective_on)
            if kind == "channel":
                code = draw(st.sampled_from(CHANNELS))
                return pool.of_channel(code, number, change, recorded_on, effective_on)
            if kind == "channel of partner":
                of = draw(st.sampled_from([of for of in pool.ids if of.kind == "partner"]))
                to_channel = draw(st.sampled_from(CHANNELS))
                return pool.channel_of_partner(of, to_channel, number, recorded_on, effective_on)
            same_kind = [other for other in pool.ids if other.kind == of.kind]
            to = draw(st.sampled_from(same_kind))
            return pool.mapping(of, to, number, change, recorded_on, effective_on)
        if kind == "restated":
            how = draw(st.sampled_from(sorted(RESTATEMENTS)))
            every = draw(st.integers(1, 2))
            return pool.restated(draw(restatable), how, in_place=draw(st.booleans()), every=every)
        file = draw(files)
        if kind == "half":
            return pool.half(file, last=draw(st.booleans()))
        if kind == "again":
            return pool.again(file, f"_{number % 3}")
        if kind == "mixed":
            alike = [
                other
                for other in pool.files
                if (other.source, other.kind) == (file.source, file.kind)
                and other.records()[0] == file.records()[0]
            ]
            return pool.mixed(file, draw(st.sampled_from(alike)), f"_{number % 3}")
        return pool.whole(file)

    @st.composite
    def sequence(draw: st.DrawFn) -> list[Step]:
        steps = []
        for position in range(draw(st.integers(2, most))):
            count = draw(st.integers(2, 6))
            arrivals = tuple(arrival(draw, 10 * position + place) for place in range(count))
            build = draw(st.sampled_from(["built", "built", "killed", "killed", "not built"]))
            if build == "killed":
                steps.append(
                    Step(
                        arrivals,
                        build,
                        kill_at=draw(st.integers(1, LAST_STATEMENT)),
                        kill_after_ms=draw(st.sampled_from([0, 0, 2, 10])),
                    )
                )
            else:
                steps.append(Step(arrivals, build))
        return steps

    return sequence()


def one_of_everything(pool: Pool) -> list[Step]:
    """A sequence written out: every kind of delivery, and builds killed before and in the facts.

    The statements are those of DuckDB; on PostgreSQL, which builds views as well, both come before.
    """
    clicks = pool.restatable
    first, middle, last = clicks[0], clicks[len(clicks) // 2], clicks[-1]
    partner = next(of for of in pool.ids if of.kind == "partner")
    other = next(of for of in pool.ids if of.kind == "partner" and of.code != partner.code)
    last_partner = [of for of in pool.ids if of.kind == "partner"][-1]
    history = [pool.whole(file) for file in pool.files if file.source == "master_data"]
    may, july = dt.date(2026, 5, 1), dt.date(2026, 7, 2)
    return [
        Step((pool.half(last), pool.whole(pool.file("impact/")), history[0])),
        Step(
            (
                pool.whole(first),
                pool.restated(last, "a day later", in_place=False),
                *history[1:],
            ),
            "killed",
            kill_at=300,
        ),
        Step((pool.whole(last), pool.again(first, "_0"), pool.mixed(middle, last, "_0"))),
        Step(
            (
                pool.edit(partner, 1, "~", july, may),
                pool.mapping(partner, other, 2, "~", july, may),
                pool.of_channel("affiliates", 3, "~", july, may + dt.timedelta(days=9)),
                pool.channel_of_partner(other, "email", 4, july, may + dt.timedelta(days=3)),
                # For all time: the version keeps its key and has another channel.
                pool.channel_of_partner(last_partner, "creators", 5, july, dt.date(1900, 1, 1)),
                pool.restated(first, "60 days earlier", in_place=True),
                pool.restated(middle, "with another browser", in_place=True),
            ),
            "killed",
            kill_at=540,
            kill_after_ms=2,
        ),
        Step((pool.whole(middle), *(pool.whole(file) for file in pool.files[:3])), "not built"),
        Step((pool.half(first, last=True),)),
    ]
