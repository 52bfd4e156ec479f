"""The queue of unmapped ids: the warehouse fills it, people decide on it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client as Browser
from django.urls import reverse

from changes import roles, service
from changes.models import ChangeRequest
from people import Person, approve_together
from records.models import Advertiser, Brand, Campaign, Crosswalk, Partner, Program, SiteDomain
from suggestions.suggest import Matcher
from unmapped.candidates import _stamp, suggestions_for
from unmapped.decisions import Decision, Outcome, decide
from unmapped.models import DeliveredName, UnmappedId
from unmapped.refresh import replace_queue
from unmapped.warehouse import COLUMNS, MART, NoWarehouse, unmapped_members

Status = ChangeRequest.Status
DAY = dt.datetime(2026, 3, 1, 12)
QUEUE = "/unmapped/unmappedid/"


def row(source_id: str = "1", **known: Any) -> tuple[Any, ...]:
    """A row of the warehouse's mart."""
    values = {
        "network_code": "awin", "kind": "partner", "source_id": source_id, "delivered_name": None,
        "delivered_website": None, "click_host": None, "clicks": 1, "commissions": 0,
        "reporting_net_commission_amount": Decimal(0), "reporting_currency_code": "EUR",
        "has_missing_rate": False, "first_seen_at": DAY, "last_seen_at": DAY,
    }  # fmt: skip
    assert set(known) <= set(values)
    return tuple((values | known)[column] for column in COLUMNS)


def fill(*rows: tuple[Any, ...]) -> list[UnmappedId]:
    replace_queue(rows)
    return list(UnmappedId.objects.waiting())


def partner(code: str, name: str, **values: Any) -> Partner:
    return Partner.objects.create(code=code, name=name, **values)


def mapped(source_id: str, to: str | None, **values: Any) -> None:
    Crosswalk.objects.create(
        code=f"awin-partner-{source_id}", network_code="awin", kind="partner",
        source_id=source_id, partner_id=to, **values,
    )  # fmt: skip


def names(one: UnmappedId) -> list[str]:
    return [found.code for found in suggestions_for([one])[one.key]]


# -------------------------------------------------------------------------------------- filling


def test_the_most_money_comes_first_then_the_most_clicks(db: None) -> None:
    money = "reporting_net_commission_amount"
    waiting = fill(
        row("few", clicks=3), row("many", clicks=9), row("rich", clicks=0, **{money: Decimal(5)})
    )
    assert [one.source_id for one in waiting] == ["rich", "many", "few"]


def test_what_is_decided_on_has_left_the_queue(db: None) -> None:
    partner("P-1", "One")
    mapped("mapped", "P-1")
    mapped("ignored", None, is_ignored=True)
    mapped("unmapped again", None)
    waiting = fill(row("mapped"), row("ignored"), row("unmapped again"), row("new"))
    assert {one.source_id for one in waiting} == {"new", "unmapped again"}
    # The same id of another kind or network is another one.
    waiting = fill(row("mapped", network_code="cj"), row("mapped", kind="campaign"))
    assert len(waiting) == 2


def test_the_queue_is_replaced_whole_and_names_stay(db: None) -> None:
    fill(row("1", delivered_name="One Shop"), row("2", delivered_name=" Two "))
    fill(row("1", delivered_name="One Shop Ltd"), row("3"))
    assert {one.source_id for one in UnmappedId.objects.all()} == {"1", "3"}
    assert dict(DeliveredName.objects.values_list("source_id", "name")) == {
        "1": "One Shop Ltd", "2": "Two",
    }  # fmt: skip


def test_a_queue_that_cannot_be_replaced_stays(db: None) -> None:
    fill(row("1"))
    with pytest.raises(IntegrityError):
        fill(row("2"), row("2"))
    assert [one.source_id for one in UnmappedId.objects.all()] == ["1"]


def warehouse(path: Path, *rows: tuple[Any, ...]) -> None:
    with duckdb.connect(str(path)) as file:
        file.execute("create schema marts")
        file.execute(
            f"create table marts.{MART} (network_code varchar, kind varchar, source_id varchar,"
            " delivered_name varchar, delivered_website varchar, click_host varchar, clicks bigint,"
            " commissions bigint, reporting_net_commission_amount numeric(18, 6),"
            " reporting_currency_code varchar, has_missing_rate boolean, first_seen_at timestamp,"
            " last_seen_at timestamp, member_key bigint)"
        )
        for one in rows:
            file.execute(f"insert into marts.{MART} values ({'?, ' * len(one)} 1)", list(one))


def test_the_command_reads_the_warehouse(
    db: None, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    path = tmp_path / "warehouse.duckdb"
    monkeypatch.setenv("TARGET", "duckdb")
    monkeypatch.setenv("CLICKSTAR_DUCKDB_PATH", str(path))
    with pytest.raises(CommandError, match="There is no warehouse at"):
        call_command("refresh_unmapped")
    amount = Decimal("12.345678")
    warehouse(path, row("1", reporting_net_commission_amount=amount), row("2"))
    partner("P-1", "One")
    mapped("2", "P-1")
    call_command("refresh_unmapped")
    said = "Queue: 1 unmapped id waits for a decision in the portal; 1 more are decided already."
    assert capsys.readouterr().out.strip() == said
    one = UnmappedId.objects.get(source_id="1")
    assert (one.money_at_stake, one.first_seen_at) == (amount, DAY.replace(tzinfo=dt.UTC))
    # The file is free for the next run.
    duckdb.connect(str(path)).close()
    monkeypatch.setenv("CLICKSTAR_SCHEMA_PREFIX", "dev_")
    with pytest.raises(CommandError, match="cannot be read from dev_marts"):
        call_command("refresh_unmapped")
    assert UnmappedId.objects.count() == 2


def test_an_engine_that_is_none_is_told(db: None) -> None:
    with pytest.raises(NoWarehouse, match="TARGET=oracle is not an engine"):
        unmapped_members({"TARGET": "oracle"})
    with pytest.raises(NoWarehouse, match="cannot be read"):
        unmapped_members({"TARGET": "postgres", "CLICKSTAR_POSTGRES_PORT": "1"})


# ----------------------------------------------------------------------------------- suggestions


def test_suggestions_come_from_names_domains_and_past_decisions(db: None) -> None:
    partner("P-1", "Deal Finder", website_domain="deals.example")
    partner("P-2", "Cash Garden")
    SiteDomain.objects.create(code="cash.example", domain="cash.example", partner_id="P-2")
    partner("P-3", "Deal Finder Old", is_active=False)
    by_name, by_site = fill(
        row("1", delivered_name="DealFinder GmbH", clicks=2),
        row("2", delivered_website="https://www.cash.example/x"),
    )
    assert names(by_name)[0] == "P-1"
    assert "P-3" not in names(by_name)
    best = suggestions_for([by_site])[by_site.key][0]
    assert (best.code, best.is_preticked) == ("P-2", True)
    assert not suggestions_for([by_name])[by_name.key][0].is_preticked


def test_a_brands_domain_is_its_advertisers_and_a_program_is_of_its_network(db: None) -> None:
    Advertiser.objects.create(code="A-1", name="Holding")
    Brand.objects.create(
        code="B-1", name="Shoe", advertiser_id="A-1", website_domain="shoe.example"
    )
    for network in ("awin", "cj"):
        Program.objects.create(
            code=network, name="Holding DE", advertiser_id="A-1", network_code=network
        )
    by_brand, program = fill(
        row("1", kind="advertiser", click_host="www.shoe.example", clicks=2),
        row("2", kind="program", delivered_name="Holding DE"),
    )
    assert names(by_brand) == ["A-1"]
    assert names(program) == ["awin"]


def test_every_decision_is_an_alias_of_the_next_suggestion(steward: User, approver: User) -> None:
    partner("P-1", "Zebra Media")
    fill(row("1", delivered_name="Quick Savings"))
    one = UnmappedId.objects.get()
    outcome = decide(steward, [Decision(one, "P-1")], reason="they told us")
    fill(row("2", delivered_name="quick-savings", network_code="cj"))
    asked = UnmappedId.objects.get()

    def evidence() -> str:
        return suggestions_for([asked])[asked.key][0].evidence

    assert "mapped to it before" not in evidence()
    # Approved, and gone from the queue: the name is still known.
    assert approve_together(outcome.requests, approver) == {}
    assert "like “Quick Savings”, mapped to it before (100 of 100)" in evidence()
    # A decision that is taken back is no alias.
    Crosswalk.objects.update(partner=None)
    assert "mapped to it before" not in evidence()


# ------------------------------------------------------------------------------------- deciding


def sent(outcome: Outcome) -> list[tuple[Any, ...]]:
    return [(one.entity, one.code, one.action, one.effective) for one in outcome.requests]


def test_a_mapping_and_an_ignored_id_are_requests_of_one_batch_for_all_time(
    steward: User, approver: User
) -> None:
    partner("P-1", "One")
    mapped("3", None)
    ids = {one.source_id: one for one in fill(row("1"), row("2/x"), row("3"))}
    outcome = decide(
        steward,
        [Decision(ids["1"], "P-1"), Decision(ids["2/x"], None), Decision(ids["3"], "P-1")],
        reason="because",
    )
    assert sent(outcome) == [
        ("crosswalk", "awin-partner-1", "create", "always"),
        ("crosswalk", "awin-partner-2~2Fx", "create", "always"),
        ("crosswalk", "awin-partner-3", "update", "always"),
    ]
    assert {one.source for one in outcome.requests} == {"queue"}
    assert len({one.batch for one in outcome.requests}) == 1
    assert not Crosswalk.objects.exclude(source_id="3").exists()
    assert approve_together(outcome.requests, approver) == {}
    assert not UnmappedId.objects.waiting().exists()
    assert Crosswalk.objects.get(source_id="2/x").is_ignored


def test_a_new_record_and_its_mapping_are_asked_for_together_or_not_at_all(
    steward: User, approver: User
) -> None:
    one, other = fill(row("1", clicks=2), row("2"))
    when = service.When("date", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    outcome = decide(
        steward,
        [Decision(one, "P-1", {"name": "One"}), Decision(other, "P-2", {"name": ""})],
        reason="because",
        when=when,
    )
    assert sent(outcome) == [
        ("partner", "P-1", "create", "now"),
        ("crosswalk", "awin-partner-1", "create", "date"),
    ]
    assert list(outcome.refused) == [other.code]
    mapping, record = ChangeRequest.objects.all()
    with pytest.raises(service.Refused, match="approve that first"):
        service.approve(mapping, approver)
    assert approve_together([mapping, record], approver) == {}
    assert Crosswalk.objects.get().partner_id == "P-1"


def test_no_record_is_asked_for_without_its_mapping(steward: User) -> None:
    (one,) = fill(row("1", network_code="not listed"))
    outcome = decide(steward, [Decision(one, "P-1", {"name": "One"})], reason="because")
    assert list(outcome.refused) == [one.code]
    assert not ChangeRequest.objects.exists()


def test_a_viewer_decides_on_nothing(viewer: User) -> None:
    (one,) = fill(row("1"))
    with pytest.raises(PermissionDenied, match="look at the queue"):
        decide(viewer, [Decision(one, None)], reason="because")


def test_what_somebody_else_decided_is_refused_in_a_sentence(steward: User, person: Person) -> None:
    partner("P-1", "One")
    first, second = fill(row("1", clicks=2), row("2"))
    mapped("2", "P-1")
    decide(person(roles.STEWARD, "another"), [Decision(first, "P-1")], reason="because")
    outcome = decide(steward, [Decision(first, None), Decision(second, None)], reason="because")
    assert outcome.requests == []
    said = [error.messages[0] for error in outcome.refused.values()]
    assert "waits for approval" in said[0]
    assert "is decided on already: One (P-1)" in said[1]


# ---------------------------------------------------------------------------------------- pages


@pytest.fixture
def browser(person: Person) -> Any:
    def login(role: str) -> Browser:
        user = person(role, f"{role} at a browser")
        user.is_staff = True
        user.save()
        at = Browser()
        at.force_login(user)
        return at

    return login


def page_of(one: UnmappedId) -> str:
    return reverse("admin:unmapped_unmappedid_change", args=[quote(one.code)])


def test_many_ids_are_ticked_and_sent_with_one_reason(browser: Any) -> None:
    partner("P-1", "Deal Finder", website_domain="deals.example")
    partner("P-2", "Cash Garden")
    fill(
        row("1", delivered_website="deals.example", clicks=3),
        row("2", delivered_name="Cash-Garden", clicks=2),
        row("3", delivered_name="zzz", clicks=1),
    )
    at = browser(roles.STEWARD)
    text = at.get(QUEUE).content.decode()
    # Only the same domain is ticked beforehand; the others are left.
    assert text.count(" checked>") == 3
    assert 'name="choice-awin-partner-1" value="map:P-1" checked' in text
    assert 'name="choice-awin-partner-2" value="map:P-2">' in text
    ticked = {
        "choice-awin-partner-1": "map:P-1", "choice-awin-partner-2": "map:P-2",
        "choice-awin-partner-3": "ignore", "effective": "always",
    }  # fmt: skip
    answer = at.post(QUEUE, ticked)
    assert "Say why" in answer.content.decode()
    assert not ChangeRequest.objects.exists()
    answer = at.post(QUEUE, ticked | {"reason": "as they are called"}, follow=True)
    text = answer.content.decode()
    assert "3 changes were sent to an approver" in text
    assert text.count("waits for approval") == 3
    assert "asked for it to be mapped to Deal Finder (P-1)" in text
    assert ChangeRequest.objects.filter(source="queue", reason="as they are called").count() == 3
    # Sent again, nothing is asked for twice.
    answer = at.post(QUEUE, ticked | {"reason": "again"})
    assert "somebody has decided on it" in answer.content.decode()
    assert ChangeRequest.objects.count() == 3


def test_what_no_form_of_ours_sends_is_refused_and_no_error(browser: Any) -> None:
    (one,) = fill(row("1"))
    at = browser(roles.STEWARD)
    for page in (QUEUE, page_of(one)):
        for choice in ("map:nobody", "map:", "map:\x00", "nonsense", "new" * 200):
            sent_data = {f"choice-{one.code}": choice, "choice-\x00": "ignore", "choice-": "x",
                         "reason": "x", "effective": "always"}  # fmt: skip
            assert at.post(page, sent_data).status_code in (200, 302, 400)
    assert not ChangeRequest.objects.exists()


def test_an_id_is_mapped_to_a_record_that_was_searched_for(browser: Any) -> None:
    partner("P-1", "Zebra Media")
    partner("P-2", "Zebra Rest", is_active=False)
    (one,) = fill(row("1", delivered_name="Quick"))
    at = browser(roles.STEWARD)
    text = at.get(page_of(one), {"q": "zebra"}).content.decode()
    assert text.count('value="map:P-1"') == 1
    assert "resting" in text
    answer = at.post(page_of(one), {"reason": "x", "effective": "always"})
    assert "Choose what the id stands for" in answer.content.decode()
    answer = at.post(
        page_of(one),
        {f"choice-{one.code}": "map:P-1", "reason": "x", "effective": "date",
         "effective_from": "2026-02-01"},
    )  # fmt: skip
    assert answer.status_code == 302
    assert ChangeRequest.objects.get().effective_from == dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    assert "waits for approval" in at.get(page_of(one)).content.decode()


def test_a_new_record_is_made_from_what_the_network_delivers(browser: Any) -> None:
    (one,) = fill(
        row("1", delivered_name="Quick Savings", delivered_website="http://quick.example/a")
    )
    at = browser(roles.STEWARD)
    text = at.get(page_of(one)).content.decode()
    assert 'value="Quick Savings"' in text
    assert 'value="quick.example"' in text
    asked = {f"choice-{one.code}": "new", "reason": "new to us", "effective": "always"}
    answer = at.post(page_of(one), asked | {"new-name": "Q", "new-website_domain": "http://q"})
    assert "Write the domain alone" in answer.content.decode()
    assert not ChangeRequest.objects.exists()
    at.post(page_of(one), asked | {"new-name": "Quick Savings", "new-website_domain": "q.example"})
    together = reverse("admin:changes_batch", args=[ChangeRequest.objects.all()[0].batch])
    answer = browser(roles.APPROVER).post(together, {"approve": "1"}, follow=True)
    assert "2 changes approved" in answer.content.decode()
    made = Partner.objects.get()
    assert (made.code, made.website_domain) == ("Quick-Savings", "q.example")
    assert Crosswalk.objects.get().partner == made
    answer = at.get(page_of(one), follow=True)
    assert "has left the queue" in answer.content.decode()


@pytest.mark.parametrize("kind", ["advertiser", "program", "campaign", "creative"])
def test_a_new_record_of_every_kind_can_be_made(browser: Any, approver: User, kind: str) -> None:
    Advertiser.objects.create(code="A-1", name="Shop")
    (one,) = fill(row("1", kind=kind, delivered_name="New one"))
    browser(roles.STEWARD).post(
        page_of(one),
        {f"choice-{one.code}": "new", "reason": "x", "effective": "always", "new-name": "New one",
         "new-advertiser": "A-1", "new-code": "N-1"},
    )  # fmt: skip
    assert approve_together(ChangeRequest.objects.all(), approver) == {}
    assert Crosswalk.objects.get().target.code == "N-1"  # type: ignore[union-attr]


def test_the_queue_is_narrowed_down_and_paged(browser: Any) -> None:
    fill(
        *(row(f"n{n}", clicks=100 - n) for n in range(30)),
        row("x", kind="campaign", network_code="cj", delivered_name="Spring <b>"),
    )
    at = browser(roles.VIEWER)
    assert b"n0 of Awin" in at.get(QUEUE).content
    assert b"n29 of Awin" in at.get(QUEUE, {"page": "2"}).content
    for query in ({"kind": "campaign"}, {"network": "cj"}, {"q": "spring"}, {"q": "x"}):
        text = at.get(QUEUE, query).content.decode()
        assert "Spring &lt;b&gt;" in text
        assert " of Awin" not in text
    for query in ({"kind": "nonsense"}, {"q": "\x01"}, {"page": "zzz"}, {"q": "x" * 500}):
        assert at.get(QUEUE, query).status_code == 200


def test_an_empty_queue_says_so(browser: Any) -> None:
    assert b"Nothing waits here" in browser(roles.VIEWER).get(QUEUE).content


@pytest.mark.parametrize("role", [roles.VIEWER, roles.STEWARD, roles.APPROVER])
def test_viewers_look_at_the_queue_and_decide_on_nothing(browser: Any, role: str) -> None:
    partner("P-1", "One")
    (one,) = fill(row("1", delivered_name="One"))
    at = browser(role)
    may = role != roles.VIEWER
    for page in (QUEUE, page_of(one)):
        answer = at.get(page)
        assert answer.status_code == 200
        assert (b'type="radio"' in answer.content) is may
        posted = {f"choice-{one.code}": "map:P-1", "reason": "x", "effective": "always"}
        assert at.post(page, {}).status_code == (200 if may else 403)
        assert at.post(page, posted).status_code == (302 if may else 403)
        ChangeRequest.objects.all().delete()
    for page in ("add/", f"{quote(one.code)}/delete/"):
        assert at.get(QUEUE + page).status_code == 403
    assert Campaign.objects.count() == Crosswalk.objects.count() == 0


def test_nobody_unknown_sees_the_queue(db: None) -> None:
    assert Browser().get(QUEUE).status_code == 302


def test_a_team_of_one_maps_at_once(browser: Any, settings: Any) -> None:
    settings.FOUR_EYES = False
    (one,) = fill(row("1"))
    browser(roles.APPROVER).post(
        page_of(one),
        {f"choice-{one.code}": "new", "reason": "x", "effective": "always", "new-name": "One"},
    )
    assert Crosswalk.objects.get().partner_id == "One"
    assert not UnmappedId.objects.waiting().exists()


def test_what_a_network_calls_itself_at_length_stops_no_queue(db: None) -> None:
    found = fill(
        row("1", delivered_name="n" * 300, delivered_website="w" * 3000, click_host="h" * 300),
        row("2", delivered_name="a\x00b"),
        row("i" * 129), row("ü" * 128), row("a\x00b"),
    )  # fmt: skip
    assert {one.source_id: one.name for one in found} == {"1": "n" * 255, "2": "ab"}
    assert DeliveredName.objects.count() == 2


def test_suggestions_are_worked_out_again_after_every_change(db: None, monkeypatch: Any) -> None:
    made: list[str] = []

    class Counting(Matcher):
        def __init__(self, candidates: Any, aliases: Any) -> None:
            made.append(f"{len(candidates)} {len(aliases)}")
            super().__init__(candidates, aliases)

    monkeypatch.setattr("unmapped.candidates.Matcher", Counting)
    partner("P-1", "Clover Coupons")
    partner("P-2", "Other")

    def first(source_id: str = "1") -> str:
        ids = [one for one in UnmappedId.objects.waiting() if one.source_id == source_id]
        found = suggestions_for(ids)[ids[0].key]
        return found[0].code if found else ""

    one = row("1", delivered_name="Clover Coupon", click_host="shop.harbor.example")
    other = row("7", delivered_name="Quince and Sage")
    eighth = row("8", delivered_name="Quince & Sage")
    fill(one, other, eighth)
    assert [first(), first(), first("7")] == ["P-1", "P-1", first("7")]
    assert made == ["2 0"]
    # Past Django's signals, as another process or a client of the database does it.
    with connection.cursor() as cursor:
        cursor.execute("update partner set name = 'Nothing alike' where code = 'P-1'")
    partner("P-3", "Clover Coupons")
    assert (first(), first()) == ("P-3", "P-3")
    SiteDomain.objects.create(code="harbor.example", domain="harbor.example", partner_id="P-2")
    assert first() == "P-2"
    SiteDomain.objects.all().delete()
    assert first() == "P-3"
    assert first("8") != "P-2"
    mapped("7", "P-2")
    assert first("8") == "P-2"
    # The same ids with another name: their number says nothing.
    fill(row("1", delivered_name="Clover Coupon"), row("7", delivered_name="Rook"))
    fill(row("1", delivered_name="Rook"))
    assert first() == "P-2"
    assert len(made) == 6, made


def test_a_change_that_is_committed_late_is_seen(db: None) -> None:
    """Of two transactions the one with the lower number may be the later: a gap is filled."""
    partner("P-1", "Clover Coupons")
    before = _stamp("partner")
    entry = Partner.history.get()
    entry.pk, entry.history_date = entry.pk - 1, entry.history_date - dt.timedelta(seconds=1)
    entry.save(force_insert=True)
    assert _stamp("partner") != before
