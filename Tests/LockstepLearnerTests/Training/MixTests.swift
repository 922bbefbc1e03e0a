// SPDX-License-Identifier: Apache-2.0
// Training on mixtures of two items.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("MixUp and CutMix")
struct MixTests {
    private struct Broken: Error {}

    /// Six classified points in batches of six, or six images.
    private func classifier(images: Bool = false, _ callbacks: [Callback] = []) -> Learner {
        setSeed(1)
        let x = images ? sample([6, 1, 8, 8], seed: 3) : sample([6, 2], seed: 3)
        let y = Tensor([0, 1, 2, 0, 1, 2] as [Int])
        let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: 6)
        let model =
            images
            ? Sequential {
                Flatten(); Linear(64, 3)
            } : Sequential { Linear(2, 3) }
        let learner = Learner(
            dls: DataLoaders(data, data), model: model, loss: .crossEntropy, callbacks: callbacks,
            defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    @Test("[TRN-06] the loss is replaced while training only, and is back however the fit ends")
    func lossRestored() throws {
        func check(_ learner: Learner) { #expect(learner.lossFunction.name == "CrossEntropyFlat") }
        var names: [Bool: Set<String>] = [:]
        let learner = classifier([MixUp()])
        try learner.on(.afterPred) { names[$0.training, default: []].insert($0.lossFunction.name) }
        try learner.fit(2)
        check(learner)
        #expect(names == [true: ["mixed CrossEntropyFlat"], false: ["CrossEntropyFlat"]])
        for signal in [CancelSignal.train, .epoch, .fit] {
            for handler in [MixUp(), CutMix()] as [Callback] {
                let cancelled = classifier(images: true, [handler, Throwing(signal, at: .afterLoss, when: \.training)])
                try cancelled.fit(1)
                check(cancelled)
            }
        }
        let failing = classifier([MixUp(), Throwing(Broken(), at: .afterStep)])
        #expect(throws: CallbackError.self) { try failing.fit(1) }
        check(failing)
    }

    @Test("[TRN-07] shares are at least one half, and those of Beta(0.4, 0.4) on average")
    func shares() throws {
        var seen: [Float] = []
        let learner = goldenLearner(lr: 0, batchSize: 1000, trainRows: 1000, callbacks: [MixUp(alpha: 0.4)])
        var before = Tensor([0])
        try learner.on(.beforeBatch, order: -1) { before = $0.xb[0] }
        // With a target of 2x + 3, x says how much of an item is its own when its partner is known; here only bounds.
        try learner.on(.beforeBatch, order: 1) { learner in
            guard learner.training else { return }
            let moved = (learner.xb[0] - before).abs().floats
            seen += moved
            expectClose(learner.yb[0], learner.xb[0] * 2 + 3, relative: 1e-5, absolute: 1e-5)
        }
        try learner.fit(1)
        #expect(seen.contains { $0 > 0.1 } && seen.allSatisfy { $0 <= 2.0001 }, "no item moves beyond the middle")
    }

    @Test("[TRN-07] x and loss with a share of 0.7")
    func formula() throws {
        let learner = classifier([MixUp { _ in 0.3 }])  // max(0.3, 0.7)
        var plain = Tensor([0])
        try learner.on(.beforeBatch, order: -1) { plain = $0.xb[0] }
        try learner.on(.afterLoss) { learner in
            guard learner.training, let pred = learner.pred?.detached, let loss = learner.loss else { return }
            let (rows, mixed) = (plain, learner.xb[0])
            // Which partner explains each row?
            let partners = (0..<6).map { i in
                (0..<6).min { a, b in
                    func error(_ j: Int) -> Double { (mixed[i] - (rows[i] * 0.7 + rows[j] * 0.3)).abs().sum().item() }
                    return error(a) < error(b)
                } ?? 0
            }
            #expect(Set(partners).count == 6, "partners are a permutation")
            let order = Tensor(partners)
            expectClose(
                mixed, rows * 0.7 + rows.indexSelect(axis: 0, index: order) * 0.3, relative: 1e-5, absolute: 1e-6)
            let base = CrossEntropyFlat()
            let y = learner.yb[0]
            let expected = base(pred, y) * 0.7 + base(pred, y.indexSelect(axis: 0, index: order)) * 0.3
            expectClose(loss, expected, relative: 1e-5)
        }
        try learner.fit(1)
    }

    @Test("[TRN-07] a box of another image, the share from its area")
    func cutMix() throws {
        let learner = classifier(images: true, [CutMix { _ in 0.75 }])  // boxes of 4 × 4 in 8 × 8 images
        var plain = Tensor([0])
        try learner.on(.beforeBatch, order: -1) { plain = $0.xb[0] }
        var area = 0
        try learner.on(.beforeBatch, order: 1) { learner in
            guard learner.training else { return }
            let changed = (learner.xb[0] - plain).abs().sum(axis: 0).reshaped([64]).floats.filter { $0 > 0 }
            area = changed.count
        }
        try learner.fit(1)
        #expect([4, 6, 8, 9, 12, 16].contains(area), "an area of \(area)")
        let flat = classifier([CutMix()])
        let error = #expect(throws: CallbackError.self) { try flat.fit(1) }
        let sentence = "\(error?.underlying as Any)"
        #expect(sentence.contains("[6, 2]"))
    }

    @Test("the same seed gives the same mixtures; a batch of one item stays itself")
    func deterministic() throws {
        let (one, two) = (classifier([MixUp()]), classifier([MixUp()]))
        try one.fit(3)
        try two.fit(3)
        #expect(one.model.parameters().map { $0.value.floats } == two.model.parameters().map { $0.value.floats })
        let (single, plain) = (goldenLearner(batchSize: 1, callbacks: [MixUp()]), goldenLearner(batchSize: 1))
        try single.fit(1)
        try plain.fit(1)
        expectClose(single.finalRecord.map { $0 ?? .nan }, plain.finalRecord.map { $0 ?? .nan }, relative: 1e-5)
    }
}
