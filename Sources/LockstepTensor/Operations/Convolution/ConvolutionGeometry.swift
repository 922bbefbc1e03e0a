// SPDX-License-Identifier: Apache-2.0
// Sizes of a convolution, worked out and checked once, in the form the kernels read.

import CLockstepKernels

/// One convolution between an image of `inShape` and an image of `outShape`, both [N, C, H, W].
///
/// A transposed convolution is the same object with the roles of the two images exchanged.
struct ConvolutionGeometry {
    var raw = lsk_convolution()
    let inShape: Shape
    let outShape: Shape

    /// `total` is the padding in front and behind, per axis.
    private init(
        inShape: Shape, outShape: Shape, weight: Shape, stride: Pair, dilation: Pair, groups: Int,
        front: Pair, behind: Pair
    ) {
        self.inShape = inShape
        self.outShape = outShape
        raw.batch = inShape[0]
        raw.groups = groups
        raw.in_channels = inShape[1]
        raw.in_height = inShape[2]
        raw.in_width = inShape[3]
        raw.out_channels = outShape[1]
        raw.out_height = outShape[2]
        raw.out_width = outShape[3]
        raw.kernel_height = weight[2]
        raw.kernel_width = weight[3]
        raw.stride_height = stride.height
        raw.stride_width = stride.width
        raw.dilation_height = dilation.height
        raw.dilation_width = dilation.width
        raw.pad_top = front.height
        raw.pad_left = front.width
        raw.pad_bottom = behind.height
        raw.pad_right = behind.width
    }

    /// The convolution of `x` [N, C, H, W] with `weight` [O, C / groups, kH, kW].
    static func forward(
        _ op: StaticString, x: Shape, weight: Shape, bias: Shape?, stride: Pair, padding: Padding, dilation: Pair,
        groups: Int, shown: (x: Shape, weight: Shape), file: StaticString, line: UInt
    ) -> ConvolutionGeometry {
        check(op, weight, stride, dilation, groups, file, line)
        require(
            x[1] == weight[1] * groups,
            "\(op): the input has \(x[1]) channels, the kernel expects \(weight[1] * groups): \(shown.x) with \(shown.weight)"
                + (groups == 1 ? "" : " in \(groups) groups"), file: file, line: line)
        require(
            weight[0] % groups == 0,
            "\(op): \(weight[0]) output channels do not divide into \(groups) groups: \(shown.weight)", file: file,
            line: line)
        check(op, bias: bias, channels: weight[0], weight: shown.weight, file, line)
        let reach = Pair(dilation.height * (weight[2] - 1), dilation.width * (weight[3] - 1))
        var (front, behind) = (Pair(0), Pair(0))
        switch padding {
        case .zeros(let pair):
            require(pair.height >= 0 && pair.width >= 0, "\(op): negative padding \(pair)", file: file, line: line)
            (front, behind) = (pair, pair)
        case .same:
            require(stride == 1, "\(op): padding .same needs stride 1, not \(stride)", file: file, line: line)
            front = Pair(reach.height / 2, reach.width / 2)
            behind = Pair(reach.height - front.height, reach.width - front.width)
        }
        let height = x[2] + front.height + behind.height - reach.height - 1
        let width = x[3] + front.width + behind.width - reach.width - 1
        require(
            height >= 0 && width >= 0,
            "\(op): the kernel \(shown.weight) does not fit into the padded input \(shown.x)", file: file, line: line)
        let out: Shape = [x[0], weight[0], height / stride.height + 1, width / stride.width + 1]
        return ConvolutionGeometry(
            inShape: x, outShape: out, weight: weight, stride: stride, dilation: dilation, groups: groups, front: front,
            behind: behind)
    }

    /// The convolution whose gradient of the input is the transposed convolution of `x` [N, C, H, W] with `weight`
    /// [C, O / groups, kH, kW]: `outShape` is `x`, `inShape` the result.
    static func transposed(
        _ op: StaticString, x: Shape, weight: Shape, bias: Shape?, stride: Pair, padding: Pair, outputPadding: Pair,
        dilation: Pair, groups: Int, shown: (x: Shape, weight: Shape), file: StaticString, line: UInt
    ) -> ConvolutionGeometry {
        check(op, weight, stride, dilation, groups, file, line)
        require(
            x[1] == weight[0],
            "\(op): the input has \(x[1]) channels, the kernel expects \(weight[0]): \(shown.x) with \(shown.weight)",
            file: file, line: line)
        require(
            x[1] % groups == 0, "\(op): \(x[1]) input channels do not divide into \(groups) groups: \(shown.weight)",
            file: file, line: line)
        require(padding.height >= 0 && padding.width >= 0, "\(op): negative padding \(padding)", file: file, line: line)
        require(
            outputPadding.height >= 0 && outputPadding.width >= 0
                && outputPadding.height < max(stride.height, dilation.height)
                && outputPadding.width < max(stride.width, dilation.width),
            "\(op): output padding \(outputPadding) must be smaller than the stride \(stride) or the dilation \(dilation)",
            file: file, line: line)
        check(op, bias: bias, channels: weight[1] * groups, weight: shown.weight, file, line)
        func size(_ n: Int, _ stride: Int, _ padding: Int, _ dilation: Int, _ kernel: Int, _ extra: Int) -> Int {
            (n - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1
        }
        let height = size(x[2], stride.height, padding.height, dilation.height, weight[2], outputPadding.height)
        let width = size(x[3], stride.width, padding.width, dilation.width, weight[3], outputPadding.width)
        require(
            height > 0 && width > 0,
            "\(op): the output would be \(height) × \(width): \(shown.x) with \(shown.weight), padding \(padding)",
            file: file, line: line)
        return ConvolutionGeometry(
            inShape: [x[0], weight[1] * groups, height, width], outShape: x, weight: weight, stride: stride,
            dilation: dilation, groups: groups, front: padding,
            behind: Pair(padding.height - outputPadding.height, padding.width - outputPadding.width))
    }

    private static func check(
        _ op: StaticString, _ weight: Shape, _ stride: Pair, _ dilation: Pair, _ groups: Int, _ file: StaticString,
        _ line: UInt
    ) {
        require(
            stride.height > 0 && stride.width > 0 && dilation.height > 0 && dilation.width > 0 && groups > 0
                && weight[2] > 0 && weight[3] > 0,
            "\(op): stride \(stride), dilation \(dilation), groups \(groups) and kernel \(weight) must be positive",
            file: file, line: line)
    }

    private static func check(
        _ op: StaticString, bias: Shape?, channels: Int, weight: Shape, _ file: StaticString, _ line: UInt
    ) {
        require(
            bias == nil || bias == [channels],
            "\(op): the bias has shape \(bias ?? []), \(channels) output channels need [\(channels)]: kernel \(weight)",
            file: file, line: line)
    }

    /// Whether an image or the kernel has no elements, so that nothing can be computed from it.
    private var isEmpty: Bool { inShape.elementCount == 0 || outShape.elementCount == 0 }
}

extension ConvolutionGeometry {
    /// The image of `outShape`; operands are channels-last and of one type.
    func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let y = Tensor.uninitializedChannelsLast(outShape, dtype: x.dtype)
        if isEmpty { return y.filled(0) }
        withUnsafePointer(to: raw) {
            lsk_convolution_forward(
                $0, x.dtype.kernelType, x.unsafePointer, weight.unsafePointer, bias?.unsafePointer, y.unsafePointer)
        }
        return y
    }

    /// The image of `inShape` whose pixels gather what the convolution spread to `dy`.
    func backwardData(_ dy: Tensor, _ weight: Tensor) -> Tensor {
        let dx = Tensor.uninitializedChannelsLast(inShape, dtype: dy.dtype)
        if isEmpty { return dx.filled(0) }
        withUnsafePointer(to: raw) {
            lsk_convolution_backward_data(
                $0, dy.dtype.kernelType, dy.unsafePointer, weight.unsafePointer, dx.unsafePointer)
        }
        return dx
    }

    /// dw = beta · dw + the gradient of the weights, in row-major memory.
    func backwardWeight(_ x: Tensor, _ dy: Tensor, into dw: Tensor, beta: Float) {
        if isEmpty {
            if beta == 0 { _ = dw.filled(0) }
            return
        }
        withUnsafePointer(to: raw) {
            lsk_convolution_backward_weight(
                $0, x.dtype.kernelType, x.unsafePointer, dy.unsafePointer, dw.unsafePointer, beta)
        }
    }
}

extension Tensor {
    /// Overwrites memory this function's caller has just made.
    func filled(_ value: Double) -> Tensor {
        if count > 0 { lsk_fill(count, unsafePointer, dtype.kernelType, value) }
        return self
    }
}

extension GradientFlow {
    /// Sends the gradient that `write` computes: into the input's own memory when it has some, else into a new tensor.
    func write(_ index: Int, shape: Shape, dtype: DType, _ write: (_ destination: Tensor, _ beta: Float) -> Void) {
        guard needs(index) else { return }
        if accumulate(into: index, write) { return }
        let fresh = Tensor.uninitialized(shape, dtype: dtype)
        write(fresh, 0)
        send(index, fresh)
    }

    /// Sends the sum of `dy` over everything but its channels: the gradient of a bias.
    func writeChannelSum(_ index: Int, of dy: Tensor) {
        let channels = dy.shape[1]
        write(index, shape: [channels], dtype: dy.dtype) { destination, beta in
            guard channels > 0 else { return }
            lsk_channel_sum(
                dy.count / channels, channels, dy.dtype.kernelType, dy.unsafePointer, destination.unsafePointer, beta)
        }
    }
}
