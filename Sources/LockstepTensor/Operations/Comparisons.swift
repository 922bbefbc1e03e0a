// SPDX-License-Identifier: Apache-2.0
// Element-wise comparisons and logic. Results are boolean and carry no gradient.

import CLockstepKernels

extension Tensor {
    /// Where `a` equals `b`; shapes broadcast. NaN equals nothing.
    public static func .== (a: Tensor, b: Tensor) -> Tensor { compare(LSK_EQUAL, ".==", a, b) }
    /// Where `a` differs from `b`; shapes broadcast.
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { compare(LSK_NOT_EQUAL, ".!=", a, b) }
    /// Where `a` is less than `b`; shapes broadcast.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { compare(LSK_LESS, ".<", a, b) }
    /// Where `a` is at most `b`; shapes broadcast.
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { compare(LSK_LESS_EQUAL, ".<=", a, b) }
    /// Where `a` is greater than `b`; shapes broadcast.
    public static func .> (a: Tensor, b: Tensor) -> Tensor { compare(LSK_GREATER, ".>", a, b) }
    /// Where `a` is at least `b`; shapes broadcast.
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { compare(LSK_GREATER_EQUAL, ".>=", a, b) }

    // Integers are compared with the number itself, whatever it is: fractions, infinities and numbers beyond their type.

    /// Where an element equals a number.
    public static func .== (a: Tensor, b: Double) -> Tensor { compare(LSK_EQUAL, a, b) }
    /// Where an element differs from a number.
    public static func .!= (a: Tensor, b: Double) -> Tensor { compare(LSK_NOT_EQUAL, a, b) }
    /// Where an element is less than a number.
    public static func .< (a: Tensor, b: Double) -> Tensor { compare(LSK_LESS, a, b) }
    /// Where an element is at most a number.
    public static func .<= (a: Tensor, b: Double) -> Tensor { compare(LSK_LESS_EQUAL, a, b) }
    /// Where an element is greater than a number.
    public static func .> (a: Tensor, b: Double) -> Tensor { compare(LSK_GREATER, a, b) }
    /// Where an element is at least a number.
    public static func .>= (a: Tensor, b: Double) -> Tensor { compare(LSK_GREATER_EQUAL, a, b) }

    /// Where a boolean tensor is false.
    public static prefix func ~ (a: Tensor) -> Tensor {
        require(a.dtype == .bool, "~: a boolean tensor is needed, this one is \(a.dtype)")
        let result = a.uninitializedLike()
        var iterator = ElementIterator(result, a)
        lsk_not(&iterator.raw)
        return result
    }

    /// Where both boolean tensors are true; shapes broadcast.
    public static func & (a: Tensor, b: Tensor) -> Tensor { logic("&", a, b, lsk_and) }

    /// Where either boolean tensor is true; shapes broadcast.
    public static func | (a: Tensor, b: Tensor) -> Tensor { logic("|", a, b, lsk_or) }

    /// Where an element is not a number.
    public func isNaN() -> Tensor { test(LSK_IS_NAN) }

    /// Where an element is neither infinite nor NaN; everywhere for integers.
    public func isFinite() -> Tensor { test(LSK_IS_FINITE) }
}

extension Tensor {
    private static func compare(_ op: lsk_compare_op, _ name: StaticString, _ a: Tensor, _ b: Tensor) -> Tensor {
        guard let shape = Shape.broadcast(a.shape, b.shape) else {
            stop("\(name): shapes do not broadcast: \(a.shape) and \(b.shape)", file: #fileID, line: #line)
        }
        let type = comparedType(a.dtype, b.dtype)
        let (x, y) = (a.detached.to(type), b.detached.to(type))
        let result = layout(shape, .bool, x, y)
        if x.shape == y.shape && sameDenseLayout(x, y) {
            lsk_compare_contiguous(
                op, type.kernelType, x.count, result.unsafePointer, x.unsafePointer, y.unsafePointer, 1)
        } else {
            var iterator = ElementIterator(result, x, y)
            lsk_compare(op, type.kernelType, &iterator.raw)
        }
        return result
    }

    private static func compare(_ op: lsk_compare_op, _ a: Tensor, _ b: Double) -> Tensor {
        if a.dtype.isFloatingPoint {
            return compareNumber(op, a.detached.real, b)
        }
        // x < 2.5 is x < 3, and x > 2.5 is x > 2.
        let bound = op == LSK_LESS || op == LSK_GREATER_EQUAL ? b.rounded(.up) : b.rounded(.down)
        let isEqual = op == LSK_EQUAL || op == LSK_NOT_EQUAL
        if DType.int64.holds(bound) && (bound == b || !isEqual) {
            return compareNumber(op, a.detached.to(.int64), bound)
        }
        // A fraction, NaN, or a number beyond all integers: the answer is the same for every element.
        let isMore = op == LSK_GREATER || op == LSK_GREATER_EQUAL
        let isTrue = isEqual ? op == LSK_NOT_EQUAL : !b.isNaN && (b < 0) == isMore
        let result = a.uninitializedLike(dtype: .bool)
        result.fillMemory(isTrue ? 1 : 0)
        return result
    }

    /// With a number that the tensor's type holds.
    private static func compareNumber(_ op: lsk_compare_op, _ x: Tensor, _ b: Double) -> Tensor {
        let type = x.dtype
        let result = x.uninitializedLike(dtype: .bool)
        if x.isContiguous || x.body.isDense {
            var number: UInt64 = 0
            lsk_fill(1, &number, type.kernelType, b)
            lsk_compare_contiguous(op, type.kernelType, x.count, result.unsafePointer, x.unsafePointer, &number, 0)
        } else {
            var iterator = ElementIterator(result, x, Tensor(b, dtype: type))
            lsk_compare(op, type.kernelType, &iterator.raw)
        }
        return result
    }

    /// The type two operands are compared in: bfloat16 in float32, everything else where the two meet.
    private static func comparedType(_ a: DType, _ b: DType) -> DType {
        let type = DType.promoted(a, b)
        return type == .bfloat16 ? .float32 : type
    }

    private static func logic(
        _ name: StaticString, _ a: Tensor, _ b: Tensor, _ kernel: (UnsafeMutablePointer<lsk_iterator>) -> Void
    ) -> Tensor {
        require(
            a.dtype == .bool && b.dtype == .bool,
            "\(name): boolean tensors are needed, these are \(a.dtype) and \(b.dtype)")
        guard let shape = Shape.broadcast(a.shape, b.shape) else {
            stop("\(name): shapes do not broadcast: \(a.shape) and \(b.shape)", file: #fileID, line: #line)
        }
        let result = layout(shape, .bool, a, b)
        var iterator = ElementIterator(result, a, b)
        kernel(&iterator.raw)
        return result
    }

    private func test(_ op: lsk_test_op) -> Tensor {
        guard dtype.isFloatingPoint else { return .full(shape, op == LSK_IS_FINITE ? 1 : 0, dtype: .bool) }
        let x = detached.real
        let result = x.uninitializedLike(dtype: .bool)
        var iterator = ElementIterator(result, x)
        lsk_test(op, x.dtype.kernelType, &iterator.raw)
        return result
    }
}
