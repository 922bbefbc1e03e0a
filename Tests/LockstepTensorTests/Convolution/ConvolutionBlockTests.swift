// SPDX-License-Identifier: Apache-2.0
// Convolution, ReLU and max-pooling as one operation, held against the three of them in float64.
import CLockstepKernels
import LockstepTensor
import LockstepTesting
import Testing

@Suite(
    "Convolution fused with ReLU and pooling",
    .enabled(if: lsk_uses_own_products() != 0, "needs AVX-512"))
struct ConvolutionBlockTests {
    struct Case: Sendable, CustomStringConvertible {
        var convolution: ConvolutionCase
        var window = [2, 2]
        var description: String { "\(convolution), windows \(window)" }
        var pair: Pair { Pair(window[0], window[1]) }

        func fused(_ x: Tensor, _ w: Tensor, _ b: Tensor?) -> Tensor? {
            let c = convolution.pairs
            return x.convolutionBlock(
                w, bias: b, stride: c.stride, padding: c.padding, dilation: c.dilation, groups: convolution.groups,
                window: pair)
        }
        func apart(_ x: Tensor, _ w: Tensor, _ b: Tensor?) -> Tensor {
            let y = convolution.run(x, w, b).relu()
            return window == [1, 1] ? y : y.maxPool2d(kernelSize: pair)
        }
    }

    static let cases: [Case] =
        [16, 17, 31, 32, 33].map {
            Case(convolution: .init(x: [2, 3, 6, 7], weight: [$0, 3, 3, 3], padding: [1, 1]))
        }
        + [[1, 1], [1, 2], [3, 1], [3, 3], [5, 7]].map {
            Case(convolution: .init(x: [3, 2, 7, 9], weight: [16, 2, 2, 3], padding: [0, 1]), window: $0)
        }
        + [
            Case(convolution: .init(x: [1, 1, 28, 28], weight: [32, 1, 3, 3], padding: [1, 1])),
            Case(convolution: .init(x: [2, 17, 11, 13], weight: [19, 17, 3, 3], stride: [2, 1], padding: [1, 2])),
            Case(convolution: .init(x: [2, 5, 9, 9], weight: [16, 5, 1, 1], stride: [2, 2]), window: [2, 3]),
            Case(convolution: .init(x: [1, 16, 5, 5], weight: [16, 16, 5, 5], padding: [4, 4]), window: [3, 3]),
        ]

    private static func operands(_ c: Case) -> [Tensor] {
        let w = c.convolution.weight
        return [sample(Shape(c.convolution.x), seed: 1), sample(Shape(w), seed: 2), sample([w[0]], seed: 3)]
    }

    @Test("result and gradients are those of the three operations in float64", arguments: cases)
    func exact(_ c: Case) throws {
        func run(_ type: DType, _ body: (Tensor, Tensor, Tensor?) -> Tensor?) throws -> [Tensor] {
            let leaves = Self.operands(c).map { $0.to(type).requiringGradient() }
            let y = try #require(body(leaves[0], leaves[1], leaves[2]))
            y.backward(gradient: sample(y.shape, seed: 4).to(type))
            return [y.detached] + leaves.compactMap(\.gradient)
        }
        let (actual, expected) = (try run(.float32, c.fused), try run(.float64, c.apart))
        #expect(actual.count == 4 && expected.count == 4)
        for (a, b) in zip(actual, expected) {
            #expect(a.shape == b.shape)
            expectClose(a, b, relative: 1e-4, absolute: 1e-5)
        }
    }

    @Test("without a bias, without gradients, and with only some of them")
    func parts() throws {
        let c = Case(convolution: .init(x: [2, 3, 8, 8], weight: [16, 3, 3, 3], padding: [1, 1]))
        let o = Self.operands(c)
        expectClose(try #require(c.fused(o[0], o[1], nil)), c.apart(o[0], o[1], nil), relative: 1e-4, absolute: 1e-5)
        for wanted in 0..<3 {
            func gradient(_ body: (Tensor, Tensor, Tensor?) -> Tensor?) throws -> Tensor {
                var leaves = o
                leaves[wanted] = o[wanted].requiringGradient()
                let y = try #require(body(leaves[0], leaves[1], leaves[2]))
                y.backward(gradient: sample(y.shape, seed: 4))
                return try #require(leaves[wanted].gradient)
            }
            expectClose(try gradient(c.fused), try gradient(c.apart), "input \(wanted)", relative: 1e-4, absolute: 1e-5)
        }
        let frozen = try #require(withNoGrad { c.fused(o[0].requiringGradient(), o[1], o[2]) })
        #expect(!frozen.requiresGradient)
    }

    @Test("gradients add into the memory parameters were given")
    func accumulation() throws {
        let (w, b) = (Parameter(wrappedValue: sample([16, 2, 3, 3])), Parameter(wrappedValue: sample([16], seed: 2)))
        let arena = Tensor.full([w.value.count + 16], 7)
        w.leaf.move(to: arena.view(w.value.shape, strides: w.value.shape.contiguousStrides))
        b.leaf.move(to: arena.view([16], strides: [1], offset: w.value.count))
        let c = Case(convolution: .init(x: [2, 2, 6, 6], weight: [16, 2, 3, 3]))
        let x = sample([2, 2, 6, 6], seed: 3)
        let (leaf, offset) = (w.value.requiringGradient(), b.value.requiringGradient())
        c.apart(x, leaf, offset).sum().backward()
        for step in 1...2 {
            try #require(c.fused(x, w.wrappedValue, b.wrappedValue)).sum().backward()
            expectClose(
                try #require(w.gradient), try #require(leaf.gradient) * Double(step), relative: 1e-4, absolute: 1e-5)
            expectClose(
                try #require(b.gradient), try #require(offset.gradient) * Double(step), relative: 1e-4, absolute: 1e-5)
        }
    }

    @Test("equal values, all negative windows and NaN go the way of the three operations")
    func ties() throws {
        let identity = Tensor([Float](repeating: 1, count: 16), shape: [16, 1, 1, 1])
        let c = Case(convolution: .init(x: [1, 1, 4, 4], weight: [16, 1, 1, 1]))
        let grids: [[Float]] = [
            [1, 1, 2, 3, 1, 1, 3, 3, -1, -2, 0, 0, -3, -4, 0, 0],
            [.nan, 1, 2, .nan, 3, 4, 5, 6, -.infinity, -.infinity, .infinity, 1, -1, -1, 2, .infinity],
        ]
        for values in grids {
            let grid = Tensor(values, shape: [1, 1, 4, 4])
            let (one, other) = (grid.requiringGradient(), grid.requiringGradient())
            let (y, expected) = (try #require(c.fused(one, identity, nil)), c.apart(other, identity, nil))
            #expect(y.floats.map(\.bitPattern) == expected.floats.map(\.bitPattern))
            y.sum().backward()
            expected.sum().backward()
            #expect(one.gradient?.floats == other.gradient?.floats)
        }
    }

    @Test("what the kernels do not serve is left to the three operations")
    func refusals() {
        func serves(
            _ x: Tensor = sample([2, 4, 8, 8]), _ w: Tensor = sample([16, 4, 3, 3]), dilation: Pair = 1,
            groups: Int = 1,
            window: Pair = 2
        ) -> Bool {
            x.convolutionBlock(w, bias: nil, stride: 1, padding: 0, dilation: dilation, groups: groups, window: window)
                != nil
        }
        #expect(serves())
        #expect(!serves(Tensor.zeros([0, 4, 8, 8])))
        #expect(!serves(sample([2, 4, 8, 8], dtype: .float64), sample([16, 4, 3, 3], dtype: .float64)))
        #expect(!serves(dilation: 2))
        #expect(!serves(sample([2, 8, 8, 8]), groups: 2))
        #expect(!serves(window: 7))
        #expect(!serves(sample([2, 5, 8, 8])))
        lsk_set_convolution_engine(LSK_ENGINE_BLAS)
        defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
        #expect(!serves())
    }
}
