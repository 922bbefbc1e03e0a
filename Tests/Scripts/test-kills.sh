#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills training runs at random moments and resumes them until they are done; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-kills.sh [ROUNDS]    (make test-kills calls it; ROUNDS=40 make test-kills)"
    echo "  A round is one run of \`lockstep train digits\` with --checkpoint-every 1 on a fixed number of ranks. Again and again"
    echo "  a rank, mpirun, lockstep or all of them get SIGKILL, or the run is asked to stop (SIGUSR1); --resume goes on. The"
    echo "  model and the history (but for times) must be the bytes of the run that nobody disturbed."
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

# What a run must leave: the checksum of the model, and every column of the history but the times.
remains() { sha256sum < "$1/model.safetensors" && cut -d, -f1-4 "$1/history.csv"; }

# The processes of a session, with parents and names.
processes() { ps -o pid=,ppid=,comm= -s "$1" 2> /dev/null | awk '$3 != "ps"'; }

# Ends one process of the session, or all; says which.
strike() {
    local session=$1 victim=$2 mpirun ranks
    mpirun=$(processes "$session" | awk '$3 == "mpirun" { print $1; exit }')
    mapfile -t ranks < <(processes "$session" | awk -v parent="${mpirun:-0}" '$2 == parent { print $1 }')
    case "$victim" in
        rank) [ ${#ranks[@]} -eq 0 ] || kill -KILL "${ranks[RANDOM % ${#ranks[@]}]}" 2> /dev/null ;;
        mpirun) [ -z "$mpirun" ] || kill -KILL "$mpirun" 2> /dev/null ;;
        lockstep) kill -KILL "$session" 2> /dev/null ;;
        signal) kill -USR1 "$session" 2> /dev/null ;;
        all) processes "$session" | awk '{ print $1 }' | xargs -r kill -KILL 2> /dev/null ;;
    esac
}

# Waits for the end of every process of a session; after a minute it helps.
outlast() {
    local session=$1
    for ((tick = 0; tick < 600; tick++)); do
        [ -n "$(processes "$session")" ] || return 0
        sleep 0.1
    done
    processes "$session" | awk '{ print $1 }' | xargs -r kill -KILL 2> /dev/null
    return 1
}

declare -A whole
round() {
    local model=$1 ranks=$2 epochs=$3 run problem="" strikes=0 said="" session goes victim key="$1 $2"
    local common=(--ranks "$ranks" --checkpoint-every 1)
    if [ -z "${whole[$key]:-}" ]; then
        "$bin/lockstep" train digits --model "$model" --epochs "$epochs" "${common[@]}" --run "$folder/whole-$model-$ranks" \
            < /dev/null > "$log" 2>&1 || { verdict "$key: undisturbed" "failed: $(tail -n 1 "$log")"; return; }
        whole[$key]=$(remains "$folder/whole-$model-$ranks")
    fi
    run=$folder/run-$number
    while :; do
        goes=(--model "$model" --epochs "$epochs" --run "$run")
        [ ! -f "$run/resume.safetensors" ] || goes=(--model "$model" --resume "$run")
        setsid "$bin/lockstep" train digits "${goes[@]}" "${common[@]}" < /dev/null > "$log" 2>&1 &
        session=$!
        # The first strikes come early and late; after twelve the run may end.
        if [ $strikes -lt 12 ]; then
            sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
            victim=$(printf '%s\n' lockstep signal all mpirun rank | sed -n "$((1 + RANDOM % (ranks == 1 ? 2 : 5)))p")
            if kill -0 $session 2> /dev/null; then
                strike $session "$victim"
                strikes=$((strikes + 1)) said="$said $victim"
            fi
        fi
        wait $session 2> /dev/null
        local status=$?
        outlast $session || { problem="processes outlived the end of their run by a minute (after$said)"; break; }
        # A launcher that was killed may leave ranks that come to the end.
        if [ -f "$run/model.safetensors" ] && [ ! -f "$run/resume.safetensors" ]; then break; fi
        case $status in
            0 | 75 | 137 | 138 | 143) ;;
            *) [ $strikes -gt 0 ] || { problem="status $status: $(tail -n 1 "$log")"; break; } ;;
        esac
        if [ $strikes -ge 12 ] && [ $status -ne 0 ] && [ "${victim:-}" = none ]; then
            problem="does not go on, status $status: $(tail -n 1 "$log")"
            break
        fi
        [ $strikes -lt 12 ] || victim=none
    done
    if [ -z "$problem" ] && [ "$(remains "$run")" != "${whole[$key]}" ]; then
        problem="left other bytes than the undisturbed run"
    fi
    verdict "$model on $ranks, struck $strikes times:$said" "$problem"
    [ -n "${KEEP:-}" ] || rm -rf "$run"
}

rounds=${1:-40}
echo "$rounds rounds of kills, SEED=$SEED"
for ((number = 0; number < rounds; number++)); do
    if [ $((number % 3)) -eq 2 ]; then
        round cnn $((1 + number / 3 % 2)) 20
    else
        # One rank alone is quicker.
        round mlp $((1 + number % 3)) $((number % 3 == 0 ? 500 : 150))
    fi
done
verdicts
