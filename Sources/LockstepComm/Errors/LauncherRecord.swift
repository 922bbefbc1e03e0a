// SPDX-License-Identifier: Apache-2.0
// What ranks tell our launcher: lines on standard error that people do not see.
internal import Foundation

/// Something that the launcher should know of a rank.
///
/// A line of its own on standard error, which mpirun brings from every host, marked with a word that only the launcher and its
/// ranks know (`LOCKSTEP_JOB`): whatever else ranks print is never taken for one.
package enum LauncherRecord: Codable, Equatable, Sendable {
    /// The job ends, and why.
    case failure(FailureRecord)
    /// A process has begun to watch for signals: from now on it stops in good order.
    case watching(host: String, pid: Int32)
    /// Training begins, or goes on, before this step of the fit.
    case training(step: Int)
    /// A checkpoint of this step is safe: what comes after it is lost with the job, what came before is not.
    case saved(step: Int)

    /// What no text begins a word with.
    private static let mark = "\u{1E}lockstep "

    /// A word that nobody else uses.
    package static func newToken() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }

    /// The record as a line for the launcher that knows `token`.
    package func line(token: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return "\(Self.mark)\(token) \(json)"
    }

    /// The record in `line`, and what of the line is not it; nil when there is none.
    package static func read(_ line: String, token: String) -> (record: LauncherRecord, rest: String)? {
        guard line.utf8.contains(0x1E), let start = line.range(of: "\(mark)\(token) "),
            let record = try? JSONDecoder().decode(Self.self, from: Data(line[start.upperBound...].utf8))
        else { return nil }
        return (record, String(line[..<start.lowerBound]))
    }

    /// Tells the launcher, if there is one.
    package func tell() {
        guard let token = EnvironmentVariable.job.value() else { return }
        writeToStandardError(line(token: token) + "\n")
    }

    /// That this process watches for signals.
    static var watchingHere: LauncherRecord {
        .watching(host: ProcessInfo.processInfo.hostName, pid: ProcessInfo.processInfo.processIdentifier)
    }
}
