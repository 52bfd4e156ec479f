"""The demo's files against an independent reader: Python's own csv, json and gzip, line by line."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml
import zstandard

from clickstar_demo import landing, seasons
from clickstar_demo.events import BURST_SIZE
from clickstar_demo.formats import SNOWPLOW_COLUMNS, SOURCES
from clickstar_demo.landing import Batch, batches

CLICKS, DAYS = 12_000, 120
Rows = list[tuple[int, str | None]]
"""Record number and the click's identity; "" for a page view, None for a broken record."""


def make(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).resolve().parents[2] / "scripts" / "make_demo.py"
    return subprocess.run(
        [sys.executable, str(script), "--landing", str(folder), *options],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    made = make(folder, "--clicks", str(CLICKS), "--days", str(DAYS))
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="session")
def expected(demo: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((demo / "_truth" / "expected.json").read_text())
    return loaded


@pytest.fixture(scope="session")
def truth(demo: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        f"create table truth as select * from read_parquet('{demo}/_truth/*/*.parquet')"
    )
    return connection


# --------------------------------------------------------------------- the independent reader
def text_of(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    elif path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return data.decode()


def iso(text: object) -> bool:
    try:
        dt.datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return True


def objects(lines: list[str]) -> Iterator[tuple[int, dict[str, Any] | None]]:
    for number, line in enumerate(lines, start=1):
        try:
            yield number, json.loads(line)
        except json.JSONDecodeError:
            yield number, None


def read_redirector(path: Path) -> Rows:
    if path.suffix == ".parquet":
        ids = pq.read_table(path).column("event_id").to_pylist()
        return list(enumerate(ids, start=1))
    if ".csv" in path.name:
        header, *records = csv.reader(io.StringIO(text_of(path)))
        return [
            (n, r[0] if len(r) == len(header) and iso(r[1]) else None)
            for n, r in enumerate(records, start=1)
        ]
    return [
        (n, row["event_id"] if row and row["event_id"] and iso(row["event_time"]) else None)
        for n, row in objects(text_of(path).splitlines())
    ]


def is_click(url: str) -> bool:
    path, _, query = url.partition("?")
    return path.startswith(("/go/", "/out/")) or "utm_" in query


COMBINED = re.compile(
    r'(\S+) - - \[([^\]]+)\] "(?:GET|HEAD) (\S+) HTTP/1\.1" (\d+) (\S+) "(.*?)" "(.*?)"'
)


def read_access_log(path: Path) -> Rows:
    seen: Counter[str] = Counter()
    rows: Rows = []
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        seen[line] += 1
        match = COMBINED.fullmatch(line)
        if match is None:
            rows.append((number, None))
        else:
            dt.datetime.strptime(match[2], "%d/%b/%Y:%H:%M:%S %z")
            rows.append((number, f"{line}#{seen[line]}" if is_click(match[3]) else ""))
    return rows


def read_cloudfront(path: Path) -> Rows:
    version, fields, *lines = text_of(path).splitlines()
    assert version == "#Version: 1.0"
    names = fields.removeprefix("#Fields: ").split(" ")
    rows: Rows = []
    for number, line in enumerate(lines, start=1):
        values = line.split("\t")
        if len(values) != len(names):
            rows.append((number, None))
            continue
        row = dict(zip(names, values, strict=True))
        assert iso(f"{row['date']}T{row['time']}")
        url = f"{row['cs-uri-stem']}?{row['cs-uri-query']}"
        rows.append((number, row["x-edge-request-id"] if is_click(url) else ""))
    return rows


def read_alb(path: Path) -> Rows:
    rows: Rows = []
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        fields = re.findall(r'"[^"]*"|\S+', line)
        if len(fields) not in (29, 30) or not iso(fields[1]):
            rows.append((number, None))
            continue
        url = "/" + fields[12].split(" ")[1].split("/", 3)[3]
        rows.append((number, fields[17] if is_click(url) else ""))
    return rows


def read_snowplow(path: Path) -> Rows:
    rows: Rows = []
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        values = line.split("\t")
        if len(values) != len(SNOWPLOW_COLUMNS):
            rows.append((number, None))
            continue
        row = dict(zip(SNOWPLOW_COLUMNS, values, strict=True))
        assert iso(row["collector_tstamp"])
        assert row["mkt_source"] == "" or f"utm_source={row['mkt_source']}" in row["page_url"]
        rows.append((number, row["event_id"] if "utm_" in row["page_urlquery"] else ""))
    return rows


def read_ga4(path: Path) -> Rows:
    rows: Rows = []
    for number, row in objects(text_of(path).splitlines()):
        if row is None or not row["event_timestamp"].isdigit():
            rows.append((number, None))
            continue
        params = {param["key"]: param["value"] for param in row["event_params"]}
        identity = "/".join(
            row[name]
            for name in ("user_pseudo_id", "event_timestamp", "batch_page_id", "batch_event_index")
        )
        url = params["page_location"]["string_value"]
        rows.append((number, identity if "utm_" in url else ""))
    return rows


def read_impact(path: Path) -> Rows:
    return [
        (n, f"{row['Id']}/{row['EventDate']}/{row['AdId']}" if iso(row["EventDate"]) else None)
        for n, row in enumerate(json.loads(text_of(path))["Clicks"], start=1)
    ]


def read_everflow(path: Path) -> Rows:
    if ".ndjson" in path.name:
        found = objects(text_of(path).splitlines())
    else:
        found = ((n, row) for n, row in enumerate(json.loads(text_of(path))["clicks"], start=1))
    return [
        (n, row["transaction_id"] if row and isinstance(row["unix_timestamp"], int) else None)
        for n, row in found
    ]


def read_partnerize(path: Path) -> Rows:
    clicks = [row["click"] for row in json.loads(text_of(path))["clicks"]]
    return [
        (n, click["clickref"] if iso(click["set_time"]) else None)
        for n, click in enumerate(clicks, start=1)
    ]


READERS = {
    "redirector": read_redirector,
    "access_log": read_access_log,
    "cloudfront": read_cloudfront,
    "alb": read_alb,
    "snowplow": read_snowplow,
    "ga4": read_ga4,
    "impact": read_impact,
    "everflow": read_everflow,
    "partnerize": read_partnerize,
}
# The identity is in the truth as the file writes it; of the others the truth knows the line only.
SAME_IDENTITY = ("redirector", "snowplow", "everflow", "partnerize")


# --------------------------------------------------------------------- the files and the truth
@pytest.mark.parametrize("source", READERS)
def test_what_a_file_holds_is_what_the_truth_says(
    source: str, demo: Path, expected: dict[str, Any], truth: duckdb.DuckDBPyConnection
) -> None:
    """Guards every later test that compares a warehouse with the truth."""
    numbers = expected["sources"][source]
    files = numbers["by_file"]
    assert sorted(file["path"] for file in files) == sorted(
        str(path.relative_to(demo)) for path in (demo / source).iterdir() if path.is_file()
    )
    distinct: set[str] = set()
    for file in files:
        path = demo / file["path"]
        if file["same_content_as"]:
            assert path.read_bytes() == (demo / file["same_content_as"]).read_bytes()
            continue
        rows = READERS[source](path)
        clicks = [identity for _, identity in rows if identity]
        assert file["records"] == len(rows), path
        assert file["malformed"] == sum(identity is None for _, identity in rows), path
        assert file["clicks"] == len(clicks), path
        distinct.update(clicks)
        said = truth.execute(
            "select line_number, record_kind, event_id from truth where file = ? order by 1",
            [file["path"]],
        ).fetchall()
        kinds = {None: "malformed", "": "page"}
        assert [(n, k) for n, k, _ in said] == [
            (n, kinds.get(identity, "click")) for n, identity in rows
        ]
        if source in SAME_IDENTITY:
            ids = [event_id for _, kind, event_id in said if kind == "click"]
            assert ids == clicks
    assert len(distinct) == numbers["clicks"]
    assert numbers["records"] == (
        numbers["clicks"] + numbers["repeated"] + numbers["malformed"] + numbers["page_views"]
    )


def test_the_clicks_asked_for_are_the_clicks_delivered(
    expected: dict[str, Any], truth: duckdb.DuckDBPyConnection
) -> None:
    assert sum(source["clicks"] for source in expected["sources"].values()) == CLICKS
    assert truth.execute(
        "select count(distinct click_number), min(click_number), max(click_number) from truth"
    ).fetchone() == (CLICKS, 1, CLICKS)
    # Exactly one delivery of each click counts; all others point at it.
    assert truth.execute("""
        select count(*) from (
            select click_number, count(*) filter (is_duplicate_of is null) as counted
            from truth where record_kind = 'click' group by click_number
        ) where counted != 1
    """).fetchone() == (0,)


def test_every_kind_of_file_and_trouble_occurs(expected: dict[str, Any]) -> None:
    names = [file["path"] for source in expected["sources"].values() for file in source["by_file"]]
    for ending in (
        "redirector/*.ndjson.gz", "redirector/*.ndjson.zst", "redirector/*.csv.gz",
        "redirector/*.parquet", "redirector/*.resent.ndjson.gz", "redirector/*.repacked.ndjson.gz",
        "everflow/*.json.gz", "everflow/*.ndjson.gz", "impact/*.repacked.json.gz",
        "access_log/*.resent.log.gz", "cloudfront/*.gz",
    ):  # fmt: skip
        assert any(Path(name).match(ending) for name in names), ending
    redirector = expected["sources"]["redirector"]
    assert redirector["malformed"] > 0
    assert redirector["repeated"] > 0


def test_an_unknown_field_and_an_unknown_column_occur(demo: Path) -> None:
    heads = [text_of(p).split("\n", 1)[0] for p in (demo / "redirector").glob("*.csv.gz")]
    assert {head.endswith(",consent_state") for head in heads} == {True, False}
    lines = [text_of(p).split("\n", 1)[0] for p in (demo / "redirector").glob("*.ndjson.gz")]
    assert {'"ab_test":' in line for line in lines} == {True, False}


def test_cloudfront_changes_its_columns_and_impact_shares_ids(demo: Path) -> None:
    counts = {
        len(text_of(path).splitlines()[1].split(" ")) - 1
        for path in (demo / "cloudfront").iterdir()
    }
    assert counts == {26, 33}
    rows = [
        row for path in (demo / "impact").glob("*.json.gz")
        for row in json.loads(text_of(path))["Clicks"]
        if iso(row["EventDate"])
    ]  # fmt: skip
    offsets = {row["EventDate"][-6:] for row in rows}
    assert offsets == {"-05:00", "-04:00"}  # the demo starts days before the clocks change
    ids = Counter(row["Id"] for row in {(r["Id"], r["EventDate"]): r for r in rows}.values())
    assert max(ids.values()) > 1


# --------------------------------------------------------------------- how it is distributed
def one(truth: duckdb.DuckDBPyConnection, sql: str) -> float:
    row = truth.execute(sql).fetchone()
    assert row is not None
    return float(row[0])


def test_shares_are_as_stated(truth: duckdb.DuckDBPyConnection) -> None:
    counted = "from truth where record_kind = 'click' and is_duplicate_of is null"
    for source in SOURCES:
        share = one(truth, f"select avg((source = '{source.name}')::int) {counted}")
        assert share == pytest.approx(source.share, abs=0.001)
    assert 0.02 < one(truth, f"select avg((bot_kind is not null)::int) {counted}") < 0.08
    assert 0.01 < one(truth, f"select avg(is_double_click::int) {counted}") < 0.03
    assert (
        0.003 < one(truth, f"select avg(is_late::int) {counted} and source = 'redirector'") < 0.02
    )


def test_partners_advertisers_and_visitors_are_heavy_tailed(
    truth: duckdb.DuckDBPyConnection,
) -> None:
    for column, top, low, high in (
        ("partner_code", 10, 0.3, 0.7),
        ("advertiser_code", 6, 0.25, 0.8),
    ):
        share = one(truth, f"""
            select sum(n) / (select count(*) from truth where record_kind = 'click') from (
                select count(*) as n from truth where record_kind = 'click'
                group by {column} order by n desc limit {top}
            )
        """)  # fmt: skip
        assert low < share < high, column
    assert one(truth, "select count(distinct partner_code) from truth") > 200
    assert one(truth, "select count(distinct network) from truth") == 10
    repeat = "select count(*) / count(distinct visitor_number) from truth where not is_bot"
    assert 1.5 < one(truth, repeat) < 6


def test_a_double_click_follows_its_click_within_two_seconds(
    truth: duckdb.DuckDBPyConnection,
) -> None:
    gaps = truth.execute("""
        select epoch_ms(second.clicked_at) - epoch_ms(first.clicked_at),
            second.visitor_number = first.visitor_number
        from truth as second
        inner join truth as first on first.click_number = second.double_click_of
        where second.is_double_click and second.record_kind = 'click'
    """).fetchall()
    assert len(gaps) > 50
    assert all(0 < gap < 2000 and same for gap, same in gaps)


def test_a_burst_is_faster_than_sixty_clicks_a_minute(truth: duckdb.DuckDBPyConnection) -> None:
    bursts = truth.execute("""
        select count(*), epoch(max(clicked_at) - min(clicked_at))
        from truth
        where bot_kind = 'burst' and record_kind = 'click' and is_duplicate_of is null
        group by source, visitor_number, clicked_at::date
    """).fetchall()
    assert bursts
    assert all(count % BURST_SIZE == 0 for count, _ in bursts)
    assert any(count == BURST_SIZE and seconds < 40 for count, seconds in bursts)


def test_black_friday_is_the_years_best_day_and_weekdays_differ() -> None:
    first = dt.date(2025, 1, 1)
    weights = seasons.day_weights(first, 365, seed=7)
    best = max(range(365), key=weights.__getitem__)
    assert first + dt.timedelta(days=best) == dt.date(2025, 11, 28)
    # Four quiet weeks: Saturday is the weakest day, Monday stronger.
    quiet = range(
        dt.date(2025, 3, 3).timetuple().tm_yday - 1, dt.date(2025, 3, 31).timetuple().tm_yday - 1
    )
    saturdays = [weights[day] for day in quiet if (first + dt.timedelta(days=day)).weekday() == 5]
    mondays = [weights[day] for day in quiet if (first + dt.timedelta(days=day)).weekday() == 0]
    assert sum(mondays) > 1.1 * sum(saturdays)


def test_addresses_are_reserved_for_documentation_and_tests(demo: Path) -> None:
    """No address and no domain of the demo can belong to anybody."""
    allowed = re.compile(
        r"198\.1[89]\.|203\.0\.113\.|192\.0\.2\.|198\.51\.100\.|2001:db8:"
        r"|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\."
        # The offices: a network that is given up (RFC 7526) and one for documentation (RFC 6676).
        r"|192\.88\.99\.|233\.252\.0\."
    )
    for path in sorted((demo / "redirector").glob("*.ndjson.gz"))[:20]:
        for _, row in objects(text_of(path).splitlines()):
            if row:
                assert allowed.match(row["ip"]), row["ip"]
                assert row["landing_url"].split("/")[2].endswith(".example")


# --------------------------------------------------------------------- running it
def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    options = ("--clicks", "3000", "--days", "24", "--end", "2025-12-05")
    for name, seed in (("first", "7"), ("second", "7"), ("other", "8")):
        assert make(tmp_path / name, *options, "--seed", seed).returncode == 0
    first, second, other = (digest(tmp_path / name) for name in ("first", "second", "other"))
    assert first == second
    assert len(first) > 60
    assert not set(first.values()) & set(other.values())


def test_files_in_the_way_are_kept_unless_told_otherwise(tmp_path: Path) -> None:
    precious = tmp_path / "redirector" / "clicks_real.ndjson"
    precious.parent.mkdir()
    precious.write_text("{}\n")
    refused = make(tmp_path, "--clicks", "100", "--days", "2")
    assert refused.returncode == 2
    assert "--replace" in refused.stdout
    assert precious.exists()
    assert make(tmp_path, "--clicks", "100", "--days", "2", "--replace").returncode == 0
    assert not precious.exists()
    for source in (*READERS, *landing.OTHER_FOLDERS):
        # So small a demo has no commissions of some networks.
        shutil.rmtree(tmp_path / source, ignore_errors=True)
    assert make(tmp_path, "--clicks", "100", "--days", "2").returncode == 0
    assert not (tmp_path / landing.IN_PROGRESS).exists()


def test_a_folder_that_cannot_be_written_is_named_in_a_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "landing"
    blocked.write_text("a file where a folder is needed")
    made = make(blocked, "--clicks", "100", "--days", "2")
    assert made.returncode == 1
    assert str(blocked) in made.stdout.replace("\n", "")
    assert "Traceback" not in made.stdout + made.stderr


@pytest.mark.parametrize("clicks", ["1", "17"])
def test_the_smallest_demo_is_made_too(tmp_path: Path, clicks: str) -> None:
    made = make(
        tmp_path / "landing", "--clicks", clicks, "--days", "3", "--truth", str(tmp_path / "t")
    )
    assert made.returncode == 0, made.stderr
    numbers = json.loads((tmp_path / "t" / "expected.json").read_text())
    assert sum(source["clicks"] for source in numbers["sources"].values()) == int(clicks)
    assert not (tmp_path / "landing" / "_truth").exists()


def test_batches_cover_every_record_once_and_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "CHUNK", 10 * BURST_SIZE)
    clicks = [30, 500, 0, 7, 399, 1, 2000]
    pages = [10, 100, 0, 3, 10, 0, 1]
    made = batches(clicks, pages)
    for numbers, spans in ((clicks, [b.clicks for b in made]), (pages, [b.pages for b in made])):
        upto = [0, *(span[1] for span in spans)]
        assert [span[0] for span in spans] == upto[:-1]
        assert upto[-1] == sum(numbers)
    assert all(
        b.clicks[1] - b.clicks[0] + b.pages[1] - b.pages[0] <= 10 * BURST_SIZE + 2 * BURST_SIZE
        for b in made
    )
    assert [b.periods[0] for b in made if b.part] == [1, 4, 6, 6, 6, 6, 6]
    assert made[0] == Batch(range(1), (0, 30), (0, 10))


def test_memory_does_not_grow_with_the_clicks(tmp_path: Path) -> None:
    """Guards `--clicks 20000000` on a laptop; also makes a day of several part files."""
    script = Path(__file__).resolve().parents[2] / "scripts" / "make_demo.py"
    folder = tmp_path / "big"
    process = subprocess.Popen(
        [
            sys.executable,
            str(script),
            "--landing",
            str(folder),
            "--clicks",
            "500000",
            "--days",
            "2",
        ],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    scale = 1 if sys.platform == "darwin" else 1024
    assert usage.ru_maxrss * scale < 1.6e9
    assert len(list((folder / "redirector").glob("*_part*"))) >= 4
    numbers = json.loads((folder / "_truth" / "expected.json").read_text())["sources"]["redirector"]
    distinct = duckdb.execute(
        "select count(distinct event_id) from read_json(?, columns = {event_id: 'varchar'}, "
        "ignore_errors = true)",
        [str(folder / "redirector" / "*.ndjson.gz")],
    ).fetchone()
    assert distinct == (numbers["clicks"],)


def test_no_contract_reads_the_truth(repository: Path) -> None:
    contracts = sorted(repository.glob("models/staging/*/_*__sources.yml"))
    patterns = [
        file["pattern"]
        for contract in contracts
        for source in yaml.safe_load(contract.read_text())["sources"]
        for table in source["tables"]
        for file in table.get("config", {}).get("meta", {}).get("landing", {}).get("files", [])
    ]
    assert not [pattern for pattern in patterns if pattern.startswith(("*", "_", "?"))]
