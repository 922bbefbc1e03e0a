#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the programs that read what Lockstep writes for them, outside the tree, and runs the tests that need them.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-readers.sh [BUILD FLAGS…]    (make test-readers calls it)"
    echo "  LOCKSTEP_READERS=/path/to/python uses an interpreter that has onnx, onnxruntime and tensorboard"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
environment=$HOME/.cache/lockstep/readers-venv
export LOCKSTEP_READERS=${LOCKSTEP_READERS:-$environment/bin/python}

if ! "$LOCKSTEP_READERS" -c 'import onnx, onnxruntime, tensorboard' 2> /dev/null; then
    [ "$LOCKSTEP_READERS" = "$environment/bin/python" ] ||
        { echo "lockstep: $LOCKSTEP_READERS lacks onnx, onnxruntime or tensorboard" >&2; exit 1; }
    [ -x "$LOCKSTEP_READERS" ] || python3 -m venv "$environment"
    "$LOCKSTEP_READERS" -m pip install --quiet --disable-pip-version-check -r Tests/Peers/readers.txt ||
        { echo "lockstep: files of others are not tested: PyPI cannot be reached"; exit 0; }
fi
swift build "$@" --product lockstep
swift test "$@" --filter "LockstepONNXTests|LockstepTensorBoardTests|ReadersCommandTests"
