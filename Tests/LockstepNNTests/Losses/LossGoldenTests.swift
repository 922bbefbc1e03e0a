// SPDX-License-Identifier: Apache-2.0
// The golden values of every loss, and what flattening, reduction and decoding do.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Losses") struct LossGoldenTests {
    let x1 = Tensor([[1, 2, 3], [1, 0, -1]])
    let y1 = Tensor([2, 1] as [Int])
    let x2 = Tensor([[0.5, -1], [2, 0]])
    let y2 = Tensor([[1, 0], [0, 1]])
    let weight = Tensor([1, 2, 3])

    private func value(_ loss: any LossFunction, _ x: Tensor, _ y: Tensor) -> Double { loss(x, y).item() }

    @Test("[LOSS-01] cross entropy: mean, sum, none, weighted, ignored")
    func crossEntropy() {
        expectClose(value(.crossEntropy, x1, y1), 0.9076059, absolute: 1e-6)
        expectClose(value(.crossEntropy(reduction: .sum), x1, y1), 1.8152118, absolute: 1e-6)
        expectClose(CrossEntropyFlat(reduction: .none)(x1, y1), [0.4076059, 1.4076059], absolute: 1e-6)
        expectClose(value(.crossEntropy(weight: weight), x1, y1), 0.8076059, absolute: 1e-6)
        expectClose(value(.crossEntropy(ignoreIndex: 1), x1, y1), 0.4076060, absolute: 1e-6)
        #expect(value(.crossEntropy(ignoreIndex: 1), x1, Tensor([1, 1] as [Int])).isNaN)
    }

    @Test("[LOSS-02] focal loss")
    func focal() {
        expectClose(value(.focal, x1, y1), 0.4243128, absolute: 1e-6)
        expectClose(value(.focal(gamma: 0), x1, y1), 0.9076059, absolute: 1e-6)
        expectClose(value(.focal(weight: weight), x1, y1), 1.5484498, absolute: 1e-6)
    }

    @Test("[LOSS-03] binary cross entropy of scores")
    func bceWithLogits() {
        expectClose(value(.bceWithLogits, x2, y2), 0.9018535, absolute: 1e-6)
        expectClose(value(.bceWithLogits(positiveWeight: Tensor([2, 3])), x2, y2), 1.3669463, absolute: 1e-6)
    }

    @Test("[LOSS-04] binary cross entropy of probabilities")
    func bce() {
        expectClose(value(.bce, x2.sigmoid(), y2), 0.9018533, absolute: 1e-6)
        expectClose(value(.bce, Tensor([0, 1]), Tensor([1, 1])), 50)
    }

    @Test("[LOSS-05] squared error")
    func mse() { expectClose(value(.mse, x2, y2), 1.5625) }

    @Test("[LOSS-06] absolute error")
    func l1() { expectClose(value(.l1, x2, y2), 1.125) }

    @Test("[LOSS-07] label smoothing")
    func labelSmoothing() {
        expectClose(value(LabelSmoothingCrossEntropy(), x1, y1), 0.9576059, absolute: 1e-6)
        expectClose(value(LabelSmoothingCrossEntropy(reduction: .sum), x1, y1), 1.9152118, absolute: 1e-6)
        expectClose(LabelSmoothingCrossEntropy(reduction: .none)(x1, y1), [0.5076059, 1.4076059], absolute: 1e-6)
        expectClose(value(.labelSmoothing(eps: 0.2), x1, y1), 1.0076059, absolute: 1e-6)
        expectClose(value(.labelSmoothing(eps: 0), x1, y1), 0.9076059, absolute: 1e-6)
        expectClose(value(.labelSmoothing(weight: weight), x1, y1), 0.8676059, absolute: 1e-6)
    }

    @Test("[LOSS-08] dice loss: sum, mean, none, squared")
    func dice() {
        let x = Tensor([2, 0, 1, -1, 0, 1, 0, 3] as [Float], shape: [1, 2, 2, 2])
        let y = Tensor([0, 1, 0, 1] as [Int], shape: [1, 2, 2])
        expectClose(value(.dice(), x, y), 0.3377523, absolute: 1e-6)
        expectClose(value(.dice(reduction: .mean), x, y), 0.1688761, absolute: 1e-6)
        expectClose(DiceLoss(reduction: .none)(x, y), [0.1731494, 0.1646029], absolute: 1e-6)
        expectClose(value(.dice(squaresInUnion: true), x, y), 0.0914586, absolute: 1e-6)
        expectClose(value(.dice(axis: -1), x.permuted([0, 2, 3, 1]), y), 0.3377523, absolute: 1e-6)
    }

    @Test("[LOSS-09] activation and decodes say what outputs mean")
    func meaning() {
        expectClose(CrossEntropyFlat().activation(x1).sum(axes: [-1]), [1, 1])
        #expect(CrossEntropyFlat().decodes(x1).ints == [2, 0])
        #expect(CrossEntropyFlat(axis: 0).decodes(x1).ints == [0, 0, 0])
        expectClose(BCEWithLogitsFlat().activation(x2), x2.sigmoid())
        // Strictly above, and of activated values.
        #expect(BCEWithLogitsFlat().decodes(Tensor([0.5, 0.51])).bools == [false, true])
        #expect(BCEWithLogitsFlat(threshold: 0.2).decodes(Tensor([0.19, 0.3])).bools == [false, true])
        #expect(MSEFlat().decodes(x2).floats == x2.floats)
    }

    @Test(
        "[LOSS-10] small integer targets widen, and regression targets become floating",
        arguments: [DType.uint8, .int32, .int64])
    func targetTypes(dtype: DType) {
        expectClose(value(.crossEntropy, x1, y1.to(dtype)), 0.9076059, absolute: 1e-6)
        expectClose(value(.mse, x2, y2.to(dtype)), 1.5625)
        expectClose(value(.bceWithLogits, x2, y2.to(dtype)), 0.9018535, absolute: 1e-6)
        expectClose(value(.mse, x2.to(.float64), y2.to(dtype)), 1.5625)
    }

    @Test("[LOSS-11] flat losses do not broadcast [N, 1] against [N]")
    func flattening() {
        expectClose(value(.mse, Tensor([[1], [2]]), Tensor([1, 4])), 2.0)
        expectClose(value(.mse, Tensor([1, 2]), Tensor([[1], [4]])), 2.0)
        expectClose(mseLoss(Tensor([[1], [2]]), Tensor([1, 4])).item(), 3.5)
        let segmented = CrossEntropyFlat(axis: 1, reduction: .none)(
            Tensor.zeros([2, 5, 2, 2]), Tensor.zeros([2, 2, 2], dtype: .int64))
        #expect(segmented.shape == [8])
    }

    @Test("[LOSS-12] unreduced losses average per item, and the reduction stays as it was")
    func perItem() {
        let loss = CrossEntropyFlat(axis: 1)
        let x = sample([2, 3, 2, 2]), y = sampleIntegers([2, 2, 2], in: 0..<3)
        let items = loss.perItem(x, y)
        #expect(items.shape == [2])
        expectClose(items.mean(), loss(x, y))
        #expect(loss.reduction == .mean)
        expectClose(MSEFlat().perItem(Tensor([[1, 1], [2, 2]]), Tensor.zeros([2, 2])), [1, 4])
    }

    @Test("[LOSS-13] counts that differ stop with both")
    func mismatch() async {
        let classes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = CrossEntropyFlat()(Tensor.zeros([64, 10]), Tensor.zeros([32], dtype: .int64))
        }
        expectTrap(classes, says: "CrossEntropyFlat: 64 predictions but 32 targets: [64, 10] with [32]")
        let numbers = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = MSEFlat()(Tensor.zeros([4, 2]), Tensor.zeros([4]))
        }
        expectTrap(numbers, says: "MSEFlat: 8 predictions but 4 targets")
        let types = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = CrossEntropyFlat()(Tensor.zeros([4, 2]), Tensor.zeros([4]))
        }
        expectTrap(types, says: "CrossEntropyFlat: targets are float32 [4]; class indices must be integers")
        let both = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = BCEWithLogitsFlat(positiveWeight: Tensor([1]), flattens: true)
        }
        expectTrap(both, says: "BCEWithLogitsFlat: positiveWeight", "LossGoldenTests.swift")
    }

    @Test("integer targets are announced, and the weight of a batch counts what its mean divides by")
    func announcements() {
        let integer: [any LossFunction] = [.crossEntropy, .focal, .labelSmoothing]
        #expect(integer.map(\.usesIntegerTargets) == [true, true, true])
        #expect(MSEFlat().usesIntegerTargets == false)
        #expect(MSEFlat().weight(x2, y2) == 2)
        #expect(CrossEntropyFlat().weight(x1, y1) == 2)
        #expect(CrossEntropyFlat(ignoreIndex: 2).weight(x1, y1) == 1)
        #expect(CrossEntropyFlat(weight: weight).weight(x1, y1) == 5)
        #expect("\(CrossEntropyFlat())" == "CrossEntropyFlat")
        #expect("\(CrossEntropyFlat(reduction: .sum))" == "CrossEntropyFlat(reduction: sum)")
    }
}
