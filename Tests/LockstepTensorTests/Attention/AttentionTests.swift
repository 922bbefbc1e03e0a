// SPDX-License-Identifier: Apache-2.0
// Attention: PyTorch's values, the definition, central differences, masks, tiles, views and dropout.
import Foundation
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Attention") struct AttentionTests {
    /// The definition in loops, on one head.
    static func direct(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, causal: Bool = false, scale: Double,
        hidden: (Int, Int) -> Bool = { _, _ in false }
    ) -> Tensor {
        let (t, s, d, e) = (q.dim(0), k.dim(0), q.dim(1), v.dim(1))
        let (a, b, c) = (q.doubles, k.doubles, v.doubles)
        var y = [Double](repeating: 0, count: t * e)
        for i in 0..<t {
            var weights = (0..<s).map { j -> Double in
                if hidden(i, j) || causal && j > i { return -.infinity }
                return scale * (0..<d).reduce(0.0) { $0 + a[i * d + $1] * b[j * d + $1] }
            }
            let most = weights.max() ?? 0
            if most == -.infinity { continue }
            weights = weights.map { exp($0 - most) }
            let sum = weights.reduce(0, +)
            for j in 0..<s {
                for n in 0..<e { y[i * e + n] += weights[j] / sum * c[j * e + n] }
            }
        }
        return Tensor(y, shape: [t, e])
    }

    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        try data.check("attention", "q", "k", "v") { Tensor.scaledDotProductAttention($0[0], $0[1], $0[2]) }
        try data.check("attention.causal", "q", "k", "v") {
            Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], causal: true)
        }
        try data.check("attention.scale", "q", "k", "v") {
            Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], scale: 0.3)
        }
        try data.check("attention.cross", "q", "k", "v") { Tensor.scaledDotProductAttention($0[0], $0[1], $0[2]) }
        try data.check("attention.mask", "q", "k", "v", "mask") {
            Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], mask: $0[3])
        }
        try data.check("attention.bias", "q", "k", "v", "bias") {
            Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], mask: $0[3])
        }
    }

    @Test("the definition, over tile edges", arguments: [(1, 1), (2, 17), (127, 16), (128, 33), (129, 130), (300, 7)])
    func definition(_ size: (Int, Int)) {
        let (q, k, v) = (sample([size.0, 5], seed: 1), sample([size.1, 5], seed: 2), sample([size.1, 3], seed: 3))
        for causal in [false, true] {
            expectClose(
                Tensor.scaledDotProductAttention(q, k, v, causal: causal, scale: 2),
                Self.direct(q, k, v, causal: causal, scale: 2), relative: 1e-4, absolute: 1e-5)
        }
    }

    @Test("gradients agree with central differences")
    func centralDifferences() {
        let (q, k, v) = (sample([2, 3, 4], seed: 1), sample([2, 5, 4], seed: 2), sample([2, 5, 3], seed: 3))
        checkGradients(of: { Tensor.scaledDotProductAttention($0[0], $0[1], $0[2]) }, at: [q, k, v])
        checkGradients(of: { Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], causal: true) }, at: [q, k, v])
        checkGradients(
            of: { Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], mask: $0[3]) },
            at: [q, k, v, sample([3, 5], seed: 4)])
        checkGradients(
            of: { Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], mask: $0[3], causal: true) },
            at: [q, k, v, sample([2, 1, 5], seed: 4)])
        let wide = [sample([140, 3], seed: 1), sample([150, 3], seed: 2), sample([150, 2], seed: 3)]
        checkGradients(of: { Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], causal: true, scale: 2) }, at: wide)
    }

    @Test("dropped weights are the same in the backward pass, and their share is right")
    func dropout() {
        let (q, k, v) = (sample([2, 3, 4], seed: 1), sample([2, 5, 4], seed: 2), sample([2, 5, 3], seed: 3))
        checkGradients(
            of: {
                var generator = PhiloxGenerator(seed: 7)
                return Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], dropout: 0.4, using: &generator)
            }, at: [q, k, v])
        var generator = PhiloxGenerator(seed: 8)
        let y = Tensor.scaledDotProductAttention(
            .zeros([64, 50, 2]), .zeros([64, 50, 2]), .ones([64, 50, 1]), dropout: 0.25, using: &generator)
        #expect(abs(y.floats.reduce(0, +) / 3200 - 1) < 0.02)
        #expect(generator != PhiloxGenerator(seed: 8))
    }

    @Test("heads cut out of one product are read where they lie, and merge without a copy")
    func views() {
        let qkv = sample([2, 5, 3, 4, 6], seed: 1)  // batch, time, (q, k, v), head, feature
        func part(_ index: Int) -> Tensor {
            qkv.view([2, 4, 5, 6], strides: [360, 6, 72, 1], offset: index * 24)
        }
        let y = Tensor.scaledDotProductAttention(part(0), part(1), part(2), causal: true)
        expectClose(
            y,
            Tensor.scaledDotProductAttention(
                part(0).contiguous(), part(1).contiguous(), part(2).contiguous(), causal: true))
        #expect(y.strides == [120, 6, 24, 1])
    }

    @Test("a query that may look nowhere gets zeros, and gives none")
    func hidden() {
        let mask = Tensor([true, false, false, false], shape: [2, 2])
        let q = sample([2, 3], seed: 1).requiringGradient()
        let v = sample([2, 3], seed: 3).requiringGradient()
        let y = Tensor.scaledDotProductAttention(q, sample([2, 3], seed: 2), v, mask: mask)
        expectClose(y.detached, v.floats[0..<3].map(Double.init) + [0, 0, 0])
        y.sum().backward()
        #expect(q.gradient?.floats.allSatisfy { $0 == 0 } == true)
        #expect(v.gradient?.floats == [1, 1, 1, 0, 0, 0])
    }

    @Test("no queries, no keys, no batch")
    func empty() {
        func shape(_ n: Int, _ t: Int, _ s: Int) -> Shape {
            let q = Tensor.zeros([n, t, 4]).requiringGradient()
            let y = Tensor.scaledDotProductAttention(q, .zeros([n, s, 4]), .zeros([n, s, 2]))
            y.backward(gradient: y.detached)
            #expect(q.gradient?.shape == q.shape)
            return y.shape
        }
        #expect(shape(0, 3, 5) == [0, 3, 2])
        #expect(shape(2, 0, 5) == [2, 0, 2])
        #expect(shape(2, 3, 0) == [2, 3, 2])
    }

    @Test("a wrong number of features is reported with the shapes")
    func wrongShapes() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.scaledDotProductAttention(.zeros([2, 3, 4]), .zeros([2, 3, 5]), .zeros([2, 3, 4]))
        }
        expectTrap(result, says: "queries have 4 features, keys 5: q [2, 3, 4], k [2, 3, 5]", "AttentionTests.swift")
    }
}
