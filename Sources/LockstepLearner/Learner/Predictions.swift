// SPDX-License-Identifier: Apache-2.0
// What a prediction run gives back.

public import LockstepTensor

/// Predictions for the items of a data source, in the data set's order.
///
/// On several ranks the writing rank has everything; the others have the same parts with no items.
public struct Predictions {
    /// The model's inputs, if asked for.
    public var inputs: [Tensor]?
    /// The model's outputs after the activation; nil if not asked for, or written to files instead.
    public var outputs: [Tensor]?
    /// The targets; empty for unlabelled items, and when not asked for.
    public var targets: [Tensor]
    /// The decisions that follow from each of the activated outputs, if asked for.
    public var decisions: [Tensor]?
    /// One loss per item, if asked for and there were targets.
    public var losses: Tensor?
    private let axis: Int

    init(
        inputs: [Tensor]? = nil, outputs: [Tensor]?, targets: [Tensor], decoded: Tensor? = nil, losses: Tensor? = nil,
        axis: Int = 0
    ) {
        (self.inputs, self.outputs, self.targets) = (inputs, outputs, targets)
        (decisions, self.losses, self.axis) = (decoded.map { [$0] }, losses, axis)
    }

    /// The first output: of most models the only one. Without outputs a tensor of no elements.
    public var predictions: Tensor { outputs?.first ?? .zeros([0]) }
    /// The decisions that follow from the first output, if asked for.
    public var decoded: Tensor? {
        get { decisions?.first }
        set { decisions = newValue.map { [$0] } }
    }
    /// The first target; nil for unlabelled items.
    public var target: Tensor? { targets.first }

    /// Number of items, as far as any part tells.
    public var count: Int {
        if let losses { return losses.shape.first ?? 0 }
        let part = outputs?.first ?? targets.first ?? inputs?.first
        return part.map { $0.rank > axis ? $0.shape[axis] : $0.count } ?? 0
    }

    /// The parts as fastai's `get_preds` returns them: inputs if asked for; predictions and targets, nil where there are
    /// none; decisions if asked for; losses if asked for.
    public var parts: [(name: String, tensors: [Tensor]?)] {
        var parts: [(name: String, tensors: [Tensor]?)] = []
        if let inputs { parts.append(("inputs", inputs)) }
        parts.append(("predictions", outputs))
        parts.append(("targets", targets.isEmpty ? nil : targets))
        if let decisions { parts.append(("decoded", decisions)) }
        if let losses { parts.append(("losses", [losses])) }
        return parts
    }
}

extension Predictions: CustomStringConvertible {
    /// ```text
    /// predictions of 359 items: predictions [359, 10], targets [359]
    /// ```
    public var description: String {
        let shapes = parts.compactMap { name, tensors in
            tensors.map { "\(name) " + $0.map { "\($0.shape)" }.joined(separator: " and ") }
        }
        return "predictions of \(count) item\(count == 1 ? "" : "s"): " + shapes.joined(separator: ", ")
    }
}
