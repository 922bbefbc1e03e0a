#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Brings the reference data up to date, or with --check compares it, with Python packages from PyPI in a cache outside the tree.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Reference/regenerate.sh [--check] [case …]    (cases: the modules of Tests/Reference/cases; all if none)"
    echo "Only what has changed is rewritten, and said."
    echo "LOCKSTEP_PYTHON=/path/to/python uses an interpreter that has the packages of requirements.txt."
    exit 0
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

python=${LOCKSTEP_PYTHON:-}
if [ -z "$python" ]; then
    venv=${XDG_CACHE_HOME:-$HOME/.cache}/lockstep/reference-venv
    python=$venv/bin/python
    if [ ! -x "$python" ]; then
        command -v python3 > /dev/null || { echo "lockstep: python3 is needed to regenerate the reference data" >&2; exit 1; }
        python3 -m venv "$venv"
    fi
    "$python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
fi
exec "$python" "$here/generate.py" "$@"
