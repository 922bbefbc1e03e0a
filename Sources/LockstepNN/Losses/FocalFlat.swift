// SPDX-License-Identifier: Apache-2.0
// Focal loss: cross entropy that spends itself on hard items.

public import LockstepTensor

/// Cross entropy scaled down where the prediction is already good: `(1 − p)^γ · ce` with `p = e^(−ce)`.
///
/// Lin et al., *Focal Loss for Dense Object Detection* (2017), eq. 5. With class weights `p` is taken of the weighted cross
/// entropy, and the mean is the plain one.
///
/// - Shape: as ``CrossEntropyFlat``.
public struct FocalFlat: LossFunction {
    /// How strongly easy items are scaled down; 0 gives the cross entropy.
    public let gamma: Double
    /// The axis of the classes.
    public let axis: Int
    /// One factor for each class; nil for 1.
    public let weight: Tensor?
    /// How the losses of items become one.
    public var reduction: Reduction

    /// A loss with these options; the defaults are fastai's.
    public init(gamma: Double = 2, weight: Tensor? = nil, axis: Int = -1, reduction: Reduction = .mean) {
        self.gamma = gamma
        self.weight = weight
        self.axis = axis
        self.reduction = reduction
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = classRows(prediction, target, axis: axis, for: name)
        let ce = LockstepTensor.crossEntropy(x, y, weight: weight?.to(x.dtype), reduction: .none)
        // The derivative of t^γ at t = 0 is 0^(γ−1): not a number for γ = 0, infinite below 1.
        if gamma == 0 { return reduction.apply(to: ce) }
        let miss = 1 - (-ce).exp()
        return reduction.apply(to: (gamma < 1 ? miss.clamped(min: 1e-12) : miss).pow(gamma) * ce)
    }

    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { prediction.softmax(axis: axis) }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { prediction.argmax(axis: axis) }
    /// Whether targets are classes.
    public var usesIntegerTargets: Bool { true }
}

extension FocalFlat: Configurable {
    public static let configuration = Configuration(FocalFlat.self) {
        Field("gamma", \.gamma)
        Field(tensor: "weight") { $0.weight }
        Field("axis", \.axis)
        Field("reduction", \.reduction)
    } make: {
        FocalFlat(
            gamma: try $0("gamma"), weight: try $0.tensor("weight"), axis: try $0("axis"),
            reduction: try $0("reduction"))
    }
}
