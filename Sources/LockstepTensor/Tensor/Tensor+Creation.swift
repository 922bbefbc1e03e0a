// SPDX-License-Identifier: Apache-2.0
// Making tensors from Swift values and from nothing.

import CLockstepKernels

extension Tensor {
    /// A tensor of `shape` with the given elements in row-major order.
    /// - Precondition: `elements.count` equals the product of `shape`.
    public init<Element: TensorElement>(
        _ elements: [Element], shape: Shape, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            elements.count == shape.elementCount,
            "Tensor: \(elements.count) elements do not fill shape \(shape) of \(shape.elementCount)",
            file: file, line: line)
        self = .uninitialized(shape, dtype: Element.dtype)
        elements.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { unsafePointer.copyMemory(from: base, byteCount: bytes.count) }
        }
    }

    /// A vector.
    @_disfavoredOverload  // so that literals mean float32
    public init<Element: TensorElement>(_ elements: [Element]) { self.init(elements, shape: [elements.count]) }

    /// A vector of float32. The spelling `Tensor([1, 2, 3])` means this one.
    public init(_ elements: [Float]) { self.init(elements, shape: [elements.count]) }

    /// A matrix from rows of equal length.
    @_disfavoredOverload
    public init<Element: TensorElement>(_ rows: [[Element]], file: StaticString = #fileID, line: UInt = #line) {
        let width = rows.first?.count ?? 0
        require(
            rows.allSatisfy { $0.count == width }, "Tensor: rows of different lengths: \(rows.map(\.count))",
            file: file, line: line)
        self.init(Array(rows.joined()), shape: [rows.count, width], file: file, line: line)
    }

    /// A matrix of float32 from rows of equal length.
    public init(_ rows: [[Float]], file: StaticString = #fileID, line: UInt = #line) {
        let width = rows.first?.count ?? 0
        require(
            rows.allSatisfy { $0.count == width }, "Tensor: rows of different lengths: \(rows.map(\.count))",
            file: file, line: line)
        self.init(Array(rows.joined()), shape: [rows.count, width], file: file, line: line)
    }

    /// A scalar of the given type.
    /// - Precondition: an integer type holds `value`.
    public init(
        _ value: Double, dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
    ) { self = .full([], value, dtype: dtype, file: file, line: line) }

    /// Every element `value`.
    /// - Precondition: an integer type holds `value`: a whole number within its range.
    public static func full(
        _ shape: Shape, _ value: Double, dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(dtype.holds(value), dtype.refusal("full", value), file: file, line: line)
        let result = uninitialized(shape, dtype: dtype)
        lsk_fill(result.count, result.unsafePointer, dtype.kernelType, value)
        return result
    }

    /// Every element 0.
    public static func zeros(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 0, dtype: dtype) }

    /// Every element 1.
    public static func ones(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 1, dtype: dtype) }

    /// Every element 0, with the shape and type of `other`.
    public static func zeros(like other: Tensor) -> Tensor { zeros(other.shape, dtype: other.dtype) }

    /// Every element 1, with the shape and type of `other`.
    public static func ones(like other: Tensor) -> Tensor { ones(other.shape, dtype: other.dtype) }

    /// `0, 1, …, count − 1`.
    public static func arange(_ count: Int, dtype: DType = .int64) -> Tensor {
        arange(from: 0, to: Double(count), by: 1, dtype: dtype)
    }

    /// `start, start + step, …`, ending before `end`.
    /// - Precondition: the numbers are finite, and an integer type holds them.
    public static func arange(
        from start: Double, to end: Double, by step: Double = 1, dtype: DType = .float32,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(step != 0, "arange: the step is 0", file: file, line: line)
        let length = ((end - start) / step).rounded(.up)
        require(
            start.isFinite && step.isFinite && length < 0x1p48,
            "arange: from \(start) to \(end) by \(step) are \(length) numbers", file: file, line: line)
        let count = Swift.max(0, Int(length))
        if count > 0 && dtype.isInteger {
            for number in count > 1 ? [start, start + step, start + Double(count - 1) * step] : [start] {
                require(dtype.holds(number), dtype.refusal("arange", number), file: file, line: line)
            }
        }
        let result = uninitialized([count], dtype: dtype)
        lsk_arange(count, result.unsafePointer, dtype.kernelType, start, step)
        return result
    }

    /// `count` values from `start` to `end`, both included; integers are cut off toward zero.
    ///
    /// The first half is counted from `start`, the second from `end`, so that both are met exactly and the values between
    /// −x and x lie symmetrically. Computed in float64.
    /// - Precondition: an integer type holds `start` and `end`, cut off.
    public static func linspace(
        _ start: Double, _ end: Double, count: Int, dtype: DType = .float32, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        require(count >= 0, "linspace: \(count) values", file: file, line: line)
        for number in [start, end] {
            require(
                dtype.holds(number.rounded(.towardZero)), dtype.refusal("linspace", number), file: file, line: line)
        }
        let result = uninitialized([count], dtype: dtype)
        lsk_linspace(count, result.unsafePointer, dtype.kernelType, start, end)
        return result
    }

    /// The identity matrix of size `n`.
    public static func eye(_ n: Int, dtype: DType = .float32) -> Tensor {
        let result = zeros([n, n], dtype: dtype)
        for i in 0..<n { lsk_fill(1, result.unsafePointer + i * (n + 1) * dtype.byteCount, dtype.kernelType, 1) }
        return result
    }
}
