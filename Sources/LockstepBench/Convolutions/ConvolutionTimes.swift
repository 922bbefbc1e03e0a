// SPDX-License-Identifier: Apache-2.0
// What each engine takes for each convolution, as a table in a file.

import CLockstepKernels
import LockstepTensor

/// One shape in one direction, and the nanoseconds of each engine.
package struct ConvolutionTimes: Sendable, Equatable {
    package var shape: ConvolutionShape
    /// 0 forward, 1 the gradient of the input, 2 of the weights.
    package var way: Int
    /// Gathered patches, oneDNN, our own kernels; nil where the engine does not serve the shape.
    package var nanoseconds: [Double?]

    package static let ways = ["forward", "data", "weight"]
    package static let engines = ["blas", "onednn", "direct"]

    /// Takes what was shorter.
    package mutating func keepShorter(_ other: ConvolutionTimes) {
        for index in nanoseconds.indices {
            guard let new = other.nanoseconds[index] else { continue }
            nanoseconds[index] = min(nanoseconds[index] ?? new, new)
        }
    }

    /// The fastest engine's index.
    package var fastest: Int? {
        nanoseconds.indices.filter { nanoseconds[$0] != nil }.min {
            (nanoseconds[$0] ?? .infinity) < (nanoseconds[$1] ?? .infinity)
        }
    }

    /// The index of the engine that the rule takes on this machine.
    package var chosen: Int {
        withUnsafePointer(to: shape.raw) {
            Int(lsk_convolution_rule($0, lsk_convolution_way(UInt32(way))).rawValue) - 1
        }
    }

    // MARK: Measuring

    /// Measures every engine on `shape`, in all directions.
    package static func measure(_ shape: ConvolutionShape) -> [ConvolutionTimes] {
        let raw = shape.raw
        func random(_ sizes: Int..., seed: UInt64) -> Tensor {
            var generator = PhiloxGenerator(seed: seed)
            return Tensor.uniform([sizes.reduce(1, *)], low: -0.5, high: 0.5, using: &generator)
        }
        let weight = shape.outputs * shape.inputs / shape.groups * shape.kernelHeight * shape.kernelWidth
        let x = random(shape.batch, shape.inputs, shape.height, shape.width, seed: 1)
        let w = random(weight, seed: 2), bias = random(shape.outputs, seed: 3)
        let dy = random(shape.batch, shape.outputs, raw.out_height, raw.out_width, seed: 4)
        let (y, dx, dw) = (dy + 0, x + 0, w + 0)
        let operands: [(Tensor, Tensor, Tensor?, Tensor)] = [(x, w, bias, y), (dy, w, nil, dx), (x, dy, nil, dw)]
        return operands.enumerated().map { way, tensors in
            let times = (1...3).map { engine in
                withUnsafePointer(to: raw) {
                    lsk_convolution_seconds(
                        $0, lsk_convolution_way(UInt32(way)), lsk_convolution_engine(UInt32(engine)),
                        tensors.0.unsafePointer, tensors.1.unsafePointer, tensors.2?.unsafePointer,
                        tensors.3.unsafePointer)
                }
            }
            return ConvolutionTimes(
                shape: shape, way: way, nanoseconds: times.map { $0 < 0 ? nil : ($0 * 1e9).rounded() })
        }
    }

    // MARK: As text

    /// A table with a line for each of `rows`.
    package static func text(_ rows: [ConvolutionTimes]) -> String {
        let header = (ConvolutionShape.columns + ["direction"] + engines.map { "\($0) ns" }).joined(separator: ",")
        let lines = rows.map { row in
            let times = row.nanoseconds.map { $0.map { String(Int($0)) } ?? "" }
            return (row.shape.numbers.map(String.init) + [ways[row.way]] + times).joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n") + "\n"
    }

    /// The rows of a table; nil where a line is none.
    package static func parse(_ text: String) -> [ConvolutionTimes]? {
        var rows: [ConvolutionTimes] = []
        for line in text.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard cells.count == 16, let way = ways.firstIndex(of: cells[12]),
                let shape = ConvolutionShape(numbers: cells.prefix(12).compactMap { Int($0) })
            else { return nil }
            let times = cells.suffix(3).map { Double($0) }
            guard times.allSatisfy({ $0 ?? 1 > 0 }) else { return nil }
            rows.append(ConvolutionTimes(shape: shape, way: way, nanoseconds: times))
        }
        return rows
    }
}
