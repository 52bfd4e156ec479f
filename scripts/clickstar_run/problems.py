"""Faults that a person can mend, each told in one sentence."""

from __future__ import annotations

import errno


class Problem(Exception):
    """Something that a person has to mend; the message says what, where and what to do."""


# What the engines say, and what a person should do about it.
KNOWN_CAUSES = (
    (
        "No space left on device",
        "The disk is full: make room (warehouse/ and landing/ are the large folders), then run the"
        " same command again.",
    ),
    (
        "Could not set lock on file",
        "Another program has the warehouse file open: close it (a shell, a notebook, a BI tool)"
        " and run the same command again.",
    ),
    (
        "Connection refused",
        "The server does not answer any more: see that it runs, then run the same command again.",
    ),
)


def explain(error: BaseException | str) -> str:
    """Return one sentence for an error of an engine or of the operating system."""
    if isinstance(error, Problem):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return KNOWN_CAUSES[0][1]
    text = str(error).strip() or type(error).__name__
    for sign, sentence in KNOWN_CAUSES:
        if sign in text:
            return sentence
    return text
