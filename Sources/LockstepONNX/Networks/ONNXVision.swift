// SPDX-License-Identifier: Apache-2.0
// Networks for images in ONNX.

import LockstepModels
import LockstepNN
import LockstepTensor

extension ONNXGraph {
    /// Parts of a module by their names, one after another; `relu()` and `relu6()` stand for functions, which are no part.
    func chain(of module: Module, _ names: [String], _ x: ONNXValue) throws(ONNXError) -> ONNXValue {
        var y = x
        for name in names {
            switch name {
            case "relu()": y = map("Relu", y)
            case "relu6()": y = clipped(y, 0, 6)
            default: y = try apply(module, name, y)
            }
        }
        return y
    }

    /// A convolution padded as TensorFlow pads: to `⌈size/stride⌉`, an odd zero behind.
    fileprivate func paddedSame(
        _ module: Module, _ name: String, _ x: ONNXValue
    ) throws(ONNXError) -> ONNXValue {
        guard let layer = try part(of: module, name) as? Conv2d else {
            throw ONNXError(.unsupported, at: place(of: module), "its “\(name)” is no Conv2d")
        }
        try check(x, is: .float32, for: layer)
        let kernel = try parameter(of: layer, "weight")
        let output = zip(x.shape.dropFirst(2), layer.stride.sizes).map { axis, stride -> ONNXAxis in
            axis.size.map { .size(($0 + stride - 1) / stride) } ?? .unknown
        }
        return add(
            "Conv", [x, kernel, parameterIfAny(of: layer, "bias")],
            [
                "auto_pad": "SAME_UPPER", "strides": .ints(layer.stride.sizes), "group": .int(layer.groups),
            ], shape: [x.shape[0], kernel.shape[0]] + output)
    }
}

extension BasicBlock: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = try graph.chain(of: self, ["conv1", "bn1", "relu()", "conv2", "bn2"], x)
        return try graph.rectified(y, besides: self, x)
    }
}

extension Bottleneck: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = try graph.chain(
            of: self, ["conv1", "bn1", "relu()", "conv2", "bn2", "relu()", "conv3", "bn3"], x)
        return try graph.rectified(y, besides: self, x)
    }
}

extension ONNXGraph {
    /// A branch and its shortcut, through a projection where there is one.
    fileprivate func rectified(_ y: ONNXValue, besides block: Module, _ x: ONNXValue) throws(ONNXError) -> ONNXValue {
        let projection = partIfAny(of: block, "downsample")
        let shortcut = try projection.map { module throws(ONNXError) in try apply(module, x) } ?? x
        return map("Relu", sum(y, shortcut))
    }
}

extension ResNet: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = try graph.chain(body + [graph.part(of: self, "avgpool")], x)
        return try graph.apply(self, "fc", graph.flattened(y, from: 1))
    }
}

extension ResBlock: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let (branch, shortcut) = (try graph.chain(of: self, ["convpath"], x), try graph.chain(of: self, ["idpath"], x))
        return graph.map("Relu", graph.sum(branch, shortcut))
    }
}

extension XResNet: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { try graph.apply(parts, x) }
}

extension InvertedResidual: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = try graph.apply(self, name, x)
        return hasShortcut ? graph.sum(y, x) : y
    }
}

extension SqueezeExcitation: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.product(x, try graph.chain(of: self, ["avgpool", "fc1", "activation", "fc2", "scale_activation"], x))
    }
}

extension FeatureClassifier: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let pooled = try graph.chain(of: self, ["features", "avgpool"], x)
        return try graph.apply(classifier, flattens ? graph.flattened(pooled, from: 1) : pooled)
    }
}

extension EfficientNetLiteBlock: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        var y = x
        if expansion > 1 { y = try graph.chain(of: self, ["_expand_conv", "_bn0", "relu6()"], x) }
        y = try graph.chain(of: self, ["_bn1", "relu6()"], graph.paddedSame(self, "_depthwise_conv", y))
        y = try graph.chain(of: self, ["_project_conv", "_bn2"], y)
        return stride == 1 && inputs == outputs ? graph.sum(y, x) : y
    }
}

extension EfficientNetLite: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        var y = try graph.chain(of: self, ["_bn0", "relu6()"], graph.paddedSame(self, "_conv_stem", x))
        y = try graph.chain(graph.parts(of: self, "_blocks"), y)
        y = try graph.chain(of: self, ["_conv_head", "_bn1", "relu6()"], y)
        guard let classifier = graph.partIfAny(of: self, "_fc") else { return y }
        return try graph.apply(classifier, graph.reduced("ReduceMean", y, [2, 3], keepsAxes: false))
    }
}

extension ConvNeXtBlock: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let pixels = graph.transposed(try graph.chain(of: self, ["block.0"], x), [0, 2, 3, 1])
        let hidden = graph.gelu(try graph.chain(of: self, ["block.2", "block.3"], pixels))
        let branch = graph.transposed(try graph.chain(of: self, ["block.5"], hidden), [0, 3, 1, 2])
        return graph.sum(graph.product(branch, try graph.parameter(of: self, "layer_scale")), x)
    }
}

extension VisionTransformerBlock: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let context = graph.selfAttention(try graph.chain(of: self, ["norm1", "attn.qkv"], x), heads: heads)
        let y = graph.sum(try graph.chain(of: self, ["attn.proj"], context), x)
        let hidden = graph.gelu(try graph.chain(of: self, ["norm2", "mlp.fc1"], y))
        return graph.sum(try graph.chain(of: self, ["mlp.fc2"], hidden), y)
    }
}

extension VisionTransformer: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        guard x.rank == 4, [x.shape[2], x.shape[3]].allSatisfy({ $0.size == imageSize || $0.size == nil }) else {
            throw ONNXError(
                .inputs, at: graph.place(of: self),
                "\(typeName) takes images of \(imageSize) × \(imageSize) pixels, not \(x.shape)")
        }
        let image = ONNXValue(x.name, [x.shape[0], x.shape[1], .size(imageSize), .size(imageSize)], x.element)
        let patches = graph.flattened(try graph.chain(of: self, ["patch_embed.proj"], image), from: 2)
        let grid = graph.transposed(patches, [0, 2, 1])
        let target = graph.joined([graph.size(of: x, 0), graph.integers([1, width])], axis: 0)
        let token = graph.add(
            "Expand", [try graph.parameter(of: self, "cls_token"), target], shape: [x.shape[0], 1, .size(width)])
        let y = graph.sum(graph.joined([token, grid], axis: 1), try graph.parameter(of: self, "pos_embed"))
        let z = try graph.chain(graph.parts(of: self, "blocks"), y)
        let first = try graph.chain(of: self, ["norm"], graph.picked(z, axis: 1, 0))
        guard let head = graph.partIfAny(of: self, "head") else { return first }
        return try graph.apply(head, first)
    }
}
