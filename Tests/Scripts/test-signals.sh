#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Asks jobs to stop: every signal, sent to every process of a job, at every moment; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-signals.sh [REGEX]    (make test-signals calls it; rows whose name matches REGEX)"
    echo "  BIN=folder tests another build of lockstep (.build/release)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

bin=$(realpath "${BIN:-.build/release}")
only=${1:-.}
source .ci/mpi.env
export SWIFT_BACKTRACE=enable=no
folder=$(mktemp -d)
log=$folder/log
trap 'rm -rf "$folder"' EXIT
# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh
# shellcheck source=Tests/Scripts/runs.sh
source Tests/Scripts/runs.sh

# find SESSION TARGET: the process of that role, when there is one.
find_process() {
    local mpirun
    case "$2" in
        # Until its program is loaded a process dies of a signal, and nobody can help it.
        launcher) processes "$1" | awk -v pid="$1" '$1 == pid && $3 == "lockstep" { print $1 }' ;;
        mpirun) mpirun_of "$1" ;;
        rank*)
            mpirun=$(mpirun_of "$1")
            processes "$1" | awk -v parent="${mpirun:-0}" '$2 == parent && $3 == "lockstep" { print $1 }' | sed -n "$((1 + ${2#rank}))p"
            ;;
        everyone) processes "$1" | awk '{ print $1 }' ;;
    esac
}

# begun SESSION MOMENT TARGET: waits until it has come; a number is seconds after the target is there.
begun() {
    for ((tick = 0; tick < 6000; tick++)); do
        kill -0 "$1" 2> /dev/null || return 1
        case "$2" in
            training) ! grep -q '^2 ' "$log" || return 0 ;;
            last) ! grep -q '^1 ' "$log" || return 0 ;;
            *) [ -z "$(find_process "$1" "$3")" ] || { sleep "$2"; return 0; } ;;
        esac
        sleep 0.01
    done
    return 1
}

number=0
# row SIGNAL TARGET MOMENT EXPECTED COMMAND…: the job's code must be one of EXPECTED.
row() {
    local signal=$1 target=$2 moment=$3 expected=$4 session status problem="" name
    shift 4
    number=$((number + 1))
    name="$signal to $target, $moment: ${*/#$bin\//}"
    [[ "$name" =~ $only ]] || return 0
    : > "$log"
    setsid "${@//RUN/$folder/run-$number}" < /dev/null > "$log" 2>&1 &
    session=$!
    begun $session "$moment" "$target" || problem="did not come to that moment"
    # shellcheck disable=SC2046  # several processes
    kill -"$signal" $(find_process $session "$target") 2> /dev/null
    # A job that does not end in a minute is helped.
    (for ((tick = 0; tick < 600; tick++)); do kill -0 $session 2> /dev/null || exit 0; sleep 0.1; done
        echo "does not end" >> "$log"
        processes $session | awk '{ print $1 }' | xargs -r kill -KILL) 2> /dev/null &
    wait $session 2> /dev/null
    status=$?
    ! grep -q '^does not end$' "$log" || problem=${problem:-does not end}
    [[ " $expected " == *" $status "* ]] || problem=${problem:-ended with $status, not $expected}
    [ -z "$(processes $session)" ] || { sleep 2; [ -z "$(processes $session)" ] || problem=${problem:-left processes}; }
    verdict "$name ($status)" "$problem"
    rm -rf "$folder/run-$number"
}

launched=("$bin/lockstep" launch -n 2 -- "$bin/lockstep" train digits --epochs 1000000 --run RUN)
ranks=("$bin/lockstep" train digits --epochs 1000000 --run RUN --ranks 2)
for signal in TERM INT USR1 USR2 XCPU; do
    for target in launcher mpirun rank0 rank1 everyone; do
        for moment in 0.03 0.07 0.2 training; do
            row $signal $target $moment 75 "${launched[@]}"
        done
        row $signal $target training 75 "${ranks[@]}"
        row $signal $target 0.1 75 "${ranks[@]}"
    done
done
# A job that ends just then is done, or has stopped.
for signal in TERM USR1; do
    for target in launcher mpirun rank1; do
        for moment in last 0.6; do
            row $signal $target $moment "0 75" "$bin/lockstep" launch -n 2 -- "$bin/lockstep" train digits --epochs 2 --run RUN
        done
    done
done
# Who does not watch is ended by what asks, and gets what is no request as it is.
for target in launcher mpirun; do
    for signal in TERM INT; do row $signal $target 0.5 "$((128 + $(kill -l $signal)))" "$bin/lockstep" launch -n 2 -- sleep 100; done
done
for target in rank0 mpirun everyone; do
    [[ "KILL to $target" =~ $only ]] || continue
    touch "$folder/mark"
    row KILL $target training 137 "${launched[@]}"
    # What Open MPI has left of this job: nothing, unless there was nobody to remove it. Then the next start does.
    [ $target != everyone ] || "$bin/lockstep" launch -n 2 -- true
    left=$(find /dev/shm -name "vader_segment.$(hostname -s).$(id -u).*" -newer "$folder/mark" | while read -r file; do
        fuser -s "$file" 2> /dev/null || echo "$file"
    done)
    verdict "nothing is left in /dev/shm after KILL to $target" "${left:+$left is}"
done
row USR1 launcher 0.5 7 "$bin/lockstep" launch -n 2 -- bash -c 'trap "exit 7" USR1; for i in $(seq 300); do sleep 0.1; done'
# insist TARGET EXPECTED COMMAND…: a rank that does not come, so that nobody can stop in good order; asked twice.
insist() {
    local target=$1 expected=$2 session status problem="" name
    shift 2
    number=$((number + 1))
    name="TERM twice to $target: ${*/#$bin\//}"
    [[ "$name" =~ $only ]] || return 0
    : > "$log"
    setsid "${@//RUN/$folder/run-$number}" < /dev/null > "$log" 2>&1 &
    session=$!
    begun $session training "$target" || problem="did not come to that moment"
    kill -STOP "$(find_process $session rank1)"
    kill -TERM "$(find_process $session "$target")"
    sleep 1.5
    kill -0 $session 2> /dev/null || problem="ended after one"
    kill -TERM "$(find_process $session "$target")"
    # Without an end of its own it would wait five minutes for the rank.
    (sleep 30; kill -KILL $session) 2> /dev/null &
    wait $session 2> /dev/null
    status=$?
    kill $! 2> /dev/null
    [[ " $expected " == *" $status "* ]] || problem=${problem:-ended with $status, not $expected}
    processes $session | awk '{ print $1 }' | xargs -r kill -KILL 2> /dev/null
    verdict "$name ($status)" "$problem"
    rm -rf "$folder/run-$number"
}
insist launcher 143 "${launched[@]}"
insist launcher 143 "${ranks[@]}"
insist rank0 "143 1" "${launched[@]}"
row HUP launcher training "129" "${launched[@]}"
verdicts
