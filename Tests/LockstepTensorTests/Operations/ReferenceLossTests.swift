// SPDX-License-Identifier: Apache-2.0
// Fused losses against PyTorch's values and gradients, in every memory layout.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Losses against PyTorch") struct ReferenceLossTests {
    let losses: Reference
    /// How the file writes a scalar.
    let scalar: Shape
    init() throws {
        losses = try Reference.load("losses")
        scalar = try losses.tensor("mse.mean/y").shape
    }

    private func written(_ loss: Tensor) -> Tensor { loss.rank == 0 ? loss.reshaped(scalar.dimensions) : loss }

    @Test("cross-entropy", arguments: Reduction.allCases)
    func classes(reduction: Reduction) throws {
        for name in ["2d", "4d"] {
            try losses.check("crossEntropy.\(name).\(reduction)", "x", "target") {
                written(crossEntropy($0[0], $0[1], reduction: reduction))
            }
        }
        try losses.check("crossEntropy.ignored.\(reduction)", "x", "target") {
            written(crossEntropy($0[0], $0[1], ignoreIndex: 2, reduction: reduction))
        }
        try losses.check("crossEntropy.smoothed.\(reduction)", "x", "target") {
            written(crossEntropy($0[0], $0[1], reduction: reduction, labelSmoothing: 0.1))
        }
        try losses.check("crossEntropy.weight.\(reduction)", "x", "target", "weight") {
            written(crossEntropy($0[0], $0[1], weight: $0[2].detached, reduction: reduction))
        }
    }

    @Test("cross-entropy with probabilities as targets, which get a gradient too", arguments: Reduction.allCases)
    func probabilities(reduction: Reduction) throws {
        for name in ["1d", "2d", "4d"] {
            try losses.check("crossEntropy.probabilities.\(name).\(reduction)", "x", "target") {
                written(crossEntropy($0[0], $0[1], reduction: reduction))
            }
        }
        try losses.check("crossEntropy.probabilities.weight.\(reduction)", "x", "target", "weight") {
            written(
                crossEntropy($0[0], $0[1], weight: $0[2].detached, reduction: reduction, labelSmoothing: 0.1))
        }
    }

    @Test("cross-entropy with as many class indices as probabilities is the same")
    func oneHot() {
        let (x, target) = (sample([5, 4]), sampleIntegers([5], in: 0..<4))
        expectClose(crossEntropy(x, target.oneHot(classes: 4)), crossEntropy(x, target))
    }

    @Test("probabilities of another shape are refused, and so are truth values")
    func mistakes() async {
        let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = crossEntropy(.zeros([5, 4]), .zeros([5]))
        }
        expectTrap(shape, says: "crossEntropy: logits of shape [5, 4] want as many probabilities, not [5]")
        let flags = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = crossEntropy(.zeros([5, 4]), Tensor.zeros([5], dtype: .bool))
        }
        expectTrap(flags, says: "targets of bool [5]; logits are real, targets class indices or probabilities")
    }

    @Test("losses of two numbers", arguments: Reduction.allCases)
    func pairs(reduction: Reduction) throws {
        try losses.check("mse.\(reduction)", "x", "target") { written(mseLoss($0[0], $0[1], reduction: reduction)) }
        try losses.check("l1.\(reduction)", "x", "target") { written(l1Loss($0[0], $0[1], reduction: reduction)) }
        try losses.check("smoothL1.\(reduction)", "x", "target") {
            written(smoothL1Loss($0[0], $0[1], reduction: reduction))
        }
        try losses.check("huber.\(reduction)", "x", "target") { written(huberLoss($0[0], $0[1], reduction: reduction)) }
        try losses.check("bce.\(reduction)", "x", "target") { written(bceLoss($0[0], $0[1], reduction: reduction)) }
        try losses.check("bceWithLogits.\(reduction)", "x", "target") {
            written(bceWithLogits($0[0], $0[1], reduction: reduction))
        }
        try losses.check("bceWithLogits.positive.\(reduction)", "x", "target", "positive") {
            written(bceWithLogits($0[0], $0[1], posWeight: $0[2].detached, reduction: reduction))
        }
    }

    @Test("far logits and given log-probabilities")
    func others() throws {
        try losses.check("bceWithLogits.far", "x", "target") { written(bceWithLogits($0[0], $0[1], reduction: .none)) }
        try losses.check("nll", "x", "target") { written(nllLoss($0[0], $0[1])) }
    }
}
