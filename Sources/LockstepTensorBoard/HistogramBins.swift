// SPDX-License-Identifier: Apache-2.0
// The distribution of a tensor's values, in the bins that TensorBoard draws.

/// Counts of values in bins whose bounds grow by a tenth each, as TensorFlow's histograms have them.
struct HistogramBins {
    private(set) var message = Tensorboard_HistogramProto()

    /// ±1e-12 · 1.1ⁿ up to 1e20, 0 in the middle, and the largest number there is.
    private static let limits: [Double] = {
        var positive: [Double] = []
        var limit = 1e-12
        while limit < 1e20 {
            positive.append(limit)
            limit *= 1.1
        }
        positive.append(.greatestFiniteMagnitude)
        return positive.reversed().map { -$0 } + [0] + positive
    }()

    /// Values that are no finite numbers are in no bin, and not counted; nil where none is left.
    init?(_ values: [Float]) {
        var counts = [Double](repeating: 0, count: Self.limits.count)
        var (least, most, sum, squares, count) = (Double.infinity, -Double.infinity, 0.0, 0.0, 0.0)
        for value in values where value.isFinite {
            let number = Double(value)
            counts[Self.bin(of: number)] += 1
            (least, most) = (min(least, number), max(most, number))
            (sum, squares, count) = (sum + number, squares + number * number, count + 1)
        }
        guard count > 0, let first = counts.firstIndex(where: { $0 > 0 }),
            let last = counts.lastIndex(where: { $0 > 0 })
        else { return nil }
        (message.min, message.max, message.num, message.sum, message.sumSquares) = (least, most, count, sum, squares)
        // An empty bin in front says where the first one begins.
        let range = max(0, first - 1)...last
        message.bucketLimit = Array(Self.limits[range])
        message.bucket = Array(counts[range])
    }

    /// The first bin whose upper bound is larger.
    private static func bin(of value: Double) -> Int {
        var (low, high) = (0, limits.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if limits[middle] > value { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
