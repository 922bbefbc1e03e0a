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
              lockstep launch -n 32 --hosts hosts --max-restarts 5 --min-ranks 16 -- lockstep train digits --run out

            A request to stop (SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU) reaches ranks that watch for signals as SIGUSR1, and
            they get the time they need; a second one ends them. What a script asks of the batch system stands in it.

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

    @Option(
        help: ArgumentHelp(
            "Start a job that has failed again so many times, with LOCKSTEP_RESUME=auto, unless it fails at the same step twice (default: 0).",
            valueName: "k"))
    var maxRestarts: Int?

    @Option(
        help: ArgumentHelp(
            "When a host is lost, go on without it if so many ranks have room on the others.", valueName: "m"))
    var minRanks: Int?

    @Option(
        help: ArgumentHelp(
            "In a written script: how many seconds before its time is up the batch system asks the job to stop (default: \(BatchScript.usualLead)).",
            valueName: "seconds"))
    var signalLead: Int?

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
        if let maxRestarts, maxRestarts < 0 {
            throw ValidationError("--max-restarts \(maxRestarts): it cannot be negative")
        }
        if let minRanks {
            guard (1...ranks).contains(minRanks) else {
                throw ValidationError("--min-ranks \(minRanks): at least 1 and at most the \(ranks) of -n")
            }
            guard maxRestarts != nil else { throw ValidationError("--min-ranks goes with --max-restarts") }
        }
        if write != nil, maxRestarts != nil {
            throw ValidationError(
                "--write and --max-restarts exclude each other: a written script starts mpirun, and the batch system starts it again"
            )
        }
        if let signalLead {
            guard write == .slurm || write == .pbs else {
                throw ValidationError("--signal-lead goes with --write slurm or --write pbs")
            }
            guard BatchScript.leads.contains(signalLead) else {
                throw ValidationError(
                    "--signal-lead \(signalLead): from \(BatchScript.leads.lowerBound) to \(BatchScript.leads.upperBound) seconds"
                )
            }
        }
        if subnet != nil, hosts == nil { throw ValidationError("--subnet goes with --hosts") }
        if command.first == "--" ? command.count < 2 : command.isEmpty { throw ValidationError("which program?") }
    }

    func run() throws {
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        if let write {
            let list = hosts.map { HostList(file: $0, subnet: subnet) }
            let script = BatchScript(
                ranks: ranks, hosts: list, lead: signalLead ?? BatchScript.usualLead, command: words)
            try say(script.text(for: write), terminator: "")
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
        let job = RestartingJob(
            ranks: ranks, on: list, stdin: stdin, stops: LaunchCommand.stops(program, words),
            restarts: maxRestarts ?? 0,
            fewest: minRanks, running: [program] + words.dropFirst())
        let outcome = try job.run()
        guard outcome.code != 0 else { return }
        // Who failed is said even where a rank has said how.
        throw Failure(description: outcome.sentence, code: outcome.code)
    }

    /// Whether a program is known to stop in good order before it says so: training by this very command.
    private static func stops(_ program: String, _ words: [String]) -> Bool {
        guard words.dropFirst().first == "train" else { return false }
        func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }
        return resolved(program) == resolved(Launcher.programPath)
    }
}
