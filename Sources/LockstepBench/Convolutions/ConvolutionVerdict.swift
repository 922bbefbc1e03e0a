// SPDX-License-Identifier: Apache-2.0
// What the rule costs beside a choice by timing, by the measurements.

/// The times of a network's convolutions: with the engines the rule takes, and with the fastest.
package struct ConvolutionVerdict: Sendable, CustomStringConvertible {
    package let name: String
    /// Nanoseconds of all convolutions of a training step.
    package var chosen = 0.0
    package var fastest = 0.0

    /// How much slower the rule's choice is; 1 is as fast.
    package var ratio: Double { fastest > 0 ? chosen / fastest : 1 }

    package var description: String {
        "\(name): \((chosen / 1e3).rounded(digits: 5)) µs by the rule, \((fastest / 1e3).rounded(digits: 5)) µs by timing, × \(ratio.rounded(digits: 4))"
    }

    /// The verdict on `network`; nil where a layer was not measured. Nobody asks for the gradient of the first layer's input.
    package init?(_ network: ConvolutionShape.Network, _ rows: [ConvolutionTimes]) {
        name = network.name
        for (index, layer) in network.layers.enumerated() {
            for way in 0..<3 where way != 1 || index > 0 {
                guard let row = rows.first(where: { $0.shape == layer.shape && $0.way == way }), let best = row.fastest,
                    let time = row.nanoseconds[row.chosen] ?? row.nanoseconds[0], let least = row.nanoseconds[best]
                else { return nil }
                chosen += time * Double(layer.count)
                fastest += least * Double(layer.count)
            }
        }
    }

    /// Of all rows: the geometric mean of how much slower the choice is, and the part of them within 3 %.
    package static func overall(_ rows: [ConvolutionTimes]) -> (mean: Double, near: Double) {
        let ratios = rows.compactMap { row -> Double? in
            guard let best = row.fastest, let least = row.nanoseconds[best],
                let time = row.nanoseconds[row.chosen] ?? row.nanoseconds[0]
            else { return nil }
            return time / least
        }
        guard !ratios.isEmpty else { return (1, 1) }
        let mean = (ratios.reduce(0) { $0 + $1.logarithm } / Double(ratios.count)).exponential
        return (mean, Double(ratios.filter { $0 < 1.03 }.count) / Double(ratios.count))
    }
}
