// SPDX-License-Identifier: Apache-2.0
// Right and wrong answers per class, and the scores that follow from them.

import LockstepTensor

/// How the answers about one class compare with its targets.
struct LabelCounts {
    /// Said yes, and yes it was.
    var truePositives = 0.0
    /// Said yes, and no it was.
    var falsePositives = 0.0
    /// Said no, and yes it was.
    var falseNegatives = 0.0

    /// How many targets there are.
    var support: Double { truePositives + falseNegatives }

    mutating func add(answer: Bool, target: Bool) {
        switch (answer, target) {
        case (true, true): truePositives += 1
        case (true, false): falsePositives += 1
        case (false, true): falseNegatives += 1
        case (false, false): break
        }
    }

    static func + (a: LabelCounts, b: LabelCounts) -> LabelCounts {
        LabelCounts(
            truePositives: a.truePositives + b.truePositives, falsePositives: a.falsePositives + b.falsePositives,
            falseNegatives: a.falseNegatives + b.falseNegatives)
    }
}

/// A score of a class's counts; 0 where it is undefined, as in scikit-learn.
enum CountScore {
    case precision, recall, jaccard
    case fBeta(Double)

    func of(_ counts: LabelCounts) -> Double {
        let (tp, fp, fn) = (counts.truePositives, counts.falsePositives, counts.falseNegatives)
        let (above, below) =
            switch self {
            case .precision: (tp, tp + fp)
            case .recall: (tp, tp + fn)
            case .jaccard: (tp, tp + fp + fn)
            case .fBeta(let beta): ((1 + beta * beta) * tp, (1 + beta * beta) * tp + beta * beta * fn + fp)
            }
        return below == 0 ? 0 : above / below
    }

    /// Counts per class to one number; `average` is neither binary nor samples.
    func averaged(_ classes: [LabelCounts], _ average: Average) -> Double {
        switch average {
        case .micro: return of(classes.reduce(LabelCounts(), +))
        case .weighted:
            let total = classes.reduce(0) { $0 + $1.support }
            return total == 0 ? 0 : classes.reduce(0) { $0 + of($1) * $1.support } / total
        case .binary, .macro, .samples: return mean(of: classes.map(of)) ?? 0
        }
    }

    /// The score of one class per item. Classes are those that occur among answers or targets, unless given.
    func ofClasses(
        _ answers: [Int], _ targets: [Int], _ average: Average, labels: [Int]?, positive: Int, name: String,
        file: StaticString, line: UInt
    ) -> Double {
        let present = Set(answers).union(targets).sorted()
        require(
            average != .samples,
            "\(name): the average over samples needs several labels per item; use the metric's Multi form",
            file: file, line: line)
        if average == .binary {
            guard present.count <= 2 && (present.count < 2 || present.contains(positive)) else {
                DataMistakes.report(
                    "\(name): average .binary needs two classes, one of them \(positive), but there are classes \(present); choose .macro, .micro or .weighted",
                    file: file, line: line)
                return .nan
            }
            return of(LabelCounts.ofClasses(answers, targets, [positive])[0])
        }
        return averaged(LabelCounts.ofClasses(answers, targets, labels ?? present), average)
    }

    /// The score of several labels per item, each one a column.
    func ofLabels(
        _ answers: LabelTable<Bool>, _ targets: LabelTable<Bool>, _ average: Average, labels: [Int]?, positive: Int
    ) -> Double {
        let chosen = labels ?? Array(0..<answers.columns)
        func count(rows: Range<Int>, columns: [Int]) -> LabelCounts {
            var counts = LabelCounts()
            for row in rows {
                for column in columns { counts.add(answer: answers[row, column], target: targets[row, column]) }
            }
            return counts
        }
        switch average {
        case .samples:
            return mean(of: (0..<answers.rows).map { of(count(rows: $0..<$0 + 1, columns: chosen)) }) ?? 0
        case .binary: return of(count(rows: 0..<answers.rows, columns: [positive]))
        default: return averaged(chosen.map { count(rows: 0..<answers.rows, columns: [$0]) }, average)
        }
    }
}

/// A table with one row per item and one column per class or label.
struct LabelTable<Element> {
    let values: [Element]
    let rows: Int
    let columns: Int

    subscript(_ row: Int, _ column: Int) -> Element { values[row * columns + column] }
    func column(_ column: Int) -> [Element] { (0..<rows).map { self[$0, column] } }
    func row(_ row: Int) -> ArraySlice<Element> { values[row * columns..<(row + 1) * columns] }
}

extension LabelTable where Element == Bool {
    /// Whether elements are not zero; the last axis is that of labels.
    init(flags tensor: Tensor) {
        let columns = tensor.rank == 0 ? 1 : tensor.dim(-1)
        self.init(values: tensor.bools, rows: columns == 0 ? 0 : tensor.count / columns, columns: columns)
    }
}

extension LabelTable where Element == Double {
    /// The elements; classes are along `axis`.
    init(scores tensor: Tensor, axis: Int = -1) {
        let last = tensor.rank - 1
        let axis = axis < 0 ? axis + tensor.rank : axis
        let moved =
            axis == last
            ? tensor : tensor.permuted((0...last).filter { $0 != axis } + [axis])
        let columns = moved.dim(-1)
        self.init(values: moved.doubles, rows: columns == 0 ? 0 : moved.count / columns, columns: columns)
    }
}

extension LabelCounts {
    /// The counts of each of `labels`, one class per item.
    static func ofClasses(_ answers: [Int], _ targets: [Int], _ labels: [Int]) -> [LabelCounts] {
        let places = Dictionary(zip(labels, labels.indices)) { $1 }
        var counts = [LabelCounts](repeating: LabelCounts(), count: labels.count)
        for (answer, target) in zip(answers, targets) {
            if answer == target {
                if let place = places[target] { counts[place].truePositives += 1 }
            } else {
                if let place = places[answer] { counts[place].falsePositives += 1 }
                if let place = places[target] { counts[place].falseNegatives += 1 }
            }
        }
        return counts
    }
}
