"""Loads landing files into the raw tables; see ``--help`` and the package clickstar_loader."""

import sys


def run() -> int:
    """Run the command line; interrupted while Python still starts, end without a traceback."""
    try:
        from clickstar_loader.cli import main

        return main()
    except KeyboardInterrupt:
        print("Interrupted before anything was done; run it again.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
