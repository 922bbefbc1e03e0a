// SPDX-License-Identifier: Apache-2.0
// Mean, deviation and median of a column of numbers, exact where a mean is far above the deviation.

import LockstepTensor

/// A column's numbers, each with what a double cannot hold of it: integers from 2⁵³ on.
struct ColumnNumbers {
    private enum Values {
        case integers(CSVValues<Int>, missing: CSVValues<Bool>?)
        case reals(CSVValues<Double>)
    }
    private let values: Values
    /// Whether doubles hold all of every number.
    let areExact: Bool
    /// Whether the numbers are integers, which have no rounding of their own.
    let areIntegers: Bool

    /// Nil for text.
    init?(_ column: CSVColumn) {
        switch column.values {
        case .integers(let integers):
            values = .integers(integers, missing: column.missing)
            areExact = integers.allSatisfy { $0.magnitude <= 1 << 53 }
        case .reals(let reals): (values, areExact) = (.reals(reals), true)
        case .texts: return nil
        }
        areIntegers = column.kind == .integer
    }

    /// The number of a row as a double; not-a-number where it is missing.
    func value(_ row: Int) -> Double {
        switch values {
        case .integers(let integers, let missing): missing?[row] == true ? .nan : Double(integers[row])
        case .reals(let reals): reals[row]
        }
    }

    /// The number of a row; not-a-number where it is missing.
    subscript(_ row: Int) -> Pair {
        guard !areExact, case .integers(let integers, let missing) = values, missing?[row] != true else {
            return Pair(value: value(row), rest: 0)
        }
        // Half of the digits each, which doubles hold; the sum's rounding error is what is left.
        let number = integers[row]
        return Pair(
            value: Double(number), rest: twoSum(Double((number >> 32) << 32), Double(number & 0xFFFF_FFFF)).rest)
    }

    /// Calls `body` with the number of each of `rows`; not-a-number where it is missing.
    @inline(__always)
    func forEach(in rows: some Sequence<Int>, _ body: (_ row: Int, Pair) -> Void) {
        switch values {
        case .reals(let reals): reals.forEach(in: rows) { body($0, Pair(value: $1, rest: 0)) }
        case .integers(let integers, nil) where areExact:
            integers.forEach(in: rows) { body($0, Pair(value: Double($1), rest: 0)) }
        case .integers(let integers, _): integers.forEach(in: rows) { row, _ in body(row, self[row]) }
        }
    }

    /// A number and what a double cannot hold of it.
    struct Pair: Comparable {
        var value: Double
        var rest: Double

        /// The difference, for which one double is enough.
        static func - (a: Pair, b: Pair) -> Double { (a.value - b.value) + (a.rest - b.rest) }
        static func < (a: Pair, b: Pair) -> Bool { (a.value, a.rest) < (b.value, b.rest) }
    }
}

/// The sum and what rounding took from it (Knuth).
func twoSum(_ a: Double, _ b: Double) -> (sum: Double, rest: Double) {
    let sum = a + b
    let part = sum - a
    return (sum, (a - (sum - part)) + (b - part))
}

extension ContinuousColumn {
    /// The statistics of the rows `training`; missing numbers count as the median.
    init(_ name: String, _ numbers: ColumnNumbers, training: [Int]) {
        let median = numbers.median(training)
        /// Calls `body` with every number; the median where one is missing.
        @inline(__always)
        func each(_ body: (ColumnNumbers.Pair) -> Void) {
            numbers.forEach(in: training) { body($1.value.isNaN ? median.value : $1) }
        }
        let count = Double(training.count)
        // The mean of the distances from a first mean corrects it: the sum of large numbers has lost their last digits.
        var first = ColumnNumbers.Pair(value: 0, rest: 0)
        each { first.value += $0.value / count }
        var correction = 0.0
        each { [first] in correction += ($0 - first) / count }
        let (mean, meanRest) = twoSum(first.value, correction)
        let center = ColumnNumbers.Pair(value: mean, rest: meanRest)
        var farthest = 0.0
        each { farthest = Swift.max(farthest, ($0 - center).magnitude) }
        // Scaled: squares leave the range of numbers before the numbers do.
        var squares = 0.0
        each { squares += (($0 - center) / farthest) * (($0 - center) / farthest) }
        let deviation = farthest * (squares / count).squareRoot()
        // Decimal fractions that should be alike differ by rounding; integers that differ do differ.
        let rounding = numbers.areIntegers ? 0 : 4 * (median.most?.value.ulp ?? 0)
        let isConstant = median.least == median.most || !(deviation > rounding)
        self.init(
            name: name, median: median.value.value, mean: mean, deviation: isConstant ? 1 : deviation,
            medianRest: median.value.rest == 0 ? nil : median.value.rest, meanRest: meanRest == 0 ? nil : meanRest)
    }

    /// What a model is given for a number; a missing one is the median.
    ///
    /// - Returns: Infinite where float32 cannot hold it.
    func standardised(_ number: ColumnNumbers.Pair) -> Float {
        let number = number.value.isNaN ? ColumnNumbers.Pair(value: median, rest: medianRest ?? 0) : number
        return Float((number - ColumnNumbers.Pair(value: mean, rest: meanRest ?? 0)) / deviation)
    }
}

extension CSVTable {
    /// Refuses a number that float32, the type of models, cannot hold, and infinity, of which no statistics can be made.
    func checkHeld(
        _ numbers: ColumnNumbers, _ rows: some Collection<Int>, of column: String, _ what: String
    ) throws(DataError) {
        let limit = Double(Float.greatestFiniteMagnitude)
        var first: Int?
        numbers.forEach(in: rows) { if $1.value.magnitude > limit, first == nil { first = $0 } }
        guard let row = first else { return }
        let value = numbers.value(row)
        throw DataError(
            .mismatch, file: file, at: .line(lines[row]),
            "the \(what) “\(column)” is \(value)"
                + (value.isFinite ? ", which is beyond float32, the type of models" : ""),
            remedy: "Correct such rows, or remove them")
    }
}

extension ColumnNumbers {
    /// The median of those of `rows` that have a number, 0 where none has one, with the smallest and the largest.
    fileprivate func median(_ rows: [Int]) -> (value: Pair, least: Pair?, most: Pair?) {
        guard areExact else {
            var present: [Pair] = []
            forEach(in: rows) { if !$1.value.isNaN { present.append($1) } }
            return Self.median(&present) { $0 }
        }
        // Half of the memory.
        var present: [Double] = []
        present.reserveCapacity(rows.count)
        forEach(in: rows) { if !$1.value.isNaN { present.append($1.value) } }
        return Self.median(&present) { Pair(value: $0, rest: 0) }
    }

    private static func median<Number: Comparable>(
        _ present: inout [Number], _ pair: (Number) -> Pair
    ) -> (value: Pair, least: Pair?, most: Pair?) {
        guard let least = present.min(), let most = present.max() else { return (Pair(value: 0, rest: 0), nil, nil) }
        let middle = present.count / 2
        present.select(middle)
        var median = pair(present[middle])
        if present.count % 2 == 0 {
            let (low, high) = (present[..<middle].max().map(pair) ?? median, median)
            let (sum, rest) = twoSum(low.value / 2, high.value / 2)
            (median.value, median.rest) = twoSum(sum, rest + (low.rest / 2 + high.rest / 2))
        }
        return (median, pair(least), pair(most))
    }
}
