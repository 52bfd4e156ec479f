"""The devices behind the distinct user agents, parsed once each by ua-parser."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow as pa
from ua_parser import Result, parse

_BOT = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|archiver|scrap|fetcher|monitor|headless|python-|curl/"
    r"|wget|java/|okhttp|go-http-client|libwww|httpclient|phantomjs|facebookexternalhit",
    re.IGNORECASE,
)
_TV = re.compile(
    r"smart-?tv|\btv\b|appletv|apple tv|bravia|roku|aft[a-z]|tizen.*tv|web0s|hbbtv|googletv"
    r"|google tv|chromecast|crkey|netcast|viera",
    re.IGNORECASE,
)
_TABLET = re.compile(
    r"ipad|tablet|kindle|silk/|playbook|nexus (?:7|9|10)\b|sm-t\d|sm-x\d|gt-p\d|\bkf[a-z]{2,4}\b",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"mobi|iphone|ipod|android|windows phone|blackberry|opera mini", re.IGNORECASE)
_DESKTOP_SYSTEMS = (
    "Windows", "Mac OS X", "Linux", "Ubuntu", "Debian", "Fedora", "Chrome OS", "FreeBSD",
    "OpenBSD", "NetBSD", "Solaris", "Red Hat", "SUSE", "CentOS", "Arch Linux", "Gentoo",
)  # fmt: skip


def parsed_user_agents(user_agents: list[str]) -> pa.Table:
    """One row of ``_user_agents`` for each user agent."""
    now = datetime.now(UTC).replace(tzinfo=None)
    columns: dict[str, list[str | datetime | None]] = {
        name: []
        for name in (
            "user_agent", "device_type", "device_brand", "device_model", "browser_family",
            "os_family", "parsed_at",
        )
    }  # fmt: skip
    for user_agent in user_agents:
        result = parse(user_agent)
        device, browser, system = result.device, result.user_agent, result.os
        columns["user_agent"].append(user_agent)
        columns["device_type"].append(_device_type(user_agent, result))
        columns["device_brand"].append(_short(device.brand) if device else None)
        columns["device_model"].append(_short(device.model) if device else None)
        columns["browser_family"].append(_short(browser.family) if browser else None)
        columns["os_family"].append(_short(system.family) if system else None)
        columns["parsed_at"].append(now)
    types = [pa.string()] * 6 + [pa.timestamp("us")]
    return pa.table(
        {
            name: pa.array(values, type=kind)
            for (name, values), kind in zip(columns.items(), types, strict=True)
        }
    )


def _device_type(text: str, result: Result) -> str:
    """One of desktop, mobile, tablet, tv, bot, other; the narrower word wins."""
    system = result.os.family if result.os else ""
    device = result.device.family if result.device else ""
    if device == "Spider" or _BOT.search(text):
        return "bot"
    if _TV.search(text) or system in ("tvOS", "Roku", "WebOS", "FireOS TV", "Chromecast"):
        return "tv"
    if _TABLET.search(text) or device == "iPad":
        return "tablet"
    if system == "Android" and "Mobile" not in text and "Mobi" not in text:
        return "tablet"
    if _MOBILE.search(text):
        return "mobile"
    if system.startswith(_DESKTOP_SYSTEMS):
        return "desktop"
    return "other"


def _short(text: str | None) -> str | None:
    """At most 100 bytes of the text."""
    return text.encode()[:100].decode(errors="ignore") if text else None
