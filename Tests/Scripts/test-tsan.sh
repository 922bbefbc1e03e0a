#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the rank checks on threads of one process under the thread sanitizer; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-tsan.sh [TEXT…]    (make test-tsan calls it; TEXT: only checks whose names hold one of these)"
    echo "  THREADS=\"2 4\" runs them on so many ranks (3 unless told otherwise)"
    echo "  PROGRAM=file tests another sanitized build of lockstep-rank-tests"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

program=${PROGRAM:-.build/tsan/debug/lockstep-rank-tests}
# Debug: the sanitizer sees every access, and its reports name lines.
[ -n "${PROGRAM:-}" ] ||
    swift build --sanitize=thread --scratch-path .build/tsan --product lockstep-rank-tests || exit 1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
read -ra threads <<< "${THREADS:-3}"

# One machine with all ranks, then a pretended machine for each: the code between nodes has flags of its own.
for ranks in "${threads[@]}"; do for nodes in "" --nodes; do
    echo "lockstep-rank-tests --threads $ranks $nodes $*"
    # shellcheck disable=SC2086  # an empty option is none
    TSAN_OPTIONS="halt_on_error=0 exitcode=66 ${TSAN_OPTIONS:-}" \
        timeout --foreground --kill-after=10 1200 "$program" --threads "$ranks" $nodes "$@" < /dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r good bad <<< "$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)"
    races=$(grep -c 'WARNING: ThreadSanitizer' "$log" || true)
    [ "$races" -eq 0 ] || echo "$races reports of the thread sanitizer"
    if [ "$status" -ne 0 ] && [ $((${bad:-0} + races)) -eq 0 ]; then
        echo "ended with status $status"
        bad=1
    fi
    passed=$((passed + ${good:-0}))
    failed=$((failed + ${bad:-0} + races))
done; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
