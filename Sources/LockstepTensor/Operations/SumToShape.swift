// SPDX-License-Identifier: Apache-2.0
// Undoing a broadcast: the one place where gradients are summed over repeated axes.

import CLockstepKernels

extension Tensor {
    /// Sums over the axes along which a tensor of `target` was repeated to reach this shape; not recorded.
    package func summed(to target: Shape) -> Tensor {
        if body.shape == target { return self }
        let x = dtype == .bfloat16 ? detached.to(.float32) : self
        let result = Tensor.uninitialized(target, dtype: x.dtype.isFloatingPoint ? x.dtype : .int64)
        var iterator = ElementIterator(reducing: x, to: result)
        lsk_reduce(LSK_SUM, x.dtype.kernelType, &iterator.raw, 1)
        return result
    }
}
