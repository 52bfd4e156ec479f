"""Every id finds one member at every time, and the dimensions hold it, on two engines."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from scd2_oracle import BEGINNING, END, Edit, Version, expected_versions
from standins import stand_in
from warehouses import DATABASE, Warehouse

SCD2_KINDS = ("advertiser", "partner", "program", "campaign")
KINDS = (*SCD2_KINDS, "creative")
NETWORKS = ("awin", "none", "newnet")
DAY = datetime(2024, 1, 1)

# The fields of a record's history: name, type, values to draw from.
FIELDS: dict[str, list[tuple[str, str, Sequence[object]]]] = {
    "advertiser": [
        ("name", "varchar(255)", ["Acme", "Bolt", "Cord"]),
        ("group_code", "varchar(64)", ["group-1", "group-2", "ghost", None]),
        ("vertical", "varchar(100)", ["fashion", "travel"]),
        ("website_domain", "varchar(255)", ["acme.example"]),
        ("country_code", "varchar(2)", ["DE", "NA", None]),
        ("reporting_currency_code", "varchar(3)", ["EUR", "JPY", None]),
        ("is_active", "boolean", [True, False]),
    ],
    "partner": [
        ("name", "varchar(255)", ["Deals'R'Us", "Échos", "Finder"]),
        ("partner_type", "varchar(50)", ["content", "coupon"]),
        ("channel_code", "varchar(64)", ["affiliates", "channel-1", "ghost", None]),
        ("website_domain", "varchar(255)", ["finder.example", None]),
        ("country_code", "varchar(2)", ["US"]),
        ("is_active", "boolean", [True, False, None]),
    ],
    "program": [
        ("name", "varchar(255)", ["Acme UK", "Acme US"]),
        ("advertiser_code", "varchar(64)", ["advertiser-1", "advertiser-2"]),
        ("network_code", "varchar(30)", ["awin", "rarenet"]),
        ("commission_rate", "numeric(9,6)", [0.05, 0.1]),
        ("cookie_days", "integer", [7, 30]),
        ("lock_days", "integer", [60, None]),
        ("currency_code", "varchar(3)", ["EUR", "JPY"]),
        ("time_zone", "varchar(63)", ["Europe/London"]),
        ("is_active", "boolean", [True]),
    ],
    "campaign": [
        ("name", "varchar(255)", ["Spring", "Autumn"]),
        ("advertiser_code", "varchar(64)", ["advertiser-1"]),
        ("objective", "varchar(100)", ["launch", "retention"]),
        ("starts_on", "date", [date(2024, 3, 1)]),
        ("ends_on", "date", [date(2024, 4, 1), None]),
        ("is_active", "boolean", [True]),
    ],
}
CHANNEL: list[tuple[str, str, Sequence[object]]] = [
    ("name", "varchar(255)", ["Creators", "Clips"]),
    ("parent_channel_code", "varchar(64)", ["partners", "paid", None]),
    ("sort_order", "integer", [210, 7]),
    ("is_paid", "boolean", [True, False, None]),
    ("description", "varchar(255)", ["Links."]),
    ("is_active", "boolean", [True, False]),
]
GROUP: list[tuple[str, str, Sequence[object]]] = [
    ("name", "varchar(255)", ["Group One", "Group Two", "Group Three"]),
    ("is_active", "boolean", [True]),
]
HISTORY = (
    "history_id bigint, recorded_at timestamp, change_type varchar(1), effective_from timestamp,"
    " file_id bigint, line_number bigint"
)
Id = tuple[str, str, str]  # kind, network, source id


@dataclass(frozen=True)
class World:
    """Histories of records and mappings, and the ids that clicks carry."""

    records: Mapping[str, list[Edit]]
    channels: list[Edit]
    groups: list[Edit]
    mappings: list[Edit]
    seen: list[Id]


@dataclass(frozen=True)
class Built:
    """A warehouse in which the models were built from a world."""

    warehouse: Warehouse
    world: World


def life(
    rng: random.Random, code: str, draw: Sequence[Sequence[object]], number: int
) -> list[Edit]:
    """The history of one record: created, changed, deleted and made again at random."""
    edits: list[Edit] = []
    recorded_at = DAY + timedelta(hours=rng.randrange(100))
    values: tuple[object, ...] = tuple(rng.choice(options) for options in draw)
    alive = False
    for _ in range(rng.randrange(1, 6)):
        kind = rng.choice("~~~-") if alive else "+"
        if kind == "~":
            position = rng.randrange(len(values))
            changed = rng.choice(draw[position])
            values = (*values[:position], changed, *values[position + 1 :])
        effective = rng.choice([None, None, DAY + timedelta(days=rng.randrange(-20, 60))])
        edits.append(Edit(code, number + len(edits), recorded_at, kind, effective, values))
        alive = kind != "-"
        recorded_at += timedelta(hours=rng.choice([0, 5, 200]), microseconds=rng.randrange(10**6))
    return edits


def make_world(rng: random.Random) -> World:
    """Six records of each kind, mappings to them and to unknown codes, and ids of clicks."""
    records: dict[str, list[Edit]] = {}
    mappings: list[Edit] = []
    seen: list[Id] = []
    for kind, fields in FIELDS.items():
        edits: list[Edit] = []
        for number in range(1, 7):
            options = [values for _, _, values in fields]
            edits += life(rng, f"{kind}-{number}", options, len(edits) + 1)
        records[kind] = edits
        codes = [f"{kind}-{number}" for number in range(1, 7)] + [f"{kind}-ghost", None]
        for number in range(25):
            network = rng.choice(NETWORKS)
            code = f"{kind}/{network}/m{number}"
            mappings += life(rng, code, [codes], len(mappings) + 1)
            if rng.random() < 0.5:
                seen.append((kind, network, f"m{number}"))
        seen += [(kind, network, "loose") for network in NETWORKS]
    seen += [("creative", network, "banner|1") for network in NETWORKS]
    return World(
        records,
        lives(rng, ("affiliates", "email", "channel-1", "channel-2"), CHANNEL),
        lives(rng, ("group-1", "group-2"), GROUP),
        mappings,
        seen,
    )


def lives(
    rng: random.Random, codes: Sequence[str], fields: list[tuple[str, str, Sequence[object]]]
) -> list[Edit]:
    """The histories of a few records."""
    edits: list[Edit] = []
    for code in codes:
        edits += life(rng, code, [values for _, _, values in fields], len(edits) + 1)
    return edits


def stand_in_history(
    warehouse: Warehouse,
    kind: str,
    fields: list[tuple[str, str, Sequence[object]]],
    edits: Sequence[Edit],
) -> None:
    """Put a history where staging would."""
    columns = ", ".join(f"{name} {type_}" for name, type_, _ in fields)
    stand_in(
        warehouse,
        f"staging.stg_master_data__{kind}_history",
        f"{HISTORY}, code varchar(64), {columns}",
        [
            (
                *(e.history_id, e.recorded_at, e.change_type, e.effective_from),
                *(1, e.history_id, e.code, *e.values),
            )
            for e in edits
        ],
    )


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the members and the dimensions on each engine from the same world."""
    folder = tmp_path_factory.mktemp(f"members_{request.param}")
    if request.param == "duckdb":
        warehouse = Warehouse("duckdb", folder)
    else:
        server = request.getfixturevalue("postgres_server")
        request.addfinalizer(lambda: server.drop_database(DATABASE))
        warehouse = Warehouse("postgres", folder, server.create_database(DATABASE))
    world = make_world(random.Random(20240229))
    # Master data that nobody keeps here: empty, as the loader makes its tables.
    landing = folder / "landing"
    landing.mkdir()
    warehouse.load(landing)
    histories = (*FIELDS, "channel", "advertiser_group", "crosswalk")
    told = [f"stg_master_data__{kind}_history" for kind in histories]
    warehouse.dbt("run", "--select", "path:models/staging/master_data", "--exclude", *told)
    for kind, fields in FIELDS.items():
        stand_in_history(warehouse, kind, fields, world.records[kind])
    stand_in_history(warehouse, "channel", CHANNEL, world.channels)
    stand_in_history(warehouse, "advertiser_group", GROUP, world.groups)
    stand_in(
        warehouse,
        "staging.stg_master_data__crosswalk_history",
        f"{HISTORY}, kind varchar(20), network_code varchar(30), source_id varchar(128),"
        " code varchar(64), is_ignored boolean",
        [
            (
                *(e.history_id, e.recorded_at, e.change_type, e.effective_from, 1, e.history_id),
                *(part if part != "none" else None for part in e.code.split("/")),
                e.values[0],
                None,
            )
            for e in world.mappings
        ],
    )
    stand_in(
        warehouse,
        "intermediate.int_clicks__members",
        "kind varchar(20), network_code varchar(30), source_id varchar(128)",
        world.seen,
    )
    stand_in(
        warehouse,
        "intermediate.int_money__members",
        "kind varchar(20), network_code varchar(30), source_id varchar(128)",
        world.seen[:2],
    )
    stand_in(
        warehouse, "intermediate.int_money__networks", "network_code varchar(30)", [("paidnet",)]
    )
    stand_in(
        warehouse,
        "intermediate.int_channels__traffic_sources",
        "network_code varchar(30)",
        [("none",), ("bignet",), ("awin",)],
    )
    stand_in(
        warehouse,
        "staging.stg_loader__user_agents",
        "user_agent varchar(8192), device_type varchar(20), os_family varchar(100),"
        " browser_family varchar(100)",
        [
            ("Mozilla/5.0 one", "desktop", "Linux", "Firefox"),
            ("Mozilla/5.0 two", "desktop", "Linux", "Firefox"),
            ("curl/8", "bot", None, "curl"),
            ("Opera/9 of no click", "desktop", "Linux", "Opera"),
        ],
    )
    stand_in(
        warehouse,
        "intermediate.int_clicks__user_agents",
        "user_agent varchar(8192)",
        [("Mozilla/5.0 one",), ("Mozilla/5.0 two",), ("Mozilla/5.0 one",), ("curl/8",), (None,)],
    )
    stand_in(
        warehouse,
        "intermediate.int_sessions__received",
        "device_key bigint, is_page_view boolean",
        [(None, True)],
    )
    dimensions = [f"dim_{kind}" for kind in KINDS]
    dimensions += [f"dim_{kind}_current" for kind in (*SCD2_KINDS, "channel")]
    dimensions += ["dim_network", "dim_channel", "dim_device", "dim_country", "dim_currency"]
    # Of the master data, what these dimensions are made of.
    master_data = [f"path:models/intermediate/master,+{dimension}" for dimension in dimensions]
    selected = ["path:seeds", "int_members__versions", *dimensions, *master_data]
    # Cautious: a test that also reads a fact, which is not here, is not run.
    options = ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
    warehouse.dbt("build", *options, "--select", *selected)
    return Built(warehouse, world)


def test_every_id_is_one_member_at_every_time(built: Built) -> None:
    of_id: dict[Id, list[tuple[datetime, datetime, int, bool]]] = defaultdict(list)
    for kind, network, source_id, start, end, key, is_mapped in built.warehouse.query(
        "select kind, network_code, source_id, valid_from, valid_to, member_key, is_mapped"
        " from intermediate.int_members__versions"
    ):
        assert isinstance(start, datetime) and isinstance(end, datetime) and isinstance(key, int)
        of_id[str(kind), str(network), str(source_id)].append((start, end, key, bool(is_mapped)))
    mapped_ids = {tuple(edit.code.split("/")) for edit in built.world.mappings}
    assert set(of_id) == {*built.world.seen, *mapped_ids}

    dimension = {kind: dimension_rows(built.warehouse, kind) for kind in KINDS}
    mappings = by_code(expected_versions(built.world.mappings, dated=True))
    masters = {
        kind: by_code(expected_versions(built.world.records[kind], dated=False))
        for kind in SCD2_KINDS
    }
    checked = {True: 0, False: 0}
    for (kind, network, source_id), intervals in of_id.items():
        mapping = mappings.get(f"{kind}/{network}/{source_id}", [])
        moments = {BEGINNING, DAY, END - timedelta(days=1)}
        for version in mapping:
            moments |= {version.valid_from, version.valid_from - timedelta(microseconds=1)}
            for of_master in masters[kind].get(str(version.values[0]), []):
                moments.add(of_master.valid_from)
        for start, _, _, _ in intervals:
            moments |= {start, start - timedelta(microseconds=1)}
        for moment in moments:
            if moment < BEGINNING:
                continue
            found = [
                (key, is_mapped)
                for start, end, key, is_mapped in intervals
                if start <= moment < end
            ]
            assert len(found) == 1, (kind, network, source_id, moment, found)
            key, is_mapped = found[0]
            row = dimension[kind][key]
            mapped_to = at(mapping, moment)
            master = None
            if (
                mapped_to is not None
                and not mapped_to.is_deleted
                and mapped_to.values[0] is not None
            ):
                master = at(masters[kind].get(str(mapped_to.values[0]), []), moment)
            if master is None:
                assert not is_mapped
                assert (row["network_code"], row["source_id"]) == (network, source_id)
                assert row.get(f"{kind}_code") is None
            else:
                assert is_mapped
                assert row["source_id"] is None
                assert row[f"{kind}_code"] == master.code
                assert row[f"{kind}_name"] == master.values[0]
                assert row["is_deleted"] == master.is_deleted
                assert (row["valid_from"], row["valid_to"]) == (master.valid_from, master.valid_to)
            checked[is_mapped] += 1
    assert min(checked.values()) > 200


def test_a_dimension_holds_every_version_with_its_attributes(built: Built) -> None:
    for kind in SCD2_KINDS:
        expected = expected_versions(built.world.records[kind], dated=False)
        rows = [
            row for row in dimension_rows(built.warehouse, kind).values() if row[f"{kind}_code"]
        ]
        assert len(rows) == len(expected)
        found = {(row[f"{kind}_code"], row["valid_from"]): row for row in rows}
        for version in expected:
            row = found[version.code, version.valid_from]
            for (name, type_, _), value in zip(FIELDS[kind], version.values, strict=True):
                got = row[f"{kind}_name" if name == "name" else name]
                if type_.startswith("numeric"):
                    assert float(str(got)) == value
                else:
                    assert got == value, (version, name)
            assert row["is_current"] == version.is_current
            assert row["is_mapped"]


def test_an_unmapped_id_is_named_by_its_network(built: Built) -> None:
    rows = dimension_rows(built.warehouse, "partner").values()
    names = {
        (row["network_code"], row["partner_name"]) for row in rows if row["source_id"] == "loose"
    }
    assert names == {
        ("awin", "Awin partner loose"),
        ("none", "First-party partner loose"),
        ("newnet", "newnet partner loose"),
    }
    creatives = dimension_rows(built.warehouse, "creative").values()
    assert sorted(str(row["creative_name"]) for row in creatives) == [
        "Awin creative banner|1",
        "First-party creative banner|1",
        "Unknown",
        "newnet creative banner|1",
    ]


def test_a_network_is_a_member_even_where_nobody_has_listed_it(built: Built) -> None:
    rows = built.warehouse.query(
        "select network_code, network_name, is_listed from marts.dim_network"
        " where not is_listed order by network_code"
    )
    assert [tuple(row) for row in rows if row[0] is not None] == [
        ("bignet", "bignet", False),
        ("newnet", "newnet", False),
        ("paidnet", "paidnet", False),
        ("rarenet", "rarenet", False),
    ]


def test_a_device_is_a_combination_and_not_a_user_agent(built: Built) -> None:
    rows = built.warehouse.query(
        "select device_type, os_family, browser_family from marts.dim_device"
    )
    assert sorted(map(str, rows)) == sorted(
        map(
            str,
            [
                ("unknown", "Unknown", "Unknown"),
                ("desktop", "Linux", "Firefox"),
                ("bot", None, "curl"),
            ],
        )
    )


def test_the_world_has_its_countries_and_currencies_their_decimals(built: Built) -> None:
    query = built.warehouse.query
    assert query("select count(*) from marts.dim_country") == [(250,)]
    names = query("select country_name from marts.dim_country where country_code in ('NA', 'DE')")
    assert sorted(str(name) for (name,) in names) == ["Germany", "Namibia"]
    decimals = query(
        "select currency_code, minor_units from marts.dim_currency"
        " where currency_code in ('USD', 'JPY', 'KWD', 'CLF', 'ISK', 'HUF')"
    )
    assert {str(code): units for code, units in decimals} == {
        "USD": 2, "JPY": 0, "KWD": 3, "CLF": 4, "ISK": 0, "HUF": 2,
    }  # fmt: skip


def test_a_durable_key_is_of_the_record_and_not_of_its_versions(built: Built) -> None:
    """Without it, a report with today's names would split a partner at each of its edits."""
    query = built.warehouse.query
    for kind in (*SCD2_KINDS, "channel"):
        key = f"{kind}_current_key"
        identity = f"coalesce({kind}_code, '')"
        if kind != "channel":
            identity += ", coalesce(network_code, ''), coalesce(source_id, '')"
            if kind == "program":
                # A version may be of another network; its code says whose it is.
                identity = (
                    "coalesce(program_code, network_code || ' ' || source_id, 'unknown program')"
                )
        durable = query(f"select distinct {key}, {identity} from marts.dim_{kind}")
        assert len(durable) == len({row[0] for row in durable}) == len({row[1:] for row in durable})
        current = query(f"select {key}, {kind}_key, {kind}_name from marts.dim_{kind}_current")
        assert sorted(map(str, current)) == sorted(
            map(
                str,
                query(
                    f"select {key}, {kind}_key, {kind}_name from marts.dim_{kind} where is_current"
                ),
            )
        )
        assert {row[0] for row in current} == {row[0] for row in durable}
        if kind != "channel":
            # What facts take from the members is what the dimension has.
            assert query(
                "select count(*) from intermediate.int_members__versions as members"
                f" left join marts.dim_{kind} as dimension"
                f" on members.member_key = dimension.{kind}_key"
                f" and members.current_key = dimension.{key}"
                f" where members.kind = '{kind}' and dimension.{key} is null"
            ) == [(0,)]


def test_a_group_has_its_name_of_today_for_all_time(built: Built) -> None:
    today: dict[object, object] = {
        version.code: version.values[0]
        for version in expected_versions(built.world.groups, dated=False)
        if version.is_current
    }
    rows = built.warehouse.query("select distinct group_code, group_name from marts.dim_advertiser")
    expected: dict[object, object] = {None: None, "ghost": "ghost", **today}
    assert {"ghost", "group-1"} < {code for code, _ in rows}
    assert all(name == expected[code] for code, name in rows)
    assert len(rows) == len({code for code, _ in rows})


def test_a_channel_is_what_the_seed_says_until_somebody_changes_it(built: Built) -> None:
    # What the seed says of the two channels that have edits, too.
    seeded: dict[str, tuple[object, ...]] = {
        "affiliates": ("Affiliates", "partners", 210, True, "Links on affiliate sites.", True),
        "email": ("Email", "owned", 410, False, "Links in e-mail.", True),
    }
    edits = [
        Edit(code, 0, BEGINNING, "+", BEGINNING, values) for code, values in seeded.items()
    ] + built.world.channels
    expected = [
        (v.code, *v.values, v.is_deleted, v.is_current, v.valid_from, v.valid_to)
        for v in expected_versions(edits, dated=False)
    ]
    found = built.warehouse.query(
        "select channel_code, channel_name, parent_channel_code, sort_order, is_paid,"
        " channel_description, is_active, is_deleted, is_current, valid_from, valid_to"
        " from marts.dim_channel where channel_code in ('affiliates', 'email') or"
        " channel_code like 'channel-%'"
    )
    assert sorted(map(str, found)) == sorted(map(str, expected))
    # ... and a partner has the channel of its version, where there is such a channel.
    of_partners = built.warehouse.query(
        "select distinct partners.channel_code, channels.channel_code"
        " from intermediate.int_members__versions as members"
        " inner join marts.dim_partner as partners on members.member_key = partners.partner_key"
        " left join marts.dim_channel_current as channels"
        " on members.channel_current_key = channels.channel_current_key"
        " where members.kind = 'partner' and partners.partner_code is not null"
    )
    expected_channel = {"affiliates": "affiliates", "channel-1": "channel-1", "ghost": None}
    assert {("channel-1", "channel-1"), ("ghost", None)} <= set(of_partners)
    assert all(given == expected_channel.get(str(code)) for code, given in of_partners)


def test_channels_roll_up_to_their_group(built: Built) -> None:
    rows = built.warehouse.query(
        "select channel_name, parent_channel_code, channel_group_name, channel_level"
        " from marts.dim_channel where channel_code in ('paid_search', 'direct', 'paid')"
    )
    assert sorted(map(str, rows)) == sorted(
        map(
            str,
            [
                ("Paid Search", "paid", "Paid", 2),
                ("Direct", None, "Direct", 1),
                ("Paid", None, "Paid", 1),
            ],
        )
    )


def dimension_rows(warehouse: Warehouse, kind: str) -> dict[int, dict[str, object]]:
    """The rows of a dimension by key."""
    table = f"dim_{kind}"
    columns = [
        str(name)
        for (name,) in warehouse.query(
            "select column_name from information_schema.columns"
            f" where table_schema = 'marts' and table_name = '{table}'"
        )
    ]
    rows = warehouse.query(f"select {', '.join(columns)} from marts.{table}")
    listed = [dict(zip(columns, row, strict=True)) for row in rows]
    by_key = {int(str(row[f"{kind}_key"])): row for row in listed}
    assert len(by_key) == len(listed)
    return by_key


def by_code(versions: Sequence[Version]) -> dict[str, list[Version]]:
    """The versions of each record."""
    grouped: dict[str, list[Version]] = defaultdict(list)
    for version in versions:
        grouped[version.code].append(version)
    return grouped


def at(versions: Sequence[Version], moment: datetime) -> Version | None:
    """The version that holds at a moment."""
    return next((v for v in versions if v.valid_from <= moment < v.valid_to), None)
