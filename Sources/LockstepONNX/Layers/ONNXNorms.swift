// SPDX-License-Identifier: Apache-2.0
// Normalisation in ONNX, with the statistics of training where there are any.

import LockstepNN
import LockstepTensor

extension ONNXGraph {
    /// The weight or offset of a normalisation; ones or zeros where it has none.
    func affine(_ layer: Module, _ name: String, shape: [Int]) -> ONNXValue {
        parameterIfAny(of: layer, name)
            ?? constant(
                Array(repeating: name == "weight" ? 1 : 0, count: shape.reduce(1, *)), shape: shape)
    }

    /// `(x − mean) / √(variance + ε) · weight + bias` with running statistics.
    func batchNorm(_ layer: Module, _ x: ONNXValue, channels: Int, epsilon: Double) throws(ONNXError) -> ONNXValue {
        try check(x, is: .float32, for: layer)
        return add(
            "BatchNormalization",
            [
                x, affine(layer, "weight", shape: [channels]), affine(layer, "bias", shape: [channels]),
                try parameter(of: layer, "running_mean"), try parameter(of: layer, "running_var"),
            ], ["epsilon": .float(epsilon)], shape: x.shape)
    }

    /// `x·weight + bias`, each for a channel, where there are any.
    func scaledByChannel(_ layer: Module, _ x: ONNXValue, channels: Int) -> ONNXValue {
        let shape = [ONNXAxis.size(channels)] + Array(repeating: .size(1), count: x.rank - 2)
        var y = x
        if let weight = parameterIfAny(of: layer, "weight") { y = product(y, reshaped(weight, shape)) }
        if let bias = parameterIfAny(of: layer, "bias") { y = sum(y, reshaped(bias, shape)) }
        return y
    }

    /// `(x − mean) / √(variance + ε)` over some axes.
    func standardised(_ x: ONNXValue, _ axes: [Int], epsilon: Double) -> ONNXValue {
        let distance = difference(x, reduced("ReduceMean", x, axes))
        let variance = reduced("ReduceMean", product(distance, distance), axes)
        return quotient(distance, map("Sqrt", sum(variance, epsilon)))
    }

    /// Over the last axes.
    func layerNorm(_ layer: Module, _ x: ONNXValue, shape: [Int], epsilon: Double) -> ONNXValue {
        add(
            "LayerNormalization",
            // An offset, zeros if need be: without one onnxruntime crashes over a batch of nothing.
            [x, affine(layer, "weight", shape: shape), affine(layer, "bias", shape: shape)],
            ["axis": .int(-shape.count), "epsilon": .float(epsilon)], shape: x.shape)
    }
}

extension BatchNorm: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        if runningMean != nil { return try graph.batchNorm(self, x, channels: channels, epsilon: epsilon) }
        // Without statistics of its own it uses the batch's, also in evaluation.
        let axes = [0] + (2..<max(2, x.rank))
        return graph.scaledByChannel(self, graph.standardised(x, axes, epsilon: epsilon), channels: channels)
    }
}

extension InstanceNorm2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        if runningMean != nil { return try graph.batchNorm(self, x, channels: channels, epsilon: epsilon) }
        return graph.add(
            "InstanceNormalization",
            [x, graph.affine(self, "weight", shape: [channels]), graph.affine(self, "bias", shape: [channels])],
            ["epsilon": .float(epsilon)], shape: x.shape)
    }
}

extension GroupNorm: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        // [N, C, …] → [N, groups, all of a group]; the operator of that name gives groups, not channels, a weight before opset 21.
        let pixels = x.shape.dropFirst(2).compactMap(\.size)
        let values: ONNXAxis =
            pixels.count == x.rank - 2 ? .size(pixels.reduce(channels / groups, *)) : .unknown
        let grouped = graph.reshaped(x, [x.shape[0], .size(groups), values])
        let y = graph.standardised(grouped, [2], epsilon: epsilon)
        let whole = graph.add("Reshape", [y, graph.shape(of: x)], shape: x.shape)
        return graph.scaledByChannel(self, whole, channels: channels)
    }
}

extension LayerNorm: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.layerNorm(self, x, shape: normalizedShape.dimensions, epsilon: epsilon)
    }
}

extension LayerNorm2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let pixels = graph.transposed(x, [0, 2, 3, 1])
        return graph.transposed(
            graph.layerNorm(self, pixels, shape: [channels], epsilon: epsilon), [0, 3, 1, 2])
    }
}

extension RMSNorm: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let axes = (x.rank - normalizedShape.rank..<x.rank).map(\.self)
        let mean = graph.reduced("ReduceMean", graph.product(x, x), axes)
        let root = graph.map("Sqrt", graph.sum(mean, epsilon ?? Double(Float.ulpOfOne)))
        let y = graph.quotient(x, root)
        return graph.parameterIfAny(of: self, "weight").map { graph.product(y, $0) } ?? y
    }
}
