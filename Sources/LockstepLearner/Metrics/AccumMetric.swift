// SPDX-License-Identifier: Apache-2.0
// Metrics that need all predictions at once.

public import LockstepTensor

/// A function of all predictions and targets of a phase: for scores that are not averages over batches.
///
/// Outputs go through the activation, or else the argmax, then the threshold; predictions and targets are then flattened
/// and kept until the value is asked for.
///
/// On several ranks each keeps its own rows; the value is computed once, from all rows in the order of the data set.
open class AccumMetric: Metric {
    /// What is done to the model's outputs first.
    public enum Activation: Sendable {
        case none, sigmoid, softmax
        /// Softmax, of which the last class's probability is kept.
        case binarySoftmax
    }
    private let label: String
    private let function: (Tensor, Tensor) -> Double?
    private let activation: Activation
    private let argmaxAxis: Int?
    private let threshold: Double?
    private let flatten: Bool
    private let invertsArguments: Bool
    private var rows = BatchRows()

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
        (label, self.function, self.activation) = (name, function, activation)
        (self.argmaxAxis, self.threshold, self.flatten) = (argmaxAxis, threshold, flatten)
        self.invertsArguments = invertsArguments
    }

    open override var name: String { label }
    open override func reset() { rows = BatchRows() }

    open override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred, let target = learner.yb.first else { return }
        withNoGrad {
            var pred = decided(pred.detached)
            var target = target
            if flatten {
                (pred, target) = flattened(pred, target)
            }
            rows.append([pred, target])
        }
    }

    open override var value: Double? {
        guard let preds = rows.column(0), let targets = rows.column(1) else { return nil }
        return withNoGrad { evaluate(preds, targets) }
    }

    open override var state: MetricState {
        get { MetricState(rows: rows) }
        set { rows = newValue.rows }
    }

    /// The value of one batch of predictions, without activation, argmax or threshold.
    public func callAsFunction(_ preds: Tensor, _ targets: Tensor) -> Double? {
        withNoGrad {
            let (preds, targets) = flatten ? flattened(preds, targets) : (preds, targets)
            return evaluate(preds.detached, targets.detached)
        }
    }

    /// The axis of the classes, where outputs are scores of classes.
    final var classAxis: Int? {
        switch activation {
        case .none: argmaxAxis
        case .sigmoid: nil
        case .softmax, .binarySoftmax: argmaxAxis ?? -1
        }
    }
    /// Whether what is compared still has that axis.
    final var keepsClasses: Bool { activation == .softmax }
    /// Whether outputs and targets are compared one by one, whatever their shapes.
    final var flattens: Bool { flatten }

    private func evaluate(_ preds: Tensor, _ targets: Tensor) -> Double? {
        invertsArguments ? function(targets, preds) : function(preds, targets)
    }

    private func flattened(_ preds: Tensor, _ targets: Tensor) -> (Tensor, Tensor) {
        require(
            preds.count == targets.count,
            "\(label): \(preds.count) predictions but \(targets.count) targets: \(preds.shape) and \(targets.shape)")
        return (preds.reshaped([preds.count]), targets.reshaped([targets.count]))
    }

    private func decided(_ outputs: Tensor) -> Tensor {
        var result = outputs
        switch activation {
        case .none: if let argmaxAxis { result = result.argmax(axis: argmaxAxis) }
        case .sigmoid: result = result.sigmoid()
        case .softmax: result = result.softmax(axis: argmaxAxis ?? -1)
        case .binarySoftmax:
            let axis = argmaxAxis ?? -1
            let probabilities = result.softmax(axis: axis)
            let last = Tensor([Int64(probabilities.dim(axis) - 1)], shape: [1])
            result = probabilities.indexSelect(axis: axis, index: last).squeezed(axis: axis)
        }
        return threshold.map { result .>= $0 } ?? result
    }
}
