// SPDX-License-Identifier: Apache-2.0
// Binary arithmetic with broadcasting: forward and pullback side by side.

package import CLockstepKernels

extension Tensor {
    /// Element-wise sum; shapes broadcast. Gradient: `ȳ` to both.
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        let (a, b) = together(a, b)
        let (x, y) = (a.shape, b.shape)
        return binary(LSK_ADD, "+", a, b).recording("+", from: a, b) { dy, needs in
            (needs.0 ? dy.summed(to: x) : nil, needs.1 ? dy.summed(to: y) : nil)
        }
    }

    /// Element-wise difference; shapes broadcast. Gradient: `ȳ` and `−ȳ`.
    public static func - (a: Tensor, b: Tensor) -> Tensor {
        let (a, b) = together(a, b)
        let (x, y) = (a.shape, b.shape)
        return binary(LSK_SUBTRACT, "-", a, b).recording("-", from: a, b) { dy, needs in
            (needs.0 ? dy.summed(to: x) : nil, needs.1 ? (-dy).summed(to: y) : nil)
        }
    }

    /// Element-wise product; shapes broadcast. Gradient: `ȳ·b` and `ȳ·a`.
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        let (a, b) = together(a, b)
        let (x, y) = (a.detached, b.detached)
        return binary(LSK_MULTIPLY, "*", a, b).recording("*", from: a, b) { dy, needs in
            (needs.0 ? (dy * y).summed(to: x.shape) : nil, needs.1 ? (dy * x).summed(to: y.shape) : nil)
        }
    }

    /// Element-wise quotient; shapes broadcast. Integers are divided as float32. Gradient: `ȳ/b` and `−ȳ·a/b²`.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        let real = DType.promoted(a.dtype, b.dtype).isFloatingPoint
        let (a, b) = real ? together(a, b) : (a.to(.float32), b.to(.float32))
        let (x, y) = (a.detached, b.detached)
        return binary(LSK_DIVIDE, "/", a, b).recording("/", from: a, b) { dy, needs in
            let da = dy / y
            return (needs.0 ? da.summed(to: x.shape) : nil, needs.1 ? (-(da * (x / y))).summed(to: y.shape) : nil)
        }
    }

    // A whole number leaves the type of integers and must be one of theirs; any other makes float32 of them, as PyTorch's.

    /// Adds a number to every element.
    public static func + (a: Tensor, b: Double) -> Tensor {
        let a = a.calculable
        return scalar(LSK_ADD, "+", a, b).recording("+", from: a) { dy in dy }
    }
    /// Adds a number to every element.
    public static func + (a: Double, b: Tensor) -> Tensor { b + a }
    /// Subtracts a number from every element.
    public static func - (a: Tensor, b: Double) -> Tensor {
        let a = a.calculable
        return scalar(LSK_SUBTRACT, "-", a, b).recording("-", from: a) { dy in dy }
    }
    /// Subtracts every element from a number.
    public static func - (a: Double, b: Tensor) -> Tensor {
        let b = b.calculable
        return scalar(LSK_SUBTRACT, "-", a, b).recording("-", from: b) { dy in -dy }
    }
    /// Multiplies every element by a number.
    public static func * (a: Tensor, b: Double) -> Tensor {
        let a = a.calculable
        return scalar(LSK_MULTIPLY, "*", a, b).recording("*", from: a) { dy in dy * b }
    }
    /// Multiplies every element by a number.
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    /// Divides every element by a number.
    public static func / (a: Tensor, b: Double) -> Tensor {
        let a = a.real
        return scalar(LSK_DIVIDE, "/", a, b).recording("/", from: a) { dy in dy / b }
    }
    /// Divides a number by every element.
    public static func / (a: Double, b: Tensor) -> Tensor {
        let x = b.real
        let y = scalar(LSK_DIVIDE, "/", a, x)
        let (saved, input) = (y.detached, x.detached)
        return y.recording("/", from: x) { dy in -(dy * (saved / input)) }
    }
    /// Every element with its sign changed.
    public static prefix func - (a: Tensor) -> Tensor { a * -1.0 }
}

// MARK: - The machinery of every binary operation

extension Tensor {
    /// Applies a binary kernel to broadcast operands, not recorded.
    package static func binary(
        _ op: lsk_binary_op, _ name: StaticString, _ a: Tensor, _ b: Tensor, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        if a.dtype == b.dtype && a.body.isContiguous && b.body.isContiguous && a.dtype != .bfloat16 && a.dtype != .bool
            && a.body.shape == b.body.shape
        {  // the common case needs no thought about types, shapes and layouts
            let result = Tensor.uninitialized(a.body.shape, dtype: a.dtype)
            lsk_binary_contiguous(
                op, a.dtype.kernelType, a.count, result.unsafePointer, a.unsafePointer, 1, b.unsafePointer, 1)
            return result
        }
        guard let shape = Shape.broadcast(a.shape, b.shape) else {
            stop("\(name): shapes do not broadcast: \(a.shape) and \(b.shape)", file: file, line: line)
        }
        let type = arithmeticType(a.dtype, b.dtype)
        let (x, y) = (a.detached.to(type), b.detached.to(type))
        let result = layout(shape, type, x, y)
        if x.isContiguous && y.isContiguous && result.isContiguous
            && (x.shape == y.shape || y.count == 1 || x.count == 1)
        {
            if result.count > 0 {
                lsk_binary_contiguous(
                    op, type.kernelType, result.count, result.unsafePointer, x.unsafePointer,
                    x.count == 1 && result.count != 1 ? 0 : 1, y.unsafePointer,
                    y.count == 1 && result.count != 1 ? 0 : 1)
            }
        } else {
            var iterator = ElementIterator(result, x, y)
            lsk_binary(op, type.kernelType, &iterator.raw)
        }
        return result
    }

    /// Applies a binary kernel to a tensor and a number. One that is not whole turns integers into float32.
    static func scalar(_ op: lsk_binary_op, _ name: StaticString, _ a: Tensor, _ b: Double) -> Tensor {
        scalar(op, name, a, b, numberFirst: false)
    }
    static func scalar(_ op: lsk_binary_op, _ name: StaticString, _ a: Double, _ b: Tensor) -> Tensor {
        scalar(op, name, b, a, numberFirst: true)
    }

    private static func scalar(
        _ op: lsk_binary_op, _ name: StaticString, _ tensor: Tensor, _ number: Double, numberFirst: Bool
    ) -> Tensor {
        let type = scalarType(name, tensor, number)
        let x = tensor.dtype == type ? tensor : tensor.detached.to(type)
        let number = type == .uint8 && number < 0 ? number + 256 : number
        guard x.body.isContiguous || x.body.isDense else {
            let operand = Tensor(number, dtype: type)
            return numberFirst ? binary(op, name, operand, x) : binary(op, name, x, operand)
        }
        let result = x.uninitializedLike()
        var value: UInt64 = 0  // room for one element of any type
        if type == .float32 {
            value = UInt64(Float(number).bitPattern)
        } else {
            lsk_fill(1, &value, type.kernelType, number)
        }
        if numberFirst {
            lsk_binary_contiguous(op, type.kernelType, x.count, result.unsafePointer, &value, 0, x.unsafePointer, 1)
        } else {
            lsk_binary_contiguous(op, type.kernelType, x.count, result.unsafePointer, x.unsafePointer, 1, &value, 0)
        }
        return result
    }

    private static func scalarType(_ name: StaticString, _ tensor: Tensor, _ number: Double) -> DType {
        if tensor.dtype.isFloatingPoint { return arithmeticType(tensor.dtype, tensor.dtype) }
        if number != number.rounded() || number.isInfinite { return .float32 }
        let type = tensor.dtype == .bool ? .int64 : tensor.dtype
        require(
            type.calculates(with: number), type.refusal(name, number) + "; convert the tensor of \(tensor.shape) first")
        return type
    }

    /// The operands in the type in which they are added or multiplied; converting them is recorded.
    @inline(__always)
    static func together(_ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
        if a.body.dtype == b.body.dtype && a.body.dtype != .bfloat16 { return (a, b) }
        let type = arithmeticType(a.dtype, b.dtype)
        return (a.to(type), b.to(type))
    }

    /// `self`, or as float32 where the type is for storage only; converting is recorded.
    @inline(__always)
    var calculable: Tensor { body.dtype == .bfloat16 ? to(.float32) : self }

    /// The type arithmetic is done in: bfloat16 in float32, bool in int64.
    package static func arithmeticType(_ a: DType, _ b: DType) -> DType {
        switch DType.promoted(a, b) {
        case .bfloat16: .float32
        case .bool: .int64
        case let type: type
        }
    }

    /// A new tensor of `shape` in the memory order of the operand that already has that shape.
    package static func layout(_ shape: Shape, _ type: DType, _ a: Tensor, _ b: Tensor) -> Tensor {
        if a.shape == shape && !(a.isContiguous) { return a.uninitializedLike(dtype: type) }
        if b.shape == shape && !(b.isContiguous) && a.shape != shape { return b.uninitializedLike(dtype: type) }
        return .uninitialized(shape, dtype: type)
    }

    /// Adds `source` into the memory of `destination` (same shape): for gradients that have a place of their own.
    package static func add(_ source: Tensor, into destination: Tensor) {
        let x = source.detached.to(destination.dtype)
        if x.isContiguous && destination.isContiguous {
            if x.count > 0 {
                lsk_binary_contiguous(
                    LSK_ADD, destination.dtype.kernelType, x.count, destination.unsafePointer,
                    destination.unsafePointer, 1,
                    x.unsafePointer, 1)
            }
        } else {
            var iterator = ElementIterator(destination, destination, x)
            lsk_binary(LSK_ADD, destination.dtype.kernelType, &iterator.raw)
        }
    }
}
