"""A few master records as files, for portals that tests start."""

from __future__ import annotations

from pathlib import Path

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
