// SPDX-License-Identifier: Apache-2.0
// Losses of models with several outputs or targets.

public import LockstepNN
public import LockstepTensor

/// A loss that compares several outputs, or several targets.
public protocol MultipleLossFunction: LossFunction {
    /// The loss of a batch with all its outputs and targets.
    func callAsFunction(_ predictions: [Tensor], _ targets: [Tensor]) -> Tensor

    /// How much the mean over some items counts when parts of a batch are merged; as `LossFunction.weight`. The default
    /// looks at the first output and the first target.
    func weight(_ predictions: [Tensor], _ targets: [Tensor]) -> Double

    /// The loss as a sum of `termCount` means, each with its weight: for heads whose means have divisors of their own. The
    /// default is the loss itself with its weight.
    func terms(_ predictions: [Tensor], _ targets: [Tensor]) -> [LossTerm]

    /// What each of the outputs means, as `LossFunction.activation` says of one: as many tensors. The default treats them all as the
    /// first.
    func activation(_ predictions: [Tensor]) -> [Tensor]

    /// The decisions that follow from each of the *activated* outputs. The default treats them all as the first.
    func decodes(_ predictions: [Tensor]) -> [Tensor]
}

extension MultipleLossFunction {
    /// How much a mean over these items counts beside others.
    public func weight(_ predictions: [Tensor], _ targets: [Tensor]) -> Double { weight(predictions[0], targets[0]) }
    /// The means that the loss is made of, each with its weight.
    public func terms(_ predictions: [Tensor], _ targets: [Tensor]) -> [LossTerm] {
        [LossTerm(self(predictions, targets), weight: weight(predictions, targets))]
    }
    /// What makes probabilities, or numbers, of each output.
    public func activation(_ predictions: [Tensor]) -> [Tensor] { predictions.map { activation($0) } }
    /// The decisions for each output.
    public func decodes(_ predictions: [Tensor]) -> [Tensor] { predictions.map { decodes($0) } }
}

extension LossFunction {
    /// The loss of a batch, whatever it consists of.
    /// - Precondition: one output and one target, or a ``MultipleLossFunction``.
    public func callAsFunction(_ predictions: [Tensor], _ targets: [Tensor]) -> Tensor {
        if predictions.count == 1 && targets.count == 1 { return self(predictions[0], targets[0]) }
        guard let multiple = self as? any MultipleLossFunction else {
            stop(
                "\(name): \(predictions.count) outputs and \(targets.count) targets need a loss that conforms to MultipleLossFunction",
                file: #fileID, line: #line)
        }
        return multiple(predictions, targets)
    }

    /// What all outputs mean.
    func meaning(of outputs: [Tensor]) -> [Tensor] {
        let meanings = (self as? any MultipleLossFunction)?.activation(outputs) ?? outputs.map { activation($0) }
        require(
            meanings.count == outputs.count,
            "\(name): its activation makes \(meanings.count) tensors of \(outputs.count) outputs")
        return meanings
    }

    /// The decisions that follow from all outputs, activated.
    func decisions(on outputs: [Tensor]) -> [Tensor] {
        (self as? any MultipleLossFunction)?.decodes(outputs) ?? outputs.map { decodes($0) }
    }
}
