// SPDX-License-Identifier: Apache-2.0
// The words that ranks which train say to each other with every collective: one list, so that no two share a bit.

import LockstepComm

extension StatusWord {
    // MARK: What is given up

    static let cancelBackward = StatusWord.custom(0)
    static let cancelStep = StatusWord.custom(1)
    static let cancelBatch = StatusWord.custom(2)
    static let cancelTrain = StatusWord.custom(3)
    static let cancelValidate = StatusWord.custom(4)
    static let cancelEpoch = StatusWord.custom(5)
    static let cancelFit = StatusWord.custom(6)

    /// A signal or a time limit asks for an orderly end: save, then stop.
    static let stopRequested = StatusWord.custom(7)

    // MARK: Where a rank is in its batch

    /// This rank has assigned to a parameter that all ranks of the node shared.
    static let leavesSharing = StatusWord.custom(8)
    /// This rank has a loss, whether or not it counts anything.
    static let hasLoss = StatusWord.custom(9)
    /// This rank's loss depends on what trains.
    static let hasGradient = StatusWord.custom(10)
    /// This rank's loss depends on nothing that trains.
    static let lacksGradient = StatusWord.custom(11)
    /// This rank is not leaving a batch that others may be through with.
    static let goesOn = StatusWord.custom(12)

    // MARK: What is left of the last batch's gradients

    static let keepsNothing = StatusWord.custom(13)
    static let keepsParts = StatusWord.custom(14)
    static let keepsWhole = StatusWord.custom(15)
}
