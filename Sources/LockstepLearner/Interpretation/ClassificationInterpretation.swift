// SPDX-License-Identifier: Apache-2.0
// Which classes a model confuses.

import LockstepNN
public import LockstepTensor

/// Losses, answers and targets of a classification, and what is confused with what.
///
/// ```swift
/// let interpretation = try ClassificationInterpretation(learner: learner, vocabulary: ["cat", "dog", "owl"])
/// print(interpretation.confusionMatrix())
/// for pair in interpretation.mostConfused(minimum: 5) { print(pair) }
/// print(interpretation.report())
/// ```
///
/// Making one is collective on several ranks; the writing rank has all items, the others none.
public final class ClassificationInterpretation: Interpretation {
    /// An actual class that was taken for another.
    public struct Confusion: Equatable, Sendable, CustomStringConvertible {
        /// The class it is.
        public let actual: String
        /// The class it was taken for.
        public let predicted: String
        /// How often.
        public let count: Int
        public var description: String { "\(actual) taken for \(predicted): \(count)" }
    }

    /// The classes' names.
    public private(set) var vocabulary: [String] = []
    /// The class of every answer: one per item, or per pixel or token.
    public private(set) var predicted: [Int] = []
    /// The class of every target.
    public private(set) var actual: [Int] = []
    /// Items of which an output was not a number: they have no class, are left out, and are warned of.
    public private(set) var undecided = 0

    /// Runs the model over `source` without changing the learner's records.
    ///
    /// - Parameters:
    ///   - activation: What is applied to the outputs before the loss function decides; nil: the loss function's own.
    ///   - vocabulary: The classes' names, one list however many there are; nil: their numbers.
    /// - Throws: what the loader or a callback throws.
    /// - Precondition: the loss function decides on one class per target, as cross entropy does.
    public init(
        learner: Learner, on source: DataSource = .valid, activation: ((Tensor) -> Tensor)? = nil,
        vocabulary: [String]? = nil, file: StaticString = #fileID, line: UInt = #line
    ) throws {
        var classes = 0
        var collected: ([Int], [Int]) = ([], [])
        let loss = learner.lossFunction
        try super.init(learner: learner, on: source) { pred, target in
            let answers = loss.decodes(activation?(pred) ?? loss.activation(pred))
            require(
                answers.count == target.count,
                "ClassificationInterpretation: \(loss.name) makes \(answers.count) answers of outputs of shape \(pred.shape), but there are \(target.count) targets; it must decide on one class per target",
                file: file, line: line)
            let items = target.rank == 0 ? 1 : target.dim(0)
            let columns = [items, target.count / max(items, 1)]
            let widths = Tensor([Int64](repeating: Int64(pred.count / max(answers.count, 1)), count: items))
            let isUndecided = pred.isNaN().reshaped(Shape([items, pred.count / max(items, 1)])).any(axis: 1)
            return [
                answers.to(.int64).reshaped(Shape(columns)), target.to(.int64).reshaped(Shape(columns)), widths,
                isUndecided.to(.int64),
            ]
        }
        var isUndecided: [Bool] = []
        if columns.count == 4 {
            collected = (columns[0].ints, columns[1].ints)
            classes = columns[2].ints.max() ?? 0
            isUndecided = columns[3].bools
        }
        undecided = isUndecided.count { $0 }
        if undecided > 0 {
            learner.warn(
                "ClassificationInterpretation: \(undecided) of \(isUndecided.count) items have outputs that are not numbers; they are of no class and left out"
            )
        }
        let width = collected.1.count / max(isUndecided.count, 1)
        // Targets below 0 are those that a loss ignores.
        let counted = collected.1.indices.filter { collected.1[$0] >= 0 && !isUndecided[$0 / width] }
        predicted = counted.map { collected.0[$0] }
        actual = counted.map { collected.1[$0] }
        classes = max(classes, 1 + max(predicted.max() ?? -1, actual.max() ?? -1))
        let names = vocabulary ?? (0..<classes).map(String.init)
        require(
            names.count >= classes,
            "ClassificationInterpretation: \(names.count) names for \(classes) classes", file: file, line: line)
        self.vocabulary = names
    }

    /// How often each class (rows) was taken for each (columns).
    public func confusionMatrix() -> ConfusionMatrix {
        ConfusionMatrix(actual: actual, predicted: predicted, labels: vocabulary)
    }

    /// Pairs of classes that were confused at least `minimum` times, the most frequent first.
    public func mostConfused(minimum: Int = 1) -> [Confusion] {
        let names = vocabulary.count
        let wrong = zip(actual, predicted).filter { $0 != $1 }.map { $0 * names + $1 }.sorted()
        var pairs: [Confusion] = []
        var start = 0
        while start < wrong.count {
            let end = wrong[start...].firstIndex { $0 != wrong[start] } ?? wrong.count
            if end - start >= max(1, minimum) {
                let (row, column) = wrong[start].quotientAndRemainder(dividingBy: names)
                pairs.append(
                    Confusion(actual: vocabulary[row], predicted: vocabulary[column], count: end - start))
            }
            start = end
        }
        // Stable: equal counts stay in the order of the matrix.
        return pairs.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(
            \.element)
    }

    /// Precision, recall, F1 and support of every class.
    public func report() -> ClassificationReport {
        ClassificationReport(actual: actual, predicted: predicted, labels: vocabulary)
    }
}
