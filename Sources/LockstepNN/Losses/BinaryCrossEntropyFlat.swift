// SPDX-License-Identifier: Apache-2.0
// Binary cross entropy, of scores and of probabilities.

public import LockstepTensor

/// Binary cross entropy between raw scores and targets of 0 and 1, computed without ever forming `log σ(x)` of a large `x`:
/// `max(x, 0) − x·y + log(1 + e^(−|x|))`.
///
/// - Shape: prediction and target have the same number of elements.
public struct BCEWithLogitsFlat: LossFunction {
    /// The probability above which ``decodes(_:)`` says yes.
    public let threshold: Double
    /// A factor for each element, broadcast; nil for 1.
    public let weight: Tensor?
    /// How much more a target of 1 counts, broadcast to the target; nil for 1.
    public let positiveWeight: Tensor?
    package let flattening: Flattening
    /// How the losses of items become one.
    public var reduction: Reduction

    /// - Parameters:
    ///   - threshold: The probability above which ``decodes(_:)`` says yes.
    ///   - weight: A factor for each element, broadcast to the (flattened) target.
    ///   - positiveWeight: How much more a target of 1 counts, broadcast to the target.
    ///   - flattens: Whether both sides become vectors. The default is yes, and no with `positiveWeight`, which is lined
    ///     up with the target's own axes.
    /// - Precondition: not both `positiveWeight` and `flattens: true`.
    public init(
        threshold: Double = 0.5, weight: Tensor? = nil, positiveWeight: Tensor? = nil, flattens: Bool? = nil,
        convertsTarget: Bool = true, reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            positiveWeight == nil || flattens != true,
            "BCEWithLogitsFlat: positiveWeight is lined up with the target's axes, so flattens must be false",
            file: file, line: line)
        self.threshold = threshold
        self.weight = weight
        self.positiveWeight = positiveWeight
        self.reduction = reduction
        flattening = Flattening(
            flattens: flattens ?? (positiveWeight == nil), convertsTarget: convertsTarget, keepsClasses: false)
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = flattening(prediction, target, for: name)
        return LockstepTensor.bceWithLogits(x, y, weight: weight, posWeight: positiveWeight, reduction: reduction)
    }

    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { prediction.sigmoid() }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { prediction .> threshold }
}

extension BCEWithLogitsFlat: Configurable {
    public static let configuration = Configuration(BCEWithLogitsFlat.self) {
        Field("threshold", \.threshold)
        Field(tensor: "weight") { $0.weight }
        Field(tensor: "positiveWeight") { $0.positiveWeight }
        Field("flattens", \.flattening.flattens, python: "flatten")
        Field("convertsTarget", \.flattening.convertsTarget, python: "floatify")
        Field("reduction", \.reduction)
    } make: { fields in
        let (positive, flattens): (Tensor?, Bool) = (try fields.tensor("positiveWeight"), try fields("flattens"))
        try fields.check(positive == nil || !flattens, "positiveWeight needs flattens to be false")
        return BCEWithLogitsFlat(
            threshold: try fields("threshold"), weight: try fields.tensor("weight"), positiveWeight: positive,
            flattens: flattens, convertsTarget: try fields("convertsTarget"), reduction: try fields("reduction"))
    }
}

/// Binary cross entropy between probabilities and targets of 0 and 1: `−y·log p − (1 − y)·log(1 − p)`.
///
/// Logarithms are kept above −100, so that a certain, wrong prediction costs 100 instead of infinity.
///
/// - Shape: prediction and target have the same number of elements; predictions lie in 0…1.
public struct BCEFlat: LossFunction {
    /// How the losses of items become one.
    public var reduction: Reduction

    /// A loss with these options; the defaults are fastai's.
    public init(reduction: Reduction = .mean) { self.reduction = reduction }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (p, y) = Flattening(convertsTarget: true, keepsClasses: false)(prediction, target, for: name)
        let (q, t) = (p.detached, y.detached)
        let yes = q.log().clamped(min: -100)
        let no = (1 - q).log().clamped(min: -100)
        let losses = no * (t - 1) - t * yes
        // Not through the clamps: a certain, wrong prediction must still be pushed back, by up to 1e12.
        return reduction.apply(
            to: losses.recording("bce", from: p, y) { dy, needs in
                (needs.0 ? dy * (q - t) / ((1 - q) * q).clamped(min: 1e-12) : nil, needs.1 ? dy * (no - yes) : nil)
            })
    }
}

extension BCEFlat: Configurable {
    public static let configuration = Configuration(BCEFlat.self) {
        Field("reduction", \.reduction)
    } make: {
        BCEFlat(reduction: try $0("reduction"))
    }
}
