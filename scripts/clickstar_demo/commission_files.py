"""Delivers the networks' files of commissions: pull by pull, overlapping, twice and damaged.

What each record says goes to `commission_observations.parquet` of the truth, what became of each
commission to `commissions.parquet`, and every change of one to `commission_changes.parquet`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from clickstar_demo.commission_formats import (
    Feed,
    Record,
    Row,
    Window,
    csv_document,
    feeds,
    ids,
)
from clickstar_demo.commissions import Commission, Seller, sample
from clickstar_demo.network_reports import DASHBOARDS, Counted, Reports
from clickstar_demo.world import NETWORKS, World

# A pull is made so long after the day that it covers.
PULLED_AFTER = dt.timedelta(hours=4)
# One in so many pulls of a feed comes twice, or again under the name of a later one.
DAMAGED_PULL, TWICE_PULL, RENAMED_PULL = 1, 3, 2
# Only feeds that are pulled so often (days) are delivered again.
OFTEN = 21
AMOUNT = pa.decimal128(18, 3)
# Folders below landing that hold nothing but what this module writes.
MONEY_FOLDERS = (
    "amazon", "awin", "cj", "ebay", "network_reports", "payments", "rakuten", "shareasale", "tune",
)  # fmt: skip
# Nobody pays us there what partners earn.
ADVERTISERS_ONLY = ("cj.advertiser_commissions", "awin.advertiser_transactions")


@dataclass
class MoneyFile:
    """A delivered file: records = commissions' records + others + malformed."""

    path: str
    feed: str
    records: int
    malformed: int = 0
    same_content_as: str | None = None


OBSERVED = pa.schema([
    ("network", pa.string()), ("feed", pa.string()), ("side", pa.string()), ("file", pa.string()),
    ("line_number", pa.int64()), ("pulled_at", pa.timestamp("us")),
    ("commission_code", pa.string()), ("record_code", pa.string()),
    ("network_status", pa.string()), ("currency", pa.string()), ("sale_amount", AMOUNT),
    ("commission_amount", AMOUNT), ("network_fee_amount", AMOUNT), ("is_money", pa.bool_()),
    ("is_malformed", pa.bool_()),
])  # fmt: skip


@dataclass
class Observations:
    """What the files say, record by record."""

    columns: dict[str, list[object]] = field(
        default_factory=lambda: {name: [] for name in OBSERVED.names}
    )

    def add(self, feed: Feed, path: str, line: int, row: Row, pulled_at: dt.datetime,
            is_malformed: bool) -> None:  # fmt: skip
        """Remember a record."""
        values = (
            feed.network, feed.name, feed.side, path, line, pulled_at, row.code,
            row.record_code, row.status, row.currency, row.sale, row.commission, row.fee,
            row.is_money, is_malformed,
        )  # fmt: skip
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)


def pulls(feed: Feed, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """The days (their ends) up to which a feed is pulled, the last one at the demo's end."""
    step = dt.timedelta(days=feed.step)
    moments = [end]
    while moments[-1] - step > start:
        moments.append(moments[-1] - step)
    return moments[::-1]


def folder(feed: Feed, pulled_at: dt.datetime) -> str:
    """The path of a pull's files, below the landing folder."""
    source, table = feed.name.split(".")
    parts = [source, table, f"side={feed.side}"]
    if feed.account:
        parts.append(f"account={quote(feed.account, safe='')}")
    if feed.currency:
        parts.append(f"currency={feed.currency}")
    if feed.names_zone:
        parts.append(f"time_zone={quote(feed.zone, safe='')}")
    parts.append(f"pulled_at={pulled_at:%Y%m%dT%H%M%SZ}")
    return "/".join(parts)


class CommissionFiles:
    """Makes the commissions of a demo and the files that tell of them."""

    def __init__(
        self, world: World, first_day: dt.date, days: int, seed: int, landing: Path
    ) -> None:
        self.world, self.first_day, self.days, self.seed = world, first_day, days, seed
        self.landing = landing
        self.start = dt.datetime.combine(first_day, dt.time())
        self.end = self.start + dt.timedelta(days=days)
        self.feeds = feeds(self.end)
        self.commissions: list[Commission] = []
        self.observed = Observations()
        self.reports = Reports()
        self.files: list[MoneyFile] = []

    def make(self, connection: duckdb.DuckDBPyConnection, clicks: int) -> None:
        """Make everything, network by network."""
        converting = sample(connection, clicks)
        for network in NETWORKS:
            seller = Seller(self.world, network, self.first_day, self.days, self.seed)
            made = seller.commissions(converting.pop(network))
            for one in made:
                one.code = ids(one)
            self.commissions += made
            for feed in self.feeds:
                if feed.network == network:
                    self._deliver(feed, [one for one in made if feed.takes(one)])
        self._report(counted_clicks(connection))

    def _report(self, clicks: Counted) -> None:
        """Write what the dashboards say (twice) and the payments (by halves)."""
        middle = self.start + dt.timedelta(days=self.days // 2)
        rng = random.Random(f"{self.seed}/payments")
        said = [
            (feed, [one for one in self.commissions if one.network == feed.network
                    and feed.takes(one)])
            for feed in self.feeds if feed.name in DASHBOARDS
        ]  # fmt: skip
        for since, until in ((self.start, middle), (middle, self.end)):
            lines: list[Record] = []
            payments: list[Record] = []
            for feed, commissions in said:
                is_last = until == self.end
                lines += self.reports.daily(feed, commissions, self.start, until, is_last)
                lines += self.reports.clicks(feed, clicks, until, is_last)
                if feed.name not in ADVERTISERS_ONLY:
                    payments += self.reports.payments(feed, commissions, since, until, rng)
            for name, rows in (("network_reports", lines), ("payments", payments)):
                if rows:
                    path = f"{name}/pulled_at={until + PULLED_AFTER:%Y%m%dT%H%M%SZ}/{name}.csv"
                    target = self.landing / path
                    target.parent.mkdir(parents=True)
                    target.write_text(csv_document(rows), encoding="utf-8")
                    self.files.append(MoneyFile(path, name, len(rows)))

    def _deliver(self, feed: Feed, commissions: Sequence[Commission]) -> None:
        """Write all pulls of a feed."""
        rng = random.Random(f"{self.seed}/pulls/{feed.name}/{feed.account}")
        moments = pulls(feed, self.start, self.end)
        since = self.start - dt.timedelta(days=1)
        for position, moment in enumerate(moments):
            until = moment - dt.timedelta(days=feed.lag)
            window = Window(since, until, feed.zone)
            since = until - dt.timedelta(days=feed.overlap)
            pulled_at = moment + PULLED_AFTER + dt.timedelta(seconds=rng.randrange(600))
            rows = [row for one in commissions for row in feed.rows(one, window)]
            rows += feed.extra(commissions, window)
            if not rows:
                continue
            records: list[tuple[Record | str, Row, bool]] = [
                (row.record, row, False) for row in rows
            ]
            if position % 4 == DAMAGED_PULL:
                row = rng.choice(rows)
                records.insert(rng.randrange(len(rows) + 1), (feed.damage(row.record), row, True))
            name = f"{feed.name.split('.')[1]}_{moment - dt.timedelta(days=1):%Y-%m-%d}"
            path = self._write(feed, pulled_at, name, records)
            if feed.step <= OFTEN and position % 8 == TWICE_PULL:
                # The same bytes again, under another name.
                self._again(path, f"{path.removesuffix(feed.suffix)}.resent{feed.suffix}")
            if feed.step <= OFTEN and position % 8 == RENAMED_PULL:
                # The same pull under the name of a later one, in another order: other bytes.
                later = f"{feed.name.split('.')[1]}_{self.end - dt.timedelta(days=1):%Y-%m-%d}.late"
                self._write(feed, pulled_at, later, records[::-1])

    def _write(
        self, feed: Feed, pulled_at: dt.datetime, name: str,
        records: Sequence[tuple[Record | str, Row, bool]],
    ) -> str:  # fmt: skip
        """Write one file; returns its path."""
        path = f"{folder(feed, pulled_at)}/{name}{feed.suffix}"
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        content = feed.document([record for record, _, _ in records]).encode()
        if feed.suffix.endswith(".gz"):
            # Without name and time in the header the bytes repeat.
            content = gzip.compress(content, compresslevel=6, mtime=0)
        target.write_bytes(content)
        for line, (_, row, is_malformed) in enumerate(records, start=1):
            self.observed.add(feed, path, line, row, pulled_at, is_malformed)
        malformed = sum(is_malformed for _, _, is_malformed in records)
        self.files.append(MoneyFile(path, feed.name, len(records), malformed))
        return path

    def _again(self, path: str, copy: str) -> None:
        """Deliver a file's bytes again."""
        (self.landing / copy).write_bytes((self.landing / path).read_bytes())
        first = next(file for file in self.files if file.path == path)
        self.files.append(MoneyFile(copy, first.feed, first.records, first.malformed, path))

    # ------------------------------------------------------------------------------- the truth
    def write_truth(self, target: Path) -> None:
        """Write what the commissions and the records really are."""
        told = self.observed.columns
        delivered = {
            (network, code)
            for network, code, is_money in zip(
                told["network"], told["commission_code"], told["is_money"], strict=True
            )
            if is_money
        }
        write(target / "commissions.parquet", COMMISSIONS, (
            truth_row(one, (one.network, one.code) in delivered) for one in self.commissions
        ))  # fmt: skip
        write(target / "commission_changes.parquet", CHANGES, (
            (one.network, one.code, position, change.kind, change.at, change.state.status,
             one.currency, change.state.sale, change.state.commission, change.state.fee,
             change.state.payment_code)
            for one in self.commissions for position, change in enumerate(one.changes)
        ))  # fmt: skip
        table = pa.table(self.observed.columns, schema=OBSERVED)
        pq.write_table(table, target / "commission_observations.parquet", compression="zstd")

    def expected(self, truth: Path) -> dict[str, object]:
        """The numbers that a warehouse loaded from these files must show."""
        connection = duckdb.connect()
        for name in ("commissions", "commission_changes", "commission_observations"):
            connection.execute(
                f"create view {name} as select * from read_parquet('{truth / name}.parquet')"
            )
        dates = [self.start + dt.timedelta(days=round(self.days * part)) for part in (0.5, 0.75)]
        networks: dict[str, object] = {}
        for network in sorted({one.network for one in self.commissions}):
            counted = connection.execute(COUNTED, [network]).fetchone()
            assert counted is not None
            networks[network] = {
                "commissions": counted[0],
                "delivered": counted[1],
                "known": _known(connection, network),
                "final": _sums(connection, FINAL, [network]),
                "as_of": {f"{d:%Y-%m-%d}": _sums(connection, AS_OF, [network, d]) for d in dates},
            }
        said: dict[str, object] = {}
        for feed in sorted({feed.name for feed in self.feeds}):
            files = [file for file in self.files if file.feed == feed]
            if not files:
                continue
            loaded = [file for file in files if file.same_content_as is None]
            said[feed] = {
                "files": len(loaded),
                "same_content_files": len(files) - len(loaded),
                "records": sum(file.records for file in loaded),
                "malformed": sum(file.malformed for file in loaded),
                "final": _sums(connection, SAID, [feed, self.end + dt.timedelta(days=1)]),
                "as_of": {f"{d:%Y-%m-%d}": _sums(connection, SAID, [feed, d]) for d in dates},
                "by_file": [asdict(file) for file in files],
            }
        connection.close()
        others = {
            name: {
                "files": sum(file.feed == name for file in self.files),
                "records": sum(file.records for file in self.files if file.feed == name),
            }
            for name in ("network_reports", "payments")
        }
        differences = [
            {name: str(value) for name, value in difference.items()}
            for difference in self.reports.differences
        ]
        return {"networks": networks, "feeds": said, "reports": others | {
            "differences": differences
        }}  # fmt: skip


def counted_clicks(connection: duckdb.DuckDBPyConnection) -> Counted:
    """The clicks of table `counted` by network and hour: all, and those that are valid."""
    rows = connection.execute(
        "select network, hour, sum(gross)::bigint, sum(valid)::bigint from counted"
        " group by all order by all"
    ).fetchall()
    clicks: Counted = {}
    for network, hour, gross, valid in rows:
        clicks.setdefault(network, []).append((hour, {"gross": gross, "valid": valid}))
    return clicks


COUNTED = "select count(*), count(*) filter (is_delivered) from commissions where network = ?"
# The state of each commission: what happened before a moment, by currency and status.
AS_OF = """
    select currency, status, count(*), sum(sale_amount), sum(commission_amount)
    from (
        select * from commission_changes
        where network = ? and changed_at < ?
        qualify row_number() over (partition by commission_code order by position desc) = 1
    )
    group by all
    order by all
"""
FINAL = """
    select currency, status, count(*), sum(sale_amount), sum(commission_amount)
    from commissions
    where network = ?
    group by all
    order by all
"""
# What the pulls made before a moment say: the last of a state feed, every record of others once.
SAID = """
    select currency, network_status, count(*), sum(sale_amount), sum(commission_amount)
    from (
        select * from commission_observations
        where feed = ? and pulled_at < ? and is_money and not is_malformed
        qualify row_number() over (
            partition by coalesce(record_code, commission_code)
            order by pulled_at desc, file desc, line_number desc
        ) = 1
    )
    group by all
    order by all
"""


# What the files let anybody know at the end: sums of what is not reversed. Rakuten: what the
# accounting feed says of a commission replaces what the events said. Impact.com and ShareASale tell
# the same twice.
VOID = ("declined", "deleted", "rejected", "invalid", "reversed", "voided", "cancelled", "test")
KNOWN = f"""
    with
    records as (
        select * from commission_observations
        where
            network = ? and is_money and not is_malformed
            and feed not in ('impact.action_updates', 'shareasale.ledger')
        qualify row_number() over (
            partition by feed = 'rakuten.events', coalesce(record_code, commission_code)
            order by pulled_at desc, file desc, line_number desc
        ) = 1
    ),
    counted as (
        select * from records
        where
            -- CJ takes a declined commission back by a record of its own.
            (network_status not in {VOID} or network = 'cj')
            and (feed != 'rakuten.events' or commission_code not in (
                select commission_code from records where feed = 'rakuten.signature'
            ))
    )
    select currency, count(distinct commission_code), sum(sale_amount), sum(commission_amount)
    from counted
    group by all
    order by all
"""


def _known(connection: duckdb.DuckDBPyConnection, network: str) -> list[dict[str, object]]:
    """Net sums by currency."""
    names = ("currency", "commissions", "sale_amount", "commission_amount")
    return [
        {name: value if isinstance(value, int) else str(value)
         for name, value in zip(names, row, strict=True)}
        for row in connection.execute(KNOWN, [network]).fetchall()
    ]  # fmt: skip


def _sums(
    connection: duckdb.DuckDBPyConnection, sql: str, values: list[object]
) -> list[dict[str, object]]:
    """Numbers and sums by currency and status."""
    names = ("currency", "status", "commissions", "sale_amount", "commission_amount")
    return [
        {name: value if isinstance(value, int) else str(value)
         for name, value in zip(names, row, strict=True)}
        for row in connection.execute(sql, values).fetchall()
    ]  # fmt: skip


TIME = pa.timestamp("us")
COMMISSIONS = pa.schema([
    ("network", pa.string()), ("commission_code", pa.string()), ("order_code", pa.string()),
    ("kind", pa.string()), ("status", pa.string()), ("currency", pa.string()),
    ("sale_amount", AMOUNT), ("commission_amount", AMOUNT), ("network_fee_amount", AMOUNT),
    ("net_sale_amount", AMOUNT), ("net_commission_amount", AMOUNT), ("first_sale_amount", AMOUNT),
    ("first_commission_amount", AMOUNT), ("clicked_at", TIME), ("sold_at", TIME),
    ("locks_at", TIME), ("approved_at", TIME), ("reversed_at", TIME), ("paid_at", TIME),
    ("payment_code", pa.string()), ("click_number", pa.int64()), ("click_source", pa.string()),
    ("click_id", pa.string()), ("network_click_id", pa.string()), ("sub_id", pa.string()),
    ("advertiser_code", pa.string()), ("partner_code", pa.string()), ("program_code", pa.string()),
    ("campaign_code", pa.string()), ("country", pa.string()), ("device", pa.string()),
    ("is_new_customer", pa.bool_()), ("coupon", pa.string()), ("is_managed", pa.bool_()),
    ("is_media", pa.bool_()), ("is_in_fold", pa.bool_()), ("is_delivered", pa.bool_()),
])  # fmt: skip
CHANGES = pa.schema([
    ("network", pa.string()), ("commission_code", pa.string()), ("position", pa.int64()),
    ("kind", pa.string()), ("changed_at", TIME), ("status", pa.string()),
    ("currency", pa.string()), ("sale_amount", AMOUNT), ("commission_amount", AMOUNT),
    ("network_fee_amount", AMOUNT), ("payment_code", pa.string()),
])  # fmt: skip


def truth_row(one: Commission, is_delivered: bool) -> tuple[object, ...]:
    """A commission's row of the truth, as `COMMISSIONS` has it."""
    state, first = one.final, one.changes[0].state
    is_void = state.status in ("reversed", "deleted")
    zero = Decimal(0)
    return (
        one.network, one.code, one.order_code or None, one.kind, state.status, one.currency,
        state.sale, state.commission, state.fee, zero if is_void else state.sale,
        zero if is_void else state.commission, first.sale, first.commission, one.clicked_at,
        one.sold_at, one.locks_at, state.approved_at, state.decided_at if is_void else None,
        state.paid_at, state.payment_code, one.click_number, one.click_source, one.click_id,
        one.network_click_id, one.sub_id, one.program.advertiser.code, one.partner.code,
        one.program.code, one.campaign_code, one.country, one.device, one.is_new_customer,
        one.coupon, one.is_managed, one.is_media, one.is_in_fold, is_delivered,
    )  # fmt: skip


def write(target: Path, schema: pa.Schema, rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows as Parquet."""
    columns: list[list[object]] = [[] for _ in schema.names]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    table = pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
    pq.write_table(table, target, compression="zstd")
