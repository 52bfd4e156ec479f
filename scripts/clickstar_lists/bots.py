"""The user agents of known robots: seeds/user_agent_patterns.csv.

Two lists of patterns are merged: crawler-user-agents (MIT), which names robots, and the patterns of
isbot (Unlicense) as the Python package is-bot (Apache-2.0) ships them. A pattern on which the lists
disagree, or that meets a browser of the test cases of device-detector, names a *disputed* robot:
its clicks are marked and not invalid.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex
import yaml

from .packages import ListError, Wheel, wheel
from .patterns import InexpressibleError, Text, fold, texts
from .seeds import Row

COLUMNS = (
    "pattern", "match", "stem", "rule_id", "source", "added_in_version", "removed_in_version",
)  # fmt: skip
KEY = ("pattern", "match", "rule_id")
KNOWN, DISPUTED = "known_bot", "disputed_bot"
# A shorter text is in too many words.
_SHORTEST = 3
# How many letters of its patterns a user agent is asked for first, before the patterns themselves.
_STEM = 3
_FIXTURES = "/tests/fixtures/upstream/"
# The test cases of device-detector that are no browsers of people's devices.
_NO_DEVICES = ("bots", "clienthints", "unknown", "feed_reader", "mobile_apps", "podcasting")


@dataclass(frozen=True)
class BotLists:
    """What the packages hold.

    Attributes:
        crawlers: pattern and example user agents of each entry of crawler-user-agents.
        is_bot: the patterns of is-bot.
        browsers: user agents of browsers, in lower case.
        versions: of each package.
    """

    crawlers: list[tuple[str, list[str]]]
    is_bot: list[str]
    browsers: list[str]
    versions: dict[str, str]


def download(folder: Path) -> BotLists:
    """Fetch the newest lists; ListError says what could not be had."""
    crawlers = wheel("crawler-user-agents", folder)
    is_bot = wheel("is-bot", folder)
    detector = wheel("device-detector", folder)
    return BotLists(
        [
            (entry["pattern"], entry.get("instances", []))
            for entry in json.loads(crawlers.read("/crawler-user-agents.json"))
        ],
        _is_bot_patterns(is_bot),
        _browsers(detector),
        {
            "crawler-user-agents": crawlers.version,
            "is-bot": is_bot.version,
            "device-detector": detector.version,
        },
    )


def rows(lists: BotLists) -> tuple[list[Row], list[str]]:
    """The rows of the seed, without versions, and the patterns that no plain text expresses."""
    recognised = _recogniser(lists.is_bot)
    found: dict[Text, tuple[str, str]] = {}
    left_out: list[str] = []
    sources: list[tuple[str, list[tuple[str, list[str]]]]] = [
        ("crawler-user-agents", lists.crawlers),
        ("is-bot", [(pattern, []) for pattern in lists.is_bot]),
    ]
    for source, patterns in sources:
        for pattern, examples in patterns:
            try:
                written_out = texts(pattern)
            except InexpressibleError:
                left_out.append(pattern)
                continue
            disputed = bool(examples) and not any(map(recognised, examples))
            for text in written_out:
                if len(text.pattern) < _SHORTEST:
                    left_out.append(pattern)
                elif text not in found:
                    found[text] = (DISPUTED if disputed else KNOWN, source)
    for text, (_, source) in found.items():
        if any(map(text.hits, lists.browsers)):
            found[text] = (DISPUTED, source)
    stem_of = stems(sorted({text.pattern for text in found}), lists.browsers)
    return [
        {
            "pattern": text.pattern,
            "match": text.match,
            "stem": stem_of[text.pattern],
            "rule_id": rule_id,
            "source": source,
        }
        for text, (rule_id, source) in found.items()
    ], left_out


def stems(patterns: Sequence[str], browsers: Sequence[str]) -> dict[str, str]:
    """A stem of each pattern: three of its letters, or all of it, few in all and rare in browsers.

    A user agent without the stem cannot have the pattern. A few hundred stems are asked for instead
    of all patterns, and the patterns of a stem only where it is found. Chosen greedily: next always
    the letters that save most comparisons with a browser.
    """
    having: dict[str, set[str]] = defaultdict(set)
    for pattern in patterns:
        for start in range(len(pattern) - _STEM + 1):
            having[pattern[start : start + _STEM]].add(pattern)
    # A sample of every so many browsers is enough to know which letters are frequent.
    sample = browsers[:: max(1, len(browsers) // 4000)]
    share = {
        letters: sum(letters in browser for browser in sample) / max(1, len(sample))
        for letters, found in having.items()
        if len(found) > 1
    }
    chosen: dict[str, str] = {}
    while True:
        saved, letters = max(
            (
                (len(having[letters] - chosen.keys()) * (1 - share[letters]) - 1, letters)
                for letters in share
            ),
            default=(0.0, ""),
        )
        if saved <= 0:
            break
        for pattern in having[letters] - chosen.keys():
            chosen[pattern] = letters
    return {pattern: chosen.get(pattern, pattern) for pattern in patterns}


def _recogniser(patterns: list[str]) -> Callable[[str], bool]:
    joined = regex.compile("|".join(f"(?:{pattern})" for pattern in patterns), regex.IGNORECASE)
    return lambda user_agent: joined.search(user_agent) is not None


def _is_bot_patterns(package: Wheel) -> list[str]:
    """The set `default_patterns` of the package, read as data: its code is not run."""
    for statement in ast.parse(package.read("/_patterns.py")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Set):
            return sorted(ast.literal_eval(statement.value))
    raise ListError(
        "is-bot has no set of patterns any more: adapt scripts/clickstar_lists/bots.py."
    )


def _browsers(package: Wheel) -> list[str]:
    """The user agents that device-detector's test cases call browsers of a device."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: set[str] = set()
    for name in package.names():
        file = name.rsplit("/", 1)[-1]
        if _FIXTURES in name and file.endswith(".yml") and not file.startswith(_NO_DEVICES):
            for case in yaml.load(package.read(name), Loader=loader):
                if (case.get("client") or {}).get("type") == "browser":
                    found.add(fold(case["user_agent"]))
    if not found:
        raise ListError("device-detector ships no test cases any more: no pattern can be checked.")
    return sorted(found)
