#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the readers under libFuzzer and the address sanitizer; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/fuzz.sh SECONDS [TARGET…]    (make fuzz calls it; SECONDS for each target, all unless named)"
    echo "  what was found lies in .build/fuzz-found; a case that is worth keeping goes into Tests/Fuzz/TARGET"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
seconds=${1:-60}
shift

program=.build/fuzz/release/lockstep-fuzz
LOCKSTEP_FUZZ=1 swift build -c release --sanitize address --manifest-cache local --scratch-path .build/fuzz \
    --product lockstep-fuzz > .build/fuzz.log 2>&1 || { grep error: .build/fuzz.log; exit 1; }

corpus=.build/fuzz-corpus found=.build/fuzz-found
mkdir -p $corpus $found
# Inputs of at most 64 KiB, and one piece of memory at most factor times as large: an image may have a million pixels here.
longest=65536
export LOCKSTEP_PIXEL_LIMIT=1048576 LOCKSTEP_READ_LIMIT=128
export ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=0 ${ASAN_OPTIONS:-}"

passed=0 failed=0
while read -r name factor; do
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    $program "$name" --seeds "$corpus/$name.seeds" || exit 1
    mkdir -p "$corpus/$name" "Tests/Fuzz/$name"
    log=$corpus/$name.log
    $program "$name" "$corpus/$name" "$corpus/$name.seeds" "Tests/Fuzz/$name" -max_total_time="$seconds" -max_len=$longest \
        -dict="$corpus/$name.seeds.dict" -rss_limit_mb=2048 -malloc_limit_mb=$((longest * factor / 1048576 + 1)) \
        -timeout=20 -artifact_prefix="$found/$name-" -print_final_stats=1 > "$log" 2>&1 < /dev/null
    status=$?
    rmdir "Tests/Fuzz/$name" 2> /dev/null
    number() { sed -nE "s/^stat::$1: *([0-9]+).*/\1/p" "$log" | tail -n 1; }
    printf '%-14s %9s runs, %6s a second, %5s MiB, %4s kept: ' "$name" "$(number number_of_executed_units)" \
        "$(number average_exec_per_sec)" "$(number peak_rss_mb)" "$(find "$corpus/$name" -type f | wc -l)"
    if [ $status -eq 0 ]; then
        echo ok
        passed=$((passed + 1))
    else
        echo "FAIL ($status): $(grep -m1 -E 'ERROR: |Fatal error|SUMMARY' "$log")"
        grep -m1 'Test unit written to' "$log"
        failed=$((failed + 1))
    fi
done < <($program --list)
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
