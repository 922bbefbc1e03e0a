// SPDX-License-Identifier: Apache-2.0
// Scripts for batch systems: asked to stop early enough, they save, and go on when it is their turn again.

import Lockstep
import LockstepDistributed

extension BatchScript {
    /// Starts the program behind the shell, which hears the batch system's requests and passes them on as SIGUSR1, once. Leaves the
    /// code in `code`, and in `asked` who has asked.
    private static let watched = """
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
        """

    /// Sets the words that start mpirun.
    private func launcher(_ flags: [String]) -> String { command("launcher=(mpirun", flags, end: "") + ")" }

    /// mpirun would kill its ranks a second after a SIGTERM, long before a batch system does.
    private static let deaf = """
        ! env --block-signal=TERM true 2> /dev/null || launcher=(env --block-signal=TERM "${launcher[@]}")
        """

    var slurm: String {
        let flags = ["-n", "\"$SLURM_NTASKS\""] + Mpirun.allocated
        return """
            #!/usr/bin/env bash
            # Submit with: sbatch [--ntasks=N] FILE [PROGRAM ARGUMENT…]. One rank a task; Slurm chooses the nodes.
            \(origin(.slurm))
            # \(lead) seconds before its time is up (Slurm may be a minute early) the job is asked to stop; it saves, is queued
            # again under its number and goes on, at most 100 times: REQUEUES=N sbatch … allows others.
            #SBATCH --job-name=\(name())
            #SBATCH --ntasks=\(ranks)
            #SBATCH --cpus-per-task=1
            #SBATCH --time=01:00:00
            #SBATCH --signal=B:USR1@\(lead)
            #SBATCH --requeue
            #SBATCH --output=%x-%j.log
            #SBATCH --open-mode=append
            set -uo pipefail

            \(program)

            # `lockstep train` goes on where this job was, and begins anew where it was nowhere.
            export LOCKSTEP_RESUME=auto
            \(environment)

            # srun connects the ranks only through PMIx; without it mpirun does, in the same allocation, and so it does with
            # LAUNCHER=mpirun.
            if [ "${LAUNCHER:-srun}" = srun ] && srun --mpi=list 2>&1 | grep -q pmix; then
                launcher=(srun --mpi=pmix)
            else
                \(launcher(flags))
                # It would kill the ranks a second after a SIGTERM.
                \(BatchScript.deaf)
            fi

            \(BatchScript.watched)

            # Stopped as asked, and not because the job is cancelled or preempted, which Slurm decides by itself.
            if [ "$code" -eq 75 ] && [ "${asked:-USR1}" = USR1 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "${REQUEUES:-100}" ]; then
                # Of an array only this job: the number of its last one is the array's.
                job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
                job=${job:-$SLURM_JOB_ID}
                echo "stopped as asked; job $job is queued again ($((${SLURM_RESTART_COUNT:-0} + 1)) of ${REQUEUES:-100})"
                # Slurm ends this script meanwhile.
                scontrol requeue "$job" && sleep 300
            fi
            exit "$code"

            """
    }

    var pbs: String {
        let flags =
            ["--hostfile", "\"$PBS_NODEFILE\"", "-n", "\"$(grep -c . \"$PBS_NODEFILE\")\""] + Mpirun.allocated
            + [BatchScript.variableFlags]
        return """
            #!/usr/bin/env bash
            # Submit with: qsub FILE. One rank a line of the node file.
            \(origin(.pbs))
            # \(lead) seconds before its time is up the job asks its ranks to stop; they save, and it is run again under its number
            # (qrerun). Where only operators may do that, it ends with code 75: submit it again, with --run FOLDER in its words.
            #PBS -N \(name(most: 15))
            #PBS -l select=\(ranks):ncpus=1:mpiprocs=1
            #PBS -l place=free
            #PBS -l walltime=01:00:00
            #PBS -r y
            #PBS -j oe
            set -uo pipefail
            cd "$PBS_O_WORKDIR" || exit

            \(program)

            # `lockstep train` goes on where this job was, and begins anew where it was nowhere.
            export LOCKSTEP_RESUME=auto
            \(environment)
            \(variables)

            # PBS says how long the job may run, but does not ask it to stop early.
            limit=${PBS_WALLTIME:-$(qstat -f "$PBS_JOBID" 2> /dev/null < /dev/null |
                awk '$1 == "Resource_List.walltime" { n = split($3, t, ":"); for (i = 1; i <= n; i++) s = 60 * s + t[i]; print s }')}
            if [ "${limit:-0}" -gt \(lead) ]; then
                (sleep $((limit - \(lead))); kill -USR1 $$) > /dev/null 2>&1 < /dev/null &
                alarm=$!
            fi

            # Debian's Open MPI is built without PBS, so it has to be told the nodes.
            \(launcher(flags))
            # It would kill the ranks a second after a SIGTERM.
            \(BatchScript.deaf)

            \(BatchScript.watched)
            [ -z "${alarm:-}" ] || kill "$alarm" 2> /dev/null

            if [ "$code" -eq 75 ] && [ "${asked:-USR1}" = USR1 ]; then
                echo "stopped as asked; job $PBS_JOBID is run again, if PBS lets its owner do that"
                qrerun "$PBS_JOBID" < /dev/null && sleep 300
            fi
            exit "$code"

            """
    }
}
