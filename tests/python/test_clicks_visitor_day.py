"""One visitor's day, from what arrived to what is counted, as docs/visitor_day.md shows it.

The page's tables are made from a warehouse that is built here; what they must say is worked out by
hand in `VERDICTS` and `VISITS`. `WRITE_DOCS=1` writes the tables into the page.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from pages import hold_tables, table
from warehouses import ROOT, Warehouse

PAGE = ROOT / "docs" / "visitor_day.md"
PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SHOP = "https://shop.example"

# time, event, partner, what else the record says
CLICKS: list[tuple[str, str, str, dict[str, str]]] = [
    ("2026-03-02T09:00:00Z", "c1", "north", {}),
    ("2026-03-02T09:00:01Z", "c2", "north", {}),
    ("2026-03-02T09:30:00Z", "c3", "north", {}),
    ("2026-03-02T10:00:00Z", "c4", "north", {}),
    ("2026-03-02T10:29:59Z", "c5", "north", {}),
    ("2026-03-02T10:30:10Z", "c6", "south", {}),
    ("2026-03-02T10:31:00Z", "c7", "south", {"request_purpose": "prefetch"}),
    (
        "2026-03-02T10:40:00.300Z",
        "c8",
        "south",
        {"page_viewed_at": "2026-03-02T10:40:00Z", "request_method": "HEAD"},
    ),
    ("2026-03-02T12:00:00Z", "c9", "south", {"user_agent": ROBOT}),
    ("2026-03-02T23:50:00Z", "c10", "north", {}),
    ("2026-03-03T00:05:00Z", "c11", "north", {}),
    ("2026-03-03T00:05:00Z", "c11", "north", {}),
]
VIEWS = [
    ("2026-03-02T09:00:03Z", f"{SHOP}/boots?cst_click=c1"),
    ("2026-03-02T09:04:00Z", f"{SHOP}/boots/brown"),
    ("2026-03-02T23:52:00Z", f"{SHOP}/boots/brown"),
]

# What a person finds with the rules on paper: `impact` counts a visitor's clicks on one partner's
# links once until half an hour has passed without a click. Every rule that hit, in its order.
VERDICTS = {
    # The first one.
    "c1": ("unique", "impact", ()),
    # A double click.
    "c2": ("duplicate", "impact", ()),
    # 29:59 after c2, then exactly 30:00 after c3: the window is half open, so that one is unique.
    "c3": ("duplicate", "impact", ()),
    "c4": ("unique", "impact", ()),
    "c5": ("duplicate", "impact", ()),
    # Another partner's link.
    "c6": ("unique", "impact", ()),
    "c7": ("invalid", "prefetch", ("prefetch",)),
    # Two rules hit; the one with the lower priority number names the verdict.
    "c8": ("invalid", "head_request", ("head_request", "fast_click")),
    # A robot on a public list, which also says that it is one, and names no device.
    "c9": ("invalid", "known_bot", ("known_bot", "declared_bot", "unknown_agent")),
    # Midnight divides neither the window nor the visit. c11 came twice and is one click.
    "c10": ("unique", "impact", ()),
    "c11": ("duplicate", "impact", ()),
}
# began, ended, clicks, page views. c3 comes 26 minutes after the last page: it is of that visit.
# c4 comes exactly half an hour after c3, and begins the next. The two shop pages at 9 belong to the
# visitor because the first of them carries the id of c1.
VISITS = [
    ("09:00:00", "09:30:00", 3, 2),
    ("10:00:00", "10:40:00", 5, 0),
    ("12:00:00", "12:00:00", 1, 0),
    ("23:50:00", "00:05:00", 2, 1),
]


def _lines(path: Path, records: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def _landing(folder: Path) -> Path:
    clicks: list[dict[str, object]] = [
        {
            "event_id": event,
            "event_time": time,
            "network": "impact",
            "advertiser_id": "shop",
            "partner_id": partner,
            "cookie_id": "the visitor",
            "user_agent": PERSON,
            "ip": "203.0.113.9",
            "landing_url": f"{SHOP}/boots?cst_click={event}",
            **more,
        }
        for time, event, partner, more in CLICKS
    ]
    views: list[dict[str, object]] = [
        {
            "event_date": time[:10].replace("-", ""),
            "event_timestamp": str(int(datetime.fromisoformat(time).timestamp()) * 1_000_000),
            "event_name": "page_view",
            "user_pseudo_id": "the shop's cookie",
            "event_params": [{"key": "page_location", "value": {"string_value": page}}],
        }
        for time, page in VIEWS
    ]
    _lines(folder / "redirector" / "clicks.ndjson", clicks)
    _lines(folder / "ga4" / "events_20260303.ndjson", views)
    return folder


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a warehouse with the visitor's day."""
    folder = tmp_path_factory.mktemp("visitor_day")
    warehouse = Warehouse("duckdb", folder)
    warehouse.load(_landing(folder / "landing"))
    warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "unit_test"),
        *("--select", "+fct_daily_performance", "+fct_sessions"),
    )
    return warehouse


_CLICKS = """
    select
        raw.event_id, clicks.clicked_at, raw.partner_id, clicks.click_class, rules.rule_id,
        coalesce(hits.rules, []) as rules
    from marts.fct_clicks as clicks
    inner join raw.redirector__clicks as raw
        on clicks.file_id = raw._file_id and clicks.line_number = raw._line_number
    inner join marts.dim_click_quality as rules using (click_quality_key)
    left join (
        select click_id, list(rule_id order by priority) as rules
        from intermediate.int_clicks__judged group by click_id
    ) as hits using (click_id)
    order by clicks.clicked_at
"""
_VISITS = """
    select
        strftime(started_at, '%H:%M:%S'), strftime(ended_at, '%H:%M:%S'), clicks, page_views,
        duration_seconds, entry_page, exit_page, ended_by
    from marts.fct_sessions order by started_at
"""
_COUNTS = """
    select
        date_day, sum(clicks), sum(unique_clicks), sum(duplicate_clicks), sum(invalid_clicks)
    from marts.fct_daily_performance inner join marts.dim_date using (date_key)
    group by date_day order by date_day
"""


def test_every_verdict_is_the_one_worked_out_by_hand(day: Warehouse) -> None:
    found: dict[object, object] = {}
    for event, _, _, click_class, rule, rules in day.query(_CLICKS):
        assert isinstance(rules, list)
        found[event] = (click_class, rule, tuple(rules))
    assert found == VERDICTS


def test_every_visit_is_the_one_worked_out_by_hand(day: Warehouse) -> None:
    assert [row[:4] for row in day.query(_VISITS)] == VISITS


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%H:%M:%S.%f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return ", ".join(f"`{rule}`" for rule in value) or "none"
    return str(value)


def _tables(day: Warehouse) -> dict[str, str]:
    counts = day.query(_COUNTS)
    together = ("both", *(sum(int(str(row[n])) for row in counts) for n in range(1, 5)))
    return {
        "clicks": table(
            "click, time, partner, class, by the rule, rules that hit", day.query(_CLICKS), _text
        ),
        "visits": table(
            "began, ended, clicks, page views, seconds, entry page, exit page, ended by",
            day.query(_VISITS),
            _text,
        ),
        "counts": table("day, gross, unique, duplicate, invalid", [*counts, together]),
    }


def test_the_page_shows_what_is_built(day: Warehouse) -> None:
    hold_tables(PAGE, _tables(day))
