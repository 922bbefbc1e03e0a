// SPDX-License-Identifier: Apache-2.0
// Transposed convolution: the gradient of a convolution, used as an operation.

import CLockstepKernels

extension Tensor {
    /// Two-dimensional transposed convolution, which spreads each input pixel over a kernel of output pixels.
    ///
    /// - Parameters:
    ///   - weight: [C, O / groups, kH, kW] (PyTorch's order: input channels first).
    ///   - padding: Rows and columns cut from each side of the result.
    ///   - outputPadding: Rows and columns added behind, to choose among the sizes that a strided convolution maps to
    ///     one; smaller than stride or dilation.
    /// - Returns: [N, O, H′, W′] with `H′ = (H − 1)·stride − 2·padding + dilation·(kH − 1) + outputPadding + 1`.
    /// - Precondition: self is [N, C, H, W].
    public func convTranspose2d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0,
        dilation: Pair = 1, groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 4 && weight.rank == 4,
            "convTranspose2d: needs an input [N, C, H, W] and a kernel [C, O, kH, kW], not \(shape) with \(weight.shape)",
            file: file, line: line)
        let (x, w, b) = Tensor.convolutionOperands("convTranspose2d", self, weight, bias, file, line)
        let geometry = ConvolutionGeometry.transposed(
            "convTranspose2d", x: shape, weight: weight.shape, bias: bias?.shape, stride: stride, padding: padding,
            outputPadding: outputPadding, dilation: dilation, groups: groups, shown: (shape, weight.shape), file: file,
            line: line)
        let (image, kernel) = (x.channelsLast(), w.contiguous().detached)
        var y = geometry.backwardData(image, kernel)
        if let b { y = y + b.detached.reshaped([1, b.count, 1, 1]) }
        let result = y.recording("convTranspose2d", from: [x, w, b]) { dy, flow in
            let dy = dy.channelsLast()
            if flow.needs(0) { flow.send(0, geometry.forward(dy, kernel, nil)) }
            flow.write(1, shape: kernel.shape, dtype: kernel.dtype) {
                geometry.backwardWeight(dy, image, into: $0, beta: $1)
            }
            flow.writeChannelSum(2, of: dy)
        }
        return result.autocast
    }

    /// One-dimensional transposed convolution of self [N, C, L] with `weight` [C, O / groups, k].
    ///
    /// - Returns: [N, O, L′] with `L′ = (L − 1)·stride − 2·padding + dilation·(k − 1) + outputPadding + 1`.
    public func convTranspose1d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        dilation: Int = 1, groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 3 && weight.rank == 3,
            "convTranspose1d: needs an input [N, C, L] and a kernel [C, O, k], not \(shape) with \(weight.shape)",
            file: file, line: line)
        return unsqueezed(axis: 2).convTranspose2d(
            weight.unsqueezed(axis: 2), bias: bias, stride: Pair(1, stride), padding: Pair(0, padding),
            outputPadding: Pair(0, outputPadding), dilation: Pair(1, dilation), groups: groups, file: file, line: line
        ).squeezed(axis: 2)
    }
}
