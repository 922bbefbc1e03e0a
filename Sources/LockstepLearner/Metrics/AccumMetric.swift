// SPDX-License-Identifier: Apache-2.0
// Metrics that need all predictions at once.

public import LockstepTensor

/// A function of all predictions and targets of a phase: for scores that are not averages over batches.
///
/// Outputs go through the activation, or else the argmax, then the threshold; predictions and targets are then flattened
/// and kept until the value is asked for. A threshold is compared before the activation rounds: a sigmoid of 20 is below
/// a threshold of 0.99999999999.
///
/// The value is not a number where a class or an answer was to be made of an output that is none; the ready-made metrics
/// have that value for any output or target that is not a number.
///
/// On several ranks each keeps its own rows; the value is computed once, from all rows in the order of the data set.
open class AccumMetric: Metric {
    /// What is done to the model's outputs first.
    public enum Activation: String, Sendable, Codable {
        case none, sigmoid, softmax
        /// Softmax, of which the last class's probability is kept.
        case binarySoftmax
    }
    private let label: String
    private let function: (Tensor, Tensor) -> Double?
    private let decided: OutputDecision
    /// Whether outputs and targets are compared one by one, whatever their shapes.
    let flatten: Bool
    private let invertsArguments: Bool
    private let strictness: Strictness
    private var rows = BatchRows()
    private var mark = NaNMark()

    /// What makes the value not a number, beside a decision on one.
    enum Strictness {
        /// Nothing: the function is a user's, who may have given NaN a meaning.
        case none
        /// Outputs or targets that are not numbers.
        case numbers
        /// These, and targets that are no classes.
        case classes
    }

    /// - Parameters:
    ///   - argmaxAxis: The axis of classes: softmax is taken over it, or the argmax when there is no activation.
    ///   - threshold: Values at or above it become true.
    ///   - flatten: Whether both are flattened, with a check of their counts.
    ///   - invertsArguments: Whether `function` takes the targets first, as scikit-learn's functions do.
    ///   - function: The value of all predictions and targets; nil where it is undefined.
    public init(
        _ name: String, activation: Activation = .none, argmaxAxis: Int? = nil, threshold: Double? = nil,
        flatten: Bool = true, invertsArguments: Bool = false,
        _ function: @escaping (_ preds: Tensor, _ targets: Tensor) -> Double?
    ) {
        (label, self.function, self.flatten) = (name, function, flatten)
        (self.invertsArguments, strictness) = (invertsArguments, .none)
        decided = OutputDecision(activation: activation, argmaxAxis: argmaxAxis, threshold: threshold)
    }

    /// A ready-made metric.
    ///
    /// - Parameter isRanking: Whether nothing but the order of the scores counts; they are then no probabilities.
    init(
        named name: String, _ strictness: Strictness, activation: Activation = .none, argmaxAxis: Int? = nil,
        threshold: Double? = nil, isRanking: Bool = false, flatten: Bool = true,
        _ function: @escaping (_ preds: Tensor, _ targets: Tensor) -> Double?
    ) {
        (label, self.function, self.flatten) = (name, function, flatten)
        (invertsArguments, self.strictness) = (false, strictness)
        decided = OutputDecision(
            activation: activation, argmaxAxis: argmaxAxis, threshold: threshold, isRanking: isRanking)
    }

    open override var name: String { label }
    open override func reset() { (rows, mark) = (BatchRows(), NaNMark()) }

    open override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred, let target = learner.yb.first else { return }
        withNoGrad {
            var (answers, truth) = (decided(pred.detached), target)
            if decided.hidesNaN && hasNaN(pred) || refuses(answers, truth) { mark.set() }
            if flatten { (answers, truth) = flattened(answers, truth) }
            rows.append([answers, truth])
        }
    }

    open override var value: Double? {
        guard let preds = rows.column(0), let targets = rows.column(1) else { return nil }
        return mark.isSet ? .nan : withNoGrad { evaluate(preds, targets) }
    }

    open override var state: MetricState {
        get { MetricState(sums: mark.sums, rows: rows) }
        set { (rows, mark) = (newValue.rows, NaNMark(sums: newValue.sums)) }
    }

    /// The value of one batch of predictions, without activation, argmax or threshold.
    public func callAsFunction(_ preds: Tensor, _ targets: Tensor) -> Double? {
        withNoGrad {
            let (preds, targets) = flatten ? flattened(preds, targets) : (preds, targets)
            return refuses(preds, targets) ? .nan : evaluate(preds.detached, targets.detached)
        }
    }

    private func refuses(_ preds: Tensor, _ targets: Tensor) -> Bool {
        switch strictness {
        case .none: false
        case .numbers: hasNaN(preds) || hasNaN(targets)
        case .classes: hasNaN(preds) || hasNoClass(targets)
        }
    }

    /// The axis of the classes, where outputs are scores of classes.
    final var classAxis: Int? {
        switch decided.activation {
        case .none: decided.argmaxAxis
        case .sigmoid: nil
        case .softmax, .binarySoftmax: decided.argmaxAxis ?? -1
        }
    }
    /// Whether what is compared still has that axis.
    final var keepsClasses: Bool { decided.activation == .softmax }

    private func evaluate(_ preds: Tensor, _ targets: Tensor) -> Double? {
        invertsArguments ? function(targets, preds) : function(preds, targets)
    }

    private func flattened(_ preds: Tensor, _ targets: Tensor) -> (Tensor, Tensor) {
        require(
            preds.count == targets.count,
            "\(label): \(preds.count) predictions but \(targets.count) targets: \(preds.shape) and \(targets.shape)")
        return (preds.reshaped([preds.count]), targets.reshaped([targets.count]))
    }
}
