#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs ranks under a debugger: all as threads of one process, one of several processes, or each in its own terminal.
set -euo pipefail

usage() {
    cat << 'END'
usage: launch/debug.sh threads N PROGRAM [ARGUMENT…]     N ranks in one process; PROGRAM must know --in-process
       launch/debug.sh rank R N PROGRAM [ARGUMENT…]      N processes, rank R under the debugger, here
       launch/debug.sh terminals N PROGRAM [ARGUMENT…]   N processes, each under a debugger in an xterm
DEBUGGER="lldb --batch -o run -o bt --" chooses another than lldb (or gdb where there is no lldb).
END
}
[ "${1:-}" != "--help" ] || { usage; exit 0; }
[ $# -ge 3 ] || { usage >&2; exit 64; }

if [ -n "${DEBUGGER:-}" ]; then
    read -r -a debugger <<< "$DEBUGGER"
elif command -v lldb > /dev/null; then
    debugger=(lldb --)
elif command -v gdb > /dev/null; then
    debugger=(gdb --args)
else
    echo "launch/debug.sh: neither lldb nor gdb is in PATH" >&2
    exit 69
fi

# Who stands at a breakpoint is late, and meant to be.
export LOCKSTEP_STALL_TIMEOUT=${LOCKSTEP_STALL_TIMEOUT:-86400} LOCKSTEP_ABORT_TIMEOUT=${LOCKSTEP_ABORT_TIMEOUT:-86400}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

mode=$1
shift
case "$mode" in
    threads)
        ranks=$1
        shift
        exec "${debugger[@]}" "$@" --in-process "$ranks"
        ;;
    rank)
        rank=$1 ranks=$2
        shift 2
        [ $# -ge 1 ] || { usage >&2; exit 64; }
        # --stdin gives the keyboard to the rank that is debugged.
        # shellcheck disable=SC2016  # expanded in the rank
        exec mpirun --oversubscribe -n "$ranks" --stdin "$rank" bash -c '
            rank=$1 count=$2; shift 2
            if [ "$OMPI_COMM_WORLD_RANK" = "$rank" ]; then exec "$@"; fi
            shift "$count"; exec "$@"' debug "$rank" "${#debugger[@]}" "${debugger[@]}" "$@"
        ;;
    terminals)
        ranks=$1
        shift
        command -v xterm > /dev/null || { echo "launch/debug.sh: xterm is not in PATH" >&2; exit 69; }
        exec mpirun --oversubscribe -n "$ranks" xterm -e "${debugger[@]}" "$@"
        ;;
    *)
        usage >&2
        exit 64
        ;;
esac
