// SPDX-License-Identifier: Apache-2.0
// The loss of an ensemble in a learner: of the members where the model puts them out, of its prediction otherwise.

public import LockstepNN
public import LockstepTensor

extension MemberLoss: MultipleLossFunction {
    /// The loss of the members, the second output, against one target; of the prediction where it is the only output.
    public func callAsFunction(_ predictions: [Tensor], _ targets: [Tensor]) -> Tensor {
        let (members, target) = parts(predictions, targets)
        return members.map { ofMembers($0, target) } ?? self(predictions[0], target)
    }

    /// The means that the loss is made of, each with its weight.
    public func terms(_ predictions: [Tensor], _ targets: [Tensor]) -> [LossTerm] {
        let (members, target) = parts(predictions, targets)
        return members.map { termsOfMembers($0, target) } ?? terms(predictions[0], target)
    }

    private func parts(_ predictions: [Tensor], _ targets: [Tensor]) -> (members: Tensor?, target: Tensor) {
        require(
            (1...2).contains(predictions.count) && targets.count == 1,
            "\(name): \(predictions.count) outputs and \(targets.count) targets; it takes a prediction, its members and one target"
        )
        return (predictions.count == 2 ? predictions[1] : nil, targets[0])
    }
}
