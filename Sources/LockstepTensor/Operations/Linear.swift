// SPDX-License-Identifier: Apache-2.0
// The affine map of a layer, fused: one product onto rows that already hold the bias.

import CLockstepKernels

extension Tensor {
    /// `x · weightᵀ + bias` over the last axis.
    ///
    /// - Shape: `[*, in]`, weight `[out, in]`, bias `[out]` → `[*, out]`.
    /// - Gradient: `ȳ·weight`; `ȳᵀ·x` and the column sums of `ȳ`, both added straight into the parameters' gradients.
    /// - Note: PyTorch: `torch.nn.functional.linear`.
    public func linear(
        _ weight: Tensor, _ bias: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank > 0 && weight.rank == 2 && shape[rank - 1] == weight.shape[1],
            "linear: an input of shape \(shape) does not fit a weight of shape \(weight.shape) (out, in)",
            file: file, line: line)
        if let bias {
            require(
                bias.rank == 1 && bias.shape[0] == weight.shape[0],
                "linear: a bias of shape \(bias.shape) does not fit a weight of shape \(weight.shape)", file: file,
                line: line)
        }
        let type = Tensor.arithmeticType(dtype, weight.dtype)
        require(
            type.isFloatingPoint, "linear: an input of \(dtype) and a weight of \(weight.dtype) are not real numbers",
            file: file, line: line)
        let input = to(type).autocast
        let rows = rank == 2 ? input : input.reshaped(Shape([count / Swift.max(1, weight.shape[1]), weight.shape[1]]))
        let result = Tensor.affine(rows, weight.to(type).autocast, bias?.to(type).autocast).autocast
        if rank == 2 { return result }
        var target = shape
        target[rank - 1] = weight.shape[0]
        return result.reshaped(target)
    }

    private static func affine(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let (rows, outputs) = (x.shape.sizes[0], weight.shape.sizes[0])
        let result = uninitialized([rows, outputs], dtype: x.dtype)
        if let values = bias?.detached.contiguous() {
            lsk_fill_rows(rows, outputs, x.dtype.byteCount, result.unsafePointer, values.unsafePointer)
        }
        let (input, matrix) = (BLASMatrix(x), BLASMatrix(weight))
        multiply(input, matrix.transposed, into: result, beta: bias == nil ? 0 : 1)
        guard isRecordingGradients, x.node != nil || weight.node != nil || bias?.node != nil else { return result }
        return result.recording("linear", from: [x, weight, bias]) { dy, flow in
            let slope = BLASMatrix(dy)
            if flow.needs(0) { flow.sendProduct(0, slope, matrix) }
            if flow.needs(1) { flow.sendProduct(1, slope.transposed, input) }
            if flow.needs(2) { flow.sendColumnSums(2, dy) }
        }
    }
}

extension GradientFlow {
    /// Sends the sums over the rows of a matrix to input `index`.
    func sendColumnSums(_ index: Int, _ matrix: Tensor) {
        let x = matrix.contiguous()
        func add(into destination: Tensor, _ beta: Float) {
            let columns = x.shape.sizes[1]
            lsk_column_sums(
                x.dtype.kernelType, x.shape.sizes[0], columns, columns, destination.unsafePointer, x.unsafePointer,
                Double(beta))
        }
        if accumulate(into: index, add) { return }
        let sums = Tensor.uninitialized([x.shape.sizes[1]], dtype: x.dtype)
        add(into: sums, 0)
        send(index, sums)
    }
}
