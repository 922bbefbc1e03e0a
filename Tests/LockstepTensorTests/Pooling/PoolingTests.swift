// SPDX-License-Identifier: Apache-2.0
// Pooling: PyTorch's values, central differences, ties, NaN and windows at the edge.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Pooling") struct PoolingTests {
    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        let cases: [(String, (Tensor) -> Tensor)] = [
            ("maxPool2d", { $0.maxPool2d(kernelSize: 2) }),
            ("maxPool2d.overlapping", { $0.maxPool2d(kernelSize: 3, stride: 2, padding: 1) }),
            ("maxPool2d.asymmetric", { $0.maxPool2d(kernelSize: [2, 3], stride: [1, 2]) }),
            ("avgPool2d", { $0.avgPool2d(kernelSize: 2) }),
            ("avgPool2d.overlapping", { $0.avgPool2d(kernelSize: 3, stride: 2, padding: 1) }),
            ("adaptiveAvgPool2d.1", { $0.adaptiveAvgPool2d(1) }),
            ("adaptiveAvgPool2d.3,2", { $0.adaptiveAvgPool2d([3, 2]) }),
            ("adaptiveMaxPool2d.1", { $0.adaptiveMaxPool2d(1) }),
            ("adaptiveMaxPool2d.3,2", { $0.adaptiveMaxPool2d([3, 2]) }),
            ("maxPool1d", { $0.maxPool1d(kernelSize: 2) }),
            ("maxPool1d.overlapping", { $0.maxPool1d(kernelSize: 3, stride: 2, padding: 1) }),
            ("avgPool1d", { $0.avgPool1d(kernelSize: 3, stride: 2, padding: 1) }),
            ("adaptiveAvgPool1d.4", { $0.adaptiveAvgPool1d(4) }),
        ]
        for (name, function) in cases { try data.check(name, "x") { function($0[0]) } }
    }

    @Test("gradients agree with central differences", arguments: [1, 2, 17])
    func centralDifferences(_ channels: Int) {
        let x = sample([2, channels, 5, 7], seed: 1)
        checkGradients(of: { $0.maxPool2d(kernelSize: 3, stride: 2, padding: 1) }, at: x)
        checkGradients(of: { $0.maxPool2d(kernelSize: [2, 3], ceilMode: true) }, at: x)
        checkGradients(of: { $0.avgPool2d(kernelSize: 3, stride: 2, padding: 1, countIncludePad: false) }, at: x)
        checkGradients(of: { $0.avgPool2d(kernelSize: [2, 3], ceilMode: true) }, at: x)
        checkGradients(of: { $0.adaptiveAvgPool2d([2, 3]) }, at: x)
        checkGradients(of: { $0.adaptiveMaxPool2d([1, 3]) }, at: x)
        let line = sample([2, channels, 7], seed: 1)
        checkGradients(of: { $0.adaptiveMaxPool1d(3) }, at: line)
        checkGradients(of: { $0.avgPool1d(kernelSize: 2, ceilMode: true, countIncludePad: false) }, at: line)
    }

    @Test("the first of equal values takes the gradient", arguments: [1, 5])
    func ties(_ channels: Int) {
        let x = Tensor.zeros([1, channels, 2, 2]).requiringGradient()
        x.maxPool2d(kernelSize: 2).sum().backward()
        #expect(x.gradient?.floats == [Float](repeatElement([1, 0, 0, 0], count: channels).joined()))
    }

    @Test("a NaN wins its window only")
    func notANumber() {
        let x = Tensor([1, Float.nan, 3, 4, 5, 6, 7, 8], shape: [1, 1, 2, 4])
        let y = x.maxPool2d(kernelSize: 2).floats
        #expect(y[0].isNaN && y[1] == 8)
        #expect(Tensor.full([1, 1, 1, 2], -.infinity).maxPool2d(kernelSize: [1, 2]).item() == -.infinity)
    }

    @Test("ceil mode keeps the incomplete windows and divides as PyTorch does")
    func ceilMode() {
        let x = Tensor((1...5).map(Float.init), shape: [1, 1, 1, 5])
        #expect(x.maxPool2d(kernelSize: [1, 2], ceilMode: true).floats == [2, 4, 5])
        #expect(x.avgPool2d(kernelSize: [1, 2], ceilMode: true).floats == [1.5, 3.5, 5])
        #expect(x.avgPool2d(kernelSize: [1, 2], padding: [0, 1]).floats == [0.5, 2.5, 4.5])
        #expect(x.avgPool2d(kernelSize: [1, 2], padding: [0, 1], countIncludePad: false).floats == [1, 2.5, 4.5])
        #expect(x.maxPool2d(kernelSize: [1, 3], stride: [1, 3], padding: [0, 1], ceilMode: true).floats == [2, 5])
    }

    @Test("an empty batch stays empty; an empty window size is refused")
    func sizes() async {
        #expect(Tensor.zeros([0, 3, 4, 4]).maxPool2d(kernelSize: 2).shape == [0, 3, 2, 2])
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1, 2, 3, 3]).maxPool2d(kernelSize: 4)
        }
        expectTrap(
            result, says: "maxPool2d: the kernel 4 does not fit into the input [1, 2, 3, 3]", "PoolingTests.swift")
    }
}
