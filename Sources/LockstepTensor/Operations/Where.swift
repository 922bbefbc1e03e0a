// SPDX-License-Identifier: Apache-2.0
// Choosing element by element: by a mask, or the greater or smaller of two.

import CLockstepKernels

extension Tensor {
    /// `a` where `condition` is true, `b` elsewhere; all three broadcast together.
    ///
    /// - Parameter condition: Boolean.
    /// - Gradient: `ȳ` to the operand that was chosen, 0 to the other.
    public static func `where`(
        _ condition: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            condition.dtype == .bool, "where: the condition must be boolean, it is \(condition.dtype)", file: file,
            line: line)
        guard let both = Shape.broadcast(a.shape, b.shape), let shape = Shape.broadcast(condition.shape, both) else {
            stop(
                "where: shapes do not broadcast: \(condition.shape), \(a.shape) and \(b.shape)", file: file, line: line)
        }
        let type = DType.promoted(a.dtype, b.dtype)
        let mask = condition.detached
        let (a, b) = (a.to(type), b.to(type))
        let (sa, sb) = (a.shape, b.shape)
        return choose(mask, a.detached, b.detached, shape).recording("where", from: a, b) {
            dy, needs in
            let zero = Tensor(0, dtype: dy.dtype)
            return (
                needs.0 ? choose(mask, dy, zero, shape).summed(to: sa) : nil,
                needs.1 ? choose(mask, zero, dy, shape).summed(to: sb) : nil
            )
        }
    }

    /// This tensor with `value` where `mask` is true; the mask broadcasts to this shape.
    ///
    /// - Gradient: `ȳ` where the mask is false, 0 elsewhere.
    /// - Precondition: an integer type holds `value`.
    public func filled(
        where mask: Tensor, with value: Double, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(mask.dtype == .bool, "filled: the mask must be boolean, it is \(mask.dtype)", file: file, line: line)
        require(
            Shape.broadcast(mask.shape, shape) == shape, "filled: a mask of shape \(mask.shape) does not fit \(shape)",
            file: file, line: line)
        require(dtype.holds(value), dtype.refusal("filled", value), file: file, line: line)
        let (mask, shape) = (mask.detached, shape)
        return Tensor.choose(mask, Tensor(value, dtype: dtype), detached, shape).recording("filled", from: self) { dy in
            Tensor.choose(mask, Tensor(0, dtype: dy.dtype), dy, shape)
        }
    }

    private static func choose(_ mask: Tensor, _ a: Tensor, _ b: Tensor, _ shape: Shape) -> Tensor {
        let result = layout(shape, a.dtype, a, b)
        var iterator = ElementIterator(result, mask, a, b)
        lsk_where(a.dtype.byteCount, &iterator.raw)
        return result
    }

    /// The part of `dy` that `a` receives when it competes with `b`: all where greater, half where equal.
    fileprivate static func share(_ dy: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        let result = dy.uninitializedLike()
        var iterator = ElementIterator(result, dy, a.to(dy.dtype), b.to(dy.dtype))
        lsk_maximum_gradient(dy.dtype.kernelType, &iterator.raw)
        return result
    }
}

/// The greater of two, element by element; shapes broadcast; NaN in either reaches the result.
///
/// - Gradient: `ȳ` to the greater one, half to each where they are equal (as PyTorch).
public func maximum(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let (a, b) = Tensor.together(a, b)
    let (x, y) = (a.detached, b.detached)
    return Tensor.binary(LSK_MAXIMUM, "maximum", a, b, file: file, line: line).recording("maximum", from: a, b) {
        dy, needs in
        (
            needs.0 ? Tensor.share(dy, x, y).summed(to: x.shape) : nil,
            needs.1 ? Tensor.share(dy, y, x).summed(to: y.shape) : nil
        )
    }
}

/// The smaller of two, element by element; shapes broadcast; NaN in either reaches the result.
///
/// - Gradient: `ȳ` to the smaller one, half to each where they are equal (as PyTorch).
public func minimum(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let (a, b) = Tensor.together(a, b)
    let (x, y) = (a.detached, b.detached)
    return Tensor.binary(LSK_MINIMUM, "minimum", a, b, file: file, line: line).recording("minimum", from: a, b) {
        dy, needs in
        (
            needs.0 ? Tensor.share(dy, y, x).summed(to: x.shape) : nil,
            needs.1 ? Tensor.share(dy, x, y).summed(to: y.shape) : nil
        )
    }
}
