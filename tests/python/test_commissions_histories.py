"""The ledger of commissions does not depend on how its pulls arrived, and remembers what was known.

A demo's pulls of all ten networks are delivered in random orders: late, twice under another name,
packed anew, without the moment of their pull, corrected under a known path. Builds happen in
between. In the end the ledger and what follows from it must be, row by row and with every value,
what a full refresh makes of the files as they then lie there.

A few histories happen in CI, always the same ones. `HISTORIES=100` lets so many happen.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import os
import random
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from builds import Builds
from warehouses import ROOT, Warehouse, building, demo_landing

EXAMPLES = int(os.environ.get("HISTORIES", "2"))
LEDGER = {
    "marts": [
        "fct_commission_events",
        "fct_commissions",
        "fct_commissions_as_of",
        "fct_commission_restatements",
        "dim_commission_status",
    ],
    "intermediate": ["int_commissions__matched_to_clicks", "int_commissions__attributes"],
}
FIRST = (
    *("build", "--exclude-resource-type", "test", "unit_test", "--select"),
    *("+fct_commission_events", "+fct_commissions_as_of", "+fct_commission_restatements"),
    "+dim_commission_status",
)
# Nothing but the pulls changes, so nothing but what follows from them is built again.
AGAIN = (
    *("run", "--exclude", "config.materialized:view", "--select"),
    *(
        f"int_commissions__observed+,+{name}"
        for name in LEDGER["marts"]
    ),
)  # fmt: skip
AMOUNTS = ("sale", "commission", "network_fee")
# Their contracts set a file aside that does not say when it was pulled.
MUST_SAY = ("awin/", "cj/", "impact/")
BEGAN = dt.datetime(2026, 7, 2, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Arrival:
    """A file that arrives at a path: its bytes, and what it is in words."""

    path: str
    content: bytes
    words: str


@dataclass(frozen=True)
class Step:
    """What arrives before a load, and whether a build follows it."""

    arrivals: tuple[Arrival, ...]
    is_built: bool

    def __str__(self) -> str:
        """Say it in a line for each file."""
        lines = "".join(f"\n  {arrival.path}: {arrival.words}" for arrival in self.arrivals)
        return f"{lines}\n  {'built' if self.is_built else 'not built'}"


Pulled = Callable[..., "Arrival"]


# --- random histories -----------------------------------------------------------------------------


def unpacked(path: str, content: bytes) -> bytes:
    """What is in a file."""
    return gzip.decompress(content) if path.endswith(".gz") else content


def repacked(path: str, content: bytes) -> tuple[str, bytes]:
    """The same records in other bytes, and under a name that says how they are packed."""
    if path.endswith(".gz"):
        return path.removesuffix(".gz"), gzip.decompress(content)
    return f"{path}.gz", gzip.compress(content, 1, mtime=0)


def renamed(path: str, word: str) -> str:
    """Another name of a file in the same folder, which the same contract takes."""
    stem, _, name = path.rpartition("/")
    first, dot, rest = name.partition(".")
    return f"{stem}/{first}_{word}{dot}{rest}"


def feed_of(path: str) -> str:
    """The folders before the one that says when it was pulled."""
    return path.partition("pulled_at=")[0]


class Pool:
    """The pulls of a demo."""

    def __init__(self, landing: Path) -> None:
        self.pulls = {
            str(path.relative_to(landing)): path.read_bytes()
            for path in sorted(landing.glob("*/*/side=*/**/*.*"))
            if path.is_file()
        }

    def history(self, chance: random.Random) -> list[Step]:
        """Deliver every pull, in a random order, with all that may happen to one."""
        arrivals = [Arrival(path, content, "as it is") for path, content in self.pulls.items()]
        paths = list(self.pulls)

        def some(number: int) -> list[str]:
            return chance.sample(paths, number)

        for path in some(6):
            arrivals.append(Arrival(renamed(path, "again"), self.pulls[path], "the same bytes"))
        for path in some(6):
            arrivals.append(Arrival(*repacked(path, self.pulls[path]), "packed anew"))
        for path in chance.sample([path for path in paths if not path.startswith(MUST_SAY)], 5):
            stem, _, name = re.sub(r"pulled_at=[^/]*/", "", path).rpartition("/")
            for _ in range(2):
                without = f"{stem}/{len(arrivals)}_{name}"
                arrivals.append(Arrival(without, self.pulls[path], "the moment is not said"))
        chance.shuffle(arrivals)
        # What is corrected had the content of another pull of the feed before, or has it later.
        for path in some(12):
            others = [
                other for other in paths
                if other != path and feed_of(other) == feed_of(path)
                and other.endswith(".gz") == path.endswith(".gz")
                and other.partition(".")[2].rpartition("json")[2] ==
                path.partition(".")[2].rpartition("json")[2]
            ]  # fmt: skip
            if others:
                other = chance.choice(others)
                words = f"with the content of {other.partition('pulled_at=')[2]}"
                place = chance.randrange(len(arrivals))
                arrivals.insert(place, Arrival(path, self.pulls[other], words))
        ends = sorted(chance.sample(range(1, len(arrivals)), chance.choice([1, 2, 2, 3])))
        cuts = [0, *ends, len(arrivals)]
        return [
            Step(tuple(arrivals[start:end]), end == len(arrivals) or chance.random() < 0.7)
            for start, end in pairwise(cuts)
        ]


# --- warehouses -----------------------------------------------------------------------------------


class Engine:
    """A warehouse in which all but the pulls is loaded and built, and copies of it."""

    def __init__(self, builds: Builds, template: Warehouse, pool: Pool, scratch: Path) -> None:
        self.pool = pool
        self._builds = builds
        self._template = template
        self._scratch = scratch

    def new(self, name: str) -> Warehouse:
        """A copy without pulls, and an empty landing folder beside it."""
        folder = self._scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "landing").mkdir(parents=True)
        shutil.copy(self._template.file, folder / self._template.file.name)
        return Warehouse("duckdb", folder, self._template.settings)

    def put(self, warehouse: Warehouse, arrivals: Sequence[Arrival], began: int = 0) -> None:
        """Let files arrive, each a minute after the one before."""
        for number, arrival in enumerate(arrivals, began):
            path = warehouse.folder / "landing" / arrival.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(arrival.content)
            moment = (BEGAN + dt.timedelta(minutes=number)).timestamp()
            os.utime(path, (moment, moment))

    def build(self, warehouse: Warehouse, *dbt: str, is_loaded: bool = True) -> None:
        """Load the pulls that are there, and build what follows from them when `dbt` says so."""
        outcome = self._builds.run(
            warehouse.environment,
            dbt,
            warehouse.folder / "landing" if is_loaded else None,
        )
        assert not outcome.said, outcome.said

    def loaded(self, name: str, arrivals: Sequence[Arrival]) -> Warehouse:
        """A warehouse that saw these files all at once."""
        warehouse = self.new(name)
        self.put(warehouse, arrivals)
        self.build(warehouse, *AGAIN, "--full-refresh")
        return warehouse


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of a small demo."""
    return demo_landing(tmp_path_factory.mktemp("demo"), "--clicks", "1500", "--days", "60")


@pytest.fixture(scope="module")
def engine(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return warehouses that hold the clicks, the rates and the master data of the demo."""
    folder = tmp_path_factory.mktemp("template")
    template = Warehouse("duckdb", folder, {"CLICKSTAR_THREADS": "1"})
    others = folder / "landing"
    shutil.copytree(landing, others, ignore=lambda _, names: [
        name for name in names if name.startswith(("side=", "_truth"))
    ])  # fmt: skip
    with building(template) as builds:
        outcome = builds.run(template.environment, FIRST, others)
        assert not outcome.said, outcome.said
        scratch = tmp_path_factory.mktemp("histories")
        yield Engine(builds, template, Pool(landing), scratch)


@pytest.fixture(scope="module")
def complete(engine: Engine) -> Warehouse:
    """Return a warehouse that saw every pull once."""
    return engine.loaded(
        "complete", [Arrival(path, content, "") for path, content in engine.pool.pulls.items()]
    )


def differences(one: Warehouse, other: Warehouse) -> list[str]:
    """The rows of the ledger that only one of two warehouses has; neither may be empty."""
    said = []
    with duckdb.connect() as connection:
        for name, warehouse in (("one", one), ("other", other)):
            connection.execute(f"attach '{warehouse.file}' as {name} (read_only)")
        for schema, tables in LEDGER.items():
            for table in tables:
                for left, right in (("one", "other"), ("other", "one")):
                    found = connection.sql(
                        f"select * from {left}.{schema}.{table} "
                        f"except all select * from {right}.{schema}.{table}"
                    )
                    rows = found.fetchall()
                    if rows:
                        first = dict(zip(found.columns, rows[0], strict=True))
                        said.append(f"{len(rows)} rows of {table} only in {left}: {first}")
                [(count,)] = connection.sql(f"select count(*) from one.{schema}.{table}").fetchall()
                if not count:
                    said.append(f"{table} is empty")
    return said


# --- the tests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_any_history_of_pulls_equals_a_full_refresh(engine: Engine, number: int) -> None:
    steps = engine.pool.history(random.Random(number))
    warehouse = engine.new("history")
    arrived = 0
    last: dict[str, tuple[int, Arrival]] = {}
    for step in steps:
        engine.put(warehouse, step.arrivals, arrived)
        last |= {one.path: (at, one) for at, one in enumerate(step.arrivals, arrived)}
        arrived += len(step.arrivals)
        engine.build(warehouse, *(AGAIN if step.is_built else ()))
    whole = engine.new("whole")
    for at, arrival in last.values():
        engine.put(whole, [arrival], at)
    engine.build(whole, *AGAIN, "--full-refresh")
    found = differences(whole, warehouse)
    assert found == [], "\n".join([*map(str, steps), *found])


def money(warehouse: Warehouse) -> dict[object, tuple[object, ...]]:
    """What each commission is worth, in what state, and the days of its milestones."""
    amounts = ", ".join(
        f"{kind}{name}_amount" for name in AMOUNTS for kind in ("", "gross_", "net_")
    )
    rows = warehouse.query(
        f"select commission_key, status, currency_code, {amounts}, entries, approved_at,"
        " reversed_at, paid_at, click_id from marts.fct_commissions"
    )
    return {row[0]: row[1:] for row in rows}


def test_a_pull_that_comes_twice_is_no_money(engine: Engine, complete: Warehouse) -> None:
    """Guards against doubled money: the same pull under another name, or packed in another way."""
    arrivals = []
    for number, (path, content) in enumerate(engine.pool.pulls.items()):
        arrivals.append(Arrival(path, content, "as it is"))
        arrivals.append(
            Arrival(renamed(path, "again"), content, "the same bytes")
            if number % 4 == 0
            else Arrival(*repacked(path, content), "packed anew")
        )
    twice = engine.loaded("twice", arrivals)
    once = money(complete)
    found = money(twice)
    assert {key: (once.get(key), found.get(key)) for key in {*once, *found}
            if once.get(key) != found.get(key)} == {}  # fmt: skip


# --- as it was known ------------------------------------------------------------------------------


STATES = ", ".join(
    (
        *("commission_key", "status", "currency_code", "paid_at", "last_recorded_at"),
        *(f"{kind}{name}_amount" for name in AMOUNTS for kind in ("", "gross_", "net_")),
    )
)


def moment_of(path: str) -> dt.datetime:
    """When a pull was made."""
    found = re.search(r"pulled_at=(\w+)Z/", path)
    assert found is not None
    return dt.datetime.strptime(found[1], "%Y%m%dT%H%M%S")


def as_of(engine: Engine, warehouse: Warehouse, moment: dt.datetime) -> None:
    """Build the commissions as they were known at a moment."""
    engine.build(
        warehouse,
        *("run", "--select", "fct_commissions_as_of"),
        *("--vars", json.dumps({"commissions_as_of": str(moment)})),
        is_loaded=False,
    )


def test_as_of_is_what_the_pulls_by_then_make(engine: Engine, complete: Warehouse) -> None:
    """Guards a report that is asked for again: nothing that was pulled later may be in it."""
    made = sorted({moment_of(path) for path in engine.pool.pulls})
    second = dt.timedelta(seconds=1)
    seen = set()
    # In the middle; at the very moment of a pull, and just before it; before the last one.
    for moment in (made[len(made) // 2], made[len(made) // 2] - second, made[-1] - second):
        as_of(engine, complete, moment)
        by_then = engine.loaded(
            "by_then",
            [
                Arrival(path, content, "")
                for path, content in engine.pool.pulls.items()
                if moment_of(path) <= moment
            ],
        )
        known = complete.query(f"select {STATES} from marts.fct_commissions_as_of")
        rebuilt = by_then.query(f"select {STATES} from marts.fct_commissions")
        assert known
        assert sorted(known, key=repr) == sorted(rebuilt, key=repr)
        asked = complete.query("select distinct as_of_at from marts.fct_commissions_as_of")
        assert asked == [(moment,)]
        seen.add(len(known))
    assert len(seen) > 1


def test_as_of_is_the_demos_truth(engine: Engine, landing: Path, complete: Warehouse) -> None:
    """Hold the state feeds of networks that have no other feed against the demo's own record.

    Its sums for the others are not comparable: they are of records, not of commissions (feeds that
    append), or of one of several feeds of a network.
    """
    truth = json.loads((landing / "_truth" / "expected.json").read_text())["money"]["feeds"]
    with (ROOT / "seeds" / "commission_statuses.csv").open(newline="") as file:
        statuses = {
            (row["network_code"], row["network_status"]): row["status"]
            for row in csv.DictReader(file)
        }
    feeds = ("everflow.conversions", "tune.conversions", "partnerize.conversions",
             "ebay.transactions")  # fmt: skip
    for day in truth[feeds[0]]["as_of"]:
        expected: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
        for feed in feeds:
            network = feed.partition(".")[0]
            for row in truth[feed]["as_of"][day]:
                key = (network, row["currency"], statuses[network, row["status"]])
                said = (row["commissions"], row["sale_amount"], row["commission_amount"])
                expected[key] = [
                    one + Decimal(more) for one, more in zip(expected[key], said, strict=True)
                ]
        # "Before a moment"; the ledger's moment is included.
        as_of(engine, complete, dt.datetime.fromisoformat(day) - dt.timedelta(microseconds=1))
        found = complete.query(
            "select network_code, currency_code, status, count(*), sum(sale_amount),"
            " sum(commission_amount) from marts.fct_commissions_as_of"
            f" where network_code in {tuple(feed.partition('.')[0] for feed in feeds)}"
            " group by all"
        )
        assert expected
        assert {tuple(row[:3]): [Decimal(str(value)) for value in row[3:]] for row in found} == (
            expected
        )


# --- pulls that say that they are whole -----------------------------------------------------------


WINDOW = ("2026-05-01", "2026-05-04")
SENT = {
    # Before the window, in New York's time; at its start; in its last hour; after its end.
    "before": "2026-05-01T03:59:59", "first": "2026-05-01T04:00:00",
    "last": "2026-05-04T03:59:59", "after": "2026-05-04T04:00:00",
}  # fmt: skip


def everflow(window: bool, day: int, *names: str, **more: object) -> Arrival:
    """A pull of Everflow's conversions on a day of June."""
    said = [
        {
            "conversion_id": name,
            "status": "approved",
            "payout": 5,
            "revenue": 6,
            "sale_amount": 100,
            "currency_id": "EUR",
            "conversion_unix_timestamp": int(
                dt.datetime.fromisoformat(f"{SENT[name]}+00:00").timestamp()
            ),
            "relationship": {
                "offer": {"network_offer_id": 1}, "advertiser": {"network_advertiser_id": 2},
                "affiliate": {"network_affiliate_id": 3},
            },
            **more,
        }
        for name in names
    ]  # fmt: skip
    return pull("everflow", window, day, {"conversions": said})


def tune(window: bool, day: int, *names: str, **more: object) -> Arrival:
    """A pull of TUNE's conversions on a day of June; its times are the network's."""
    local = {name: dt.datetime.fromisoformat(SENT[name]) - dt.timedelta(hours=4) for name in names}
    data = {
        str(number): {
            "Stat": {
                "tune_event_id": name, "status": "approved", "payout": "5", "revenue": "6",
                "sale_amount": "100", "currency": "EUR", "datetime": str(local[name]), **more,
            }
        }
        for number, name in enumerate(names)
    }  # fmt: skip
    return pull("tune", window, day, {"response": {"data": {"data": list(data.values())}}})


def pull(network: str, window: bool, day: int, document: object) -> Arrival:
    """A pull of a day of June, that names the window in its path or does not."""
    folders = "side=advertiser/account=1/time_zone=America%2FNew_York"
    if window:
        folders += f"/full_from={WINDOW[0]}/full_to={WINDOW[1]}"
    path = f"{network}/conversions/{folders}/pulled_at=202606{day:02}T000000Z/one.json"
    return Arrival(path, json.dumps(document).encode(), "")


@pytest.mark.parametrize("pulled", [everflow, tune])
def test_a_whole_pull_deletes_what_it_lacks(engine: Engine, pulled: Pulled) -> None:
    """Guards money that the network silently took back, and money that it did not."""
    warehouse = engine.new("windows")
    network = pulled.__name__
    arrived = 0

    def statuses(arrival: Arrival) -> dict[str, str]:
        nonlocal arrived
        engine.put(warehouse, [arrival], arrived)
        arrived += 1
        engine.build(warehouse, *AGAIN)
        rows = warehouse.query(
            "select commission_code, status, net_sale_amount, gross_sale_amount, sale_amount"
            f" from marts.fct_commissions where network_code = '{network}'"
        )
        for _, status, net, gross, amount in rows:
            assert net == amount == (0 if status == "deleted" else 100)
            assert gross == 100
        return {str(row[0]): str(row[1]) for row in rows}

    everywhere = dict.fromkeys(SENT, "approved")
    assert statuses(pulled(True, 10, *SENT)) == everywhere
    # It does not say that it is whole.
    assert statuses(pulled(False, 11, "last")) == everywhere
    gone = everywhere | {"first": "deleted"}
    assert statuses(pulled(True, 12, "last")) == gone
    # It is back.
    assert statuses(pulled(True, 13, "first", "last")) == everywhere
    assert statuses(pulled(True, 14, "first")) == everywhere | {"last": "deleted"}
    # What the pull of the 12th lacked was there again later, and what it had is gone since.
    words = warehouse.query(
        "select change_type from marts.fct_commission_events as events"
        " inner join marts.fct_commissions as commissions using (commission_key)"
        f" where commissions.network_code = '{network}' and commission_code = 'first'"
        " order by event_number"
    )
    assert words == [("created",), ("deleted",), ("approved",)]


def test_a_pull_with_a_rejected_record_deletes_nothing(engine: Engine) -> None:
    warehouse = engine.new("windows")
    whole = everflow(True, 10, *SENT)
    spoilt = json.loads(everflow(True, 12, "first", "last").content)
    spoilt["conversions"][0]["payout"] = "much"
    engine.put(warehouse, [whole, pull("everflow", True, 12, spoilt)])
    engine.build(warehouse, *AGAIN)
    [(rejected,)] = warehouse.query(
        "select sum(rejected) from raw._files where path like 'everflow/conversions/%'"
    )
    assert rejected == 1
    assert warehouse.query(
        "select distinct status from marts.fct_commissions where network_code = 'everflow'"
    ) == [("approved",)]
