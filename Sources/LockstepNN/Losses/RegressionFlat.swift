// SPDX-License-Identifier: Apache-2.0
// Losses for real-valued targets.

public import LockstepTensor

/// Mean of squared differences: `(x − y)²`.
///
/// - Shape: prediction and target have the same number of elements; both are flattened, so `[N, 1]` fits `[N]`.
public struct MSEFlat: LossFunction {
    /// How the losses of items become one.
    public var reduction: Reduction
    package let flattening: Flattening

    /// A loss with these options; the defaults are fastai's.
    public init(reduction: Reduction = .mean, convertsTarget: Bool = true) {
        self.reduction = reduction
        flattening = Flattening(convertsTarget: convertsTarget, keepsClasses: false)
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        if flattening.isNeedless(prediction, target, reduction) {
            return mseLoss(prediction, target, reduction: reduction)
        }
        let (x, y) = flattening(prediction, target, for: name)
        return mseLoss(x, y, reduction: reduction)
    }
}

extension MSEFlat: Configurable {
    public static let configuration = Configuration(MSEFlat.self) {
        Field("convertsTarget", \.flattening.convertsTarget, python: "floatify")
        Field("reduction", \.reduction)
    } make: {
        MSEFlat(reduction: try $0("reduction"), convertsTarget: try $0("convertsTarget"))
    }
}

/// Mean of absolute differences: `|x − y|`.
///
/// - Shape: prediction and target have the same number of elements; both are flattened, so `[N, 1]` fits `[N]`.
public struct L1Flat: LossFunction {
    /// How the losses of items become one.
    public var reduction: Reduction
    package let flattening: Flattening

    /// A loss with these options; the defaults are fastai's.
    public init(reduction: Reduction = .mean, convertsTarget: Bool = true) {
        self.reduction = reduction
        flattening = Flattening(convertsTarget: convertsTarget, keepsClasses: false)
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        if flattening.isNeedless(prediction, target, reduction) {
            return l1Loss(prediction, target, reduction: reduction)
        }
        let (x, y) = flattening(prediction, target, for: name)
        return l1Loss(x, y, reduction: reduction)
    }
}

extension L1Flat: Configurable {
    public static let configuration = Configuration(L1Flat.self) {
        Field("convertsTarget", \.flattening.convertsTarget, python: "floatify")
        Field("reduction", \.reduction)
    } make: {
        L1Flat(reduction: try $0("reduction"), convertsTarget: try $0("convertsTarget"))
    }
}
