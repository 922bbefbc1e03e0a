// SPDX-License-Identifier: Apache-2.0
// The variables of the environment that Lockstep reads, all of them: what they can be, and that they are.
internal import Foundation

/// A variable of the environment that changes how a program runs.
public struct EnvironmentVariable: Sendable {
    /// `LOCKSTEP_…`.
    public let name: String
    /// What it can be, behind "must be".
    public let values: String
    /// What it decides.
    public let meaning: String
    private let accepts: @Sendable (String) -> Bool

    private init(
        _ name: String, _ meaning: String, _ values: String, accepts: @escaping @Sendable (String) -> Bool
    ) {
        (self.name, self.meaning, self.values, self.accepts) = ("LOCKSTEP_" + name, meaning, values, accepts)
    }

    private init(_ name: String, _ meaning: String, oneOf words: [String]) {
        self.init(name, meaning, "one of " + words.joined(separator: ", ")) { words.contains($0) }
    }

    private init(_ name: String, _ meaning: String, in range: ClosedRange<Int>) {
        self.init(name, meaning, "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).map(range.contains) ?? false
        }
    }

    private init(seconds name: String, _ meaning: String) {
        self.init(name, meaning, "a number of seconds greater than 0 and at most 1e9") { text in
            Double(text).map { $0 > 0 && $0 <= 1e9 } ?? false
        }
    }

    /// What it is set to; nil where it is not, or to nothing.
    func value(in environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension EnvironmentVariable {
    static let threads = Self("THREADS", "threads of each rank", in: 1...256)
    static let convolutions = Self(
        "CONV", "who convolves", oneOf: ["blas", "onednn", "direct", "measured"])
    static let products = Self("PRODUCTS", "who multiplies matrices", oneOf: ["openblas", "own", "portable"])
    static let stallTimeout = Self(
        seconds: "STALL_TIMEOUT", "seconds after which a waiting rank says who is late (30)")
    static let abortTimeout = Self(seconds: "ABORT_TIMEOUT", "seconds after which waiting is an error (300)")
    static let sharedMemory = Self(
        "SHARED_MEMORY", "through what the ranks of a node share memory", oneOf: ["window", "memfd", "off"])
    static let ranksPerNode = Self(
        "RANKS_PER_NODE", "pretend that so many ranks make a node", in: 1...1_000_000)
    static let backtrace = Self(
        "BACKTRACE", "1: a caller's mistake traps, with the calls that led to it", oneOf: ["0", "1"])
    /// Read where files are (`ReadLimits` of LockstepData), which knows no ranks.
    static let readLimit = Self(
        "READ_LIMIT", "MiB that one file may have in memory (a quarter of the machine's)", in: 1...1 << 40)
    static let pixelLimit = Self("PIXEL_LIMIT", "pixels that one image may have (2²⁷)", in: 1...1 << 40)
    /// Set by our launcher for its ranks: what marks their records of failures among what they write.
    static let job = Self("JOB", "set by `lockstep launch` for its ranks", "letters and digits") { text in
        text.utf8.count <= 64 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    static let resume = Self(
        "RESUME", "auto: what `lockstep train` takes for --resume where that is not given", oneOf: ["auto"])

    /// `LOCKSTEP_RESUME`.
    package static var resumeName: String { resume.name }
    /// `LOCKSTEP_JOB`.
    package static var jobName: String { job.name }

    /// All that a running program reads.
    public static let all = [
        threads, convolutions, products, stallTimeout, abortTimeout, sharedMemory, ranksPerNode, backtrace, resume,
        readLimit, pixelLimit, job,
    ]

    /// The first variable that is set to something that it cannot be, in a sentence; nil when there is none. What is set to
    /// nothing counts as not set.
    public static func problem(in environment: [String: String]) -> String? {
        for variable in all {
            guard let text = variable.value(in: environment), !variable.accepts(text) else { continue }
            let shown = text.count > 40 ? text.prefix(40) + "…" : text
            return "\(variable.name) is “\(shown)”; it must be \(variable.values)"
        }
        return nil
    }
}
