#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Counts the instructions of a training step and compares them with Tests/Scripts/instructions.txt; ends with "N passed, N failed".
#
# Seconds depend on who else is on the machine, instructions do not: two runs differ by a few thousandths.
# Valgrind knows no AVX-512: it counts the AVX2 kernels. A case is counted twice, with few and with many steps; what is
# left after subtracting is what the steps between cost, without the start of the program.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-instructions.sh [--accept]    (make test calls it; about half a minute)"
    echo "  --accept writes the figures of this build into Tests/Scripts/instructions.txt"
    echo "  PROGRAM=file counts another build of lockstep"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

program=${PROGRAM:-.build/release/lockstep}
figures=Tests/Scripts/instructions.txt
margin=5 # per cent

skip() { echo "instruction counts were not compared: $*"; echo "0 passed, 0 failed"; exit 0; }

[ -x "$program" ] || { echo "$0: there is no $program: swift build -c release --product lockstep"; exit 1; }
{ [ "$(uname -m)" = x86_64 ] && grep -qw avx2 /proc/cpuinfo; } ||
    skip "they are those of the AVX2 kernels, which this processor cannot run"
# shellcheck source=Tests/Scripts/packages.sh
(source Tests/Scripts/packages.sh && need valgrind valgrind) || skip "valgrind is not there"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Valgrind gives up on the debugging information Swift writes; names are not needed.
strip=$(command -v strip || command -v llvm-strip) || skip "there is no strip"
"$strip" --strip-all -o "$folder/lockstep" "$program" || exit 1

# count STEPS WORDS…: all instructions of one run. Hash seeds and the environment of whoever calls must not matter.
count() {
    local steps=$1
    shift
    env -i PATH="$PATH" LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" SWIFT_DETERMINISTIC_HASHING=1 OPENBLAS_NUM_THREADS=1 \
        valgrind --tool=exp-bbv --instr-count-only=yes --bb-out-file=/dev/null \
        "$folder/lockstep" bench "$@" --batches "$steps" 2>&1 < /dev/null |
        sed -nE 's/.*Total instructions: ([0-9]+)$/\1/p' | head -n 1  # of the first thread
}

grouped() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<< "$1"; }

# CASE  FEW MANY: both warm up for the same number of steps, three bare or ten in a learner.
cases="linreg:10:30
linreg --learner:100:600
tabular:2:6"

# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh
: > "$folder/figures"
while IFS=: read -r name few many; do
    # shellcheck disable=SC2086  # options of the command
    count "$few" $name > "$folder/few" &
    # shellcheck disable=SC2086
    large=$(count "$many" $name)
    wait $!
    small=$(cat "$folder/few")
    if [ -z "$small" ] || [ -z "$large" ]; then
        echo "bench $name: valgrind could not count it:"
        # shellcheck disable=SC2086
        valgrind --tool=exp-bbv --instr-count-only=yes --bb-out-file=/dev/null "$folder/lockstep" bench $name --batches 1 2>&1 | tail -n 5
        failed=$((failed + 1))
        continue
    fi
    now=$(((large - small) / (many - few)))
    printf '%-18s %s\n' "$name" "$now" >> "$folder/figures"
    before=$(sed -nE "s/^$name +([0-9]+)\$/\1/p" "$figures" 2> /dev/null)
    [ "${1:-}" != "--accept" ] || before=$now
    if [ -z "$before" ]; then
        echo "bench $name: a step takes $(grouped "$now") instructions; $figures has no figure for it: $0 --accept writes it"
        failed=$((failed + 1))
        continue
    fi
    change=$(awk "BEGIN { printf \"%.1f\", 100 * ($now - $before) / $before }")
    if [ $((now * 100)) -gt $((before * (100 + margin))) ]; then
        echo "bench $name: a step takes $(grouped "$now") instructions, $change % more than the $(grouped "$before") of $figures" \
            "($margin % are allowed). valgrind --tool=callgrind shows where; if it has to be, $0 --accept writes the new" \
            "figure, and the commit says why."
        failed=$((failed + 1))
    else
        echo "bench $name: a step takes $(grouped "$now") instructions ($change %)"
        [ $((now * 100)) -ge $((before * (100 - margin))) ] ||
            echo "  fewer than the $(grouped "$before") of $figures: $0 --accept keeps the gain"
        passed=$((passed + 1))
    fi
done <<< "$cases"

if [ "${1:-}" = "--accept" ] && [ "$failed" -eq 0 ]; then
    {
        echo "# Instructions of one training step, one rank, as valgrind counts them. Tests/Scripts/test-instructions.sh compares and writes."
        echo "# Debian 12 with its OpenBLAS 0.3.21, Swift 6.3. Where others are installed tabular may differ: accept once, then compare."
        cat "$folder/figures"
    } > "$figures"
fi
verdicts
