// SPDX-License-Identifier: Apache-2.0
// U-Nets in ONNX.

import LockstepModels
import LockstepNN

extension PixelShuffleICNR: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = try graph.chain(of: self, ["0", "1"], x)
        guard blurs else { return y }
        let wider = y.shape.suffix(2).map { axis in axis.size.map { ONNXAxis.size($0 + 1) } ?? .unknown }
        let padded = graph.add(
            "Pad", [y, graph.integers([0, 0, 1, 1, 0, 0, 0, 0])], ["mode": "edge"], shape: y.shape.prefix(2) + wider)
        return graph.add(
            "AveragePool", [padded], ["kernel_shape": .ints([2, 2]), "strides": .ints([1, 1])], shape: y.shape)
    }
}

extension UNetBlock: ONNXExportable {
    /// Adds the nodes that compute the output for what comes from below and what lies beside.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        guard inputs.count == 2 else {
            throw ONNXError(
                .inputs, at: graph.place(of: self), "\(typeName) takes two inputs, and is given \(inputs.count)")
        }
        let larger = graph.resized(try graph.chain(of: self, ["shuf"], inputs[0]), like: inputs[1])
        let side = try graph.chain(of: self, ["bn"], inputs[1])
        return [try graph.chain(of: self, ["relu()", "conv1", "conv2"], graph.joined([larger, side], axis: 1))]
    }
}

extension UNet: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        var (sides, y): ([ONNXValue], ONNXValue) = ([], x)
        for (index, step) in UNetPlan.steps(of: encoder).enumerated() {
            y = try graph.apply(step, y)
            if plan.taps.contains(index) { sides.insert(y, at: 0) }
        }
        let layers = decoder
        y = try graph.apply(layers[1], graph.map("Relu", graph.apply(layers[0], y)))
        for (layer, side) in zip(layers.dropFirst(2), sides) { y = try graph.apply(layer, [y, side])[0] }
        let rest = Array(layers.dropFirst(2 + sides.count))
        if plan.enlarges { y = try graph.apply(rest[0], y) }
        y = graph.resized(y, like: x)
        if lastCross { y = try graph.apply(rest[rest.count - 2], graph.joined([y, x], axis: 1)) }
        return try graph.apply(rest[rest.count - 1], y)
    }
}

extension ONNXGraph {
    /// An image of the height and width of `other`: what lies nearest where they differ.
    fileprivate func resized(_ x: ONNXValue, like other: ONNXValue) -> ONNXValue {
        let size = Array(other.shape.suffix(2))
        if size.allSatisfy({ $0.size != nil }), zip(size, x.shape.suffix(2)).allSatisfy({ $0.size == $1.size }) {
            return x
        }
        let target = joined(
            [self.size(of: x, 0), self.size(of: x, 1), self.size(of: other, 2), self.size(of: other, 3)], axis: 0)
        return add(
            "Resize", [x, nil, nil, target],
            ["mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"],
            shape: x.shape.prefix(2) + size)
    }
}
