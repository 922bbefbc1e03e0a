// SPDX-License-Identifier: Apache-2.0
// How a rank that has failed still enters a collective with the others: all of them may have failed alike, and can then go on.
internal import CMPI

extension CollectiveEngine {
    /// How long a failed rank looks whether the others come with the same failure, in seconds. Those that are in a collective
    /// learn of it at once.
    private static let patience = 5.0

    /// Tells all ranks of `error`, as `poison` does, unless each of them comes here with the same `failure`, after the same
    /// collectives: then nothing is broken.
    /// - Returns: whether the ranks can go on together.
    func failTogether(_ error: CommunicatorError, event: String, failure: String) -> Bool {
        if hasFailed || RankZeroScope.current != nil { return false }
        plane.failing = (error, event, CollectiveEngine.patience)
        defer { plane.failing = nil }
        do {
            try enter(CollectiveCall(kind: .failure, name: failure), status: [])
            if allAgree { return true }
        } catch {}
        poison(error, event: event)
        return false
    }

    /// The error of a peer that has failed while this rank called a collective: it is about to tell.
    func failureOfPeer() -> CommunicatorError {
        do {
            try guarded { try synchroniseAll() }
            return poison(CommunicatorError(.peerFailed, "a rank has failed"), event: "")
        } catch {
            return poison(error as? CommunicatorError ?? CommunicatorError(.peerFailed, "\(error)"), event: "")
        }
    }

    /// Whether a rank has come to the collective at hand with a failure.
    var hasFailedPeer: Bool {
        (0..<size).contains { header(of: $0).pointee.kind == CollectiveKind.failure.rawValue }
    }
}
