"""Commissions are matched anew where something of theirs changed, and the others keep their clicks.

One warehouse of the demo, to which one thing after the other happens. After each, the matches that
an incremental build has are those that a full refresh of the model makes of the same tables, and
something of them has changed.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from warehouses import Warehouse, demo_landing

MODEL = "int_commissions__matched_to_clicks"
BUILD = ("run", "--select", f"+{MODEL}")
# The source that names its files by day; some of these days come late.
CLICKS = "redirector/clicks_*.ndjson.gz"
Matches = dict[int, tuple[object, ...]]


class Demo:
    """The warehouse, its files, and those that are held back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.landing = demo_landing(folder, "--clicks", "6000", "--days", "40")
        self.days = sorted(self.landing.glob(CLICKS))[5:25]
        self.late = folder / "late"
        self.late.mkdir()
        for path in self.days:
            shutil.move(path, self.late)
        self.warehouse = Warehouse("duckdb", folder)
        self.warehouse.load(self.landing)
        self.warehouse.dbt("build", *BUILD[1:], "--exclude-resource-type", "test", "unit_test")

    def matches(self, warehouse: Warehouse) -> Matches:
        """The rows of the model by commission."""
        rows = warehouse.query(f"select * from intermediate.{MODEL}")
        return {int(str(row[0])): row[1:] for row in rows}

    def of_a_full_refresh(self) -> Matches:
        """The rows that the model has in a copy of the warehouse in which it is made anew."""
        copy = self.warehouse.copied(self.folder / "copy")
        copy.dbt("run", "--full-refresh", "--select", MODEL)
        return self.matches(copy)

    def halve(self, paths: Sequence[Path]) -> None:
        """Let files come again with the first half of their clicks, and build."""
        for path in paths:
            lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
            path.write_bytes(gzip.compress(b"".join(lines[: len(lines) // 2])))
        self.warehouse.load(self.landing)
        self.warehouse.dbt(*BUILD)

    def change(self, sql: str) -> None:
        """Change a table, and build the model alone."""
        self.warehouse.execute(sql)
        self.warehouse.dbt("run", "--select", MODEL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return the demo without some days of clicks."""
    return Demo(tmp_path_factory.mktemp("matched_incremental"))


def a_network_tells_no_times_any_more(demo: Demo) -> None:
    """No commission of a network tells the time of its click: then the last click counts."""
    demo.change(
        "update intermediate.int_commissions__attributes set clicked_at = null"
        " where network_code = 'awin'"
    )


def a_click_of_long_ago_is_named(demo: Demo) -> None:
    """By a commission of three months later, while nobody has that click: it finds none.

    Another that is as late keeps the click of the moment that it tells.
    """
    lines = gzip.decompress((demo.late / demo.days[0].name).read_bytes()).splitlines()
    clicks = [json.loads(line) for line in lines]
    event_id = next(click["event_id"] for click in clicks if click["network"] == "cj")
    demo.change(
        f"""
        create table main.naming as
        select min(matches.commission_key) as commission_key
        from intermediate.{MODEL} as matches
        inner join intermediate.int_commissions__attributes as attributes using (commission_key)
        where attributes.network_code = 'cj';
        update intermediate.int_commissions__attributes
        set sub_id = '{event_id}', clicked_at = null
        where commission_key in (select commission_key from main.naming);
        insert into main.naming
        select min(matches.commission_key)
        from intermediate.{MODEL} as matches
        inner join intermediate.int_commissions__attributes as attributes using (commission_key)
        where matches.match_method = 'click_time' and attributes.network_code not in ('cj', 'awin');
        update intermediate.int_commissions__attributes
        set occurred_at = occurred_at + interval '90 days'
        where commission_key in (select commission_key from main.naming);
        delete from intermediate.{MODEL}__int_commissions__attributes
        where commission_key in (select commission_key from main.naming)
        """
    )


def clicks_come_late(demo: Demo) -> None:
    """The clicks of some days arrive weeks after the commissions that they led to."""
    for path in demo.days:
        shutil.move(demo.late / path.name, path)
    demo.warehouse.load(demo.landing)
    demo.warehouse.dbt(*BUILD)


def a_file_is_replaced(demo: Demo) -> None:
    """Files lose half of their clicks: what was named, or came last before a sale, is gone."""
    demo.halve(demo.days[:6])


def a_named_click_is_after_its_sale(demo: Demo) -> None:
    """It is refused, and no other takes its place."""
    replaced = demo.days[6].relative_to(demo.landing)
    demo.change(
        f"""
        create table main.named as
        select attributes.commission_key, min(clicks.event_id) as event_id
        from intermediate.{MODEL} as matches
        inner join intermediate.int_commissions__attributes as attributes using (commission_key)
        inner join raw.redirector__clicks as clicks
            on
                attributes.network_code = clicks.network_code
                and clicks.clicked_at > attributes.occurred_at + interval '3 days'
        inner join raw._files as files on clicks._file_id = files.file_id
        where
            matches.match_method = 'click_time'
            and files.path = '{replaced}'
            and clicks._line_number > 0.6 * files.records
        group by attributes.commission_key
        order by attributes.commission_key
        limit 1;
        update intermediate.int_commissions__attributes as attributes
        set sub_id = named.event_id
        from main.named
        where attributes.commission_key = named.commission_key;
        delete from intermediate.{MODEL}__int_commissions__attributes
        where commission_key in (select commission_key from main.named)
        """
    )
    assert demo.warehouse.query("select * from main.named") != []


def that_click_is_gone(demo: Demo) -> None:
    """Its file is replaced by one without it: now the click of the told moment counts."""
    demo.halve(demo.days[6:7])


def an_advertiser_is_mapped_to_another(demo: Demo) -> None:
    """The programs of a network are other advertisers than those of its clicks."""
    demo.change(
        "update intermediate.int_master__crosswalk_versions set code = 'another'"
        " where kind = 'advertiser' and network_code = 'impact' and source_id like 'program:%'"
    )


def a_commission_is_gone(demo: Demo) -> None:
    """It has no match any more."""
    demo.change(
        "delete from intermediate.int_commissions__attributes where commission_key in"
        f" (select commission_key from intermediate.{MODEL} order by all limit 3)"
    )


HAPPENS = (
    a_network_tells_no_times_any_more,
    a_click_of_long_ago_is_named,
    clicks_come_late,
    a_file_is_replaced,
    a_named_click_is_after_its_sale,
    that_click_is_gone,
    an_advertiser_is_mapped_to_another,
    a_commission_is_gone,
)


def test_matches_are_those_of_a_full_refresh_whatever_happens(demo: Demo) -> None:
    before = demo.matches(demo.warehouse)
    assert before == demo.of_a_full_refresh()
    happens: Callable[[Demo], None]
    for happens in HAPPENS:
        happens(demo)
        after = demo.matches(demo.warehouse)
        assert after == demo.of_a_full_refresh(), happens.__name__
        assert after != before, happens.__name__
        before = after
    assert len(before) > 50


def test_nothing_is_looked_at_again_when_nothing_happened(demo: Demo) -> None:
    """A build without news finds no outdated commission; it would restore a match taken away."""
    demo.change(f"delete from intermediate.{MODEL} where match_method = 'click_id'")
    assert "click_id" not in {row[1] for row in demo.matches(demo.warehouse).values()}
