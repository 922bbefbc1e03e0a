#!/usr/bin/env bash
# Submit with: qsub FILE. One rank a line of the node file.
# Written by: lockstep launch -n 2 --write pbs -- .build/release/lockstep train digits
#PBS -N lockstep
#PBS -l select=2:ncpus=1:mpiprocs=1
#PBS -l place=free
#PBS -l walltime=01:00:00
#PBS -j oe
set -euo pipefail
cd "$PBS_O_WORKDIR"

[ $# -gt 0 ] || set -- .build/release/lockstep train digits

# mpirun passes on OMPI_… by itself; these are ours.
variables=()
for name in $(compgen -e | grep -E '^(LOCKSTEP_|OPENBLAS_)' || true); do variables+=(-x "$name"); done
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Debian's Open MPI is built without PBS, so it has to be told the nodes.
exec mpirun --hostfile "$PBS_NODEFILE" -n "$(grep -c . "$PBS_NODEFILE")" --map-by core \
    ${variables[@]+"${variables[@]}"} "$@"
