// SPDX-License-Identifier: Apache-2.0
// The outermost scope of a distributed program: an error on one rank ends all of them, with one sentence.
internal import Foundation

extension World {
    /// Runs `body` on every rank of this program. If it throws on any rank, the first to fail prints
    /// "rank r: event: text" and all ranks end with exit code 1; nobody is left waiting.
    public static func runOnEveryRank<T>(_ body: (any Communicator) throws -> T) -> T {
        do { return try body(try current()) } catch { exit(on: error) }
    }

    /// Ends the program because of `error`: tells the other ranks, prints it once for all of them, aborts.
    /// - Parameter event: what was going on, such as the event of a training loop.
    public static func exit(on error: any Error, during event: String = "", code: Int32 = 1) -> Never {
        guard let communicator = existing, communicator.size > 1 else {
            FailureRecord.tell(
                "\(event.isEmpty ? "" : event + ": ")\(error)",
                FailureRecord(error, reporter: existing?.rank ?? 0, event: event, code: code))
            Foundation.exit(code)
        }
        // Whose error it is ends the job, with its code; who only hears of it comes later.
        if CommunicatorError.within(error)?.code == .peerFailed { usleep(1_000_000) }
        communicator.fail(error, during: event)
        if let plane = (communicator as? any EngineBacked)?.engine.plane {
            let known = plane.isAlarmed ? plane.alarmError() : nil
            // The node of the rank to blame prints; the others would only repeat it.
            let isElsewhere = known?.rank.map { !plane.worldRanks.contains($0) } ?? false
            // People are told once, the launcher by every rank: the one to blame knows the code.
            let speaks = !isElsewhere && plane.claimFailureReport()
            FailureRecord.tell(
                speaks ? known?.message ?? String(describing: error) : nil,
                FailureRecord(
                    known ?? error, reporter: communicator.rank, event: event.isEmpty ? plane.lastEvent : event,
                    code: code, step: plane.lastStep(of: (known ?? CommunicatorError.within(error))?.rank)))
        }
        // The others have noticed, or will within a sleep of theirs: let them come to their own end.
        usleep(300_000)
        communicator.abort(code: code)
    }

    /// Ends the program with `code` on every rank, in good order: each waits for the others, then MPI is finalised. For ends
    /// that all ranks agree on, such as a stop request. Collective; not for ranks that are threads.
    public static func end(code: Int32) -> Never {
        ExitGuard.agreedCode = code
        if code != 0 {
            FailureRecord.tell(
                nil, FailureRecord(reporter: existing?.rank ?? 0, rank: nil, cause: .agreed, code: code))
        }
        Foundation.exit(code)
    }

    /// The code with which a program ends that stopped in good order because the system asked it to, and can be resumed:
    /// EX_TEMPFAIL of sysexits(3). Batch systems can be told to start such jobs again.
    public static let stopRequestedCode: Int32 = 75
}
