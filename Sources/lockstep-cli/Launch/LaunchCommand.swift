// SPDX-License-Identifier: Apache-2.0
// `lockstep launch`: any program on several ranks, or the script that does so in a batch system.

import ArgumentParser
import Foundation
import Lockstep

/// Runs a program under mpirun, or writes a batch script for it.
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch", abstract: "Run a program on several ranks, or write the batch script that does.",
        discussion: """
            Runs mpirun with the flags this machine needs, says which rank failed first, and ends with that rank's code.
              lockstep launch -n 4 .build/release/digits
              lockstep launch -n 32 --hosts hosts --subnet 10.1.0.0/16 ./train
              lockstep launch -n 32 --write slurm ./train --epochs 5 > train.sbatch

            Ranks read these variables:
            \(variables)
            """)

    /// What ranks read from the environment, a line each.
    private static var variables: String {
        let width = EnvironmentVariable.all.map(\.name.count).max() ?? 0
        return EnvironmentVariable.all
            .map { "  \($0.name.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.meaning)" }
            .joined(separator: "\n")
    }

    /// Who reads a script: a batch system, or a shell.
    enum Batch: String, CaseIterable, ExpressibleByArgument { case slurm, pbs, shell }

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Ranks.", valueName: "n"))
    var ranks: Int

    @Option(help: ArgumentHelp("Run on the hosts of this file, one a line: HOST slots=RANKS.", valueName: "file"))
    var hosts: String?

    @Option(
        help: ArgumentHelp("The network that connects the hosts, where they have others besides.", valueName: "cidr"))
    var subnet: String?

    @Option(help: ArgumentHelp("The rank that reads standard input; 0 unless told otherwise.", valueName: "rank"))
    var stdin: Int?

    @Option(
        help: ArgumentHelp(
            "Print a script for this batch system, or for a shell, instead of running.", valueName: "slurm|pbs|shell"))
    var write: Batch?

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The program and its arguments.", valueName: "program"))
    var command: [String]

    func validate() throws {
        if ranks < 1 { throw ValidationError("-n \(ranks): at least 1 is needed") }
        let most = Launcher.mostRanks(onHosts: hosts != nil)
        if write == nil, ranks > most { throw ValidationError("-n \(ranks): at most \(most) are possible") }
        if Launcher.startedRanks != nil {
            throw ValidationError("lockstep launch starts ranks itself: run it without mpirun")
        }
        if let stdin, !(0..<ranks).contains(stdin) {
            throw ValidationError("--stdin \(stdin): ranks are 0 to \(ranks - 1)")
        }
        if let write, write != .shell, hosts != nil {
            throw ValidationError(
                "--write \(write.rawValue) and --hosts exclude each other: the batch system knows the hosts")
        }
        if write != nil, stdin != nil {
            throw ValidationError(
                "--write and --stdin exclude each other: a written script gives standard input to rank 0")
        }
        if subnet != nil, hosts == nil { throw ValidationError("--subnet goes with --hosts") }
        if command.first == "--" ? command.count < 2 : command.isEmpty { throw ValidationError("which program?") }
    }

    func run() throws {
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        if let write {
            let list = hosts.map { HostList(file: $0, subnet: subnet) }
            try say(BatchScript(ranks: ranks, hosts: list, command: words).text(for: write), terminator: "")
            return
        }
        guard let program = words[0].contains("/") ? words[0] : Launcher.path(of: words[0]) else {
            throw Failure.noInput("\(words[0]): there is no such program in PATH")
        }
        guard access(program, X_OK) == 0 else {
            throw Failure.noInput("\(program): \(String(cString: strerror(errno)).lowercased())")
        }
        let list = try hosts.map { file in
            try Failure.requireReadable(file, option: "--hosts")
            return HostList(file: file, subnet: subnet)
        }
        Mpirun.prepareEnvironment()
        let job = try RankJob(ranks: ranks, on: list, stdin: stdin, running: [program] + words.dropFirst())
        let outcome = try job.run()
        guard outcome.code != 0 else { return }
        // Who failed is said even where a rank has said how.
        throw Failure(description: outcome.sentence, code: outcome.code)
    }
}
