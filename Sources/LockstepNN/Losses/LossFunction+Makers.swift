// SPDX-License-Identifier: Apache-2.0
// The short spellings of losses: `.crossEntropy`, `.mse`, `.focal(gamma: 3)`.

public import LockstepTensor

extension LossFunction where Self == CrossEntropyFlat {
    /// Softmax cross entropy of class scores on the last axis.
    public static var crossEntropy: CrossEntropyFlat { CrossEntropyFlat() }

    /// Softmax cross entropy.
    public static func crossEntropy(
        axis: Int = -1, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean
    ) -> CrossEntropyFlat {
        CrossEntropyFlat(axis: axis, weight: weight, ignoreIndex: ignoreIndex, reduction: reduction)
    }
}

extension LossFunction where Self == FocalFlat {
    /// Focal loss with γ = 2.
    public static var focal: FocalFlat { FocalFlat() }

    /// Focal loss.
    public static func focal(
        gamma: Double = 2, weight: Tensor? = nil, axis: Int = -1, reduction: Reduction = .mean
    ) -> FocalFlat {
        FocalFlat(gamma: gamma, weight: weight, axis: axis, reduction: reduction)
    }
}

extension LossFunction where Self == BCEWithLogitsFlat {
    /// Binary cross entropy of raw scores, deciding at a probability of 0.5.
    public static var bceWithLogits: BCEWithLogitsFlat { BCEWithLogitsFlat() }

    /// Binary cross entropy of raw scores.
    public static func bceWithLogits(
        threshold: Double = 0.5, weight: Tensor? = nil, positiveWeight: Tensor? = nil, reduction: Reduction = .mean
    ) -> BCEWithLogitsFlat {
        BCEWithLogitsFlat(threshold: threshold, weight: weight, positiveWeight: positiveWeight, reduction: reduction)
    }
}

extension LossFunction where Self == BCEFlat {
    /// Binary cross entropy of probabilities.
    public static var bce: BCEFlat { BCEFlat() }
}

extension LossFunction where Self == MSEFlat {
    /// Mean squared error.
    public static var mse: MSEFlat { MSEFlat() }
}

extension LossFunction where Self == L1Flat {
    /// Mean absolute error.
    public static var l1: L1Flat { L1Flat() }
}

extension LossFunction where Self == LabelSmoothingCrossEntropyFlat {
    /// Cross entropy that leaves a tenth for all classes alike.
    public static var labelSmoothing: LabelSmoothingCrossEntropyFlat { LabelSmoothingCrossEntropyFlat() }

    /// Cross entropy that leaves a share `eps` for all classes alike.
    public static func labelSmoothing(
        eps: Double = 0.1, weight: Tensor? = nil, axis: Int = -1, reduction: Reduction = .mean
    ) -> LabelSmoothingCrossEntropyFlat {
        LabelSmoothingCrossEntropyFlat(axis: axis, eps: eps, weight: weight, reduction: reduction)
    }
}

extension LossFunction where Self == DiceLoss {
    /// One minus the overlap of predicted and true regions; reduced by the sum.
    public static func dice(
        axis: Int = 1, smooth: Double = 1e-6, reduction: Reduction = .sum, squaresInUnion: Bool = false
    ) -> DiceLoss {
        DiceLoss(axis: axis, smooth: smooth, reduction: reduction, squaresInUnion: squaresInUnion)
    }
}

extension LossFunction where Self == CustomLoss {
    /// A function that returns every element's loss, or their mean; `weight` tells over how much the mean of some items is,
    /// where that is not their number.
    public static func custom(
        _ name: String, usesIntegerTargets: Bool = false,
        weight: ((_ prediction: Tensor, _ target: Tensor) -> Double)? = nil,
        _ body: @escaping (_ prediction: Tensor, _ target: Tensor) -> Tensor
    ) -> CustomLoss {
        CustomLoss(name, usesIntegerTargets: usesIntegerTargets, weight: weight, body)
    }

    /// A function that reduces by itself, as its third argument says; `weight` as above.
    public static func custom(
        _ name: String, usesIntegerTargets: Bool = false,
        weight: ((_ prediction: Tensor, _ target: Tensor) -> Double)? = nil,
        _ body: @escaping (_ prediction: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor
    ) -> CustomLoss {
        CustomLoss(name, usesIntegerTargets: usesIntegerTargets, weight: weight, body)
    }
}
