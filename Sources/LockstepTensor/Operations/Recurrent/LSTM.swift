// SPDX-License-Identifier: Apache-2.0
// One LSTM layer in one direction over a sequence.

import CLockstepKernels

extension Tensor {
    /// Runs an LSTM cell over self, a sequence [N, T, I] (or [T, N, I] with `batchFirst: false`).
    ///
    /// With the gates in PyTorch's order i, f, g, o:
    /// `i, f, o = σ(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ)`, `g = tanh(…)`, `c = f·c + i·g`, `h = o·tanh(c)`.
    /// The input's product is one matrix product for the whole sequence; weight gradients are one product each at the end.
    ///
    /// - Parameters:
    ///   - hidden: The first state [N, H]; zeros when nil.
    ///   - cell: The first cell state [N, H]; zeros when nil.
    ///   - inputWeight: [4·H, I].
    ///   - hiddenWeight: [4·H, H].
    ///   - inputBias: [4·H], or nil.
    ///   - hiddenBias: [4·H], or nil.
    ///   - reverse: Whether to run from the last step to the first; results stay at their step.
    /// - Returns: All states [N, T, H] (or [T, N, H]), and the last state and cell state [N, H].
    public func lstm(
        hidden: Tensor? = nil, cell: Tensor? = nil, inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor? = nil,
        hiddenBias: Tensor? = nil, batchFirst: Bool = true, reverse: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        let type = recurrentType("lstm", inputWeight, file, line)
        let inputs: [Tensor?] = [self, inputWeight, hiddenWeight, inputBias, hiddenBias, hidden, cell].map {
            $0?.to(type).autocast
        }
        let r = Recurrence(
            "lstm", gates: 4, x: to(type).autocast, hidden: inputs[5], cell: inputs[6], hasCell: true,
            inputWeight: inputWeight.to(type).autocast, hiddenWeight: hiddenWeight.to(type).autocast,
            inputBias: inputs[3],
            hiddenBias: inputs[4], batchFirst: batchFirst, reverse: reverse, file: file, line: line)
        let cells = r.cells ?? r.states
        if !r.isEmpty { withUnsafePointer(to: r.raw) { lsk_lstm_forward($0) } }
        let results = Tensor.recording("lstm", from: inputs, outputs: [r.output, r.last(r.states), r.last(cells)]) {
            arrived, flow in
            let (dh, dc) = (r.carried(arrived[1]), r.carried(arrived[2]))
            let dGates = Tensor.uninitialized(r.gates.shape, dtype: type)
            let dy = arrived[0].map { r.timeMajor($0) }
            if !r.isEmpty {
                withUnsafePointer(to: r.raw) {
                    lsk_lstm_backward($0, dy?.unsafePointer, dh.unsafePointer, dc.unsafePointer, dGates.unsafePointer)
                }
            }
            r.send(flow, gates: dGates)
            flow.send(5, dh)
            flow.send(6, dc)
        }
        return (results[0].autocast, results[1].autocast, results[2])
    }

    /// The floating type a recurrent layer is computed in.
    func recurrentType(_ op: StaticString, _ weight: Tensor, _ file: StaticString, _ line: UInt) -> DType {
        let type = Tensor.arithmeticType(dtype, weight.dtype)
        require(
            type.isFloatingPoint, "\(op): needs floating-point operands, not \(dtype) with \(weight.dtype)", file: file,
            line: line)
        return type
    }
}
