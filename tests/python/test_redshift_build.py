"""`TARGET=redshift` from landing files to marts, on a Redshift or on the stand-in for one.

One warehouse for the whole module: `make run` fills it, and each test does one thing more to it.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from redshift_standin import Redshift, connect
from warehouses import ROOT, Warehouse, demo_landing, project_copy

PASSWORD = "Pass-word-1"
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small landing folder of demo files."""
    folder = tmp_path_factory.mktemp("demo")
    options = ("--clicks", "5000", "--days", "12", "--truth", str(folder / "truth"))
    return demo_landing(folder, *options)


@pytest.fixture(scope="module")
def warehouse(redshift: Redshift, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Return an empty warehouse that refuses columns without explicit lengths and precisions."""
    environment = redshift.environment()
    if redshift.backend_port is not None:
        redshift.administer("alter role dbt_user set rs.strict_types = 'on'")
    folder = tmp_path_factory.mktemp("redshift_build")
    yield Warehouse("redshift", folder, environment, project_copy(folder / "project"))
    if redshift.backend_port is not None:
        redshift.administer("alter role dbt_user reset rs.strict_types")
    redshift.drop(environment)


@pytest.fixture(scope="module")
def said(warehouse: Warehouse, landing: Path) -> str:
    """Return what `make run` says of the first run: load, build with every test, docs, summary."""
    made = Warehouse(
        "redshift",
        warehouse.folder,
        {**warehouse.settings, "LANDING": str(landing), "COLUMNS": "200"},
        warehouse.project,
    )
    return made.run(sys.executable, str(ROOT / "scripts" / "run.py"), "run").stdout


def outcomes(warehouse: Warehouse) -> Counter[tuple[str, str]]:
    """Return how many nodes of each kind ended in each way in dbt's last run."""
    path = warehouse.project / "target" / "run_results.json"
    results: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    return Counter((result["unique_id"].split(".")[0], result["status"]) for result in results)


def rows_of_marts(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every fact, sorted."""
    return {
        name: sorted(warehouse.query(f"select * from {warehouse.schema('marts')}.{name}"), key=str)
        for name in warehouse.tables("marts")
        if name.startswith("fct_")
    }


def test_make_run_loads_builds_tests_and_tells(warehouse: Warehouse, said: str) -> None:
    for words in (
        "Loaded",
        "Built",
        "0 warned, 0 failed",
        "Headline metrics",
        "Redshift, ",
        "Changed: ",
    ):
        assert words in said
    clicks = warehouse.query(f"select count(*) from {warehouse.schema('marts')}.fct_clicks")
    assert clicks == [(5000,)]
    catalog = json.loads((warehouse.project / "target" / "catalog.json").read_text())
    assert catalog["nodes"]["model.clickstar.fct_clicks"]["columns"]


def test_a_second_build_and_a_full_refresh_change_nothing(warehouse: Warehouse, said: str) -> None:
    before = rows_of_marts(warehouse)
    warehouse.dbt("build", "--exclude-resource-type", "unit_test")
    assert {status for _, status in outcomes(warehouse)} == {"success", "pass"}
    manifest = json.loads((warehouse.project / "target" / "manifest.json").read_text())
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    assert outcomes(warehouse)[("test", "pass")] == len(tests) > 100
    assert rows_of_marts(warehouse) == before
    warehouse.dbt("build", "--full-refresh", *NO_TESTS)
    assert rows_of_marts(warehouse) == before


def test_every_stored_column_has_an_explicit_length(warehouse: Warehouse, said: str) -> None:
    """Guards that a longer text of tomorrow fits: Redshift infers a length from today's rows."""
    schemas = ", ".join(f"'{warehouse.schema(name)}'" for name in ("intermediate", "marts"))
    columns = warehouse.query(
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a"
        " join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace"
        f" where a.attnum > 0 and c.relkind = 'r' and n.nspname in ({schemas})"
    )
    assert columns
    kinds = ("character varying", "text", "numeric")
    assert [column for column in columns if column[2] in kinds] == []


def test_facts_are_distributed_and_sorted(warehouse: Warehouse, said: str) -> None:
    keys = {
        str(name): (style, sort)
        for name, style, sort in warehouse.query(
            'select "table", diststyle, sortkey1 from svv_table_info where "schema" ='
            f" '{warehouse.schema('marts')}'"
        )
    }
    assert keys["fct_clicks"] == ("KEY(click_id)", "date_key")
    assert keys["fct_daily_performance"] == ("EVEN", "date_key")
    assert {keys[name][0] for name in keys if name.startswith("dim_")} == {"ALL"}


def test_a_view_outlives_the_swap_of_its_table(warehouse: Warehouse, said: str) -> None:
    """Guards `bind: false`: dbt drops a replaced table with all views that are bound to it."""
    warehouse.dbt("run", "--select", "dim_date")
    assert "dim_date_relative" in warehouse.tables("marts")
    relation = f"{warehouse.schema('marts')}.dim_date_relative"
    assert warehouse.query(f"select count(*) from {relation}") == [(31046,)]


def facts_of_advertisers(warehouse: Warehouse) -> list[str]:
    """Return the names of the facts whose rows belong to an advertiser."""
    manifest = json.loads((warehouse.project / "target" / "manifest.json").read_text())
    return sorted(
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["name"].startswith(("fct_", "rec_"))
        and node["config"]["materialized"] != "view"
        and "advertiser_key" in node["columns"]
    )


def as_user(warehouse: Warehouse, user: str, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of a query that another user asks."""
    environment = {
        **warehouse.environment,
        "CLICKSTAR_REDSHIFT_USER": user,
        "CLICKSTAR_REDSHIFT_PASSWORD": PASSWORD,
    }
    with connect(environment) as session, session.cursor() as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Protected:
    """A warehouse whose rows are protected: clients see their own, staff all of them.

    Attributes:
        warehouse: it, with both roles as the readers of its marts.
        redshift: where it is.
        clients: the role of clients.
        staff: the role of those who see everything.
    """

    warehouse: Warehouse
    redshift: Redshift
    clients: str
    staff: str

    def run(self, mapping: str, *selection: str) -> None:
        """Build models while the mapping says whose rows a user sees."""
        variables = {
            "row_access_mapping": mapping,
            "row_access_clients_role": self.clients,
            "row_access_staff_role": self.staff,
            # The stand-in does not know this form of grant.
            "row_access_grants_lookup": False,
        }
        self.warehouse.dbt("run", "--select", *selection, "--vars", json.dumps(variables))
        # On Redshift the policy itself has this right.
        access = self.warehouse.schema("access")
        self.redshift.administer(
            f"grant usage on schema {access} to {self.clients}",
            f"grant select on {access}.client_advertisers to {self.clients}",
        )

    def user(self, role: str, name: str) -> str:
        """Make a user with a role, and return its name."""
        self.redshift.administer(f"create user {name} password '{PASSWORD}' in role {role}")
        return name


@pytest.fixture(scope="module")
def protected(warehouse: Warehouse, said: str, redshift: Redshift) -> Protected:
    """Return the warehouse with the two roles that policies are for."""
    if redshift.backend_port is None:
        pytest.skip("makes users and roles, which a test does not do on a real cluster")
    clients, staff = (f"{name}_{uuid.uuid4().hex[:8]}" for name in ("clients", "staff"))
    redshift.administer(f"create role {clients}", f"create role {staff}")
    settings = {**warehouse.settings, "CLICKSTAR_READERS": f"role:{clients},role:{staff}"}
    granting = Warehouse("redshift", warehouse.folder, settings, warehouse.project)
    return Protected(granting, redshift, clients, staff)


def test_readers_are_granted_and_clients_see_their_own_rows(
    warehouse: Warehouse, protected: Protected
) -> None:
    """Guards both hooks, twice each, and that a swapped table is protected as the old one was."""
    client = protected.user(protected.clients, "some_client")
    analyst = protected.user(protected.staff, "some_analyst")
    marts, access = warehouse.schema("marts"), warehouse.schema("access")
    master = warehouse.schema("master")
    [(code,)] = warehouse.query(
        f"select min(a.advertiser_code) from {marts}.fct_clicks as c"
        f" join {marts}.dim_advertiser as a on c.advertiser_key = a.advertiser_key"
    )
    with connect(warehouse.environment) as session, session.cursor() as cursor:
        cursor.execute(f"create schema {master}")
        cursor.execute(
            f"create table {master}.client_users"
            " (user_name varchar(127), advertiser_code varchar(64))"
        )
        cursor.execute(f"insert into {master}.client_users values ('{client}', '{code}')")
        session.commit()
    everything = f"select count(*) from {marts}.fct_clicks"
    [(expected,)] = warehouse.query(
        f"select count(*) from {marts}.fct_clicks as c join {marts}.dim_advertiser as a"
        f" on c.advertiser_key = a.advertiser_key where a.advertiser_code = '{code}'"
    )
    for options in ((), (), ("--full-refresh",)):
        models = ("fct_clicks", "fct_daily_performance", "dim_advertiser")
        protected.run(f"{master}.client_users", *models, *options)
        assert as_user(warehouse, client, everything) == [(expected,)]
        assert as_user(warehouse, analyst, everything) == [(5000,)]
        assert as_user(warehouse, client, f"select count(*) from {marts}.fct_daily_performance") < [
            *as_user(warehouse, analyst, f"select count(*) from {marts}.fct_daily_performance")
        ]
    assert 0 < int(str(expected)) < 5000
    warehouse.query(f"select count(*) from {access}.client_advertisers")
    # Whatever else tells of an advertiser, the money first of all, is protected by the same hook.
    facts = facts_of_advertisers(warehouse)
    money = ("commissions", "commission_events", "commissions_as_of", "commission_restatements")
    expected_facts = {f"fct_{name}" for name in (*money, "network_reports", "costs")}
    assert {*expected_facts, "rec_network_daily"} <= set(facts)
    protected.run(f"{master}.client_users", *facts)
    for fact in facts:
        counted = f"select count(*) from {marts}.{fact}"
        own = warehouse.query(
            f"{counted} where advertiser_key in (select advertiser_key from"
            f" {marts}.dim_advertiser where advertiser_code = '{code}')"
        )
        assert as_user(warehouse, client, counted) == own, fact
        assert as_user(warehouse, analyst, counted) == warehouse.query(counted), fact


def test_a_client_of_the_master_data_sees_its_advertisers(
    warehouse: Warehouse, protected: Protected
) -> None:
    """The demo's client has two users, one of them closed, and three advertisers, one withdrawn."""
    marts = warehouse.schema("marts")
    reporting = protected.user(protected.clients, "harbor_reporting")
    agency = protected.user(protected.clients, "harbor_agency")
    protected.run("master_data", "fct_clicks", "dim_advertiser")
    advertisers = f"select distinct advertiser_code from {marts}.dim_advertiser"
    of_client = sorted(as_user(warehouse, reporting, advertisers))
    withdrawn = warehouse.query(
        "select distinct advertiser_code from"
        f" {warehouse.schema('staging')}.stg_master_data__client_advertiser_history"
        " where change_type = '-'"
    )
    assert (len(of_client), len(withdrawn)) == (2, 1)
    assert withdrawn[0] not in of_client
    codes = ", ".join(f"'{code}'" for (code,) in of_client)
    counted = f"select count(*) from {marts}.fct_clicks"
    [own] = warehouse.query(
        f"{counted} where advertiser_key in (select advertiser_key from {marts}.dim_advertiser"
        f" where advertiser_code in ({codes}))"
    )
    assert own > (0,)
    assert as_user(warehouse, reporting, counted) == [own]
    assert as_user(warehouse, agency, counted) == [(0,)]


def test_the_portal_fills_its_queue(warehouse: Warehouse, said: str) -> None:
    portal = Warehouse(
        "redshift",
        warehouse.folder,
        {**warehouse.settings, "MDM_DATABASE_URL": f"sqlite:///{warehouse.folder}/portal.sqlite3"},
    )
    manage = (sys.executable, str(ROOT / "mdm" / "manage.py"))
    portal.run(*manage, "migrate", "--verbosity", "0")
    printed = portal.run(*manage, "refresh_unmapped").stdout
    unmapped = f"{warehouse.schema('marts')}.fct_unmapped_members"
    [(waiting,)] = warehouse.query(f"select count(*) from {unmapped}")
    assert int(str(waiting)) > 0
    assert printed.startswith(f"Queue: {int(str(waiting)):,} unmapped ids wait for a decision")
