// SPDX-License-Identifier: Apache-2.0
// Scripts that run a program on ranks without this command, ready to submit, to read and to change.

import Lockstep

/// A job for Slurm, for PBS, or for hosts that ssh reaches.
struct BatchScript {
    let ranks: Int
    /// For a script of the shell.
    var hosts: HostList?
    let command: [String]

    func text(for batch: LaunchCommand.Batch) -> String {
        switch batch {
        case .slurm: slurm
        case .pbs: pbs
        case .shell: shell
        }
    }

    static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-+=:,@%".contains($0) }
        return plain && !word.isEmpty
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// A comment ends with its line.
    private static func comment(_ text: String) -> String { text.map { $0.isNewline ? " " : "\($0)" }.joined() }

    /// What batch systems call the job: they end a word at a blank, and their lines are comments.
    private var name: String {
        let name = command[0].split(separator: "/").last ?? "lockstep"
        return String(name.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "_" })
    }

    /// How this script was made.
    private func origin(_ batch: LaunchCommand.Batch) -> String {
        var words = ["lockstep", "launch", "-n", "\(ranks)"]
        if let hosts { words += ["--hosts", hosts.file] }
        if let subnet = hosts?.subnet { words += ["--subnet", subnet] }
        words += ["--write", batch.rawValue, "--"] + command
        return BatchScript.comment("# Written by: \(BatchScript.line(words))")
    }

    /// What runs, unless the script is given something else.
    private var program: String { "[ $# -gt 0 ] || set -- \(BatchScript.line(command))" }

    private var asRoot: String {
        "export " + Mpirun.rootVariables.map { "\($0)=1" }.joined(separator: " ")
    }

    /// The last line: mpirun with `words`, each flag whole, on lines of a readable length.
    private func mpirun(_ words: [String]) -> String {
        var groups = ["exec mpirun"]
        for word in words + ["\"$@\""] {
            if word.hasPrefix("-") || word.hasPrefix("$") || word == "\"$@\"" {
                groups.append(word)
            } else {
                groups[groups.count - 1] += " " + word
            }
        }
        var lines: [String] = []
        for group in groups {
            if let line = lines.last, line.count + group.count < 110 {
                lines[lines.count - 1] = line + " " + group
            } else {
                lines.append(group)
            }
        }
        return lines.joined(separator: " \\\n    ")
    }

    /// Collects the flags that pass on the variables which are set when the script runs.
    private var variables: String {
        """
        # mpirun passes on OMPI_… by itself; these are ours.
        variables=()
        for name in $(compgen -e | grep -E '^(\(Mpirun.passedPrefixes.joined(separator: "|")))' || true); do variables+=(-x "$name"); done
        """
    }
    private let variableFlags = "${variables[@]+\"${variables[@]}\"}"

    private var slurm: String {
        """
        #!/usr/bin/env bash
        # Submit with: sbatch [--ntasks=N] FILE [PROGRAM ARGUMENT…]. One rank a task; Slurm chooses the nodes.
        \(origin(.slurm))
        #SBATCH --job-name=\(name)
        #SBATCH --ntasks=\(ranks)
        #SBATCH --cpus-per-task=1
        #SBATCH --time=01:00:00
        #SBATCH --output=%x-%j.log
        set -euo pipefail

        \(program)

        # srun connects the ranks only through PMIx; without it mpirun does, in the same allocation, and so it does with
        # LAUNCHER=mpirun.
        if [ "${LAUNCHER:-srun}" = srun ] && srun --mpi=list 2>&1 | grep -q pmix; then
            exec srun --mpi=pmix "$@"
        fi
        \(asRoot)
        \(mpirun(["-n", "\"$SLURM_NTASKS\""] + Mpirun.allocated))

        """
    }

    private var pbs: String {
        """
        #!/usr/bin/env bash
        # Submit with: qsub FILE. One rank a line of the node file.
        \(origin(.pbs))
        #PBS -N \(name)
        #PBS -l select=\(ranks):ncpus=1:mpiprocs=1
        #PBS -l place=free
        #PBS -l walltime=01:00:00
        #PBS -j oe
        set -euo pipefail
        cd "$PBS_O_WORKDIR"

        \(program)

        \(variables)
        \(asRoot)
        # Debian's Open MPI is built without PBS, so it has to be told the nodes.
        \(mpirun(["--hostfile", "\"$PBS_NODEFILE\"", "-n", "\"$(grep -c . \"$PBS_NODEFILE\")\""] + Mpirun.allocated + [variableFlags]))

        """
    }

    private var shell: String {
        let flags: [String]
        if let hosts {
            flags = ["--hostfile", hosts.file, "-n", "\(ranks)"] + Mpirun.hostFlags(subnet: hosts.subnet)
        } else {
            flags = Mpirun.flags(ranks: ranks)
        }
        let place =
            hosts == nil
            ? "On this machine." : "The hosts need ssh without a password, and the program at the same path."
        return """
            #!/usr/bin/env bash
            # Run with: FILE [PROGRAM ARGUMENT…]. \(place)
            \(origin(.shell))
            set -euo pipefail

            \(program)

            \(variables)
            \(asRoot)
            \(mpirun(flags.map(BatchScript.quoted) + [variableFlags]))

            """
    }
}
