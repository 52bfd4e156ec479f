"""The ledger's states, conversions and fact follow what changed, and the others keep their rows.

One warehouse of the demo, in which something of some commissions is changed in every table that the
models read. An incremental build must then have the rows that a full refresh has.
"""

from __future__ import annotations

import pytest

from incremental import built_as_anew, differing, made_anew, rows
from warehouses import Warehouse, demo_landing

MODELS = {
    "int_commissions__states": "intermediate",
    "int_commissions__converted": "intermediate",
    "fct_commissions": "marts",
    "fct_commission_events": "marts",
}

# What is changed, each of a few commissions: in tables of entries as the ledger writes them, with
# the fingerprint that it gives them.
CHANGES = {
    "entries": """
        update intermediate.int_commissions__entries
        set commission_amount = commission_amount + 1, entry_state = entry_state + 1
        where mod(commission_key, 40) = 1
    """,
    "gone entries": """
        delete from intermediate.int_commissions__entries where mod(commission_key, 40) = 2
    """,
    "rates": """
        update intermediate.int_currencies__daily_rates set rate = rate * 2
        where mod(day(date_day), 10) = 3
    """,
    "currencies of advertisers": """
        update intermediate.int_master__advertiser_versions
        set reporting_currency_code
        = case reporting_currency_code when 'GBP' then 'EUR' else 'GBP' end
        where mod(advertiser_key, 3) = 0
    """,
    "matches": """
        update intermediate.int_commissions__matched_to_clicks
        set match_confidence = 0.5
        where mod(commission_key, 40) = 3
    """,
    "gone matches": """
        delete from intermediate.int_commissions__matched_to_clicks
        where mod(commission_key, 40) = 4
    """,
    "contracts": """
        update intermediate.int_commissions__contracted_rates
        set highest_contracted_rate = highest_contracted_rate + 0.1
        where mod(commission_key, 40) = 5
    """,
    "devices of clicks": """
        update marts.fct_clicks set device_key = -1 where mod(date_key, 10) = 7;
        update intermediate.fct_clicks__days set members = members + 1 where mod(date_key, 10) = 7
    """,
    "channels of partners": """
        update intermediate.int_members__versions
        set channel_current_key = (
            select min(channel_current_key) from intermediate.int_master__channel_versions
        )
        where kind = 'partner' and mod(member_key, 5) = 1
    """,
    **{
        f"{kind}s": f"""
            update intermediate.int_members__versions set current_key = current_key + 1
            where kind = '{kind}' and mod(member_key, 5) = 2
        """
        for kind in ("advertiser", "partner", "program", "campaign")
    },
    "creatives": """
        update intermediate.int_members__versions set member_key = member_key + 1
        where kind = 'creative' and mod(member_key, 5) = 2
    """,
    "advertisers for the currency": """
        update intermediate.int_members__versions
        set member_key = (
            select min(advertiser_key) from intermediate.int_master__advertiser_versions
            where reporting_currency_code = 'GBP'
        )
        where kind = 'advertiser' and mod(member_key, 5) = 4
    """,
}
# A change of these is looked for in all commissions: one after the other.
CHANGES_OF_ALL = {
    "channels": """
        update intermediate.int_master__channel_versions set channel_key = channel_key + 1
        where mod(channel_key, 2) = 0
    """,
    "networks": "update marts.dim_network set network_key = network_key + 1",
    "countries": "update marts.dim_country set country_key = country_key + 1",
    "currencies": "update marts.dim_currency set minor_units = 4 where minor_units = 2",
    "keys of currencies": "update marts.dim_currency set currency_key = currency_key + 1",
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a built warehouse of the demo."""
    folder = tmp_path_factory.mktemp("commissions_incremental")
    built = Warehouse("duckdb", folder)
    built.load(demo_landing(folder, "--clicks", "4000", "--days", "40"))
    selected = ("--select", "+fct_commission_events")
    built.dbt("build", *selected, "--exclude-resource-type", "test", "unit_test")
    return built


def test_commissions_are_those_of_a_full_refresh_whatever_changed(warehouse: Warehouse) -> None:
    before = rows(warehouse, MODELS)
    for name, change in CHANGES.items():
        warehouse.execute(change)
        wanted = made_anew(warehouse, MODELS)
        assert "fct_commissions" in differing(wanted, before), name
        before = wanted
    warehouse.dbt("run", "--select", *MODELS)
    after = rows(warehouse, MODELS)
    assert not differing(after, before)
    assert len(after["fct_commissions"]) > 50


@pytest.mark.parametrize("name", CHANGES_OF_ALL)
def test_all_commissions_follow_a_change_of(name: str, warehouse: Warehouse) -> None:
    before = rows(warehouse, MODELS)
    warehouse.execute(CHANGES_OF_ALL[name])
    assert differing(built_as_anew(warehouse, MODELS, name), before)


def test_nothing_is_built_again_when_nothing_changed(warehouse: Warehouse) -> None:
    """A build without news would restore what somebody took away."""
    for model in ("fct_commissions", "fct_commission_events"):
        warehouse.execute(f"delete from marts.{model} where mod(commission_key, 7) = 1")
    before = rows(warehouse, MODELS)
    warehouse.dbt("run", "--select", *MODELS)
    assert not differing(rows(warehouse, MODELS), before)


def test_another_reporting_currency_needs_no_full_refresh(warehouse: Warehouse) -> None:
    warehouse.dbt("run", "--vars", "{reporting_currency: GBP}", "--select", *MODELS)
    for model in ("intermediate.int_commissions__converted", "marts.fct_commissions"):
        found = warehouse.query(f"select distinct reporting_currency_code from {model}")
        assert found == [("GBP",)], model
