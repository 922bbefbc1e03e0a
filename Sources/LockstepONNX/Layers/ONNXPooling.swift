// SPDX-License-Identifier: Apache-2.0
// Pooling in ONNX, by windows and to a size.

import LockstepNN
import LockstepTensor

extension ONNXGraph {
    /// The largest value of each window, or the mean.
    ///
    /// Partial windows are padding behind, never `ceil_mode`: what that counts has changed between versions of onnxruntime.
    func pooled(
        _ layer: Module, _ x: ONNXValue, _ op: String, _ window: ONNXWindow, ceilMode: Bool, countsPadding: Bool = false
    ) throws(ONNXError) -> ONNXValue {
        try check(x, is: .float32, for: layer)
        let own = window
        var (x, window) = (x, window)
        if ceilMode {
            let sizes = x.shape.dropFirst(2).compactMap(\.size)
            guard sizes.count == window.kernel.count else {
                throw ONNXError(
                    .inputs, at: place(of: layer), "\(layer.typeName) with ceilMode needs inputs of one known size",
                    remedy: "Say the size of the inputs")
            }
            window.takePartialWindows(sizes)
        }
        if countsPadding {
            // Zeros that count; of what partial windows have behind them only the inside does.
            x = padded(x, own.before, own.behind)
            window.before = window.before.map { _ in 0 }
            window.behind = zip(window.behind, own.behind).map { $0 - $1 }
        }
        return add(
            op, [x], ["kernel_shape": .ints(window.kernel), "strides": .ints(window.stride), "pads": window.pads],
            shape: [x.shape[0], x.shape[1]] + window.output(of: x))
    }

    /// The largest value, or the mean, of regions chosen so that the result has the given sizes.
    func adaptivePool(
        _ x: ONNXValue, _ sizes: [Int?], _ op: String, place: String
    ) throws(ONNXError) -> ONNXValue {
        if sizes.allSatisfy({ $0 == 1 }) {
            return add(
                op == "ReduceMax" ? "GlobalMaxPool" : "GlobalAveragePool", [x],
                shape: [x.shape[0], x.shape[1]] + sizes.map { _ in 1 })
        }
        var y = x
        for (index, size) in sizes.enumerated() where size == nil || size != x.shape[index + 2].size {
            let axis = index + 2
            guard let size, let old = x.shape[axis].size else {
                throw ONNXError(
                    .inputs, at: place, "regions of an image need inputs of one known size",
                    remedy: "Say the size of the inputs")
            }
            let regions = (0..<size).map { region in
                reduced(
                    op, sliced(y, axis: axis, from: region * old / size, to: ((region + 1) * old + size - 1) / size),
                    [axis])
            }
            y = joined(regions, axis: axis)
        }
        return y
    }
}

extension MaxPool1d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let window = ONNXWindow(kernel: [kernelSize], stride: [stride], padding: [padding])
        return try graph.pooled(self, x, "MaxPool", window, ceilMode: ceilMode)
    }
}

extension MaxPool2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let window = ONNXWindow(kernel: kernelSize.sizes, stride: stride.sizes, padding: padding.sizes)
        return try graph.pooled(self, x, "MaxPool", window, ceilMode: ceilMode)
    }
}

extension AvgPool1d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let window = ONNXWindow(kernel: [kernelSize], stride: [stride], padding: [padding])
        return try graph.pooled(
            self, x, "AveragePool", window, ceilMode: ceilMode, countsPadding: countIncludePad)
    }
}

extension AvgPool2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let window = ONNXWindow(kernel: kernelSize.sizes, stride: stride.sizes, padding: padding.sizes)
        return try graph.pooled(
            self, x, "AveragePool", window, ceilMode: ceilMode, countsPadding: countIncludePad)
    }
}

extension AdaptiveAvgPool1d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.adaptivePool(x, [outputSize], "ReduceMean", place: graph.place(of: self))
    }
}

extension AdaptiveMaxPool1d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.adaptivePool(x, [outputSize], "ReduceMax", place: graph.place(of: self))
    }
}

extension AdaptiveAvgPool2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.adaptivePool(x, outputSize.sizes, "ReduceMean", place: graph.place(of: self))
    }
}

extension AdaptiveMaxPool2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.adaptivePool(x, outputSize.sizes, "ReduceMax", place: graph.place(of: self))
    }
}

extension AdaptiveConcatPool2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let place = graph.place(of: self)
        let largest = try graph.adaptivePool(x, outputSize.sizes, "ReduceMax", place: place)
        let mean = try graph.adaptivePool(x, outputSize.sizes, "ReduceMean", place: place)
        return graph.joined([largest, mean], axis: 1)
    }
}
