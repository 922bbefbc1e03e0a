#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything, tests too, and fails if the compiler or the package manager has warned of something.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/warnings.sh [flags of swift build]    (make warnings calls it)"
    echo "What was built before is not compiled again, and its warnings are not repeated."
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift build --build-tests "$@" 2>&1 < /dev/null | tee "$log"
[ "${PIPESTATUS[0]}" -eq 0 ] || exit 1
# Once a warning: the excerpt of the code below it repeats its words.
warnings=$(grep -E '(^|: )warning: ' "$log" | sort -u)
[ -n "$warnings" ] || exit 0
echo "warnings:"
echo "$warnings"
exit 1
