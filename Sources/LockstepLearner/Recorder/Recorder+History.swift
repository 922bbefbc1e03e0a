// SPDX-License-Identifier: Apache-2.0
// What has been recorded so far, for a run that goes on.

import LockstepTensor

extension Recorder {
    /// Rows, losses and rates of the fit: plots of a resumed run show all of it.
    func exchangeHistory(with archive: StateArchive) throws {
        try archive.part("history") { archive in
            try archive.numbers("losses", &losses, allowsNaN: true)
            try archive.numbers("lrs", &lrs, allowsNaN: true)
            var counts = iters.map(Double.init)
            try archive.numbers("iters", &counts, in: 0...Double(1 << 48))
            var columns = hps.keys.sorted().joined(separator: "\n")
            try archive.text("hps", &columns)
            var rates: [(String, [Double])] = []
            for name in columns.split(separator: "\n").map(String.init) {
                var values = hps[name] ?? []
                try archive.numbers("hps.\(name)", &values, allowsNaN: true)
                rates.append((name, values))
            }
            let found = try exchangeRows(with: archive)
            guard archive.isReading else { return }
            (iters, rows) = (counts.map { Int($0) }, found)
            hps = Dictionary(rates, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Rows as lists of numbers; a value that is unknown is one that its flag says nothing of.
    private func exchangeRows(with archive: StateArchive) throws -> [EpochRow] {
        var epochs = rows.map { Double($0.epoch) }
        try archive.numbers("epochs", &epochs, in: 0...Double(1 << 48))
        var seconds = rows.map { $0.seconds ?? .nan }
        try archive.numbers("seconds", &seconds, allowsNaN: true)
        var (values, known): ([Double], [Double]) = ([], [])
        for value in rows.flatMap(\.values) {
            values.append(value ?? 0)
            known.append(value == nil ? 0 : 1)
        }
        try archive.numbers("values", &values, allowsNaN: true)
        try archive.numbers("known", &known, in: 0...1)
        let width = names.count
        guard seconds.count == epochs.count, values.count == known.count, values.count == epochs.count * width else {
            throw archive.error(
                "values", "\(values.count) of them do not make \(epochs.count) rows of \(width) columns")
        }
        return epochs.indices.map { row in
            let cells = (row * width..<(row + 1) * width).map { known[$0] == 1 ? values[$0] : nil }
            return EpochRow(
                epoch: Int(epochs[row]), names: names, values: cells, seconds: seconds[row].isNaN ? nil : seconds[row])
        }
    }
}
