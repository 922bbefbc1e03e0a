// SPDX-License-Identifier: Apache-2.0
// What the LSTM and the GRU share: checked operands, time-major memory and the products that make weight gradients.

import CLockstepKernels

/// The operands of one recurrent layer in one direction, and the memory its forward pass fills.
struct Recurrence {
    let x: Tensor, inputWeight: Tensor, hiddenWeight: Tensor
    let inputBias: Tensor?, hiddenBias: Tensor?
    let gates: Tensor
    /// [steps + 1, batch, units]: the state before each step, and the last.
    let states: Tensor
    let cells: Tensor?, candidates: Tensor?
    let steps: Int, batch: Int, inputs: Int, units: Int, width: Int
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
        gates = .uninitialized([steps, batch, width], dtype: type)
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
        let (s, r) = (t.shape, t.body.strides)
        return t.view([s[1], s[0], s[2]], strides: Shape([r[1], r[0], r[2]]))
    }

    var raw: lsk_recurrence {
        lsk_recurrence(
            dtype: x.dtype.kernelType, reverse: isReversed ? 1 : 0, steps: steps, batch: batch, inputs: inputs,
            units: units,
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
    func send(_ flow: GradientFlow, gates dGates: Tensor, hidden dHidden: Tensor) {
        let rows = steps * batch
        let type = x.dtype
        if flow.needs(0) {
            let dx = Tensor.uninitialized([steps, batch, inputs], dtype: type)
            Recurrence.product(rows, inputs, width, dGates, transposed: false, inputWeight, into: dx, beta: 0)
            flow.send(0, isBatchFirst ? Recurrence.exchanged(dx) : dx)
        }
        flow.write(1, shape: [width, inputs], dtype: type) {
            Recurrence.product(width, inputs, rows, dGates, transposed: true, x, into: $0, beta: $1)
        }
        let before = states.view(
            [steps, batch, units], strides: [batch * units, units, 1], offset: isReversed ? batch * units : 0)
        flow.write(2, shape: [width, units], dtype: type) {
            Recurrence.product(width, units, rows, dHidden, transposed: true, before, into: $0, beta: $1)
        }
        flow.write(3, shape: [width], dtype: type) {
            lsk_channel_sum(rows, width, type.kernelType, dGates.unsafePointer, $0.unsafePointer, $1)
        }
        flow.write(4, shape: [width], dtype: type) {
            lsk_channel_sum(rows, width, type.kernelType, dHidden.unsafePointer, $0.unsafePointer, $1)
        }
    }

    /// c [m, n] = beta · c + a b, with a [m, k], or [k, m] when `transposed`, and b [k, n]; all without gaps.
    private static func product(
        _ m: Int, _ n: Int, _ k: Int, _ a: Tensor, transposed: Bool, _ b: Tensor, into c: Tensor, beta: Float
    ) {
        var g = lsk_gemm()
        g.dtype = c.dtype.kernelType
        (g.m, g.n, g.k) = (m, n, k)
        g.transpose_a = transposed ? 1 : 0
        (g.lda, g.ldb, g.ldc) = (transposed ? m : k, n, n)
        g.beta = Double(beta)
        lsk_matmul(&g, a.unsafePointer, b.unsafePointer, c.unsafePointer)
    }
}
