// SPDX-License-Identifier: Apache-2.0
// Telling counts from the numbers of classes: both are small whole numbers.

extension TabularColumns {
    /// Whether a column of a few whole numbers says how often something happened, rather than which of some classes it was.
    ///
    /// Counts begin at 0 and have no gap but among the last; from the most frequent value on they become rarer and rarer, until the
    /// largest is rare: at most a twentieth as frequent, or seen twice. Numbers of classes, such as ten digits, do not end so. Fewer than
    /// five values could be either and are classes.
    static func looksLikeCounts(_ column: CSVColumn, _ training: some Collection<Int>) -> Bool {
        guard case .integers(let values) = column.values else { return false }
        let present = training.lazy.filter { column.missing?[$0] != true }.map { values[$0] }
        guard let least = present.min(), let most = present.max(), least == 0, (4...1000).contains(most) else {
            return false
        }
        var counts = [Int](repeating: 0, count: most + 1)
        for value in present { counts[value] += 1 }
        guard counts.count(where: { $0 > 0 }) >= 5, let highest = counts.max(),
            let mode = counts.firstIndex(of: highest), mode < most, counts[most] * 20 <= highest || counts[most] <= 2
        else { return false }
        // Gaps stand where about nothing is to be expected.
        let total = counts.reduce(0, +)
        var below = 0
        for (value, count) in counts.enumerated() {
            if count == 0, below * 10 < total * 9 { return false }
            below += count
            // A count of n varies by its root.
            guard value > mode, value < most else { continue }
            let (here, next) = (Double(count), Double(counts[value + 1]))
            if next > here + 3 * (here + 1).squareRoot() { return false }
        }
        // The tail is the longer side, or at least no shorter than that towards 0.
        return mode <= most / 2
    }
}

extension CSVTable {
    /// Refuses what counts nothing: fractions and numbers below 0.
    func checkCounts(
        _ numbers: ColumnNumbers, _ rows: some Collection<Int>, of column: String
    ) throws(DataError) {
        let isNone = { (row: Int) in numbers.value(row) < 0 || numbers.value(row).rounded() != numbers.value(row) }
        guard let row = rows.first(where: isNone) else { return }
        throw DataError(
            .mismatch, file: file, at: .line(lines[row]),
            "the target “\(column)” is \(short(numbers.value(row))), which counts nothing",
            remedy: "A count is a whole number from 0; others are for regression")
    }
}
