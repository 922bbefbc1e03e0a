// SPDX-License-Identifier: Apache-2.0
// LSTM and GRU over sequences: PyTorch's values, central differences, both directions and memory orders.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Recurrent layers") struct RecurrentTests {
    private static let names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]

    /// A state [1, N, H] as [N, H], and back; the reference data has one per layer.
    private func state(_ t: Tensor) -> Tensor { t.reshaped([2, 4]) }
    private func layered(_ t: Tensor) -> Tensor { t.reshaped([1, 2, 4]) }

    @Test("PyTorch's values and gradients of one layer")
    func reference() throws {
        let data = try Reference.load("functional")
        let n = Self.names
        try data.check(
            "lstm.1", "x", "h0", "c0", n[0], n[1], n[2], n[3],
            ofSeveral: {
                let r = $0[0].lstm(
                    hidden: state($0[1]), cell: state($0[2]), inputWeight: $0[3], hiddenWeight: $0[4], inputBias: $0[5],
                    hiddenBias: $0[6])
                return [r.output, layered(r.hidden), layered(r.cell)]
            })
        try data.check(
            "lstm.unbiased", "x", "h0", "c0", n[0], n[1],
            ofSeveral: {
                let r = $0[0].lstm(hidden: state($0[1]), cell: state($0[2]), inputWeight: $0[3], hiddenWeight: $0[4])
                return [r.output, layered(r.hidden), layered(r.cell)]
            })
        try data.check(
            "gru.1", "x", "h0", n[0], n[1], n[2], n[3],
            ofSeveral: {
                let r = $0[0].gru(
                    hidden: state($0[1]), inputWeight: $0[2], hiddenWeight: $0[3], inputBias: $0[4], hiddenBias: $0[5])
                return [r.output, layered(r.hidden)]
            })
        try data.check(
            "gru.unbiased", "x", "h0", n[0], n[1],
            ofSeveral: {
                let r = $0[0].gru(hidden: state($0[1]), inputWeight: $0[2], hiddenWeight: $0[3])
                return [r.output, layered(r.hidden)]
            })
    }

    @Test("gradients agree with central differences", arguments: [true, false], [true, false])
    func centralDifferences(_ batchFirst: Bool, _ reverse: Bool) {
        let x = sample([2, 3, 5], seed: 1)
        let batch = batchFirst ? 2 : 3
        let states = [sample([batch, 3], seed: 2), sample([batch, 3], seed: 3)]
        let lstm = [sample([12, 5], seed: 4), sample([12, 3], seed: 5), sample([12], seed: 6), sample([12], seed: 7)]
        checkGradients(
            of: {
                let r = $0[0].lstm(
                    hidden: $0[1], cell: $0[2], inputWeight: $0[3], hiddenWeight: $0[4], inputBias: $0[5],
                    hiddenBias: $0[6],
                    batchFirst: batchFirst, reverse: reverse)
                return r.output * r.hidden.sum() + r.cell.sum()
            }, at: [x] + states + lstm)
        let gru = [sample([9, 5], seed: 4), sample([9, 3], seed: 5), sample([9], seed: 6), sample([9], seed: 7)]
        checkGradients(
            of: {
                let r = $0[0].gru(
                    hidden: $0[1], inputWeight: $0[2], hiddenWeight: $0[3], inputBias: $0[4], hiddenBias: $0[5],
                    batchFirst: batchFirst, reverse: reverse)
                return r.output * 2.0 + r.hidden.sum()
            }, at: [x, states[0]] + gru)
    }

    @Test("only the last state is used: no gradient of the outputs arrives")
    func lastState() {
        let weights = [sample([12, 5], seed: 4), sample([12, 3], seed: 5)]
        checkGradients(
            of: { $0[0].lstm(inputWeight: $0[1], hiddenWeight: $0[2]).hidden },
            at: [sample([2, 4, 5], seed: 1)] + weights)
        checkGradients(
            of: { $0[0].lstm(inputWeight: $0[1], hiddenWeight: $0[2]).cell },
            at: [sample([2, 4, 5], seed: 1)] + weights)
    }

    @Test("reverse is forward over the flipped sequence", arguments: [1, 15, 17])
    func reversed(_ units: Int) {
        let x = sample([3, 4, 2], seed: 1)
        let flipped = Tensor.stacked((0..<4).reversed().map { x[0..<3, $0] }, axis: 1)
        let (w, u) = (sample([4 * units, 2], seed: 2), sample([4 * units, units], seed: 3))
        let a = x.lstm(inputWeight: w, hiddenWeight: u, reverse: true)
        let b = flipped.lstm(inputWeight: w, hiddenWeight: u)
        expectClose(a.hidden, b.hidden)
        expectClose(a.cell, b.cell)
        for t in 0..<4 { expectClose(a.output[0..<3, t], b.output[0..<3, 3 - t]) }
    }

    @Test(
        "float32 gives what float64 gives, with as many rows and units as are worth packing weights for",
        arguments: [(16, 16), (33, 17), (100, 40), (13, 70), (17, 272)])
    func packed(_ batch: Int, _ units: Int) {
        func results(_ type: DType, gates: Int) -> [Tensor] {
            let leaves = [
                sample([batch, 3, 19], seed: 1), sample([batch, units], seed: 2),
                sample([gates * units, 19], seed: 3, in: -0.2..<0.2),
                sample([gates * units, units], seed: 4, in: -0.2..<0.2), sample([gates * units], seed: 5),
                sample([gates * units], seed: 6),
            ].map { $0.to(type).requiringGradient() }
            let (x, h, w, u, a, b) = (leaves[0], leaves[1], leaves[2], leaves[3], leaves[4], leaves[5])
            let output =
                gates == 4
                ? x.lstm(hidden: h, inputWeight: w, hiddenWeight: u, inputBias: a, hiddenBias: b).output
                : x.gru(hidden: h, inputWeight: w, hiddenWeight: u, inputBias: a, hiddenBias: b).output
            (output * output).sum().backward()
            return [output] + leaves.compactMap(\.gradient)
        }
        for gates in [3, 4] {
            let exact = results(.float64, gates: gates), fast = results(.float32, gates: gates)
            #expect(fast.count == 7)
            for (f, e) in zip(fast, exact) { expectClose(f, e.doubles, relative: 1e-4, absolute: 1e-3) }
        }
    }

    @Test("no steps give the first state back; no batch gives nothing")
    func empty() {
        let (w, u, h) = (sample([12, 5], seed: 4), sample([12, 3], seed: 5), sample([2, 3], seed: 2))
        let none = Tensor.zeros([2, 0, 5]).lstm(hidden: h, inputWeight: w, hiddenWeight: u)
        #expect(none.output.shape == [2, 0, 3])
        #expect(none.hidden.floats == h.floats)
        let leaf = w.requiringGradient()
        let y = Tensor.zeros([0, 4, 5]).lstm(inputWeight: leaf, hiddenWeight: u).output
        #expect(y.shape == [0, 4, 3])
        y.backward(gradient: y.detached)
        #expect(leaf.gradient?.floats.allSatisfy { $0 == 0 } == true)
    }

    @Test("weights that do not fit the input are reported with the shapes")
    func wrongShapes() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3, 5]).lstm(inputWeight: .zeros([12, 4]), hiddenWeight: .zeros([12, 3]))
        }
        expectTrap(
            result, says: "lstm: the input has 5 features, the weights are [12, 4] for 3 units: [2, 3, 5]",
            "RecurrentTests.swift")
    }
}
