"""A few master records as files, for portals that tests start."""

from __future__ import annotations

from pathlib import Path

import duckdb

from unmapped.warehouse import COLUMNS, MART

HEAD = "history_id,recorded_at,change_type,effective_from"
AT = "2026-01-05T09:00:00Z,+,"
FILES = {
    "advertiser_group_history.csv": (
        f"{HEAD},code,name,is_active,reason",
        f"1,{AT},G-1,Harbor Group,true,new contract",
    ),
    "advertiser_history.csv": (
        f"{HEAD},code,name,group_code,vertical,website_domain,country_code,"
        "reporting_currency_code,is_active,reason",
        f"1,{AT},A-1,Harbor Shoes,G-1,fashion,harborshoes.example,GB,GBP,true,new contract",
        f"2,{AT},A-2,Juniper Travel,,travel,junipertravel.example,US,USD,true,new contract",
    ),
    "partner_history.csv": (
        f"{HEAD},code,name,partner_type,channel_code,website_domain,country_code,is_active,reason",
        f"1,{AT},P-1,Morning Deals,coupon,affiliates,morningdeals.example,GB,true,new contract",
        f"2,{AT},P-2,Trail Journal,content,affiliates,trailjournal.example,US,true,new contract",
        f"3,{AT},P-3,Point Cashback,cashback,affiliates,pointcashback.example,DE,true,new contract",
    ),
    "program_history.csv": (
        f"{HEAD},code,name,advertiser_code,network_code,commission_rate,cookie_days,lock_days,"
        "currency_code,time_zone,is_active,reason",
        f"1,{AT},PRG-1,Harbor Shoes UK,A-1,awin,0.08,30,60,GBP,Europe/London,true,new contract",
    ),
    "crosswalk_history.csv": (
        f"{HEAD},network_code,kind,source_id,code,reason",
        f"1,{AT},awin,partner,101,P-1,imported",
        f"2,{AT},awin,program,7,PRG-1,imported",
    ),
}


def deliver_small_world(landing: Path) -> None:
    """Write the files into the landing folder."""
    folder = landing / "master_data"
    folder.mkdir(parents=True)
    for name, lines in FILES.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


# Two partners that a network names and nobody has mapped yet, as the warehouse knows them.
UNMAPPED = (
    ("awin", "partner", "202", "Trail Journal Ltd", "https://trailjournal.example/about",
     "trailjournal.example", 420, 9, "310.50", "GBP"),
    ("awin", "partner", "303", "Point Cash-Back", None, None, 75, 2, "18.20", "GBP"),
)  # fmt: skip


def make_small_warehouse(path: Path) -> None:
    """Write the mart of unmapped ids into a DuckDB file."""
    types = ["varchar"] * 6 + ["bigint"] * 2 + ["numeric(18, 6)", "varchar", "boolean"]
    types += ["timestamp"] * 2
    columns = ", ".join(f"{name} {type_}" for name, type_ in zip(COLUMNS, types, strict=True))
    with duckdb.connect(str(path)) as database:
        database.execute("create schema marts")
        database.execute(f"create table marts.{MART} ({columns})")
        for row in UNMAPPED:
            database.execute(
                f"insert into marts.{MART} values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, false,"
                " '2026-03-01', '2026-06-30')",
                row,
            )
