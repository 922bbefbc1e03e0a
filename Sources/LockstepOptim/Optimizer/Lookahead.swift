// SPDX-License-Identifier: Apache-2.0
// Slow weights that follow the fast ones every k steps.

import CLockstepKernels
import LockstepTensor

/// `slow ← slow + α(fast − slow); fast ← slow`, every `k` steps. Zhang et al., arXiv 1907.08610.
struct LookaheadState {
    let k: Int
    let alpha: Double
    var count = 0
    var slow: Tensor?

    init(k: Int, alpha: Double) { (self.k, self.alpha) = (k, alpha) }

    /// Copies the weights before the first step.
    mutating func remember(_ arena: ParameterArena) {
        guard slow == nil else { return }
        let copy = Tensor.uninitialized(arena.values.shape, dtype: arena.gradientType)
        Tensor.copy(arena.values, into: copy)
        slow = copy
    }

    mutating func blend(_ arena: ParameterArena) {
        count += 1
        guard count % k == 0, let slow else { return }
        let fast = arena.values.to(arena.gradientType)
        lsk_axpby(slow.dtype.kernelType, arena.count, slow.unsafePointer, 1 - alpha, fast.unsafePointer, alpha)
        Tensor.copy(slow, into: arena.values)
    }
}
