"""The Chromium that the portal's tests drive: the system's own, since Playwright's is a download.

python scripts/ensure_chromium.py      finds it, or installs it as root on Debian or Ubuntu
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


class ChromiumUnavailableError(RuntimeError):
    """No Chromium was found or could be installed; the message is one sentence for a person."""


def find_chromium() -> Path | None:
    """Return the browser of CLICKSTAR_CHROMIUM, or the first one in PATH; None without one."""
    named = os.environ.get("CLICKSTAR_CHROMIUM")
    if named:
        if shutil.which(named) is None:
            raise ChromiumUnavailableError(
                f"CLICKSTAR_CHROMIUM={named} is no program: name the Chromium or Chrome to use."
            )
        return Path(named)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        return Path(found)
    return MACOS if MACOS.is_file() else None


def ensure_chromium() -> Path:
    """Return the browser; root on Debian or Ubuntu installs it.

    Raises ChromiumUnavailableError with a sentence that says how to install one.
    """
    found = find_chromium()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Chromium is missing here; installing it with apt-get …", flush=True)
        with suppress(subprocess.CalledProcessError):
            _install_with_apt()
        found = find_chromium()
    if found is None:
        command = (
            "brew install --cask google-chrome"
            if platform.system() == "Darwin"
            else "sudo apt-get install chromium"
        )
        raise ChromiumUnavailableError(
            "The portal's tests need Chromium or Chrome and found none in PATH: install it with"
            f" `{command}`, or name one in CLICKSTAR_CHROMIUM, and run this again."
        )
    return found


def _install_with_apt() -> None:
    for arguments in (["update", "-q"], ["install", "-qy", "--no-install-recommends", "chromium"]):
        subprocess.run(
            ["apt-get", *arguments],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def main() -> int:
    """Make sure that there is a browser."""
    try:
        ensure_chromium()
    except ChromiumUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
