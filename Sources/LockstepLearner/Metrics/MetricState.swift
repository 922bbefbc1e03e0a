// SPDX-License-Identifier: Apache-2.0
// What a metric has accumulated, in a form that merges across ranks.

import LockstepTensor

/// A metric's accumulated state as plain numbers and rows of tensors, so that parts seen by different ranks merge into
/// what one process would have seen.
///
/// ```swift
/// let (mine, theirs) = (Metric.accuracy, Metric.accuracy)     // of two ranks
/// mine.state = .merged([mine.state, theirs.state])
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

    /// A state of parts that add up, are equal everywhere, or are rows.
    public init(sums: [Double] = [], counts: [Int64] = [], shared: [Double] = [], rows: BatchRows = BatchRows()) {
        (self.sums, self.counts, self.shared, self.rows) = (sums, counts, shared, rows)
    }

    /// The state of one process that saw everything the parts saw, given in rank order.
    ///
    /// No sums or no counts are those of a rank that has seen nothing yet, and add nothing.
    ///
    /// - Precondition: all parts come from metrics of the same kind.
    public static func merged(
        _ parts: [MetricState], file: StaticString = #fileID, line: UInt = #line
    ) -> MetricState {
        guard var total = parts.first else { return MetricState() }
        for part in parts.dropFirst() {
            total.sums = added(total.sums, part.sums, "sums", file, line)
            total.counts = added(total.counts, part.counts, "counts", file, line)
        }
        total.rows = .interleaved(parts.map(\.rows))
        return total
    }

    private static func added<Number: AdditiveArithmetic>(
        _ total: [Number], _ part: [Number], _ what: String, _ file: StaticString, _ line: UInt
    ) -> [Number] {
        if part.isEmpty { return total }
        if total.isEmpty { return part }
        require(
            part.count == total.count,
            "MetricState: \(part.count) \(what) cannot be merged with \(total.count)", file: file, line: line)
        return zip(total, part).map { $0 + $1 }
    }
}
