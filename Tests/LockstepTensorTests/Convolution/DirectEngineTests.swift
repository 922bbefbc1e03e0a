// SPDX-License-Identifier: Apache-2.0
// Our own convolution kernels at the edges of their tiles: 12 pixels or taps by 16 or 32 channels.
import CLockstepKernels
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Convolution by our own kernels") struct DirectEngineTests {
    /// Sizes around the tiles, all strides up to beyond the kernel, padding up to beyond it.
    static let cases: [ConvolutionCase] =
        ConvolutionCase.all + [1, 11, 12, 13, 25].map { .init(x: [2, 3, 3, $0], weight: [5, 3, 2, 1]) }
        + [15, 16, 17, 31, 32, 33, 65].map { .init(x: [1, 2, 3, 5], weight: [$0, 2, 3, 3], padding: [1, 1]) }
        + [15, 16, 17, 33].map { .init(x: [1, $0, 4, 3], weight: [2, $0, 3, 3], stride: [2, 1], padding: [1, 1]) }
        + (1...4).map { .init(x: [2, 2, 11, 7], weight: [3, 2, 3, 2], stride: [$0, 5 - $0], padding: [1, 0]) }
        + (0...4).map { .init(x: [1, 1, 6, 5], weight: [17, 1, 3, 3], stride: [2, 3], padding: [$0, $0]) }
        + [.init(x: [3, 16, 12, 13], weight: [32, 16, 5, 5], stride: [3, 2], padding: [2, 2])]

    @Test("results and gradients are those of float64", arguments: cases)
    func exact(_ c: ConvolutionCase) {
        let inputs = [sample(Shape(c.x), seed: 1), sample(Shape(c.weight), seed: 2), sample([c.weight[0]], seed: 3)]
        func run(_ type: DType) -> [Tensor] {
            let leaves = inputs.map { $0.to(type).requiringGradient() }
            let y = c.run(leaves[0], leaves[1], leaves[2])
            y.backward(gradient: sample(y.shape, seed: 4).to(type))
            return [y.detached] + leaves.compactMap(\.gradient)
        }
        let expected = run(.float64)
        lsk_set_convolution_engine(LSK_ENGINE_DIRECT)
        defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
        for (actual, wanted) in zip(run(.float32), expected) {
            expectClose(actual, wanted, relative: 1e-4, absolute: 1e-5)
        }
    }

    @Test(
        "an image's result has the same bits whatever batch it is in",
        .enabled(if: lsk_uses_own_products() != 0, "needs AVX-512"))
    func batchInvariance() {
        let (x, w) = (sample([7, 3, 9, 10], seed: 1), sample([20, 3, 3, 3], seed: 2))
        lsk_set_convolution_engine(LSK_ENGINE_DIRECT)
        defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
        let all = x.conv2d(w, padding: 1)
        for n in 0..<7 { #expect(x[n..<(n + 1)].conv2d(w, padding: 1).floats == all[n..<(n + 1)].floats) }
    }

    @Test("transposed convolutions, whose padding behind may be negative", arguments: [1, 2, 3])
    func transposed(_ stride: Int) {
        let inputs = [sample([2, 3, 4, 5], seed: 1), sample([3, 17, 3, 2], seed: 2)]
        func run(_ type: DType) -> [Tensor] {
            let leaves = inputs.map { $0.to(type).requiringGradient() }
            let y = leaves[0].convTranspose2d(
                leaves[1], stride: Pair(stride), padding: [1, 0], outputPadding: Pair(stride - 1))
            y.backward(gradient: sample(y.shape, seed: 4).to(type))
            return [y.detached] + leaves.compactMap(\.gradient)
        }
        let expected = run(.float64)
        lsk_set_convolution_engine(LSK_ENGINE_DIRECT)
        defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
        for (actual, wanted) in zip(run(.float32), expected) {
            expectClose(actual, wanted, relative: 1e-4, absolute: 1e-5)
        }
    }

    @Test("a NaN or an infinity outside an image's reach stays there")
    func reach() {
        var values = [Float](repeating: 1, count: 2 * 5 * 5)
        values[0] = .nan
        let x = Tensor(values, shape: [2, 1, 5, 5])
        lsk_set_convolution_engine(LSK_ENGINE_DIRECT)
        defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
        let y = x.conv2d(Tensor.ones([16, 1, 3, 3]), padding: 1)
        #expect(y.floats.filter(\.isNaN).count == 16 * 4)
        #expect(y[1..<2].floats.allSatisfy { [4, 6, 9].contains($0) })
    }
}
