// SPDX-License-Identifier: Apache-2.0
// Printing tensors as NumPy does: nested brackets, aligned columns, the middle of long axes left out.

extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
    /// The elements in brackets, four digits after the point, shortened beyond 1000 elements.
    ///
    /// ```
    /// [[ 1.0000, -2.5000],
    ///  [10.0000,  0.0000]]
    /// ```
    public var description: String { TensorPrinter(self).text }

    /// The description followed by element type, shape, strides and whether the value is recorded.
    public var debugDescription: String {
        let recorded = node.map { $0 is LeafNode ? ", leaf" : ", recorded by \($0.name)" } ?? ""
        return "\(description) (\(dtype), shape \(shape), strides \(body.strides)\(recorded))"
    }
}

/// Formats the elements that are shown and lays them out.
private struct TensorPrinter {
    /// From here on axes longer than twice `edge` show only their ends.
    static let threshold = 1000
    static let edge = 3

    let text: String

    init(_ tensor: Tensor) {
        let shape = tensor.shape
        guard tensor.count > 0 else {
            text = shape.rank == 1 ? "[]" : "[] (shape \(shape))"
            return
        }
        let shortened = tensor.count > Self.threshold
        let shown: [[Int]] = shape.map { size in
            shortened && size > 2 * Self.edge ? Array(0..<Self.edge) + Array(size - Self.edge..<size) : Array(0..<size)
        }
        var places = [0]
        for axis in 0..<shape.rank {
            let stride = tensor.body.strides[axis]
            places = places.flatMap { place in shown[axis].map { place + $0 * stride } }
        }
        let elements = places.map { tensor.view([], strides: [], offset: $0) }
        let cells =
            tensor.dtype.isInteger
            ? elements.map { String($0.ints[0]) }
            : tensor.dtype == .bool ? elements.map { String($0.bools[0]) } : Self.format(elements.map { $0.item() })
        let width = cells.map(\.count).max() ?? 0
        var next = 0
        func row(_ axis: Int) -> String {
            if axis == shape.rank {
                defer { next += 1 }
                return String(repeating: " ", count: shape.rank == 0 ? 0 : width - cells[next].count) + cells[next]
            }
            var parts = shown[axis].map { _ in row(axis + 1) }
            if shown[axis].count < shape[axis] { parts.insert("…", at: Self.edge) }
            let inner = axis == shape.rank - 1
            let separator =
                inner
                ? ", "
                : "," + String(repeating: "\n", count: shape.rank - 1 - axis)
                    + String(repeating: " ", count: axis + 1)
            return "[" + parts.joined(separator: separator) + "]"
        }
        text = row(0)
    }

    /// Whole numbers as `3.`, extreme ranges in scientific notation, anything else with four decimals.
    private static func format(_ values: [Double]) -> [String] {
        let magnitudes = values.filter { $0.isFinite && $0 != 0 }.map(abs)
        let (least, greatest) = (magnitudes.min() ?? 1, magnitudes.max() ?? 1)
        if values.allSatisfy({ !$0.isFinite || ($0 == $0.rounded() && abs($0) < 1e8) }) {
            return values.map { $0.isFinite ? fixed($0, digits: 0) + "." : special($0) }
        }
        if greatest >= 1e8 || least < 1e-4 || greatest / least > 1e8 {
            return values.map { $0.isFinite ? scientific($0) : special($0) }
        }
        return values.map { $0.isFinite ? fixed($0, digits: 4) : special($0) }
    }

    private static func special(_ value: Double) -> String { value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }

    /// `value` with `digits` decimals, rounded half to even as printf does with exact halves.
    private static func fixed(_ value: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * scale).rounded(.toNearestOrEven)
        let sign = value < 0 || (value == 0 && value.sign == .minus) ? "-" : ""
        if digits == 0 { return sign + String(Int64(scaled)) }
        let whole = Int64(scaled)
        let fraction = String(whole % Int64(scale))
        return sign + String(whole / Int64(scale)) + "." + String(repeating: "0", count: digits - fraction.count)
            + fraction
    }

    /// `value` as `1.2346e-05`.
    private static func scientific(_ value: Double) -> String {
        guard value != 0 else { return "0.0000e+00" }
        var (mantissa, exponent) = (abs(value), 0)
        while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        if mantissa >= 9.99995 { (mantissa, exponent) = (1, exponent + 1) }
        let power = String(abs(exponent))
        return (value < 0 ? "-" : "") + fixed(mantissa, digits: 4) + (exponent < 0 ? "e-" : "e+")
            + (power.count < 2 ? "0" : "") + power
    }
}
