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
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import duckdb
from isal import igzip

from clickstar_demo import events, master_data, seasons
from clickstar_demo.formats import SOURCES, Format, Source
from clickstar_demo.world import make_world

# Records made at a time: what bounds the memory.
CHUNK = 3_000 * events.BURST_SIZE
# A source with fewer clicks a day delivers one file a week.
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
    malformed: int = 0
    clicks: int = 0
    """Well-formed records that are clicks, repeated ones included."""
    repeated: int = 0
    """Clicks that another file delivers as well and that are counted there."""
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


def _quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _lines_query(form: Format, period: int) -> str:
    """The select of a file's lines from table `record`, whose rows are in the file's order."""
    damage = " ".join(
        f"when {number} then {sql}" for number, sql in enumerate(form.damage, start=1)
    )
    rows = (
        "select damage, event_hex, line_number, records_in_file, "
        f"{form.line} as line from record where delivered = {period}"
    )
    line = f"case damage {damage} else line end"
    if form.document is None:
        heads = [f"select {_quoted(text)} as line" for text in form.header]
        return " union all ".join([*heads, f"select {line} as line from ({rows})"])
    opening, closing = form.document
    return (
        f"select {_quoted(opening)} as line union all "
        f"select {line} || if(line_number < records_in_file, ',', '') from ({rows}) union all "
        f"select {_quoted(closing)}"
    )


def _repack(path: Path, target: Path) -> None:
    """Compress a file again, harder: the same records in other bytes."""
    with (
        igzip.open(path, "rb") as unpacked,
        target.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=9, mtime=0) as packed,
    ):
        shutil.copyfileobj(unpacked, packed, 1 << 20)


@dataclass(frozen=True)
class Batch:
    """Records that are made together: some whole periods (one file each) or a part of one period."""

    periods: range
    clicks: tuple[int, int]
    pages: tuple[int, int]
    part: int | None = None


def batches(clicks: list[int], pages: list[int]) -> list[Batch]:
    """Divide periods with these numbers of records into batches of at most `CHUNK`, if possible."""
    made: list[Batch] = []
    first = first_page = 0
    open_from, open_click, open_page = 0, 0, 0
    for period, (count, page_count) in enumerate(zip(clicks, pages, strict=True)):
        upto, upto_page = first + count, first_page + page_count
        if upto - open_click + upto_page - open_page > CHUNK and period > open_from:
            made.append(Batch(range(open_from, period), (open_click, first), (open_page, first_page)))
            open_from, open_click, open_page = period, first, first_page
        if count + page_count > CHUNK:
            parts = -(-(count + page_count) // CHUNK)
            # A part ends where a burst may end.
            step = -(-count // parts // events.BURST_SIZE) * events.BURST_SIZE
            page_step = -(-page_count // parts)
            made += [
                Batch(
                    range(period, period + 1),
                    (first + min(count, part * step), first + min(count, (part + 1) * step)),
                    (
                        first_page + min(page_count, part * page_step),
                        first_page + min(page_count, (part + 1) * page_step),
                    ),
                    part,
                )
                for part in range(parts)
            ]
            open_from, open_click, open_page = period + 1, upto, upto_page
        first, first_page = upto, upto_page
    if open_from < len(clicks):
        made.append(Batch(range(open_from, len(clicks)), (open_click, first), (open_page, first_page)))
    return made


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
        self.connection.execute(f"set temp_directory = {_quoted(str(self.work / 'spill'))}")
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
        starts = range(0, settings.days, span)
        for name, counts in (("click_day", by_day), ("page_day", pages_by_day)):
            events.make_stream_days(connection, name, settings.first_day, counts, span)
        connection.execute("drop table if exists pending")
        for batch in batches(
            [sum(by_day[start : start + span]) for start in starts],
            [sum(pages_by_day[start : start + span]) for start in starts],
        ):
            self._make_records(source, number, number_before, batch, last_period=len(starts) - 1)
            delivery.files += self._deliver(source, batch, span)
            self.progress(source.name, batch.clicks[1] - batch.clicks[0])
        delivery.size_bytes = sum((self.work / file.path).stat().st_size for file in delivery.files)
        return delivery

    def _make_records(
        self, source: Source, number: int, number_before: int, batch: Batch, last_period: int
    ) -> None:
        """Make table `record`: a batch's records in the files' order; keep those that come later."""
        connection = self.connection

        def make(name: str, days: str, stream: int, span: tuple[int, int], page_views: bool) -> None:
            query = events.events_sql(
                self.hasher,
                stream=stream,
                days=days,
                first=span[0],
                upto=span[1],
                scope=source.scope,
                visitors=self.visitors,
                number_before=number_before,
                ipv4_only=source.ipv4_only,
                page_views=page_views,
            )
            connection.execute(f"create or replace temp table {name} as {query}")

        make("event", "click_day", 2 * number, batch.clicks, page_views=False)
        make("page_view", "page_day", 2 * number + 1, batch.pages, page_views=True)
        late = repeated = "false"
        if source.redelivers:
            late = f"(late_by is not null and period + late_by <= {last_period})"
            repeated = f"(repeat_by is not null and period + repeat_by <= {last_period})"
        undamaged = [p for p in batch.periods if source.format_of(p).columns is not None]
        damaged = "damage_draw > 0"
        if undamaged:
            damaged += f" and period not in ({', '.join(map(str, undamaged))})"
        connection.execute(f"""
            create or replace temp table made as
            select *, if({late}, period + late_by, period) as delivered, {late} as is_late,
                false as is_repeat, 0 as damage
            from event
            union all
            select *, period + repeat_by, false, true, 0 from event where {repeated} and not {late}
            union all
            select *, period, false, false, damage_draw from event where {damaged}
            union all
            select *, period, false, false, 0 from page_view
        """)
        # The first batch finds nothing waiting; each one leaves what its last file does not take.
        last = batch.periods[-1]
        connection.execute("create table if not exists pending as select * from made limit 0")
        connection.execute(f"""
            create or replace temp table record as
            select
                row_number() over delivery as line_number,
                count(*) over (partition by delivered) as records_in_file,
                *
            from (
                select * from made where delivered <= {last}
                union all
                select * from pending where delivered <= {last}
            )
            window delivery as (
                partition by delivered
                order by clicked_at, record_kind, event_index, is_repeat, damage
            )
            order by delivered, line_number
        """)
        connection.execute(f"delete from pending where delivered <= {last}")
        connection.execute(f"insert into pending select * from made where delivered > {last}")

    def _deliver(self, source: Source, batch: Batch, span: int) -> list[File]:
        """Write table `record` as files with their truth, some again under another name."""
        counts = self.connection.execute("""
            select
                delivered,
                count(*),
                count(*) filter (damage > 0),
                count(*) filter (damage = 0 and record_kind = 'click'),
                count(*) filter (is_repeat)
            from record
            group by delivered
            order by delivered
        """).fetchall()
        files, names, again = [], {}, {}
        for period, *numbers in counts:
            form = source.format_of(period)
            start = self.settings.first_day + dt.timedelta(days=period * span)
            part = "" if batch.part is None else f"_part{batch.part:02d}"
            name = f"{source.name}/{source.file_name(start)}{part}"
            file = File(name + form.suffix, *numbers)
            path = self.work / file.path
            self._write_file(form, period, path)
            files.append(file)
            names[period] = file.path
            if period % 31 == 9:
                resent = f"{name}.resent{form.suffix}"
                shutil.copyfile(path, self.work / resent)
                files.append(replace(file, path=resent, same_content_as=file.path))
            elif period % 37 == 13 and form.suffix.endswith(".gz"):
                again[period] = f"{name}.repacked{form.suffix}"
                _repack(path, self.work / again[period])
                files.append(replace(file, path=again[period], repeated=file.clicks))
        self._write_truth(source, batch, names, again)
        return files

    def _write_file(self, form: Format, period: int, path: Path) -> None:
        """Write one period's records."""
        if form.columns is None:
            write_lines(self.connection, _lines_query(form, period), path)
            return
        self.connection.execute(
            f"copy (select {form.columns} from record where delivered = {period}) "
            f"to {_quoted(str(path))} (format parquet, compression zstd, row_group_size 50000)"
        )

    def _write_truth(
        self, source: Source, batch: Batch, names: dict[int, str], again: dict[int, str]
    ) -> None:
        """Write beside the landing files what each record of a batch really is."""
        if not names:
            return
        part = "" if batch.part is None else f"_part{batch.part:02d}"
        target = self.truth_work / source.name / f"{batch.periods[0]:05d}{part}.parquet"
        delivered = [
            f"({period}, {_quoted(path)}, {repacked})"
            for paths, repacked in ((names, "false"), (again, "true"))
            for period, path in paths.items()
        ]
        self.connection.execute(f"""
            copy (
                select
                    {_quoted(source.name)} as source,
                    file.path as file,
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
                    if(damage = 0 and (is_repeat or file.is_repacked), click_number, null)
                        as is_duplicate_of,
                    is_late,
                    network,
                    advertiser_code,
                    partner_code,
                    program_code,
                    campaign_code
                from record
                inner join (values {", ".join(delivered)}) as file (period, path, is_repacked)
                    on record.delivered = file.period
                order by file.path, line_number
            ) to {_quoted(str(target))} (format parquet, compression zstd, row_group_size 50000)
        """)
    def _master_data(self) -> Delivery:
        """The history files of the reference data."""
        delivery = Delivery("master_data")
        folder = self.work / "master_data"
        folder.mkdir()
        written = master_data.write(
            self.world, self.settings.first_day, self.settings.days, self.settings.seed, folder
        )
        for path, rows in written:
            delivery.files.append(File(f"master_data/{path.name}", rows))
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
