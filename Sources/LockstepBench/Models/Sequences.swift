// SPDX-License-Identifier: Apache-2.0
// The two language models: a small GPT and an LSTM, both over 65 characters and 64 positions.

import Lockstep

/// One pre-norm transformer block with causal attention.
final class BenchmarkBlock: Module {
    let n1, n2: LayerNorm
    let qkv, o, u, d: Linear
    let heads: Int

    init(width: Int, heads: Int) {
        (n1, n2) = (LayerNorm(width), LayerNorm(width))
        (qkv, o) = (Linear(width, 3 * width), Linear(width, width))
        (u, d) = (Linear(width, 4 * width), Linear(4 * width, width))
        self.heads = heads
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (batch, time) = (x.shape[0], x.shape[1])
        let parts = qkv(n1(x)).chunks(3, axis: 2).map {
            $0.reshaped([batch, time, heads, -1]).transposed(1, 2)
        }
        let attended = Tensor.scaledDotProductAttention(parts[0], parts[1], parts[2], causal: true)
        let h = o(attended.transposed(1, 2).reshaped([batch, time, -1]), adding: x)
        return d(u(n2(h), then: .gelu), adding: h)
    }
}

/// Four blocks of width 128 with four heads; 0.83 million parameters.
final class BenchmarkGPT: Module, UnaryLayer {
    let te = Embedding(65, 128)
    let pe = Embedding(64, 128)
    let blocks = (0..<4).map { _ in BenchmarkBlock(width: 128, heads: 4) }
    let n = LayerNorm(128)
    let h = Linear(128, 65)

    func callAsFunction(_ x: Tensor) -> Tensor {
        var hidden = te(x) + pe(Tensor.arange(x.shape[1]))
        for block in blocks { hidden = block(hidden) }
        return h(n(hidden))
    }
}

/// An embedding, one LSTM of 256 units, a classifier.
final class BenchmarkLSTM: Module, UnaryLayer {
    let e = Embedding(65, 64)
    let r = LSTM(64, 256, batchFirst: true)
    let h = Linear(256, 65)

    func callAsFunction(_ x: Tensor) -> Tensor { h(r(e(x))) }
}
