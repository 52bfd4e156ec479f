"""Delivers the files: chunk by chunk in bounded memory, late, twice and damaged where life does so.

Everything is made in `_in_progress` below the landing folder and moved into place at the end, so that
an interrupted run leaves nothing that looks like a delivery.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
from isal import igzip

from clickstar_demo import events, master_data, seasons
from clickstar_demo.formats import SOURCES, Format, Source
from clickstar_demo.world import make_world

CHUNK = 6_000 * events.BURST_SIZE
DAILY_FROM = 4_000
IN_PROGRESS = "_in_progress"
MEMORY_LIMIT = "1GB"


@dataclass(frozen=True)
class Settings:
    """What to make: `clicks` different clicks over `days` days up to and including `end`."""

    landing: Path
    truth: Path
    clicks: int
    days: int
    end: dt.date
    seed: int

    @property
    def first_day(self) -> dt.date:
        """The first day that has clicks."""
        return self.end - dt.timedelta(days=self.days - 1)


@dataclass
class File:
    """A delivered file and what must come out of it: records = accepted + malformed."""

    path: str
    records: int
    malformed: int
    clicks: int
    repeated: int
    same_content_as: str | None = None
    """Another name for the same bytes: nothing of it must be loaded."""


@dataclass
class Delivery:
    """What a source delivered in all."""

    source: str
    clicks: int = 0
    """Different clicks."""
    files: list[File] = field(default_factory=list)
    size_bytes: int = 0

    def total(self, name: str) -> int:
        """The sum of a number over the files that count (not those that repeat another's bytes)."""
        return sum(getattr(file, name) for file in self.files if file.same_content_as is None)

    def expected(self) -> dict[str, object]:
        """The numbers that a warehouse loaded from these files must show."""
        return {
            "clicks": self.clicks,
            "files": sum(file.same_content_as is None for file in self.files),
            "records": self.total("records"),
            "malformed": self.total("malformed"),
            "repeated": self.total("repeated"),
            "page_views": self.total("records") - self.total("malformed") - self.total("clicks"),
            "same_content_files": sum(file.same_content_as is not None for file in self.files),
            "by_file": [asdict(file) for file in self.files],
        }


def _pump(descriptor: int, path: Path) -> None:
    """Compress what arrives on a pipe; without name and time in the header the bytes repeat."""
    with (
        os.fdopen(descriptor, "rb", buffering=0) as pipe,
        path.open("wb") as file,
        igzip.IGzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,
    ):
        while block := pipe.read(1 << 20):
            packed.write(block)


def write_lines(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write a one-column query as lines of text, compressed as the file's name says."""
    # A CSV without quoting, whose delimiter never occurs, is a file of lines.
    options = "format csv, header false, quote '', escape '', delimiter '\x01'"
    if path.suffix != ".gz":
        compression = "zstd" if path.suffix == ".zst" else "none"
        connection.execute(f"copy ({query}) to '{path}' ({options}, compression {compression})")
        return
    # DuckDB's own gzip writer is five times slower than this pipe.
    reader, writer = os.pipe()
    worker = threading.Thread(target=_pump, args=(reader, path))
    worker.start()
    try:
        connection.execute(f"copy ({query}) to '/dev/fd/{writer}' ({options}, compression none)")
    finally:
        os.close(writer)
        worker.join()


def _lines_query(form: Format) -> str:
    """The select of a file's lines from table `record`, whose rows are in the file's order."""
    damage = " ".join(
        f"when {number} then {sql}" for number, sql in enumerate(form.damage, start=1)
    )
    line = f"case damage {damage} else line end" if damage else "line"
    if form.document is None:
        heads = "".join(
            "select '" + text.replace("'", "''") + "' as line union all " for text in form.header
        )
        return f"{heads}select {line} as line from (select damage, event_hex, {form.line} as line from record)"
    opening, closing = form.document
    return (
        f"select '{opening}' as line union all "
        f"select {line} || if(line_number < (select max(line_number) from record), ',', '') from "
        f"(select damage, event_hex, line_number, {form.line} as line from record) union all "
        f"select '{closing}'"
    )


class Maker:
    """Makes the files of one run."""

    def __init__(self, settings: Settings, progress: Callable[[str, int], None]) -> None:
        self.settings = settings
        self.progress = progress
        self.work = settings.landing / IN_PROGRESS
        self.truth_work = self.work / "_truth"
        self.hasher = events.Hasher(settings.seed)
        self.world = make_world(settings.seed)
        self.visitors = max(1, int(settings.clicks * events.VISITORS_PER_CLICK))
        self.connection = duckdb.connect(config={"memory_limit": MEMORY_LIMIT})
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute(f"set temp_directory = '{self.work / 'spill'}'")
        events.make_lookups(self.connection, self.world, settings.seed)

    def run(self) -> list[Delivery]:
        """Make everything, move it into place and return what was delivered, source by source."""
        settings = self.settings
        shutil.rmtree(self.work, ignore_errors=True)
        self.truth_work.mkdir(parents=True)
        try:
            weights = seasons.day_weights(settings.first_day, settings.days, settings.seed)
            shares = seasons.spread(settings.clicks, [source.share for source in SOURCES])
            deliveries, number_before = [], 0
            for number, (source, clicks) in enumerate(zip(SOURCES, shares, strict=True)):
                deliveries.append(self._source(number, source, clicks, number_before, weights))
                number_before += clicks
            deliveries.append(self._master_data())
            self._write_expected(deliveries)
            self._publish()
        finally:
            self.connection.close()
            shutil.rmtree(self.work, ignore_errors=True)
        return deliveries

    def _source(
        self, number: int, source: Source, clicks: int, number_before: int, weights: list[float]
    ) -> Delivery:
        """All files of one source."""
        settings, connection = self.settings, self.connection
        delivery = Delivery(source.name, clicks)
        (self.work / source.name).mkdir()
        (self.truth_work / source.name).mkdir()
        by_day = seasons.spread(clicks, weights)
        pages_by_day = seasons.spread(round(clicks * source.page_views), weights)
        daily = source.always_daily or clicks >= DAILY_FROM * settings.days
        span = 1 if daily else 7
        periods = [range(day, min(day + span, settings.days)) for day in range(0, settings.days, span)]
        connection.execute("drop table if exists pending")
        first, first_page = 0, 0
        for period, days in enumerate(periods):
            count = sum(by_day[day] for day in days)
            pages = sum(pages_by_day[day] for day in days)
            parts = max(1, -(-(count + pages) // CHUNK))
            step = -(-count // parts // events.BURST_SIZE) * events.BURST_SIZE if parts > 1 else count
            page_step = -(-pages // parts)
            start = settings.first_day + dt.timedelta(days=days[0])
            for part in range(parts):
                self._make_records(
                    source, number, number_before, by_day, pages_by_day,
                    clicks=(first + min(count, part * step), first + min(count, (part + 1) * step)),
                    pages=(first_page + min(pages, part * page_step),
                           first_page + min(pages, (part + 1) * page_step)),
                    period=period, last_period=len(periods) - 1, with_pending=part == 0,
                    damaged=source.format_of(period).columns is None,
                )  # fmt: skip
                name = source.file_name(start) + (f"_part{part:02d}" if parts > 1 else "")
                for file in self._deliver(source, period, name):
                    delivery.files.append(file)
                    delivery.size_bytes += (self.work / file.path).stat().st_size
                self.progress(source.name, count // parts)
            first += count
            first_page += pages
        return delivery

    def _make_records(
        self,
        source: Source,
        number: int,
        number_before: int,
        by_day: list[int],
        pages_by_day: list[int],
        *,
        clicks: tuple[int, int],
        pages: tuple[int, int],
        period: int,
        last_period: int,
        with_pending: bool,
        damaged: bool,
    ) -> None:
        """Make table `record`: the records of one file in its order, and keep what comes later."""
        connection, settings = self.connection, self.settings

        def make(name: str, stream: int, counts: list[int], span: tuple[int, int], page: bool) -> None:
            events.make_stream_days(connection, settings.first_day, counts)
            query = events.events_sql(
                self.hasher, stream=stream, first=span[0], upto=span[1], scope=source.scope,
                visitors=self.visitors, number_before=number_before, ipv4_only=source.ipv4_only,
                page_views=page,
            )  # fmt: skip
            connection.execute(f"create or replace temp table {name} as {query}")

        make("event", 2 * number, by_day, clicks, page=False)
        late = repeated = "false"
        if source.redelivers:
            late = f"late_by is not null and {period} + late_by <= {last_period}"
            repeated = f"repeat_by is not null and {period} + repeat_by <= {last_period}"
            later = f"""
                select *, {period} + late_by as due, false as is_repeat from event where {late}
                union all
                select *, {period} + repeat_by, true from event where {repeated} and not ({late})
            """
            exists = connection.execute(
                "select count(*) from duckdb_tables() where table_name = 'pending'"
            ).fetchone()
            how = "insert into pending" if exists and exists[0] else "create temp table pending as"
            connection.execute(f"{how} {later}")
        parts = [f"select *, false as is_repeat, false as is_late, 0 as damage from event where not ({late})"]
        if source.redelivers and with_pending:
            parts.append(
                "select * exclude (due), not is_repeat as is_late, 0 as damage "
                f"from pending where due = {period}"
            )
        if damaged:
            parts.append(
                "select *, false as is_repeat, false as is_late, damage_draw as damage "
                "from event where damage_draw > 0"
            )
        if pages[1] > pages[0]:
            make("page_view", 2 * number + 1, pages_by_day, pages, page=True)
            parts.append("select *, false as is_repeat, false as is_late, 0 as damage from page_view")
        connection.execute(f"""
            create or replace temp table record as
            select
                row_number() over (
                    order by clicked_at, record_kind, event_index, is_repeat, damage
                ) as line_number,
                *
            from ({" union all by name ".join(parts)})
            order by line_number
        """)
        if source.redelivers and with_pending:
            connection.execute(f"delete from pending where due = {period}")

    def _deliver(self, source: Source, period: int, name: str) -> Iterator[File]:
        """Write table `record` as a file with its truth, and again under another name now and then."""
        form = source.format_of(period)
        relative = f"{source.name}/{name}{form.suffix}"
        path = self.work / relative
        if form.columns is not None:
            self.connection.execute(
                f"copy (select {form.columns} from record) to '{path}' "
                "(format parquet, compression zstd, row_group_size 50000)"
            )
        else:
            write_lines(self.connection, _lines_query(form), path)
        counts = self.connection.execute("""
            select
                count(*),
                count(*) filter (damage > 0),
                count(*) filter (damage = 0 and record_kind = 'click'),
                count(*) filter (is_repeat)
            from record
        """).fetchone()
        assert counts is not None
        file = File(relative, *counts)
        self._write_truth(source, name, relative, all_repeated=False)
        yield file
        if period % 31 == 9:
            again = f"{source.name}/{name}.resent{form.suffix}"
            shutil.copyfile(path, self.work / again)
            yield File(again, *counts, same_content_as=relative)
        elif period % 37 == 13 and form.suffix.endswith(".gz"):
            again = f"{source.name}/{name}.repacked{form.suffix}"
            with igzip.open(path, "rb") as unpacked, (self.work / again).open("wb") as target:
                with gzip.GzipFile(
                    filename="", fileobj=target, mode="wb", compresslevel=9, mtime=0
                ) as packed:
                    shutil.copyfileobj(unpacked, packed, 1 << 20)
            self._write_truth(source, f"{name}.repacked", again, all_repeated=True)
            records, malformed, clicks, _ = counts
            yield File(again, records, malformed, clicks, clicks)

    def _write_truth(self, source: Source, name: str, relative: str, *, all_repeated: bool) -> None:
        """Write beside the landing files what each record really is."""
        target = self.truth_work / source.name / f"{name}.parquet"
        repeat = "record_kind = 'click'" if all_repeated else "is_repeat"
        self.connection.execute(f"""
            copy (
                select
                    '{source.name}' as source,
                    '{relative}' as file,
                    line_number,
                    if(damage > 0, 'malformed', record_kind) as record_kind,
                    if(damage = 0, click_number, null) as click_number,
                    if(damage = 0, {source.event_id or "null::varchar"}, null) as event_id,
                    clicked_at,
                    visitor_number,
                    is_bot,
                    bot_kind,
                    is_double_click,
                    double_click_of,
                    if(damage = 0 and {repeat}, click_number, null) as is_duplicate_of,
                    is_late,
                    network,
                    advertiser_code,
                    partner_code,
                    program_code,
                    campaign_code,
                from record
            ) to '{target}' (format parquet, compression zstd, row_group_size 50000)
        """)

    def _master_data(self) -> Delivery:
        """The history files of the reference data."""
        delivery = Delivery("master_data")
        folder = self.work / "master_data"
        folder.mkdir()
        written = master_data.write(self.world, self.settings.first_day, self.settings.days,
                                    self.settings.seed, folder)  # fmt: skip
        for path, rows in written:
            delivery.files.append(File(f"master_data/{path.name}", rows, 0, 0, 0))
            delivery.size_bytes += path.stat().st_size
        return delivery

    def _write_expected(self, deliveries: list[Delivery]) -> None:
        """Write the numbers that must come out of the warehouse."""
        settings = self.settings
        expected = {
            "clicks": settings.clicks,
            "days": settings.days,
            "first_day": settings.first_day.isoformat(),
            "last_day": settings.end.isoformat(),
            "seed": settings.seed,
            "sources": {delivery.source: delivery.expected() for delivery in deliveries},
        }
        text = json.dumps(expected, indent=1)
        (self.truth_work / "expected.json").write_text(text + "\n", encoding="utf-8")

    def _publish(self) -> None:
        """Move what is complete into place."""
        shutil.rmtree(self.work / "spill", ignore_errors=True)
        for folder in sorted(self.work.iterdir()):
            target = self.settings.truth if folder.name == "_truth" else self.settings.landing / folder.name
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder, target)
