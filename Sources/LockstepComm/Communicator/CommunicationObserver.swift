// SPDX-License-Identifier: Apache-2.0
// Watching the collectives of a rank: for traces and reports of time.
internal import CMPI

/// Learns of every collective its communicator takes part in, after it has ended. Called on the rank's thread.
public protocol CommunicationObserver: AnyObject {
    /// - Parameters:
    ///   - name: as given to the collective.
    ///   - start: and `end`: nanoseconds of ``MonotonicClock``.
    ///   - waited: nanoseconds of it spent waiting for other ranks.
    ///   - worked: nanoseconds of it spent on what the caller had done inside: the update of a reduction.
    func collective(_ name: String, from start: Int64, to end: Int64, waited: Int64, worked: Int64)
}

/// The machine's monotonic clock: ranks of one node read the same time.
public enum MonotonicClock {
    /// Nanoseconds since some moment before the program began.
    public static var now: Int64 { cmpi_now() }
}

extension CollectiveEngine {
    /// Runs a collective; observers learn how long it took.
    func observed<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        guard !observers.isEmpty else { return try body() }
        let (start, waitedBefore, workedBefore) = (cmpi_now(), plane.waited, worked)
        defer {
            let (end, waited, own) = (cmpi_now(), plane.waited - waitedBefore, worked - workedBefore)
            for observer in observers {
                observer.collective(name, from: start, to: end, waited: waited, worked: own)
            }
        }
        return try body()
    }

    /// Runs what a caller has done inside a collective; observers learn how long it took.
    func working<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard !observers.isEmpty else { return try body() }
        let start = cmpi_now()
        defer { worked += cmpi_now() - start }
        return try body()
    }
}
