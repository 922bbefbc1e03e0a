// SPDX-License-Identifier: Apache-2.0
// Layers of layers, products, look-ups and changes of shape in ONNX.

import LockstepNN
import LockstepTensor

extension Sequential: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { try graph.chain(layers, x) }
}

extension ConvLayer: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { try graph.apply(layers, x) }
}

extension LinBnDrop: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { try graph.apply(layers, x) }
}

extension SimpleCNN: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { try graph.apply(layers, x) }
}

extension Residual: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = try graph.apply(layers, x)
        guard let shortcut else { return graph.sum(x, y) }
        return graph.sum(try graph.apply(shortcut, x), y)
    }
}

extension Linear: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.check(x, is: .float32, for: self)
        return graph.linear(
            x, try graph.parameter(of: self, "weight"), graph.parameterIfAny(of: self, "bias"))
    }
}

extension Embedding: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.check(x, is: .int64, for: self)
        return graph.looked(up: x, in: try graph.parameter(of: self, "weight"))
    }
}

extension Flatten: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.flattened(x, from: from, to: to)
    }
}

extension PixelShuffle: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        func scaled(_ axis: ONNXAxis) -> ONNXAxis { axis.size.map { .size($0 * factor) } ?? .unknown }
        let channels = x.shape[1].size.map { ONNXAxis.size($0 / (factor * factor)) } ?? .unknown
        return graph.add(
            "DepthToSpace", [x], ["blocksize": .int(factor), "mode": "CRD"],
            shape: [x.shape[0], channels, scaled(x.shape[2]), scaled(x.shape[3])])
    }
}

extension Upsample: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        func scaled(_ axis: ONNXAxis) -> ONNXAxis {
            axis.size.map { .size(Int((Double($0) * scale).rounded(.down))) } ?? .unknown
        }
        if mode == .area {
            return try graph.adaptivePool(
                x, x.shape.dropFirst(2).map { scaled($0).size }, "ReduceMean", place: graph.place(of: self))
        }
        // A file holds the scale as a float, and readers work sizes out with it.
        for case let size? in x.shape.dropFirst(2).map(\.size)
        where scaled(.size(size)) != .size(Int(Float(size) * Float(scale))) {
            throw ONNXError(
                .unsupported, at: graph.place(of: self),
                "\(scale) times \(size) is \(scaled(.size(size))) here, and \(Int(Float(size) * Float(scale))) in ONNX",
                remedy: "Use a scale that a float32 holds, such as 1.5")
        }
        // Lines between positions are known to onnxruntime for images only: a sequence is one of a single row.
        let isLine = mode == .linear
        let image = isLine ? graph.unsqueezed(x, 2) : x
        let shape = Array(image.shape.prefix(isLine ? 3 : 2)) + x.shape.dropFirst(2).map(scaled)
        let scales = Array(repeating: 1.0, count: isLine ? 3 : 2) + x.shape.dropFirst(2).map { _ in scale }
        let y = graph.add(
            "Resize", [image, nil, graph.constant(scales, shape: [scales.count])],
            [
                "mode": .string(mode == .bicubic ? "cubic" : isLine || mode == .bilinear ? "linear" : "nearest"),
                "coordinate_transformation_mode": .string(
                    alignCorners ? "align_corners" : mode == .nearest ? "asymmetric" : "half_pixel"),
                "nearest_mode": .string(mode == .nearest ? "floor" : "round_prefer_ceil"), "cubic_coeff_a": -0.75,
            ], shape: shape)
        return isLine ? graph.squeezed(y, 2) : y
    }
}
