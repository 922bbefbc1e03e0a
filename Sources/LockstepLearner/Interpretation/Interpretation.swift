// SPDX-License-Identifier: Apache-2.0
// Which items a model gets most wrong.

public import LockstepData
import LockstepTensor

/// The loss of every item of a data source, and the items with the largest ones.
///
/// ```swift
/// let interpretation = try Interpretation(learner: learner)
/// for top in interpretation.topLosses(5) { print(top.index, top.loss) }
/// ```
///
/// Predictions are not kept. Making one is collective on several ranks; the writing rank has all items, the others none.
open class Interpretation {
    /// An item's loss and its place in the data set.
    public struct TopLoss: Equatable, Sendable {
        /// The item's loss.
        public let loss: Double
        /// The item's place in the data set.
        public let index: Int
    }

    /// One loss per item, in the order of the data set.
    public let losses: [Double]
    /// What else was collected: the columns after the losses.
    let columns: [Tensor]
    private let loader: any BatchSource

    /// Runs the model over `source` without changing the learner's records.
    ///
    /// - Throws: what the loader or a callback throws.
    public convenience init(learner: Learner, on source: DataSource = .valid) throws {
        try self.init(learner: learner, on: source) { _, _ in [] }
    }

    /// Collects `extra` columns, one row per item each, beside the losses.
    init(
        learner: Learner, on source: DataSource, extra: @escaping (_ pred: Tensor, _ target: Tensor) -> [Tensor]
    ) throws {
        let loader = try learner.loader(for: source)
        let collector = LossCollector(extra)
        try learner.withUnreducedLoss { try learner.infer(on: loader, callbacks: [collector]) }
        self.loader = loader
        let rows = try learner.coordinator.gather(collector.rows)
        losses = rows.column(0)?.doubles ?? []
        let count = rows.batches.first { !$0.isEmpty }?.count ?? 1
        columns = (1..<max(1, count)).compactMap { rows.column($0) }
    }

    /// The items with the largest losses, the largest first; equal ones in the order of the data set.
    ///
    /// - Parameters:
    ///   - k: How many; nil: all.
    ///   - largest: Whether the largest losses are wanted, or the smallest.
    public func topLosses(_ k: Int? = nil, largest: Bool = true) -> [TopLoss] {
        let order = losses.indices.sorted { a, b in
            if losses[a] == losses[b] { return a < b }
            // A loss that is no number counts as the largest: it is the one to look at.
            if losses[a].isNaN || losses[b].isNaN {
                return losses[a].isNaN == largest && !(losses[a].isNaN && losses[b].isNaN)
            }
            return largest ? losses[a] > losses[b] : losses[a] < losses[b]
        }
        return order.prefix(k ?? order.count).map { TopLoss(loss: losses[$0], index: $0) }
    }

    /// The items at places of the data set, as the model is given them; asks the loader for its batches again.
    ///
    /// - Throws: what the loader throws.
    public func items(at indices: [Int]) throws -> [Sample] {
        var wanted = Set(indices)
        var found: [Int: Sample] = [:]
        var batches = try loader.makeIterator(epoch: 0)
        var start = 0
        while !wanted.isEmpty, let batch = try batches.next() {
            for index in wanted where index >= start && index < start + batch.size {
                found[index] = Sample(
                    inputs: batch.inputs.map { $0[index - start] }, targets: batch.targets.map { $0[index - start] })
            }
            start += batch.size
            wanted.subtract(found.keys)
        }
        batches.cancel()
        return indices.compactMap { found[$0] }
    }
}
