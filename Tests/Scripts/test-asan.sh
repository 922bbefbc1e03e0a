#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the Swift tests under the address sanitizer; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-asan.sh [FILTER]    (make test-asan calls it; FILTER: only tests whose names match)"
    echo "  SCRATCH=folder builds elsewhere than in .build/asan; asan-skips.txt says what is left out, and why"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source .ci/mpi.env

scratch=${SCRATCH:-.build/asan}
mkdir -p "$scratch"
# Optimised as what trains is: in debug the suite takes hours.
flags=(-c release -Xswiftc -enable-testing --sanitize address --manifest-cache local --scratch-path "$scratch")
swift build "${flags[@]}" --build-tests || exit 1

skips=() left=0
while IFS=$'\t' read -r pattern reason; do
    case "$pattern" in '' | '#'*) continue ;; esac
    echo "left out: $pattern ($reason)"
    skips+=(--skip "$pattern")
    left=$((left + 1))
done < Tests/Scripts/asan-skips.txt

log=$scratch/log
# One test after the other: all at once, slowed down, they pass the limits of their time. Leaks are looked for by make fuzz.
# A fault in a process that a test starts is in that process's output, so the sanitizer writes its reports to files, too.
rm -f "$scratch"/report.*
export ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:log_path=$PWD/$scratch/report ${ASAN_OPTIONS:-}"
timeout --foreground --kill-after=10 "${LIMIT:-7200}" swift test --skip-build --disable-xctest --no-parallel "${flags[@]}" "${skips[@]}" \
    ${1:+--filter "$1"} > "$log" 2>&1 < /dev/null
status=$?
grep -E '^[^ ]+ +(Test|Suite) .* failed after|recorded an issue' "$log" | head -n 200
total=$(sed -nE 's/.*Test run with ([0-9]+) tests? .*(passed|failed) after.*/\1/p' "$log" | tail -n 1)
bad=$(grep -E '^[^ ]+ +Test .* failed after [0-9.]+ seconds' "$log" | grep -vcE '^[^ ]+ +Test (run with|case passing)' || true)
if [ -z "$total" ]; then
    echo "swift test: ended with status $status before its summary; $log"
    total=1 bad=1
fi
reports=$(find "$scratch" -maxdepth 1 -name 'report.*' | wc -l)
[ "$reports" -eq 0 ] || grep -h -m1 'ERROR: AddressSanitizer' "$scratch"/report.* | sort | uniq -c
echo "$left groups of tests left out, $reports reports of the sanitizer"
echo "$((total - bad)) passed, $((bad + reports)) failed"
[ $((bad + reports)) -eq 0 ]
