#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Breaks jobs of 2 and 3 ranks in every known way, in random order; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-faults.sh [RUNS]    (make test-faults calls it; FAULTS=200 make test-faults)"
    echo "  SEED=n repeats a run's order; BIN=folder tests another build of lockstep and lockstep-rank-tests"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

bin=${BIN:-.build/release}
program=$bin/lockstep-rank-tests
RANDOM=${SEED:=$(($(date +%s) % 32768))}
source .ci/mpi.env
export SWIFT_BACKTRACE=enable=no
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh

mapfile -t faults < <("$program" --faults)
[ ${#faults[@]} -gt 0 ] || { echo "$program --faults: lists nothing"; exit 1; }

# Runs one line of --faults; what it must do is in the line.
try() {
    local name bound ending environment sentence ranks culprit step status problem="" start milliseconds
    IFS='|' read -r name bound ending environment sentence <<< "$1"
    ranks=$((2 + RANDOM % 2)) culprit=$((RANDOM % ranks)) step=$((1 + RANDOM % 18))
    sentence=${sentence//RANK/$culprit}
    # A job that outlives 60 seconds hangs; the bound of its kind counts from the fault.
    # shellcheck disable=SC2086  # several variables
    env $environment timeout --foreground --kill-after=5 60 "$bin/lockstep" launch -n "$ranks" -- \
        "$program" --fault "$name" "$culprit" "$step" < /dev/null > "$log" 2>&1
    status=$?
    start=$(sed -nE 's/.*fault at ([0-9]+) ms.*/\1/p' "$log" | tail -n 1)
    milliseconds=$(($(date +%s%3N) - ${start:-0}))
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ] && [ "$milliseconds" -gt 50000 ]; then
        problem="hangs"
    elif [ -z "$start" ]; then
        problem="did not come to its fault"
    elif [ "$milliseconds" -gt $((bound * 1000)) ]; then
        problem="took $milliseconds ms to end, $bound s are allowed"
    elif [ "$ending" = nonzero ] && [ "$status" -eq 0 ]; then
        problem="ended with status 0"
    elif [ "$ending" = zero ] && [ "$status" -ne 0 ]; then
        problem="ended with status $status"
    elif ! grep -qE "$sentence" "$log"; then
        problem="did not say: $sentence"
    fi
    verdict "$name: rank $culprit of $ranks at step $step (status $status, $milliseconds ms)" "$problem"
}

runs=${1:-20}
echo "$runs faults, SEED=$SEED"
order=()
for ((run = 0; run < runs; run++)); do
    # Every kind once before any comes again.
    [ ${#order[@]} -gt 0 ] || mapfile -t order < <(seq 0 $((${#faults[@]} - 1)))
    pick=$((RANDOM % ${#order[@]}))
    try "${faults[${order[pick]}]}"
    unset "order[pick]"
    order=("${order[@]}")
done
verdicts
