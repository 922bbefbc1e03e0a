// SPDX-License-Identifier: Apache-2.0
// Mixed precision: rounding, scaling, steps left out, and nothing left behind.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("MixedPrecision")
struct MixedPrecisionTests {
    private func classifier(_ callbacks: [Callback], lr: LearningRate = 0.1) -> Learner {
        setSeed(4)
        let x = sample([64, 6], seed: 1)
        let y = sampleIntegers([64], seed: 2, in: 0..<3)
        let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: 16)
        let learner = Learner(
            dls: DataLoaders(data, data),
            model: Sequential {
                Linear(6, 8); ReLU(); Linear(8, 3)
            }, loss: .crossEntropy,
            optimizer: .sgd(mom: 0.9), lr: lr, callbacks: [Recorder()] + callbacks, defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    @Test("training follows float32 closely but not exactly", arguments: [ReducedPrecision.half, .bfloat16])
    func training(_ precision: ReducedPrecision) throws {
        let (full, mixed) = (classifier([]), classifier([MixedPrecision(precision, initialScale: 1024)]))
        try full.fit(3)
        try mixed.fit(3)
        let (a, b) = (try #require(full.recorder?.losses), try #require(mixed.recorder?.losses))
        #expect(a != b)
        expectClose(b, a, relative: precision == .half ? 2e-3 : 2e-2)
        for (p, q) in zip(full.model.parameters(), mixed.model.parameters()) {
            expectClose(q.value, p.value, relative: 0.05, absolute: precision == .half ? 2e-3 : 2e-2)
        }
        #expect(mixed.model.parameters()[0].value.dtype == .float32)
    }

    @Test("an overflow leaves the step out and halves the scale until it fits")
    func overflow() throws {
        let callback = MixedPrecision(initialScale: 1_099_511_627_776)
        let learner = classifier([callback])
        var weights: [[Float]] = []
        try learner.on(.afterBatch, order: 99) {
            if $0.training { weights.append($0.model.parameters()[0].value.floats) }
        }
        try learner.fit(8)
        #expect(callback.skippedSteps > 3 && callback.skippedSteps < 32)
        #expect(weights[0] == weights[1] && weights[30] != weights[31])
        #expect(callback.scale == Double(sign: .plus, exponent: 40 - callback.skippedSteps, significand: 1))
        let isFinite = weights[31].allSatisfy { $0.isFinite }
        #expect(isFinite)
    }

    @Test("the scale doubles after good steps")
    func growth() throws {
        let callback = MixedPrecision(initialScale: 256, growthInterval: 4)
        try classifier([callback]).fit(2)
        #expect(callback.scale == 1024 && callback.skippedSteps == 0)
    }

    @Test("gradients that half precision loses arrive thanks to the scale")
    func underflow() throws {
        func moved(_ scale: Double) throws -> Bool {
            let learner = classifier([MixedPrecision(initialScale: scale)])
            try learner.on(.beforeBackward) { $0.lossGrad = $0.lossGrad.map { $0 * 1e-7 } }
            let before = learner.model.parameters()[0].value.floats
            try learner.fit(1, lr: 1e5)
            return learner.model.parameters()[0].value.floats != before
        }
        #expect(try moved(65536) && !moved(1))
    }

    @Test("clipping sees unscaled gradients, accumulation scales and steps as ever")
    func others() throws {
        let clip = GradientClip(maxNorm: 1e9)
        let learner = classifier([clip, GradientAccumulation(samples: 32), MixedPrecision()])
        let plain = GradientClip(maxNorm: 1e9)
        let full = classifier([plain, GradientAccumulation(samples: 32)])
        try learner.fit(1)
        try full.fit(1)
        expectClose(try #require(clip.norm), try #require(plain.norm), relative: 0.02)
        expectClose(try #require(learner.recorder?.losses), try #require(full.recorder?.losses), relative: 2e-3)
    }

    @Test("autocast ends with the forward pass, however the batch ends")
    func scoped() throws {
        struct Oops: Error {}
        let one = Tensor([[1.0001]])
        func isOff() -> Bool { one.matmul(Tensor([[1]])).item() == one.item() }
        for event in [Event.beforeBatch, .afterLoss, .beforeStep, .afterBatch] {
            for error in [CancelSignal.batch as any Error, Oops()] where event != .afterBatch || error is Oops {
                let late = Throwing(error, at: event)
                let learner = classifier([MixedPrecision()])
                try learner.on(.afterBatch, order: 98) { _ in #expect(isOff()) }
                try? learner.fit(1, callbacks: [late])
                #expect(isOff(), "\(event) \(error)")
            }
        }
        let validated = classifier([MixedPrecision(.bfloat16)])
        #expect(try validated.validate() != classifier([]).validate())
        #expect(isOff())
    }

    @Test("toFP16, toBF16 and toFP32 put it in, replace it and take it out")
    func scopes() throws {
        let learner = classifier([])
        try learner.toFP16().toBF16()
        #expect(learner.callbacks.count { $0 is MixedPrecision } == 1)
        #expect(learner.callback(ofType: MixedPrecision.self)?.precision == .bfloat16)
        #expect(learner.callback(ofType: MixedPrecision.self)?.scale == 1)
        learner.toFP32()
        #expect(learner.callback(ofType: MixedPrecision.self) == nil)
    }

    // MARK: Recurrent models

    /// Puts out its input as prediction and as states.
    private final class Telling: Module {
        @Parameter var scale = Tensor([2])
        override func forward(_ inputs: [Tensor]) -> [Tensor] {
            let states = inputs[0] * scale
            return [states.mean(axis: 1), states, states * 0.5]
        }
    }

    @Test("penalties on states: values, gradient, and the logged loss without them")
    func penalties() throws {
        let x = sample([4, 3, 2])
        let data = DataLoader(TensorDataset(inputs: [x], targets: [Tensor.zeros([4, 2])]), batchSize: 4)
        let learner = Learner(
            dls: DataLoaders(data, data), model: Telling(), loss: .mse, optimizer: .sgd(), lr: 0,
            callbacks: Callback.recurrent(alpha: 2, beta: 3), defaultCallbacks: .core)
        var seen: (total: Double, loss: Double)?
        try learner.on(.beforeBackward, order: 5) { seen = ($0.lossGrad?.item() ?? 0, $0.loss?.item() ?? 0) }
        try learner.withoutLogging { try learner.fit(1) }
        let states = x * 2
        let change = states[.all, 1...] - states[.all, 0..<2]
        let loss = states.mean(axis: 1).square().mean().item()
        let penalty = 2 * (states * 0.5).square().mean().item() + 3 * change.square().mean().item()
        let (total, logged) = try #require(seen)
        expectClose(logged, loss, relative: 1e-5)
        expectClose(total, loss + penalty, relative: 1e-5)
        #expect(try learner.predictions().outputs?.count == 1)
        #expect(Callback.recurrent().count == 2)
        let alone = goldenLearner(callbacks: [RNNRegularizer(alpha: 1)])
        #expect(throws: CallbackError.self) { try alone.fit(1) }
    }
}
