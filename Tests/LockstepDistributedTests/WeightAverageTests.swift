// SPDX-License-Identifier: Apache-2.0
// Averages of weights on ranks: other values for a scope, where ranks share parameters, and a callback of one file.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// What a stranger writes: state of tensors and numbers, evaluated and resumed, with what is public.
private final class OwnAverage: Callback, Resumable {
    var average: [Tensor] = []
    var steps = 0
    var best = Double.infinity

    func exchangeState(with archive: StateArchive) throws {
        try archive.integer("steps", &steps)
        try archive.number("best", &best)
        for index in average.indices { try archive.tensor("average.\(index)", &average[index]) }
    }
    override func beforeFit(_ learner: Learner) {
        if average.isEmpty { average = learner.model.parameters().map { $0.value + 0 } }
    }
    override func afterStep(_ learner: Learner) {
        steps += 1
        best = min(best, learner.stepLoss ?? learner.loss?.item() ?? .infinity)
        for (index, parameter) in learner.model.parameters().enumerated() {
            average[index] = average[index] * 0.8 + parameter.value * 0.2
        }
    }
    override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
        guard phase == .validate, learner.isFitting else { return try level() }
        try learner.withWeights(average, level)
    }
}

@Suite("Averages of weights on ranks") struct WeightAverageTests {
    private static func learner(_ callbacks: [Callback], folder: String = ".", seed: Int = 11) -> Learner {
        setSeed(UInt64(seed))
        let model = Sequential {
            Linear(5, 19); Tanh(); Linear(19, 3)
        }
        let items = TensorDataset(
            inputs: [sample([40, 5], seed: 1)], targets: [sampleIntegers([40], seed: 2, in: 0..<3)])
        let learner = Learner(
            dls: DataLoaders(
                DataLoader(items, batchSize: 8, shuffle: true), DataLoader(items, batchSize: 16), path: folder),
            model: model, loss: .crossEntropy, optimizer: .adam(), lr: 0.05, callbacks: [Recorder()] + callbacks,
            metrics: [.accuracy], modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    private static func weights(_ learner: Learner) -> [Double] {
        learner.model.parameters().flatMap { $0.value.doubles }
    }

    @Test(
        "other values for a scope leave shared parameters shared", arguments: [1, 2, 3],
        [UpdatePolicy.replicated, .owner])
    func scope(ranks: Int, update: UpdatePolicy) throws {
        try InProcessWorld(ranks).run { c in
            func run(looks: Bool) throws -> ([Double], [Double?]) {
                let learner = Self.learner([])
                var (seen, divided) = ([Double?](), true)
                try learner.on(.afterEpoch, order: 70) { learner in
                    divided = divided && learner.callback(ofType: DistributedCallback.self)?.dividesUpdates ?? false
                    guard looks else { return }
                    let own = Self.weights(learner)
                    let zeros = learner.model.parameters().map { Tensor.zeros(like: $0.value) }
                    seen += try learner.withWeights(zeros) {
                        let values = try learner.validate()
                        // What is assigned in the scope is gone with it.
                        for parameter in learner.model.parameters() { parameter.wrappedValue = parameter.value + 1 }
                        #expect(Self.weights(learner).allSatisfy { $0 == 1 })
                        return values
                    }
                    #expect(zeros.allSatisfy { $0.doubles.allSatisfy { $0 == 0 } })
                    #expect(Self.weights(learner) == own)
                    try c.barrier()
                    let shared = learner.optimizer?.isShared ?? false
                    #expect(shared == (ranks > 1 && update == .owner))
                }
                try learner.distributed(over: c, update: update) { try learner.fit(2) }
                #expect(divided == (ranks > 1 && update == .owner))
                return (Self.weights(learner), seen)
            }
            let (plain, looked) = (try run(looks: false), try run(looks: true))
            #expect(plain.0 == looked.0, "training does not notice")
            for loss in [looked.1[0], looked.1[2]] {
                expectClose(loss ?? .nan, 1.0986123, "scores of 0", relative: 1e-6)
            }
        }
    }

    @Test("an average in one file trains, validates and resumes on ranks", arguments: [1, 2, 3])
    func ownAverage(ranks: Int) throws {
        _ = try withTemporaryFolder { folder in
            try InProcessWorld(ranks).run { c in
                func run(_ callbacks: [Callback], interrupted: Bool = false, resumed: Bool = false) throws -> Learner {
                    let learner = Self.learner(callbacks, folder: folder.path)
                    try learner.distributed(over: c, update: .owner) {
                        if interrupted {
                            try learner.on(.afterBatch, order: 100) {
                                if $0.training, $0.epoch == 1, $0.iter == 2 { throw CancelSignal.fit }
                            }
                            try learner.on(.afterCancelFit, order: -100) { _ = try $0.saveResumePoint($0.place) }
                        }
                        let point = resumed ? try learner.loadResumePoint() : nil
                        try learner.fit(3, callbacks: point.map { [ResumeCallback($0)] } ?? [])
                    }
                    return learner
                }
                let (average, again) = (OwnAverage(), OwnAverage())
                let whole = try run([average])
                _ = try run([OwnAverage()], interrupted: true)
                let second = try run([again], resumed: true)
                #expect(average.steps == 15 && again.steps == 15 && average.best == again.best)
                #expect(Self.weights(second) == Self.weights(whole))
                #expect(again.average.map(\.doubles) == average.average.map(\.doubles))
                #expect(second.finalRecord == whole.finalRecord)
                // Validation has measured the average.
                let measured = try whole.withWeights(average.average) {
                    try whole.distributed(over: c) { try whole.validate() }
                }
                expectClose(
                    measured.compactMap { $0 }, whole.finalRecord.suffix(2).compactMap { $0 }, "the last row",
                    relative: 1e-6)
            }
        }
    }

    @Test("WeightAverage is the same on any number of ranks, and in the model at the end", arguments: [1, 2, 3])
    func product(ranks: Int) throws {
        let alone = WeightAverage(decay: 0.9)
        let one = Self.learner([alone])
        try one.fit(2)
        let all = try InProcessWorld(ranks).run { c in
            let average = WeightAverage(decay: 0.9)
            // Ranks begin with rank 0's weights, whatever they have made themselves.
            let learner = Self.learner([average], seed: 11 + c.rank)
            try learner.distributed(over: c, update: .owner) {
                try learner.fit(2)
                try learner.validate()
                #expect(learner.warned.isEmpty, "what is kept at the end slows no fit")
            }
            #expect(Self.weights(learner) == average.weights.flatMap(\.doubles))
            #expect(average.steps == 10)
            return (Self.weights(learner), learner.finalRecord)
        }
        for (weights, row) in all {
            expectClose(weights, Self.weights(one), "weights", relative: 1e-4, absolute: 1e-5)
            expectClose(row.compactMap { $0 }, one.finalRecord.compactMap { $0 }, "row", relative: 1e-4, absolute: 1e-5)
        }
    }
}
