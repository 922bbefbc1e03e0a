// SPDX-License-Identifier: Apache-2.0
// Checks of losses that are no finite numbers: noticed once, with the place, on all ranks alike.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    static let notFinite: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("a loss that is not a number is told with epoch, batch and rank, on all ranks", badTrainingLoss),
        ("a gradient that is not a number on one rank shows in the next loss, on all ranks", badGradient),
        ("a validation loss that is not a number is told with its first batch, on all ranks", badValidationLoss),
        ("losses that are numbers are none of this", goodLosses),
    ]

    /// Rows of 12 items in batches of four; where `bad` says so an input is not a number.
    private static func loader(bad: Int?) -> DataLoader {
        var values = (0..<12).map { Float($0) / 8 }
        if let bad { values[bad] = .nan }
        let rows = Tensor(values, shape: [12, 1])
        let targets = Tensor((0..<12).map { Float($0) / 4 + 3 }, shape: [12, 1])
        return DataLoader(TensorDataset(inputs: [rows], targets: [targets]), batchSize: 4)
    }

    private static func fit(
        _ c: any Communicator, train: Int? = nil, valid: Int? = nil, callbacks: [Callback] = []
    ) throws -> NonFiniteLoss? {
        let learner = Learner(
            dls: DataLoaders(loader(bad: train), loader(bad: valid)), model: RegressionModel(), loss: .mse,
            optimizer: .sgd(), lr: 0.01, callbacks: [Recorder()] + callbacks, defaultCallbacks: .core)
        learner.warned = [
            "the loss is not a number in epoch 0, training batch 1; training goes on (TerminateOnNaNCallback would end it)"
        ]
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
        return learner.nonFiniteLoss
    }

    @Sendable static func badTrainingLoss(_ c: any Communicator) throws {
        // The last of the second batch: the last rank's.
        let found = try fit(c, train: 7)
        try require(
            found?.epoch == 0 && found?.batch == 1 && found?.isTraining == true && found?.value.isNaN == true
                && found?.rank == (c.size == 1 ? nil : c.size - 1),
            "rank \(c.rank) found \(found.map { "\($0)" } ?? "nothing")")
    }

    @Sendable static func badGradient(_ c: any Communicator) throws {
        let spoiler = ClosureCallback([
            .afterBackward: { learner in
                guard learner.trainIter == 1, c.rank == c.size - 1 else { return }
                for (_, parameter) in learner.model.namedParameters() {
                    parameter.gradient = parameter.gradient.map { $0 * Double.nan }
                }
            }
        ])
        let found = try fit(c, callbacks: [spoiler])
        try require(
            found?.epoch == 0 && found?.batch == 2 && found?.isTraining == true,
            "rank \(c.rank) found \(found.map { "\($0)" } ?? "nothing")")
    }

    @Sendable static func badValidationLoss(_ c: any Communicator) throws {
        let found = try fit(c, valid: 9)
        // Validation shares out the whole set, not each batch: whose item it is depends on the ranks, the place does not.
        try require(
            found?.epoch == 0 && found?.isTraining == false && (c.size > 1) == (found?.rank != nil)
                && (c.size > 1 || found?.batch == 2), "rank \(c.rank) found \(found.map { "\($0)" } ?? "nothing")")
        let all = try c.allGather([Int64(found?.batch ?? -1), Int64(found?.rank ?? -1)])
        try require(all.indices.allSatisfy { all[$0] == all[$0 % 2] }, "the ranks disagree: \(all)")
    }

    @Sendable static func goodLosses(_ c: any Communicator) throws {
        try require(try fit(c) == nil, "a finite loss was taken for none")
    }
}
