#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills ranks of one long run while its launcher starts it again by itself; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-torture.sh [SECONDS]    (make test-torture calls it; make test-torture SECONDS=3600)"
    echo "  One run of a GPT on two ranks that takes about so long without kills, under \`lockstep launch --max-restarts\`. A rank gets"
    echo "  SIGKILL every MEAN seconds on average (15), at start-up, in a step or while a checkpoint is written, and nobody intervenes. The"
    echo "  model and the history (but for times) must be the bytes of the run that nobody disturbed. Said for each kill: how long it"
    echo "  took until the job trained again. RANKS=n, MEAN=s; EPOCHS=n trains so many, however long they take;"
    echo "  SEED=n repeats the pauses; BIN=folder tests another build; KEEP=1 keeps the runs"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

bin=$(realpath "${BIN:-.build/release}")
RANDOM=${SEED:=$(($(date +%s) % 32768))}
source .ci/mpi.env
export SWIFT_BACKTRACE=enable=no
seconds=${1:-3600}
mean=${MEAN:-15}
ranks=${RANKS:-2}
folder=$(mktemp -d)
log=$folder/log
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh
# shellcheck source=Tests/Scripts/runs.sh
source Tests/Scripts/runs.sh

cat docs/*.md docs/decisions/*.md | head -c 200000 > "$folder/text"
# train EPOCHS RUN: the words of a run.
train() {
    echo "$bin/lockstep train text $folder/text --model gpt --width 64 --sample 0 --epochs $1 --run $2" \
        "--resume auto --checkpoint-every 20steps --log-dir $2/logs"
}
now() { date +%s.%N; }

begun=$(now)
# shellcheck disable=SC2046
"$bin/lockstep" launch -n "$ranks" -- $(train 1 "$folder/first") > "$log" 2>&1 \
    || { verdict "one epoch" "failed: $(tail -n 1 "$log")"; verdicts; exit 1; }
epochs=${EPOCHS:-$(awk -v b="$begun" -v e="$(now)" -v s="$seconds" 'BEGIN { n = int(s / (e - b)); print n < 1 ? 1 : n }')}
echo "a run of $epochs epochs on $ranks ranks, a kill every $mean s, SEED=$SEED"
# shellcheck disable=SC2046
"$bin/lockstep" launch -n "$ranks" -- $(train "$epochs" "$folder/undisturbed") > "$log" 2>&1 \
    || { verdict "the run that nobody disturbs" "failed: $(tail -n 1 "$log")"; verdicts; exit 1; }

run=$folder/run
# shellcheck disable=SC2046
setsid "$bin/lockstep" launch -n "$ranks" --max-restarts 1000000 -- $(train "$epochs" "$run") > "$log" 2>&1 &
session=$!
kills=0
: > "$folder/kills"
# A launcher that waits for ever is a failure as well.
limit=$(($(date +%s) + 10 * seconds + 600))
while kill -0 $session 2> /dev/null; do
    if [ "$(date +%s)" -gt $limit ]; then
        processes $session | awk '{ print $1 }' | xargs -r kill -KILL 2> /dev/null
        break
    fi
    sleep "$(awk -v m="$mean" -v r=$RANDOM 'BEGIN { printf "%.3f", -m * log((r + 1) / 32769) }')"
    mapfile -t victims < <(ranks_of $session)
    [ ${#victims[@]} -gt 0 ] || continue
    at=$(now)
    kill -KILL "${victims[RANDOM % ${#victims[@]}]}" 2> /dev/null || continue
    kills=$((kills + 1))
    echo "$at" >> "$folder/kills"
done
wait $session
status=$?
problem=""
[ $status -eq 0 ] || problem="status $status: $(tail -n 1 "$log")"
[ -n "$problem" ] || [ $kills -gt 0 ] || problem="nothing was killed"
[ -n "$problem" ] || [ "$(remains "$run")" = "$(remains "$folder/undisturbed")" ] || problem="other bytes than the undisturbed run's"
verdict "$epochs epochs on $ranks ranks, killed $kills times, restarted $(grep -c '; restart [0-9]* of' "$log") times: the same bytes" "$problem"
left=$(find "$run" -name '.lockstep-*' -o -name '*.damaged' -o -name 'step-*' | tr '\n' ' ')
verdict "nothing is left" "${left:+left behind: $left}"

# From a kill until the first rank trains again; a kill on the way begins anew.
grep -h '  fit of ' "$run/logs/rank-0.log" | while read -r day time _; do date -d "$day $time" +"%s.%N f"; done > "$folder/fits"
sed 's/$/ k/' "$folder/kills" | sort -n - "$folder/fits" | awk '
    $2 == "k" { if (open) again++; at = $1; open = 1 }
    $2 == "f" && open { d[++n] = $1 - at; sum += $1 - at; open = 0 }
    END { for (i = 2; i <= n; i++) for (j = i; j > 1 && d[j - 1] > d[j]; j--) { t = d[j]; d[j] = d[j - 1]; d[j - 1] = t }
        if (n) printf "from the kill until it trains again: %d times, median %.2f s, mean %.2f, longest %.2f; %d kills on the way\n", n, d[int((n + 1) / 2)], sum / n, d[n], again }'
verdicts
