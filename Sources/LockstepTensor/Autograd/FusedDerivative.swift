// SPDX-License-Identifier: Apache-2.0
// A derivative that whoever makes the gradient can apply on the way, in the store of a product.

import CLockstepKernels

/// The first thing that happens to a gradient arriving at an operation whose derivative is element-wise.
///
/// Gradients arrive either as they are, and are multiplied together, or from a kernel that has already multiplied them.
final class FusedDerivative {
    /// The factor; or, when `keepsPositive`, the values whose sign decides.
    let saved: Tensor
    let keepsPositive: Bool
    /// The sum of the gradients that have been multiplied.
    @exclusivity(unchecked) var multiplied: Tensor?
    /// A gradient that is added to the pending one on its way through.
    @exclusivity(unchecked) var second: Tensor?

    init(factor: Tensor) { (saved, keepsPositive) = (factor.detached, false) }
    /// Gradients are kept where `values` are above 0, as a rectifier's are.
    init(positive values: Tensor) { (saved, keepsPositive) = (values.detached, true) }

    /// `gradient` times the derivative, in its own memory where nobody else can see that.
    func apply(to gradient: consuming Tensor, adding second: Tensor?) -> Tensor {
        guard keepsPositive, gradient.dtype == saved.dtype, Tensor.sameDenseLayout(gradient, saved),
            second.map({ $0.dtype == saved.dtype && Tensor.sameDenseLayout($0, saved) }) ?? true, gradient.isExclusive
        else {
            let whole = second.map { gradient.detached + $0.detached } ?? gradient.detached
            return apply(to: whole)
        }
        lsk_relu_backward(
            saved.dtype.kernelType, saved.count, gradient.unsafePointer, second?.unsafePointer, saved.unsafePointer)
        return gradient
    }

    private func apply(to gradient: Tensor) -> Tensor {
        if keepsPositive { return gradient.timesDerivative(LSK_RELU, saved) }
        return (gradient.dtype == saved.dtype ? gradient.detached : gradient.detached.to(saved.dtype)) * saved
    }

    /// Whether a kernel that writes contiguous rows of this many elements and type can apply it.
    func fits(count: Int, dtype: DType) -> Bool { saved.isContiguous && saved.count == count && saved.dtype == dtype }
}

extension GradientNode {
    /// Adds a gradient that has been multiplied.
    final func receiveMultiplied(_ gradient: Tensor) {
        guard let derivative else { return receive(gradient) }
        guard let held = derivative.multiplied.take() else {
            derivative.multiplied = gradient
            return
        }
        derivative.multiplied = Tensor.sum(consuming: consume held, gradient)
    }

    /// Whether `gradient` can wait for the pending one and be multiplied together with it.
    final func defers(_ gradient: Tensor) -> Bool {
        guard let derivative, derivative.keepsPositive, derivative.second == nil else { return false }
        derivative.second = gradient
        return true
    }

    /// Whether anything has arrived.
    final var hasArrived: Bool { pending != nil || derivative?.multiplied != nil }

    /// The sum of what has arrived, times the derivative; nil when nothing has.
    final func takeArrived() -> Tensor? {
        guard let derivative else { return pending.take() }
        let (multiplied, second) = (derivative.multiplied.take(), derivative.second.take())
        guard let raw = pending.take() else { return multiplied }
        let gradient = derivative.apply(to: consume raw, adding: second)
        guard let multiplied else { return gradient }
        return Tensor.sum(consuming: consume multiplied, gradient)
    }
}

extension GradientFlow {
    /// Takes what has arrived at input `index` so far, for a kernel that adds to it in its own pass; nil where that is
    /// nothing, or nothing such a kernel can read.
    func takeArrived(_ index: Int, shape: Shape, dtype: DType) -> Tensor? {
        guard let node = node.input(index), node.derivative == nil, let held = node.pending, held.isContiguous,
            held.shape == shape, held.dtype == dtype
        else { return nil }
        node.pending = nil
        return held
    }

    /// Sends `a · b`, seen as `shape`, to input `index`: into its gradient's own memory when it has some, times its derivative
    /// when it has one.
    func sendProduct(_ index: Int, _ a: BLASMatrix, _ b: BLASMatrix, shape: Shape? = nil) {
        if accumulate(into: index, { Tensor.multiply(a, b, into: $0, beta: $1) }) { return }
        guard let receiver = node.input(index) else { return }
        let dtype = a.tensor.dtype
        let product = Tensor.uninitialized(shape ?? [a.rows, b.columns], dtype: dtype)
        guard let derivative = receiver.derivative, derivative.fits(count: product.count, dtype: dtype) else {
            Tensor.multiply(a, b, into: product)
            return send(index, product)
        }
        var epilogue = lsk_epilogue()
        epilogue.factor = UnsafeRawPointer(derivative.saved.unsafePointer)
        epilogue.factor_row = b.columns
        epilogue.factor_is_mask = derivative.keepsPositive ? 1 : 0
        Tensor.multiply(a, b, into: product, then: &epilogue)
        receiver.receiveMultiplied(product)
    }
}

extension Tensor {
    /// Records this result as `name` of one input whose gradient is multiplied by `derivative`.
    func recording(
        _ name: StaticString, from input: Tensor, through derivative: @autoclosure () -> FusedDerivative
    ) -> Tensor {
        guard let node = input.node, lsk_is_recording() != 0 else { return detached }
        let step = GradientNode(name, node, rule: .unary { $0 })
        step.derivative = derivative()
        return Tensor(body, node: step)
    }
}
