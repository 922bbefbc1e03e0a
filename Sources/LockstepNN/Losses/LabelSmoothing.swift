// SPDX-License-Identifier: Apache-2.0
// Cross entropy against targets that are not quite certain.

public import LockstepTensor

/// Cross entropy against a target that leaves a share ε for all classes alike:
/// `ε/C · (−Σ log p) + (1 − ε) · (−log p[target])`.
///
/// Szegedy et al., *Rethinking the Inception Architecture* (2015), section 7. Class weights apply to the second part only.
///
/// - Shape:
///   - Prediction: `[N, classes, *]`, raw scores.
///   - Target: `[N, *]`, integers.
///   - Unreduced: as the target.
public struct LabelSmoothingCrossEntropy: LossFunction {
    /// The share ε.
    public let eps: Double
    /// One factor for each class; nil for 1.
    public let weight: Tensor?
    public var reduction: Reduction

    public init(eps: Double = 0.1, weight: Tensor? = nil, reduction: Reduction = .mean) {
        self.eps = eps
        self.weight = weight
        self.reduction = reduction
    }

    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = classRows(prediction, target, axis: prediction.rank > 1 ? 1 : -1, for: name)
        let loss = smoothed(x, y, eps: eps, weight: weight, reduction: reduction)
        return reduction == .none && target.rank > 1 ? loss.reshaped(target.shape.dimensions) : loss
    }

    public func activation(_ prediction: Tensor) -> Tensor { prediction.softmax(axis: prediction.rank > 1 ? 1 : -1) }
    public func decodes(_ prediction: Tensor) -> Tensor { prediction.argmax(axis: prediction.rank > 1 ? 1 : -1) }
    public var usesIntegerTargets: Bool { true }
}

/// ``LabelSmoothingCrossEntropy`` of flattened predictions, with the classes on ``axis``.
public struct LabelSmoothingCrossEntropyFlat: LossFunction {
    /// The share ε.
    public let eps: Double
    /// The axis of the classes.
    public let axis: Int
    /// One factor for each class; nil for 1.
    public let weight: Tensor?
    public var reduction: Reduction

    public init(axis: Int = -1, eps: Double = 0.1, weight: Tensor? = nil, reduction: Reduction = .mean) {
        self.axis = axis
        self.eps = eps
        self.weight = weight
        self.reduction = reduction
    }

    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = classRows(prediction, target, axis: axis, for: name)
        return smoothed(x, y, eps: eps, weight: weight, reduction: reduction)
    }

    public func activation(_ prediction: Tensor) -> Tensor { prediction.softmax(axis: axis) }
    public func decodes(_ prediction: Tensor) -> Tensor { prediction.argmax(axis: axis) }
    public var usesIntegerTargets: Bool { true }
}

private func smoothed(_ x: Tensor, _ y: Tensor, eps: Double, weight: Tensor?, reduction: Reduction) -> Tensor {
    let certain = LockstepTensor.crossEntropy(x, y, weight: weight?.to(x.dtype), reduction: reduction)
    if eps == 0 { return certain }
    let even = -x.logSoftmax(axis: -1).sum(axis: -1)
    return reduction.apply(to: even) * (eps / Double(x.dim(-1))) + certain * (1 - eps)
}
