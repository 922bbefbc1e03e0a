#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the reference documentation of the library's modules into .build/docs, with the toolchain's docc; a warning is an error. So is
# a public declaration of docs/api that is gone.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/docs.sh [flags of swift build]    (make docs calls it)"
    echo "MODULES=\"LockstepTensor LockstepNN\" builds only those; WRITE_API=1 writes docs/api (make api)."
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

modules=${MODULES:-LockstepTensor LockstepNN LockstepOptim LockstepData LockstepModels LockstepLearner LockstepTransfer LockstepONNX LockstepTensorBoard LockstepComm LockstepDistributed \
    LockstepTesting}
swift build "$@"
built=$(swift build "$@" --show-bin-path)

# Our modules import C modules: where they are described.
maps=()
for map in Sources/C*/module.modulemap "$built"/C*.build/module.modulemap; do
    [ ! -f "$map" ] || maps+=(-Xcc "-fmodule-map-file=$map")
done
target=$(swift -print-target-info | sed -nE 's/^ *"triple": "([^"]+)".*/\1/p' | head -n 1)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
bad=0
for module in $modules; do
    mkdir -p "$graphs/$module" ".build/docs/$module"
    swift-symbolgraph-extract -module-name "$module" -target "$target" -I "$built/Modules" "${maps[@]}" \
        -output-dir "$graphs/$module" -minimum-access-level public -skip-inherited-docs
    catalogue=Sources/$module/$module.docc
    # Parameters whose names say it all have no line of their own: that is no warning here.
    docc convert $([ ! -d "$catalogue" ] || echo "$catalogue") --additional-symbol-graph-dir "$graphs/$module" \
        --fallback-display-name "$module" --fallback-bundle-identifier "$module" --output-dir ".build/docs/$module" \
        --disable-parameters-and-returns-validation --warnings-as-errors || bad=1
    echo "$module: .build/docs/$module"
done
[ $bad -eq 0 ] || echo "docs: there were warnings"
.ci/api.py "$graphs" docs/api $([ -z "${WRITE_API:-}" ] || echo --write) || bad=1
exit $bad
