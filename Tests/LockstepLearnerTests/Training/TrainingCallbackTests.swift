// SPDX-License-Identifier: Apache-2.0
// Callbacks that change how batches train.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

private func weights(_ learner: Learner) -> [Double] { learner.model.parameters().flatMap { $0.value.doubles } }

/// Loss and parameters after each training batch.
private func tape(_ learner: Learner, _ body: () throws -> Void) throws -> [[Double]] {
    var rows: [[Double]] = []
    let callback = try learner.on(.afterBatch, order: 99) { learner in
        if learner.training { rows.append([learner.loss?.item() ?? .nan] + weights(learner)) }
    }
    defer { learner.removeCallback(callback) }
    try body()
    return rows
}

@Suite("Training callbacks")
struct TrainingCallbackTests {
    @Test("[TRN-01] golden run with accumulation of 8: one step along the mean of both batches")
    func accumulationGolden() throws {
        let learner = goldenLearner(callbacks: [GradientAccumulation(samples: 8)])
        let rows = try tape(learner) { try learner.fit(1) }
        expectClose(rows[0], [4.107143, 0.5, -0.5], relative: 1e-5)
        expectClose(rows[1], [28.107143, 0.757143, -0.15], relative: 1e-5)
        expectClose(learner.recorder?.values[0].compactMap { $0 } ?? [], [16.228340, 12.805928], relative: 1e-5)
    }

    @Test(
        "[TRN-01] batches of 4 with 8 samples train as batches of 8",
        arguments: [OptimizerFactory.sgd(mom: 0.9), .adam()])
    func accumulationEquals(_ factory: OptimizerFactory) throws {
        let whole = goldenLearner(optimizer: factory, batchSize: 8, trainRows: 24)
        let parts = goldenLearner(
            optimizer: factory, batchSize: 4, trainRows: 24, callbacks: [GradientAccumulation(samples: 8)])
        try whole.fit(3)
        try parts.fit(3)
        expectClose(weights(parts), weights(whole), relative: 1e-5)
    }

    @Test("[TRN-01] samples that are no multiple of the batch weigh too much, as in fastai")
    func overweight() throws {
        let exact = goldenLearner(lr: 0.05, callbacks: [GradientAccumulation(samples: 8)])
        let over = goldenLearner(lr: 0.0375, callbacks: [GradientAccumulation(samples: 6)])
        try exact.fit(1)
        try over.fit(1)
        expectClose(weights(over), weights(exact), relative: 1e-5)
    }

    @Test("[TRN-02] what is left over goes into the next epoch and is dropped at the end of the fit")
    func leftOvers() throws {
        let accumulation = GradientAccumulation(samples: 8)
        let learner = goldenLearner(batchSize: 4, trainRows: 20, callbacks: [accumulation])
        var steps = 0
        try learner.on(.afterStep) { _ in steps += 1 }
        try learner.fit(1)
        #expect(steps == 2 && accumulation.count == 0)
        #expect(learner.model.parameters().allSatisfy { $0.gradient == nil })
        steps = 0
        try learner.fit(2)
        #expect(steps == 5, "10 batches of 4")
        #expect(learner.recorder?.losses.count == 10)
    }

    @Test("[TRN-03] (3, 4) is clipped to (0.6, 0.8); shorter ones stay")
    func clip() throws {
        let clip = GradientClip()
        let learner = goldenLearner(callbacks: [clip])
        var gradient: [Float] = [3, 4]
        try learner.on(.afterBackward) { learner in
            for (parameter, value) in zip(learner.model.parameters(), gradient) {
                parameter.gradient = Tensor([value])
            }
        }
        var seen: [[Double]] = []
        try learner.on(.beforeStep, order: 20) { learner in
            seen.append(learner.model.parameters().map { $0.gradient?.item() ?? .nan })
            gradient = [0.3, 0.4]
        }
        try learner.fit(1)
        expectClose(seen[0], [0.6, 0.8], relative: 1e-5)
        expectClose(seen[1], [0.3, 0.4], relative: 1e-6)
        expectClose(clip.norm ?? 0, 0.5, relative: 1e-6)
    }

    @Test("[TRN-03] golden run with clipping to 1")
    func clipGolden() throws {
        let learner = goldenLearner(callbacks: [GradientClip(maxNorm: 1)])
        let rows = try tape(learner) { try learner.fit(1) }
        expectClose(rows[0], [4.107143, 0.468765, -0.460957], relative: 1e-5)
        expectClose(rows[1], [28.110897, 0.507963, -0.429916], relative: 1e-5)
        expectClose(learner.recorder?.values[0].compactMap { $0 } ?? [], [16.230236, 15.919848], relative: 1e-5)
    }

    @Test(
        "[TRN-04] how many of 10 batches a fraction leaves",
        arguments: [(0, 1), (0.01, 2), (0.1, 2), (0.25, 4), (0.5, 6), (1, 10)])
    func shortEpoch(_ fraction: Double, _ count: Int) throws {
        var batches = (train: 0, valid: 0)
        let learner = tinyLearner(train: 10, valid: 10)
        learner.logger = SilentLogger()
        try learner.on(.beforeBatch) { learner in
            if learner.training { batches.train += 1 } else { batches.valid += 1 }
        }
        try learner.fit(1, callbacks: [ShortEpochCallback(fraction: fraction)])
        #expect(batches.train == count && batches.valid == count)
        try learner.fit(1, callbacks: [ShortEpochCallback(fraction: fraction, shortValid: false)])
        #expect(batches.valid == count + 10)
    }

    @Test("[TRN-05] frozen statistics stay only where the layer's parameters do not train")
    func bnFreeze() throws {
        func moved(trainBn: Bool, freeze: Bool, _ callbacks: [Callback]) throws -> Bool {
            let norm = BatchNorm1d(4)
            let learner = Learner(
                dls: synthLoaders(batchSize: 8, nTrain: 3),
                model: Sequential {
                    Linear(1, 4); norm; Linear(4, 1)
                }, loss: .mse,
                splitter: ParameterSplitter { model in
                    let parts = model.children()
                    return [parts[0].parameters() + parts[1].parameters(), parts[2].parameters()]
                }, trainBn: trainBn, defaultCallbacks: .core)
            learner.logger = SilentLogger()
            if freeze { try learner.freeze() }
            try learner.fit(1, callbacks: callbacks)
            return norm.batchesTracked != 0
        }
        #expect(try !moved(trainBn: false, freeze: true, [BnFreeze()]))
        #expect(try moved(trainBn: true, freeze: true, [BnFreeze()]))
        #expect(try moved(trainBn: false, freeze: false, [BnFreeze()]))
        #expect(try moved(trainBn: false, freeze: true, []), "without the callback they move")
    }

    @Test("all batches are kept, cut from the graph")
    func collectData() throws {
        let collector = CollectDataCallback()
        let learner = goldenLearner(callbacks: [collector])
        try learner.fit(1)
        #expect(collector.data.count == 4)
        expectClose(try #require(collector.data[0].loss), [4.107143], relative: 1e-5)
        #expect(collector.data[3].outputs[0].shape == [2, 1] && collector.data[3].targets.count == 1)
    }

    @Test("dropout works while predicting, otherwise in every pass, and is off afterwards")
    func mcDropout() throws {
        let model = Sequential {
            Linear(1, 16); Dropout(0.5); Linear(16, 1)
        }
        let learner = Learner(dls: synthLoaders(), model: model, loss: .mse, defaultCallbacks: .core)
        learner.logger = SilentLogger()
        model.eval()
        let plain = try learner.predictions().predictions.floats
        #expect(try learner.predictions().predictions.floats == plain)
        let callback = MCDropoutCallback()
        let first = try learner.predictions(callbacks: [callback]).predictions.floats
        let second = try learner.predictions(callbacks: [callback]).predictions.floats
        #expect(first != plain && second != plain && first != second)
        let again = try learner.predictions(callbacks: [MCDropoutCallback()]).predictions.floats
        #expect(again == first)
        #expect(model.modules().allSatisfy { !$0.isTraining })
        #expect(try learner.predictions().predictions.floats == plain)
    }

    @Test("hooks see outputs of layers until they are removed; statistics are those of the outputs")
    func hooks() throws {
        let layer = Linear(1, 4)
        let model = Sequential {
            layer; ReLU(); Linear(4, 1)
        }
        let stats = ActivationStats()
        let learner = Learner(
            dls: synthLoaders(batchSize: 8, nTrain: 3), model: model, loss: .mse, callbacks: [stats],
            defaultCallbacks: .core)
        learner.logger = SilentLogger()
        let hook = hookOutput(of: layer)
        let batch = try learner.dls.oneBatch()
        _ = model.forward(batch.inputs)
        #expect(hook.stored?.shape == [8, 4])
        let both = hookOutputs(of: model.children())
        _ = model.forward(batch.inputs)
        #expect(both.map { $0.stored?.shape } == [[8, 4], [8, 4], [8, 1]])
        for hook in both { hook.remove() }
        var expected: [(mean: Double, std: Double, nearZero: Double)] = []
        try learner.on(.afterPred) { learner in
            guard learner.training, let output = hook.stored else { return }
            expected.append(
                (
                    mean: output.mean().item(), std: output.standardDeviation().item(),
                    nearZero: Double(output.floats.filter { $0 <= 0.05 }.count) / Double(output.count)
                ))
        }
        try learner.fit(2)
        #expect(stats.stats.map(\.count) == [6, 6])
        expectClose(stats.values(of: 0, \.mean), expected.map(\.mean), relative: 1e-5, absolute: 1e-6)
        expectClose(stats.values(of: 0, \.std), expected.map(\.std), relative: 1e-5)
        #expect(stats.values(of: 0, \.nearZero) == expected.map(\.nearZero))
        hook.remove()
        let stored = hook.stored?.floats
        _ = model.forward([Tensor([[5]])])
        #expect(hook.stored?.floats == stored)
    }

    @Test("hooks look every so many batches")
    func everySoMany() throws {
        let stats = ActivationStats(every: 3)
        let learner = Learner(
            dls: synthLoaders(batchSize: 8, nTrain: 7), model: Linear(1, 1), loss: .mse, callbacks: [stats],
            defaultCallbacks: .core)
        learner.logger = SilentLogger()
        #expect(stats.values(of: 0, \.mean).isEmpty)
        try learner.fit(1)
        #expect(stats.stats.map(\.count) == [3])
        #expect(stats.values(of: 0, \.mean).count == 3)
    }

    @Test("a layer that statistics do not have is named") func noLayer() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let stats = ActivationStats()
            let learner = Learner(
                dls: synthLoaders(batchSize: 8, nTrain: 1), model: Linear(1, 1), loss: .mse, callbacks: [stats],
                defaultCallbacks: .none)
            try learner.fit(1)
            _ = stats.values(of: 1, \.mean)
        }
        expectTrap(result, says: "ActivationStats.values: there is no layer 1 of 1", "TrainingCallbackTests.swift")
    }
}
