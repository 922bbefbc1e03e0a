// SPDX-License-Identifier: Apache-2.0
// A whole-set metric at the best value of one of its arguments.

public import LockstepTensor

/// The best value that a function of all predictions and targets takes as one argument of it varies: the threshold with
/// the largest F1 score, say.
///
/// ```swift
/// optimMetric("accuracy", bounds: 0...1) { preds, targets, threshold in
///     ((preds .>= threshold) .== (targets .> 0)).to(.float32).mean().item()
/// }
/// ```
///
/// - Parameters:
///   - name: The column is called `opt_<name>`.
///   - bounds: Where the argument is searched.
///   - tolerance: How exactly it is found.
///   - maximize: Whether the largest value is the best one, or the smallest.
///   - reportsArgument: Whether the metric's value is the argument's best value, and not the function's.
///   - function: The function; it should have a single optimum between the bounds.
public func optimMetric(
    _ name: String, bounds: ClosedRange<Double>, tolerance: Double = 0.01, maximize: Bool = true,
    reportsArgument: Bool = false, activation: AccumMetric.Activation = .none, argmaxAxis: Int? = nil,
    _ function: @escaping (_ preds: Tensor, _ targets: Tensor, _ argument: Double) -> Double?
) -> AccumMetric {
    AccumMetric(
        named: "opt_\(name)", .numbers, activation: activation, argmaxAxis: argmaxAxis, flatten: false
    ) { preds, targets in
        let sign = maximize ? -1.0 : 1
        var isUndefined = false
        let best = minimum(in: bounds, tolerance: tolerance) { argument in
            let value = function(preds, targets, argument).map { sign * $0 } ?? .infinity
            if value.isNaN { isUndefined = true }
            return value
        }
        if isUndefined { return .nan }
        guard best.value < .infinity else { return nil }
        return reportsArgument ? best.argument : sign * best.value
    }
}
