#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs ranks under a debugger: all as threads of one process, one of several processes, or each in a terminal of its own.
set -euo pipefail

usage() {
    cat << 'END'
usage: launch/debug.sh threads N PROGRAM [ARGUMENT…]     N ranks in one process; PROGRAM must know --in-process
       launch/debug.sh stacks N PROGRAM [ARGUMENT…]      the same for 3 seconds (SECONDS_TO_RUN), then where every rank is (FRAMES of calls)
       launch/debug.sh rank R N PROGRAM [ARGUMENT…]      N processes, rank R under the debugger, here
       launch/debug.sh terminals N PROGRAM [ARGUMENT…]   N processes, each under a debugger in a window of tmux
DEBUGGER="lldb -o run -o bt --" chooses another than gdb (or lldb where there is no gdb); LOCKSTEP=FILE another lockstep than
the one in PATH, or in .build/release.
END
}
[ "${1:-}" != "--help" ] || { usage; exit 0; }
[ $# -ge 3 ] || { usage >&2; exit 64; }

# need COMMAND: what is missing has a package of the same name.
need() {
    command -v "$1" > /dev/null || { echo "launch/debug.sh: $1 is missing: apt-get install $1" >&2; exit 69; }
}
lockstep=${LOCKSTEP:-$(command -v lockstep || echo "$(dirname "${BASH_SOURCE[0]}")/../.build/release/lockstep")}
# starter: ranks that are processes are started by it.
starter() {
    command -v "$lockstep" > /dev/null ||
        { echo "launch/debug.sh: $lockstep is missing: swift build -c release --product lockstep, or LOCKSTEP=FILE" >&2; exit 69; }
}
if [ -n "${DEBUGGER:-}" ]; then
    # Words in quotes stay together.
    eval "debugger=($DEBUGGER)"
elif ! command -v gdb > /dev/null && lldb --version > /dev/null 2>&1; then
    debugger=(lldb --)
else
    need gdb
    # A trap of Swift is a signal, and stops in the debugger. MPI uses the others.
    debugger=(gdb -q -iex "set complaints 0" -ex "set breakpoint pending on" -ex "handle SIGUSR1 SIGUSR2 SIGPIPE nostop noprint" --args)
    # It has a line for each C module of each Swift file, thousands in all, and no setting against them.
    # shellcheck disable=SC2016  # expanded within
    debugger=(bash -c 'exec "$0" "$@" 2> >(trap "" INT; exec grep --line-buffered -vE "^(During symbol reading|warning: Section .debug_names)" >&2)' "${debugger[@]}")
fi

# Who stands at a breakpoint is late, and meant to be.
export LOCKSTEP_STALL_TIMEOUT=${LOCKSTEP_STALL_TIMEOUT:-86400} LOCKSTEP_ABORT_TIMEOUT=${LOCKSTEP_ABORT_TIMEOUT:-86400}
export SWIFT_BACKTRACE=enable=no

mode=$1
shift
case "$mode" in
    threads)
        ranks=$1
        shift
        exec "${debugger[@]}" "$@" --in-process "$ranks"
        ;;
    stacks)
        ranks=$1
        shift
        need gdb
        log=$(mktemp)
        trap 'rm -f "$log"' EXIT
        "$@" --in-process "$ranks" > "$log" 2>&1 < /dev/null &
        process=$!
        for _ in $(seq "$((10 * ${SECONDS_TO_RUN:-3}))"); do
            kill -0 $process 2> /dev/null || { cat "$log"; echo "launch/debug.sh: $1 has ended already" >&2; exit 1; }
            sleep 0.1
        done
        # Swift's names in plain words, and of each rank the last calls in sources that are there: gdb shows all.
        gdb -q -batch -iex "set complaints 0" -p $process -ex "set print frame-arguments none" \
            -ex "thread apply all -ascending bt" 2> /dev/null | swift demangle --simplified |
            sed -nE -e 's/^Thread ([0-9]+) .*"(rank [0-9]+)".*/\n\2 (thread \1)/p' -e 's/^Thread .*/other/p' \
                -e '/ in (partial apply|protocol witness|reabstraction|closure|withUnsafe)/d' \
                -e 's/^#[0-9]+ +(0x[0-9a-f]+ in )?(.*) \([^()]*\) at .*\/([^/]+:[0-9]+)$/\2 @ \3/p' |
            awk -v most="${FRAMES:-14}" '
                /^$/ { shows = 1; frames = 0; print; next }
                /^other$/ { shows = 0; next }
                !shows { next }
                /^rank / { print; next }
                frames++ < most { split($0, part, " @ "); printf "  %-64s %s\n", part[1], part[2] }'
        kill -KILL $process
        wait $process 2> /dev/null || true
        ;;
    rank)
        rank=$1 ranks=$2
        shift 2
        [ $# -ge 1 ] || { usage >&2; exit 64; }
        starter
        # --stdin gives the keyboard to the rank that is debugged.
        # shellcheck disable=SC2016  # expanded in the rank
        exec "$lockstep" launch -n "$ranks" --stdin "$rank" -- bash -c '
            rank=$1 count=$2; shift 2
            if [ "$OMPI_COMM_WORLD_RANK" = "$rank" ]; then exec "$@"; fi
            shift "$count"; exec "$@"' debug "$rank" "${#debugger[@]}" "${debugger[@]}" "$@"
        ;;
    terminals)
        ranks=$1
        shift
        need tmux
        starter
        [ -n "${DEBUGGER:-}" ] || { [ -t 0 ] && [ -t 1 ]; } ||
            { echo "launch/debug.sh: nobody is there to type; give DEBUGGER with commands of its own" >&2; exit 64; }
        folder=$(mktemp -d)
        trap 'tmux -S "$folder/socket" kill-server 2> /dev/null || true; rm -rf "$folder"' EXIT
        # A server and its windows know nothing of mpirun's variables: each rank leaves its own in a file, has a window
        # opened, and waits until what runs there has ended.
        cat > "$folder/rank" << END
export -p > "$folder/\$OMPI_COMM_WORLD_RANK"
tmux -S "$folder/socket" new-window -d -n "rank \$OMPI_COMM_WORLD_RANK" \\
    bash "$folder/window" "\$OMPI_COMM_WORLD_RANK" "\$@"
tmux -S "$folder/socket" wait-for "rank-\$OMPI_COMM_WORLD_RANK"
END
        cat > "$folder/window" << END
rank=\$1
shift
terminal=\$TERM pane=\$TMUX_PANE
source "$folder/\$rank"
# What it says is shown in its window; nobody reads its records.
unset LOCKSTEP_JOB
export TERM=\$terminal TMUX_PANE=\$pane
"\$@"
tmux -S "$folder/socket" capture-pane -p -t "\$pane" -S - > "$folder/\$rank.screen"
tmux -S "$folder/socket" wait-for -S "rank-\$rank"
END
        tmux -S "$folder/socket" -f /dev/null new-session -d -s ranks -n launch -x 300 -y 50 -c "$PWD" \
            "$lockstep" launch -n "$ranks" -- bash "$folder/rank" "${debugger[@]}" "$@"
        if [ -t 0 ] && [ -t 1 ]; then
            # Inside another tmux it would refuse.
            TMUX="" tmux -S "$folder/socket" attach
        else
            # Nobody is there to type (a DEBUGGER with commands of its own): what the windows showed.
            while tmux -S "$folder/socket" has-session 2> /dev/null; do sleep 0.2; done
            for ((rank = 0; rank < ranks; rank++)); do
                echo "=== rank $rank"
                grep -vE '^(During symbol reading|\[New Thread|$)' "$folder/$rank.screen" | swift demangle --simplified
            done
        fi
        ;;
    *)
        usage >&2
        exit 64
        ;;
esac
