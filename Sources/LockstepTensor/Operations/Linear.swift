// SPDX-License-Identifier: Apache-2.0
// The affine map of a layer, fused: offset, shortcut and activation are applied where the product is stored.

import CLockstepKernels

/// What the result of a linear map, or of a normalisation, passes through before it reaches memory.
public enum LinearActivation: Sendable {
    case none, relu, gelu

    /// The activation by itself.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .none: x
        case .relu: x.relu()
        case .gelu: x.gelu()
        }
    }

    fileprivate var kernel: lsk_activation {
        switch self {
        case .none: LSK_ACTIVATION_NONE
        case .relu: LSK_ACTIVATION_RELU
        case .gelu: LSK_ACTIVATION_GELU
        }
    }
}

extension Tensor {
    /// `activation(x · weightᵀ + bias + shortcut)` over the last axis.
    ///
    /// With our own products (see `lockstep doctor`) it is one pass; elsewhere the steps follow one another.
    /// - Parameters:
    ///   - activation: Applied last; none by default.
    ///   - shortcut: Added to the product: a residual connection.
    /// - Shape: `[*, in]`, weight `[out, in]`, bias `[out]`, shortcut as the result → `[*, out]`.
    /// - Gradient: with `z̄` the gradient before the activation, `z̄·weight`; `z̄ᵀ·x` and the column sums of `z̄`, both
    ///   added straight into the parameters' gradients; `z̄` to the shortcut.
    /// - Note: PyTorch: `torch.nn.functional.linear`, then `relu` or `gelu`.
    public func linear(
        _ weight: Tensor, _ bias: Tensor? = nil, then activation: LinearActivation = .none,
        adding shortcut: Tensor? = nil,
        file: StaticString = #fileID, line: UInt = #line
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
        var target = shape
        target[rank - 1] = weight.shape[0]
        if let shortcut {
            require(
                shortcut.shape == target,
                "linear: a shortcut of shape \(shortcut.shape) for a result of shape \(target)",
                file: file, line: line)
        }
        return Tensor.affine(
            to(type).autocast, weight.to(type).autocast, bias?.to(type).autocast, activation,
            shortcut?.to(type).autocast,
            target
        ).autocast
    }

    private static func affine(
        _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ activation: LinearActivation, _ shortcut: Tensor?,
        _ target: Shape
    ) -> Tensor {
        let (outputs, inputs, type) = (weight.shape.sizes[0], weight.shape.sizes[1], x.dtype)
        let result = uninitialized(target, dtype: type)
        let records =
            isRecordingGradients
            && (x.node != nil || weight.node != nil || bias?.node != nil || shortcut?.node != nil)
        let lines = x.rank == 2 ? x : x.detached.reshaped(Shape([x.rows, inputs]))
        let (input, matrix) = (BLASMatrix(lines), BLASMatrix(weight))
        let derivative = records && activation == .gelu ? uninitialized(target, dtype: type) : nil
        let (values, added) = (bias?.detached.contiguous(), shortcut?.detached.contiguous())
        if values == nil && added == nil && activation == .none {
            multiply(input, matrix.transposed, into: result)
        } else {
            var epilogue = lsk_epilogue()
            epilogue.bias = values.map { UnsafeRawPointer($0.unsafePointer) }
            epilogue.added = added.map { UnsafeRawPointer($0.unsafePointer) }
            epilogue.added_row = outputs
            epilogue.activation = activation.kernel
            epilogue.derivative = derivative?.unsafePointer
            epilogue.derivative_row = outputs
            withExtendedLifetime((values, added)) {
                multiply(input, matrix.transposed, into: result, then: &epilogue)
            }
        }
        guard records else { return result }
        let (before, rows) = (x.shape, input.rows)
        let recorded = result.recording("linear", from: [x, weight, bias, shortcut]) { dy, flow in
            let lines = dy.rank == 2 ? dy : dy.reshaped(Shape([rows, outputs]))
            let gradient = BLASMatrix(lines)
            if flow.needs(0) { flow.sendProduct(0, gradient, matrix, shape: before) }
            if flow.needs(1) { flow.sendProduct(1, gradient.transposed, input) }
            if flow.needs(2) { flow.sendColumnSums(2, lines) }
            flow.send(3, dy)
        }
        if let derivative { recorded.node?.derivative = FusedDerivative(factor: derivative) }
        if activation == .relu { recorded.node?.derivative = FusedDerivative(positive: result) }
        return recorded
    }

    /// How many vectors lie along the last axis.
    private var rows: Int {
        var product = 1
        for axis in 0..<rank - 1 { product *= shape.sizes[axis] }
        return product
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
