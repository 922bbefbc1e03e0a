// SPDX-License-Identifier: Apache-2.0
// The words that ranks which train say to each other with every collective: one list, so that no two share a bit.

import LockstepComm
import LockstepLearner

extension StatusWord {
    // MARK: What is given up

    static let cancelBackward = StatusWord.reserved(0)
    static let cancelStep = StatusWord.reserved(1)
    static let cancelBatch = StatusWord.reserved(2)
    static let cancelTrain = StatusWord.reserved(3)
    static let cancelValidate = StatusWord.reserved(4)
    static let cancelEpoch = StatusWord.reserved(5)
    static let cancelFit = StatusWord.reserved(6)

    /// A signal or a time limit asks for an orderly end: save, then stop.
    static let stopRequested = StatusWord.reserved(7)

    // MARK: Where a rank is in its batch

    /// This rank has assigned to a parameter that all ranks of the node shared.
    static let leavesSharing = StatusWord.reserved(8)
    /// This rank has a loss, whether or not it counts anything.
    static let hasLoss = StatusWord.reserved(9)
    /// This rank's loss depends on what trains.
    static let hasGradient = StatusWord.reserved(10)
    /// This rank's loss depends on nothing that trains.
    static let lacksGradient = StatusWord.reserved(11)
    /// This rank is not leaving a batch that others may be through with.
    static let goesOn = StatusWord.reserved(12)

    // MARK: What is left of the last batch's gradients

    static let keepsNothing = StatusWord.reserved(13)
    static let keepsParts = StatusWord.reserved(14)
    static let keepsWhole = StatusWord.reserved(15)

    // MARK: What a rank wants of all

    /// Its time has come: a checkpoint.
    static let checkpointRequested = StatusWord.reserved(16)
    /// All that ranks may want.
    static let wishes: StatusWord = [.stopRequested, .checkpointRequested]
}

extension Wish {
    /// How it is told.
    var status: StatusWord {
        switch self {
        case .stop: .stopRequested
        case .checkpoint: .checkpointRequested
        }
    }
}
