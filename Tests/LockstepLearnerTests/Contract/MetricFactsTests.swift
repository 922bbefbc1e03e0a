// SPDX-License-Identifier: Apache-2.0
// Facts of the behaviour contract about metrics and mixtures that the numbered tests leave open.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Metrics and mixtures: facts of the contract")
struct MetricFactsTests {
    private func value(_ metric: Metric, _ pred: Tensor, _ target: Tensor) -> Double? {
        feed(metric, [(pred, target)])
        return metric.value
    }

    @Test("[MET-10] of equal scores the lowest class is the answer")
    func ties() {
        let pred = Tensor([[1, 1, 0], [0, 2, 2]] as [[Float]])
        #expect(value(.accuracy, pred, Tensor([0, 1] as [Int64])) == 1)
        #expect(value(.accuracy, pred, Tensor([1, 2] as [Int64])) == 0)
        #expect(value(.errorRate, pred, Tensor([0, 2] as [Int64])) == 0.5)
    }

    @Test("[MET-11] several labels: a probability must lie above the threshold, not on it")
    func strictlyAbove() {
        let (pred, none) = (Tensor([[0, 0]] as [[Float]]), Tensor([[0, 0]] as [[Float]]))
        #expect(value(.accuracyMulti, pred, none) == 1, "sigmoid(0) is the threshold of 0.5")
        #expect(value(.accuracyMulti(threshold: 0, sigmoid: false), pred, none) == 1)
        #expect(value(.accuracyMulti(threshold: 0.4), pred, none) == 0)
    }

    @Test("[§7.3] accumulated metrics: 0 is an axis and a threshold; a call is without activation, argmax, threshold")
    func zeroIsAnOption() {
        let scores = Tensor([[3, 1], [2, 5], [0, 0]] as [[Float]])
        let classes = AccumMetric("x", argmaxAxis: 0) { preds, _ in preds.doubles.reduce(0) { 10 * $0 + $1 } }
        #expect(value(classes, scores, .zeros([2])) == 1, "argmax over rows: 0, 1")
        let sum = AccumMetric("x", activation: .sigmoid, threshold: 0.5) { preds, _ in preds.to(.float32).sum().item() }
        #expect(value(sum, Tensor([-1, 0, 1]), .zeros([3])) == 2, "0 activates to 0.5, which is not below it")
        #expect(sum(Tensor([-1, 0, 1]), .zeros([3])) == 0)
    }

    @Test("[MET-03] the smoothed loss of fastai's golden run")
    func smoothed() {
        let learner = synthLearner()
        let metric = AvgSmoothLoss()
        // The second one is (.98·.02·4.107143 + .02·28.131016) / (1 − .98²); the reference's float32 gives 16.240398.
        for (loss, wanted) in [(4.107143, 4.107143), (28.131016, 16.240412), (2.385499, 11.528498)] as [(Float, Double)]
        {
            learner.loss = Tensor([loss])
            metric.accumulate(learner)
            compare(metric.value, wanted, "after \(loss)")
        }
    }

    @Test("[MET-04] a value from elsewhere is asked for each time it is read, and follows no reset")
    func valueMetric() {
        var calls = 0
        let metric = ValueMetric("calls") {
            calls += 1
            return Double(calls)
        }
        #expect(metric.value == 1 && metric.value == 2)
        metric.reset()
        #expect(metric.value == 3)
    }

    // MARK: Mixtures

    @Test("[TRN-07] shares are at least one half and follow the folded Beta(0.4, 0.4); partners are a permutation")
    func shares() throws {
        // Rows of the unit matrix: what is left of an item's own one is its share.
        let count = 400
        let data = TensorDataset(inputs: [.eye(count)], targets: [.zeros([count], dtype: .int64)])
        let learner = Learner(
            dls: DataLoaders(DataLoader(data, batchSize: count)), model: Linear(count, 2), loss: .crossEntropy,
            callbacks: [MixUp(alpha: 0.4)], defaultCallbacks: .core)
        learner.dls.valid = BatchList([])
        var (own, rows, columns): ([Double], [Double], [Double]) = ([], [], [])
        try learner.on(.beforeBatch, order: 1) { learner in
            let mixed = learner.xb[0]
            own = (0..<count).map { mixed[$0, $0].item() }
            (rows, columns) = (mixed.sum(axis: 1).doubles, mixed.sum(axis: 0).doubles)
        }
        try learner.fit(1)
        #expect(own.count == count && own.allSatisfy { $0 >= 0.5 && $0 <= 1 })
        expectClose(rows, Array(repeating: 1, count: count), relative: 1e-6)
        // Every item is somebody's partner: a column holds its own share and another's rest.
        #expect(columns.allSatisfy { $0 >= 0.5 && $0 <= 1.5 + 1e-6 })
        let mean = own.reduce(0, +) / Double(count)
        #expect(abs(mean - Self.meanShare) < 0.03, "mean share \(mean)")
    }
    /// The mean of max(l, 1 − l) for l from Beta(0.4, 0.4), integrated by SciPy; 400 shares scatter around it by 0.008.
    private static let meanShare = 0.8397576

    @Test("[TRN-07] a box: the loss weighs both targets by what is left of the image's area")
    func cutMixShare() throws {
        let x = sample([6, 1, 8, 8], seed: 3)
        let y = Tensor([0, 1, 2, 0, 1, 2] as [Int])
        let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: 6)
        setSeed(1)
        let learner = Learner(
            dls: DataLoaders(data, data),
            model: Sequential {
                Flatten(); Linear(64, 3)
            }, loss: .crossEntropy, callbacks: [CutMix { _ in 0.6 }], defaultCallbacks: .core)
        var checked = 0
        try learner.on(.afterLoss) { learner in
            guard learner.training, let pred = learner.pred?.detached, let loss = learner.loss else { return }
            let mixed = learner.xb[0]
            // The pixels that changed in some image are the box; its area sets the share.
            let inside = (mixed - x).abs().sum(axis: 0).reshaped([64]).floats.map { $0 > 0 }
            let share = 1 - Double(inside.count { $0 }) / 64
            #expect(share > 0.5 && share < 1)
            let pixel = try #require(inside.firstIndex(of: true))
            let partners = (0..<6).map { item in
                (0..<6).first { x.reshaped([6, 64])[$0, pixel].item() == mixed.reshaped([6, 64])[item, pixel].item() }
            }
            let order = Tensor(try partners.map { Int64(try #require($0)) })
            let base = CrossEntropyFlat()
            let other = base(pred, y.indexSelect(axis: 0, index: order)).item()
            expectClose(loss.item(), share * base(pred, y).item() + (1 - share) * other, relative: 1e-5)
            checked += 1
        }
        try learner.fit(3)
        #expect(checked == 3)
    }

    @Test("[TRN-06] validation sees the loss itself, and training losses differ from it by the mixture only")
    func validationLoss() throws {
        func learner(_ callbacks: [Callback]) -> Learner {
            setSeed(4)
            let data = DataLoader(
                TensorDataset(inputs: [sample([12, 2], seed: 1)], targets: [sampleIntegers([12], seed: 2, in: 0..<3)]),
                batchSize: 6)
            let learner = Learner(
                dls: DataLoaders(data, data), model: Linear(2, 3), loss: .crossEntropy,
                callbacks: [Recorder()] + callbacks, defaultCallbacks: .core)
            learner.logger = SilentLogger()
            return learner
        }
        let (plain, mixed) = (learner([]), learner([MixUp()]))
        for learner in [plain, mixed] { try learner.fit(1, lr: 0) }
        #expect(plain.finalRecord[1] == mixed.finalRecord[1])
        #expect(plain.finalRecord[0] != mixed.finalRecord[0])
    }
}
