// SPDX-License-Identifier: Apache-2.0
// What a rank tells the launcher of a failure: made of the error's code and rank, never of its words.
@testable import LockstepComm
import Testing

@Suite("Failure records")
struct FailureRecordTests {
    /// An error as the learner's callbacks put around others.
    private struct Around: EnclosingError { let enclosed: any Error }

    @Test("other words, the same record", arguments: 1...12, [nil, 0, 2] as [Int?])
    func words(code: Int32, rank: Int?) {
        func record(_ message: String) -> FailureRecord {
            let error = CommunicatorError(CommunicatorError.Code(rawValue: code), rank: rank, message)
            let record = FailureRecord(error, reporter: 1, code: 7)
            #expect(FailureRecord(Around(enclosed: Around(enclosed: error)), reporter: 1, code: 7) == record)
            #expect(FailureRecord(error.later(than: 4), reporter: 1, code: 7) == record)
            return record
        }
        let reworded = record("other words")
        for message in [
            "", "rank 0 (pid 4711) has died", "rank 2 has ended its program", "has not come within 3 s",
            "rank 2 has called exit(3)", "the ranks disagree",
            "since collective 4 these ranks cannot work together any more: ",
        ] {
            #expect(record(message) == reworded, "\(message)")
        }
    }

    @Test("every code of ours has a cause, and an error of one rank's own is that rank's")
    func causes() {
        func record(_ code: CommunicatorError.Code, _ rank: Int? = nil) -> FailureRecord {
            FailureRecord(CommunicatorError(code, rank: rank, ""), reporter: 1, code: 7)
        }
        let causes: [(CommunicatorError.Code, FailureRecord.Cause)] = [
            (.mismatch, .mismatch), (.peerFailed, .failed), (.peerDied, .died), (.peerLeft, .left),
            (.timedOut, .timedOut),
            (.collectiveInRankZeroScope, .failed), (.launch, .start), (.mpi, .transport), (.memory, .transport),
            (.environment, .start),
        ]
        for (code, cause) in causes { #expect(record(code).cause == cause, "code \(code.rawValue)") }
        #expect(record(.memory).rank == 1)
        #expect(record(.mismatch).rank == nil)
        #expect(record(.peerDied, 3).rank == 3)
    }

    @Test("a record travels through a line and back, whatever is in it")
    func line() throws {
        let record = LauncherRecord.failure(
            FailureRecord(
                reporter: 1, rank: 2, event: "a \"b\"\n\u{1E}c", cause: .timedOut, code: 3, host: "höst\t1"))
        let line = record.line(token: "t")
        #expect(!line.contains("\n"))
        let found = try #require(LauncherRecord.read("before" + line, token: "t"))
        #expect(found.record == record && found.rest == "before")
        #expect(LauncherRecord.read(line, token: "u") == nil)
    }
}
