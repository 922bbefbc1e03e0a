// SPDX-License-Identifier: Apache-2.0
// Cross entropy against targets that are not quite certain.

public import LockstepTensor

/// Cross entropy against a target that leaves a share ε for all classes alike:
/// `ε/C · (−Σ log p) + (1 − ε) · (−log p[target])`.
///
/// Szegedy et al., *Rethinking the Inception Architecture* (2015), section 7. Class weights apply to the second part only,
/// and a target of −100 is left out of it: the first is a mean over all targets, the second over weights, so that parts of a
/// batch merge term by term.
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
    /// How the losses of items become one.
    public var reduction: Reduction

    /// A loss with these options; the defaults are fastai's.
    public init(eps: Double = 0.1, weight: Tensor? = nil, reduction: Reduction = .mean) {
        self.eps = eps
        self.weight = weight
        self.reduction = reduction
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = classRows(prediction, target, axis: prediction.rank > 1 ? 1 : -1, for: name)
        let loss = smoothed(x, y, eps: eps, weight: weight, reduction: reduction)
        return reduction == .none && target.rank > 1 ? loss.reshaped(target.shape.dimensions) : loss
    }

    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { prediction.softmax(axis: prediction.rank > 1 ? 1 : -1) }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { prediction.argmax(axis: prediction.rank > 1 ? 1 : -1) }
    /// Whether targets are classes.
    public var usesIntegerTargets: Bool { true }
    /// Of how many means the loss is made.
    public var termCount: Int { smoothingTermCount(eps, reduction) }
    /// The means that the loss is made of, each with its weight.
    public func terms(_ prediction: Tensor, _ target: Tensor) -> [LossTerm] {
        let (x, y) = classRows(prediction, target, axis: prediction.rank > 1 ? 1 : -1, for: name)
        return smoothingTerms(x, y, eps: eps, weight: weight, reduction: reduction)
    }
    /// How much a mean over these items counts beside others.
    public func weight(_ prediction: Tensor, _ target: Tensor) -> Double {
        smoothingWeight(target, eps: eps, weight: weight, items: itemCount(prediction))
    }
}

extension LabelSmoothingCrossEntropy: Configurable {
    public static let configuration = Configuration(LabelSmoothingCrossEntropy.self) {
        Field("eps", \.eps)
        Field(tensor: "weight") { $0.weight }
        Field("reduction", \.reduction)
    } make: {
        LabelSmoothingCrossEntropy(
            eps: try $0("eps"), weight: try $0.tensor("weight"), reduction: try $0("reduction"))
    }
}

/// ``LabelSmoothingCrossEntropy`` of flattened predictions, with the classes on ``axis``.
public struct LabelSmoothingCrossEntropyFlat: LossFunction {
    /// The share ε.
    public let eps: Double
    /// The axis of the classes.
    public let axis: Int
    /// One factor for each class; nil for 1.
    public let weight: Tensor?
    /// How the losses of items become one.
    public var reduction: Reduction

    /// A loss with these options; the defaults are fastai's.
    public init(axis: Int = -1, eps: Double = 0.1, weight: Tensor? = nil, reduction: Reduction = .mean) {
        self.axis = axis
        self.eps = eps
        self.weight = weight
        self.reduction = reduction
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = classRows(prediction, target, axis: axis, for: name)
        return smoothed(x, y, eps: eps, weight: weight, reduction: reduction)
    }

    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { prediction.softmax(axis: axis) }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { prediction.argmax(axis: axis) }
    /// Whether targets are classes.
    public var usesIntegerTargets: Bool { true }
    /// Of how many means the loss is made.
    public var termCount: Int { smoothingTermCount(eps, reduction) }
    /// The means that the loss is made of, each with its weight.
    public func terms(_ prediction: Tensor, _ target: Tensor) -> [LossTerm] {
        let (x, y) = classRows(prediction, target, axis: axis, for: name)
        return smoothingTerms(x, y, eps: eps, weight: weight, reduction: reduction)
    }
    /// How much a mean over these items counts beside others.
    public func weight(_ prediction: Tensor, _ target: Tensor) -> Double {
        smoothingWeight(target, eps: eps, weight: weight, items: itemCount(prediction))
    }
}

extension LabelSmoothingCrossEntropyFlat: Configurable {
    public static let configuration = Configuration(LabelSmoothingCrossEntropyFlat.self) {
        Field("eps", \.eps)
        Field("axis", \.axis)
        Field(tensor: "weight") { $0.weight }
        Field("reduction", \.reduction)
    } make: {
        LabelSmoothingCrossEntropyFlat(
            axis: try $0("axis"), eps: try $0("eps"), weight: try $0.tensor("weight"),
            reduction: try $0("reduction"))
    }
}

private func smoothed(_ x: Tensor, _ y: Tensor, eps: Double, weight: Tensor?, reduction: Reduction) -> Tensor {
    let certain = LockstepTensor.crossEntropy(x, y, weight: weight?.to(x.dtype), reduction: reduction)
    if eps == 0 { return certain }
    return reduction.apply(to: evenLosses(x)) * (eps / Double(x.dim(-1))) + certain * (1 - eps)
}

private func evenLosses(_ x: Tensor) -> Tensor { -x.logSoftmax(axis: -1).sum(axis: -1) }

private func smoothingTermCount(_ eps: Double, _ reduction: Reduction) -> Int { eps != 0 && reduction == .mean ? 2 : 1 }

/// The even part, a mean over all rows, and the certain one, a mean over the weights of those that count.
private func smoothingTerms(_ x: Tensor, _ y: Tensor, eps: Double, weight: Tensor?, reduction: Reduction) -> [LossTerm]
{
    let counting = targetWeight(y, classWeight: weight, ignoreIndex: -100)
    guard smoothingTermCount(eps, reduction) > 1 else {
        return [LossTerm(smoothed(x, y, eps: eps, weight: weight, reduction: reduction), weight: counting)]
    }
    let certain = LockstepTensor.crossEntropy(x, y, weight: weight?.to(x.dtype), reduction: .mean)
    return [
        LossTerm(evenLosses(x).mean() * (eps / Double(x.dim(-1))), weight: Double(y.count)),
        LossTerm(certain * (1 - eps), weight: counting),
    ]
}

/// One weight for both terms: right where neither class weights nor ignored targets tell them apart.
private func smoothingWeight(_ target: Tensor, eps: Double, weight: Tensor?, items: Int) -> Double {
    eps == 0 ? targetWeight(target, classWeight: weight, ignoreIndex: -100) : Double(items)
}
