// SPDX-License-Identifier: Apache-2.0
// Layers of several members in ONNX.

import LockstepNN

extension LinearBatchEnsemble: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.check(x, is: .float32, for: self)
        let own = graph.product(
            x.rank == 2 ? graph.unsqueezed(x, 1) : x, try graph.parameter(of: self, "r"))
        let shared = graph.linear(own, try graph.parameter(of: self, "weight"), nil)
        return graph.sum(
            graph.product(shared, try graph.parameter(of: self, "s")), try graph.parameter(of: self, "bias"))
    }
}

extension LinearEnsemble: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.check(x, is: .float32, for: self)
        let product = graph.matmul(graph.transposed(x, [1, 0, 2]), try graph.parameter(of: self, "weight"))
        return graph.sum(graph.transposed(product, [1, 0, 2]), try graph.parameter(of: self, "bias"))
    }
}
