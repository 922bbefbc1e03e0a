// SPDX-License-Identifier: Apache-2.0
// Dice loss: one minus the overlap of predicted and true regions.

public import LockstepTensor

/// One minus the overlap of predicted and true regions: `1 − (2·Σ p·t + s) / (Σ(p + t) + s)` for each item and class.
///
/// Milletari et al., *V-Net* (2016), eq. 1. `p` is the softmax over the classes, `t` the one-hot target, sums run over the
/// positions. The default reduction is the *sum*.
///
/// - Shape:
///   - Prediction: `[N, classes, *]`, or with the classes on ``axis``; raw scores.
///   - Target: `[N, *]`, integers.
///   - Unreduced: `[N, classes]`.
public struct DiceLoss: LossFunction {
    /// The axis of the classes.
    public let axis: Int
    /// Keeps the quotient defined where a class is neither predicted nor present.
    public let smooth: Double
    /// Whether the denominator has `p²` in place of `p`.
    public let squaresInUnion: Bool
    /// How the losses of items become one.
    public var reduction: Reduction

    /// A loss with these options; the defaults are fastai's.
    public init(axis: Int = 1, smooth: Double = 1e-6, reduction: Reduction = .sum, squaresInUnion: Bool = false) {
        self.axis = axis
        self.smooth = smooth
        self.reduction = reduction
        self.squaresInUnion = squaresInUnion
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let classes = prediction.dim(axis)
        require(
            !target.dtype.isFloatingPoint && target.rank == prediction.rank - 1
                && target.count * classes == prediction.count,
            "DiceLoss: scores \(prediction.shape) with classes on axis \(axis) need integer targets of the same positions, not \(target.dtype) \(target.shape)"
        )
        // Classes to axis 1, positions flattened behind them.
        let shape = [prediction.dim(0), classes, target.count / Swift.max(prediction.dim(0), 1)]
        var order = Array(0..<prediction.rank)
        order.insert(order.remove(at: axis < 0 ? axis + prediction.rank : axis), at: 1)
        let p = activation(prediction).permuted(order).reshaped(shape)
        let t = target.reshaped([shape[0], shape[2]]).oneHot(classes: classes).to(p.dtype).transposed(1, 2)
        let overlap = (p * t).sum(axes: [2])
        let union = ((squaresInUnion ? p * p : p) + t).sum(axes: [2])
        return reduction.apply(to: 1 - (overlap * 2 + smooth) / (union + smooth))
    }

    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { prediction.softmax(axis: axis) }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { prediction.argmax(axis: axis) }
}

extension DiceLoss: Configurable {
    public static let configuration = Configuration(DiceLoss.self) {
        Field("axis", \.axis)
        Field("smooth", \.smooth)
        Field("squaresInUnion", \.squaresInUnion)
        Field("reduction", \.reduction)
    } make: {
        DiceLoss(
            axis: try $0("axis"), smooth: try $0("smooth"), reduction: try $0("reduction"),
            squaresInUnion: try $0("squaresInUnion"))
    }
}
