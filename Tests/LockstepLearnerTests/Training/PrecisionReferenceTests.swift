// SPDX-License-Identifier: Apache-2.0
// Emulated mixed precision beside PyTorch's autocast and gradient scaler.

import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Mixed precision beside PyTorch")
struct PrecisionReferenceTests {
    private struct Runs: Decodable {
        let half: Run
        let bfloat16: Run
    }
    private struct Run: Decodable {
        let x: [Float]
        let start: [[Float]]
        let end: [[Double]]
        let losses: [Double]
        let scales: [Double]
    }

    @Test(
        "losses, scales, skipped steps and weights are PyTorch's, to the rounding of the format",
        arguments: [ReducedPrecision.half, .bfloat16])
    func training(_ precision: ReducedPrecision) throws {
        let runs = try Reference.decode(Runs.self, from: "precision")
        let run = precision == .half ? runs.half : runs.bfloat16
        let model = Sequential {
            Linear(6, 8); ReLU(); Linear(8, 3)
        }
        for (parameter, values) in zip(model.parameters(), run.start) {
            parameter.wrappedValue = Tensor(values, shape: parameter.value.shape)
        }
        let data = TensorDataset(
            inputs: [Tensor(run.x, shape: [16, 6])], targets: [Tensor((0..<16).map { Int64($0 % 3) })])
        let loader = DataLoader(data, batchSize: 16)
        let callback = MixedPrecision(precision, initialScale: 4_194_304, growthInterval: 4)
        let learner = Learner(
            dls: DataLoaders(loader), model: model, loss: .crossEntropy, optimizer: .sgd(mom: 0.9), lr: 0.1,
            callbacks: [callback], defaultCallbacks: .core)
        var (losses, scales): ([Double], [Double]) = ([], [])
        try learner.on(.afterBatch, order: 20) { learner in
            losses.append(learner.loss?.item() ?? .nan)
            scales.append(callback.scale)
        }
        try learner.withoutLogging { try learner.fit(24) }
        #expect(scales == run.scales)
        expectClose(losses, run.losses, relative: precision == .half ? 5e-4 : 4e-3)
        for (parameter, end) in zip(model.parameters(), run.end) {
            expectClose(parameter.value.doubles, end, absolute: precision == .half ? 2e-3 : 1.5e-2)
        }
    }
}
