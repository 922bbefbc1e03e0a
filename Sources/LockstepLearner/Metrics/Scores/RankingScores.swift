// SPDX-License-Identifier: Apache-2.0
// Scores of an order: the area under the ROC curve and average precision.

/// How well scores put the positive items before the negative ones.
struct Ranking {
    /// Positives and negatives seen after each distinct score, from the highest; starts at (0, 0).
    private var positives: [Double] = [0]
    private var negatives: [Double] = [0]

    init(_ scores: [Double], _ targets: [Bool]) {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (yes, no) = (0.0, 0.0)
        for (place, index) in order.enumerated() {
            if targets[index] { yes += 1 } else { no += 1 }
            let isLastOfTies = place + 1 == order.count || scores[order[place + 1]] != scores[index]
            if isLastOfTies {
                positives.append(yes)
                negatives.append(no)
            }
        }
    }

    /// The area under the ROC curve, ties counting one half; nil when a class is absent.
    ///
    /// - Parameter limit: Only false positive rates up to this count, rescaled so that chance is 1/2 (McClish 1989).
    func rocAUC(upTo limit: Double? = nil) -> Double? {
        guard let yes = positives.last, let no = negatives.last, yes > 0, no > 0 else { return nil }
        let end = limit ?? 1
        var area = 0.0
        for step in 1..<positives.count {
            let (x0, x1) = (negatives[step - 1] / no, negatives[step] / no)
            let (y0, y1) = (positives[step - 1] / yes, positives[step] / yes)
            if x0 >= end { break }
            let right = min(x1, end)
            let height = x1 > x0 ? y0 + (y1 - y0) * (right - x0) / (x1 - x0) : y1
            area += (right - x0) * (y0 + height) / 2
        }
        guard let limit, limit < 1 else { return area }
        let least = limit * limit / 2
        return 0.5 * (1 + (area - least) / (limit - least))
    }

    /// The sum of precision × gain in recall over the distinct scores; 0 without positives.
    var averagePrecision: Double {
        guard let yes = positives.last, yes > 0 else { return 0 }
        return (1..<positives.count).reduce(0) { sum, step in
            let precision = positives[step] / (positives[step] + negatives[step])
            return sum + precision * (positives[step] - positives[step - 1]) / yes
        }
    }
}

extension Ranking {
    /// A score of rankings, averaged over the columns of a table; nil where it is undefined for one that counts.
    static func averaged(
        _ scores: LabelTable<Double>, _ targets: LabelTable<Bool>, _ average: Average, _ score: (Ranking) -> Double?
    ) -> Double? {
        switch average {
        case .micro, .binary: return score(Ranking(scores.values, targets.values))
        case .samples:
            let values = (0..<scores.rows).map { score(Ranking(Array(scores.row($0)), Array(targets.row($0)))) }
            return values.contains { $0 == nil } ? nil : mean(of: values.compactMap { $0 })
        case .macro, .weighted:
            var (sum, total) = (0.0, 0.0)
            for column in 0..<scores.columns {
                let wanted = targets.column(column)
                let weight = average == .macro ? 1 : Double(wanted.count { $0 })
                if weight == 0 { continue }
                guard let value = score(Ranking(scores.column(column), wanted)) else { return nil }
                (sum, total) = (sum + weight * value, total + weight)
            }
            return total == 0 ? nil : sum / total
        }
    }
}

/// A sentence on standard error that is written once per metric.
final class Warning {
    private let name: String
    private var wasGiven = false

    init(of name: String) { self.name = name }

    /// A class has no items, or there is no other.
    func onlyOneClass() {
        if wasGiven { return }
        wasGiven = true
        Console.standardError.write("lockstep: \(name) is undefined where the targets lack a class; it is left empty\n")
    }
}
