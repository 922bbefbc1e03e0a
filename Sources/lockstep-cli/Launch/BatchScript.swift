// SPDX-License-Identifier: Apache-2.0
// Scripts that run a program on ranks without this command, ready to submit, to read and to change.

import Lockstep
import LockstepComm

/// A job for Slurm, for PBS, or for hosts that ssh reaches.
struct BatchScript {
    let ranks: Int
    /// For a script of the shell.
    var hosts: HostList?
    /// Seconds before its time is up at which the batch system asks the job to stop.
    var lead = usualLead
    let command: [String]

    static let usualLead = 120
    /// Batch systems look at the time every minute or half.
    static let leads = 1...86_400

    func text(for batch: LaunchCommand.Batch) -> String {
        switch batch {
        case .slurm: slurm
        case .pbs: pbs
        case .shell: shell
        }
    }

    /// A comment ends with its line.
    static func comment(_ text: String) -> String { text.map { $0.isNewline ? " " : "\($0)" }.joined() }

    /// What batch systems call the job: they end a word at a blank, and their lines are comments. PBS wants a letter first, and
    /// older ones take 15.
    func name(most: Int = 64) -> String {
        let name = command[0].split(separator: "/").last ?? "lockstep"
        let plain = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) || "._-".contains($0) ? $0 : "_" }
        return String((plain.first?.isLetter == true ? plain : ["j"] + plain).prefix(most))
    }

    /// How this script was made.
    func origin(_ batch: LaunchCommand.Batch) -> String {
        var words = ["lockstep", "launch", "-n", "\(ranks)"]
        if let hosts { words += ["--hosts", hosts.file] }
        if let subnet = hosts?.subnet { words += ["--subnet", subnet] }
        words += ["--write", batch.rawValue]
        if batch != .shell, lead != BatchScript.usualLead { words += ["--signal-lead", "\(lead)"] }
        words += ["--"] + command
        return BatchScript.comment("# Written by: \(ShellWords.line(words))")
    }

    /// What runs, unless the script is given something else.
    var program: String { "[ $# -gt 0 ] || set -- \(ShellWords.line(command))" }

    /// What mpirun and the ranks find in their environment: no question to answer when a rank crashes, and no launcher that is
    /// that of whoever has submitted the script.
    var environment: String {
        """
        export SWIFT_BACKTRACE=${SWIFT_BACKTRACE:-interactive=no} \(Mpirun.rootVariables.map { "\($0)=1" }.joined(separator: " "))
        unset \(EnvironmentVariable.jobName)
        """
    }

    /// `start` with `words` and the program, each flag whole, on lines of a readable length.
    func command(_ start: String, _ words: [String], end: String = "\"$@\"") -> String {
        var groups = [start]
        for word in words + (end.isEmpty ? [] : [end]) {
            if word.hasPrefix("-") || word.hasPrefix("$") || word == end {
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
    var variables: String {
        """
        # mpirun passes on OMPI_… by itself; these are ours.
        variables=()
        for name in $(compgen -e | grep -E '^(\(Mpirun.passedPrefixes.joined(separator: "|")))'); do
            variables+=(-x "$name")
        done
        """
    }
    static let variableFlags = "${variables[@]+\"${variables[@]}\"}"

    private var shell: String {
        let place =
            hosts == nil
            ? "On this machine." : "The hosts need ssh without a password, and the program at the same path."
        return """
            #!/usr/bin/env bash
            # Run with: FILE [PROGRAM ARGUMENT…]. \(place)
            \(origin(.shell))
            set -euo pipefail

            \(program)

            \(environment)
            \(variables)
            \(starting)

            """
    }

    /// Starts mpirun where a script of the shell says. Of this machine it knows the cores when it runs.
    private var starting: String {
        if let hosts {
            let flags = ["--hostfile", hosts.file, "-n", "\(ranks)"] + Mpirun.hostFlags(subnet: hosts.subnet)
            return command("exec mpirun", flags.map(ShellWords.quoted) + [BatchScript.variableFlags])
        }
        let flags = [ranks, ranks - 1].map { Mpirun.flags(ranks: ranks, cores: $0).dropFirst(2).joined(separator: " ") }
        return """
            # A core for each rank, if there are so many.
            if [ "$(nproc)" -ge \(ranks) ]; then cores=(\(flags[0])); else cores=(\(flags[1])); fi
            \(command("exec mpirun", ["-n", "\(ranks)", "\"${cores[@]}\"", BatchScript.variableFlags]))
            """
    }
}
