// SPDX-License-Identifier: Apache-2.0
// Mean, deviation and median of a column of numbers, exact where a mean is far above the deviation.

import LockstepTensor

/// A column's numbers, each with what a double cannot hold of it: integers from 2⁵³ on.
struct ColumnNumbers {
    /// As doubles; not-a-number where one is missing.
    let values: [Double]
    /// Nil where all are 0.
    private let rests: [Double]?
    /// Whether the numbers are integers, which have no rounding of their own.
    let areIntegers: Bool

    /// Nil for text.
    init?(_ column: CSVColumn) {
        guard let values = column.doubles else { return nil }
        self.values = values
        guard case .integers(let integers) = column.values else {
            (rests, areIntegers) = (nil, false)
            return
        }
        areIntegers = true
        let isExact = integers.allSatisfy { $0.magnitude <= 1 << 53 }
        // Half of the digits each, which doubles hold; the sum's rounding error is what is left.
        rests = isExact ? nil : integers.map { twoSum(Double(($0 >> 32) << 32), Double($0 & 0xFFFF_FFFF)).rest }
    }

    /// The number of a row; not-a-number where it is missing.
    subscript(_ row: Int) -> Pair { Pair(value: values[row], rest: rests?[row] ?? 0) }

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
        var present = training.map { numbers[$0] }.filter { !$0.value.isNaN }
        let (least, most) = (present.min(), present.max())
        let middle = present.count / 2
        if !present.isEmpty { present.select(middle) }
        var median = ColumnNumbers.Pair(value: 0, rest: 0)
        if present.count % 2 == 1 {
            median = present[middle]
        } else if !present.isEmpty {
            let (low, high) = (present[..<middle].max() ?? present[middle], present[middle])
            let (sum, rest) = twoSum(low.value / 2, high.value / 2)
            (median.value, median.rest) = twoSum(sum, rest + (low.rest / 2 + high.rest / 2))
        }
        let all = training.map { numbers[$0].value.isNaN ? median : numbers[$0] }
        let count = Double(all.count)
        // The mean of the distances from a first mean corrects it: the sum of large numbers has lost their last digits.
        let first = ColumnNumbers.Pair(value: all.reduce(0) { $0 + $1.value / count }, rest: 0)
        let (mean, meanRest) = twoSum(first.value, all.reduce(0) { $0 + ($1 - first) } / count)
        let center = ColumnNumbers.Pair(value: mean, rest: meanRest)
        let distances = all.map { $0 - center }
        let farthest = distances.reduce(0) { Swift.max($0, $1.magnitude) }
        // Scaled: squares leave the range of numbers before the numbers do.
        let squares = distances.reduce(0) { $0 + ($1 / farthest) * ($1 / farthest) }
        let deviation = farthest * (squares / count).squareRoot()
        // Decimal fractions that should be alike differ by rounding; integers that differ do differ.
        let rounding = numbers.areIntegers ? 0 : 4 * (most?.value.ulp ?? 0)
        let isConstant = least == most || !(deviation > rounding)
        self.init(
            name: name, median: median.value, mean: mean, deviation: isConstant ? 1 : deviation,
            medianRest: median.rest == 0 ? nil : median.rest, meanRest: meanRest == 0 ? nil : meanRest)
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
    func checkHeld(_ numbers: [Double], _ rows: [Int], of column: String, _ what: String) throws(DataError) {
        let limit = Double(Float.greatestFiniteMagnitude)
        guard let row = rows.first(where: { numbers[$0].magnitude > limit }) else { return }
        let value = numbers[row]
        throw DataError(
            .mismatch, file: file, at: .line(lines[row]),
            "the \(what) “\(column)” is \(value)"
                + (value.isFinite ? ", which is beyond float32, the type of models" : ""),
            remedy: "Correct such rows, or remove them")
    }
}
