#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Submit with: qsub launch/pbs.sh, from the root of the repository; PROGRAM="path argument…" chooses what runs (qsub -v).
#PBS -N lockstep
#PBS -l select=2:ncpus=1:mpiprocs=1
#PBS -l walltime=01:00:00
#PBS -j oe
set -euo pipefail

cd "${PBS_O_WORKDIR:-.}"
: "${PBS_NODEFILE:?launch/pbs.sh runs inside a job: qsub launch/pbs.sh}"
read -r -a command <<< "${PROGRAM:-.build/release/lockstep train digits}"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Debian's Open MPI is built without PBS, so it has to be told the nodes: one line for each rank.
exec mpirun --hostfile "$PBS_NODEFILE" -n "$(grep -c . "$PBS_NODEFILE")" "${command[@]}"
