#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the reference documentation of the library's modules into .build/docs; a warning is an error.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: launch/docs.sh    (make docs calls it)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The manifest names the documentation plugin only when asked, so it has a build folder of its own.
export LOCKSTEP_DOCS=1
for target in LockstepTensor LockstepNN LockstepOptim LockstepData LockstepLearner LockstepComm LockstepDistributed \
    LockstepTesting; do
    swift package --scratch-path .build/docs-build --allow-writing-to-directory .build/docs \
        generate-documentation --target "$target" --warnings-as-errors --output-path ".build/docs/$target"
done
echo "Documentation: .build/docs"
