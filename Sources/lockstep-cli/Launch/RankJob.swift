// SPDX-License-Identifier: Apache-2.0
// An mpirun whose last words are read: which rank failed first, and how.

import Foundation
import Lockstep

/// A program on several ranks of this machine.
struct RankJob {
    let ranks: Int
    /// The program's path and its arguments.
    let command: [String]

    /// How a job ended.
    struct Outcome: Equatable {
        var code: Int32
        var sentence: String
    }

    /// Runs it to its end. What ranks print passes through; mpirun's own account of a failure becomes one sentence.
    func run() throws -> Outcome {
        let mpirun = Process()
        let words = try Launcher.command(ranks: ranks, running: command)
        mpirun.executableURL = URL(filePath: words[0])
        mpirun.arguments = Array(words.dropFirst())
        mpirun.environment = Launcher.mpirunEnvironment.merging(ProcessInfo.processInfo.environment) { _, own in own }
        let pipe = Pipe()
        mpirun.standardError = pipe
        try mpirun.run()
        // Only now: a child would inherit ignored signals. Ctrl-C reaches mpirun itself, which ends the ranks.
        signal(SIGINT, SIG_IGN)
        SignalForwarding.start(to: mpirun.processIdentifier)
        var account = FailureAccount()
        var rest = Data()
        while true {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { break }
            rest.append(data)
            while let end = rest.firstIndex(of: 10) {
                let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                rest = Data(rest[rest.index(after: end)...])
                if let shown = account.read(line) { Console.standardError.write(shown + "\n") }
            }
        }
        if !rest.isEmpty { Console.standardError.write(String(decoding: rest, as: UTF8.self)) }
        mpirun.waitUntilExit()
        let status = mpirun.terminationStatus
        return account.outcome(mpirunCode: mpirun.terminationReason == .uncaughtSignal ? 128 + status : status)
    }
}

/// Passes SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 on to mpirun, which passes them on to the ranks.
private enum SignalForwarding {
    /// Written once, before the handlers are installed.
    private nonisolated(unsafe) static var target: pid_t = 0

    static func start(to pid: pid_t) {
        target = pid
        for number in [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { signal(number) { kill(SignalForwarding.target, $0) } }
    }
}
