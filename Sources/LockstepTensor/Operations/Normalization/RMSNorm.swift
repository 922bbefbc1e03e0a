// SPDX-License-Identifier: Apache-2.0
// Normalisation by the root mean square over the last axes.

import CLockstepKernels

extension Tensor {
    /// Divides by the root mean square over the last axes: `y = x / √(mean(x²) + epsilon) · weight`.
    ///
    /// Zhang and Sennrich, *Root Mean Square Layer Normalization* (2019).
    /// - Parameters:
    ///   - normalizedShape: The sizes of the axes normalised over, which must be the last of `shape`.
    ///   - weight: Of `normalizedShape`, or nil for 1.
    ///   - epsilon: Added to the mean; nil for the type's rounding, as PyTorch's default.
    /// - Gradient: `r·(ȳ·w − x·r²·mean(ȳ·w·x))` with the inverse root `r`; that of the weight `Σ ȳ·x·r`.
    public func rmsNorm(
        normalizedShape: Shape, weight: Tensor? = nil, epsilon: Double? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        require(
            dtype.isFloatingPoint && normalizedShape.rank >= 1 && normalizedShape.rank <= rank
                && Array(shape.suffix(normalizedShape.rank)) == normalizedShape.dimensions,
            "rmsNorm: \(normalizedShape) are not the last axes of \(dtype) \(shape)", file: file, line: line)
        require(
            weight == nil || weight?.shape == normalizedShape,
            "rmsNorm: the weight has shape \(weight?.shape ?? []), not \(normalizedShape): input \(shape)",
            file: file, line: line)
        let type = Tensor.arithmeticType(dtype, dtype)
        let (input, w) = (to(type), weight?.to(type))
        let (x, scale) = (input.detached.contiguous(), w?.detached.contiguous())
        let width = normalizedShape.elementCount
        let rows = width == 0 ? 0 : count / width
        let y = Tensor.uninitialized(shape, dtype: type)
        let inverse = Tensor.uninitialized([rows], dtype: type)
        if count > 0 {
            lsk_rms_norm(
                rows, width, type.kernelType, epsilon ?? (type == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)),
                x.unsafePointer, scale?.unsafePointer, y.unsafePointer, inverse.unsafePointer)
        }
        return y.recording("rmsNorm", from: [input, w]) { dy, flow in
            let dy = dy.contiguous()
            let dx = flow.needs(0) ? Tensor.uninitialized(x.shape, dtype: type) : nil
            func backward(_ dw: Tensor?, _ beta: Float) {
                lsk_rms_norm_backward(
                    rows, width, type.kernelType, dy.unsafePointer, x.unsafePointer, scale?.unsafePointer,
                    inverse.unsafePointer, dx?.unsafePointer, dw?.unsafePointer, beta)
            }
            if flow.needs(1) {
                flow.write(1, shape: normalizedShape, dtype: type) { backward($0, $1) }
            } else {
                backward(nil, 0)
            }
            if let dx { flow.send(0, dx) }
        }
    }
}
