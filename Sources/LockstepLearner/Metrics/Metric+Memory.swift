// SPDX-License-Identifier: Apache-2.0
// What a metric has accumulated of a phase that is interrupted.

import LockstepTensor

extension Metric {
    /// Each rank's own part; on another number of ranks the first one has seen everything.
    final func exchangeSeen(with archive: StateArchive) throws {
        let fresh = state
        var parts = archive.isWriting ? fresh.named : []
        try archive.own("seen", &parts) { ranks in
            archive.rank == 0 ? MetricState.merged(ranks.compactMap { MetricState($0) }).named : []
        } check: { parts in
            guard parts.isEmpty || MetricState(parts)?.isLike(fresh) == true else {
                throw archive.error("seen", "it is not what \(name) accumulates")
            }
        }
        guard archive.isReading else { return }
        reset()
        if let state = MetricState(parts) { self.state = state }
    }
}

extension AvgSmoothLoss {
    /// The sum, and of how many losses it is made.
    func exchangeSum(with archive: StateArchive) throws {
        var count = count
        var sums = state.shared.dropFirst().map(\.self)
        try archive.integer("count", &count, in: 0...(1 << 48))
        // A loss that is not a number stays one.
        try archive.numbers("sum", &sums, count: 1...1, allowsNaN: true)
        if archive.isReading { state = MetricState(shared: [Double(count)] + sums) }
    }
}

extension MetricState {
    /// As tensors with names.
    var named: StateArchive.Named {
        var list: StateArchive.Named = [
            ("sums", Tensor(sums)), ("counts", Tensor(counts)), ("shared", Tensor(shared)),
            ("columns", Tensor(rows.batches.map { Int64($0.count) })),
        ]
        for (number, batch) in rows.batches.enumerated() {
            list += batch.enumerated().map { ("\(number).\($0)", $1) }
        }
        return list
    }

    /// Nil for what is no such list.
    init?(_ named: StateArchive.Named) {
        func vector(_ name: String, _ dtype: DType) -> Tensor? {
            guard let tensor = named.first(where: { $0.name == name })?.tensor else { return nil }
            return tensor.rank == 1 && tensor.dtype == dtype ? tensor : nil
        }
        guard let sums = vector("sums", .float64), let counts = vector("counts", .int64),
            let shared = vector("shared", .float64), let columns = vector("columns", .int64)
        else { return nil }
        let tensors = Dictionary(named.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        self.init(sums: sums.doubles, counts: counts.ints.map(Int64.init), shared: shared.doubles)
        for (number, count) in columns.ints.enumerated() {
            guard count >= 0, count <= named.count else { return nil }
            let batch = (0..<count).compactMap { tensors["\(number).\($0)"] }
            guard batch.count == count else { return nil }
            rows.append(batch)
        }
    }

    /// Whether a metric whose state is `other` can take this one.
    func isLike(_ other: MetricState) -> Bool {
        (sums.count == other.sums.count || sums.isEmpty || other.sums.isEmpty)
            && (counts.count == other.counts.count || counts.isEmpty || other.counts.isEmpty)
            && shared.count == other.shared.count
    }
}
