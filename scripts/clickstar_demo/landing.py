"""Delivers the files: chunk by chunk in bounded memory, late, twice and damaged where life does so.

Everything is made in `_in_progress` below the landing folder and moved into place at the end, so
that an interrupted run leaves nothing that looks like a delivery. The same seed and size give the
same bytes on one machine; on another kind of processor the gzip library may pack them differently.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import duckdb
from isal import igzip

from clickstar_demo import events, master_data, money, seasons
from clickstar_demo.commission_files import MONEY_FOLDERS, CommissionFiles
from clickstar_demo.commissions import HIGHEST_RATE, MOST_SALES
from clickstar_demo.formats import SOURCES, Format, Source
from clickstar_demo.program_terms import write_program_terms
from clickstar_demo.world import make_world

# Records made at a time: what bounds the memory.
CHUNK = 3_000 * events.BURST_SIZE
# A replayed click comes so often again.
REPLAYS = 3
# A source with fewer clicks a day delivers one file a week.
DAILY_FROM = 4_000
IN_PROGRESS = "_in_progress"
MEMORY_LIMIT = "1GB"
# Our own link tracker's place in SOURCES.
TRACKER = 0
# Folders that hold no clicks.
OTHER_FOLDERS = ("master_data", "exchange_rates", "costs", *MONEY_FOLDERS)
ON_TIME = "false as is_late, false as is_repeat, 0 as damage"


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


def _quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _pump(descriptor: int, path: Path) -> None:
    """Compress what arrives on a pipe; without name and time in the header the bytes repeat.

    The packer's bytes depend on how much it is given at once: so blocks are filled, and not taken
    as the pipe happens to hold them.
    """
    with (
        os.fdopen(descriptor, "rb", buffering=1 << 20) as pipe,
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
        target = _quoted(str(path))
        connection.execute(f"copy ({query}) to {target} ({options}, compression {compression})")
        return
    # DuckDB's own gzip writer is five times slower than this pipe.
    reader, writer = os.pipe()
    with ThreadPoolExecutor(max_workers=1) as worker:
        packing = worker.submit(_pump, reader, path)
        try:
            connection.execute(
                f"copy ({query}) to '/dev/fd/{writer}' ({options}, compression none)"
            )
        finally:
            os.close(writer)
            # What went wrong while writing says more than the broken pipe it left behind.
            packing.result()


def _rows(first_row: int, count: int) -> str:
    """The condition for `count` rows of table `record`, whose rows are in the files' order."""
    return f"rowid between {first_row} and {first_row + count - 1}"


def _lines_query(form: Format, first_row: int, count: int) -> str:
    """The select of a file's lines: `count` rows of table `record` from `first_row` on."""
    damage = " ".join(
        f"when {number} then {sql}" for number, sql in enumerate(form.damage, start=1)
    )
    rows = (
        f"select damage, event_hex, rowid as row_number, {form.line} as line "
        f"from record where {_rows(first_row, count)}"
    )
    line = f"case damage {damage} else line end"
    if form.document is None:
        heads = [f"select {_quoted(text)} as line" for text in form.header]
        return " union all ".join([*heads, f"select {line} as line from ({rows})"])
    opening, closing = form.document
    last_row = first_row + count - 1
    return (
        f"select {_quoted(opening)} as line union all "
        f"select {line} || if(row_number < {last_row}, ',', '') from ({rows}) union all "
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
    """Records made together: some whole periods (one file each) or a part of one period."""

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
            made.append(
                Batch(range(open_from, period), (open_click, first), (open_page, first_page))
            )
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
        made.append(
            Batch(range(open_from, len(clicks)), (open_click, first), (open_page, first_page))
        )
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
        self.earned = CommissionFiles(
            self.world, settings.first_day, settings.days, settings.seed, self.work
        )
        self.tracked = 0
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
            self.tracked = shares[TRACKER]
            deliveries, number_before = [], 0
            for number, (source, clicks) in enumerate(zip(SOURCES, shares, strict=True)):
                deliveries.append(self._source(number, source, clicks, number_before, weights))
                number_before += clicks
            deliveries.append(self._master_data())
            deliveries += self._money()
            deliveries.append(self._program_terms())
            commissions = self._commissions()
            self._write_expected(deliveries)
            deliveries.append(commissions)
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
        tracked_by_day = seasons.spread(self.tracked, weights)
        for name, counts in (
            ("click_day", by_day),
            ("page_day", pages_by_day),
            ("tracked_day", tracked_by_day),
        ):
            events.make_stream_days(connection, name, settings.first_day, counts, span)
        connection.execute("drop table if exists pending")
        for batch in batches(
            [sum(by_day[start : start + span]) for start in starts],
            [sum(pages_by_day[start : start + span]) for start in starts],
        ):
            tracked = self._tracked(batch, by_day, tracked_by_day, span)
            self._make_records(
                source, number, number_before, batch, tracked, last_period=len(starts) - 1
            )
            delivery.files += self._deliver(source, batch, span)
            self.progress(source.name, batch.clicks[1] - batch.clicks[0])
        delivery.size_bytes = sum((self.work / file.path).stat().st_size for file in delivery.files)
        return delivery

    @staticmethod
    def _tracked(
        batch: Batch, by_day: list[int], tracked_by_day: list[int], span: int
    ) -> tuple[int, int]:
        """The clicks of our link tracker on a batch's days, or the batch's share of a day's."""
        first_day, next_day = batch.periods.start * span, batch.periods.stop * span
        first, upto = sum(tracked_by_day[:first_day]), sum(tracked_by_day[:next_day])
        if batch.part is None:
            return first, upto
        before, count = sum(by_day[:first_day]), sum(by_day[first_day:next_day])
        start, stop = (
            first + (upto - first) * (click - before) // max(1, count) for click in batch.clicks
        )
        return start, stop

    def _make_records(
        self,
        source: Source,
        number: int,
        number_before: int,
        batch: Batch,
        tracked: tuple[int, int],
        last_period: int,
    ) -> None:
        """Make table `record`: a batch's records in the files' order; keep what comes later."""
        connection = self.connection

        def make(
            name: str, days: str, stream: int, span: tuple[int, int], page_views: bool
        ) -> None:
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
                brief=source.brief,
            )
            connection.execute(f"create or replace temp table {name} as {query}")

        make("event", "click_day", 2 * number, batch.clicks, page_views=False)
        self._keep_convertible(source)
        self._count_clicks(source)
        make("page_view", "page_day", 2 * number + 1, batch.pages, page_views=True)
        journeys = ""
        if source.journeys:
            query = events.journeys_sql(
                self.hasher,
                days="tracked_day",
                first=tracked[0],
                upto=tracked[1],
                visitors=self.visitors,
                stream=2 * TRACKER,
                scope=SOURCES[TRACKER].scope,
            )
            connection.execute(f"create or replace temp table journey as {query}")
            journeys = f"union all select *, period as delivered, {ON_TIME} from journey"
        late = repeated = "false"
        if source.redelivers:
            late = f"(late_by is not null and period + late_by <= {last_period})"
            repeated = f"(repeat_by is not null and period + repeat_by <= {last_period})"
        undamaged = [p for p in batch.periods if source.format_of(p).columns is not None]
        damaged = "damage_draw > 0"
        if undamaged:
            damaged += f" and period not in ({', '.join(map(str, undamaged))})"
        # The first batch finds nothing waiting; each one leaves what its last file does not take.
        last = batch.periods[-1]
        arrivals = f"""
            select *, period as delivered, {ON_TIME} from event where not {late}
            union all
            select *, period + late_by, true, false, 0 from event where {late}
            union all
            select *, period + repeat_by, false, true, 0 from event where {repeated} and not {late}
        """
        # The same record again, at once, from addresses that nobody else has.
        replays = (
            f"""
                union all
                select
                    * replace (concat('100.127.', address, '.', 1 + serve_draw % 254) as ip),
                    period, false, true, 0
                from event
                cross join range({REPLAYS}) as addresses (address)
                where signal = 'replayed'
            """.replace("* replace", "event.* replace")
            if source.replays
            else ""
        )
        connection.execute(f"create table if not exists pending as {arrivals} limit 0")
        connection.execute(f"""
            create or replace temp table record as
            select *
            from (
                {arrivals}
                {replays}
                union all
                select * from pending
                union all
                select *, period, false, false, damage_draw from event where {damaged}
                union all
                select *, period as delivered, {ON_TIME} from page_view
                {journeys}
            )
            where delivered <= {last}
            order by delivered, clicked_at, record_kind, event_index, is_repeat, damage, ip
        """)
        connection.execute(f"delete from pending where delivered <= {last}")
        connection.execute(
            f"insert into pending select * from ({arrivals}) where delivered > {last}"
        )

    def _keep_convertible(self, source: Source) -> None:
        """Keep of table `event` what may end in a sale: unique clicks of people, drawn by lot."""
        click_id = source.event_id or "null::varchar"
        valid = """
            not (is_bot or is_double_click or is_follow_up or has_bot_agent)
            and (signal is null or signal = 'viewed')
            and office_number is null
        """
        # Twice as many as can be wanted of the largest demo, all that can be of a small one.
        share = min(HIGHEST_RATE, 8 * MOST_SALES / self.settings.clicks)
        lot = self.hasher.uniform("conversion", "own_key")
        kept = f"""
            select
                {_quoted(source.name)} as source, click_number, {click_id} as click_id,
                case when network = {_quoted(source.name)} then {click_id} end as network_click_id,
                event_hex, sub_id, clicked_at, program_code, partner_code, partner_id,
                campaign_code, campaign_id, creative_id, country, user_agent, referrer_url, network,
                {lot} as draw
            from event
            where {valid} and {lot} < {share}
        """
        counted = f"select network, count(*) as valid from event where {valid} group by network"
        for name, query in (("convertible", kept), ("convertible_count", counted)):
            self.connection.execute(f"create table if not exists {name} as {query} limit 0")
            self.connection.execute(f"insert into {name} {query}")

    def _count_clicks(self, source: Source) -> None:
        """Count of table `event` what the networks' dashboards count, by hours."""
        moved_in = master_data.second_office_from(self.settings.first_day, self.settings.days)
        query = f"""
            select
                network,
                date_trunc('hour', clicked_at) as hour,
                count(*) as gross,
                count(*) filter (
                    not is_bot
                    and not has_bot_agent
                    and coalesce(({source.signal})::varchar, 'viewed') in ('viewed', 'replayed')
                    and not ({source.has_address} and coalesce(
                        office_number = 0
                        or (office_number = 1 and clicked_at >= timestamp '{moved_in}'),
                        false
                    ))
                ) as valid
            from event
            where {source.names_network}
            group by all
        """
        self.connection.execute(f"create table if not exists counted as {query} limit 0")
        self.connection.execute(f"insert into counted {query}")

    def _commissions(self) -> Delivery:
        """The networks' files of what the clicks earned, with their truth."""
        self.earned.make(self.connection, self.settings.clicks)
        self.earned.write_truth(self.truth_work)
        return Delivery(
            "commissions",
            files=[
                File(file.path, file.records, file.malformed, same_content_as=file.same_content_as)
                for file in self.earned.files
            ],
            size_bytes=sum((self.work / file.path).stat().st_size for file in self.earned.files),
        )

    def _deliver(self, source: Source, batch: Batch, span: int) -> list[File]:
        """Write table `record` as files with their truth, some again under another name."""
        counts = self.connection.execute("""
            select
                delivered,
                min(rowid),
                count(*),
                count(*) filter (damage > 0),
                count(*) filter (damage = 0 and record_kind = 'click'),
                count(*) filter (is_repeat)
            from record
            group by delivered
            order by delivered
        """).fetchall()
        files: list[File] = []
        written: list[tuple[str, int, int, bool]] = []
        for period, first_row, *numbers in counts:
            form = source.format_of(period)
            start = self.settings.first_day + dt.timedelta(days=period * span)
            part = "" if batch.part is None else f"_part{batch.part:02d}"
            name = f"{source.name}/{source.file_name(start)}{part}"
            file = File(name + form.suffix, *numbers)
            path = self.work / file.path
            self._write_file(form, first_row, file.records, path)
            files.append(file)
            written.append((file.path, first_row, period, False))
            if period % 31 == 9:
                resent = f"{name}.resent{form.suffix}"
                shutil.copyfile(path, self.work / resent)
                files.append(replace(file, path=resent, same_content_as=file.path))
            elif period % 37 == 13 and form.suffix.endswith(".gz"):
                repacked = f"{name}.repacked{form.suffix}"
                _repack(path, self.work / repacked)
                files.append(replace(file, path=repacked, repeated=file.clicks))
                written.append((repacked, first_row, period, True))
        if written:
            self._write_truth(source, batch, written)
        return files

    def _write_file(self, form: Format, first_row: int, records: int, path: Path) -> None:
        """Write `records` rows of table `record` from `first_row` on."""
        if form.columns is None:
            write_lines(self.connection, _lines_query(form, first_row, records), path)
            return
        self.connection.execute(
            f"copy (select {form.columns} from record where {_rows(first_row, records)}) "
            f"to {_quoted(str(path))} (format parquet, compression zstd, row_group_size 50000)"
        )

    def _write_truth(
        self, source: Source, batch: Batch, written: list[tuple[str, int, int, bool]]
    ) -> None:
        """Write beside the landing files what each record of a batch really is.

        `written` holds for each file its path, its first row, its period and whether it only
        repeats another file.
        """
        part = "" if batch.part is None else f"_part{batch.part:02d}"
        target = self.truth_work / source.name / f"{batch.periods[0]:05d}{part}.parquet"
        moved_in = master_data.second_office_from(self.settings.first_day, self.settings.days)
        second_office = f"timestamp '{moved_in}'"
        files = ", ".join(
            f"({_quoted(path)}, {first_row}, {period}, {str(is_repacked).lower()})"
            for path, first_row, period, is_repacked in written
        )
        self.connection.execute(f"""
            copy (
                select
                    {_quoted(source.name)} as source,
                    file.path as file,
                    record.row_number - file.first_row + 1 as line_number,
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
                    if(record_kind = 'click', {source.signal}, null) as signal,
                    if(record_kind = 'click', {source.visitor}, null) as seen_visitor,
                    {source.has_address} and coalesce(
                        office_number = 0 or (office_number = 1 and clicked_at >= {second_office}),
                        false
                    ) as is_internal,
                    has_bot_agent,
                    journey_of,
                    journey_page,
                    if(damage = 0, login, null) as login,
                    network,
                    advertiser_code,
                    partner_code,
                    program_code,
                    campaign_code
                from (select rowid as row_number, * from record) as record
                inner join (values {files}) as file (path, first_row, delivered, is_repacked)
                    using (delivered)
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
        master_data.write_truth(self.world, self.truth_work / "source_ids.csv")
        for path, rows in written:
            delivery.files.append(File(f"master_data/{path.name}", rows))
            delivery.size_bytes += path.stat().st_size
        return delivery

    def _money(self) -> list[Delivery]:
        """The files of exchange rates and of costs."""
        settings = self.settings
        span = settings.first_day, settings.days, settings.seed
        written: dict[str, Callable[[Path], Iterable[tuple[Path, int]]]] = {
            "exchange_rates": lambda folder: money.write_rates(*span, folder),
            "costs": lambda folder: money.write_costs(self.world, *span, folder),
        }
        deliveries = []
        for source, write in written.items():
            delivery = Delivery(source)
            (self.work / source).mkdir()
            for path, rows in write(self.work / source):
                delivery.files.append(File(str(path.relative_to(self.work)), rows))
                delivery.size_bytes += path.stat().st_size
            deliveries.append(delivery)
        return deliveries

    def _program_terms(self) -> Delivery:
        """The files in which networks describe their programs."""
        settings = self.settings
        delivery = Delivery("program_terms")
        for path, records in write_program_terms(
            self.world, settings.first_day, settings.days, settings.seed, self.work / "awin"
        ):
            delivery.files.append(File(str(path.relative_to(self.work)), records))
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
            "money": self.earned.expected(self.truth_work),
        }
        text = json.dumps(expected, indent=1)
        (self.truth_work / "expected.json").write_text(text + "\n", encoding="utf-8")

    def _publish(self) -> None:
        """Move what is complete into place."""
        shutil.rmtree(self.work / "spill", ignore_errors=True)
        # The truth comes first: beside it, a missing source shows that a run was interrupted.
        for folder in sorted(self.work.iterdir()):
            target = (
                self.settings.truth
                if folder.name == "_truth"
                else self.settings.landing / folder.name
            )
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder, target)
