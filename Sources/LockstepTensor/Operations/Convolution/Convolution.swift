// SPDX-License-Identifier: Apache-2.0
// Convolution of sequences and images: forward and pullback side by side.

import CLockstepKernels

extension Tensor {
    /// Two-dimensional convolution (cross-correlation, as in every framework).
    ///
    /// `y[n, o, i, j] = bias[o] + Σ_{c, u, v} x[n, c, i·stride + u·dilation − padding, …] · weight[o, c, u, v]`.
    /// The result lies channels-last in memory; an input that does not is copied once.
    ///
    /// - Parameters:
    ///   - weight: [O, C / groups, kH, kW].
    ///   - bias: [O], or nil.
    ///   - padding: Zeros around the image, or `.same`.
    ///   - groups: Channels are split into this many independent convolutions; `groups == C` is depthwise.
    /// - Returns: [N, O, H′, W′] with `H′ = (H + 2·padding − dilation·(kH − 1) − 1) / stride + 1`.
    /// - Precondition: self is [N, C, H, W].
    public func conv2d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1,
        groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 4 && weight.rank == 4,
            "conv2d: needs an input [N, C, H, W] and a kernel [O, C, kH, kW], not \(shape) with \(weight.shape)",
            file: file, line: line)
        let (x, w, b) = Tensor.convolutionOperands("conv2d", self, weight, bias, file, line)
        let geometry = ConvolutionGeometry.forward(
            "conv2d", x: shape, weight: weight.shape, bias: bias?.shape, stride: stride, padding: padding,
            dilation: dilation, groups: groups, shown: (shape, weight.shape), file: file, line: line)
        let (image, kernel) = (x.channelsLast(), w.contiguous().detached)
        let y = geometry.forward(image, kernel, b?.contiguous()).recording("conv2d", from: [x, w, b]) { dy, flow in
            let dy = dy.channelsLast()
            if flow.needs(0) { flow.send(0, geometry.backwardData(dy, kernel)) }
            flow.write(1, shape: kernel.shape, dtype: kernel.dtype) {
                geometry.backwardWeight(image, dy, into: $0, beta: $1)
            }
            flow.writeChannelSum(2, of: dy)
        }
        return y.autocast
    }

    /// One-dimensional convolution of self [N, C, L] with `weight` [O, C / groups, k].
    ///
    /// - Returns: [N, O, L′] with `L′ = (L + 2·padding − dilation·(k − 1) − 1) / stride + 1`.
    public func conv1d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = 0, dilation: Int = 1,
        groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 3 && weight.rank == 3,
            "conv1d: needs an input [N, C, L] and a kernel [O, C, k], not \(shape) with \(weight.shape)", file: file,
            line: line)
        let (x, w, b) = Tensor.convolutionOperands("conv1d", self, weight, bias, file, line)
        let image = x.channelsLast().asImage
        let kernel = w.contiguous().detached
        let geometry = ConvolutionGeometry.forward(
            "conv1d", x: image.shape, weight: [weight.shape[0], weight.shape[1], 1, weight.shape[2]], bias: bias?.shape,
            stride: Pair(1, stride), padding: padding.alongWidth, dilation: Pair(1, dilation), groups: groups,
            shown: (shape, weight.shape), file: file, line: line)
        let y = geometry.forward(image, kernel, b?.contiguous()).asSequence
        let result = y.recording("conv1d", from: [x, w, b]) { dy, flow in
            let dy = dy.channelsLast().asImage
            if flow.needs(0) { flow.send(0, geometry.backwardData(dy, kernel).asSequence) }
            flow.write(1, shape: kernel.shape, dtype: kernel.dtype) {
                geometry.backwardWeight(image, dy, into: $0, beta: $1)
            }
            flow.writeChannelSum(2, of: dy)
        }
        return result.autocast
    }

    /// The operands in the one floating type they are computed in.
    static func convolutionOperands(
        _ op: StaticString, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ file: StaticString, _ line: UInt
    ) -> (Tensor, Tensor, Tensor?) {
        let type = arithmeticType(x.dtype, weight.dtype)
        require(
            type.isFloatingPoint, "\(op): needs floating-point operands, not \(x.dtype) with \(weight.dtype)",
            file: file,
            line: line)
        return (x.to(type).autocast, weight.to(type).autocast, bias?.to(type).autocast)
    }
}

extension Padding {
    /// For sequences: the second size applies, and nothing is added along the height of 1.
    var alongWidth: Padding {
        switch self {
        case .zeros(let pair): .zeros(Pair(0, pair.width))
        case .same: .same
        }
    }
}
