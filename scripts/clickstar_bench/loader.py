"""The part `loader`: the loader against DuckDB's own readers, on the same files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import duckdb
import yaml

from clickstar_bench.measure import (
    REPOSITORY,
    BenchError,
    Comparison,
    Measurement,
    Settings,
    by_turns,
    measure,
)
from clickstar_bench.page import Promise, Report, comparison_grid

FILES_PER_FORMAT = 10
# The promise: the loader's CPU seconds against those of DuckDB's own readers, at most.
PROMISED_RATIO = 1.5
PROMISED_MEGABYTES = 2048
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

CONTRACT = REPOSITORY / "models" / "staging" / "redirector" / "_redirector__sources.yml"
# How the fields of a click are made from its number `i` and the draws r1 to r4 (0 to 1, even).
FIELD_SQL = {
    "event_id": "md5(i::varchar)",
    "event_time": "strftime(clicked_at, '%Y-%m-%dT%H:%M:%S.%gZ')",
    "network": "list_extract(['awin', 'cj', 'impact', 'everflow'], 1 + (r1 * 4)::integer % 4)",
    "advertiser_id": "'A' || (pow(r2, 3) * 2000)::integer::varchar",
    "partner_id": "'P' || (pow(r3, 3) * 9000)::integer::varchar",
    "program_id": "'R' || (pow(r2, 3) * 3000)::integer::varchar",
    "campaign_id": "'C' || (r4 * 400)::integer::varchar",
    "creative_id": "'K' || (r1 * 5000)::integer::varchar",
    "sub_id": "case when r4 < 0.4 then 'newsletter, week ' || (r3 * 52)::integer::varchar end",
    "landing_url": (
        "'https://www.shop' || (r2 * 900)::integer::varchar || '.example/products/'"
        " || (r3 * 100000)::integer::varchar || '?utm_source=partner&utm_medium=affiliate"
        "&ref=' || i"
    ),
    "referrer_url": (
        "case when r1 < 0.8 then 'https://blog' || (r4 * 4000)::integer::varchar"
        " || '.example/reviews/' || (r2 * 300)::integer::varchar end"
    ),
    "user_agent": (
        "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'"
        " || (90 + (r4 * 40)::integer)::varchar || '.0.' || (r3 * 9)::integer::varchar"
        " || '.0 Safari/537.36'"
    ),
    "ip": (
        "'203.' || (r1 * 255)::integer::varchar || '.' || (r2 * 255)::integer::varchar || '.'"
        " || (r3 * 255)::integer::varchar"
    ),
    "country": "list_extract(['US', 'DE', 'GB', 'FR', 'NL', 'PL'], 1 + (r2 * 6)::integer % 6)",
    "cookie_id": "case when r3 < 0.9 then md5('v' || (r1 * 300000)::integer::varchar) end",
    "cpc": "(r4 * 2)::decimal(12, 4)",
    "currency": "list_extract(['USD', 'EUR', 'GBP'], 1 + (r3 * 3)::integer % 3)",
}
# One click in a hundred is delivered twice; one line in a thousand is cut short.
CLICKS_SQL = """
    select
        n,
        i,
        timestamp '2024-01-01' + to_milliseconds((i * 137) % 10000000000) as clicked_at,
        (hash(i, 1) % 1000003) / 1000003 as r1,
        (hash(i, 2) % 1000003) / 1000003 as r2,
        (hash(i, 3) % 1000003) / 1000003 as r3,
        (hash(i, 4) % 1000003) / 1000003 as r4
    from (select range as n, range - (range % 100 = 3)::integer as i from range({first}, {last}))
"""
CUT_SHORT = "case when n % 1000 = 7 then left(line, 60) else line end"
AS_LINES = "(format csv, header false, quote '', escape '', delimiter '\x1f', compression gzip)"


def contract_fields() -> dict[str, str]:
    """Return field of the redirector's files → DuckDB type, as the contract types them.

    Raises BenchError when the contract does not have the fields that the benchmark writes.
    """
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    types: dict[str, str] = {}
    for column in document["sources"][0]["tables"][0]["columns"]:
        meta = column.get("config", {}).get("meta", {})
        field = meta.get("field", column["name"])
        if not column["name"].startswith("_") and "url_parameter" not in meta:
            declared = (
                "varchar"
                if "pii" in meta
                else re.sub(r"varchar\(\d+\)", "varchar", column["data_type"])
            )
            types.setdefault(field, declared)
    missing = sorted(set(FIELD_SQL) - set(types))
    if missing:
        raise BenchError(
            f"{CONTRACT.relative_to(REPOSITORY)} has no field {', '.join(missing)} any more:"
            " name the fields in FIELD_SQL of the benchmark's loader.py as the contract does."
        )
    return {field: types[field] for field in FIELD_SQL}


def write_clicks(folder: Path, kind: str, rows: int) -> int:
    """Write the benchmark's clicks as files of one kind and return their bytes on disk."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for number in range(FILES_PER_FORMAT):
            bounds = [rows * part // FILES_PER_FORMAT for part in (number, number + 1)]
            clicks = CLICKS_SQL.format(first=bounds[0], last=bounds[1])
            fields = ", ".join(f"{sql} as {name}" for name, sql in FIELD_SQL.items())
            target = folder / f"clicks_{number:03d}.{kind}"
            if kind == "parquet":
                query, options = f"select {fields} from ({clicks})", "(format parquet)"
            elif kind == "ndjson.gz":
                pairs = ", ".join(f"{name} := {sql}" for name, sql in FIELD_SQL.items())
                query = (
                    f"select {CUT_SHORT} as line from"
                    f" (select n, to_json(struct_pack({pairs}))::varchar as line from ({clicks}))"
                )
                options = AS_LINES
            else:
                # Only these can hold a comma.
                quoted = [
                    f"""'"' || coalesce(({sql})::varchar, '') || '"'"""
                    if name in ("sub_id", "landing_url", "user_agent")
                    else f"coalesce(({sql})::varchar, '')"
                    for name, sql in FIELD_SQL.items()
                ]
                line = " || ',' || ".join(quoted)
                query = (
                    f"select '{','.join(FIELD_SQL)}' as line union all"
                    f" select {CUT_SHORT} from (select n, {line} as line from ({clicks}))"
                )
                options = AS_LINES
            connection.execute(f"copy ({query}) to '{target}' {options}")
    return sum(path.stat().st_size for path in folder.iterdir())


def lossy_query(folder: Path, kind: str, types: Mapping[str, str]) -> str:
    """Return DuckDB's own way from the files to a typed table, which loses what it cannot read."""
    files = f"'{folder}/*.{kind}'"
    columns = ", ".join(f"'{name}': '{kind_of}'" for name, kind_of in types.items())
    if kind == "parquet":
        typed = ", ".join(f"{name}::{kind_of} as {name}" for name, kind_of in types.items())
        return f"create table clicks as select {typed} from read_parquet({files})"
    if kind == "ndjson.gz":
        reader = f"read_json({files}, format = 'newline_delimited', ignore_errors = true"
    else:
        reader = f"read_csv({files}, header = true, ignore_errors = true"
    return f"create table clicks as select * from {reader}, columns = {{{columns}}})"


LOSSY_PROGRAM = """
import sys, duckdb
config = {"storage_compatibility_version": "v1.4.0", "threads": int(sys.argv[3])}
duckdb.connect(sys.argv[1], config=config).execute(sys.argv[2])
"""


def loader_part(settings: Settings) -> Report:
    """Compare the loader with DuckDB's typed ``read_*`` of the same files into a table."""
    types = contract_fields()
    threads = os.environ.get("CLICKSTAR_THREADS", "2")
    # Installed packages come compiled; so shall the loader, after its first turn.
    inherited = {name: value for name, value in os.environ.items() if name != NO_BYTECODE}
    comparisons = []
    for kind in ("ndjson.gz", "csv.gz", "parquet"):
        landing = settings.scratch / kind
        size = write_clicks(landing / "redirector", kind, settings.rows)
        warehouse = settings.scratch / "warehouse" / "clickstar.duckdb"
        environment = {
            **inherited,
            "TARGET": "duckdb",
            "CLICKSTAR_DUCKDB_PATH": str(warehouse),
            "CLICKSTAR_THREADS": threads,
            "CLICKSTAR_SALT": "benchmark",
        }
        loader = str(REPOSITORY / "scripts" / "load.py")
        query = lossy_query(landing / "redirector", kind, types)
        commands = {
            "ours": [sys.executable, loader, "load", "--landing", str(landing)],
            "theirs": [sys.executable, "-c", LOSSY_PROGRAM, str(warehouse), query, threads],
        }

        def turn(
            side: str,
            commands: Mapping[str, list[str]] = commands,
            environment: Mapping[str, str] = environment,
            folder: Path = warehouse.parent,
        ) -> Measurement:
            folder.mkdir(exist_ok=True)
            used = measure(commands[side], environment)
            for path in folder.iterdir():
                path.unlink()
            return used

        turns = by_turns(
            settings.runs, {"ours": partial(turn, "ours"), "theirs": partial(turn, "theirs")}
        )
        comparisons.append(Comparison(kind, size, settings.rows, turns["ours"], turns["theirs"]))
    return Report(
        title="Loader",
        explanation=(
            "The loader reads the redirector's clicks by the project's own contract: it checks"
            " every byte, types every value, keeps what it must reject, hashes personal data and"
            " writes the ledger, in transactions. DuckDB's own readers (`read_json` and `read_csv`"
            " with `ignore_errors`, `read_parquet`) put the same fields, with the same types, into"
            " a table and drop what they cannot read. One click in a hundred comes twice, one line"
            " in a thousand is cut short. Starting Python is in both."
        ),
        grids=[
            comparison_grid("Loader, CPU seconds", "loader", "DuckDB", PROMISED_RATIO, comparisons)
        ],
        promises=[
            promise
            for item in comparisons
            for promise in (
                Promise(
                    f"Loader, {item.name}, CPU seconds to DuckDB's", item.ratio, PROMISED_RATIO
                ),
                Promise(f"Loader, {item.name}, memory", item.megabytes, PROMISED_MEGABYTES, "MB"),
            )
        ],
        data={"comparisons": [item.as_json() for item in comparisons]},
    )
