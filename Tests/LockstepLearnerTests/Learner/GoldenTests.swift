// SPDX-License-Identifier: Apache-2.0
// The golden runs of behaviour §22.1 and §22.2, observed on fastai 2.8.12 in float32.

import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// Loss, smoothed loss (where a recorder is there) and both parameters after each training batch.
private final class Tape: Callback {
    var rows: [[Double]] = []
    override var order: Int { 99 }
    override func afterBatch(_ learner: Learner) {
        guard learner.training else { return }
        let parameters = learner.model.parameters().map { $0.value.item() }
        rows.append([learner.loss?.item() ?? .nan, learner.smoothLoss ?? .nan] + parameters)
    }
}

@Suite("Golden runs")
struct GoldenTests {
    private func run(
        _ optimizer: OptimizerFactory, batchSize: Int = 4, trainRows: Int = 8, metrics: [Metric] = [],
        _ fit: (Learner) throws -> Void
    ) throws -> (tape: [[Double]], rows: [[Double]]) {
        let tape = Tape()
        let learner = goldenLearner(
            optimizer: optimizer, batchSize: batchSize, trainRows: trainRows, metrics: metrics, callbacks: [tape])
        try fit(learner)
        return (tape.rows, learner.recorder?.values.map { $0.map { $0 ?? .nan } } ?? [])
    }

    private func expect(_ actual: [[Double]], _ golden: [[Double]], line: Int = #line) {
        #expect(actual.count == golden.count)
        for (index, (got, want)) in zip(actual, golden).enumerated() {
            expectClose(got, want, "row \(index)", relative: 1e-5, absolute: 1e-6, line: line)
        }
    }

    @Test("[§22.1] SGD with momentum, two epochs")
    func sgdMomentum() throws {
        let (tape, rows) = try run(.sgd(mom: 0.9), metrics: [.mae]) { try $0.fit(2) }
        expect(
            tape,
            [
                [4.107143, 4.107140, 0.357143, -0.321429], [28.131016, 16.240398, 0.889796, 0.359184],
                [2.385499, 11.528488, 1.257697, 1.108936], [7.729275, 10.549709, 1.932181, 2.057654],
            ])
        expect(rows, [[16.240398, 9.274677, 2.640816], [10.549709, 0.896602, 0.942346]])
    }

    @Test("[§22.1] Adam, two epochs")
    func adam() throws {
        let (tape, rows) = try run(.adam(), metrics: [.mae]) { try $0.fit(2) }
        expect(
            tape,
            [
                [4.107143, 4.107140, 0.44975, -0.44975], [28.244617, 16.297771, 0.478747, -0.403564],
                [3.716764, 12.019099, 0.494785, -0.360056], [26.734221, 15.810094, 0.524065, -0.314129],
            ])
        expect(rows, [[16.297771, 15.904110, 3.403564], [15.810094, 15.049769, 3.314129]])
    }

    @Test("[§22.1] Adam, one cycle")
    func oneCycle() throws {
        let (tape, rows) = try run(.adam()) { try $0.fitOneCycle(2, lrMax: 0.1) }
        expect(
            tape,
            [
                [4.107143, 4.107140, 0.49598, -0.49598], [28.118061, 16.233854, 0.565425, -0.416303],
                [3.996982, 12.072218, 0.600981, -0.349873], [25.289017, 15.477207, 0.621884, -0.318695],
            ])
        expect(rows, [[16.233854, 15.512736], [15.477207, 14.558921]])
    }

    @Test("[§22.1] SGD, one batch of 8")
    func wholeBatch() throws {
        let (tape, rows) = try run(.sgd(), batchSize: 8) { try $0.fit(1) }
        expectClose([tape[0][0], tape[0][2], tape[0][3]], [16.107143, 0.757143, -0.15], relative: 1e-5)
        expect(rows, [[16.107128, 12.805928]])
    }

    @Test("[§22.1] SGD, 6 rows in uneven batches")
    func unevenBatches() throws {
        let (tape, rows) = try run(.sgd(), trainRows: 6) { try $0.fit(1) }
        expectClose(
            tape.flatMap { [$0[0], $0[2], $0[3]] }, [7.09, 0.436, -0.27, 33.711975, 1.384608, 0.30724], relative: 1e-5)
        expect(rows, [[20.535423, 7.957877]])
    }

    @Test("[§22.2] inference on the untrained model")
    func inference() throws {
        let learner = goldenLearner()
        let result = try learner.predictions(withLoss: true)
        expectClose(result.predictions, [-1.5, -1.1, -0.7, -0.3, 0.1, 0.5], relative: 1e-5, absolute: 1e-6)
        expectClose(try #require(result.target), [-1, 0.6, 2.2, 3.8, 5.4, 7], relative: 1e-5)
        expectClose(try #require(result.losses), [0.25, 2.89, 8.41, 16.81, 28.09, 42.25], relative: 1e-5)
        expectClose(try learner.validate().compactMap { $0 }, [16.45], relative: 1e-5)
    }
}
