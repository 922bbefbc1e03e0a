// SPDX-License-Identifier: Apache-2.0
// Fused losses against their golden values, their definitions and numerical gradients.
import Foundation
import LockstepTensor
import Testing

@Suite("Fused losses") struct LossTests {
    let x1 = Tensor([[1, 2, 3], [1, 0, -1]]), y1 = whole(2, 1)
    let x2 = Tensor([[0.5, -1], [2, 0]]), y2 = Tensor([[1, 0], [0, 1]])
    let weight = Tensor([1, 2, 3])

    private func near(_ a: Tensor, _ b: Double) -> Bool { abs(a.item() - b) < 2e-7 }

    @Test("cross-entropy's golden values")
    func crossEntropyGolden() {
        #expect(near(crossEntropy(x1, y1), 0.9076059))
        let each = crossEntropy(x1, y1, reduction: .none).floats
        #expect(abs(each[0] - 0.4076059) < 2e-7 && abs(each[1] - 1.4076059) < 2e-7)
        #expect(near(crossEntropy(x1, y1, reduction: .sum), 1.8152118))
        #expect(near(crossEntropy(x1, y1, weight: weight), 0.8076059))
        #expect(near(crossEntropy(x1, y1, ignoreIndex: 1), 0.4076060))
        #expect(crossEntropy(x1, whole(7, 7), ignoreIndex: 7).item().isNaN)
        #expect(near(crossEntropy(x1, y1, labelSmoothing: 0.1), 0.9576059))
        #expect(near(crossEntropy(x1, y1, labelSmoothing: 0.2), 1.0076059))
        #expect(near(crossEntropy(x1, y1, reduction: .sum, labelSmoothing: 0.1), 1.9152118))
        #expect(near(crossEntropy(x1[0], y1[0]), 0.4076059))
    }

    @Test("element-wise losses' golden values")
    func pairGolden() {
        #expect(near(bceWithLogits(x2, y2), 0.9018535))
        #expect(near(bceWithLogits(x2, y2, posWeight: Tensor([2, 3])), 1.3669463))
        #expect(near(mseLoss(x2, y2), 1.5625))
        #expect(near(l1Loss(x2, y2), 1.125))
        #expect(near(mseLoss(Tensor([[1], [2]]), Tensor([1, 4])), 3.5))
        #expect(mseLoss(x2, y2, reduction: .none).floats == [0.25, 1, 4, 1])
        #expect(mseLoss(x2, y2, reduction: .sum).item() == 6.25)
    }

    @Test("huge logits neither overflow nor lose their gradient")
    func huge() {
        let x = Tensor([[1000, -1000], [-1000, 1000]]).requiringGradient()
        let loss = crossEntropy(x, whole(0, 0))
        #expect(loss.item() == 1000)
        loss.backward()
        #expect(x.gradient?.floats == [0, 0, -0.5, 0.5])
        #expect(bceWithLogits(Tensor([1000, -1000]), Tensor([0, 1])).item() == 1000)
    }

    @Test("any number of classes", arguments: [1, 2, 15, 16, 17, 31, 511, 513, 1025])
    func classes(count: Int) {
        let x = scattered([3, Swift.max(1, count)]) * 4.0
        let labels = [0, count - 1, count / 2]
        let rows = (0..<3).map { x[$0].doubles }
        let expected = zip(rows, labels).map { row, t in log(row.reduce(0) { $0 + exp($1) }) - row[t] }.reduce(0, +) / 3
        #expect(abs(crossEntropy(x, Tensor(labels, shape: [3])).item() - expected) < 1e-12)
        #expect(abs(crossEntropy(x.to(.float32), Tensor(labels, shape: [3])).item() - expected) < 1e-5)
        let leaf = x.to(.float32).requiringGradient()
        let loss = crossEntropy(leaf, Tensor(labels, shape: [3]))
        #expect(abs(loss.item() - expected) < 1e-5)
        loss.backward()
        for row in 0..<3 { #expect(abs(leaf.gradient?[row].sum().item() ?? 1) < 1e-5) }
    }

    @Test("gradients under every option")
    func gradients() {
        let x = scattered([3, 4]), w = Tensor([0.5, 1, 2, 3], shape: [4]), t = whole(2, 0, 3)
        for reduction in Reduction.allCases {
            expectGradients(of: { crossEntropy($0[0], t, reduction: reduction) }, at: [x])
            expectGradients(
                of: { crossEntropy($0[0], t, weight: w, ignoreIndex: 0, reduction: reduction, labelSmoothing: 0.2) },
                at: [x])
            expectGradients(of: { mseLoss($0[0], $0[1], reduction: reduction) }, at: [x, scattered([4], seed: 2)])
            expectGradients(of: { l1Loss($0[0], $0[1], reduction: reduction) }, at: [x, scattered([3, 1], seed: 2)])
            expectGradients(
                of: {
                    bceWithLogits($0[0], $0[1], weight: scattered([4], seed: 4), posWeight: w, reduction: reduction)
                },
                at: [x, scattered([3, 4], seed: 3)])
            expectGradients(of: { nllLoss($0[0], t, weight: w, ignoreIndex: 0, reduction: reduction) }, at: [x])
        }
        let image = scattered([2, 3, 2, 2])
        let labels = Tensor([0, 1, 2, 0, 2, 2, 1, 0], shape: [2, 2, 2])
        expectGradients(of: { crossEntropy($0[0], labels) }, at: [image])
        #expect(crossEntropy(image, labels, reduction: .none).shape == [2, 2, 2])
        expectGradients(of: { crossEntropy($0[0], labels, reduction: .none) * 3.0 }, at: [image])
    }

    @Test("[LOSS-13] mistakes name both counts, and the target that is no class")
    func mistakes() async {
        let counts = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = crossEntropy(Tensor.zeros([64, 10]), Tensor.zeros([32], dtype: .int64))
        }
        #expect(sentence(counts).contains("logits of shape [64, 10] want targets of shape [64], not [32]"))
        let label = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = crossEntropy(Tensor.zeros([2, 10]), whole(3, 10))
        }
        #expect(sentence(label).contains("crossEntropy: target 10 at position 1 is not a class in 0..<10"))
    }
}
