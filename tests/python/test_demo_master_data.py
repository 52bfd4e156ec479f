"""The history files of the demo's reference data."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from pathlib import Path

import pytest

from clickstar_demo import master_data
from clickstar_demo.world import World, make_world

FIRST_DAY, DAYS, SEED = dt.date(2026, 3, 3), 120, 7
COLUMNS = {
    "advertiser": "code name group_code vertical website_domain country_code "
    "reporting_currency_code is_active",
    "partner": "code name partner_type channel_code website_domain country_code is_active",
    "program": "code name advertiser_code network_code commission_rate cookie_days lock_days "
    "currency_code time_zone is_active",
    "campaign": "code name advertiser_code objective starts_on ends_on is_active",
    "crosswalk": "network_code kind source_id code is_ignored",
}
History = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SEED)


@pytest.fixture(scope="module")
def history(world: World, tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("master_data")
    master_data.write(world, FIRST_DAY, DAYS, SEED, folder)
    found: History = {}
    for entity in COLUMNS:
        portions = []
        for name in (f"{entity}_history.csv", f"{entity}_history_2.csv"):
            with (folder / name).open(newline="", encoding="utf-8") as file:
                portions.append(list(csv.DictReader(file)))
        assert portions[0][-1]["recorded_at"] < portions[1][0]["recorded_at"]
        found[entity] = portions[0] + portions[1]
    return found


@pytest.mark.parametrize("entity", COLUMNS)
def test_rows_have_the_columns_and_the_order_of_the_contract(entity: str, history: History) -> None:
    rows = history[entity]
    names = ["history_id", "recorded_at", "change_type", "effective_from"]
    assert list(rows[0]) == [*names, *COLUMNS[entity].split(), "reason"]
    assert [int(row["history_id"]) for row in rows] == list(range(1, len(rows) + 1))
    moments = [dt.datetime.fromisoformat(row["recorded_at"]) for row in rows]
    assert moments == sorted(moments)
    assert {row["change_type"] for row in rows} == {"+", "~", "-"}


@pytest.mark.parametrize("entity", ["advertiser", "partner", "program", "campaign"])
def test_a_record_is_made_before_it_changes_and_not_changed_once_deleted(
    entity: str, history: History
) -> None:
    alive: dict[str, bool] = {}
    for row in history[entity]:
        code = row["code"]
        assert alive.get(code, False) == (row["change_type"] != "+"), row
        alive[code] = row["change_type"] != "-"


def test_edits_are_as_awkward_as_in_life(history: History) -> None:
    rows = [row | {"entity": e} for e in COLUMNS if e != "crosswalk" for row in history[e]]
    edits = [row for row in rows if row["change_type"] == "~"]
    assert any(
        row["effective_from"] and row["effective_from"] < row["recorded_at"] for row in edits
    )
    assert any(row["effective_from"] > row["recorded_at"] for row in edits)
    by_record: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        by_record.setdefault((row["entity"], row["code"]), []).append(row)
    same_instant = unchanged = created_again = 0
    for changes in by_record.values():
        created_again += sum(row["change_type"] == "+" for row in changes) > 1
        for before, after in itertools.pairwise(changes):
            same_instant += before["recorded_at"] == after["recorded_at"]
            fields = [n for n in COLUMNS[after["entity"]].split() if n != "code"]
            unchanged += after["change_type"] == "~" and all(before[n] == after[n] for n in fields)
    assert same_instant
    assert unchanged
    assert created_again


def test_the_small_histories_hang_together(world: World, tmp_path: Path) -> None:
    """A group, parent, client or advertiser that nobody made would be a name that nobody knows."""
    master_data.write(world, FIRST_DAY, DAYS, SEED, tmp_path)

    def rows(entity: str) -> list[dict[str, str]]:
        found = []
        for path in sorted(tmp_path.glob(f"{entity}_history*.csv")):
            with path.open(newline="", encoding="utf-8") as file:
                found += list(csv.DictReader(file))
        return found

    def codes(entity: str) -> set[str]:
        return {row["code"] for row in rows(entity)}

    assert {row["group_code"] for row in rows("advertiser")} == codes("advertiser_group")
    groups = {"", "partners", "owned"}
    assert {row["parent_channel_code"] for row in rows("channel")} <= codes("channel") | groups
    assert {row["client_code"] for row in rows("client_user")} == codes("client")
    for entity in ("fee", "target", "client_advertiser"):
        assert {row["advertiser_code"] for row in rows(entity)} <= codes("advertiser") | {""}
    assert {row["charged"] for row in rows("fee")} == {"per_commission", "per_month", "once"}


def test_about_85_percent_of_the_ids_are_mapped_to_records_that_exist(
    world: World, history: History
) -> None:
    codes = {entity: {row["code"] for row in history[entity]} for entity in COLUMNS}
    last = {}
    for row in history["crosswalk"]:
        last[row["network_code"], row["kind"], row["source_id"]] = row
        assert row["code"] == "" or row["code"] in codes[row["kind"]]
    ids = sum(len(partner.ids) for partner in world.partners) + sum(
        len(campaign.ids) for campaign in world.campaigns
    ) + 2 * len(world.programs)  # fmt: skip
    mapped = sum(row["code"] != "" and row["change_type"] != "-" for row in last.values())
    assert 0.78 < mapped / ids < 0.9


def test_some_ids_that_nobody_knows_are_ignored(history: History) -> None:
    unknown = [row for row in history["crosswalk"] if row["change_type"] == "+" and not row["code"]]
    assert {row["is_ignored"] for row in unknown} == {"true", "false"}
    assert {row["is_ignored"] for row in history["crosswalk"] if row["code"]} == {"false"}


def test_a_closed_network_hands_over_on_a_date(history: History) -> None:
    dated = [row for row in history["crosswalk"] if row["effective_from"]]
    assert {row["network_code"] for row in dated} == {"shareasale", "awin"}
    assert {row["code"] == "" for row in dated if row["network_code"] == "shareasale"} == {True}
    last_day = FIRST_DAY + dt.timedelta(days=DAYS)
    assert all(str(FIRST_DAY) < row["effective_from"] < str(last_day) for row in dated)


def test_nobody_can_own_a_domain_of_the_demo(world: World) -> None:
    domains = [advertiser.domain for advertiser in world.advertisers]
    domains += [partner.domain for partner in world.partners]
    assert all(domain.endswith(".example") for domain in domains)
    assert len(set(domains)) == len(domains)


def test_networks_spell_names_in_every_way_and_mostly_not_as_master_data_does(
    world: World,
) -> None:
    names = {one.code: one.name for one in world.advertisers}
    names |= {one.code: one.name for one in world.partners}
    codes = master_data.true_codes(world)
    said = master_data.delivered_names(world)
    spelled = [
        (names[codes[key]], name)
        for key, (name, website) in said.items()
        if key[1] in ("advertiser", "partner") and not website
    ]
    assert len(spelled) > 400
    same = sum(name == written for name, written in spelled) / len(spelled)
    assert 0.1 < same < 0.3
    written = " | ".join(text for _, text in spelled)
    for mark in (", Inc.", " GmbH", " (UK)", " US", ".example", "www.", ". ", ", "):
        assert mark in written, mark
    assert any(" " in name and " " not in text and "." not in text for name, text in spelled)
    assert any(text.isupper() for _, text in spelled)
    assert any(set(text.split()) < set(name.split()) for name, text in spelled)
    # A few cannot be found by their name: that of the company behind it.
    assert any(" Holdings" in text for _, text in spelled)


def test_a_spelling_is_always_the_same_and_few_sites_are_somebody_elses(world: World) -> None:
    assert master_data.delivered_names(make_world(SEED)) == master_data.delivered_names(world)
    assert master_data.delivered_names(make_world(SEED + 1)) != master_data.delivered_names(world)
    at_awin = [one for one in world.partners if "awin" in one.ids]
    wrong = sum(one.sites["awin"] != one.domain for one in at_awin) / len(at_awin)
    assert 0 < wrong < 0.1


def test_the_truth_says_what_every_id_stands_for(world: World, tmp_path: Path) -> None:
    master_data.write_truth(world, tmp_path / "source_ids.csv")
    with (tmp_path / "source_ids.csv").open(newline="", encoding="utf-8") as file:
        rows = {(r["network_code"], r["kind"], r["source_id"]): r for r in csv.DictReader(file)}
    assert {key: row["code"] for key, row in rows.items()} == master_data.true_codes(world)
    said = {key: (r["name"], r["website"]) for key, r in rows.items() if r["name"]}
    assert said == master_data.delivered_names(world)
