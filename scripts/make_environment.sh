#!/usr/bin/env bash
# Makes .venv from requirements.lock: exactly the listed files, each checked against its hash.
set -euo pipefail
cd "$(dirname "$0")/.."

python=
for candidate in "${CLICKSTAR_PYTHON:-}" python3.11 python3.12 python3.13 python3; do
    if [ -n "$candidate" ] && "$candidate" -c \
        'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
    then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 (with its venv module) is missing: install it (Debian and Ubuntu:" \
        "apt-get install python3.11 python3.11-venv), or name one in CLICKSTAR_PYTHON." >&2
    exit 1
fi

echo "Setting up .venv from requirements.lock: a minute or two, and only when that file changed …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "$python" -m venv --clear .venv &&
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --requirement requirements.lock; } >"$log" 2>&1
then
    tail -n 15 "$log" >&2
    echo "The environment could not be set up: the lines above say why (no network? disk full?)." \
        "Run the same command again once that is mended." >&2
    exit 1
fi
# The stamp: what this environment was made from.
cp requirements.lock .venv/requirements.lock
