// SPDX-License-Identifier: Apache-2.0
// Sums, means and products over axes.

import CLockstepKernels

// Every reduction comes in two spellings: `axes: [Int]` for a set, `axis: Int?` for one axis or, by default, all.
// Axes may be negative. With `keepDims` the reduced axes stay with size 1. Memory is read once, in its own order, for
// every layout. Float32 is added up in float64: the result is the exact sum rounded, but for n·2⁻⁵³ of Σ|x|.
extension Tensor {
    /// Sum over `axes`; sums of integers and booleans are int64. The sum of nothing is 0. Gradient: `ȳ`, repeated.
    public func sum(axes: [Int], keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        sum(AxisSet(axes, of: shape, "sum", file: file, line: line), keepDims: keepDims)
    }

    /// Sum over one axis, or all.
    public func sum(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        sum(AxisSet(axis, of: shape, "sum", file: file, line: line), keepDims: keepDims)
    }

    package func sum(_ set: AxisSet, keepDims: Bool) -> Tensor {
        let (x, source) = (calculable, shape)
        return x.detached.reduced(LSK_SUM, set, keepDims: keepDims).recording("sum", from: x) { dy in
            dy.spread(over: set, to: source, keepDims: keepDims)
        }
    }

    /// Mean over `axes`; of integers in float32, rounded once. The mean of nothing is NaN. Gradient: `ȳ/n`, repeated.
    public func mean(axes: [Int], keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        mean(AxisSet(axes, of: shape, "mean", file: file, line: line), keepDims: keepDims)
    }

    /// Mean over one axis, or all.
    public func mean(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        mean(AxisSet(axis, of: shape, "mean", file: file, line: line), keepDims: keepDims)
    }

    package func mean(_ set: AxisSet, keepDims: Bool) -> Tensor {
        if !dtype.isFloatingPoint { return to(.float64).mean(set, keepDims: keepDims).to(.float32) }
        let x = real
        let source = shape
        let scale = 1 / Double(set.elementCount(in: shape))
        return x.detached.reduced(LSK_SUM, set, keepDims: keepDims, scale: scale).recording("mean", from: x) { dy in
            (dy * scale).spread(over: set, to: source, keepDims: keepDims)
        }
    }

    /// Product over one axis, or all; of integers in int64. The product of nothing is 1.
    ///
    /// - Gradient: `ȳ` times the product of the others, also where elements are 0.
    public func product(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let set = AxisSet(axis, of: shape, "product", file: file, line: line)
        let source = shape
        let input = calculable
        let x = input.detached
        let y = x.reduced(LSK_PRODUCT, set, keepDims: keepDims)
        guard dtype.isFloatingPoint else { return y }
        return y.recording("product", from: input) { dy in
            // Zeros are replaced by ones. With one zero only its place has a gradient, with two nothing has.
            let isZero = x .== 0
            let safe = x.filled(where: isZero, with: 1)
            let others =
                safe.reduced(LSK_PRODUCT, set, keepDims: true).spread(over: set, to: source, keepDims: true) / safe
            let zeros = isZero.to(x.dtype).reduced(LSK_SUM, set, keepDims: true).spread(
                over: set, to: source, keepDims: true)
            let counts = (zeros .== 0) | (isZero & (zeros .== 1))
            return dy.spread(over: set, to: source, keepDims: keepDims) * others.filled(where: ~counts, with: 0)
        }
    }

    /// Whether any element is not zero, over one axis or all. False for nothing.
    public func any(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let set = AxisSet(axis, of: shape, "any", file: file, line: line)
        return detached.to(.bool).reduced(LSK_MAX, set, keepDims: keepDims)
    }

    /// Whether all elements are not zero, over one axis or all. True for nothing.
    public func all(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let set = AxisSet(axis, of: shape, "all", file: file, line: line)
        if set.elementCount(in: shape) == 0 { return .full(set.reduced(shape, keepDims: keepDims), 1, dtype: .bool) }
        return detached.to(.bool).reduced(LSK_MIN, set, keepDims: keepDims)
    }
}
