// SPDX-License-Identifier: Apache-2.0
// What a metric has accumulated, in a form that merges across ranks.

import LockstepTensor

/// A metric's accumulated state as plain numbers and rows of tensors, so that parts seen by different ranks merge into
/// what one process would have seen.
///
/// ```swift
/// rank0.metric.state = .merged([rank0.metric.state, rank1.metric.state])
/// ```
public struct MetricState {
    /// Added.
    public var sums: [Double]
    /// Added.
    public var counts: [Int64]
    /// The same on every rank already; the first rank's are kept.
    public var shared: [Double]
    /// Interleaved batch by batch.
    public var rows: BatchRows

    public init(sums: [Double] = [], counts: [Int64] = [], shared: [Double] = [], rows: BatchRows = BatchRows()) {
        (self.sums, self.counts, self.shared, self.rows) = (sums, counts, shared, rows)
    }

    /// The state of one process that saw everything the parts saw, given in rank order.
    ///
    /// - Precondition: all parts come from metrics of the same kind.
    public static func merged(
        _ parts: [MetricState], file: StaticString = #fileID, line: UInt = #line
    ) -> MetricState {
        guard var total = parts.first else { return MetricState() }
        for part in parts.dropFirst() {
            require(
                part.sums.count == total.sums.count && part.counts.count == total.counts.count,
                "MetricState: \(part.sums.count) sums and \(part.counts.count) counts cannot be merged with \(total.sums.count) and \(total.counts.count)",
                file: file, line: line)
            for index in total.sums.indices { total.sums[index] += part.sums[index] }
            for index in total.counts.indices { total.counts[index] += part.counts[index] }
        }
        total.rows = .interleaved(parts.map(\.rows))
        return total
    }
}
