"""The histories on their way to the landing folder, and from there into an empty portal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from publishing import adopt, landing, publish
from publishing.columns import schema_of
from records.models import (
    BY_NAME,
    ENTITIES,
    Advertiser,
    Channel,
    Crosswalk,
    InternalTraffic,
    Partner,
    Program,
    Target,
    UniquenessRule,
)
from records.triggers import create_triggers, drop_triggers, history_context, record_differences

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]
AT = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
HEAD = "history_id,recorded_at,change_type,effective_from,code"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "master_data").mkdir()
    return tmp_path


def run(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    call_command(command, landing=str(folder))
    return capsys.readouterr().out


def portal(folder: Path) -> Path:
    return folder / "master_data" / "portal"


def rows(folder: Path, entity: str) -> list[dict[str, Any]]:
    table = pq.read_table(portal(folder) / f"{entity}_history.parquet")
    return [dict(row) for row in table.to_pylist()]


def deliver(folder: Path, name: str, *lines: str) -> None:
    (folder / "master_data" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---------------------------------------------------------------------------------- publishing


def test_a_history_is_published_with_its_types(folder: Path) -> None:
    later = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    with history_context(reason="signed", effective_from=later, recorded_at=AT):
        Advertiser.objects.create(code="A-1", name="Shop")
        Program.objects.create(
            code="PRG-1", name="Shop US", advertiser_id="A-1", network_code="awin",
            commission_rate=Decimal("0.08"), cookie_days=30,
        )  # fmt: skip
    publish.publish(landing.Landing(str(folder)))
    assert rows(folder, "program") == [
        {
            "history_id": Program.history.get().history_id,
            "recorded_at": AT.replace(tzinfo=None), "change_type": "+",
            "effective_from": later.replace(tzinfo=None), "code": "PRG-1", "name": "Shop US",
            "advertiser_code": "A-1", "network_code": "awin",
            "commission_rate": Decimal("0.080000"), "cookie_days": 30, "lock_days": None,
            "currency_code": None, "time_zone": None, "is_active": True, "reason": "signed",
        }
    ]  # fmt: skip


def test_amounts_are_published_exactly(folder: Path) -> None:
    Advertiser.objects.create(code="A-1", name="Shop")
    amounts = ["12345678901.123456", "999999999999.999999", "-999999999999.999999", "0.000001"]
    for number, amount in enumerate(amounts):
        Target.objects.create(
            code=f"T-{number}", advertiser_id="A-1", metric_name="revenue", starts_on="2026-01-01",
            ends_on="2026-12-31", amount=amount,
        )  # fmt: skip
    publish.publish(landing.Landing(str(folder)))
    assert [str(row["amount"]) for row in rows(folder, "target")] == amounts
    adopt_into_emptied(folder)
    assert [str(target.amount) for target in Target.objects.order_by("code")] == amounts


def test_the_target_of_a_mapping_is_its_code(folder: Path) -> None:
    Partner.objects.create(code="P-1", name="Blog")
    entry = Crosswalk.objects.create(
        code="awin-partner-1", network_code="awin", kind="partner", source_id="1", partner_id="P-1"
    )
    entry.partner_id, entry.is_ignored = None, True
    entry.save()
    publish.publish(landing.Landing(str(folder)))
    assert [(row["code"], row["is_ignored"]) for row in rows(folder, "crosswalk")] == [
        ("P-1", False),
        (None, True),
    ]
    assert "is_active" not in rows(folder, "crosswalk")[0]


@cache
def contract() -> dict[str, Any]:
    """The loader's contract of master data: its tables by name."""
    path = PROJECT / "models/staging/master_data/_master_data__sources.yml"
    [source] = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    return {table["name"]: table for table in source["tables"]}


@pytest.mark.parametrize("entity", BY_NAME)
def test_the_columns_are_those_of_the_loaders_contract(entity: str) -> None:
    """Guards against a field that the loader keeps aside as unknown, or cuts to another type."""
    expected = {}
    for column in contract()[f"{entity}_history"]["columns"]:
        if not column["name"].startswith("_"):
            field = column.get("config", {}).get("meta", {}).get("field", column["name"])
            is_text = column["data_type"].startswith("varchar")
            expected[field] = "varchar" if is_text else column["data_type"]
    written = {
        pa.int64(): "bigint", pa.int32(): "integer", pa.string(): "varchar", pa.bool_(): "boolean",
        pa.date32(): "date", pa.timestamp("us"): "timestamp",
        pa.decimal128(9, 6): "numeric(9,6)", pa.decimal128(18, 6): "numeric(18,6)",
    }  # fmt: skip
    assert {field.name: written[field.type] for field in schema_of(BY_NAME[entity])} == expected


def test_what_did_not_change_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Partner.objects.create(code="P-1", name="Blog")
    Channel.objects.create(code="own", name="Own")
    assert "2 new changes" in run("publish", folder, capsys)
    before = {path.name: path.stat().st_mtime_ns for path in portal(folder).iterdir()}
    assert "nothing new" in run("publish", folder, capsys)
    Partner.objects.update(name="Journal")
    assert "1 new change published from the portal (partner 1)" in run("publish", folder, capsys)
    after = {path.name: path.stat().st_mtime_ns for path in portal(folder).iterdir()}
    assert set(after) == {"partner_history.parquet", "channel_history.parquet"}
    assert after["channel_history.parquet"] == before["channel_history.parquet"]
    assert after["partner_history.parquet"] != before["partner_history.parquet"]


def test_an_unfinished_publishing_leaves_what_was_published(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = landing.Landing(str(folder))
    for code in ("P-1", "P-2"):
        Partner.objects.create(code=code, name="Blog")
        if code == "P-1":
            publish.publish(place)

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", ended)
        with pytest.raises(KeyboardInterrupt):
            publish.publish(place)
    assert len(rows(folder, "partner")) == 1
    # Ended between its last two steps, it is finished by the next one.
    portal(folder).rename(portal(folder).with_name("_portal_previous"))
    assert publish.publish(place) == {"partner": 1}
    assert len(rows(folder, "partner")) == 2
    assert [path.name for path in (folder / "master_data").iterdir()] == ["portal"]


@pytest.mark.parametrize("lost", ["emptied", "replaced"])
def test_a_history_that_lost_changes_is_not_published(folder: Path, lost: str) -> None:
    Partner.objects.create(code="P-1", name="Blog")
    place = landing.Landing(str(folder))
    publish.publish(place)
    number = Partner.history.get().history_id
    drop_triggers()
    Partner.history.all().delete()
    if lost == "replaced":
        Partner.history.model.objects.create(
            code="P-1", name="Other", history_id=number, history_date=AT, history_type="+"
        )
    create_triggers()
    words = {"emptied": "lacks 1 of the 1 changes", "replaced": "has another recorded_at"}[lost]
    with pytest.raises(CommandError, match=f"the partner history {words}"):
        call_command("publish", landing=str(folder))
    assert rows(folder, "partner")[0]["name"] == "Blog"


def test_a_landing_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"landing folder .* does not exist"):
        call_command("publish", landing=str(tmp_path / "nowhere"))


def test_tables_of_another_version_are_not_published(folder: Path) -> None:
    """Numbers in them may mean something else: amounts were once kept in another way."""
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("records", "0002_exact_decimals")
    for command in ("publish", "adopt"):
        with pytest.raises(CommandError, match="its tables are of another version"):
            call_command(command, landing=str(folder))
    recorder.record_applied("records", "0002_exact_decimals")
    call_command("publish", landing=str(folder))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets no writer in meanwhile")
def test_all_histories_are_of_one_moment(
    real_transactions: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards against a partner whose new channel is in its history, and not in the channels'."""
    read = publish.read_history

    def read_while_somebody_writes(entity: Any) -> Any:
        table = read(entity)
        if entity is Advertiser:
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("insert into partner (code, version, name, is_active, partner_type,"
                               " website_domain, country_code)"
                               " values ('P-1', 1, 'Blog', true, '', '', '')")  # fmt: skip
            other.close()
        return table

    monkeypatch.setattr(publish, "read_history", read_while_somebody_writes)
    assert publish.read_histories()["partner"].num_rows == 0
    assert Partner.history.count() == 1


def test_an_object_store_is_published_to() -> None:
    Partner.objects.create(code="P-1", name="Blog")
    store = landing.Landing("memory://bucket/landing")
    assert publish.publish(store) == {"partner": 1}
    assert publish.publish(store) == {}
    assert store.under("master_data") == ["master_data/portal/partner_history.parquet"]
    assert not adopt.is_empty()


# ------------------------------------------------------------------------------------ adopting

PARTNER = f"{HEAD},name,partner_type,channel_code,website_domain,country_code,is_active,reason"
CROSSWALK = (
    "history_id,recorded_at,change_type,effective_from,network_code,kind,source_id,code,reason"
)


@pytest.fixture
def delivered(folder: Path) -> Path:
    """A partner that is deleted and made again, one that stays deleted, and mappings to them."""
    deliver(
        folder, "partner_history.csv", PARTNER,
        "1,2026-01-01T09:00:00Z,+,,P-1,Blog,content,affiliates,blog.example,DE,true,new contract",
        "2,2026-01-02T09:00:00Z,+,,P-2,Deals,coupon,affiliates,,,true,",
        "4,2026-01-04T09:00:00Z,-,,P-1,Blog,content,affiliates,blog.example,DE,true,entered twice",
    )  # fmt: skip
    deliver(
        folder, "partner_history_2.csv", PARTNER,
        "5,2026-01-05T09:00:00Z,+,2025-12-01,P-1,Blog,content,affiliates,blog.example,DE,true,back",
        "6,2026-01-06T09:00:00Z,-,,P-2,Deals,coupon,affiliates,,,true,ended",
    )  # fmt: skip
    deliver(
        folder, "crosswalk_history.csv", CROSSWALK,
        "1,2026-01-01T09:00:00Z,+,,awin,partner,11,P-1,",
        "2,2026-01-01T09:00:00Z,+,,awin,partner,12,P-2,",
        "3,2026-01-02T09:00:00Z,-,,awin,partner,11,P-1,withdrawn",
    )  # fmt: skip
    deliver(
        folder, "internal_traffic_history.ndjson",
        '{"history_id": 1, "recorded_at": "2026-01-01T09:00:00Z", "change_type": "+", "code":'
        ' "INT-1", "name": "Browser", "cookie_id": "abc", "colour": "red", "reason": null}',
    )  # fmt: skip
    return folder


def test_histories_are_adopted_as_they_are(
    delivered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run("adopt", delivered, capsys)
    assert "Adopted 9 changes of 5 records" in said
    assert "internal_traffic_history.ndjson: the portal keeps no colour" in said
    publish.publish(landing.Landing(str(delivered)))
    assert [
        (r["history_id"], r["change_type"], r["code"], r["recorded_at"].day, r["effective_from"])
        for r in rows(delivered, "partner")
    ] == [
        (1, "+", "P-1", 1, None),
        (2, "+", "P-2", 2, None),
        (4, "-", "P-1", 4, None),
        (5, "+", "P-1", 5, dt.datetime(2025, 12, 1)),
        (6, "-", "P-2", 6, None),
    ]
    assert [r["code"] for r in rows(delivered, "crosswalk")] == ["P-1", "P-2", "P-1"]
    assert rows(delivered, "internal_traffic")[0]["cookie_id"] == "abc"
    assert Partner.objects.get(code="P-1").is_active
    assert InternalTraffic.objects.get().cookie_id == "abc"


def test_what_was_deleted_rests(delivered: Path) -> None:
    adopt.adopt(landing.Landing(str(delivered)))
    partner, mapping = Partner.objects.get(code="P-2"), Crosswalk.objects.get(source_id="11")
    assert not partner.is_active
    assert (mapping.partner_id, Crosswalk.objects.get(source_id="12").partner) == (None, partner)
    # No migration takes it for alive, and a change brings it back.
    assert record_differences("a migration") == 0
    Partner.objects.filter(code="P-2").update(is_active=True)
    Crosswalk.objects.filter(source_id="11").update(partner_id="P-1")
    assert Partner.history.filter(code="P-2").latest("history_id").history_type == "~"
    assert Partner.history.latest("history_id").history_id == 7
    assert Crosswalk.history.latest("history_id").partner_id == "P-1"


def test_the_channels_of_the_seed_are_adopted_where_no_history_has_them(folder: Path) -> None:
    deliver(
        folder, "channel_history.csv",
        f"{HEAD},name,parent_channel_code,sort_order,is_paid,description,is_active,reason",
        "3,2026-01-01T09:00:00Z,+,,affiliates,Links,partners,210,true,,true,renamed",
    )  # fmt: skip
    adopt.adopt(landing.Landing(str(folder)))
    assert Channel.objects.get(code="affiliates").name == "Links"
    assert Channel.objects.get(code="email").parent_id == "owned"
    assert Channel.history.get(code="email").history_change_reason == adopt.SEED_REASON
    assert Channel.history.get(code="email").history_id > 3


def test_adopting_is_for_an_empty_portal(delivered: Path) -> None:
    Advertiser.objects.create(code="A-1", name="Shop")
    with pytest.raises(CommandError, match="The portal has records already"):
        call_command("adopt", landing=str(delivered))


WRONG = {
    "1,2026-01-01T09:00:00Z,+,,P-9,X,,nowhere,,,true,": "line 2: there is no channel nowhere",
    "1,2026-01-01T09:00:00Z,+,,P-9,X,,,,XX,true,": "line 2: country_code 'XX': ",
    "1,2026-01-01T09:00:00Z,+,,P-9,X,,,https://x.example,,true,": "line 2: website_domain",
    "1,2026-01-01T09:00:00Z,+,,P-9,X,,,,,perhaps,": "line 2: is_active cannot be 'perhaps'",
    "1,yesterday,+,,P-9,X,,,,,true,": "line 2: history_date cannot be 'yesterday'",
    ",2026-01-01T09:00:00Z,+,,P-9,X,,,,,true,": "line 2: the change has no history_id",
    "1,2026-01-01T09:00:00Z,?,,P-9,X,,,,,true,": "line 2: change_type is none of",
    "1,2026-01-01T09:00:00Z,+,,,X,,,,,true,": "line 2: the change names no code",
    "1,2026-01-01T09:00:00Z,+,,P-9": "line 2 has 5 values, not 12",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_does_not_fit_is_told_by_file_and_line(folder: Path, line: str) -> None:
    deliver(folder, "partner_history.csv", PARTNER, line)
    with pytest.raises(CommandError) as refused:
        call_command("adopt", landing=str(folder))
    assert "master_data/partner_history.csv" in str(refused.value)
    assert WRONG[line] in str(refused.value)
    assert adopt.is_empty()
    with connection.cursor() as cursor:  # the triggers are there again
        cursor.execute("insert into client (code, version, name, is_active)"
                       " values ('C', 1, 'Client', true)")  # fmt: skip
    assert BY_NAME["client"].history.count() == 1  # type: ignore[attr-defined]


PROGRAM = f"{HEAD},name,advertiser_code,network_code,commission_rate,lock_days,is_active,reason"


@pytest.mark.parametrize(
    ("number", "rate", "days", "said"),
    [
        ("2", "1000", "3", "commission_rate cannot be '1000'"),
        ("2", "0.1", str(2**31), f"lock_days cannot be '{2**31}'"),
        ("2", "0.1", "9" * 5000, "lock_days cannot be"),
        (str(2**63), "0.1", "3", f"history_id cannot be '{2**63}'"),
    ],
)
def test_a_number_that_no_file_could_hold_again_is_not_adopted(
    folder: Path, number: str, rate: str, days: str, said: str
) -> None:
    """Also of a change that another one follows: the whole history is published again."""
    deliver(folder, "advertiser_history.csv", f"{HEAD},name", "1,2026-01-01T09:00:00Z,+,,A-1,Shop")
    program = "PR-1,x,A-1,awin"
    deliver(
        folder, "program_history.csv", PROGRAM,
        f"{number},2026-01-01T09:00:00Z,+,,{program},{rate},{days},true,",
        f"3,2026-01-02T09:00:00Z,~,,{program},0.1,3,true,",
    )  # fmt: skip
    with pytest.raises(CommandError, match="Nothing was adopted") as refused:
        call_command("adopt", landing=str(folder))
    assert f"line 2: {said}" in str(refused.value)


def test_one_number_names_one_change(delivered: Path) -> None:
    again = "2,2026-01-02T09:00:00Z,+,,P-2,Deals,coupon,affiliates,,,true,"
    deliver(delivered, "partner_history_3.csv", PARTNER, again)
    adopt.adopt(landing.Landing(str(delivered)))
    assert Partner.history.count() == 5


def test_one_number_for_two_changes_is_refused(delivered: Path) -> None:
    other = "2,2026-01-02T09:00:00Z,+,,P-2,Bargains,coupon,affiliates,,,true,"
    deliver(delivered, "partner_history_3.csv", PARTNER, other)
    with pytest.raises(adopt.CannotAdopt, match=r"_3\.csv, line 2: change 2 is another one in "):
        adopt.adopt(landing.Landing(str(delivered)))


def test_a_lost_portal_is_adopted_from_what_it_published(folder: Path) -> None:
    """Whatever the field: a published history that is adopted is published alike."""
    Advertiser.objects.create(code="A-1", name="Shop", country_code="DE")
    UniquenessRule.objects.create(code="A-1", advertiser_id="A-1")
    Program.objects.create(
        code="PRG-1", name="x", advertiser_id="A-1", network_code="cj",
        commission_rate=Decimal("0.1"), lock_days=3,
    )  # fmt: skip
    UniquenessRule.objects.all().delete()
    adopt_into_emptied(folder)


def adopt_into_emptied(folder: Path) -> None:
    place = landing.Landing(str(folder))
    publish.publish(place)
    histories = publish.read_histories()
    drop_triggers()
    for entity in reversed(ENTITIES):
        entity.history.all().delete()  # type: ignore[attr-defined]
        entity._default_manager.all().delete()
    create_triggers()
    assert adopt.is_empty()
    adopt.adopt(place)
    for name, table in publish.read_histories().items():
        if name != "channel":
            assert table.equals(histories[name]), name
