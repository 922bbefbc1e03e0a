// SPDX-License-Identifier: Apache-2.0
// What every function of one operand shares: choosing the type, the layout and the kernel.

package import CLockstepKernels

extension Tensor {
    /// `self` when it is float32 or float64, otherwise converted to float32.
    package var real: Tensor { dtype == .float32 || dtype == .float64 ? self : to(.float32) }

    /// Whether two tensors of one shape hold each element at the same distance from the first, without gaps.
    @inline(__always)
    package static func sameDenseLayout(_ a: Tensor, _ b: Tensor) -> Bool {
        if a.body.isContiguous && b.body.isContiguous { return true }
        return a.body.strides == b.body.strides && a.body.isDense
    }

    /// Applies a kernel to every element, in the memory order of `self`; not recorded.
    @inline(__always)
    package func mapped(_ op: lsk_unary_op, _ p0: Double = 0, _ p1: Double = 0) -> Tensor {
        let scalars = lsk_unary_scalars(p0: p0, p1: p1)
        let result = uninitializedLike()
        if body.isContiguous || body.isDense {
            lsk_unary_contiguous(op, dtype.kernelType, count, result.unsafePointer, unsafePointer, scalars)
        } else {
            var iterator = ElementIterator(result, self)
            lsk_unary(op, dtype.kernelType, &iterator.raw, scalars)
        }
        return result
    }

    /// `dy` times the derivative of `op`, from what `op` saved. `self` is `dy`; not recorded.
    package func timesDerivative(_ op: lsk_unary_op, _ saved: Tensor, _ p0: Double = 0, _ p1: Double = 0) -> Tensor {
        let scalars = lsk_unary_scalars(p0: p0, p1: p1)
        let dy = dtype == saved.dtype ? self : to(saved.dtype)
        let result = saved.uninitializedLike()
        if Tensor.sameDenseLayout(dy, saved) {
            lsk_unary_gradient_contiguous(
                op, saved.dtype.kernelType, saved.count, result.unsafePointer, dy.unsafePointer, saved.unsafePointer,
                scalars)
        } else {
            var iterator = ElementIterator(result, dy, saved)
            lsk_unary_gradient(op, saved.dtype.kernelType, &iterator.raw, scalars)
        }
        return result
    }

    /// Records an operation whose pullback needs its own result.
    @inline(__always)
    func function(_ name: StaticString, savingResult op: lsk_unary_op) -> Tensor {
        let x = real
        let y = x.mapped(op)
        return y.recording(name, from: x) { dy in dy.timesDerivative(op, y) }
    }

    /// Records an operation whose pullback needs its input.
    @inline(__always)
    func function(_ name: StaticString, savingInput op: lsk_unary_op, _ p0: Double = 0, _ p1: Double = 0) -> Tensor {
        let x = real
        let saved = x.detached
        return x.mapped(op, p0, p1).recording(name, from: x) { dy in dy.timesDerivative(op, saved, p0, p1) }
    }

    /// Records a piecewise constant operation: its gradient is zero.
    @inline(__always)
    func function(_ name: StaticString, constant op: lsk_unary_op) -> Tensor {
        let x = real
        return x.mapped(op).recording(name, from: x) { dy in .zeros(like: dy) }
    }
}
