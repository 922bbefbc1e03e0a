// SPDX-License-Identifier: Apache-2.0
// Element-wise layers, and those that do nothing in evaluation, in ONNX.

import LockstepNN
import LockstepTensor

extension ReLU: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { graph.map("Relu", x) }
}

extension LeakyReLU: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.map("LeakyRelu", x, ["alpha": .float(slope)])
    }
}

extension GELU: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.gelu(x, approximation)
    }
}

extension SiLU: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.product(x, graph.map("Sigmoid", x))
    }
}

extension ReLU6: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { graph.clipped(x, 0, 6) }
}

extension Hardsigmoid: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.map("HardSigmoid", x, ["alpha": .float(1.0 / 6), "beta": 0.5])
    }
}

extension Hardswish: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { graph.map("HardSwish", x) }
}

extension Sigmoid: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { graph.map("Sigmoid", x) }
}

extension Tanh: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { graph.map("Tanh", x) }
}

extension Softplus: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { graph.map("Softplus", x) }
}

extension Softmax: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.map("Softmax", x, ["axis": .int(axis)])
    }
}

extension LogSoftmax: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.map("LogSoftmax", x, ["axis": .int(axis)])
    }
}

extension GLU: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let parts = graph.split(x, axis: axis, into: 2)
        return graph.product(parts[0], graph.map("Sigmoid", parts[1]))
    }
}

extension SigmoidRange: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { graph.sigmoid(x, within: range) }
}

// MARK: Nothing

extension Identity: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { x }
}

extension Dropout: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { x }
}

extension Dropout2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { x }
}

extension DropPath: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { x }
}

extension ONNXGraph {
    /// `x·Φ(x)`, or its approximation; an operator of its own comes with opset 20 only.
    func gelu(_ x: ONNXValue, _ approximation: GELUApproximation = .none) -> ONNXValue {
        let half = product(x, 0.5)
        switch approximation {
        case .none:
            return product(half, sum(map("Erf", quotient(x, 2.0.squareRoot())), 1))
        case .tanh:
            let cube = product(product(x, x), x)
            let inner = product(sum(x, product(cube, 0.044715)), (2 / Double.pi).squareRoot())
            return product(half, sum(map("Tanh", inner), 1))
        }
    }

    func sigmoid(_ x: ONNXValue, within range: ClosedRange<Double>) -> ONNXValue {
        sum(product(map("Sigmoid", x), range.upperBound - range.lowerBound), range.lowerBound)
    }
}
