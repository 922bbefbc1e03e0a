#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Trains on disks that fill up, fail, vanish or are slow; the last line is "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-disks.sh    (make test-disks calls it; needs root and a C compiler)"
    echo "  A language model on 1 and 2 ranks with a checkpoint every few steps. Once the first is there its disk gets ill: full,"
    echo "  beyond a quota or a limit of sizes, read-only, gone, with errors, slow. Either it gets well and the run ends as if nothing"
    echo "  had been, or it stays so until the end, or all is killed meanwhile: there is always a checkpoint to resume from, to the"
    echo "  bytes of the run that nobody disturbed. BIN=folder tests another build; KEEP=1 keeps the runs;"
    echo "  RANKS=2 and ILLS=\"full slow\" pick some"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source Tests/Scripts/checks.sh
# shellcheck source=Tests/Scripts/runs.sh
source Tests/Scripts/runs.sh
source .ci/mpi.env
export SWIFT_BACKTRACE=enable=no

work=$(mktemp -d)
log=$work/log
disk=$work/disk
mkdir "$disk"
finish() {
    mountpoint -q "$disk" && umount -l "$disk"
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap finish EXIT
cc=$(command -v clang || command -v cc) || { echo "test-disks: clang is missing" >&2; exit 69; }
"$cc" -shared -fPIC -O1 -o "$work/ill-disk.so" Tests/Scripts/ill-disk.c || exit 1

cat docs/*.md | head -c 100000 > "$work/text"
# train RANKS RUN: begins a run of some seconds, or goes on with it, no file beyond $limit KiB; its words go to $log.
limit=unlimited
train() {
    LD_PRELOAD="$work/ill-disk.so" ILL="$work/ill" ILL_FOLDER="$disk" \
        bash -c "ulimit -f $limit; exec \"\$@\"" - \
        "$bin/lockstep" train text "$work/text" --model gpt --width 32 --layers 1 --sample 0 --epochs 25 --ranks "$1" \
        --run "$2" --resume auto --checkpoint-every 25steps >> "$log" 2>&1
}

# How many checkpoints of the run are whole.
whole() { "$bin/lockstep" inspect "$run" 2> /dev/null | grep -c '^ *checkpoints/step-.* whole '; }
# Whether it has left what the run left that nobody disturbed.
same() { [ "$(remains "$run" 2> /dev/null)" = "$expected" ]; }

# MARK: Illnesses, and how they pass

full_begin() { dd if=/dev/zero of="$disk/filler" bs=4k status=none 2> /dev/null || true; }
full_end() { rm -f "$disk/filler"; }
quota_begin() { echo EDQUOT > "$work/ill"; }
errors_begin() { echo EIO > "$work/ill"; }
hiccups_begin() { echo "EIO 3" > "$work/ill"; }
interrupted_begin() { echo "EINTR 400" > "$work/ill"; }
slow_begin() { echo "slow 100" > "$work/ill"; }
# The kernel makes nothing read-only in which a file is open for writing, as the run's lock is.
readonly_begin() { echo EROFS > "$work/ill"; }
# A folder that is taken away, as when a network's file system is: its files are open no more, and others appear in its place.
away_begin() { mv "$run" "$run.away"; }
away_end() {
    if [ -d "$run" ]; then
        cp -a "$run/." "$run.away/"
        rm -rf "$run"
    fi
    mv "$run.away" "$run"
}
well() {
    : > "$work/ill"
    if declare -F "$1_end" > /dev/null; then "$1_end"; fi
}

# begin ILLNESS RANKS: a run whose disk gets ill once a checkpoint is there; the run is the job $job.
begin() {
    if mountpoint -q "$disk"; then umount -l "$disk"; fi
    mount -t tmpfs -o size=3m tmpfs "$disk"
    run=$disk/run
    : > "$work/ill"
    : > "$log"
    train "$2" "$run" &
    job=$!
    until compgen -G "$run/checkpoints/step-*" > /dev/null; do
        kill -0 $job 2> /dev/null || return 1
        sleep 0.05
    done
    "$1_begin"
}
# resumed RANKS: goes on with the run to its end; says what is wrong.
resumed() {
    train "$1" "$run"
    local status=$?
    if [ $status -ne 0 ]; then
        echo "resumed: status $status"
    elif ! same; then
        echo "resumed: other bytes than those of the undisturbed run"
    fi
}

# MARK: Trials

chosen() { [ -z "${ILLS:-}" ] || [[ " $ILLS " == *" $1 "* ]]; }

for ranks in ${RANKS:-1 2}; do
    : > "$work/ill"
    : > "$log"
    train $ranks "$work/undisturbed-$ranks" || verdict "the run that nobody disturbs, $ranks ranks" "failed"
    expected=$(remains "$work/undisturbed-$ranks")

    for illness in full quota errors hiccups interrupted slow readonly away; do
        chosen $illness || continue
        begin $illness $ranks || { verdict "$illness, $ranks ranks" "the run ended too early"; continue; }
        sleep 3
        problem=""
        [ $illness = away ] || [ "$(whole)" -ge 1 ] || problem="no checkpoint is whole"
        well $illness
        wait $job
        status=$?
        if [ $status -ne 0 ]; then
            problem="status $status"
        elif ! same; then
            problem="other bytes than those of the undisturbed run"
        fi
        verdict "$illness, and well again after 3 s, $ranks ranks: ends as if nothing had been" "$problem"
    done

    for illness in full quota errors readonly; do
        chosen $illness || continue
        begin $illness $ranks || { verdict "$illness, $ranks ranks" "the run ended too early"; continue; }
        wait $job
        status=$?
        problem=""
        # What cannot be written, or not even be created.
        [ $status -eq 74 ] || [ $status -eq 73 ] || problem="status $status"
        grep -q '^lockstep: .*; training goes on' "$log" || problem="$problem; no word while it trained"
        [ "$(whole)" -ge 1 ] || problem="$problem; no checkpoint is whole"
        well $illness
        [ -n "$problem" ] || problem=$(resumed $ranks)
        verdict "$illness until the end, $ranks ranks: an error, and what lacked is done by the same line" "${problem#; }"
    done

    # MPI has files of some MiB itself.
    if [ "$ranks" -eq 1 ] && chosen limit; then
        : > "$log"
        run=$work/limited
        limit=200 train $ranks "$run"
        status=$?
        problem=""
        [ $status -eq 74 ] || problem="status $status"
        grep -q '^lockstep: .*cannot be written at byte [0-9]*: File too large; training goes on' "$log" || problem="$problem; no word of it"
        [ -n "$problem" ] || problem=$(resumed $ranks)
        verdict "a limit of sizes, $ranks rank: 74, and without it the same line ends well" "${problem#; }"
    fi

    # mpirun by itself gives those who are left two seconds. In the middle of an update there is nothing to save: then once more.
    if [ "$ranks" -gt 1 ] && chosen slow; then
        for _ in 1 2 3 4 5 6 7 8; do
            begin slow $ranks
            echo "slow 200" > "$work/ill"
            at=$(date +%s)
            # The last process to be started is a rank.
            pgrep -f -- "--run $run " | tail -n 1 | xargs kill -KILL
            { wait $job; } 2> /dev/null
            status=$?
            took=$(($(date +%s) - at))
            if grep -q 'has saved the last step' "$log"; then break; fi
        done
        problem=""
        grep -q 'has saved the last step' "$log" || problem="nothing was saved"
        [ $status -ne 0 ] && [ $took -ge 5 ] && [ $took -le 60 ] || problem="$problem; status $status after $took s"
        well slow
        [ -n "$problem" ] || problem=$(resumed $ranks)
        verdict "slow, and a rank killed, $ranks ranks: what takes $took s to save is saved" "${problem#; }"
    fi

    for illness in full quota errors slow readonly away; do
        chosen $illness || continue
        begin $illness $ranks || { verdict "$illness, $ranks ranks" "the run ended too early"; continue; }
        sleep "$((1 + RANDOM % 3)).$((RANDOM % 10))"
        { pkill -KILL -f -- "--run $run "; wait $job; } 2> /dev/null
        problem=""
        [ $illness = away ] || [ "$(whole)" -ge 1 ] || problem="no checkpoint is whole"
        well $illness
        [ -n "$problem" ] || problem=$(resumed $ranks)
        verdict "$illness, and all killed, $ranks ranks: goes on to the same bytes" "$problem"
    done
done
verdicts
