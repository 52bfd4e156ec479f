"""User agents made up by rule: templates of browsers with versions, and of bots."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Agent:
    """A user agent string, its share among humans or bots, and what a parser should make of it."""

    user_agent: str
    weight: float
    device_type: str
    browser: str
    browser_version: str
    os: str
    os_version: str


WINDOWS = ("Windows NT 10.0; Win64; x64", "Windows", "10")
MACS = [(f"Macintosh; Intel Mac OS X 10_15_{n}", "Mac OS X", f"10.15.{n}") for n in (5, 6, 7)]
LINUX = ("X11; Linux x86_64", "Linux", "")
CHROME_OS = ("X11; CrOS x86_64 14541.0.0", "Chrome OS", "14541.0.0")
PHONES = (
    "K",
    "Pixel 6",
    "Pixel 7a",
    "Pixel 8 Pro",
    "SM-A546E",
    "SM-G991B",
    "SM-S911B",
    "moto g(60)",
)
TABLETS = ("SM-X200", "SM-X710", "Lenovo TB-X606F")
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"

BOTS = (
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 20.0),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", 12.0),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 10.0),
    ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", 9.0),
    ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", 5.0),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", 8.0),
    (f"Mozilla/5.0 {WEBKIT}; compatible; GPTBot/1.2; +https://openai.com/gptbot", 6.0),
)
TOOLS = (
    ("python-requests/2.{v}.0", range(25, 33), 9.0),
    ("curl/8.{v}.1", range(1, 10), 6.0),
    ("Go-http-client/{v}", ("1.1", "2.0"), 5.0),
    ("LinkVerifier/1.{v} (+https://linkverifier.example/bot)", range(6), 7.0),
    (
        "OfferCrawler/{v}.0 (compatible; price check; +https://offercrawler.example)",
        range(2, 5),
        5.0,
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "HeadlessChrome/{v}.0.0.0 Safari/537.36",
        range(112, 124),
        10.0,
    ),
)


def _age_weights(versions: list[int], pace: float) -> list[float]:
    """The newest version is the most used; each older one keeps `pace` of the next newer."""
    return [pace ** (len(versions) - 1 - number) for number in range(len(versions))]


def human_agents(seed: int) -> list[Agent]:
    """Browsers on desktops, phones, tablets and televisions; the weights add up to about 100."""
    rng = random.Random(f"{seed}/agents")
    found: list[Agent] = []

    def family(
        share: float,
        device: str,
        browser: str,
        template: str,
        platforms: list[tuple[str, str, str]],
        versions: list[int],
        pace: float = 0.7,
    ) -> None:
        """All combinations of platforms and versions of one browser; together they get `share`."""
        combined = [
            (platform, version, weight * (0.5 + rng.random()))
            for platform in platforms
            for version, weight in zip(versions, _age_weights(versions, pace), strict=True)
        ]
        whole = sum(weight for _, _, weight in combined)
        for (token, os, os_version), version, weight in combined:
            text = template.format(platform=token, v=version, os=os_version.replace(".", "_"))
            found.append(
                Agent(text, share * weight / whole, device, browser, str(version), os, os_version)
            )

    chrome = list(range(112, 139))
    desktop = "Mozilla/5.0 ({platform}) " + WEBKIT + " Chrome/{v}.0.0.0 Safari/537.36"
    family(17, "desktop", "Chrome", desktop, [WINDOWS], chrome)
    family(7, "desktop", "Chrome", desktop, MACS, chrome)
    family(1.5, "desktop", "Chrome", desktop, [LINUX, CHROME_OS], chrome)
    family(6, "desktop", "Edge", desktop + " Edg/{v}.0.0.0", [WINDOWS], chrome)
    family(
        1, "desktop", "Opera", desktop + " OPR/{v}.0.0.0", [WINDOWS, MACS[2]], list(range(96, 112))
    )
    family(
        4, "desktop", "Firefox", "Mozilla/5.0 ({platform}; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
        [WINDOWS, MACS[2], LINUX], list(range(102, 139)), 0.8,
    )  # fmt: skip
    family(
        6, "desktop", "Safari",
        "Mozilla/5.0 ({platform}) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/{v}.3 Safari/605.1.15",
        MACS, list(range(13, 19)), 0.5,
    )  # fmt: skip
    android = [
        (f"Linux; Android {version}; {model}", "Android", str(version))
        for version in range(9, 16)
        for model in PHONES
    ]
    mobile = "Mozilla/5.0 ({platform}) " + WEBKIT + " Chrome/{v}.0.0.0 Mobile Safari/537.36"
    family(20, "mobile", "Chrome Mobile", mobile, android, chrome[8:])
    family(
        3, "mobile", "Samsung Internet",
        "Mozilla/5.0 ({platform}) " + WEBKIT
        + " SamsungBrowser/{v}.0 Chrome/115.0.0.0 Mobile Safari/537.36",
        [platform for platform in android if "SM-" in platform[0]], list(range(18, 28)),
    )  # fmt: skip
    iphones = [
        (f"iPhone; CPU iPhone OS {major}_{minor} like Mac OS X", "iOS", f"{major}.{minor}")
        for major in range(14, 19)
        for minor in range(7)
    ]
    apple = "Mozilla/5.0 ({platform}) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    # Safari's version is the system's.
    safari = apple + "Version/{v}.0 Mobile/15E148 Safari/604.1"
    for major, share in ((14, 0.6), (15, 1.4), (16, 3.0), (17, 7.0), (18, 10.0)):
        platforms = [phone for phone in iphones if phone[2].startswith(str(major))]
        family(share, "mobile", "Mobile Safari", safari, platforms, [major])
    family(
        2, "mobile", "Chrome Mobile iOS",
        apple + "CriOS/{v}.0.6000.0 Mobile/15E148 Safari/604.1", iphones[14:], chrome[12:],
    )  # fmt: skip
    family(
        2.5, "mobile", "Instagram",
        apple + "Mobile/15E148 Instagram {v}.0.0.0.100 (iPhone14,5; iOS {os}; en_US)",
        iphones[14:], list(range(290, 330, 4)),
    )  # fmt: skip
    ipads = [
        (f"iPad; CPU OS {major}_{minor} like Mac OS X", "iOS", f"{major}.{minor}")
        for major in range(15, 19)
        for minor in range(5)
    ]
    for major in range(15, 19):
        platforms = [pad for pad in ipads if pad[2].startswith(str(major))]
        family(1, "tablet", "Mobile Safari", safari, platforms, [major])
    family(
        1.5, "tablet", "Chrome", desktop,
        [(f"Linux; Android {version}; {model}", "Android", str(version))
         for version in (11, 12, 13) for model in TABLETS],
        chrome[12:],
    )  # fmt: skip
    family(
        0.5, "tv", "Samsung TV Browser",
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen {v}.0) AppleWebKit/537.36 (KHTML, like Gecko) "
        "94.0.4606.31/{v}.0 TV Safari/537.36",
        [("SMART-TV; LINUX; Tizen", "Tizen", "")], [5, 6, 7],
    )  # fmt: skip
    return found


def bot_agents() -> list[Agent]:
    """Crawlers that say who they are, libraries and headless browsers."""
    found = [Agent(text, weight, "bot", "bot", "", "", "") for text, weight in BOTS]
    for template, versions, weight in TOOLS:
        choices = list(versions)
        found += [
            Agent(template.format(v=version), weight / len(choices), "bot", "bot", "", "", "")
            for version in choices
        ]
    return found
