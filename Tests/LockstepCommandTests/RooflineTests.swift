// SPDX-License-Identifier: Apache-2.0
// The floor under a step: what counts as work, and how ceilings turn it into time.

import Lockstep
import Testing

@testable import LockstepBench

@Suite("Roofline") struct RooflineTests {
    @Test("a linear layer is three products, two when it is the first")
    func linear() {
        let one = Work(flops: 2 * 64 * 512 * 784, bytes: 4 * (64 * 784 + 784 * 512 + 64 * 512))
        #expect(Work.linear(64, 784, 512) == [one, one, one])
        #expect(Work.linear(64, 784, 512, isFirst: true) == [one, one])
    }

    @Test(
        "the products of a case are those of its model: six operations for a row and a weight",
        arguments: [(BenchmarkCase.mlp, 64, 784 * 512), (.gpt, 2048, 0), (.lstm, 2048, 0)])
    func productsOfTheModel(benchmark: BenchmarkCase, rows: Int, first: Int) {
        let matrices = benchmark.makeModel().namedParameters().filter { name, value in
            value.wrappedValue.rank == 2 && !["te.weight", "pe.weight", "e.weight"].contains(name)
        }
        let weights = matrices.map(\.parameter.wrappedValue.count).reduce(0, +)
        // Attention multiplies activations with each other: 6 products over half of 64 × 64 scores of width 32.
        let attention = benchmark == .gpt ? 4 * 6 * 32 * 4 * 64 * 64 * 32 : 0
        let flops = benchmark.work.map(\.flops).reduce(0, +)
        #expect(flops == Double(6 * rows * weights - 2 * rows * first + attention))
    }

    @Test("ResNet-20 takes the 41 million multiply-adds of its paper to evaluate an image")
    func residualNetwork() {
        let flops = BenchmarkCase.resnet20.work.map(\.flops).reduce(0, +)
        let firstLayer = 2.0 * 64 * 32 * 32 * 27 * 16  // whose input needs no gradient
        #expect(abs((flops + firstLayer) / 3 / 64 / 2 / 41e6 - 1) < 0.02)
    }

    @Test("a part takes the longer of its arithmetic and its traffic, at the rate of the memory it walks through")
    func ceilings() {
        let ceilings = Ceilings(flops: 100, copies: [(bytes: 10, rate: 50), (bytes: 1000, rate: 5)])
        #expect(ceilings.seconds(Work(flops: 200, bytes: 10)) == 2)
        #expect(ceilings.seconds(Work(flops: 0, bytes: 10)) == 0.2)
        #expect(ceilings.seconds(Work(flops: 0, bytes: 11)) == 2.2)
        #expect(ceilings.seconds(Work(flops: 0, bytes: 5000)) == 1000)
        let result = BenchmarkResult(
            name: "mlp", engine: "lockstep", ranks: 1, samplesPerSecond: 64, milliseconds: 4000, bestMilliseconds: 3500,
            peakMebibytes: 45, ownMebibytes: 16, firstStepSeconds: 0.1, parameterCount: 1)
        let roofline = Roofline(
            name: "mlp", work: [Work(flops: 200, bytes: 10), Work(bytes: 5)], ceilings: ceilings, result: result)
        #expect(roofline.floorMilliseconds == 2100 && roofline.share == 0.525)
        #expect(roofline.row.hasSuffix("52.5 %"))
        #expect(roofline.json.contains("\"share\": 0.5250"))
    }

    @Test("measuring finds a rate for products and for copies of every size, and keeps the better")
    func measuring() {
        var ceilings = Ceilings()
        ceilings.measure()
        let first = ceilings
        ceilings.measure()
        #expect(first.flops > 1e8 && ceilings.flops >= first.flops)
        for (a, b) in zip(first.copies, ceilings.copies) { #expect(a.rate > 1e7 && b.rate >= a.rate) }
    }
}
