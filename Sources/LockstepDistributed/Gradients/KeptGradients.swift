// SPDX-License-Identifier: Apache-2.0
// Gradients that a batch which was given up has left behind, as one process would add them to those of the next.

import LockstepComm

/// What lies in a rank's gradients when a batch begins.
enum KeptGradients: Equatable {
    /// Nothing: the last batch came to its end.
    case nothing
    /// Those of this rank's shard, not reduced, with what the part counted: the same on every rank if they were evened out.
    case parts(weight: Double, areEven: Bool)
    /// Reduced ones: the batch was given up after that.
    case whole

    /// What this rank tells the others where a batch begins.
    var status: StatusWord {
        switch self {
        case .nothing: .keepsNothing
        case .parts: .keepsParts
        case .whole: .keepsWhole
        }
    }

    /// Whether every rank keeps what this one does. A signal that one rank raises too late for the others concerns the events
    /// that are left of its batch, and no gradients.
    func isShared(_ status: StatusWord) -> Bool {
        status.intersection([.keepsNothing, .keepsParts, .keepsWhole]) == self.status
    }
}
