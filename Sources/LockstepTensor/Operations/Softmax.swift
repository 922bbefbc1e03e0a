// SPDX-License-Identifier: Apache-2.0
// Softmax and its logarithm, each one kernel forward and one backward.

import CLockstepKernels

extension Tensor {
    /// `e^xᵢ / Σ e^xⱼ` along `axis`: positive, adds up to 1, the same for `x + c`.
    ///
    /// Computed without overflow; a line that is all `−∞` gives NaN. Gradient: `y·(ȳ − Σ ȳ·y)`.
    public func softmax(axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        normalized("softmax", axis: shape.axis(axis, of: "softmax", file: file, line: line), logarithm: 0)
    }

    /// `xᵢ − log Σ e^xⱼ` along `axis`: more accurate than the logarithm of the softmax, which underflows.
    ///
    /// - Gradient: `ȳ − e^y·Σ ȳ`.
    public func logSoftmax(axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        normalized("logSoftmax", axis: shape.axis(axis, of: "logSoftmax", file: file, line: line), logarithm: 1)
    }

    private func normalized(_ name: StaticString, axis: Int, logarithm: Int32) -> Tensor {
        let x = real.dense
        let y = x.uninitializedLike()
        let lines = DenseLines(x, axis: axis)
        lsk_softmax(
            x.dtype.kernelType, lines.outer, lines.count, lines.inner, y.unsafePointer, x.unsafePointer, logarithm)
        return y.recording(name, from: x) { dy in
            let gradient = dy.laidOut(as: y)
            let dx = y.uninitializedLike()
            lsk_softmax_gradient(
                y.dtype.kernelType, lines.outer, lines.count, lines.inner, dx.unsafePointer, gradient.unsafePointer,
                y.unsafePointer, logarithm)
            return dx
        }
    }
}
