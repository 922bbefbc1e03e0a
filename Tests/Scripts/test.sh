#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every test: swift test, then the rank tests under mpirun; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test.sh [flags of swift test, as -c release -Xswiftc -enable-testing]    (make test calls it)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source .ci/mpi.env

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0

# Builds everything first, so that a compiler error is not reported as a failed test.
swift build --build-tests "$@" || exit 1

# MARK: In one process

# XCTest is off: it would print "Executed 0 tests". Tests that hang fail instead of holding everything up.
# "… started" lines are half of the output; they say which those are.
limit=2400
timeout --foreground --kill-after=10 $limit swift test --skip-build --disable-xctest "$@" 2>&1 < /dev/null | tee "$log" |
    grep --line-buffered -v '^◇ '
status=${PIPESTATUS[0]}
if [ "$status" -eq 124 ]; then
    echo "swift test: stopped after $((limit / 60)) minutes; what had not ended:"
    awk '/ Test .* started\.$/ { sub(/^[^ ]+ +/, ""); sub(/ started\.$/, ""); begun[$0] }
        / Test .* (passed|failed) after / { sub(/^[^ ]+ +/, ""); sub(/( with [0-9]+ test cases?)? (passed|failed) after .*/, ""); delete begun[$0] }
        END { for (name in begun) print "  " name }' "$log" | sort
fi

total=$(sed -nE 's/.*Test run with ([0-9]+) tests? .*(passed|failed) after.*/\1/p' "$log" | tail -n 1)
bad=$(grep -E '^[^ ]+ +Test .* failed after [0-9.]+ seconds' "$log" | grep -vcE '^[^ ]+ +Test (run with|case passing)' || true)
# A crash or a time-out ends the run before its summary: that counts as one failure.
if [ -z "$total" ]; then
    echo "swift test: ended with status $status before its summary"
    total=$(grep -cE '^[^ ]+ +Test .* (passed|failed) after [0-9.]+ seconds' "$log" || true)
    total=$((total + 1))
    bad=$((bad + 1))
elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
    bad=1
fi
passed=$((passed + total - bad))
failed=$((failed + bad))

# MARK: On several ranks

# Each rank would run the build under `mpirun swift test`; these are one executable, built above.
for ranks in 1 2 4; do
    echo "mpirun -n $ranks lockstep-rank-tests"
    timeout --foreground --kill-after=10 300 mpirun -n "$ranks" .build/release/lockstep-rank-tests \
        < /dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    [ "$status" -ne 124 ] || echo "lockstep-rank-tests: stopped after 5 minutes"
    counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)
    read -r good bad <<< "${counts:-0 0}"
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "lockstep-rank-tests on $ranks ranks: ended with status $status"
        bad=1
    elif [ -z "$counts" ]; then
        good=1
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done

# script SECONDS COMMAND…: adds up its "N passed, N failed"; one without is a failure.
script() {
    local limit=$1
    shift
    echo "$*"
    timeout --foreground --kill-after=10 "$limit" "$@" < /dev/null 2>&1 | tee "$log"
    read -r good bad <<< "$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)"
    passed=$((passed + ${good:-0}))
    failed=$((failed + ${bad:-1}))
}

# A program that runs MPI itself lends us its ranks.
script 60 mpirun -n 2 .build/release/lockstep-rank-tests --adopt

# MARK: What somebody else would build

script 900 Tests/Scripts/test-dependent.sh

# MARK: When ranks fail, nothing can be written, runs are repeated and killed; and what a step costs

script 600 Tests/Scripts/test-faults.sh 20
script 600 Tests/Scripts/test-outputs.sh
script 300 Tests/Scripts/test-reproducible.sh 4 2
script 300 Tests/Scripts/test-kill.sh 4
script 300 Tests/Scripts/test-instructions.sh

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
