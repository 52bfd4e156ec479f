"""Every metric has worked rows, and MetricFlow must give the values worked out by hand.

Seven records arrive. Six are clicks, because e4 comes twice:

| event | day | visitor | cost |
| --- | --- | --- | --- |
| e1 | 1 March | cookie A | 0.50 USD |
| e2 | 1 March | cookie A | 0.25 USD |
| e3 | 1 March, 23:59 | cookie B | |
| e4, e4 | 2 March, 00:00 | cookie B | 0.30 EUR |
| e5 | 2 March | address, browser x | |
| e6 | 2 March | the same address, browser y | |

And five page views. The third one comes in a file that also tells of 4 March:

| view | time | visitor |
| --- | --- | --- |
| v1, v2, v2 | 1 March, 12:00:00 and 12:00:30 | cookie C |
| v3, late | 1 March, 12:10 | cookie C |
| v4 | 4 March | cookie D |

Sessions on 1 March: A (2 clicks, 300 s), B (2 clicks over midnight, 1 s), C (3 page views, 600 s,
reopened); on 2 March one of each browser; on 4 March one of D.

On 5 March ten records for the classes, of one partner's links (half an hour, rolling):

| event | time | visitor | class |
| --- | --- | --- | --- |
| f1 to f4 | 10:00, 10:20, 10:40, 11:10 | cookie G | unique, duplicate twice, unique |
| f5 | 11:39 | cookie G, a test | invalid |
| f6 | 11:40 | cookie G | unique: 30 minutes after f4, and f5 does not count |
| f7, f8 | 12:00 | cookie H, prefetched and HEAD | invalid |
| f9 | 12:01 | cookie H | unique |
| f10 | 12:02 | cookie H, partner 2 | unique |
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from private_postgres import PostgresServer
from warehouses import DATABASE, Warehouse, project_copy

SESSIONS = (
    "sessions,page_views,session_clicks,session_visitors,clicks_per_session,page_views_per_session,"
    "average_session_duration,reopened_sessions,reopened_session_share"
)
LATE = "received_events,late_events,late_event_share"
ALL = "clicks,visitors,clicks_per_visitor,cost,cost_per_click"


def click(event: str, time: str, **fields: str) -> dict[str, str]:
    return {
        "event_id": event,
        "event_time": time,
        "network": "impact",
        "advertiser_id": "a1",
        "partner_id": "p1",
        **fields,
    }


RECORDS = [
    click("e1", "2026-03-01T10:00:00Z", cookie_id="A", cpc="0.50", currency="USD"),
    click("e2", "2026-03-01T10:05:00Z", cookie_id="A", cpc="0.25", currency="USD"),
    click("e3", "2026-03-01T23:59:59Z", cookie_id="B"),
    click("e4", "2026-03-02T00:00:00Z", cookie_id="B", cpc="0.30", currency="EUR"),
    click("e4", "2026-03-02T00:00:00Z", cookie_id="B", cpc="0.30", currency="EUR"),
    click("e5", "2026-03-02T08:00:00Z", ip="203.0.113.9", user_agent="browser x"),
    click("e6", "2026-03-02T08:00:00Z", ip="203.0.113.9", user_agent="browser y"),
]


def view(day: int, time: str, visitor: str) -> dict[str, object]:
    """A page view in March, as GA4 exports it."""
    at = dt.datetime.fromisoformat(f"2026-03-{day:02d}T{time}Z")
    url = {"key": "page_location", "value": {"string_value": f"https://shop.example/{time}"}}
    return {
        "event_date": f"202603{day:02d}",
        "event_timestamp": str(int(at.timestamp()) * 1_000_000),
        "event_name": "page_view",
        "user_pseudo_id": visitor,
        "event_params": [url],
    }


VIEWS = {
    "events_20260301": [
        view(1, "12:00:00", "C"),
        view(1, "12:00:30", "C"),
        view(1, "12:00:30", "C"),
    ],
    "events_20260304": [view(1, "12:10:00", "C"), view(4, "08:00:00", "D")],
}
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"


def judged(event: str, time: str, cookie: str, **fields: str) -> dict[str, str]:
    return click(
        event,
        f"2026-03-05T{time}:00Z",
        cookie_id=cookie,
        user_agent=BROWSER,
        **fields,
    )


JUDGED = [
    judged("f1", "10:00", "G"),
    judged("f2", "10:20", "G"),
    judged("f3", "10:40", "G"),
    judged("f4", "11:10", "G"),
    judged("f5", "11:39", "G", is_test="true"),
    judged("f6", "11:40", "G"),
    judged("f7", "12:00", "H", request_purpose="prefetch"),
    judged("f8", "12:00", "H", request_method="HEAD"),
    judged("f9", "12:01", "H"),
    judged("f10", "12:02", "H", partner_id="p2"),
]
CLASSES = "clicks,unique_clicks,duplicate_clicks,invalid_clicks,invalid_click_rate"


def built(target: str, folder: Path, settings: dict[str, str]) -> Warehouse:
    landing = folder / "landing"
    (landing / "redirector").mkdir(parents=True)
    (landing / "redirector" / "clicks.ndjson").write_text(
        "".join(json.dumps(record) + "\n" for record in RECORDS)
    )
    # A file of its own: the clicks of 1 March would be late in a file that tells of 5 March.
    (landing / "redirector" / "judged.ndjson").write_text(
        "".join(json.dumps(record) + "\n" for record in JUDGED)
    )
    (landing / "ga4").mkdir()
    for name, views in VIEWS.items():
        (landing / "ga4" / f"{name}.ndjson").write_text(
            "".join(json.dumps(record) + "\n" for record in views)
        )
    warehouse = Warehouse(target, folder, settings)
    warehouse.load(landing)
    warehouse.dbt("build", "--exclude-resource-type", "test", "unit_test")
    # MetricFlow finds the manifest in the folder of the project only.
    project = project_copy(folder / "project")
    shutil.copytree(folder / "target", project / "target")
    return replace(warehouse, project=project)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp(f"metrics_{request.param}")
    if request.param == "duckdb":
        yield built("duckdb", folder, {})
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    settings = server.create_database(DATABASE)
    yield built("postgres", folder, settings)
    server.drop_database(DATABASE)


def numbers(row: dict[str, str], names: str = ALL) -> list[float | None]:
    return [float(row[name]) if row[name] else None for name in names.split(",")]


def test_by_day(warehouse: Warehouse) -> None:
    rows = warehouse.metrics("clicks,visitors,clicks_per_visitor", "metric_time__day")
    by_day = {
        day[0][:10]: [float(value) for value in values.values()] for day, values in rows.items()
    }
    assert by_day == {
        "2026-03-01": [3, 2, 1.5],
        "2026-03-02": [3, 3, 1.0],
        "2026-03-05": [10, 2, 5.0],
    }


def test_in_total_visitors_are_counted_once(warehouse: Warehouse) -> None:
    rows = warehouse.metrics("clicks,visitors,clicks_per_visitor", "metric_time__year")
    assert [[float(value) for value in row.values()] for row in rows.values()] == [[16, 6, 16 / 6]]


def test_costs_stay_with_their_currency(warehouse: Warehouse) -> None:
    rows = warehouse.metrics(ALL, "click__currency_code")
    assert {key[0]: numbers(row) for key, row in rows.items()} == {
        "USD": [2, 1, 2.0, 0.75, 0.375],
        "EUR": [1, 1, 1.0, 0.3, 0.3],
        "": [13, 5, 2.6, None, None],
    }


def test_sessions_by_the_day_on_which_they_began(warehouse: Warehouse) -> None:
    rows = warehouse.metrics(SESSIONS, "metric_time__day")
    assert {day[0][:10]: numbers(row, SESSIONS) for day, row in rows.items()} == {
        "2026-03-01": pytest.approx([3, 3, 4, 3, 4 / 3, 1, 901 / 3, 1, 1 / 3]),
        "2026-03-02": [2, 0, 2, 2, 1, 0, 0, 0, 0],
        "2026-03-04": [1, 1, 0, 1, 0, 1, 0, 0, 0],
        # f4 comes exactly half an hour after f3 and begins a visit.
        "2026-03-05": pytest.approx([3, 0, 10, 2, 10 / 3, 0, 4320 / 3, 0, 0]),
    }


def test_late_events_by_source(warehouse: Warehouse) -> None:
    rows = warehouse.metrics(LATE, "source_day__source_name")
    assert {source[0]: numbers(row, LATE) for source, row in rows.items()} == {
        "redirector": [16, 0, 0],
        "ga4": [4, 1, 0.25],
    }


def test_classes_by_day(warehouse: Warehouse) -> None:
    """e1 to e4 have no user agent, although the tracker would write it: invalid, too."""
    rows = warehouse.metrics(CLASSES, "metric_time__day")
    by_day = {
        day[0][:10]: [float(value) for value in values.values()] for day, values in rows.items()
    }
    assert by_day["2026-03-05"] == [10, 5, 2, 3, 0.3]
    for clicks, *classes, rate in by_day.values():
        assert clicks == sum(classes)
        assert rate == pytest.approx(classes[2] / clicks)


def test_invalid_clicks_by_their_rule(warehouse: Warehouse) -> None:
    rows = warehouse.metrics("clicks", "click_quality__rule_id,click__click_class")
    found = {tuple(sorted(key)): float(row["clicks"]) for key, row in rows.items()}
    expected = {
        ("invalid", "missing_user_agent"): 4,
        ("invalid", "prefetch"): 1,
        ("head_request", "invalid"): 1,
        ("invalid", "test_click"): 1,
        ("duplicate", "impact"): 2,
    }
    assert {key: found.get(key) for key in expected} == expected
