// SPDX-License-Identifier: Apache-2.0
// Variance, norms and the logarithm of a sum of exponentials.

import CLockstepKernels

// Integers are computed in float64 and rounded to float32 at the end: their differences are exact.
extension Tensor {
    /// `Σ (x − mean)² / (n − correction)` over `axes`, about a mean that is exact to twice the type's precision.
    ///
    /// `correction` 1 estimates a population's variance from a sample, 0 is the variance of what is given. NaN when
    /// `n ≤ correction`.
    /// - Gradient: `ȳ·2(x − mean)/(n − correction)`.
    public func variance(
        axes: [Int], correction: Int = 1, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        variance(AxisSet(axes, of: shape, "variance", file: file, line: line), correction, keepDims)
    }

    /// Variance over one axis, or all. See ``variance(axes:correction:keepDims:file:line:)``.
    public func variance(
        axis: Int? = nil, correction: Int = 1, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        variance(AxisSet(axis, of: shape, "variance", file: file, line: line), correction, keepDims)
    }

    /// Square root of the variance over `axes`.
    ///
    /// - Gradient: `ȳ·(x − mean)/(y·(n − correction))`; 0 where `y` is 0 (as PyTorch).
    public func standardDeviation(
        axes: [Int], correction: Int = 1, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        deviation(AxisSet(axes, of: shape, "standardDeviation", file: file, line: line), correction, keepDims)
    }

    /// Square root of the variance over one axis, or all.
    public func standardDeviation(
        axis: Int? = nil, correction: Int = 1, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        deviation(AxisSet(axis, of: shape, "standardDeviation", file: file, line: line), correction, keepDims)
    }

    /// `(Σ |x|ᵖ)^(1/p)` over one axis, or all: order 1, 2 (the default, Euclidean), `.infinity` (greatest magnitude) or
    /// any other above 0.
    ///
    /// - Gradient: order 1 `ȳ·sign(x)`; order 2 `ȳ·x/y`, 0 where `y` is 0; infinity `ȳ·sign(x)`, shared among equals.
    public func norm(
        order: Double = 2, axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(order > 0, "norm: the order must be above 0, it is \(order)", file: file, line: line)
        let set = AxisSet(axis, of: shape, "norm", file: file, line: line)
        if !dtype.isFloatingPoint {
            return to(.float64).norm(order: order, axis: axis, keepDims: keepDims).to(.float32)
        }
        let input = real
        let (x, source) = (input.detached, shape)
        switch order {
        case 1:
            return x.reduced(LSK_SUM_ABS, set, keepDims: keepDims).recording("norm", from: input) { dy in
                x.sign() * dy.spread(over: set, to: source, keepDims: keepDims)
            }
        case 2:
            let y = x.reduced(LSK_SUM_SQUARES, set, keepDims: keepDims).mapped(LSK_SQRT)
            return y.recording("norm", from: input) { dy in
                let scale = (dy / y).filled(where: y .== 0, with: 0)
                return x * scale.spread(over: set, to: source, keepDims: keepDims)
            }
        case .infinity:
            let y = x.reduced(LSK_MAX_ABS, set, keepDims: keepDims)
            return y.recording("norm", from: input) { dy in
                let winners = x.abs() .== y.spread(over: set, to: source, keepDims: keepDims)
                let count = winners.to(dy.dtype).reduced(LSK_SUM, set, keepDims: keepDims)
                let share = (dy / count).spread(over: set, to: source, keepDims: keepDims)
                return Tensor.where(winners, x.sign() * share, Tensor(0, dtype: dy.dtype))
            }
        default:
            return input.abs().pow(order).sum(set, keepDims: keepDims).pow(1 / order)
        }
    }

    /// `log Σ eˣ` over one axis, or all, without overflow or loss: the greatest element is taken out first.
    ///
    /// - Gradient: `ȳ·softmax(x)`.
    public func logSumExp(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        logSumExp(AxisSet(axis, of: shape, "logSumExp", file: file, line: line), keepDims)
    }

    /// `log Σ eˣ` over `axes`. See ``logSumExp(axis:keepDims:file:line:)``.
    public func logSumExp(
        axes: [Int], keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        logSumExp(AxisSet(axes, of: shape, "logSumExp", file: file, line: line), keepDims)
    }
}

extension Tensor {
    private func logSumExp(_ set: AxisSet, _ keepDims: Bool) -> Tensor {
        let input = real
        let (x, source) = (input.detached, shape)
        let greatest = x.reduced(LSK_MAX, set, keepDims: keepDims)
        let shift = greatest.filled(where: ~greatest.isFinite() & ~greatest.isNaN(), with: 0)  // ∞ − ∞ would be NaN
        let shifted = x - shift.spread(over: set, to: source, keepDims: keepDims)
        let y = shifted.mapped(LSK_EXP).reduced(LSK_SUM, set, keepDims: keepDims).mapped(LSK_LOG) + shift
        return y.recording("logSumExp", from: input) { dy in
            let weights = (x - y.spread(over: set, to: source, keepDims: keepDims)).mapped(LSK_EXP)
            return weights * dy.spread(over: set, to: source, keepDims: keepDims)
        }
    }

    /// The deviations from the mean and the sum of their squares divided by `n − correction`.
    private func moments(_ set: AxisSet, _ correction: Int, _ keepDims: Bool) -> (Tensor, Tensor, Double) {
        let count = set.elementCount(in: shape)
        let scale = 1 / Double(Swift.max(0, count - correction))
        func centred(_ x: Tensor) -> Tensor {
            x
                - x.reduced(LSK_SUM, set, keepDims: true, scale: 1 / Double(count)).spread(
                    over: set, to: shape, keepDims: true)
        }
        // Twice: next to a large mean, what rounding took from it is no small part of a deviation.
        let centered = centred(centred(self))
        return (centered, centered.reduced(LSK_SUM_SQUARES, set, keepDims: keepDims, scale: scale), scale)
    }

    private func variance(_ set: AxisSet, _ correction: Int, _ keepDims: Bool) -> Tensor {
        if !dtype.isFloatingPoint { return to(.float64).variance(set, correction, keepDims).to(.float32) }
        let x = real
        let (centered, y, scale) = x.detached.moments(set, correction, keepDims)
        let source = shape
        return y.recording("variance", from: x) { dy in
            centered * (dy * (2 * scale)).spread(over: set, to: source, keepDims: keepDims)
        }
    }

    private func deviation(_ set: AxisSet, _ correction: Int, _ keepDims: Bool) -> Tensor {
        if !dtype.isFloatingPoint { return to(.float64).deviation(set, correction, keepDims).to(.float32) }
        let x = real
        let (centered, variance, scale) = x.detached.moments(set, correction, keepDims)
        let y = variance.mapped(LSK_SQRT)
        let source = shape
        return y.recording("standardDeviation", from: x) { dy in
            let weight = (dy * scale / y).filled(where: y .== 0, with: 0)
            return centered * weight.spread(over: set, to: source, keepDims: keepDims)
        }
    }
}
