// SPDX-License-Identifier: Apache-2.0
// The targets that a table trains on: their range, and how frequent classes are.

import Lockstep
import LockstepData

/// The targets of the training rows.
struct TableTargets {
    private let columns: TabularColumns
    private let values: [Double]

    /// - Parameter normalizes: Whether the network normalises batches.
    /// - Throws: ``Failure`` when there are too few rows for it.
    init(of loaders: DataLoaders, _ columns: TabularColumns, file: String, normalizes: Bool) throws {
        self.columns = columns
        values = (loaders.trainDataset as? TabularDataset)?.targets?.doubles ?? []
        guard values.count > 1 || !normalizes && !values.isEmpty else {
            throw Failure.noInput("\(file): one row is left to train on, and batch normalisation needs two")
        }
    }

    /// The bounds of a model's outputs where these are counts: 0, and a little more than the largest. Nil for others.
    var range: ClosedRange<Double>? {
        guard columns.target.kind == .counts, let most = values.max() else { return nil }
        // Counts that are all 0 have bounds, too: below 0 their loss is no number.
        return 0...max(1, most * 1.1)
    }

    /// Mean and deviation of numbers; a network starts near 0, wherever the targets lie. Nil for others.
    var scale: (mean: Double, deviation: Double)? {
        guard columns.target.kind == .regression else { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0) { $0 + $1 / count }
        let farthest = values.reduce(0) { max($0, abs($1 - mean)) }
        guard farthest > 0, mean.isFinite, farthest.isFinite else { return nil }
        // Scaled: squares leave the range of numbers before the numbers do.
        let squares = values.reduce(0) { $0 + ($1 - mean) / farthest * (($1 - mean) / farthest) }
        return (mean, farthest * (squares / count).squareRoot())
    }

    /// Adam, whose ε stands beside the size of gradients: the squared error's grow with the square of the targets' deviation, and ε
    /// does, too. So it is the training of standardised targets, whatever their unit.
    var optimizer: OptimizerFactory {
        guard let deviation = scale?.deviation else { return .adam() }
        // Within what float32 holds.
        return .adam(eps: min(max(1e-5 * deviation * deviation, 1e-30), 1e30))
    }

    /// How many training rows each class has.
    private var counts: [Int] {
        var counts = [Int](repeating: 0, count: columns.classes?.count ?? 0)
        for value in values { counts[Int(value)] += 1 }
        return counts
    }

    /// scikit-learn's “balanced”: rows / (classes · rows of the class).
    var balancedWeights: Tensor {
        ClassWeights.balanced(values.map { Int($0) }, classes: columns.classes?.count ?? 0)
    }

    /// What is worth a word: a batch that is smaller than asked for, the class that a metric is of, classes that nothing is learned of.
    func remark(_ batchSize: Int, _ metric: TableMetric?) -> String {
        var remark = ""
        if values.count < batchSize { remark += "\nbatch        all \(values.count) training rows" }
        guard let classes = columns.classes else { return remark }
        if let metric, metric.isOfOneClass, classes.count == 2 {
            remark += "\nmetric       \(metric.rawValue) of “\(classes[1])”, the last class"
        }
        let counts = counts
        let missing = classes.indices.filter { counts[$0] == 0 }
        guard !missing.isEmpty else { return remark }
        return remark + "\nunlearned    classes without training rows: "
            + missing.prefix(12).map { classes[$0] }.joined(separator: ", ") + (missing.count > 12 ? ", …" : "")
    }
}
