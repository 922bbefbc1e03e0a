// SPDX-License-Identifier: Apache-2.0
// Batch scripts for one program, ready to submit.

/// A job for Slurm or PBS.
struct BatchScript {
    let ranks: Int
    let command: [String]

    func text(for batch: LaunchCommand.Batch) -> String {
        switch batch {
        case .slurm: slurm
        case .pbs: pbs
        }
    }

    /// The command as a line of shell.
    var line: String { command.map(BatchScript.quoted).joined(separator: " ") }

    static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-+=:,@%".contains($0) }
        return plain && !word.isEmpty
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private var name: String { BatchScript.quoted(String(command[0].split(separator: "/").last ?? "lockstep")) }

    private var slurm: String {
        """
        #!/usr/bin/env bash
        # Submit with: sbatch FILE. One rank a task; Slurm chooses the nodes.
        #SBATCH --job-name=\(name)
        #SBATCH --ntasks=\(ranks)
        #SBATCH --cpus-per-task=1
        #SBATCH --time=01:00:00
        #SBATCH --output=%x-%j.log
        set -euo pipefail
        # srun connects the ranks only through PMIx; without it mpirun does, in the same allocation.
        if srun --mpi=list 2>&1 | grep -q pmix; then
            exec srun --mpi=pmix \(line)
        fi
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        exec mpirun -n "$SLURM_NTASKS" --map-by core \(line)

        """
    }

    private var pbs: String {
        """
        #!/usr/bin/env bash
        # Submit with: qsub FILE. One rank a slot of the node file.
        #PBS -N \(name)
        #PBS -l select=\(ranks):ncpus=1:mpiprocs=1
        #PBS -l place=free
        #PBS -l walltime=01:00:00
        #PBS -j oe
        set -euo pipefail
        cd "$PBS_O_WORKDIR"
        # Debian's Open MPI is built without PBS, so it has to be told the nodes.
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        exec mpirun --hostfile "$PBS_NODEFILE" -n "$(grep -c . "$PBS_NODEFILE")" --map-by core \(line)

        """
    }
}
