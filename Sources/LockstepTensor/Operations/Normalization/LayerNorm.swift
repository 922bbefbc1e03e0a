// SPDX-License-Identifier: Apache-2.0
// Layer normalisation over the last axes.

import CLockstepKernels

extension Tensor {
    /// Normalises over the last axes: `y = (x − mean) / √(variance + epsilon) · weight + bias`, the variance biased.
    ///
    /// - Parameters:
    ///   - normalizedShape: The sizes of the axes normalised over, which must be the last of `shape`.
    ///   - weight: Of `normalizedShape`, or nil for 1.
    ///   - bias: Of `normalizedShape`, or nil for 0.
    public func layerNorm(
        normalizedShape: Shape, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            dtype.isFloatingPoint && normalizedShape.rank >= 1 && normalizedShape.rank <= rank
                && Array(shape.suffix(normalizedShape.rank)) == normalizedShape.dimensions,
            "layerNorm: \(normalizedShape) are not the last axes of \(dtype) \(shape)", file: file, line: line)
        for (name, operand) in [("weight", weight), ("bias", bias)] {
            require(
                operand == nil || operand?.shape == normalizedShape,
                "layerNorm: the \(name) has shape \(operand?.shape ?? []), not \(normalizedShape): input \(shape)",
                file: file, line: line)
        }
        let type = Tensor.arithmeticType(dtype, dtype)
        let (input, w, b) = (to(type), weight?.to(type), bias?.to(type))
        let x = input.detached.contiguous()
        let (scale, shift) = (w?.detached.contiguous(), b?.detached.contiguous())
        let width = normalizedShape.elementCount
        let rows = width == 0 ? 0 : count / width
        let y = Tensor.uninitialized(shape, dtype: type)
        let (mean, rest) = (Tensor.uninitialized([rows], dtype: type), Tensor.uninitialized([rows], dtype: type))
        let inverse = Tensor.uninitialized([rows], dtype: type)
        if count > 0 {
            lsk_layer_norm(
                rows, width, type.kernelType, epsilon, x.unsafePointer, scale?.unsafePointer,
                shift?.unsafePointer, y.unsafePointer, mean.unsafePointer, rest.unsafePointer, inverse.unsafePointer)
        }
        return y.recording("layerNorm", from: [input, w, b]) { dy, flow in
            let dy = dy.contiguous()
            let dx = flow.needs(0) ? Tensor.uninitialized(x.shape, dtype: type) : nil
            let arrived = dx == nil ? nil : flow.takeArrived(0, shape: x.shape, dtype: type)
            flow.writeTwo(1, 2, shape: normalizedShape, dtype: type) { dw, dwBeta, db, dbBeta in
                lsk_layer_norm_backward(
                    rows, width, type.kernelType, dy.unsafePointer, x.unsafePointer, scale?.unsafePointer,
                    mean.unsafePointer, rest.unsafePointer, inverse.unsafePointer, arrived?.unsafePointer,
                    dx?.unsafePointer, dw?.unsafePointer, dwBeta, db?.unsafePointer, dbBeta)
            }
            if let dx { flow.send(0, dx) }
        }
    }
}

extension GradientFlow {
    /// Calls `write` once with the memory of two gradients (nil where none is wanted), then sends those that are new.
    func writeTwo(
        _ first: Int, _ second: Int, shape: Shape, dtype: DType,
        _ write: (_ a: Tensor?, _ aBeta: Float, _ b: Tensor?, _ bBeta: Float) -> Void
    ) {
        func destination(_ index: Int) -> (Tensor?, Float, isNew: Bool) {
            guard needs(index) else { return (nil, 0, false) }
            var place: (Tensor, Float)?
            if accumulate(into: index, { place = ($0, $1) }), let place { return (place.0, place.1, false) }
            return (Tensor.uninitialized(shape, dtype: dtype), 0, true)
        }
        let (a, b) = (destination(first), destination(second))
        write(a.0, a.1, b.0, b.1)
        if a.isNew, let gradient = a.0 { send(first, gradient) }
        if b.isNew, let gradient = b.0 { send(second, gradient) }
    }
}
