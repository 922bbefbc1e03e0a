// SPDX-License-Identifier: Apache-2.0
// Starting this very program again on several ranks: `--ranks N` without remembering mpirun's flags.

import Foundation
import LockstepComm
import LockstepLearner

/// Why a program could not be started on several ranks.
public struct LaunchError: Error, CustomStringConvertible, Sendable {
    /// One sentence, with the remedy.
    public let description: String
    /// A code of sysexits(3): 64 when the ranks asked for are not those there are, 69 when mpirun is missing, 71 when the
    /// system refuses.
    public let exitCode: Int32
}

/// Runs the current program under `mpirun`.
///
/// ```swift
/// try Launcher.ensure(ranks: 4)    // from here on there are four of us
/// let ranks = try World.current()
/// ```
public enum Launcher {
    /// Makes sure that this program runs on `ranks` ranks: returns in each of them.
    ///
    /// Outside of a launcher, and for more than one rank, this process runs the same program with the same arguments under
    /// `mpirun`, waits for it and ends with its code. Call it first thing: the ranks start from the beginning.
    /// - Throws: ``LaunchError`` when a launcher has started another number of ranks, or `mpirun` cannot be started.
    public static func ensure(ranks: Int) throws(LaunchError) {
        guard let started = startedRanks else {
            if ranks > 1 { try relaunch(ranks: ranks) }
            return
        }
        guard started == ranks || started == 0 else {
            throw LaunchError(
                description:
                    "\(ranks) ranks were asked for, but a launcher has started \(started); leave the option out, or start the program without mpirun",
                exitCode: 64)
        }
    }

    /// How many ranks a launcher has started, 0 when it does not say; nil without a launcher.
    public static var startedRanks: Int? {
        let environment = ProcessInfo.processInfo.environment
        guard case .mpi(let size)? = try? Launch.decide(environment) else { return nil }
        return size ?? 0
    }

    /// The number of this process among those of a launcher, before MPI is asked; 0 without one.
    public static var startedRank: Int {
        let environment = ProcessInfo.processInfo.environment
        return (environment["OMPI_COMM_WORLD_RANK"] ?? environment["PMIX_RANK"]).flatMap { Int($0) } ?? 0
    }

    /// Runs `mpirun -n ranks program arguments` and ends with its code. Returns only by throwing.
    ///
    /// Ranks get a core each while there are enough and share them otherwise. Works as root. Where no rank could say why
    /// the job failed, the last line says which one failed first.
    static func relaunch(ranks: Int) throws(LaunchError) -> Never {
        let job = try RankJob(ranks: ranks, running: [programPath] + CommandLine.arguments.dropFirst())
        Mpirun.prepareEnvironment()
        let outcome = try job.run()
        if outcome.code != 0, !outcome.wasExplained { Console.standardError.write("lockstep: \(outcome.sentence)\n") }
        exit(outcome.code)
    }

    /// `mpirun`, its flags, and the program with its arguments.
    /// - Parameters:
    ///   - hosts: Where ranks run; nil means this machine.
    ///   - token: What marks their records for who starts them; nil where nobody reads any.
    ///   - isWoken: Whether who starts them wakes mpirun from its sleep.
    ///   - stdin: The rank that reads standard input; nil means rank 0.
    /// - Throws: ``LaunchError`` where there is no mpirun, or none that could start so many.
    package static func command(
        ranks: Int, on hosts: HostList? = nil, token: String? = nil, isWoken: Bool = false, stdin: Int? = nil,
        running words: [String]
    ) throws(LaunchError) -> [String] {
        let most = mostRanks(onHosts: hosts != nil)
        guard ranks <= most else {
            throw LaunchError(description: "\(ranks) ranks: at most \(most) are possible", exitCode: 64)
        }
        guard let mpirun = path(of: "mpirun") else {
            throw LaunchError(
                description:
                    "\(ranks) ranks need mpirun, which is not in PATH; install it with: apt-get install openmpi-bin libopenmpi-dev",
                exitCode: 69)
        }
        var flags = hosts.map { $0.flags(ranks: ranks) } ?? Mpirun.flags(ranks: ranks)
        if let token { flags += Mpirun.marking(token) }
        if isWoken { flags += Mpirun.sleeping }
        if let stdin { flags += Mpirun.standardInput(to: stdin) }
        return [mpirun] + flags + words
    }

    /// The most ranks that are started: more are a slip of the finger, and mpirun would take the machine with it. An
    /// allocation of a batch system has several hosts as well.
    package static func mostRanks(onHosts: Bool) -> Int {
        let environment = ProcessInfo.processInfo.environment
        let isAllocated = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "PE_HOSTFILE"].contains { environment[$0] != nil }
        return onHosts || isAllocated ? 65_536 : 1024
    }

    /// Cores this process may run on.
    public static var usableCores: Int {
        (try? TransportReport.collect(over: SoloCommunicator()).usableCores) ?? 1
    }

    /// Where `program` lies, nil when it is in none of the folders of PATH.
    public static func path(of program: String) -> String? {
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return folders.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    /// The file of the running program.
    public static var programPath: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        guard length > 0 else { return CommandLine.arguments[0] }
        return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
