// SPDX-License-Identifier: Apache-2.0
// What a rank tells the launcher about a failure, besides the sentence for people: no program reads sentences.
internal import Foundation

/// Why a job ends, as one of its ranks knows it.
///
/// Travels as a ``LauncherRecord``. The launcher shows the sentences and goes by the records: other words change no code.
package struct FailureRecord: Codable, Equatable, Sendable {
    /// What happened.
    package enum Cause: String, Codable, Sendable {
        /// A rank has thrown an error.
        case failed
        /// The process of a rank has ended without a word.
        case died
        /// A rank has ended its program while another waits for it.
        case left
        /// A rank has called `exit` with another code than 0.
        case exited
        /// A rank has not come in time.
        case timedOut
        /// Ranks have called different collectives.
        case mismatch
        /// The program cannot run as it was started: words of the command line, variables, a launcher.
        case start
        /// MPI, or the memory that ranks share.
        case transport
        /// All ranks have agreed to end, and have said why if there was something to say.
        case agreed
    }

    /// The rank that tells.
    package var reporter: Int
    /// Where it runs.
    package var host: String
    /// The rank whose failure it is; nil where it is nobody's, or nobody knows whose.
    package var rank: Int?
    /// What was going on.
    package var event: String
    /// What happened.
    package var cause: Cause
    /// What the reporter ends with.
    package var code: Int32
    /// The step of the fit at which the rank to blame was seen last, or the reporter; nil where nobody trains.
    package var step: Int?

    /// A record of `rank`'s failure, or nobody's.
    package init(
        reporter: Int, rank: Int?, event: String = "", cause: Cause, code: Int32, step: Int? = nil,
        host: String = ProcessInfo.processInfo.hostName
    ) {
        (self.reporter, self.rank, self.event) = (reporter, rank, String(event.prefix(80)))
        (self.cause, self.code, self.step, self.host) = (cause, code, step, String(host.prefix(80)))
    }

    /// Says why the job ends: to people in a sentence, if there is one to say, and to the launcher, if there is one.
    package static func tell(_ sentence: String?, _ record: FailureRecord) {
        var text = sentence.map { "lockstep: \($0)\n" } ?? ""
        if let token = EnvironmentVariable.job.value() {
            text += LauncherRecord.failure(record).line(token: token) + "\n"
        }
        // At once, so that no other rank's line comes between.
        if !text.isEmpty { writeToStandardError(text) }
    }
}

extension FailureRecord {
    /// What `reporter` knows of `error`.
    init(_ error: any Error, reporter: Int, event: String = "", code: Int32, step: Int? = nil) {
        let known = CommunicatorError.within(error)
        let cause: Cause =
            switch known?.code {
            case .peerDied: .died
            case .peerLeft: .left
            case .timedOut: .timedOut
            case .mismatch: .mismatch
            case .launch, .environment: .start
            case .mpi, .memory: .transport
            default: .failed
            }
        // An error of the rank's own is its own; one of the group's says whose it is.
        let rank = known.map { $0.isShared ? $0.rank : $0.rank ?? reporter } ?? reporter
        self.init(reporter: reporter, rank: rank, event: event, cause: cause, code: code, step: step)
    }
}
