#!/usr/bin/env bash
# Run with: FILE [PROGRAM ARGUMENT…]. The hosts need ssh without a password, and the program at the same path.
# Written by: lockstep launch -n 32 --hosts hosts --subnet 10.0.0.0/24 --write shell -- .build/release/lockstep train digits
set -euo pipefail

[ $# -gt 0 ] || set -- .build/release/lockstep train digits

export SWIFT_BACKTRACE=${SWIFT_BACKTRACE:-interactive=no} OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
unset LOCKSTEP_JOB
# mpirun passes on OMPI_… by itself; these are ours.
variables=()
for name in $(compgen -e | grep -E '^(LOCKSTEP_|OPENBLAS_|SWIFT_BACKTRACE)'); do
    variables+=(-x "$name")
done
exec mpirun --hostfile hosts -n 32 --map-by slot --bind-to core:overload-allowed \
    --mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 3 \
    --mca btl_tcp_if_include 10.0.0.0/24 --mca oob_tcp_if_include 10.0.0.0/24 ${variables[@]+"${variables[@]}"} \
    "$@"
