#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the reference documentation of the library's modules into .build/docs; a warning is an error.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: launch/docs.sh [MODULE…]    (make docs calls it; without a module: all of them)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ $# -eq 0 ]; then
    set -- LockstepTensor LockstepNN LockstepOptim LockstepData LockstepLearner LockstepComm LockstepDistributed \
        LockstepTesting
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
mkdir -p .build/docs

# The manifest names the documentation plugin only when asked, so it has a build folder of its own.
export LOCKSTEP_DOCS=1
bad=0
for module in "$@"; do
    echo "$module"
    if ! swift package --scratch-path .build/docs-build --allow-writing-to-directory .build/docs \
        generate-documentation --target "$module" --output-path ".build/docs/$module" > "$log" 2>&1; then
        tail -n 20 "$log"
        exit 1
    fi
    # Where a trap points (file, line, …) is passed on everywhere and documented nowhere: those warnings are not meant.
    warnings=$(grep -A 1 '^warning: ' "$log" | grep -v '^--$' | paste - - |
        grep -vE "Parameter '(file|line|fileID|filePath|column)' is missing" || true)
    if [ -n "$warnings" ]; then
        echo "$warnings"
        bad=1
    fi
done
echo "Documentation: .build/docs"
exit $bad
