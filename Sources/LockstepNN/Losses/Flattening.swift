// SPDX-License-Identifier: Apache-2.0
// How predictions and targets of any shape are laid side by side before a loss compares them.

public import LockstepTensor

/// Brings predictions and targets into the form in which a loss compares them element by element.
///
/// A prediction of shape `[2, 1]` against a target of shape `[2]` would otherwise broadcast to `[2, 2]` and give a
/// plausible, wrong number.
public struct Flattening: Sendable {
    /// The axis that is moved to the back: the classes.
    public var axis: Int
    /// Whether predictions become `[N, classes]` (or `[N]`) and targets `[N]`.
    public var flattens: Bool
    /// Whether targets are converted to the predictions' floating-point type.
    public var convertsTarget: Bool
    /// Whether the prediction keeps its last axis, as class scores.
    public var keepsClasses: Bool

    /// The steps before a loss.
    public init(axis: Int = -1, flattens: Bool = true, convertsTarget: Bool = false, keepsClasses: Bool = true) {
        self.axis = axis
        self.flattens = flattens
        self.convertsTarget = convertsTarget
        self.keepsClasses = keepsClasses
    }

    /// The prediction and the target, laid side by side.
    ///
    /// Integer targets become int64. A target with one axis fewer than the prediction has no class axis to move.
    /// - Precondition: the counts agree.
    public func callAsFunction(
        _ prediction: Tensor, _ target: Tensor, for loss: @autoclosure () -> String
    ) -> (Tensor, Tensor) {
        var x = movedLast(prediction, loss())
        var y = target.rank == prediction.rank ? movedLast(target, loss()) : target
        if convertsTarget {
            y = y.dtype.isFloatingPoint && x.dtype != .float64 ? y : y.to(x.dtype == .float64 ? .float64 : .float32)
        } else if !y.dtype.isFloatingPoint {
            y = y.to(.int64)
        }
        if keepsClasses {
            let classes = x.rank == 0 ? 1 : x.dim(-1)
            let rows = x.count / Swift.max(classes, 1)
            require(
                rows == y.count,
                "\(loss()): \(rows) predictions but \(y.count) targets: \(prediction.shape) with \(target.shape)")
            if flattens && x.rank != 2 { x = x.reshaped([rows, classes]) }
        } else {
            require(
                x.count == y.count || !flattens,
                "\(loss()): \(x.count) predictions but \(y.count) targets: \(prediction.shape) with \(target.shape)")
            require(
                flattens || x.shape == y.shape,
                "\(loss()): predictions \(prediction.shape) and targets \(target.shape) must have one shape")
            if flattens && x.rank != 1 { x = x.reshaped([x.count]) }
        }
        if flattens && y.rank != 1 { y = y.reshaped([y.count]) }
        return (x, y)
    }

    /// Whether a mean or a sum over all elements needs none of it.
    func isNeedless(_ prediction: Tensor, _ target: Tensor, _ reduction: Reduction) -> Bool {
        reduction != .none && prediction.shape == target.shape && prediction.dtype == target.dtype
            && prediction.dtype.isFloatingPoint
    }

    /// A tensor whose axis of classes is the last one.
    func movedLast(_ tensor: Tensor, _ loss: @autoclosure () -> String) -> Tensor {
        let from = axis < 0 ? axis + tensor.rank : axis
        if tensor.rank == 0 || from == tensor.rank - 1 { return tensor }
        require(from >= 0 && from < tensor.rank, "\(loss()): axis \(axis) does not exist in \(tensor.shape)")
        var order = Array(0..<tensor.rank)
        order.append(order.remove(at: from))
        return tensor.permuted(order)
    }
}
