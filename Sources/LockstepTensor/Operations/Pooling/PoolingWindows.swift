// SPDX-License-Identifier: Apache-2.0
// Which pixels each output of a pooling looks at, worked out and checked once.

import CLockstepKernels

/// The windows of one pooling of images [N, C, H, W].
struct PoolingWindows {
    let inShape: Shape
    let outShape: Shape
    private let rows: [lsk_window]
    private let columns: [lsk_window]

    /// Windows of a fixed size at fixed distances.
    init(
        _ op: StaticString, _ shape: Shape, kernel: Pair, stride: Pair, padding: Pair, ceilMode: Bool,
        countIncludePad: Bool, shown: Shape, file: StaticString, line: UInt
    ) {
        require(
            kernel.height > 0 && kernel.width > 0 && stride.height > 0 && stride.width > 0,
            "\(op): kernel \(kernel) and stride \(stride) must be positive", file: file, line: line)
        require(
            padding.height >= 0 && padding.width >= 0 && 2 * padding.height <= kernel.height
                && 2 * padding.width <= kernel.width,
            "\(op): padding \(padding) must be between 0 and half the kernel \(kernel)", file: file, line: line)
        require(
            shape[2] + 2 * padding.height >= kernel.height && shape[3] + 2 * padding.width >= kernel.width,
            "\(op): the kernel \(kernel) does not fit into the input \(shown) with padding \(padding)", file: file,
            line: line)
        func windows(_ n: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> [lsk_window] {
            let room = n + 2 * padding - kernel
            var count = (ceilMode ? (room + stride - 1) / stride : room / stride) + 1
            if ceilMode && (count - 1) * stride >= n + padding { count -= 1 }  // the last must start inside
            return (0..<count).map { i in
                let start = i * stride - padding
                let paddedEnd = Swift.min(start + kernel, n + padding)
                let (low, high) = (Swift.max(start, 0), Swift.min(start + kernel, n))
                return lsk_window(
                    start: Int32(low), end: Int32(high), size: Int32(countIncludePad ? paddedEnd - start : high - low))
            }
        }
        rows = windows(shape[2], kernel.height, stride.height, padding.height)
        columns = windows(shape[3], kernel.width, stride.width, padding.width)
        inShape = shape
        outShape = [shape[0], shape[1], rows.count, columns.count]
    }

    /// Windows that cover the image for a given number of outputs; they differ in size by at most one and may overlap.
    init(_ op: StaticString, _ shape: Shape, outputs: Pair, shown: Shape, file: StaticString, line: UInt) {
        require(
            outputs.height > 0 && outputs.width > 0 && shape[2] > 0 && shape[3] > 0,
            "\(op): cannot make \(outputs) outputs of \(shown): sizes must be positive", file: file, line: line)
        func windows(_ n: Int, _ count: Int) -> [lsk_window] {
            (0..<count).map { i in
                let (start, end) = (i * n / count, ((i + 1) * n + count - 1) / count)
                return lsk_window(start: Int32(start), end: Int32(end), size: Int32(end - start))
            }
        }
        rows = windows(shape[2], outputs.height)
        columns = windows(shape[3], outputs.width)
        inShape = shape
        outShape = [shape[0], shape[1], outputs.height, outputs.width]
    }

    private func withRaw(_ body: (UnsafePointer<lsk_pooling>) -> Void) {
        rows.withUnsafeBufferPointer { rows in
            columns.withUnsafeBufferPointer { columns in
                guard let row = rows.baseAddress, let column = columns.baseAddress else { return }
                var raw = lsk_pooling(
                    batch: inShape[0], channels: inShape[1], in_height: inShape[2], in_width: inShape[3],
                    out_height: outShape[2], out_width: outShape[3], rows: row, columns: column)
                body(&raw)
            }
        }
    }

    /// The largest values of `x` (channels-last), and where they are when `places` is given.
    func maximum(_ x: Tensor, places: Tensor?) -> Tensor {
        let y = Tensor.uninitializedChannelsLast(outShape, dtype: x.dtype)
        withRaw {
            lsk_max_pool(
                $0, x.dtype.kernelType, x.unsafePointer, y.unsafePointer,
                places?.unsafePointer.assumingMemoryBound(to: Int32.self))
        }
        return y
    }

    func maximumGradient(_ dy: Tensor, places: Tensor) -> Tensor {
        let dx = Tensor.uninitializedChannelsLast(inShape, dtype: dy.dtype)
        withRaw {
            lsk_max_pool_backward(
                $0, dy.dtype.kernelType, dy.unsafePointer, places.unsafePointer.assumingMemoryBound(to: Int32.self),
                dx.unsafePointer)
        }
        return dx
    }

    func average(_ x: Tensor) -> Tensor {
        let y = Tensor.uninitializedChannelsLast(outShape, dtype: x.dtype)
        withRaw { lsk_average_pool($0, x.dtype.kernelType, x.unsafePointer, y.unsafePointer) }
        return y
    }

    func averageGradient(_ dy: Tensor) -> Tensor {
        let dx = Tensor.uninitializedChannelsLast(inShape, dtype: dy.dtype)
        withRaw { lsk_average_pool_backward($0, dy.dtype.kernelType, dy.unsafePointer, dx.unsafePointer) }
        return dx
    }
}
