// SPDX-License-Identifier: Apache-2.0
// Element-wise arithmetic, products and means, as layers write them.

extension ONNXGraph {
    /// An operator that leaves the shape.
    func map(
        _ op: String, _ x: ONNXValue, _ attributes: KeyValuePairs<String, ONNXAttribute> = [:],
        element: ONNXElement? = nil
    ) -> ONNXValue {
        add(op, [x], attributes, shape: x.shape, element: element)
    }

    /// An operator of two values that are broadcast.
    func combine(_ op: String, _ a: ONNXValue, _ b: ONNXValue, element: ONNXElement? = nil) -> ONNXValue {
        add(op, [a, b], shape: Self.broadcast(a.shape, b.shape), element: element)
    }

    func sum(_ a: ONNXValue, _ b: ONNXValue) -> ONNXValue { combine("Add", a, b) }
    func product(_ a: ONNXValue, _ b: ONNXValue) -> ONNXValue { combine("Mul", a, b) }
    func sum(_ a: ONNXValue, _ b: Double) -> ONNXValue { combine("Add", a, scalar(b, like: a)) }
    func product(_ a: ONNXValue, _ b: Double) -> ONNXValue { combine("Mul", a, scalar(b, like: a)) }
    func difference(_ a: ONNXValue, _ b: ONNXValue) -> ONNXValue { combine("Sub", a, b) }
    func quotient(_ a: ONNXValue, _ b: ONNXValue) -> ONNXValue { combine("Div", a, b) }
    func quotient(_ a: ONNXValue, _ b: Double) -> ONNXValue { combine("Div", a, scalar(b, like: a)) }

    func cast(_ x: ONNXValue, to element: ONNXElement) -> ONNXValue {
        x.element == element ? x : map("Cast", x, ["to": .int(Int(element.rawValue))], element: element)
    }

    /// `condition ? a : b`.
    func choose(_ condition: ONNXValue, _ a: ONNXValue, _ b: ONNXValue) -> ONNXValue {
        let shape = Self.broadcast(condition.shape, Self.broadcast(a.shape, b.shape))
        return add("Where", [condition, a, b], shape: shape, element: a.element)
    }

    /// `x` between bounds; nil for none.
    func clipped(_ x: ONNXValue, _ low: Double?, _ high: Double?) -> ONNXValue {
        add("Clip", [x, low.map { scalar($0, like: x) }, high.map { scalar($0, like: x) }], shape: x.shape)
    }

    /// `ReduceMean`, `ReduceMax`, … along axes.
    func reduced(_ op: String, _ x: ONNXValue, _ axes: [Int], keepsAxes: Bool = true) -> ONNXValue {
        let axes = axes.map { x.axis($0) }
        let shape = x.shape.enumerated().compactMap { axis, size -> ONNXAxis? in
            axes.contains(axis) ? (keepsAxes ? .size(1) : nil) : size
        }
        return add(op, [x, integers(axes)], ["keepdims": .int(keepsAxes ? 1 : 0)], shape: shape)
    }

    /// The matrix product of the last two axes.
    func matmul(_ a: ONNXValue, _ b: ONNXValue) -> ONNXValue {
        let lead = Self.broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
        return add("MatMul", [a, b], shape: lead + [a.shape[a.rank - 2], b.shape[b.rank - 1]])
    }

    /// `x·wᵀ + b`, `w` `[outputs, inputs]`.
    func linear(_ x: ONNXValue, _ weight: ONNXValue, _ bias: ONNXValue?) -> ONNXValue {
        if x.rank == 2 {
            return add("Gemm", [x, weight, bias], ["transB": 1], shape: [x.shape[0], weight.shape[0]])
        }
        // A vector is no row for Gemm; MatMul takes any number of leading axes.
        let y = add(
            "MatMul", [x, transposed(weight, [1, 0])], shape: x.shape.dropLast() + [weight.shape[0]])
        return bias.map { sum(y, $0) } ?? y
    }

    /// The shape of a result of two.
    static func broadcast(_ a: [ONNXAxis], _ b: [ONNXAxis]) -> [ONNXAxis] {
        let rank = max(a.count, b.count)
        let (left, right) = (
            Array(repeating: .size(1), count: rank - a.count) + a, Array(repeating: .size(1), count: rank - b.count) + b
        )
        return zip(left, right).map { a, b in a == 1 ? b : b == 1 || a == b ? a : a.size != nil ? a : b }
    }
}
