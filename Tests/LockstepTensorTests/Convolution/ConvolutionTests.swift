// SPDX-License-Identifier: Apache-2.0
// Convolutions against the definition, PyTorch's values, central differences and their own two engines.
import CLockstepKernels
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Convolution") struct ConvolutionTests {
    @Test("both engines compute the definition, in every memory layout", arguments: ConvolutionCase.all)
    func definition(_ c: ConvolutionCase) {
        let (x, w) = (sample(Shape(c.x), seed: 1), sample(Shape(c.weight), seed: 2))
        let b = sample([c.weight[0]], seed: 3)
        let expected = c.direct(x, w, b)
        for engine in [LSK_ENGINE_BLAS, LSK_ENGINE_ONEDNN, LSK_ENGINE_MEASURED, LSK_ENGINE_RULE] {
            lsk_set_convolution_engine(engine)
            defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
            for layout in Layout.allCases {
                let y = c.run(x.laidOut(layout), w.laidOut(layout), b)
                expectClose(y, expected, "engine \(engine.rawValue), \(layout)", relative: 1e-4, absolute: 1e-5)
                #expect(y.isChannelsLast)
            }
        }
    }

    @Test("both engines give the gradients of float64", arguments: ConvolutionCase.all)
    func engineGradients(_ c: ConvolutionCase) {
        let inputs = [sample(Shape(c.x), seed: 1), sample(Shape(c.weight), seed: 2), sample([c.weight[0]], seed: 3)]
        func gradients(_ type: DType) -> [Tensor] {
            let leaves = inputs.map { $0.to(type).requiringGradient() }
            let y = c.run(leaves[0], leaves[1], leaves[2])
            y.backward(gradient: sample(y.shape, seed: 4).to(type))
            return leaves.compactMap(\.gradient)
        }
        let expected = gradients(.float64)
        for engine in [LSK_ENGINE_BLAS, LSK_ENGINE_ONEDNN, LSK_ENGINE_MEASURED, LSK_ENGINE_RULE] {
            lsk_set_convolution_engine(engine)
            defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
            for (actual, wanted) in zip(gradients(.float32), expected) {
                expectClose(actual, wanted, "engine \(engine.rawValue)", relative: 1e-4, absolute: 1e-5)
            }
        }
    }

    @Test("gradients agree with central differences", arguments: ConvolutionCase.all)
    func centralDifferences(_ c: ConvolutionCase) {
        checkGradients(
            of: { c.run($0[0], $0[1], $0[2]) },
            at: [sample(Shape(c.x), seed: 1), sample(Shape(c.weight), seed: 2), sample([c.weight[0]], seed: 3)])
    }

    @Test(
        "weight gradients add into the memory a parameter was given", arguments: [LSK_ENGINE_BLAS, LSK_ENGINE_ONEDNN])
    func accumulation(_ engine: lsk_convolution_engine) {
        lsk_set_convolution_engine(engine)
        defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
        for shape: Shape in [[4, 3, 3, 3], [4, 3, 1, 1]] {
            let weight = Parameter(wrappedValue: sample(shape, seed: 2))
            let bias = Parameter(wrappedValue: sample([4], seed: 3))
            let arena = Tensor.full([shape.elementCount + 4], 7)
            weight.leaf.move(to: arena.view(shape, strides: shape.contiguousStrides))
            bias.leaf.move(to: arena.view([4], strides: [1], offset: shape.elementCount))
            let x = sample([2, 3, 5, 5], seed: 1)
            let leaf = weight.value.requiringGradient()
            x.conv2d(leaf).sum().backward()
            for step in 1...2 {
                x.conv2d(weight.wrappedValue, bias: bias.wrappedValue).sum().backward()
                let pixels = shape[2] == 3 ? 9.0 : 25.0
                if let expected = leaf.gradient, let actual = weight.gradient, let sum = bias.gradient {
                    expectClose(actual, expected * Double(step), relative: 1e-4)
                    expectClose(sum, [Double](repeating: 2 * pixels * Double(step), count: 4))
                }
            }
        }
    }

    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        let options: [(String, Pair, Padding, Pair, Int)] = [
            ("plain", 1, 0, 1, 1), ("padded", 1, 1, 1, 1), ("strided", 2, 1, 1, 1),
            ("asymmetric", [2, 1], [0, 2], 1, 1),
            ("dilated", 1, 2, [2, 3], 1), ("grouped", 1, 1, 1, 2), ("depthwise", 2, 1, 1, 4),
            ("multiplier", 1, 0, 1, 3),
            ("pointwise", 1, 0, 1, 1), ("pointwise.strided", 2, 0, 1, 1), ("one.channel", 1, 2, 1, 1),
            ("wide", 1, 1, 1, 1),
            ("whole", 1, 0, 1, 1),
        ]
        for (name, stride, padding, dilation, groups) in options {
            try data.check("conv2d." + name, "x", "weight", "bias", relative: 1e-4, absolute: 1e-5) {
                $0[0].conv2d($0[1], bias: $0[2], stride: stride, padding: padding, dilation: dilation, groups: groups)
            }
        }
        try data.check("conv2d.unbiased", "x", "weight") { $0[0].conv2d($0[1], padding: 1) }
        let lines: [(String, Int, Padding, Int, Int)] = [
            ("plain", 1, 0, 1, 1), ("strided", 2, 1, 1, 1), ("dilated", 1, 0, 2, 1), ("grouped", 1, 1, 1, 2),
        ]
        for (name, stride, padding, dilation, groups) in lines {
            try data.check("conv1d." + name, "x", "weight", "bias") {
                $0[0].conv1d($0[1], bias: $0[2], stride: stride, padding: padding, dilation: dilation, groups: groups)
            }
        }
    }

    @Test("padding .same keeps the size and puts an odd zero behind")
    func same() {
        let x = Tensor([1, 2, 3, 4].map(Float.init), shape: [1, 1, 1, 4])
        let y = x.conv2d(Tensor([1, 10].map(Float.init), shape: [1, 1, 1, 2]), padding: .same)
        #expect(y.floats == [21, 32, 43, 4])
        #expect(
            sample([1, 2, 5, 6]).conv2d(sample([3, 2, 3, 5]), padding: .same, dilation: [1, 1]).shape == [1, 3, 5, 6])
        #expect(sample([1, 2, 7]).conv1d(sample([3, 2, 4]), padding: .same).shape == [1, 3, 7])
        checkGradients(
            of: { $0[0].conv2d($0[1], padding: .same, dilation: [1, 2]) },
            at: [sample([1, 2, 3, 5], seed: 1), sample([3, 2, 2, 4], seed: 2)])
        checkGradients(
            of: { $0[0].conv1d($0[1], bias: $0[2], padding: .same) },
            at: [sample([2, 2, 5], seed: 1), sample([3, 2, 4], seed: 2), sample([3], seed: 3)])
    }

    @Test("an empty batch has an empty result and zero gradients")
    func empty() {
        let w = sample([4, 3, 3, 3]).requiringGradient()
        let b = sample([4]).requiringGradient()
        let y = Tensor.zeros([0, 3, 5, 5]).conv2d(w, bias: b)
        #expect(y.shape == [0, 4, 3, 3])
        y.backward(gradient: y.detached)
        #expect(w.gradient?.floats.allSatisfy { $0 == 0 } == true)
        #expect(b.gradient?.floats == [0, 0, 0, 0])
    }

    @Test("one channel or one pixel is used where it lies")
    func freeStrides() {
        #expect(Tensor.zeros([2, 1, 5, 5]).isChannelsLast)
        #expect(Tensor.zeros([2, 7, 1, 1]).isChannelsLast)
        #expect(Tensor.zeros([2, 1, 1, 5]).isChannelsLast)
        #expect(!Tensor.zeros([2, 3, 5, 5]).isChannelsLast)
        #expect(Tensor.zeros([0, 3, 5, 5]).isChannelsLast)
    }

    @Test("a wrong number of channels is reported with both shapes and the caller's line")
    func wrongChannels() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([64, 3, 28, 28]).conv2d(Tensor.zeros([8, 1, 3, 3]))
        }
        expectTrap(
            result, says: "conv2d: the input has 3 channels, the kernel expects 1: [64, 3, 28, 28] with [8, 1, 3, 3]",
            "ConvolutionTests.swift")
    }
}
