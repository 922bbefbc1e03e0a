// SPDX-License-Identifier: Apache-2.0
// What descriptions of networks for tables say alike: columns, hidden layers, and what becomes of the outputs.

import LockstepTensor

extension ExportFields {
    /// The categorical columns, when the weights of their tables are there and the hidden layers are layers.
    ///
    /// - Parameter parts: How many layers there are for each hidden one.
    func tableColumns(parts: Int) throws -> [(categories: Int, width: Int)] {
        let (categories, widths): ([Int], [Int]) = (try self("categories"), try self("widths"))
        let (layers, dropout): ([Int], [Double]) = (try self("layers"), try self("dropout"))
        let continuous: Int = try self("continuous")
        try check(
            categories.count == widths.count && (categories + widths + layers).allSatisfy { $0 > 0 && $0 < 1 << 32 }
                && !(categories.isEmpty && continuous == 0),
            "columns \(categories) × \(widths) and layers \(layers) are no sizes")
        try check(
            (dropout.isEmpty || dropout.count == layers.count) && dropout.allSatisfy { (0...1).contains($0) },
            "dropout \(dropout) does not fit \(layers.count) layers")
        try claim(parts: categories.count + parts * layers.count)
        for (count, width) in zip(categories, widths) { try claim(count, width) }
        return zip(categories, widths).map { (categories: $0, width: $1) }
    }

    /// The bounds of the outputs, or mean and deviation of the targets, or neither.
    func outputEnds() throws -> (range: ClosedRange<Double>?, scale: (mean: Double, deviation: Double)?) {
        let range: [Double]? = try self("outputRange")
        try check(range.map { $0.count == 2 && $0[0] <= $0[1] } ?? true, "outputRange is no range")
        let scale: [Double] = try self("outputScale")
        try check(
            scale.isEmpty || scale.count == 2 && scale.allSatisfy(\.isFinite) && scale[1] > 0 && range == nil,
            "outputScale is no mean and deviation")
        return (
            range.map { $0[0]...$0[1] }, scale.isEmpty ? nil : (mean: scale[0], deviation: scale[1])
        )
    }
}
