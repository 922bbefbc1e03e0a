// SPDX-License-Identifier: Apache-2.0
// Inside of a loss its short spellings hide the functions of the same names; these lead on to the functions.

public import LockstepTensor

extension LossFunction {
    /// The function `crossEntropy(_:_:)`, where a loss of one's own calls it by its name.
    ///
    /// ```swift
    /// struct Doubled: LossFunction {
    ///     var reduction = Reduction.mean
    ///     func callAsFunction(_ p: Tensor, _ t: Tensor) -> Tensor { crossEntropy(p, t, reduction: reduction) * 2 }
    /// }
    /// ```
    public func crossEntropy(
        _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
        reduction: Reduction = .mean, labelSmoothing: Double = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        LockstepTensor.crossEntropy(
            logits, targets, weight: weight, ignoreIndex: ignoreIndex, reduction: reduction,
            labelSmoothing: labelSmoothing, file: file, line: line)
    }

    /// The function `bceWithLogits(_:_:)`, where a loss of one's own calls it by its name.
    public func bceWithLogits(
        _ logits: Tensor, _ target: Tensor, weight: Tensor? = nil, posWeight: Tensor? = nil,
        reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        LockstepTensor.bceWithLogits(
            logits, target, weight: weight, posWeight: posWeight, reduction: reduction, file: file, line: line)
    }
}
