"""A real web server's log loads whole, and every fact known about it comes out by SQL.

The file and its facts: ../shared/data/README.md. Read once more here by independent Python.
"""

from __future__ import annotations

import csv
import gzip
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from warehouses import DATABASE, Warehouse

REQUESTS = "staging.stg_access_log__requests"
LINE = re.compile(
    r'(?P<host>\S+) \S+ \S+ \[(?P<time>[^]]+)] "(?P<request>[^"]*)" (?P<status>\d+) '
    r'(?P<bytes>\S+) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"?'
)


@pytest.fixture(scope="module")
def log(shared_data: Path) -> Path:
    """Return the real log, as it lies there."""
    return shared_data / "access_log" / "apache_combined_10000.log.gz"


@pytest.fixture(scope="module")
def lines(log: Path) -> list[str]:
    """Return the lines of the real log."""
    with gzip.open(log, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    log: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Return a warehouse with the log in it, and staging and the clicks built."""
    folder = tmp_path_factory.mktemp("real_log")
    target = str(request.param)
    settings = {}
    if target == "postgres":
        server = request.getfixturevalue("postgres_server")
        settings = server.create_database(DATABASE)
    landing = folder / "landing"
    (landing / "access_log").mkdir(parents=True)
    shutil.copy(log, landing / "access_log")
    warehouse = Warehouse(target, folder, settings)
    warehouse.load(landing)
    warehouse.dbt(
        "build",
        *("--exclude-resource-type", "test", "unit_test"),
        "--select",
        "click_rules countries stg_loader__files stg_loader__user_agents"
        " +int_clicks__from_candidates +int_clicks__candidates_counted",
    )
    yield warehouse
    if target == "postgres":
        server.drop_database(DATABASE)


def test_every_line_is_a_request(warehouse: Warehouse) -> None:
    assert warehouse.query(f"select count(*) from {REQUESTS}") == [(10_000,)]
    assert warehouse.query(
        "select status, records, accepted, rejected from staging.stg_loader__files"
    ) == [("loaded", 10_000, 10_000, 0)]


def test_the_bytes_served(warehouse: Warehouse) -> None:
    total = warehouse.query(f"select cast(sum(response_bytes) as bigint) from {REQUESTS}")
    assert total == [(2_747_282_740,)]


def test_the_classes_of_status(warehouse: Warehouse) -> None:
    counted = warehouse.query(
        f"""
        select cast(floor(status_code / 100.0) as integer) as status_class, count(*)
        from {REQUESTS}
        group by 1
        order by 1
        """
    )
    assert counted == [(2, 9171), (3, 609), (4, 217), (5, 3)]


def test_the_days(warehouse: Warehouse) -> None:
    counted = warehouse.query(
        f"""
        select cast(cast(requested_at as date) as varchar(10)), count(*)
        from {REQUESTS}
        group by 1
        order by 1
        """
    )
    days = ["2015-05-17", "2015-05-18", "2015-05-19", "2015-05-20"]
    assert counted == list(zip(days, [1632, 2893, 2896, 2579], strict=True))


def test_the_addresses_are_told_apart_without_being_kept(
    warehouse: Warehouse, lines: list[str]
) -> None:
    assert warehouse.query(f"select count(distinct ip_hash) from {REQUESTS}") == [(1753,)]
    hosts = [line.split(" ", 1)[0] for line in lines]
    prefixes = {".".join(host.split(".")[:3]) + ".0/24" for host in hosts}
    found = warehouse.query(f"select distinct ip_prefix from {REQUESTS}")
    assert {row[0] for row in found} == prefixes
    # The same visitors: as many requests for each address, whatever its hash.
    requests = warehouse.query(f"select count(*) from {REQUESTS} group by ip_hash")
    assert Counter(row[0] for row in requests) == Counter(Counter(hosts).values())


def test_the_requests_without_a_user_agent(warehouse: Warehouse) -> None:
    missing = warehouse.query(f"select count(*) from {REQUESTS} where user_agent is null")
    assert missing == [(190,)]


def test_the_requests_with_utm_parameters(warehouse: Warehouse, lines: list[str]) -> None:
    counted = warehouse.query(f"select count(*) from {REQUESTS} where strpos(query, 'utm_') > 0")
    assert counted == [(153,)]
    # Their values are percent-decoded, as a browser would read them.
    expected = Counter(
        parse_qs(match["request"].split()[1].split("?", 1)[1])["utm_campaign"][0]
        for match in map(LINE.match, lines)
        if match and "utm_campaign=" in match["request"]
    )
    found = warehouse.query(
        f"""
        select utm_campaign, count(*)
        from {REQUESTS}
        where utm_campaign is not null
        group by utm_campaign
        """
    )
    assert {row[0]: row[1] for row in found} == expected


def test_the_exact_duplicates(warehouse: Warehouse) -> None:
    """Equal in every column that comes from the line: one of each is no duplicate."""
    columns = (
        "requested_at, ip_hash, ident, remote_user_hash, method, path, query, protocol,"
        " status_code, response_bytes, referrer_url, user_agent"
    )
    duplicates = warehouse.query(
        f"select count(*) from (select distinct {columns} from {REQUESTS}) as different"
    )
    assert duplicates == [(10_000 - 19,)]


def test_the_line_whose_last_quote_is_missing_is_a_request(
    warehouse: Warehouse, lines: list[str]
) -> None:
    (number,) = (n for n, line in enumerate(lines, 1) if not line.endswith('"'))
    found = warehouse.query(
        f"select path, status_code, user_agent from {REQUESTS} where line_number = {number}"
    )
    assert found == [
        (
            "/scripts/grok-py-test/configlib.py",
            200,
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html",
        )
    ]


def test_a_row_is_the_line_with_its_number(warehouse: Warehouse, lines: list[str]) -> None:
    """Traceability: the hundredth row is the hundredth line, and so on."""
    for number in (1, 100, 5_000, 9_999, 10_000):
        match = LINE.match(lines[number - 1])
        assert match is not None
        method, target, protocol = match["request"].split()
        path, _, query = target.partition("?")
        found = warehouse.query(
            f"""
            select method, path, query, protocol, status_code, response_bytes, referrer_url
            from {REQUESTS}
            where line_number = {number}
            """
        )
        size = None if match["bytes"] == "-" else int(match["bytes"])
        referrer = None if match["referrer"] == "-" else match["referrer"]
        status = int(match["status"])
        assert found == [(method, path, query or None, protocol, status, size, referrer)]


def rule_matches(rule: dict[str, str], path: str, query: str) -> bool:
    """Apply a rule of the seed as its description says, independently of the SQL."""
    if rule["source_name"] not in ("*", "access_log"):
        return False
    if rule["field"] == "path":
        return path.startswith(rule["value"])
    parts = [parameter.partition("=") for parameter in query.split("&")]
    if rule["match"] == "prefix":
        return any(name.startswith(rule["value"]) for name, _, _ in parts)
    return any(name == rule["value"] and equals for name, equals, _ in parts)


def test_the_clicks_are_those_of_the_rules_and_the_rest_is_counted(
    warehouse: Warehouse, lines: list[str], repository: Path
) -> None:
    with (repository / "seeds" / "click_rules.csv").open(newline="", encoding="utf-8") as file:
        rules = list(csv.DictReader(file))
    expected = {}
    for number, line in enumerate(lines, 1):
        match = LINE.match(line)
        assert match is not None
        path, _, query = match["request"].split()[1].partition("?")
        ids = [int(rule["rule_id"]) for rule in rules if rule_matches(rule, path, query)]
        if ids:
            expected[number] = min(ids)
    found = warehouse.query(
        "select line_number, click_rule_id from intermediate.int_clicks__from_candidates"
    )
    assert {row[0]: row[1] for row in found} == expected
    assert len(expected) >= 153
    assert warehouse.query(
        "select requests, clicks, others from intermediate.int_clicks__candidates_counted"
    ) == [(10_000, len(expected), 10_000 - len(expected))]


def test_equal_lines_are_requests_of_their_own(warehouse: Warehouse) -> None:
    """Nothing of one delivery is taken for a copy of something else in it."""
    total = warehouse.query(
        "select count(*) - count(distinct event_id) from intermediate.int_clicks__from_candidates"
    )
    assert total == [(0,)]
