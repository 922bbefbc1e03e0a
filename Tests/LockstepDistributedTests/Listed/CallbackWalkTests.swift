// SPDX-License-Identifier: Apache-2.0
// Every listed callback in a run that is interrupted: it goes on to the bits of one that was not.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Every callback, interrupted") struct CallbackWalkTests {
    private static func learner(_ callbacks: [Callback], folder: String, images: Bool) -> Learner {
        setSeed(3)
        let x = images ? sample([24, 1, 4, 4], seed: 5) : sample([24, 4], seed: 5)
        let items = TensorDataset(inputs: [x], targets: [sampleIntegers([24], seed: 6, in: 0..<3)])
        let body: [any UnaryLayer] = images ? [Flatten(), Linear(16, 8)] : [Linear(4, 8)]
        let hasRecorder = callbacks.contains { $0 is Recorder }
        let learner = Learner(
            dls: DataLoaders(
                DataLoader(items, batchSize: 6, shuffle: true), DataLoader(items, batchSize: 6), path: folder),
            model: Sequential(body + [BatchNorm1d(8), ReLU(), Dropout(0.2), Linear(8, 3)] as [any UnaryLayer]),
            loss: .crossEntropy, lr: 0.02, callbacks: (hasRecorder ? [] : [Recorder()]) + callbacks,
            metrics: [.accuracy], modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    private static func run(_ learner: Learner, over c: any Communicator, _ callbacks: [Callback] = []) throws {
        if learner.callback(ofType: DistributedCallback.self) != nil {
            return try learner.fit(3, callbacks: callbacks)
        }
        try learner.distributed(over: c) { try learner.fit(3, callbacks: callbacks) }
    }

    // Its own place is what is tested elsewhere.
    static let walked = Listed.callbacks.filter { $0.name != "ResumeCallback" }

    @Test("goes on as if nothing had happened", arguments: walked, [1, 2])
    func resumed(_ example: Listed.Callbacks, ranks: Int) throws {
        _ = try withTemporaryFolder { folder in
            try InProcessWorld(ranks).run { c in
                let images = example.name == "CutMix"
                func make() throws -> Learner {
                    Self.learner(try example.make(folder.path, c), folder: folder.path, images: images)
                }
                func state(_ learner: Learner) -> [Double] {
                    learner.model.stateDictionary().flatMap { $0.tensor.doubles }
                        + learner.callbacks.compactMap { $0 as? WeightAverage }.flatMap {
                            $0.weights.flatMap(\.doubles)
                        }
                        + learner.finalRecord.map { $0 ?? -1 }
                }
                let whole = try make()
                try Self.run(whole, over: c)
                for place in [(epoch: 0, batch: 1), (epoch: 1, batch: 2)] {
                    let first = try make()
                    try first.on(.afterBatch, order: 100) { learner in
                        if learner.training, learner.epoch == place.epoch, learner.iter == place.batch {
                            throw CancelSignal.fit
                        }
                    }
                    try first.on(.afterCancelFit, order: -100) { learner in
                        _ = try learner.saveResumePoint(learner.place)
                    }
                    try Self.run(first, over: c)
                    let second = try make()
                    let point = try second.loadResumePoint()
                    try Self.run(second, over: c, [ResumeCallback(point)])
                    #expect(state(second) == state(whole), "\(example.name), epoch \(place.epoch), rank \(c.rank)")
                    try c.barrier()
                }
            }
        }
    }
}
