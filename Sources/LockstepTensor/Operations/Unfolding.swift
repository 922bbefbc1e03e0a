// SPDX-License-Identifier: Apache-2.0
// Windows side by side: the columns that a convolution multiplies with, and their way back.

extension Tensor {
    /// The windows of an image as columns, as im2col makes them.
    ///
    /// - Shape: `[N, C, H, W]` → `[N, C·kH·kW, L]`, L windows in row-major order.
    /// - Gradient: every pixel gets what its copies got, which is ``folded(to:kernelSize:stride:padding:dilation:file:line:)``.
    /// - Note: PyTorch: `torch.nn.functional.unfold`.
    public func unfolded(
        kernelSize: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        require(rank == 4, "unfolded: needs an input [N, C, H, W], not \(shape)", file: file, line: line)
        let (rows, columns) = Tensor.windows(
            "unfolded", Pair(shape[2], shape[3]), kernelSize, stride, padding, dilation, file, line)
        let image = padded([(padding.height, padding.height), (padding.width, padding.width)])
        let copied = image.indexSelect(axis: 2, index: rows.index).indexSelect(axis: 3, index: columns.index)
        let (n, c) = (shape[0], shape[1])
        return copied.reshaped([n, c, kernelSize.height, rows.count, kernelSize.width, columns.count])
            .permuted([0, 1, 2, 4, 3, 5])
            .reshaped([n, c * kernelSize.height * kernelSize.width, rows.count * columns.count])
    }

    /// An image of columns as ``unfolded(kernelSize:stride:padding:dilation:file:line:)`` makes them, those of one pixel added
    /// up.
    ///
    /// - Shape: `[N, C·kH·kW, L]` → `[N, C, H, W]`.
    /// - Gradient: `ȳ` unfolded.
    /// - Note: PyTorch: `torch.nn.functional.fold`.
    public func folded(
        to size: Pair, kernelSize: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let (rows, columns) = Tensor.windows("folded", size, kernelSize, stride, padding, dilation, file, line)
        let (window, count) = (kernelSize.height * kernelSize.width, rows.count * columns.count)
        require(
            rank == 3 && shape[1] % window == 0 && shape[2] == count,
            "folded: an image of \(size) has \(count) windows of \(kernelSize), not columns \(shape)", file: file,
            line: line)
        let (n, c) = (shape[0], shape[1] / window)
        let copied = reshaped([n, c, kernelSize.height, kernelSize.width, rows.count, columns.count])
            .permuted([0, 1, 2, 4, 3, 5])
            .reshaped([n, c, kernelSize.height * rows.count, kernelSize.width * columns.count])
        let (height, width) = (size.height + 2 * padding.height, size.width + 2 * padding.width)
        let tall = Tensor.zeros([n, c, height, copied.shape[3]], dtype: dtype)
            .indexAdd(axis: 2, index: rows.index, source: copied)
        let image = Tensor.zeros([n, c, height, width], dtype: dtype)
            .indexAdd(axis: 3, index: columns.index, source: tall)
        return image.padded([(-padding.height, -padding.height), (-padding.width, -padding.width)])
    }

    /// Stretches of `size` positions of an axis, `step` apart; they may overlap.
    ///
    /// - Shape: `[*, n, *]` → `[*, (n − size) / step + 1, *, size]`: the positions within a stretch are the last axis.
    /// - Gradient: every position gets what its copies got.
    /// - Note: PyTorch: `Tensor.unfold`.
    public func windows(
        axis: Int, size: Int, step: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let along = shape.axis(axis, of: "windows", file: file, line: line)
        require(
            size > 0 && step > 0 && size <= shape[along] && rank < Shape.maxRank,
            "windows: stretches of \(size), \(step) apart, do not fit axis \(along) of \(shape)", file: file, line: line
        )
        let count = (shape[along] - size) / step + 1
        let positions = (0..<count).flatMap { start in (0..<size).map { start * step + $0 } }
        var target = shape.dimensions
        target[along] = count
        target.insert(size, at: along + 1)
        let copied = indexSelect(axis: along, index: Tensor(positions, shape: [positions.count])).reshaped(target)
        var order = Array(0..<target.count)
        order.append(order.remove(at: along + 1))
        return copied.permuted(order)
    }

    /// The padded rows, or columns, that each of the kernel's rows reads at each window; and how many windows there are.
    private static func windows(
        _ name: StaticString, _ size: Pair, _ kernel: Pair, _ stride: Pair, _ padding: Pair, _ dilation: Pair,
        _ file: StaticString, _ line: UInt
    ) -> (rows: (index: Tensor, count: Int), columns: (index: Tensor, count: Int)) {
        func along(_ n: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> (Tensor, Int) {
            require(
                n >= 0 && kernel > 0 && stride > 0 && padding >= 0 && dilation > 0
                    && n + 2 * padding >= dilation * (kernel - 1) + 1,
                "\(name): windows of \(kernel) with stride \(stride), padding \(padding) and dilation \(dilation) do not fit into \(n)",
                file: file, line: line)
            let count = (n + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
            let positions = (0..<kernel).flatMap { k in (0..<count).map { $0 * stride + k * dilation } }
            return (Tensor(positions, shape: [positions.count]), count)
        }
        return (
            along(size.height, kernel.height, stride.height, padding.height, dilation.height),
            along(size.width, kernel.width, stride.width, padding.width, dilation.width)
        )
    }
}
