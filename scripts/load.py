"""Loads landing files into the raw tables; see ``--help`` and the package clickstar_loader."""

import os
import signal
import sys

# Nothing here multiplies matrices; the threads that numpy would start for it wait and spin.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def run() -> int:
    """Run the command line; interrupted while Python starts or ends, leave without a traceback."""
    try:
        from clickstar_loader.cli import main

        return main()
    except KeyboardInterrupt:
        print("Interrupted before anything was done; run it again.", file=sys.stderr)
        return 130
    finally:
        # The work is done and said; what follows is Python's own leaving.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(run())
