// SPDX-License-Identifier: Apache-2.0
// What a newcomer writes, on ranks: parameters drawn without a generator, functions as metrics, several outputs, dropout by hand.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

private final class Drawn: Module {
    @Parameter var scale = Tensor.normal([4], std: 0.5)
    @Parameter var offset = Tensor.uniform([4], low: -1)
    let left = Linear(4, 3), right = Linear(4, 1)
    override func forward(_ inputs: [Tensor]) -> [Tensor] {
        let x = relu(inputs[0] * scale + offset)
        let kept = isTraining ? x.dropout(0.25) : x
        return [left(kept), right(kept)]
    }
}

private struct Both: MultipleLossFunction {
    var reduction = Reduction.mean
    func callAsFunction(_ p: Tensor, _ t: Tensor) -> Tensor { crossEntropy(p, t, reduction: reduction) }
    func callAsFunction(_ p: [Tensor], _ t: [Tensor]) -> Tensor {
        self(p[0], t[0]) + mseLoss(p[1], t[1], reduction: reduction)
    }
}

@Suite("The first hour on ranks") struct FirstHourRankTests {
    private func learner() -> Learner {
        setSeed(3)
        let data = TensorDataset(
            inputs: [Tensor.normal([22, 4])],
            targets: [Tensor.randomIntegers([22], in: 0..<3), Tensor.uniform([22, 1])])
        return Learner(
            dls: DataLoaders([data, data], batchSize: 6), model: Drawn(), loss: Both(),
            metrics: [{ p, t in (p.argmax(axis: 1) .== t).to(.float32).mean() }], defaultCallbacks: .core)
    }

    @Test("weights, losses and metrics of 1, 2 and 3 ranks are those of one process") func alike() throws {
        let rate = 0.05
        try expectTrainsAlike(ranks: [1, 2, 3]) {
            learner()
        } training: {
            try $0.fit(2, lr: rate)
        }
    }

    @Test("every rank draws the same numbers, and predicts by itself", arguments: [1, 2, 3]) func draws(
        ranks: Int
    ) throws {
        let found = try InProcessWorld(ranks).run { communicator in
            let learner = self.learner()
            let prediction = try learner.distributed(over: communicator) {
                try learner.fit(1)
                return try learner.predict(Tensor.ones([4]))
            }
            return prediction.decisions.flatMap(\.floats) + Tensor.normal([3]).floats
        }
        #expect(found.count == ranks && found.allSatisfy { $0 == found[0] && $0.count == 7 })
    }
}
