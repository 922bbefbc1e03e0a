// SPDX-License-Identifier: Apache-2.0
// The average loss over batches, by their items.

import LockstepNN
public import LockstepTensor

/// The average loss over items: each batch's loss, weighted by its size, as in fastai.
///
/// ```
/// value = Σ_b items_b · loss_b / Σ_b items_b
/// ```
/// The loss of a batch of which several ranks have parts is that of one process: parts are merged by the loss's own weights
/// (``LossPart``), a loss that adds up its items is added up.
open class AvgLoss: Metric, Configurable {
    private struct Entry {
        let batch: Int
        let addsUp: Bool
        let part: LossPart
    }
    /// What was seen, by batch; parts of a batch side by side, in the order of its items.
    @exclusivity(unchecked) private var entries: [Entry] = []
    /// What is added to the learner's count of batches, which starts over in each phase.
    @exclusivity(unchecked) private var offset = 0

    public override init() {}
    open override var name: String { "loss" }
    open override func reset() { (entries, offset) = ([], 0) }
    open override func accumulate(_ learner: Learner) {
        let addsUp = learner.lossFunction.reduction == .sum
        if let last = entries.last?.batch, learner.iter + offset <= last { offset = last + 1 - learner.iter }
        let batch = learner.iter + offset
        for part in learner.lossParts { entries.append(Entry(batch: batch, addsUp: addsUp, part: part)) }
    }
    open override var value: Double? {
        var (total, count) = (0.0, 0)
        for batch in entries.chunked(by: \.batch) {
            let items = batch.reduce(0) { $0 + $1.part.items }
            guard let loss = loss(of: batch) else { continue }
            total += loss * Double(items)
            count += items
        }
        return count == 0 ? nil : total / Double(count)
    }

    private func loss(of batch: ArraySlice<Entry>) -> Double? {
        if batch.first?.addsUp == true { return batch.reduce(0) { $0 + $1.part.terms[0].mean } }
        return LossPart.merged(batch.map(\.part))
    }

    /// A row for each part: batch, items, whether the loss adds up, then mean and weight of each term.
    open override var state: MetricState {
        get {
            guard let first = entries.first else { return MetricState() }
            let columns = 3 + 2 * first.part.terms.count
            let values = entries.flatMap { entry -> [Double] in
                let terms: [Double] = entry.part.terms.flatMap { [$0.mean, $0.weight] }
                return [Double(entry.batch), Double(entry.part.items), entry.addsUp ? 1 : 0] + terms
            }
            return MetricState(rows: BatchRows([[Tensor(values, shape: [entries.count, columns])]]))
        }
        set {
            entries = newValue.rows.batches.flatMap { members -> [Entry] in
                let (rows, columns) = (members[0].dim(0), members[0].dim(1))
                let values = members[0].doubles
                return (0..<rows).map { row in
                    let row = values[row * columns..<(row + 1) * columns]
                    let start = row.startIndex
                    return Entry(
                        batch: Int(row[start]), addsUp: row[start + 2] == 1,
                        part: LossPart(
                            items: Int(row[start + 1]),
                            terms: stride(from: start + 3, to: row.endIndex, by: 2).map { (row[$0], row[$0 + 1]) }))
                }
            }
            .enumerated().sorted { ($0.element.batch, $0.offset) < ($1.element.batch, $1.offset) }.map(\.element)
        }
    }

    open class var configuration: Configuration { Configuration(AvgLoss.self) { _ in AvgLoss() } }
}

extension Array {
    /// Stretches of neighbours that are alike in `key`.
    fileprivate func chunked<Key: Equatable>(by key: (Element) -> Key) -> [ArraySlice<Element>] {
        var chunks: [ArraySlice<Element>] = []
        var start = startIndex
        for index in indices where index + 1 == endIndex || key(self[index + 1]) != key(self[start]) {
            chunks.append(self[start...index])
            start = index + 1
        }
        return chunks
    }
}
