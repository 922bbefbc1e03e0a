// SPDX-License-Identifier: Apache-2.0
// Losses and their gradients against fastai's and PyTorch's.

import LockstepChecks
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// A loss and the case of `losses.safetensors` that it must agree with.
struct LossCase: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable () -> any LossFunction
    /// fastai swaps two axes where we keep the order of the positions; this brings our result into its order.
    let arrange: @Sendable (Tensor) -> Tensor
    var testDescription: String { name }

    init(
        _ name: String, arrange: @escaping @Sendable (Tensor) -> Tensor = { $0 },
        _ make: @escaping @Sendable () -> any LossFunction
    ) {
        self.name = name
        self.arrange = arrange
        self.make = make
    }
}

@Suite("Losses against fastai") struct LossReferenceTests {
    static let cases = [
        LossCase("CrossEntropyLossFlat") { .crossEntropy },
        LossCase("CrossEntropyLossFlat.axis1") { .crossEntropy(axis: 1) },
        LossCase("CrossEntropyLossFlat.none", arrange: { $0.reshaped([2, 4, 2]).transposed(1, 2).reshaped([16]) }) {
            .crossEntropy(axis: 1, reduction: .none)
        },
        LossCase("CrossEntropyLossFlat.weight") { .crossEntropy(weight: Tensor([1, 2, 3])) },
        LossCase("FocalLossFlat") { .focal },
        LossCase("FocalLossFlat.gamma0") { .focal(gamma: 0) },
        LossCase("FocalLossFlat.weight") { .focal(weight: Tensor([1, 2, 3])) },
        LossCase("FocalLossFlat.axis1") { .focal(axis: 1) },
        LossCase("LabelSmoothingCrossEntropy") { LabelSmoothingCrossEntropy() },
        LossCase("LabelSmoothingCrossEntropy.sum") { LabelSmoothingCrossEntropy(reduction: .sum) },
        LossCase("LabelSmoothingCrossEntropy.none") { LabelSmoothingCrossEntropy(reduction: .none) },
        LossCase("LabelSmoothingCrossEntropy.weight") { LabelSmoothingCrossEntropy(weight: Tensor([1, 2, 3])) },
        LossCase("LabelSmoothingCrossEntropyFlat") { .labelSmoothing },
        LossCase("BCEWithLogitsLossFlat") { .bceWithLogits },
        LossCase("BCEWithLogitsLossFlat.none") { .bceWithLogits(reduction: .none) },
        LossCase("MSELossFlat") { .mse },
        LossCase("L1LossFlat") { .l1 },
        LossCase("PoissonNLLLoss") { .poisson },
        LossCase("PoissonNLLLoss.sum") { .poisson(logInput: true, reduction: .sum) },
        LossCase("PoissonNLLLoss.none") { .poisson(logInput: true, reduction: .none) },
        LossCase("PoissonNLLLoss.means") { .poisson(logInput: false, eps: 1e-4) },
        LossCase("DiceLoss") { .dice() },
        LossCase("DiceLoss.mean") { .dice(reduction: .mean) },
        LossCase("DiceLoss.none") { .dice(reduction: .none) },
        LossCase("DiceLoss.square") { .dice(squaresInUnion: true) },
    ]

    @Test("a loss of any view, of bfloat16 or float64, is that of float32, and so is its gradient", arguments: cases)
    func viewsAndTypes(_ lossCase: LossCase) throws {
        let reference = try Reference.load("losses")
        let key = "fastai.\(lossCase.name)"
        let x = try reference.tensor("\(key)/x").to(.bfloat16), target = try reference.tensor("\(key)/target")
        func run(_ dtype: DType, _ layout: Layout) -> (Tensor, Tensor?) {
            let leaf = x.to(dtype).laidOut(layout).requiringGradient()
            let loss = lossCase.make()
            let y = loss(leaf, target.laidOut(layout))
            y.backward(gradient: sample(y.shape, seed: 1).laidOut(layout))
            return (y.detached, leaf.gradient)
        }
        let (value, slope) = run(.float32, .rowMajor)
        let gradient = try #require(slope)
        for layout in Layout.allCases {
            for (dtype, tolerance) in [(DType.float32, 1e-5), (.float64, 1e-5), (.bfloat16, 0x1p-7)] {
                let (y, dx) = run(dtype, layout)
                expectClose(
                    y.to(.float64), value.to(.float64), "\(layout) \(dtype)", relative: tolerance, absolute: tolerance)
                #expect(dx?.dtype == dtype)
                expectClose(
                    try #require(dx).to(.float64), gradient.to(.float64), "\(layout) \(dtype): gradient",
                    relative: tolerance, absolute: tolerance / 10)
            }
        }
    }

    @Test("a loss has fastai's value, gradient, activation and decisions", arguments: cases)
    func agrees(_ lossCase: LossCase) throws {
        let reference = try Reference.load("losses")
        let key = "fastai.\(lossCase.name)"
        let loss = lossCase.make()
        let input = try reference.tensor("\(key)/x"), target = try reference.tensor("\(key)/target")
        let x = input.requiringGradient()
        let y = lossCase.arrange(loss(x, target))
        let expected = try reference.tensor("\(key)/y")
        expectClose(y.detached.reshaped(expected.shape.dimensions), expected, "value", relative: 1e-5, absolute: 2e-6)
        y.backward(gradient: try reference.tensor("\(key)/dy").reshaped(y.shape.dimensions))
        expectClose(
            try #require(x.gradient), try reference.tensor("\(key)/dx"), "gradient", relative: 1e-4, absolute: 2e-6)
        if reference.contains("\(key)/activation") {
            let activated = loss.activation(input)
            expectClose(
                activated, try reference.tensor("\(key)/activation"), "activation", relative: 1e-5, absolute: 2e-6)
            let decoded = try reference.tensor("\(key)/decodes")
            expectClose(loss.decodes(activated).to(.float32), decoded.to(.float32), "decodes", absolute: 2e-6)
        }
    }

    @Test("cross entropy takes probabilities as targets, on any axis", arguments: Reduction.allCases)
    func probabilities(reduction: Reduction) throws {
        let reference = try Reference.load("losses")
        let key = "crossEntropy.probabilities.4d.\(reduction)"
        let x = try reference.tensor("\(key)/x").to(.float64),
            target = try reference.tensor("\(key)/target").to(.float64)
        let expected = try reference.tensor("\(key)/y").to(.float64)
        let loss = CrossEntropyFlat(axis: 1, reduction: reduction)
        expectClose(loss(x, target).reshaped(expected.shape.dimensions), expected, relative: 1e-6)
        let last = CrossEntropyFlat(reduction: reduction)
        expectClose(last(x.permuted([0, 2, 3, 1]), target.permuted([0, 2, 3, 1])), loss(x, target))
        // Parts of a batch merge by their weights.
        guard reduction == .mean else { return }
        let parts = [0..<1, 1..<2].map { (loss(x[$0], target[$0]).item(), loss.weight(x[$0], target[$0])) }
        let total = parts.reduce(0) { $0 + $1.1 }
        expectClose(parts.reduce(0) { $0 + $1.0 * $1.1 } / total, loss(x, target).item())
    }

    @Test("what an export is checked by takes probabilities of the outputs' shape, and no other real targets")
    func outlines() throws {
        let (loss, scores) = (CrossEntropyFlat(), Outline([4, 3], kind: .real))
        try loss.check(scores, scores)
        try loss.check(scores, Outline([4], kind: .integer))
        #expect(throws: ModelMismatch.self) { try loss.check(scores, Outline([4], kind: .real)) }
        #expect(throws: ModelMismatch.self) { try loss.check(scores, Outline([4, 2], kind: .real)) }
    }

    @Test("binary cross entropy of probabilities has PyTorch's value and gradients", arguments: Reduction.allCases)
    func bce(reduction: Reduction) throws {
        let reference = try Reference.load("losses")
        let key = "bce.\(reduction)"
        let x = try reference.tensor("\(key)/x").to(.float64).requiringGradient()
        let target = try reference.tensor("\(key)/target").to(.float64).requiringGradient()
        let y = BCEFlat(reduction: reduction)(x, target)
        expectClose(
            y.detached.reshaped([y.count]), try reference.tensor("\(key)/y").to(.float64).doubles, relative: 1e-6)
        y.backward(gradient: try reference.tensor("\(key)/dy").to(.float64).reshaped(y.shape.dimensions))
        expectClose(try #require(x.gradient), try reference.tensor("\(key)/dx").to(.float64), "dx", relative: 1e-6)
        expectClose(
            try #require(target.gradient), try reference.tensor("\(key)/dtarget").to(.float64), "dtarget",
            relative: 1e-6)
    }

    @Test("every loss has the gradient of its value", arguments: cases)
    func gradient(_ lossCase: LossCase) throws {
        let reference = try Reference.load("losses")
        let key = "fastai.\(lossCase.name)"
        let target = try reference.tensor("\(key)/target")
        let loss = lossCase.make()
        checkGradients(of: { loss($0, target) }, at: try reference.tensor("\(key)/x"))
    }
}
