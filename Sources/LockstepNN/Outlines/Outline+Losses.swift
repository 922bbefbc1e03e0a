// SPDX-License-Identifier: Apache-2.0
// What predictions and targets the losses of this package take.

import LockstepTensor

/// A loss that can say what does not fit it.
package protocol OutlinedLoss: LossFunction {
    /// Whether its decisions are numbers of classes.
    var choosesClasses: Bool { get }
    /// Throws where activation, decision, or with a target the loss itself, would stop the program.
    func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch)
    /// The same of a model with several outputs.
    func check(_ outputs: [Outline], _ target: Outline) throws(ModelMismatch)
}

extension OutlinedLoss {
    /// Scores with classes along `axis`, which is not that of the items, and integer targets for all else.
    fileprivate func checkClasses(
        _ prediction: Outline, _ target: Outline?, axis: Int, weight: Tensor? = nil
    ) throws(ModelMismatch) {
        let rank = prediction.rank
        try insist(
            prediction.kind ?? .real == .real && prediction.has(axis: axis) && rank ?? 2 >= 2 && axis != 0
                && axis != -(rank ?? 0) && prediction[axis] != 0,
            "\(name): outputs \(prediction) are not scores of items with classes along axis \(axis)")
        let classes = prediction[axis]
        try insist(
            weight.map { $0.rank == 1 && $0.count == classes ?? $0.count } ?? true,
            "\(name): a weight of shape \(weight?.shape ?? []) for \(classes ?? 0) classes")
        guard let target else { return }
        try insist(
            target.kind ?? .integer == .integer,
            "\(name): targets \(target) are no integers; class indices must be")
        guard let classes, let count = prediction.count, let targets = target.count else { return }
        try insist(
            count / max(classes, 1) == targets,
            "\(name): \(count / max(classes, 1)) predictions but \(targets) targets: \(prediction) with \(target)")
    }

    /// As many numbers as targets.
    fileprivate func checkCounts(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        guard let target, let count = prediction.count, let targets = target.count else { return }
        try insist(
            count == targets, "\(name): \(count) predictions but \(targets) targets: \(prediction) with \(target)")
    }
}

extension OutlinedLoss {
    package var choosesClasses: Bool { usesIntegerTargets }
    package func check(_ outputs: [Outline], _ target: Outline) throws(ModelMismatch) {
        throw ModelMismatch("\(name): the model puts out \(outputs), and the loss compares one output with the target")
    }
}

/// Of scores along an axis, with a weight for each class.
private protocol ClassLoss: OutlinedLoss {
    var axis: Int { get }
    var weight: Tensor? { get }
}

extension ClassLoss {
    package func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        try checkClasses(prediction, target, axis: axis, weight: weight)
    }
}

extension CrossEntropyFlat: OutlinedLoss {
    package func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        guard let target, target.kind == .real, let axes = target.axes, prediction.axes == axes else {
            return try checkClasses(prediction, target, axis: axis, weight: weight)
        }
        try checkClasses(prediction, nil, axis: axis, weight: weight)  // probabilities
    }
}

extension FocalFlat: ClassLoss {}
extension LabelSmoothingCrossEntropyFlat: ClassLoss {}

extension LabelSmoothingCrossEntropy: OutlinedLoss {
    package func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        try checkClasses(prediction, target, axis: 1, weight: weight)
    }
}

extension DiceLoss: OutlinedLoss {
    package var choosesClasses: Bool { true }
    package func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        try checkClasses(prediction, target, axis: axis)
        guard let target, let rank = target.rank, let predicted = prediction.rank else { return }
        try insist(
            rank == predicted - 1, "\(name): scores \(prediction) need a target for each position, not \(target)")
    }
}

/// Of a number for each target.
private protocol NumberLoss: OutlinedLoss {}

extension NumberLoss {
    package func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        try checkCounts(prediction, target)
    }
}

extension MSEFlat: NumberLoss {}
extension PoissonFlat: NumberLoss {}
extension L1Flat: NumberLoss {}
extension BCEFlat: NumberLoss {}

extension BCEWithLogitsFlat: OutlinedLoss {
    package func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        try checkCounts(prediction, target)
        guard let target, let axes = prediction.axes?.compactMap(\.self), axes.count == prediction.rank else { return }
        try insist(
            flattening.flattens || prediction.fits(target),
            "\(name): predictions \(prediction) and targets \(target) must have one shape")
        let shape: Shape = flattening.flattens ? [axes.reduce(1, *)] : Shape(axes)
        for (what, weight) in [("weight", weight), ("positiveWeight", positiveWeight)] {
            try insist(
                weight.map { Shape.broadcast($0.shape, shape) == shape } ?? true,
                "\(name): the \(what) of shape \(weight?.shape ?? []) does not broadcast to \(prediction)")
        }
    }
}
