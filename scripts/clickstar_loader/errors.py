"""Errors that are sentences for people: what was wrong, where, and what to do next."""


class LoaderError(Exception):
    """The run cannot go on; the message is the one sentence that is shown."""

    exit_code = 1


class UsageError(LoaderError):
    """The command, a setting or a contract is wrong; nothing was touched."""

    exit_code = 2


class SetAside(Exception):
    """One file cannot be loaded; the message says why and what to do, and the run goes on."""
