// SPDX-License-Identifier: Apache-2.0
// Running sums.

import CLockstepKernels

extension Tensor {
    /// `yᵢ = x₀ + … + xᵢ` along `axis`; integers in int64, float32 added up in float64.
    ///
    /// - Gradient: the running sum of `ȳ` from the end.
    public func cumsum(axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let axis = shape.axis(axis, of: "cumsum", file: file, line: line)
        let x = dtype.isFloatingPoint ? real : to(.int64)
        return x.running(axis, reverse: 0).recording("cumsum", from: x) { dy in dy.running(axis, reverse: 1) }
    }

    private func running(_ axis: Int, reverse: Int32) -> Tensor {
        let x = detached.dense
        let y = x.uninitializedLike()
        let lines = DenseLines(x, axis: axis)
        lsk_cumsum(x.dtype.kernelType, lines.outer, lines.count, lines.inner, y.unsafePointer, x.unsafePointer, reverse)
        return y
    }
}
