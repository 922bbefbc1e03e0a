// SPDX-License-Identifier: Apache-2.0
// Softmax and its logarithm.
import Foundation
import LockstepTensor
import Testing

@Suite("Softmax") struct SoftmaxTests {
    @Test(
        "agrees with a plain loop along every axis and in every layout",
        arguments: [[1], [10], [16], [100], [3, 5], [2, 17, 5], [3, 33, 70], [2, 70, 1, 3]] as [Shape])
    func values(_ shape: Shape) {
        let elements = spread(shape.elementCount).map { $0 * 8 }
        for axis in 0..<shape.rank {
            let sums = groups(elements.map { exp($0) }, shape, [axis]).map { $0.reduce(0, +) }
            var kept = shape
            kept[axis] = 1
            let total = Tensor(sums, shape: kept)
            let expected = (Tensor(elements, shape: shape).exp() / total).doubles
            for (name, x) in layouts(elements, shape) {
                let (y, z) = (x.softmax(axis: axis).doubles, x.logSoftmax(axis: axis - shape.rank).doubles)
                for i in expected.indices {
                    #expect(abs(y[i] - expected[i]) <= 1e-6 * expected[i] + 1e-9, "\(shape), axis \(axis), \(name)")
                    #expect(abs(z[i] - log(expected[i])) <= 4e-6, "log, \(shape), axis \(axis), \(name)")
                }
            }
            let x = Tensor(elements, shape: shape)
            #expect(zip(x.softmax(axis: axis).doubles, expected).allSatisfy { abs($0 - $1) < 1e-14 })
        }
    }

    @Test("adds up to one and ignores a constant shift, however large")
    func properties() {
        let x = Tensor(spread(40), shape: [4, 10]).to(.float32)
        for total in x.softmax(axis: 1).sum(axis: 1).floats { #expect(abs(total - 1) < 1e-6) }
        let y = Tensor([[1e30, 0], [-1e30, 0], [88, 89], [-1000, -1001]]).softmax(axis: -1).floats
        #expect(y[0] == 1 && y[1] == 0 && y[2] == 0 && y[3] == 1)
        #expect(abs(y[4] - y[7]) < 1e-6 && abs(y[5] - y[6]) < 1e-6)
        #expect(Tensor([-Float.infinity, 0]).softmax(axis: 0).floats == [0, 1])
        #expect(Tensor([0, .nan] as [Float]).softmax(axis: 0).floats.allSatisfy { $0.isNaN })
    }

    @Test("gradients agree with central differences")
    func gradients() {
        for shape in [[2, 3, 5], [2, 18], [18, 2]] as [Shape] {
            let x = Tensor(spread(shape.elementCount), shape: shape)
            for axis in 0..<shape.rank {
                expectGradient(x) { $0.softmax(axis: axis) }
                expectGradient(x) { $0.logSoftmax(axis: axis) }
            }
        }
    }

    @Test("float32 gradients agree with float64 in every layout")
    func layoutGradients() {
        let elements = spread(6 * 33 * 2)
        func gradient(_ x: Tensor, _ f: (Tensor) -> Tensor) -> [Double] {
            let leaf = x.requiringGradient()
            f(leaf).backward(gradient: Tensor(spread(x.count, seed: 9), shape: x.shape).to(x.dtype))
            return leaf.gradient?.doubles ?? []
        }
        for axis in 0..<3 {
            for f in [{ $0.softmax(axis: axis) }, { $0.logSoftmax(axis: axis) }] as [(Tensor) -> Tensor] {
                let exact = gradient(Tensor(elements, shape: [6, 33, 2]), f)
                for (name, x) in layouts(elements, [6, 33, 2]) {
                    for (a, b) in zip(exact, gradient(x, f)) { #expect(abs(a - b) < 2e-6, "axis \(axis), \(name)") }
                }
            }
        }
    }

    @Test("empty tensors stay empty")
    func empty() {
        #expect(Tensor.zeros([0, 3]).softmax(axis: 1).shape == [0, 3])
        #expect(Tensor.zeros([3, 0]).logSoftmax(axis: 1).shape == [3, 0])
    }
}
