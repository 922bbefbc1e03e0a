// SPDX-License-Identifier: Apache-2.0
// `lockstep bench convolutions`: what each engine takes for each convolution, and the cost model fitted to it.

import Foundation
import Lockstep
import LockstepBench

extension Bench {
    /// The tables, with our own AVX-512 products and without.
    private static let tables = ["convolutions-avx512.csv", "convolutions-avx2.csv"]

    /// Measures every engine on every shape, round after round, and keeps the shortest times, those of earlier runs included.
    func runConvolutions() throws {
        if let fit { return try printFit(fit) }
        try Output.check("--report", folder: peers.report)
        let file = peers.report + "/" + Self.tables[ProcessorReport.current.usesOwnProducts ? 0 : 1]
        var rows = FileManager.default.fileExists(atPath: file) ? try Self.read(file) : []
        for round in 0..<peers.rounds {
            Console.standardError.write("round \(round + 1)\n")
            for shape in ConvolutionShape.all {
                for new in ConvolutionTimes.measure(shape) {
                    if let known = rows.firstIndex(where: { $0.shape == new.shape && $0.way == new.way }) {
                        rows[known].keepShorter(new)
                    } else {
                        rows.append(new)
                    }
                }
            }
            try Output.write(ConvolutionTimes.text(rows), to: file)
        }
        for network in ConvolutionShape.networks {
            if let verdict = ConvolutionVerdict(network, rows) { try say(verdict) }
        }
        let (mean, near) = ConvolutionVerdict.overall(rows)
        try say("all \(rows.count): × \(String(format: "%.3f", mean)), \(Int(near * 100)) % within 3 %")
        try say("report: \(file)")
    }

    /// The source file of the model, from the two tables in `folder`.
    private func printFit(_ folder: String) throws {
        let fits = try Self.tables.map { ConvolutionFit(try Self.read(folder + "/" + $0)) }
        try say(ConvolutionFit.source(withOwnProducts: fits[0], without: fits[1]), terminator: "")
    }

    private static func read(_ file: String) throws -> [ConvolutionTimes] {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure.noInput("\(file): cannot be read; lockstep bench convolutions --report FOLDER makes it")
        }
        guard let rows = ConvolutionTimes.parse(String(decoding: data, as: UTF8.self)) else {
            throw Failure.noInput("\(file): not a table that lockstep bench convolutions has made")
        }
        return rows
    }
}
