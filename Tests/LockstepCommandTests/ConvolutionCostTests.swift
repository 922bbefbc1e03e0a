// SPDX-License-Identifier: Apache-2.0
// The rule between convolution engines is the one fitted from the committed measurements, and near the best by them.

import CLockstepKernels
import Foundation
import LockstepTensor
import Testing

@testable import LockstepBench

@Suite("Command: bench convolutions") struct ConvolutionCostTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: name)), as: UTF8.self)
    }

    private static func rows(_ kind: String) throws -> [ConvolutionTimes] {
        try #require(ConvolutionTimes.parse(try read("docs/performance/convolutions-\(kind).csv")))
    }

    @Test("the model in the source is the fit of the tables under docs/performance")
    func committed() throws {
        let fits = try ["avx512", "avx2"].map { ConvolutionFit(try Self.rows($0)) }
        let made = ConvolutionFit.source(withOwnProducts: fits[0], without: fits[1])
        #expect(made == (try Self.read("Sources/CLockstepKernels/conv/cost_model.inc")))
    }

    @Test(
        "by the measurements the rule costs the networks of the benchmark 3 % at most beside the fastest choice",
        .enabled(if: lsk_uses_own_products() != 0 && lsk_has_onednn() != 0, "the table is of AVX-512 with oneDNN"))
    func nearTheBest() throws {
        let rows = try Self.rows("avx512")
        for network in ConvolutionShape.networks {
            let verdict = try #require(ConvolutionVerdict(network, rows), "\(network.name) was not measured")
            #expect(verdict.ratio >= 1 && verdict.ratio < 1.03, "\(verdict)")
        }
        #expect(ConvolutionVerdict.overall(rows).mean < 1.06)
    }

    @Test("a table comes back from its text; what is no table is told apart")
    func tables() throws {
        let shape = try #require(ConvolutionShape(numbers: [2, 1, 3, 8, 9, 5, 3, 1, 2, 1, 1, 0]))
        let rows = [
            ConvolutionTimes(shape: shape, way: 1, nanoseconds: [12, nil, 7]),
            ConvolutionTimes(shape: shape, way: 2, nanoseconds: [3, 4, nil]),
        ]
        let text = ConvolutionTimes.text(rows)
        #expect(ConvolutionTimes.parse(text) == rows)
        #expect(rows[0].fastest == 2 && rows[1].fastest == 0)
        for wrong in [
            text.replacing("weight", with: "wait"), text.replacing(",4,", with: ",-4,"), text + "1,2\n",
            text.replacing("2,1,3,8", with: "2,1,3,0"),
        ] { #expect(ConvolutionTimes.parse(wrong) == nil, "\(wrong)") }
    }

    @Test("measuring keeps what was shorter, and times every engine that serves the shape")
    func measuring() throws {
        var kept = ConvolutionTimes(
            shape: ConvolutionShape.networks[0].layers[0].shape, way: 0, nanoseconds: [5, nil, 7])
        kept.keepShorter(ConvolutionTimes(shape: kept.shape, way: 0, nanoseconds: [6, 3, nil]))
        #expect(kept.nanoseconds == [5, 3, 7])
        let small = try #require(ConvolutionShape(numbers: [1, 1, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1]))
        let measured = ConvolutionTimes.measure(small)
        #expect(measured.map(\.way) == [0, 1, 2])
        #expect(measured.allSatisfy { ($0.nanoseconds[0] ?? 0) > 0 })
        #expect(measured.allSatisfy { ($0.nanoseconds[2] != nil) == (lsk_uses_own_products() != 0) })
    }
}
