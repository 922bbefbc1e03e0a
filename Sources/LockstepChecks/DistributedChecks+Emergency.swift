// SPDX-License-Identifier: Apache-2.0
// A rank that is lost in the middle of a fit: the last step that all had completed is saved, and the run goes on from it.

import Foundation
public import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// What a rank throws as if it had been lost.
public struct LostRank: Error {
    /// An error.
    public init() {}
}

extension DistributedChecks {
    /// Trains until the last rank is lost in a batch; called by ranks that end with what it throws, which they expect.
    ///
    /// - Returns: the checkpoint of the last completed step, if one was left.
    public static func loseRank(_ c: any Communicator, in folder: String, divides: Bool) throws {
        let learner = emergencyLearner(folder, divides: divides, over: c)
        try learner.on(.afterBackward) { learner in
            if learner.epoch == 1, learner.iter == 2, c.rank == c.size - 1 { throw LostRank() }
        }
        try learner.fitOneCycle(3, lrMax: 0.05)
    }

    /// Goes on from what ``loseRank(_:in:divides:)`` has left, and compares with a run that nobody disturbed.
    public static func goOnAfterLoss(_ c: any Communicator, in folder: String, divides: Bool, exactly: Bool) throws {
        let whole = emergencyLearner("", divides: divides, over: c)
        whole.removeCallback(try require(whole.callback(ofType: CheckpointCallback.self)))
        try whole.fitOneCycle(3, lrMax: 0.05)
        let again = emergencyLearner(folder, divides: divides, over: c)
        var first: [Int]?
        try again.on(.beforeBatch) { learner in first = first ?? [learner.epoch, learner.iter] }
        try again.fitOneCycle(3, lrMax: 0.05, resume: .required)
        try require(first == [1, 2], "it goes on with epoch and batch \(first ?? [])")
        try compare(again, with: whole, "after the loss of a rank", exactly ? 0 : 5e-3)
    }

    private static func emergencyLearner(_ folder: String, divides: Bool, over c: any Communicator) -> Learner {
        setSeed(3)
        let items = TensorDataset(
            inputs: [sample([24, 4], seed: 5)], targets: [sampleIntegers([24], seed: 6, in: 0..<3)])
        let checkpoints = CheckpointCallback(every: .epochs(9), console: Console { _ in })
        checkpoints.keepsEveryStep = true
        let learner = Learner(
            dls: DataLoaders(
                DataLoader(items, batchSize: 6, shuffle: true), DataLoader(items, batchSize: 6), path: folder),
            model: Sequential {
                Linear(4, 8); BatchNorm1d(8); ReLU(); Dropout(0.2); Linear(8, 3)
            }, loss: .crossEntropy,
            callbacks: [Recorder(), checkpoints],
            metrics: [.accuracy], modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        if c.size > 1 {
            _ = try? learner.toDistributed(over: c, update: divides ? .owner : .replicated)
        }
        return learner
    }

    private static func require<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw LostRank() }
        return value
    }
}
