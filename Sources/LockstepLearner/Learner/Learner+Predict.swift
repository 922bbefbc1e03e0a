// SPDX-License-Identifier: Apache-2.0
// The prediction for one item, back to what a person reads.

import LockstepData
import LockstepNN
public import LockstepTensor

/// What a model says of one item; nothing has a batch axis.
public struct Prediction {
    /// The item as its transforms decode it, if asked for.
    public let input: [Any]?
    /// For each output the decision as the target's transforms decode it: a class name, say. Without transforms a tensor.
    public let decodings: [Any]
    /// For each output the decision: the loss function's `decodes` of it.
    public let decisions: [Tensor]
    /// The model's outputs after the loss function's activation: probabilities, for a classifier.
    public let outputs: [Tensor]

    /// The first decision, decoded; most models have one output.
    public var decoded: Any { decodings[0] }
    /// The first decision.
    public var decision: Tensor { decisions[0] }
    /// The first output.
    public var output: Tensor { outputs[0] }

    /// The parts as fastai's `predict` returns them: the input if asked for, the decoded target, the decision, the output; of
    /// a model of several outputs lists of the last three.
    public var parts: [Any] {
        (input ?? []) + (outputs.count == 1 ? [decoded, decision, output] : [decodings, decisions, outputs])
    }
}

extension Prediction: CustomStringConvertible {
    /// The decision, and how sure the model is of it where its output holds probabilities: `cat (0.93)`.
    public var description: String {
        zip(decodings, zip(decisions, outputs)).map { decoded, result in
            let (decision, output) = result
            let words = ShownResults.Content(decoded).words
            guard output.rank == 1, output.count > 1, decision.count == 1, decision.dtype.isInteger,
                (0..<output.count).contains(Int(decision))
            else { return words }
            return "\(words) (\(fixed(output[Int(decision)].item(), 2)))"
        }.joined(separator: ", ")
    }
}

extension Learner {
    /// The prediction for one new item.
    ///
    /// The item is what the loaders' data set was made of (a path, a row, a number, …) and goes through the transforms
    /// of its inputs; without transforms it is a tensor or a `Sample`. Recorder, trackers and loaders stay as they are.
    ///
    /// Not collective: it runs on the rank that calls it, with that rank's copy of the model, inside of distributed scopes too.
    /// - Parameter withInput: Whether the decoded item is returned too.
    /// - Throws: `DataError` when the item is nothing the transforms take; what they throw.
    /// - Note: fastai: `predict`.
    public func predict(_ item: Any, withInput: Bool = false) throws -> Prediction {
        try alone {
            let loader = try dls.testLoader(for: [item])
            let all = try predictions(on: .loader(loader), withInput: true, withDecoded: true)
            guard all.count == 1, let inputs = all.inputs, let outputs = all.outputs, let decisions = all.decisions,
                !outputs.isEmpty
            else {
                throw LearnerError(.noLoader, "predict: the transforms left nothing of the item")
            }
            let members = try loader.decodeBatch(
                Batch(inputs: inputs, targets: decisions, size: 1), maxCount: 1, full: true)[0].members
            return Prediction(
                input: withInput ? Array(members.prefix(inputs.count)) : nil,
                decodings: decisions.enumerated().map { number, decision in
                    let place = inputs.count + number
                    return members.indices.contains(place) ? members[place] : decision[0]
                },
                decisions: decisions.map { $0[0] }, outputs: outputs.map { $0[0] })
        }
    }

    /// Runs `body`, which infers, on this rank alone: it neither waits for other ranks nor tells them anything.
    func alone<Result>(_ body: () throws -> Result) throws -> Result {
        try replacing(\.coordinator, on: self, with: AloneCoordinator(isWriter: coordinator.isWriter)) {
            try replacing(\.worksAlone, on: self, with: true) {
                // Passes in other hands may ask the other ranks.
                try replacing(\.passes, on: self, with: nil, body)
            }
        }
    }
}

/// One rank on its own business: no one is asked, and only the writing rank prints.
private final class AloneCoordinator: TrainingCoordinator {
    let isWriter: Bool
    init(isWriter: Bool) { self.isWriter = isWriter }
    func agree(on signal: CancelSignal?, leaving phase: Phase) -> CancelSignal? { signal }
    func values(of metrics: [Metric]) -> [Double?] { metrics.map(\.value) }
    func gather(_ rows: BatchRows) -> BatchRows { rows }
    func write(_ body: () throws -> Void) throws { try body() }
    func read(_ body: () throws -> [UInt8]) throws -> [UInt8] { try body() }
    func isSameEverywhere(_ text: String) -> Bool { true }
    func abandon(because error: any Error) {}
}
