// SPDX-License-Identifier: Apache-2.0
// Undoing a broadcast: the one place where gradients are summed over repeated axes.

import CLockstepKernels

extension Tensor {
    /// Sums over the axes along which a tensor of `target` was repeated to reach this shape; not recorded.
    package func summed(to target: Shape) -> Tensor {
        if body.shape == target { return self }
        if dtype == .bfloat16 { return detached.to(.float32).summed(to: target).to(.bfloat16) }
        let result = Tensor.uninitialized(target, dtype: dtype.isFloatingPoint ? dtype : .int64)
        var iterator = ElementIterator(reducing: self, to: result)
        lsk_reduce(LSK_SUM, dtype.kernelType, &iterator.raw, 1)
        return result
    }
}
