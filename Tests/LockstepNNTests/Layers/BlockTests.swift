// SPDX-License-Identifier: Apache-2.0
// fastai's blocks and larger images: how they start, what they print, what they refuse.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Blocks of layers") struct BlockTests {
    @Test(
        "a convolution block starts as fastai's: offsets of 0.001, no bias before a normalisation, zeros at a branch's end"
    )
    func starts() {
        withSeed(1) {
            let layer = ConvLayer(3, 4, norm: .batchZero)
            #expect(layer.stateDictionary().map(\.name).contains("0.bias") == false)
            let norm = layer.layers[1] as? BatchNorm2d
            #expect(norm?.bias?.floats == [Float](repeating: 1e-3, count: 4))
            #expect(norm?.weight?.floats == [0, 0, 0, 0])
            let plain = ConvLayer(3, 400, norm: .none)
            let bias = (plain.layers[0] as? Conv2d)?.bias
            expectClose(bias?.standardDeviation().item() ?? 0, 0.01, absolute: 0.002)
            #expect(ConvLayer(3, 4, kernelSize: [3, 5])(.zeros([1, 3, 6, 7])).shape == [1, 4, 6, 7])
            #expect(ConvLayer(3, 4, norm: .instance).layers.count == 3)
            #expect(LinBnDrop(4, 2, dropout: 0.5, activation: ReLU()).layers.count == 4)
        }
    }

    @Test("the activation of a convolution block decides how its weights start, as fastai's")
    func startsByActivation() {
        func check(_ activation: (any UnaryLayer)?, transposed: Bool = false, _ bound: Double) {
            let layer = withSeed(1) { ConvLayer(8, 64, activation: activation, transposed: transposed) }
            let convolution = layer.layers[0]
            let weight = (convolution as? Conv2d)?.weight ?? (convolution as? ConvTranspose2d)?.weight
            let values = weight?.detached.doubles ?? []
            let name = "\(activation?.typeName ?? "none"), transposed: \(transposed)"
            #expect(values.count == 8 * 64 * 9, "\(name)")
            #expect(values.allSatisfy { abs($0) <= bound * (1 + 1e-6) }, "\(name)")
            let meanSquare = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
            // The deviation of an even distribution.
            expectClose(meanSquare.squareRoot(), bound / 3.0.squareRoot(), name, relative: 0.05)
        }
        let (fanIn, fanOut) = (8.0 * 9, 64.0 * 9)
        let activations: [any UnaryLayer] = [ReLU(), ReLU6(), LeakyReLU(0.3), SiLU()]
        for activation in activations { check(activation, (6 / fanIn).squareRoot()) }
        let gates: [any UnaryLayer] = [Sigmoid(), Tanh()]
        for activation in gates { check(activation, (6 / (fanIn + fanOut)).squareRoot()) }
        check(GELU(), (1 / fanIn).squareRoot())
        check(nil, (1 / fanIn).squareRoot())
        // The weight of a transposed convolution has the outputs on its second axis.
        check(ReLU(), transposed: true, (6 / fanOut).squareRoot())
        check(nil, transposed: true, (1 / fanOut).squareRoot())
    }

    @Test("a convolution that starts with icnr makes squares of one colour", arguments: [2, 3])
    func icnr(scale: Int) {
        withSeed(1) {
            let convolution = Conv2d(3, 2 * scale * scale, kernelSize: 3, padding: 1, bias: false)
            convolution.weight = Initializer.icnr(scale: scale)(convolution.weight.shape)
            let image = PixelShuffle(scale)(convolution(sample([1, 3, 4, 5])))
            #expect(image.shape == [1, 2, 4 * scale, 5 * scale])
            let small = image[.all, .all, .stride(by: scale), .stride(by: scale)]
            expectClose(image, small.interpolated(scale: Double(scale)))
        }
    }

    @Test("a small convolutional network takes images of any size")
    func network() {
        withSeed(1) {
            let model = SimpleCNN([3, 4, 5, 2], batchNorm: false)
            #expect(model(.zeros([2, 3, 32, 20])).shape == [2, 2])
            #expect(model.namedParameters().map(\.name).prefix(2) == ["0.0.weight", "0.0.bias"])
        }
    }

    @Test("what does not fit is refused with the caller's line or the layer's name")
    func mistakes() async {
        let pixels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = PixelShuffle(2)(.zeros([1, 6, 2, 2]))
        }
        expectTrap(pixels, says: "PixelShuffle(2): needs an input [N, C·4, H, W], not [1, 6, 2, 2]")
        let corners = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Upsample(2, alignCorners: true)
        }
        expectTrap(
            corners, says: "Upsample: alignCorners is for lines and cubics, not for mode nearest", "BlockTests.swift")
        let pairs = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = EmbeddingDotBias(factors: 2, users: 3, items: 3)(.zeros([4, 3], dtype: .int64))
        }
        expectTrap(pairs, says: "needs integers [N, 2], user and item, not int64 [4, 3]")
        let filters = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = SimpleCNN([3, 4], strides: [1, 2])
        }
        expectTrap(filters, says: "SimpleCNN: [3, 4] are 1 convolutions", "BlockTests.swift")
        let blocks = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Initializer.icnr(scale: 2)([6, 3, 1, 1])
        }
        expectTrap(blocks, says: "icnr: the outputs of a weight [6, 3, 1, 1] do not divide into blocks of 4")
        let groups = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Conv3d(3, 4, kernelSize: [3, 3])
        }
        expectTrap(groups, says: "Conv3d(3, 4): the kernel is [3, 3]; one size or three are needed", "BlockTests.swift")
    }
}
