// SPDX-License-Identifier: Apache-2.0
// What the LSTM and the GRU share: checked operands, time-major memory and the products that make weight gradients.

import CLockstepKernels

/// The operands of one recurrent layer in one direction, and the memory its forward pass fills.
struct Recurrence {
    let x: Tensor, inputWeight: Tensor, hiddenWeight: Tensor
    let inputBias: Tensor?, hiddenBias: Tensor?
    /// [steps, batch, row], of which a row's first `width` are the gates.
    let gates: Tensor
    /// [steps + 1, batch, units]: the state before each step, and the last.
    let states: Tensor
    let cells: Tensor?, candidates: Tensor?
    let steps: Int, batch: Int, inputs: Int, units: Int, width: Int
    /// From one row of gates to the next: rows whole pages apart would share a few sets of the first cache.
    let row: Int
    let isBatchFirst: Bool, isReversed: Bool

    init(
        _ op: StaticString, gates count: Int, x: Tensor, hidden: Tensor?, cell: Tensor?, hasCell: Bool,
        inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor?, hiddenBias: Tensor?, batchFirst: Bool,
        reverse: Bool,
        file: StaticString, line: UInt
    ) {
        require(
            x.rank == 3 && inputWeight.rank == 2 && hiddenWeight.rank == 2,
            "\(op): needs a sequence of 3 axes and weights of 2, not \(x.shape) with \(inputWeight.shape) and \(hiddenWeight.shape)",
            file: file, line: line)
        let type = x.dtype
        steps = x.shape[batchFirst ? 1 : 0]
        batch = x.shape[batchFirst ? 0 : 1]
        inputs = x.shape[2]
        units = hiddenWeight.shape[1]
        width = count * units
        row = width + (width * type.byteCount % 4096 == 0 ? 64 / type.byteCount : 0)
        let (steps, batch, inputs, units, width) = (steps, batch, inputs, units, width)
        require(
            inputWeight.shape == [width, inputs],
            "\(op): the input has \(inputs) features, the weights are \(inputWeight.shape) for \(units) units: \(x.shape)",
            file: file, line: line)
        require(
            hiddenWeight.shape[0] == width,
            "\(op): hidden weights \(hiddenWeight.shape) are not [\(count) · \(units), \(units)]",
            file: file, line: line)
        for (name, bias) in [("input", inputBias), ("hidden", hiddenBias)] {
            require(
                bias == nil || bias?.shape == [width],
                "\(op): the \(name) bias is \(bias?.shape ?? []), not [\(width)]",
                file: file, line: line)
        }
        for (name, state) in [("hidden", hidden), ("cell", cell)] {
            require(
                state == nil || state?.shape == [batch, units],
                "\(op): the \(name) state is \(state?.shape ?? []), not [\(batch), \(units)] for input \(x.shape)",
                file: file,
                line: line)
        }
        isBatchFirst = batchFirst
        isReversed = reverse
        self.x = (batchFirst ? Recurrence.exchanged(x) : x.detached).contiguous()
        self.inputWeight = inputWeight.detached.contiguous()
        self.hiddenWeight = hiddenWeight.detached.contiguous()
        self.inputBias = inputBias?.detached.contiguous()
        self.hiddenBias = hiddenBias?.detached.contiguous()
        gates = .uninitialized([steps, batch, row], dtype: type)
        func slots(_ first: Tensor?) -> Tensor {
            let slots = Tensor.uninitialized([steps + 1, batch, units], dtype: type)
            let place = slots.view([batch, units], strides: [units, 1], offset: reverse ? steps * batch * units : 0)
            if let first { Tensor.copy(first.detached, into: place) } else { _ = place.filled(0) }
            return slots
        }
        states = slots(hidden)
        cells = hasCell ? slots(cell) : nil
        candidates = hasCell ? nil : .uninitialized([steps, batch, units], dtype: type)
    }

    /// Axes 0 and 1 exchanged, as a view.
    static func exchanged(_ t: Tensor) -> Tensor {
        var (sizes, strides) = (t.shape, t.body.strides)  // strides may be negative: swapped, not made anew
        sizes.sizes.swapAt(0, 1)
        strides.sizes.swapAt(0, 1)
        return t.view(sizes, strides: strides)
    }

    var raw: lsk_recurrence {
        lsk_recurrence(
            dtype: x.dtype.kernelType, reverse: isReversed ? 1 : 0, steps: steps, batch: batch, inputs: inputs,
            units: units, row: row,
            x: x.unsafePointer, input_weight: inputWeight.unsafePointer, hidden_weight: hiddenWeight.unsafePointer,
            input_bias: inputBias.map { UnsafeRawPointer($0.unsafePointer) },
            hidden_bias: hiddenBias.map { UnsafeRawPointer($0.unsafePointer) }, gates: gates.unsafePointer,
            hidden: states.unsafePointer, cell: cells?.unsafePointer, candidate: candidates?.unsafePointer)
    }

    var isEmpty: Bool { steps * batch * units == 0 }

    /// The states after each step as the caller orders them; a view of `states`.
    var output: Tensor {
        let t = states.view(
            [steps, batch, units], strides: [batch * units, units, 1], offset: isReversed ? 0 : batch * units)
        return isBatchFirst ? Recurrence.exchanged(t) : t
    }

    /// The state after the last step of `slots`.
    func last(_ slots: Tensor) -> Tensor {
        slots.view([batch, units], strides: [units, 1], offset: isReversed ? 0 : steps * batch * units)
    }

    /// A gradient of `output` in time-major memory.
    func timeMajor(_ dy: Tensor) -> Tensor { (isBatchFirst ? Recurrence.exchanged(dy) : dy.detached).contiguous() }

    /// A gradient of a state, in memory the backward pass may overwrite.
    func carried(_ gradient: Tensor?) -> Tensor {
        let result = Tensor.uninitialized([batch, units], dtype: x.dtype)
        if let gradient { Tensor.copy(gradient.detached, into: result) } else { _ = result.filled(0) }
        return result
    }

    /// Sends the gradients of input, weights and biases. Inputs of the recorded operation: x 0, input weight 1, hidden
    /// weight 2, input bias 3, hidden bias 4.
    ///
    /// - Parameter dHidden: The gradient of the hidden product, where it is not that of the gates.
    func send(_ flow: GradientFlow, gates dGates: Tensor, hidden dHidden: Tensor? = nil) {
        let rows = steps * batch
        let type = x.dtype
        if flow.needs(0) {
            let dx = Tensor.uninitialized([steps, batch, inputs], dtype: type)
            product(rows, inputs, width, dGates, transposed: false, inputWeight, into: dx, beta: 0)
            flow.send(0, isBatchFirst ? Recurrence.exchanged(dx) : dx)
        }
        flow.write(1, shape: [width, inputs], dtype: type) {
            product(width, inputs, rows, dGates, transposed: true, x, into: $0, beta: $1)
        }
        let before = states.view(
            [steps, batch, units], strides: [batch * units, units, 1], offset: isReversed ? batch * units : 0)
        flow.write(2, shape: [width, units], dtype: type) {
            product(width, units, rows, dHidden ?? dGates, transposed: true, before, into: $0, beta: $1)
        }
        guard flow.needs(3) || flow.needs(4) else { return }
        let sums = columnSums(dGates)
        send(flow, 3, sums)
        send(flow, 4, dHidden.map(columnSums) ?? sums)
    }

    private func columnSums(_ gradient: Tensor) -> Tensor {
        let sums = Tensor.uninitialized([width], dtype: x.dtype)
        lsk_column_sums(
            x.dtype.kernelType, steps * batch, width, row, sums.unsafePointer, gradient.unsafePointer, 0)
        return sums
    }

    /// Sends a bias its gradient, which the other bias may get, too.
    private func send(_ flow: GradientFlow, _ index: Int, _ sums: Tensor) {
        flow.write(index, shape: sums.shape, dtype: sums.dtype) { destination, beta in
            if beta == 0 { Tensor.copy(sums, into: destination) } else { Tensor.add(sums, into: destination) }
        }
    }

    /// c [m, n] = beta · c + a b, with a [m, k], or [k, m] when `transposed`, in rows of gates, and b [k, n] without gaps.
    private func product(
        _ m: Int, _ n: Int, _ k: Int, _ a: Tensor, transposed: Bool, _ b: Tensor, into c: Tensor, beta: Float
    ) {
        var g = lsk_gemm()
        g.dtype = c.dtype.kernelType
        (g.m, g.n, g.k) = (m, n, k)
        g.transpose_a = transposed ? 1 : 0
        (g.lda, g.ldb, g.ldc) = (row, n, n)
        g.beta = Double(beta)
        lsk_matmul(&g, a.unsafePointer, b.unsafePointer, c.unsafePointer)
    }
}
