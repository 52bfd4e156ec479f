"""Regular expressions of published lists, written out as the plain texts that they match."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass

# ASCII only, as every engine does it alike; lower() differs between them beyond ASCII.
_FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SPECIAL = set("\\^$.|?*+()[]{}")


class InexpressibleError(ValueError):
    """The expression stands for more than a few plain texts."""


@dataclass(frozen=True, order=True)
class Text:
    """A plain text in lower case, and where in a user agent it must stand.

    Attributes:
        pattern: the text.
        match: `contains`, `starts`, `ends` or `whole`.
    """

    pattern: str
    match: str

    def hits(self, folded: str) -> bool:
        """Whether a user agent in lower case matches."""
        match self.match:
            case "contains":
                return self.pattern in folded
            case "starts":
                return folded.startswith(self.pattern)
            case "ends":
                return folded.endswith(self.pattern)
            case _:
                return folded == self.pattern


def fold(text: str) -> str:
    """The text with A to Z in lower case, all other characters as they are."""
    return text.translate(_FOLD)


def texts(expression: str) -> list[Text]:
    """Every plain text that the expression matches.

    Knows literals, escaped punctuation, `^` and `$`, alternatives, groups, classes of single
    characters and `?`. Raises InexpressibleError for anything else: a repetition, a range, a word
    boundary, a look around.
    """
    reader = _Reader(expression)
    found = reader.alternatives()
    if reader.position != len(expression):
        raise InexpressibleError(expression)
    return sorted({_text(marked, expression) for marked in found})


# What ^ and $ become while alternatives are multiplied out.
_START, _END = "\x02", "\x03"


def _text(marked: str, expression: str) -> Text:
    starts, ends = marked.startswith(_START), marked.endswith(_END)
    plain = marked.removeprefix(_START).removesuffix(_END)
    if _START in plain or _END in plain or not plain.isascii():
        raise InexpressibleError(expression)
    match = {(True, True): "whole", (True, False): "starts", (False, True): "ends"}
    return Text(fold(plain), match.get((starts, ends), "contains"))


class _Reader:
    """Reads one expression from left to right; each part is the list of what it may be."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self.position = 0

    def alternatives(self) -> list[str]:
        found = self._sequence()
        while self._peek() == "|":
            self.position += 1
            found += self._sequence()
        return found

    def _sequence(self) -> list[str]:
        so_far = [""]
        while self._peek() not in ("", "|", ")"):
            part = self._part()
            if self._peek() == "?":
                self.position += 1
                part = ["", *part]
            if self._peek() in ("*", "+", "{", "?"):
                raise InexpressibleError(self._expression)
            so_far = [head + tail for head in so_far for tail in part]
            if len(so_far) > 20:
                raise InexpressibleError(self._expression)
        return so_far

    def _part(self) -> list[str]:
        character = self._take()
        if character == "(":
            if self._peek() == "?":
                raise InexpressibleError(self._expression)
            found = self.alternatives()
            if self._take() != ")":
                raise InexpressibleError(self._expression)
            return found
        if character == "[":
            return self._class()
        if character == "^":
            return [_START]
        if character == "$":
            return [_END]
        if character == "\\":
            return [self._escaped()]
        if character in _SPECIAL:
            raise InexpressibleError(self._expression)
        return [character]

    def _class(self) -> list[str]:
        members: list[str] = []
        while (character := self._take()) != "]":
            if character in ("", "^", "-"):
                raise InexpressibleError(self._expression)
            members.append(self._escaped() if character == "\\" else character)
        return sorted(set(map(fold, members)))

    def _escaped(self) -> str:
        character = self._take()
        if not character or character.isalnum():
            raise InexpressibleError(self._expression)
        return character

    def _peek(self) -> str:
        return self._expression[self.position : self.position + 1]

    def _take(self) -> str:
        character = self._peek()
        self.position += 1
        return character


def any_hits(found: Iterable[Text], folded: Iterable[str]) -> bool:
    """Whether one of the texts matches one of the user agents, which are in lower case."""
    wanted = list(found)
    return any(text.hits(user_agent) for user_agent in folded for text in wanted)
