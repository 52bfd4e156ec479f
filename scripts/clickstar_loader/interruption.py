"""Whether somebody asked this process to stop, however the libraries between us pass it on.

Python tells of Ctrl+C by an exception, wherever it happens to be. Inside DuckDB that may be its
call to an Arrow table, and what comes back says that the data cannot be read; a destructor drops
the exception altogether. So the signal itself is remembered, and asked for where the exception
makes a difference.
"""

from __future__ import annotations

import signal
from types import FrameType

_asked = False


def watch() -> None:
    """Remember SIGINT and SIGTERM from now on; each still raises KeyboardInterrupt at once.

    A process that was started to ignore SIGINT, as shells start those in the background, does.
    """
    global _asked
    _asked = False
    signal.signal(signal.SIGTERM, _remember)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _remember)


def was_asked() -> bool:
    """Whether a signal to stop came since ``watch``."""
    return _asked


def obey() -> None:
    """Raise KeyboardInterrupt if a signal to stop came and its own exception was lost."""
    if _asked:
        raise KeyboardInterrupt


def _remember(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt
