// SPDX-License-Identifier: Apache-2.0
// Convolution and pooling on the threads of one rank: results and gradients have the bits that one thread gives them.
import CLockstepKernels
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Convolution shared out over threads") struct ConvolutionSharingTests {
    /// One image, fewer and more than there are threads; channels around the vectors and panels; too little to share.
    static let cases: [ConvolutionCase] =
        [15, 16, 17, 31, 32, 33].map { .init(x: [3, 17, 13, 11], weight: [$0, 17, 3, 3], padding: [1, 1]) }
        + [1, 2, 3, 5, 7].map { .init(x: [$0, 16, 23, 19], weight: [33, 16, 3, 2], padding: [1, 0]) }
        + [1, 2, 3].map { .init(x: [7, 5, 31, 29], weight: [32, 5, 3, 3], stride: [$0, 4 - $0], padding: [1, 2]) }
        + [
            .init(x: [64, 1, 28, 28], weight: [32, 1, 3, 3], padding: [1, 1]),
            .init(x: [61, 33, 9, 9], weight: [17, 33, 1, 1]),
            .init(x: [67, 12, 7, 7], weight: [64, 12, 1, 1], stride: [2, 2]),
            .init(x: [2, 64, 9, 7], weight: [97, 64, 3, 3], padding: [1, 1]),
            .init(x: [5, 13, 17, 15], weight: [31, 13, 1, 12]),
            .init(x: [65, 8, 8, 9], weight: [33, 8, 3, 3], padding: [1, 1]),
            .init(x: [3, 2, 64, 65], weight: [16, 2, 3, 3], padding: [1, 1]),
            .init(x: [1, 1, 1, 1], weight: [1, 1, 1, 1]),
            .init(x: [2, 3, 5, 7], weight: [17, 3, 3, 3]),
        ]

    private static func operands(_ c: ConvolutionCase) -> [Tensor] {
        [sample(Shape(c.x), seed: 1), sample(Shape(c.weight), seed: 2), sample([c.weight[0]], seed: 3)]
    }

    /// The bits of a result and of the gradients of those inputs that are wanted.
    private static func bits(
        _ inputs: [Tensor], wanted: [Bool]? = nil, _ body: ([Tensor]) -> Tensor?
    ) -> [[UInt64]] {
        let leaves = inputs.enumerated().map { wanted?[$0] ?? true ? $1.requiringGradient() : $1 }
        guard let y = body(leaves) else { return [] }
        y.backward(gradient: sample(y.shape, seed: 4).to(y.dtype))
        return ([y.detached] + leaves.compactMap(\.gradient)).map { $0.doubles.map(\.bitPattern) }
    }

    /// Traps when what `body` makes on 2, 3 or 7 threads differs from what one thread makes.
    private static func compare(_ name: String, _ body: () -> [[UInt64]]) {
        ComputeContext.defaultThreads = 1
        let alone = body()
        for threads in [2, 3, 7] {
            ComputeContext.defaultThreads = threads
            for _ in 0..<2 { precondition(body() == alone, "\(name) on \(threads) threads") }
        }
    }

    @Test(
        "every engine's results and gradients have the same bits on 1, 2, 3 and 7 threads",
        .enabled(if: lsk_uses_own_products() != 0, "OpenBLAS's threads are its own affair"))
    func engines() async {
        let result = await #expect(processExitsWith: .success) {
            for engine in [LSK_ENGINE_DIRECT, LSK_ENGINE_ONEDNN, LSK_ENGINE_BLAS] {
                lsk_set_convolution_engine(engine)
                for c in Self.cases {
                    Self.compare("\(c)") { Self.bits(Self.operands(c)) { c.run($0[0], $0[1], $0[2]) } }
                }
            }
        }
        #expect(result != nil)
    }

    @Test(
        "so has the convolution fused with ReLU and pooling, whichever gradients are wanted",
        .enabled(if: lsk_uses_own_products() != 0, "needs AVX-512"))
    func block() async {
        let result = await #expect(processExitsWith: .success) {
            for c in Self.cases where c.weight[0] >= 16 && c.x[3] >= 7 {
                let all = [true, true, true]
                for (window, wanted) in [
                    (1, all), (2, all), (2, [false, true, true]), (2, [true, false, true]), (3, [false, true, false]),
                    (2, [false, false, true]),
                ] {
                    Self.compare("\(c), windows of \(window), \(wanted)") {
                        Self.bits(Self.operands(c), wanted: wanted) {
                            $0[0].convolutionBlock(
                                $0[1], bias: $0[2], stride: c.pairs.stride, padding: c.pairs.padding,
                                dilation: c.pairs.dilation, groups: 1, window: Pair(window))
                        }
                    }
                }
            }
        }
        #expect(result != nil)
    }

    @Test("so has pooling")
    func pooling() async {
        let result = await #expect(processExitsWith: .success) {
            for shape: Shape in [[1, 1, 1, 1], [1, 17, 33, 35], [2, 16, 40, 30], [5, 15, 37, 31], [67, 3, 15, 16]] {
                for type in [DType.float32, .float64] {
                    let x = sample(shape, seed: 1).to(type)
                    Self.compare("\(shape) of \(type)") {
                        Self.bits([x]) { $0[0].maxPool2d(kernelSize: 1) }
                            + Self.bits([x]) { $0[0].maxPool2d(kernelSize: 3, stride: 2, padding: 1) }
                            + Self.bits([x]) { $0[0].avgPool2d(kernelSize: 3, stride: 2, padding: 1) }
                            + Self.bits([x]) { $0[0].adaptiveAvgPool2d(1) }
                    }
                }
            }
        }
        #expect(result != nil)
    }
}
