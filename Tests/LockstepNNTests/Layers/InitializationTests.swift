// SPDX-License-Identifier: Apache-2.0
// How weights start: PyTorch's distributions, decided by the seed alone.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Initial weights") struct InitializationTests {
    @Test("weights and biases fill ±1/√fanIn evenly", arguments: ["Linear", "Conv2d", "ConvTranspose2d", "Conv1d"])
    func bounds(kind: String) {
        let (layer, fanIn): (any UnaryLayer, Int) =
            switch kind {
            case "Linear": (Linear(100, 200), 100)
            case "Conv2d": (Conv2d(8, 64, kernelSize: 3, groups: 2), 4 * 9)
            case "ConvTranspose2d": (ConvTranspose2d(64, 8, kernelSize: 3), 8 * 9)
            default: (Conv1d(8, 64, kernelSize: 5), 8 * 5)
            }
        let bound = 1 / Double(fanIn).squareRoot()
        for (name, parameter) in layer.namedParameters() {
            let values = parameter.value.doubles
            #expect(values.allSatisfy { abs($0) <= bound * (1 + 1e-6) }, "\(name)")
            if values.count > 500 {
                let meanSquare = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
                expectClose(meanSquare, bound * bound / 3, relative: 0.1)  // the variance of an even distribution
                #expect((values.max() ?? 0) > 0.98 * bound && (values.min() ?? 0) < -0.98 * bound)
            }
        }
    }

    @Test("embeddings start normally, with the padding row at zero")
    func embedding() {
        let layer = Embedding(500, 8, paddingIndex: -1)
        let values = layer.weight.detached[0..<499].doubles
        expectClose(values.reduce(0) { $0 + $1 * $1 } / Double(values.count), 1, relative: 0.1)
        #expect(layer.weight.detached[499].floats == Array(repeating: 0, count: 8))
    }

    @Test("a seed decides the weights and leaves the thread's own sequence alone")
    func seeds() {
        let a = withSeed(7) { Linear(5, 3).weight.floats }
        let b = withSeed(7) { Linear(5, 3).weight.floats }
        let c = withSeed(8) { Linear(5, 3).weight.floats }
        #expect(a == b && a != c)
        setSeed(3)
        let first = Linear(5, 3).weight.floats
        let second = Linear(5, 3).weight.floats
        #expect(first != second)
        setSeed(3)
        _ = Linear(5, 3)
        _ = withSeed(7) { Linear(50, 30) }
        #expect(Linear(5, 3).weight.floats == second)
    }

    @Test("initializers keep to their formulas")
    func formulas() {
        withSeed(1) {
            let shape: Shape = [300, 50, 2, 2]  // fan-in 200, fan-out 1200
            func deviation(_ initializer: Initializer) -> Double {
                let v = initializer(shape).doubles
                return (v.reduce(0) { $0 + $1 * $1 } / Double(v.count)).squareRoot()
            }
            expectClose(deviation(.kaimingUniform()), (2.0 / 200).squareRoot(), relative: 0.02)
            expectClose(deviation(.kaimingNormal(slope: 1)), (1.0 / 200).squareRoot(), relative: 0.02)
            expectClose(deviation(.xavierUniform(gain: 2)), 2 * (2.0 / 1400).squareRoot(), relative: 0.02)
            expectClose(deviation(.xavierNormal()), (2.0 / 1400).squareRoot(), relative: 0.02)
            let truncated = Initializer.truncatedNormal(mean: 1, standardDeviation: 0.5)([1000]).doubles
            #expect(truncated.allSatisfy { $0 >= 0 && $0 <= 2 })
        }
    }
}
