// SPDX-License-Identifier: Apache-2.0
// One configuration in a process of its own: it may trap or hang.

import Foundation
import LockstepDistributed

/// Runs this program again for one configuration.
public struct ChildProcess: Sendable {
    /// The program, and how long it may take.
    public let program: String
    public let seconds: Double

    /// - Parameters:
    ///   - program: The path of this program.
    ///   - seconds: How long a configuration may take.
    public init(program: String, seconds: Double = 120) { (self.program, self.seconds) = (program, seconds) }

    /// What came of a configuration, whatever it did to its process.
    public func verdict(of configuration: Configuration) -> Verdict {
        let end = run(["--child", configuration.description])
        if case .passed = end.verdict, let failure = comparedWithOtherProcesses(configuration) {
            return .failed(failure)
        }
        if let verdict = end.verdict { return verdict }
        guard let status = end.status else { return .failed(Failure("hangs", "while it ran \(end.last)")) }
        guard end.last == "one process", let sentence = end.sentence else {
            return .failed(
                Failure(
                    "traps: \((end.sentence ?? "signal").withoutNumbers)",
                    "\(end.last): status \(status): \(end.lastWords)"))
        }
        // Ranks with batches of their own train on larger ones than one process, which may be what was wrong with those.
        if configuration["convention"] == "perRank" { return .refused(sentence) }
        // A caller's mistake: several ranks must stop with the same sentence.
        for ranks in configuration["sums"] == "bitwise" ? [2, 4] : [2, 3] {
            let other = run(["--child", configuration.description, "--ranks", "\(ranks)"])
            if other.status == nil { return .failed(Failure("hangs", "\(ranks) ranks; one process says \(sentence)")) }
            // What one process traps on, ranks may throw: the sentence is the same.
            let said = other.sentence ?? other.line("refused: ") ?? other.line("finished") ?? other.lastWords
            if Examination.isRanksOwn(said, configuration) || Examination.isAlike(said, sentence) { continue }
            if let failure = Examination.failure(sayingSo: said, "\(ranks) ranks") { return .failed(failure) }
            return .failed(Failure("stops in one process only: \(sentence.withoutNumbers)", "\(ranks) ranks: \(said)"))
        }
        return .refused(sentence)
    }

    /// What differs when the same runs are made in processes of their own, or by ranks that are processes.
    private func comparedWithOtherProcesses(_ configuration: Configuration) -> Failure? {
        let isByProcesses = configuration["again"] == "mpirun"
        guard isByProcesses || configuration["again"] == "process" else { return nil }
        let words = ["--digest", configuration.description]
        let first = run(words)
        let second: End
        if isByProcesses {
            guard let ranks = try? Launcher.command(ranks: 2, running: [program] + words) else {
                return Failure("cannot be started by mpirun", "there is none in PATH")
            }
            second = run(ranks[0], Array(ranks.dropFirst()))
        } else {
            second = run(words)
        }
        if second.status == nil { return Failure("hangs in another process", second.lastWords) }
        guard let one = first.line("digest "), let other = second.line("digest ") else {
            return Failure("fails in another process", second.lastWords + first.lastWords)
        }
        return one == other ? nil : Failure("another process has other bits", "\(one), not \(other)")
    }

    private struct End {
        var verdict: Verdict?
        /// Nil when it was killed because it took too long.
        var status: Int32?
        var output = ""
        var error = ""
        /// What it was doing.
        var last: String {
            output.split(separator: "\n").last { $0.hasPrefix("at ") }.map { String($0.dropFirst(3)) } ?? "start"
        }
        /// The last line of its output that begins so.
        func line(_ beginning: String) -> String? {
            output.split(separator: "\n").last { $0.hasPrefix(beginning) }.map(String.init)
        }
        /// The last line it said.
        var lastWords: String { error.split(separator: "\n").last.map(String.init) ?? "" }
        /// The sentence of a trap.
        var sentence: String? {
            error.split(separator: "\n").last { $0.contains("Fatal error: ") }.map { line in
                String(line[(line.range(of: "Fatal error: ")?.upperBound ?? line.startIndex)...])
            }
        }
    }

    private func run(_ arguments: [String]) -> End { run(program, arguments) }

    private func run(_ program: String, _ arguments: [String]) -> End {
        (try? withFolder { folder in
            let (output, error) = (folder + "/output", folder + "/error")
            let environment = ProcessInfo.processInfo.environment.merging(Mpirun.environment) { $1 }
                .merging(["SWIFT_BACKTRACE": "enable=no", "TMPDIR": folder, "LOCKSTEP_THREADS": "1"]) { $1 }
            var end = End()
            end.status = Spawned(program, arguments, environment, output: output, error: error)?.status(within: seconds)
            end.output = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            end.error = (try? String(contentsOfFile: error, encoding: .utf8)) ?? ""
            if let line = end.output.split(separator: "\n").last(where: { $0.hasPrefix("{") }) {
                end.verdict = try? JSONDecoder().decode(Verdict.self, from: Data(line.utf8))
            }
            return end
        }) ?? End(status: -1, error: "no folder can be made for a process")
    }
}
