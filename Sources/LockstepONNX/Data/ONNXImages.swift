// SPDX-License-Identifier: Apache-2.0
// The way from an image's bytes to the model in ONNX: validation's transforms, one after another.

import LockstepData
import LockstepTensor

/// A transform of images that has a form in ONNX.
protocol ONNXImageTransform: Transform {
    func onnx(_ image: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue
}

extension ONNXGraph {
    /// What validation makes of images `[N, C, H, W]` of bytes, with transforms of items and then of batches.
    func transformed(_ image: ONNXValue, _ transforms: [any Transform]) throws(ONNXError) -> ONNXValue {
        var image = image
        // Augmentations act on training items only.
        for transform in transforms where transform.splitIndex != 0 {
            guard let known = transform as? any ONNXImageTransform else {
                throw ONNXError.leftOut(
                    "the transform \(type(of: transform)) has no form in ONNX",
                    isFunction: transform is FunctionTransform)
            }
            image = try known.onnx(image, in: self)
        }
        return image
    }

    /// The part `rows` × `columns` from `top` and `left`, all int64 [1], brought to a size, int64 [1] each or known.
    ///
    /// A filter as wide as the reduction, and bytes rounded once at the end, as `ImageResizing` does it.
    fileprivate func resized(
        _ image: ONNXValue, from top: ONNXValue, _ left: ONNXValue, rows: ONNXValue, columns: ONNXValue,
        to size: ONNXValue,
        _ shape: [ONNXAxis]
    ) -> ONNXValue {
        let ends = [combine("Add", top, rows), combine("Add", left, columns)]
        let part = add(
            "Slice", [image, joined([top, left], axis: 0), joined(ends, axis: 0), integers([2, 3])],
            shape: [image.shape[0], image.shape[1], .unknown, .unknown])
        return resized(part, to: size, shape)
    }

    /// The middle of an image in the shape of a height and a width, brought to them: as much as fits in, less a margin, a share.
    ///
    /// - Parameter rounds: Whether its sizes are rounded, or cut off.
    fileprivate func middle(
        _ image: ONNXValue, _ height: Int, _ width: Int, margin: Double = 0, rounds: Bool
    ) -> ONNXValue {
        let old = (height: length(image, 2), width: length(image, 3))
        let largest = least(quotient(old.height, Double(height)), quotient(old.width, Double(width)))
        let scale = margin == 0 ? largest : quotient(largest, 1 + margin)
        func cut(_ old: ONNXValue, _ new: Int) -> (start: ONNXValue, count: ONNXValue) {
            let wanted = product(scale, Double(new))
            let count = most(scalar(1, like: old), least(old, map("Floor", rounds ? sum(wanted, 0.5) : wanted)))
            return (whole(product(difference(old, count), 0.5)), cast(count, to: .int64))
        }
        let (rows, columns) = (cut(old.height, height), cut(old.width, width))
        return resized(
            image, from: rows.start, columns.start, rows: rows.count, columns: columns.count,
            to: integers([height, width]), [image.shape[0], image.shape[1], .size(height), .size(width)])
    }

    /// `image` brought to a size, int64 [2].
    fileprivate func resized(_ image: ONNXValue, to size: ONNXValue, _ shape: [ONNXAxis]) -> ONNXValue {
        let resized = add(
            "Resize", [cast(image, to: .float32), nil, nil, size],
            ["mode": "linear", "antialias": 1, "exclude_outside": 1, "axes": .ints([2, 3])], shape: shape)
        guard image.element == .uint8 else { return resized }
        // Half goes up; Round would take it to the even number.
        return cast(clipped(map("Floor", sum(resized, 0.5)), 0, 255), to: .uint8)
    }

    /// The height or the width of an image, float64 [1].
    fileprivate func length(_ image: ONNXValue, _ axis: Int) -> ONNXValue { cast(size(of: image, axis), to: .float64) }

    fileprivate func whole(_ x: ONNXValue) -> ONNXValue { cast(map("Floor", x), to: .int64) }
    fileprivate func least(_ a: ONNXValue, _ b: ONNXValue) -> ONNXValue { combine("Min", a, b) }
    fileprivate func most(_ a: ONNXValue, _ b: ONNXValue) -> ONNXValue { combine("Max", a, b) }
    fileprivate func half(_ x: ONNXValue) -> ONNXValue { combine("Div", x, integers([2])) }
}

extension ToTensor: ONNXImageTransform {
    func onnx(_ image: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue { image }
}

extension IntToFloat: ONNXImageTransform {
    func onnx(_ image: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.quotient(graph.cast(image, to: .float32), divisor)
    }
}

extension Normalize: ONNXImageTransform {
    func onnx(_ image: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        guard let mean, let std else { return image }
        func channels(_ values: [Float]) -> ONNXValue {
            graph.constant(values.map(Double.init), shape: [values.count, 1, 1])
        }
        let distance = graph.difference(graph.cast(image, to: .float32), channels(mean))
        // A mean to more digits than a float has.
        let precise = rest.map { graph.difference(distance, channels($0)) } ?? distance
        return graph.quotient(precise, channels(std))
    }
}

extension Resize: ONNXImageTransform {
    func onnx(_ image: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let shape = [image.shape[0], image.shape[1], .size(height), .size(width)]
        switch method {
        case .squish: return graph.resized(image, to: graph.integers([height, width]), shape)
        case .crop: return graph.middle(image, height, width, rounds: false)
        case .pad:
            let (oldHeight, oldWidth) = (graph.length(image, 2), graph.length(image, 3))
            let scale = graph.most(
                graph.quotient(oldHeight, Double(height)), graph.quotient(oldWidth, Double(width)))
            func fitted(_ old: ONNXValue, _ new: Int) -> ONNXValue {
                let rounded = graph.map("Floor", graph.sum(graph.quotient(old, scale), 0.5))
                let bounded = graph.least(graph.scalar(Double(new), like: old), rounded)
                return graph.cast(graph.most(graph.scalar(1, like: old), bounded), to: .int64)
            }
            let (rows, columns) = (fitted(oldHeight, height), fitted(oldWidth, width))
            let inner = graph.resized(
                image, to: graph.joined([rows, columns], axis: 0), [image.shape[0], image.shape[1], .unknown, .unknown])
            func margins(_ size: ONNXValue, _ all: Int) -> (ONNXValue, ONNXValue) {
                let rest = graph.combine("Sub", graph.integers([all]), size)
                let before = graph.half(rest)
                return (before, graph.combine("Sub", rest, before))
            }
            let ((top, bottom), (left, right)) = (margins(rows, height), margins(columns, width))
            let none = graph.integers([0, 0])
            let pads = graph.joined([none, top, left, none, bottom, right], axis: 0)
            // Bytes are padded as numbers, which every version of onnxruntime can.
            let padded = graph.add(
                "Pad", [graph.cast(inner, to: .float32), pads, graph.constant([0], shape: [])], shape: shape)
            return graph.cast(padded, to: image.element)
        }
    }
}

extension RandomResizedCrop: ONNXImageTransform {
    /// The middle, as validation takes it.
    func onnx(_ image: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.middle(image, height, width, margin: validExtra, rounds: true)
    }
}
