// SPDX-License-Identifier: Apache-2.0
// One GRU layer in one direction over a sequence.

import CLockstepKernels

extension Tensor {
    /// Runs a GRU cell over self, a sequence [N, T, I] (or [T, N, I] with `batchFirst: false`).
    ///
    /// With the gates in PyTorch's order r, z, n: `r, z = σ(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ)`,
    /// `n = tanh(x Wᵢᵀ + bᵢ + r·(h Wₕᵀ + bₕ))`, `h = (1 − z)·n + z·h`.
    ///
    /// - Parameters:
    ///   - hidden: The first state [N, H]; zeros when nil.
    ///   - inputWeight: [3·H, I].
    ///   - hiddenWeight: [3·H, H].
    ///   - inputBias: [3·H], or nil.
    ///   - hiddenBias: [3·H], or nil.
    ///   - reverse: Whether to run from the last step to the first; results stay at their step.
    /// - Returns: All states [N, T, H] (or [T, N, H]), and the last state [N, H].
    public func gru(
        hidden: Tensor? = nil, inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor? = nil,
        hiddenBias: Tensor? = nil, batchFirst: Bool = true, reverse: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> (output: Tensor, hidden: Tensor) {
        let type = recurrentType("gru", inputWeight, file, line)
        let inputs: [Tensor?] = [self, inputWeight, hiddenWeight, inputBias, hiddenBias, hidden].map {
            $0?.to(type).autocast
        }
        let r = Recurrence(
            "gru", gates: 3, x: to(type).autocast, hidden: inputs[5], cell: nil, hasCell: false,
            inputWeight: inputWeight.to(type).autocast,
            hiddenWeight: hiddenWeight.to(type).autocast, inputBias: inputs[3], hiddenBias: inputs[4],
            batchFirst: batchFirst,
            reverse: reverse, file: file, line: line)
        if !r.isEmpty { withUnsafePointer(to: r.raw) { lsk_gru_forward($0) } }
        let results = Tensor.recording("gru", from: inputs, outputs: [r.output, r.last(r.states)]) { arrived, flow in
            let dh = r.carried(arrived[1])
            let dGates = Tensor.uninitialized(r.gates.shape, dtype: type)
            let dHidden = Tensor.uninitialized(r.gates.shape, dtype: type)
            let dy = arrived[0].map { r.timeMajor($0) }
            if !r.isEmpty {
                withUnsafePointer(to: r.raw) {
                    lsk_gru_backward(
                        $0, dy?.unsafePointer, dh.unsafePointer, dGates.unsafePointer, dHidden.unsafePointer)
                }
            }
            r.send(flow, gates: dGates, hidden: dHidden)
            flow.send(5, dh)
        }
        return (results[0].autocast, results[1].autocast)
    }
}
