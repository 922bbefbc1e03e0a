// SPDX-License-Identifier: Apache-2.0
// Whole models: gradients through them, and independence of how a batch is shared out.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Composite layers") struct CompositeTests {
    @Test("a convolutional residual network has the gradients of its output")
    func convolutional() throws {
        let model = withSeed(1) {
            Sequential {
                Conv2d(2, 4, kernelSize: 3, padding: .same)
                GroupNorm(2, 4)
                GELU()
                Residual {
                    Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1); BatchNorm2d(6); SiLU()
                } shortcut: {
                    Conv2d(4, 6, kernelSize: 1, stride: 2, bias: false)
                }
                AdaptiveAvgPool2d([2, 1])
                Flatten()
                Linear(12, 3)
                LogSoftmax()
            }
        }
        let x = sample([3, 2, 5, 4], dtype: .float64)
        try checkParameterGradients(of: model) { model(x) }
        checkGradients(of: { model($0) }, at: x)
    }

    @Test("a sequence model has the gradients of its output, dropout included")
    func sequence() throws {
        let model = withSeed(1) {
            Sequential {
                LSTM(3, 4, layers: 2, batchFirst: true, dropout: 0.3, bidirectional: true)
                TransformerBlock(8, 2, hidden: 5, dropout: 0.2, causal: true)
                GRU(8, 3, batchFirst: true)
                Apply("last") { $0[.all, -1] }
                Tanh()
            }
        }
        let x = sample([3, 4, 3], dtype: .float64)
        withSeed(0) {
            func run(_ x: Tensor) -> Tensor {
                DropoutContext.current = DropoutContext(seed: 2)
                return model(x)
            }
            #expect(throws: Never.self) { try checkParameterGradients(of: model) { run(x) } }
            checkGradients(of: { run($0) }, at: x)
        }
    }

    @Test(
        "every kind of dropout gives an item the same mask however the batch is shared out", arguments: [true, false])
    func sharding(batchFirst: Bool) {
        let (lstm, attention) = withSeed(1) {
            (
                LSTM(3, 6, layers: 2, batchFirst: batchFirst, dropout: 0.5),
                MultiheadAttention(6, 2, dropout: 0.5, batchFirst: batchFirst)
            )
        }
        let whole = sample(batchFirst ? [5, 3, 3] : [3, 5, 3])
        func run(_ items: Range<Int>) -> Tensor {
            DropoutContext.current = DropoutContext(
                seed: 9, step: 4, firstItem: items.lowerBound, itemCount: items.count)
            return attention(lstm(batchFirst ? whole[items] : whole[.all, items])).detached
        }
        withSeed(0) {
            let parts = [run(0..<1), run(1..<3), run(3..<5)]
            expectClose(Tensor.concatenated(parts, axis: batchFirst ? 0 : 1), run(0..<5))
        }
    }

    @Test("attention of other keys equals attention of the concatenated projections")
    func crossAttention() {
        let layer = withSeed(3) { MultiheadAttention(8, 2, batchFirst: true) }
        let q = sample([2, 3, 8]), k = sample([2, 5, 8], seed: 1)
        #expect(layer(q, k, k).shape == [2, 3, 8])
        // The same value twice is not the same tensor, so this goes the way of three projections.
        let copies = [q * 1.0, q * 1.0, q * 1.0]
        expectClose(layer(copies[0], copies[1], copies[2]).detached, layer(q).detached)
        let mask = Tensor([true, true, false], shape: [1, 1, 1, 3])
        expectClose(
            layer(q, q, q, mask: mask).detached, layer(q, q[.all, 0..<2], q[.all, 0..<2]).detached)
    }

    @Test("without batchFirst, time comes first")
    func timeFirst() {
        let x = sample([2, 3, 8])
        for (a, b) in [
            (LSTM(8, 4, batchFirst: true), LSTM(8, 4)) as (any UnaryLayer, any UnaryLayer),
            (GRU(8, 4, batchFirst: true), GRU(8, 4)),
            (MultiheadAttention(8, 2, batchFirst: true), MultiheadAttention(8, 2)),
        ] {
            #expect(throws: Never.self) { try b.loadStateDictionary(a.stateDictionary()) }
            expectClose(b(x.transposed(0, 1)).transposed(0, 1).detached, a(x).detached, a.typeName)
        }
    }

    @Test("a carried state continues the sequence until reset")
    func carriedState() {
        let plain = withSeed(1) { LSTM(2, 3, batchFirst: true) }
        let layer = withSeed(1) { Sequential { LSTM(2, 3, batchFirst: true, carriesState: true) } }
        let x = sample([2, 6, 2])
        let whole = plain(x).detached
        let halves = [layer(x[.all, 0..<4]), layer(x[.all, 4..<6])]
        expectClose(Tensor.concatenated(halves, axis: 1).detached, whole)
        layer.reset()
        expectClose(layer(x).detached, whole)
        // Another batch size starts anew.
        expectClose(layer(x[0..<1]).detached, whole[0..<1].contiguous())
    }

    @Test("states go in and come out as [layers · directions, N, hidden]")
    func states() {
        let lstm = LSTM(2, 3, layers: 2, batchFirst: true, bidirectional: true)
        let result = lstm(sample([5, 4, 2]), from: (Tensor.zeros([4, 5, 3]), Tensor.zeros([4, 5, 3])))
        #expect(result.output.shape == [5, 4, 6])
        #expect(result.hidden.shape == [4, 5, 3])
        #expect(result.cell.shape == [4, 5, 3])
        let gru = GRU(2, 3)
        #expect(gru(sample([4, 5, 2]), from: nil).hidden.shape == [1, 5, 3])
    }
}
