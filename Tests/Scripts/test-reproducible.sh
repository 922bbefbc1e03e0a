#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Repeats the same commands beside a busy process: equal commands give equal bytes. Ends with "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-reproducible.sh [RUNS [EPOCHS]]    (make test-reproducible calls it; 60 runs unless told otherwise)"
    echo "  MNIST=FOLDER trains on the MNIST files in it as well, on two ranks"
    echo "  PROGRAM=file runs another build of lockstep"
    exit 0
fi
program=$(realpath "${PROGRAM:-$(dirname "${BASH_SOURCE[0]}")/../../.build/release/lockstep}")
mnist=${MNIST:+$(realpath "$MNIST")}
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
runs=${1:-60}
epochs=${2:-}

[ -x "$program" ] || { echo "$0: there is no $program: swift build -c release --product lockstep"; exit 1; }
folder=$(mktemp -d)
log=$folder/log
# A neighbour that takes what it gets: a stopwatch reads something else in every run.
(while :; do :; done) &
neighbour=$!
trap 'kill "$neighbour" 2> /dev/null; rm -rf "$folder"' EXIT

# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh

# repeat WORDS…: trains again and again, and wants one model and one table, but for its column of times.
repeat() {
    : > "$folder/seen"
    local run problem=""
    for run in $(seq "$runs"); do
        # shellcheck disable=SC2086  # no epochs: the recipe's own
        if ! "$program" train "$@" ${epochs:+--epochs $epochs} --run "$folder/run" --overwrite > "$log" 2>&1 < /dev/null; then
            problem="run $run failed"
            break
        fi
        echo "$(sha256sum < "$folder/run/model.safetensors" | cut -c 1-12) $(cut -d , -f 1-4 "$folder/run/history.csv" |
            sha256sum | cut -c 1-12)" >> "$folder/seen"
        rm -rf "$folder/run"
    done
    sort "$folder/seen" | uniq -c | sort -rn > "$folder/kinds"
    if [ -z "$problem" ] && [ "$(wc -l < "$folder/kinds")" -ne 1 ]; then
        problem="runs, model, table differ:"
        cp "$folder/kinds" "$log"
    fi
    verdict "train $*, $runs times: one model, one table$(awk '{ printf " (%s, %s)", $2, $3; exit }' "$folder/kinds")" "$problem"
}

repeat digits --model cnn
if [ -n "$mnist" ]; then
    repeat mnist --data "$mnist" --model cnn --ranks 2
else
    repeat digits --model cnn --ranks 2
fi
verdicts
