// SPDX-License-Identifier: Apache-2.0
// Convolutions in ONNX: sizes with which their windows move.

import LockstepNN
import LockstepTensor

/// Along each axis, how a window of a convolution or a pooling moves.
struct ONNXWindow {
    var kernel: [Int]
    var stride: [Int]
    var before: [Int]
    var behind: [Int]
    var dilation: [Int]

    init(kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]? = nil) {
        (self.kernel, self.stride, before, behind) = (kernel, stride, padding, padding)
        self.dilation = dilation ?? kernel.map { _ in 1 }
    }

    /// What it spans of an axis.
    private func reach(_ axis: Int) -> Int { dilation[axis] * (kernel[axis] - 1) + 1 }

    /// Padding that keeps the size; an odd one goes behind.
    mutating func keepSize() {
        for axis in kernel.indices { (before[axis], behind[axis]) = ((reach(axis) - 1) / 2, reach(axis) / 2) }
    }

    /// The sizes of the output for those of `x` behind its first two axes.
    func output(of x: ONNXValue) -> [ONNXAxis] {
        kernel.indices.map { axis in
            guard let size = x.shape[axis + 2].size else { return .unknown }
            return .size((size + before[axis] + behind[axis] - reach(axis)) / stride[axis] + 1)
        }
    }

    /// More padding behind, so that a last window which begins inside the input, or in front of it, counts.
    mutating func takePartialWindows(_ sizes: [Int]) {
        for axis in kernel.indices {
            let padded = sizes[axis] + before[axis] + behind[axis]
            var count = (padded - reach(axis) + stride[axis] - 1) / stride[axis] + 1
            if (count - 1) * stride[axis] >= sizes[axis] + before[axis] { count -= 1 }
            behind[axis] += max(0, (count - 1) * stride[axis] + reach(axis) - padded)
        }
    }

    var pads: ONNXAttribute { .ints(before + behind) }
}

extension Pair {
    var sizes: [Int] { [height, width] }
}

extension ONNXGraph {
    /// A convolution of `x` with the weights of `layer`.
    func convolution(
        _ layer: Module, _ x: ONNXValue, stride: [Int], padding: Padding, dilation: [Int], groups: Int
    ) throws(ONNXError) -> ONNXValue {
        let kernel = try parameter(of: layer, "weight")
        var window = ONNXWindow(
            kernel: kernel.sizes.map { Array($0.dropFirst(2)) } ?? [], stride: stride, padding: stride.map { _ in 0 },
            dilation: dilation)
        switch padding {
        case .zeros(let pair):
            window.before = stride.count == 1 ? [pair.height] : pair.sizes
            window.behind = window.before
        case .same: window.keepSize()
        }
        return try convolution(layer, x, kernel, window, groups: groups)
    }

    func convolution(
        _ layer: Module, _ x: ONNXValue, _ kernel: ONNXValue, _ window: ONNXWindow, groups: Int
    ) throws(ONNXError) -> ONNXValue {
        try check(x, is: .float32, for: layer)
        return add(
            "Conv", [x, kernel, parameterIfAny(of: layer, "bias")],
            [
                "kernel_shape": .ints(window.kernel), "strides": .ints(window.stride), "pads": window.pads,
                "dilations": .ints(window.dilation), "group": .int(groups),
            ], shape: [x.shape[0], kernel.shape[0]] + window.output(of: x))
    }

    func transposedConvolution(
        _ layer: Module, _ x: ONNXValue, stride: [Int], padding: [Int], outputPadding: [Int], dilation: [Int],
        groups: Int
    ) throws(ONNXError) -> ONNXValue {
        try check(x, is: .float32, for: layer)
        let kernel = try parameter(of: layer, "weight")
        let sizes = kernel.sizes ?? []
        let output = stride.indices.map { axis -> ONNXAxis in
            guard let size = x.shape[axis + 2].size else { return .unknown }
            return .size(
                (size - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (sizes[axis + 2] - 1)
                    + outputPadding[axis] + 1)
        }
        return add(
            "ConvTranspose", [x, kernel, parameterIfAny(of: layer, "bias")],
            [
                "kernel_shape": .ints(Array(sizes.dropFirst(2))), "strides": .ints(stride),
                "pads": .ints(padding + padding), "output_padding": .ints(outputPadding),
                "dilations": .ints(dilation), "group": .int(groups),
            ], shape: [x.shape[0], .size(sizes[1] * groups)] + output)
    }
}

extension Conv1d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.convolution(
            self, x, stride: [stride], padding: padding, dilation: [dilation], groups: groups)
    }
}

extension Conv2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.convolution(
            self, x, stride: stride.sizes, padding: padding, dilation: dilation.sizes, groups: groups)
    }
}

extension Conv3d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let kernel = try graph.parameter(of: self, "weight")
        let window = ONNXWindow(
            kernel: weight.shape.dropFirst(2).map(\.self), stride: stride, padding: padding, dilation: dilation)
        return try graph.convolution(self, x, kernel, window, groups: groups)
    }
}

extension ConvTranspose1d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.transposedConvolution(
            self, x, stride: [stride], padding: [padding], outputPadding: [outputPadding], dilation: [dilation],
            groups: groups)
    }
}

extension ConvTranspose2d: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.transposedConvolution(
            self, x, stride: stride.sizes, padding: padding.sizes, outputPadding: outputPadding.sizes,
            dilation: dilation.sizes, groups: groups)
    }
}
