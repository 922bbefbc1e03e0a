// SPDX-License-Identifier: Apache-2.0
// A loss for counts: how unlikely they are where a model expects so many.

public import LockstepTensor

/// Negative log likelihood of counts that are distributed as Poisson's with the predicted means, without the part that no prediction
/// changes: `exp(x) − y·x` of the logarithms of means, or `x − y·log(x + eps)` of the means themselves.
///
/// ```swift
/// PoissonFlat()(Tensor([0, 1]), Tensor([2, 0])).item()                    // 1.8591: the mean of 1 − 0 and e − 0
/// PoissonFlat(logInput: false)(Tensor([1, 2]), Tensor([2, 0])).item()     // 1.5: the mean of 1 and 2
/// ```
///
/// - Shape: prediction and target have the same number of elements; both are flattened, so `[N, 1]` fits `[N]`.
/// - Note: PyTorch: `torch.nn.PoissonNLLLoss`.
public struct PoissonFlat: LossFunction {
    /// Whether predictions are logarithms of means; ``activation(_:)`` then makes means of them.
    public let logInput: Bool
    /// What is added to means, so that the logarithm of 0 is not asked for.
    public let eps: Double
    /// How the losses of items become one.
    public var reduction: Reduction
    private static let flattening = Flattening(convertsTarget: true, keepsClasses: false)

    /// A loss with these options; the defaults are PyTorch's.
    public init(logInput: Bool = true, eps: Double = 1e-8, reduction: Reduction = .mean) {
        (self.logInput, self.eps, self.reduction) = (logInput, eps, reduction)
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = PoissonFlat.flattening(prediction, target, for: name)
        return reduction.apply(to: logInput ? x.exp() - y * x : x - y * (x + eps).log())
    }

    /// Means.
    public func activation(_ prediction: Tensor) -> Tensor { logInput ? prediction.exp() : prediction }
}

extension PoissonFlat: Configurable {
    public static let configuration = Configuration(PoissonFlat.self) {
        Field("logInput", \.logInput, python: "log_input")
        Field("eps", \.eps)
        Field("reduction", \.reduction)
    } make: {
        PoissonFlat(logInput: try $0("logInput"), eps: try $0("eps"), reduction: try $0("reduction"))
    }
}

extension LossFunction where Self == PoissonFlat {
    /// Poisson's loss of the logarithms of means.
    public static var poisson: PoissonFlat { PoissonFlat() }

    /// Poisson's loss of the logarithms of means, or of means.
    public static func poisson(logInput: Bool, eps: Double = 1e-8, reduction: Reduction = .mean) -> PoissonFlat {
        PoissonFlat(logInput: logInput, eps: eps, reduction: reduction)
    }
}
