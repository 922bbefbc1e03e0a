#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a program on N ranks of this machine.
set -euo pipefail

if [ $# -lt 1 ] || [ "$1" = "--help" ]; then
    echo "usage: launch/local.sh N [PROGRAM [ARGUMENT…]]    (without a program: lockstep train digits)"
    exit $(($# < 1 ? 64 : 0))
fi
ranks=$1
shift
[ $# -gt 0 ] || set -- "$(dirname "${BASH_SOURCE[0]}")/../.build/release/lockstep" train digits

# Open MPI 4 refuses to start as root unless told.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

if [ "$ranks" -le "$(nproc)" ]; then
    # A core of its own for each rank: neither the scheduler nor a neighbour moves it.
    binding=(--map-by core:OVERSUBSCRIBE --bind-to core:overload-allowed)
else
    binding=(--oversubscribe --bind-to none)
fi
exec mpirun -n "$ranks" "${binding[@]}" "$@"
