"""Which networks lie in which, on both engines, against Python's own ipaddress."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstar_lists.networks import NARROWEST, collapsed
from clickstar_lists.patterns import InexpressibleError, Text, texts
from clickstar_lists.seeds import ADDED, REMOVED, read_rows, refreshed
from rendering import render
from standins import execute, literal, stand_in
from warehouses import Warehouse

ROOT = Path(__file__).resolve().parents[2]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
KEPT = {4: 24, 6: 48}
MODELS = ("int_networks__blocks", "int_networks__matched", "int_networks__judged")
BLOCKS = (
    "network varchar(43), rule_id varchar(40), provider varchar(40), source varchar(40),"
    " added_in_version integer, removed_in_version integer"
)


def prefix_text(network: Network) -> str:
    """A /24 or /48 as the loader writes it: always three groups of an IPv6 address."""
    if network.version == 4:
        return str(network)
    groups = network.network_address.exploded.split(":")[:3]
    return ":".join(f"{int(group, 16):x}" for group in groups) + "::/48"


def number(network: Network) -> int:
    """The bits of the network that a click keeps."""
    width = 32 if network.version == 4 else 128
    return int(network.network_address) >> (width - KEPT[network.version])


@pytest.fixture(scope="module")
def macros(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The SQL of the macros over a column, as DuckDB gets it."""
    folder = tmp_path_factory.mktemp("macros")
    marker = "======"
    jinja = marker.join(
        [
            "{{ network_number('network') }}",
            "{{ prefix_length('network') }}",
            "{{ leading_bits('number', 'width', 'bits') }}",
        ]
    )
    rendered = render(jinja, Warehouse("duckdb", folder))
    names = ("network_number", "prefix_length", "leading_bits")
    return dict(zip(names, rendered.split(marker), strict=True))


networks = st.one_of(
    st.tuples(st.integers(0, 2**24 - 1), st.integers(0, 24)).map(
        lambda pair: ipaddress.IPv4Network((pair[0] << 8, pair[1]), strict=False)
    ),
    st.tuples(st.integers(0, 2**48 - 1), st.integers(0, 48)).map(
        lambda pair: ipaddress.IPv6Network((pair[0] << 80, pair[1]), strict=False)
    ),
)


@settings(max_examples=300, deadline=None)
@given(network=networks, kept=st.data())
def test_networks_are_the_numbers_that_ipaddress_gives(
    macros: Mapping[str, str], network: Network, kept: st.DataObject
) -> None:
    width = KEPT[network.version]
    bits = kept.draw(st.integers(0, width))
    written = [str(network), prefix_text(network).split("/")[0] + f"/{network.prefixlen}"]
    for text in written:
        rows = duckdb.execute(
            f"select {macros['network_number']}, {macros['prefix_length']}"
            f" from (select {literal(text)} as network)"
        ).fetchall()
        assert rows == [(number(network), network.prefixlen)], text
    rows = duckdb.execute(
        f"select {macros['leading_bits']}"
        f" from (select {number(network)} as number, {width} as width, {bits} as bits)"
    ).fetchall()
    assert rows == [(number(network) >> (width - bits),)]


def _world(rng: random.Random) -> tuple[list[Network], list[Network]]:
    """Blocks, some inside others or narrower than a prefix, and prefixes in, at and beside them."""
    blocks: set[Network] = set()
    prefixes: set[Network] = set()
    for _ in range(150):
        four = ipaddress.IPv4Network((rng.getrandbits(32), rng.randrange(6, 29)), strict=False)
        six = ipaddress.IPv6Network(
            ((0x2001 << 112) | rng.getrandbits(112), rng.randrange(20, 60)), strict=False
        )
        for block in (four, six):
            blocks.add(block)
            blocks.add(ipaddress.ip_network((block.network_address, block.prefixlen + 1)))
            kept = KEPT[block.version]
            step = 1 << ((32 if block.version == 4 else 128) - kept)
            start = int(block.network_address) // step * step
            for address in (
                start,
                start - step,
                start + step,
                int(block.broadcast_address) // step * step,
                int(block.broadcast_address) // step * step + step,
                rng.randint(start, int(block.broadcast_address)) // step * step,
            ):
                if 0 <= address < 1 << (32 if block.version == 4 else 128):
                    prefixes.add(type(block)((address, kept)))
    edges = ("0.0.0.0/24", "255.255.255.0/24", "::/48", "ffff:ffff:ffff::/48", "2001:0:5::/48")
    return sorted(blocks, key=str), sorted({*prefixes, *map(ipaddress.ip_network, edges)}, key=str)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_a_prefix_is_in_a_network_where_ipaddress_says_so(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings_: dict[str, str] = {}
    if engine == "postgres":
        settings_ = request.getfixturevalue("postgres_warehouse")
    warehouse = Warehouse(engine, tmp_path, settings_)
    blocks, prefixes = _world(random.Random(20240229))
    rows = [(str(block), "data_centre", "someone", "a list", 1, None) for block in blocks]
    stand_in(warehouse, "seeds.data_centre_networks", BLOCKS, rows)
    stand_in(
        warehouse,
        "seeds.click_quality_rules",
        "rule_id varchar(40), version integer, kind varchar(40)",
        [("data_centre", 1, "network")],
    )
    stand_in(
        warehouse,
        "intermediate.int_networks__prefixes",
        "file_id bigint, ip_prefix varchar(43)",
        [(file, prefix_text(prefix)) for file in (1, 2) for prefix in prefixes],
    )
    warehouse.dbt("run", "--select", *MODELS)

    expected = {
        (prefix_text(prefix), str(block))
        for prefix in prefixes
        for block in blocks
        if block.version == prefix.version
        and block.prefixlen <= KEPT[block.version]
        and prefix.subnet_of(block)  # type: ignore[arg-type]
    }
    assert len(expected) > 1000
    assert _matched(warehouse) == expected
    narrowest = {
        prefix: max((block for found, block in expected if found == prefix), key=_length)
        for prefix, _ in expected
    }
    judged = warehouse.query("select ip_prefix, evidence from intermediate.int_networks__judged")
    assert {str(prefix): str(said) for prefix, said in judged} == {
        prefix: f"{block} (someone)" for prefix, block in narrowest.items()
    }

    # A prefix and a network come, a network and a prefix go: as if everything was built anew.
    gone, gone_prefix = blocks[0], prefixes[0]
    execute(
        warehouse,
        f"delete from seeds.data_centre_networks where network = '{gone}'",
        "insert into seeds.data_centre_networks"
        " values ('198.18.0.0/15', 'data_centre', 'new', 'a list', 1, null)",
        "insert into intermediate.int_networks__prefixes values (3, '198.19.255.0/24')",
        "delete from intermediate.int_networks__prefixes"
        f" where ip_prefix = '{prefix_text(gone_prefix)}'",
    )
    warehouse.dbt("run", "--select", *MODELS)
    incremental = _matched(warehouse)
    assert ("198.19.255.0/24", "198.18.0.0/15") in incremental
    assert not any(prefix == prefix_text(gone_prefix) for prefix, _ in incremental)
    assert not any(block == str(gone) for _, block in incremental)
    warehouse.dbt("run", "--full-refresh", "--select", *MODELS)
    assert incremental == _matched(warehouse)


def _length(block: str) -> int:
    return int(block.split("/")[1])


def _matched(warehouse: Warehouse) -> set[tuple[str, str]]:
    rows = warehouse.query(
        "select ip_prefix, network from intermediate.int_networks__matched where network != ''"
    )
    assert len(rows) == len(set(rows))
    return {(str(prefix), str(network)) for prefix, network in rows}


def test_every_listed_network_is_one_and_wide_enough() -> None:
    """A network with bits beyond its length would be another one for whoever reads it."""
    listed = read_rows(ROOT / "seeds" / "data_centre_networks.csv")
    for row in listed:
        network = ipaddress.ip_network(row["network"])
        assert str(network) == row["network"]
        assert network.prefixlen <= NARROWEST[network.version], row
        assert network.is_global, row
    assert {row["provider"] for row in listed} >= {"aws", "azure", "gcp", "hetzner", "ovh"}
    # Relays and delivery networks, behind which people are, are no data centres here.
    relays = [ipaddress.ip_network(text) for text in ("104.16.0.0/24", "172.64.0.0/24")]
    for relay in relays:
        assert not any(
            relay.overlaps(ipaddress.ip_network(row["network"]))
            for row in listed
            if ":" not in row["network"]
        )


def test_narrow_blocks_side_by_side_are_one_wide_enough() -> None:
    four = [ipaddress.ip_network(f"198.51.100.{quarter * 64}/26") for quarter in range(4)]
    six = [ipaddress.ip_network("2001:db8::/49"), ipaddress.ip_network("2001:db8:0:8000::/49")]
    assert list(map(str, collapsed([*four, *six]))) == ["198.51.100.0/24", "2001:db8::/48"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"Foo\/1\.0", [("foo/1.0", "contains")]),
        ("^Foo", [("foo", "starts")]),
        ("Foo$", [("foo", "ends")]),
        ("^b0t$", [("b0t", "whole")]),
        ("[wW]get", [("wget", "contains")]),
        ("(^| )PTST/", [(" ptst/", "contains"), ("ptst/", "starts")]),
        ("Ahrefs(Bot|Site)", [("ahrefsbot", "contains"), ("ahrefssite", "contains")]),
        ("Automaton|Newsify Feed", [("automaton", "contains"), ("newsify feed", "contains")]),
        ("colou?r", [("color", "contains"), ("colour", "contains")]),
        (r"bot\b", None),
        (r"v\d", None),
        ("a.c", None),
        ("ab*", None),
        ("a{2}", None),
        ("[a-z]bot", None),
        ("[^-]bot", None),
        ("(?<!lib)http", None),
        ("a^b", None),
        ("a)b", None),
    ],
)
def test_a_pattern_is_written_out_or_refused(
    expression: str, expected: list[tuple[str, str]] | None
) -> None:
    if expected is None:
        with pytest.raises(InexpressibleError):
            texts(expression)
    else:
        assert texts(expression) == [Text(*parts) for parts in expected]


def test_a_refresh_loses_nothing_that_an_older_version_judged_by() -> None:
    def rows(*patterns: str) -> list[dict[str, str]]:
        return [{"pattern": name, "rule": name[0], "note": "new"} for name in patterns]

    key = ("pattern",)
    first = refreshed([], rows("a1", "a2", "b1"), key, "rule")
    assert first.versions == {"a": 1, "b": 1}
    second = refreshed(first.rows, rows("a2", "a3", "b1"), key, "rule")
    assert second.versions == {"a": 2}
    assert [(row["pattern"], row[ADDED], row[REMOVED]) for row in second.rows] == [
        ("a1", "1", "2"),
        ("a2", "1", ""),
        ("a3", "2", ""),
        ("b1", "1", ""),
    ]
    # Nothing new: nothing changes; what comes back is a row of its own.
    assert refreshed(second.rows, rows("a2", "a3", "b1"), key, "rule").rows == second.rows
    third = refreshed(second.rows, rows("a1", "a2", "a3", "b1"), key, "rule")
    assert [(row[ADDED], row[REMOVED]) for row in third.rows if row["pattern"] == "a1"] == [
        ("1", "2"),
        ("3", ""),
    ]
