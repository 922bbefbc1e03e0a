// SPDX-License-Identifier: Apache-2.0
// fastai's U-Net in ONNX, with its steps up.

public import LockstepModels
import LockstepNN
import LockstepTensor

extension PixelShuffleICNR: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = try graph.chain([graph.part(of: self, "0"), graph.part(of: self, "1")], x)
        guard blurs else { return y }
        func larger(_ axis: ONNXAxis) -> ONNXAxis { axis.size.map { .size($0 + 1) } ?? .unknown }
        let padded = graph.add(
            "Pad", [y, graph.integers([0, 0, 1, 1, 0, 0, 0, 0])], ["mode": "edge"],
            shape: y.shape((2, larger(y.shape[2])), (3, larger(y.shape[3]))))
        return graph.add(
            "AveragePool", [padded], ["kernel_shape": .ints([2, 2]), "strides": .ints([1, 1])], shape: y.shape)
    }
}

extension ONNXGraph {
    /// `x` at the height and width of `other`, each pixel the one before it.
    fileprivate func resized(_ x: ONNXValue, like other: ONNXValue) -> ONNXValue {
        let shape = [x.shape[0], x.shape[1], other.shape[2], other.shape[3]]
        if x.shape == shape, shape.dropFirst(2).allSatisfy({ $0.size != nil }) { return x }
        let size = joined([self.size(of: other, 2), self.size(of: other, 3)], axis: 0)
        return add(
            "Resize", [x, nil, nil, size],
            [
                "mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor",
                "axes": .ints([2, 3]),
            ], shape: shape)
    }

    fileprivate func step(_ block: Module, _ x: ONNXValue, beside y: ONNXValue) throws(ONNXError) -> ONNXValue {
        let larger = resized(try apply(block, "shuf", x), like: y)
        let both = joined([larger, try apply(block, "bn", y)], axis: 1)
        return try chain([part(of: block, "conv1"), part(of: block, "conv2")], map("Relu", both))
    }
}

extension UNetBlock: ONNXExportable {
    /// Adds the nodes of a step up, of what comes from below and what stands beside.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        guard inputs.count == 2 else {
            throw ONNXError(.inputs, at: graph.place(of: self), "\(typeName) takes two inputs, not \(inputs.count)")
        }
        return [try graph.step(self, inputs[0], beside: inputs[1])]
    }
}

extension UNet: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        var (sides, y): ([ONNXValue], ONNXValue) = ([], x)
        for (index, layer) in UNetPlan.steps(of: encoder).enumerated() {
            y = try graph.apply(layer, y)
            if plan.taps.contains(index) { sides.append(y) }
        }
        // The smallest is the first that is gone up to.
        sides.reverse()
        for part in decoder {
            switch part {
            case is UNetBlock: y = try graph.step(part, y, beside: sides.removeFirst())
            case is BatchNorm2d: y = graph.map("Relu", try graph.apply(part, y))
            case is PixelShuffleICNR: y = try graph.apply(part, y)
            case is ResBlock: y = try graph.apply(part, graph.joined([graph.resized(y, like: x), x], axis: 1))
            case is ConvLayer: y = try graph.apply(part, graph.resized(y, like: x))
            default: y = try graph.apply(part, y)
            }
        }
        return y
    }
}
