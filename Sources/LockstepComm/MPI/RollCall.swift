// SPDX-License-Identifier: Apache-2.0
// Who is waited for between nodes: those that wait say so, and the others are late.
internal import CMPI

/// Words by which the first ranks of nodes tell each other, in a long wait, that they have come to a collective.
///
/// An exchange of headers does not show who is missing. These words are sent once per long wait and looked at only in a
/// long wait; nobody waits for them.
final class RollCall {
    private static let tag: CInt = 77
    private let lane: MPIGroup
    /// The collective that each node has come to, as far as it has told.
    private var told: [Int64]
    /// Sent from here; MPI may read it at any later time, so it lives as long as the process.
    private let word: UnsafeMutablePointer<Int64>

    init(lane: MPIGroup) {
        self.lane = lane
        told = Array(repeating: -1, count: lane.size)
        word = .allocate(capacity: 1)
        word.initialize(to: -1)
    }

    /// Tells all nodes that this one waits in collective `number`; does nothing the second time.
    func tell(_ number: Int64) {
        guard word.pointee < number else { return }
        word.pointee = number
        // The network may be gone: that is found out by waiting, not here.
        for node in told.indices where node != lane.rank {
            _ = cmpi_send_word(word, CInt(node), RollCall.tag, lane.handle)
        }
    }

    /// Nodes that have not told of collective `number` or a later one.
    func missing(at number: Int64) -> [Int] {
        var (from, found, value): (CInt, CInt, Int64) = (0, 0, 0)
        while cmpi_take_word(&value, &from, RollCall.tag, lane.handle, &found) == 0, found != 0 {
            told[Int(from)] = max(told[Int(from)], value)
        }
        return told.indices.filter { $0 != lane.rank && told[$0] < number }
    }
}
