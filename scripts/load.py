"""Loads landing files into the raw tables; see ``--help`` and the package clickstar_loader."""

import sys

from clickstar_loader.cli import main

if __name__ == "__main__":
    sys.exit(main())
