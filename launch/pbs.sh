#!/usr/bin/env bash
# Submit with: qsub FILE. One rank a line of the node file.
# Written by: lockstep launch -n 2 --write pbs -- .build/release/lockstep train digits
# 120 seconds before its time is up the job asks its ranks to stop; they save, and it is run again under its number
# (qrerun). Where only operators may do that, it ends with code 75: submit it again, with --run FOLDER in its words.
#PBS -N lockstep
#PBS -l select=2:ncpus=1:mpiprocs=1
#PBS -l place=free
#PBS -l walltime=01:00:00
#PBS -r y
#PBS -j oe
set -uo pipefail
cd "$PBS_O_WORKDIR" || exit

[ $# -gt 0 ] || set -- .build/release/lockstep train digits

# `lockstep train` goes on where this job was, and begins anew where it was nowhere.
export LOCKSTEP_RESUME=auto
export SWIFT_BACKTRACE=${SWIFT_BACKTRACE:-interactive=no} OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
unset LOCKSTEP_JOB
# mpirun passes on OMPI_… by itself; these are ours.
variables=()
for name in $(compgen -e | grep -E '^(LOCKSTEP_|OPENBLAS_|SWIFT_BACKTRACE)'); do
    variables+=(-x "$name")
done

# PBS says how long the job may run, but does not ask it to stop early.
limit=${PBS_WALLTIME:-$(qstat -f "$PBS_JOBID" 2> /dev/null < /dev/null |
    awk '$1 == "Resource_List.walltime" { n = split($3, t, ":"); for (i = 1; i <= n; i++) s = 60 * s + t[i]; print s }')}
if [ "${limit:-0}" -gt 120 ]; then
    (sleep $((limit - 120)); kill -USR1 $$) > /dev/null 2>&1 < /dev/null &
    alarm=$!
fi

# Debian's Open MPI is built without PBS, so it has to be told the nodes.
launcher=(mpirun --hostfile "$PBS_NODEFILE" -n "$(grep -c . "$PBS_NODEFILE")" --map-by core \
    ${variables[@]+"${variables[@]}"})
# It would kill the ranks a second after a SIGTERM.
! env --block-signal=TERM true 2> /dev/null || launcher=(env --block-signal=TERM "${launcher[@]}")

# This shell gets the batch system's requests to stop, and the ranks one SIGUSR1: they save and end with code 75.
asked='' ranks='' again=yes
ask() {
    [ -n "$asked" ] || [ -z "$ranks" ] || kill -USR1 "$ranks" 2> /dev/null
    asked=${asked:-$1} again=yes
}
for signal in USR1 USR2 TERM INT XCPU; do trap "ask $signal" "$signal"; done
"${launcher[@]}" "$@" &
ranks=$!
[ -z "$asked" ] || kill -USR1 "$ranks"
while [ -n "$again" ]; do again='' code=0; wait "$ranks" || code=$?; done
# What was only beginning dies of SIGUSR1.
[ -z "$asked" ] || [ "$code" -ne 138 ] || [ "$SECONDS" -gt 30 ] || code=75
[ -z "${alarm:-}" ] || kill "$alarm" 2> /dev/null

if [ "$code" -eq 75 ] && [ "${asked:-USR1}" = USR1 ]; then
    echo "stopped as asked; job $PBS_JOBID is run again, if PBS lets its owner do that"
    qrerun "$PBS_JOBID" < /dev/null && sleep 300
fi
exit "$code"
