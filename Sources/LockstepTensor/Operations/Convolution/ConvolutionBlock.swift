// SPDX-License-Identifier: Apache-2.0
// A convolution with its ReLU and max-pooling as one operation, for layers that follow each other unobserved.

import CLockstepKernels

extension Tensor {
    /// `conv2d(weight, bias: bias, …).relu().maxPool2d(kernelSize: window)`, image by image while each is in cache.
    ///
    /// - Parameter window: Size and distance of the pooling's windows; 1 pools nothing.
    /// - Returns: [N, O, H′ / window, W′ / window], rounded down; nil where the three have to run one by one: other types
    ///   than float32, mixed precision, groups, dilation, no AVX-512, an engine chosen by somebody.
    package func convolutionBlock(
        _ weight: Tensor, bias: Tensor?, stride: Pair, padding: Padding, dilation: Pair, groups: Int, window: Pair
    ) -> Tensor? {
        guard rank == 4, weight.rank == 4, dtype == .float32, weight.dtype == .float32, lsk_precision() == 0,
            bias.map({ $0.dtype == .float32 }) ?? true, shape[1] == weight.shape[1] * groups
        else { return nil }
        let geometry = ConvolutionGeometry.forward(
            "conv2d", x: shape, weight: weight.shape, bias: bias?.shape, stride: stride, padding: padding,
            dilation: dilation, groups: groups, shown: (shape, weight.shape), file: #fileID, line: #line)
        let pooled: Shape = [
            shape[0], weight.shape[0], geometry.outShape[2] / window.height, geometry.outShape[3] / window.width,
        ]
        let block = lsk_convolution_block(
            convolution: geometry.raw, window_height: window.height, window_width: window.width)
        guard count > 0, pooled.elementCount > 0, withUnsafePointer(to: block, lsk_convolution_block_fits) != 0 else {
            return nil
        }
        let (image, kernel, offset) = (
            channelsLast().detached, weight.contiguous().detached, bias?.contiguous().detached
        )
        let y = Tensor.uninitializedChannelsLast(pooled, dtype: .float32)
        let records = isRecordingGradients && (node != nil || weight.node != nil || bias?.node != nil)
        let places = records && window != 1 ? Tensor.uninitializedChannelsLast(pooled, dtype: .uint8) : nil
        let codes = places?.unsafePointer.assumingMemoryBound(to: UInt8.self)
        withUnsafePointer(to: block) {
            lsk_convolution_block_forward(
                $0, image.unsafePointer, kernel.unsafePointer, offset?.unsafePointer, y.unsafePointer, codes)
        }
        return y.recording("convolutionBlock", from: [self, weight, bias]) { dy, flow in
            let dy = dy.channelsLast()
            let dx = flow.needs(0) ? Tensor.uninitializedChannelsLast(geometry.inShape, dtype: .float32) : nil
            let sums = Tensor.uninitialized([1, pooled[1], 1, 1], dtype: .float32)
            let codes = places?.unsafePointer.assumingMemoryBound(to: UInt8.self)
            func run(_ dw: Tensor?, _ beta: Float) {
                withUnsafePointer(to: block) {
                    lsk_convolution_block_backward(
                        $0, image.unsafePointer, kernel.unsafePointer, y.unsafePointer, codes, dy.unsafePointer,
                        dx?.unsafePointer, dw?.unsafePointer, beta, sums.unsafePointer)
                }
            }
            if flow.needs(1) {
                flow.write(1, shape: kernel.shape, dtype: .float32) { run($0, $1) }
            } else {
                run(nil, 0)
            }
            if let dx { flow.send(0, dx) }
            flow.writeChannelSum(2, of: sums)
        }
    }
}
