#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills training runs at random moments and resumes them until they are done; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-kill.sh [ROUNDS]    (make test-kill calls it; KILLS=200 make test-kill)"
    echo "  A round is one run of \`lockstep train\` with --resume auto: digits (mlp, or cnn with batch norm), a text, a table, with"
    echo "  checkpoints by steps, epochs or minutes. Again and again a rank, mpirun, lockstep or all of them get SIGKILL, or the run is"
    echo "  asked to stop (SIGUSR1), at start-up, while a checkpoint is written, while it goes on; the same line goes on. On a fixed number"
    echo "  of ranks the model and the history (but for times) must be the bytes of the run that nobody disturbed; every second round"
    echo "  changes the number of ranks with every start, and its losses must be those to 1e-5. Nothing may be left but the run's files."
    echo "  SEED=n repeats a run's choices (not its moments); BIN=folder tests another build of lockstep; KEEP=1 keeps the runs"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

bin=$(realpath "${BIN:-.build/release}")
RANDOM=${SEED:=$(($(date +%s) % 32768))}
source .ci/mpi.env
export SWIFT_BACKTRACE=enable=no
folder=$(mktemp -d)
log=$folder/log
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh
# shellcheck source=Tests/Scripts/runs.sh
source Tests/Scripts/runs.sh

# Whether two histories are the same to 1e-5, but for metrics that count: prints where they are not.
differs() {
    paste -d, <(rows "$1") <(rows "$2") | awk -F, 'NR > 1 {
        for (i = 1; i <= 3; i++) {
            a = $i; b = $(i + NF / 2); d = a - b; m = b < 0 ? -b : b
            if (d < 0) d = -d
            if (d > 1e-5 * (m > 1 ? m : 1)) { print "row " NR ": " a " and " b; exit }
        } }'
    [ "$(rows "$1" | wc -l)" = "$(rows "$2" | wc -l)" ] || echo "another number of rows"
}

# The arguments of a task.
arguments() {
    case "$1" in
        mlp) echo "digits --model mlp --epochs $2" ;;
        cnn) echo "digits --model cnn --epochs $2" ;;
        text) echo "text $folder/text --model lstm --width 32 --block-length 16 --sample 0 --epochs $2" ;;
        table) echo "csv --data $folder/table.csv --target y --epochs $2" ;;
    esac
}
head -c 20000 docs/distributed.md > "$folder/text"
awk 'BEGIN { srand(7); print "a,b,c,y"; for (i = 0; i < 800; i++) { a = rand(); c = int(3 * rand())
    printf "%.4f,%.4f,k%d,%.4f\n", a, rand(), c, 2 * a + c } }' > "$folder/table.csv"

# Ends one process of the session, or all; says which.
strike() {
    local session=$1 victim=$2 mpirun ranks
    mpirun=$(mpirun_of "$session")
    mapfile -t ranks < <(ranks_of "$session")
    case "$victim" in
        rank) [ ${#ranks[@]} -eq 0 ] || kill -KILL "${ranks[RANDOM % ${#ranks[@]}]}" 2> /dev/null ;;
        mpirun) [ -z "$mpirun" ] || kill -KILL "$mpirun" 2> /dev/null ;;
        lockstep) kill -KILL "$session" 2> /dev/null ;;
        signal) kill -USR1 "$session" 2> /dev/null ;;
        all) processes "$session" | awk '{ print $1 }' | xargs -r kill -KILL 2> /dev/null ;;
    esac
}

# outlast SESSION SECONDS: waits for the end of every process of a session; after so long it helps.
outlast() {
    local session=$1
    for ((tick = 0; tick < 10 * $2; tick++)); do
        [ -n "$(processes "$session")" ] || return 0
        sleep 0.1
    done
    processes "$session" | awk '{ print $1 }' | xargs -r kill -KILL 2> /dev/null
    return 1
}

declare -A whole lasts
# round TASK RANKS EPOCHS INTERVAL: with 0 RANKS, one to three, anew with every start.
round() {
    local task=$1 ranks=$2 epochs=$3 interval=$4 run problem="" strikes=0 said="" session victim="" first status now begun
    [ "$ranks" -ne 0 ] && first=$ranks || first=1
    local key="$1 $first $3" left undisturbed="$folder/whole-$1-$first-$3"
    if [ -z "${whole[$key]:-}" ]; then
        now=$(date +%s%N)
        # shellcheck disable=SC2046
        "$bin/lockstep" train $(arguments "$task" "$epochs") --ranks "$first" --run "$undisturbed" \
            < /dev/null > "$log" 2>&1 || { verdict "$key: undisturbed" "failed: $(tail -n 1 "$log")"; return; }
        lasts[$key]=$((($(date +%s%N) - now) / 1000000))
        whole[$key]=$(remains "$undisturbed")
    fi
    run=$folder/run-$number
    while :; do
        now=$ranks
        [ "$ranks" -ne 0 ] || now=$((1 + RANDOM % 3))
        begun=$(date +%s%N)
        # shellcheck disable=SC2046
        setsid "$bin/lockstep" train $(arguments "$task" "$epochs") --ranks "$now" --run "$run" --resume auto \
            --checkpoint-every "$interval" --keep 2 < /dev/null > "$log" 2>&1 &
        session=$!
        # The first strikes come early and late; after twelve the run may end.
        if [ $strikes -lt 12 ]; then
            # At any moment of its time, from start-up on.
            sleep "$(awk -v ms="${lasts[$key]}" -v r=$RANDOM 'BEGIN { printf "%.3f", ms * r / 32768 / 1000 }')"
            victim=$(printf '%s\n' lockstep signal all mpirun rank | sed -n "$((1 + RANDOM % (now == 1 ? 2 : 5)))p")
            if kill -0 $session 2> /dev/null; then
                { strike $session "$victim"; } 2> /dev/null
                strikes=$((strikes + 1)) said="$said $victim"
            fi
        fi
        # Of the job itself first: a launcher that waits for ever is a failure as well.
        { outlast $session 600; } 2> /dev/null || { problem="does not end in ten minutes (after$said)"; break; }
        { wait $session; } 2> /dev/null
        status=$?
        if [ $status -eq 0 ] && [ $strikes -eq 0 ]; then
            # It was done before its first strike, on a machine that is less busy than it was: once more, struck earlier.
            lasts[$key]=$((($(date +%s%N) - begun) / 1000000))
            rm -rf "$run"
            continue
        fi
        [ $status -ne 0 ] || break
        case $status in
            75 | 137 | 138 | 143) ;;
            *) [ $strikes -gt 0 ] || { problem="status $status: $(tail -n 1 "$log")"; break; } ;;
        esac
        if [ $strikes -ge 12 ] && [ "$victim" = none ]; then
            problem="does not go on, status $status: $(tail -n 1 "$log")"
            break
        fi
        [ $strikes -lt 12 ] || victim=none
    done
    if [ -z "$problem" ] && [ "$ranks" -ne 0 ] && [ "$(remains "$run")" != "${whole[$key]}" ]; then
        problem="left other bytes than the undisturbed run"
    fi
    [ -n "$problem" ] || [ "$ranks" -ne 0 ] || problem=$(differs "$run" "$undisturbed")
    left=$(find "$run" -name '.lockstep-*' -o -name '*.damaged' -o -name 'step-*' | tr '\n' ' ')
    [ -z "$left" ] || problem="$problem left behind: $left"
    verdict "$task on ${ranks/#0/changing} ranks, every $interval, struck $strikes times:$said" "$problem"
    [ -n "${KEEP:-}" ] || rm -rf "$run"
}

rounds=${1:-20}
echo "$rounds rounds of kills, SEED=$SEED"
intervals=(37steps 1epochs 0.005min)
for ((number = 0; number < rounds; number++)); do
    # Every second round changes the number of ranks; rounding grows with every step, so that those are shorter.
    ranks=$((number % 2 == 0 ? 1 + number / 2 % 3 : 0))
    interval=${intervals[number / 2 % 3]}
    case $((number / 2 % 4)) in
        0) round mlp $ranks $((ranks == 0 ? 20 : ranks == 1 ? 1000 : 300)) "$interval" ;;
        1) round cnn $ranks $((ranks == 0 ? 2 : 20)) "$interval" ;;
        2) round table $ranks $((ranks == 0 ? 20 : 60)) "$interval" ;;
        3) round text $ranks $((ranks == 0 ? 2 : 8)) "$interval" ;;
    esac
done
verdicts
