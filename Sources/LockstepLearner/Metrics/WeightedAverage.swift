// SPDX-License-Identifier: Apache-2.0
// A mean that is added to batch by batch.

/// A sum and what to divide it by.
struct WeightedAverage {
    private var total = 0.0
    private var count = 0

    mutating func add(_ value: Double, weight: Int) {
        total += value * Double(weight)
        count += weight
    }
    var value: Double? { count == 0 ? nil : total / Double(count) }
    var state: MetricState {
        get { MetricState(sums: [total], counts: [Int64(count)]) }
        set { (total, count) = (newValue.sums[0], Int(newValue.counts[0])) }
    }
}
