// SPDX-License-Identifier: Apache-2.0
// Averages of numbers that a loss function leaves beside its value.

public import LockstepNN
public import LockstepTensor

/// The average over items of an attribute that the loss function sets when it is called: one of its terms, say.
///
/// ```swift
/// final class ELBO: LossFunction {
///     var reduction = Reduction.mean
///     var divergence: Tensor?
///     func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
///         divergence = prediction.square().mean().detached
///         return mseLoss(prediction, target, reduction: reduction) + prediction.square().mean()
///     }
/// }
/// let metrics = [LossMetric("divergence")]
/// ```
///
/// A loss that sets attributes is a class. An attribute that is nil in a batch is left out.
public final class LossMetric: Metric, Configurable {
    /// The stored property that is read; nil when it is a function that reads.
    let attribute: String?
    private let label: String
    private let read: (any LossFunction) -> Double?
    private var average = WeightedAverage()

    /// The metric of the stored property `attribute`: a tensor, of which the mean is taken, or a number.
    public init(
        _ attribute: String, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.attribute, label) = (attribute, name ?? attribute)
        read = { loss in
            guard let child = storedProperty(attribute, of: loss) else {
                stop(
                    "LossMetric: \(loss.name) has no stored property \(attribute); it has \(storedProperties(of: loss))",
                    file: file, line: line)
            }
            switch unwrapped(child) {
            case let tensor as Tensor: return tensor.count == 0 ? nil : mean(of: tensor)
            case let number as Double: return number
            case let number as Float: return Double(number)
            case let number as Int: return Double(number)
            case nil: return nil
            case .some(let other):
                stop(
                    "LossMetric: \(loss.name).\(attribute) is a \(Swift.type(of: other)), neither tensor nor number",
                    file: file, line: line)
            }
        }
        super.init()
    }

    /// The metric of what `read` finds in a loss function of type `Loss`.
    public init<Loss: LossFunction>(_ name: String, of type: Loss.Type, _ read: @escaping (Loss) -> Tensor?) {
        (attribute, label) = (nil, name)
        self.read = { loss in (loss as? Loss).flatMap(read).map { mean(of: $0) } }
    }

    public static let configuration = Configuration(LossMetric.self) {
        Field(stored: "attribute", { $0.attribute ?? "" })
        // A function that reads has no name that could be told.
        Field(told: "attr") { $0.attribute.map { .string($0) } }
        Field("name", \.name)
    } make: {
        LossMetric(try $0("attribute"), name: try $0("name"))
    }

    public override var name: String { label }
    public override func reset() { average = WeightedAverage() }
    public override func accumulate(_ learner: Learner) {
        guard let value = read(learner.lossFunction) else { return }
        average.add(value, weight: learner.batchItemCount)
    }
    public override var value: Double? { average.value }
    public override var state: MetricState {
        get { average.state }
        set { average.state = newValue }
    }
}

extension Array where Element == Metric {
    /// A ``LossMetric`` for each of several attributes: `metrics: .lossMetrics("divergence, reconstruction")`.
    ///
    /// - Parameters:
    ///   - attributes: Names with commas between them.
    ///   - names: The columns' names likewise; nil: the attributes'.
    public static func lossMetrics(
        _ attributes: String, names: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) -> [Metric] {
        let attributes = parts(attributes)
        let names = names.map(parts) ?? attributes
        require(
            names.count == attributes.count, "lossMetrics: \(attributes.count) attributes but \(names.count) names",
            file: file, line: line)
        return zip(attributes, names).map { LossMetric($0, name: $1, file: file, line: line) }
    }

    private static func parts(_ list: String) -> [String] {
        list.split { $0 == "," || $0.isWhitespace }.map(String.init)
    }
}

private func storedProperties(of loss: any LossFunction) -> [String] {
    sequence(first: Mirror(reflecting: loss), next: \.superclassMirror).flatMap { $0.children.compactMap(\.label) }
}

func storedProperty(_ name: String, of loss: any LossFunction) -> Any? {
    for mirror in sequence(first: Mirror(reflecting: loss), next: \.superclassMirror) {
        for child in mirror.children where child.label == name { return child.value }
    }
    return nil
}

/// What is in an optional of unknown type; nil when that is nothing.
func unwrapped(_ value: Any) -> Any? {
    let mirror = Mirror(reflecting: value)
    return mirror.displayStyle == .optional ? mirror.children.first?.value : value
}
