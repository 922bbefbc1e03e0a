// SPDX-License-Identifier: Apache-2.0
// The loss of a batch: of this rank's shard, evened out among the ranks, and the same number for all of them.

package import LockstepNN
import LockstepOptim
package import LockstepTensor

extension Learner {
    /// What this rank's shard says of the batch's loss; empty where it has none.
    public var lossParts: [LossPart] {
        if !part.losses.isEmpty { return part.losses }
        guard let loss else { return [] }
        return [LossPart(items: batchItemCount, terms: [(mean(of: loss), part.weight ?? batchWeight)])]
    }

    /// Whether the batch at hand has targets: the same on every rank, also on one that has never seen an item.
    package var isLabelled: Bool { !yb.isEmpty || (xb.isEmpty && part.isEmpty) }

    /// Makes the ranks' parts of what is differentiated count alike: ``lossGrad`` becomes the part's share of the whole
    /// batch's loss times the number of ranks R, ``batchWeight`` 1/R, so that the mean over ranks is the whole batch's. Tells all
    /// ranks the loss of the batch, as ``stepLoss``.
    ///
    /// For callbacks that add something of the whole batch to the loss, or keep gradients from batch to batch; in `afterLoss`,
    /// on every rank alike. Done once for a batch, whoever asks. In one process nothing changes.
    /// A loss that adds up its items stays as it is: its parts add up.
    /// Collective; may throw the signal of another rank.
    public func evenOutLoss() throws {
        if part.isEven { return }
        let weights = part.terms.isEmpty ? lossParts.first.map { $0.terms.map(\.weight) } : part.terms.map(\.weight)
        let means =
            part.terms.isEmpty ? lossParts.first.map { $0.terms.map(\.mean) } : part.terms.map { mean(of: $0.mean) }
        if part.weight == nil { part.weight = batchWeight }
        let ranks = Double(coordinator.rankCount)
        (part.isEven, batchWeight) = (true, 1 / ranks)
        if lossFunction.reduction == .sum {
            let agreed = try coordinator.mergedLoss(means?[0] ?? 0, weight: 1)
            return stepLoss = agreed.loss.map { $0 * ranks }
        }
        var (total, shares): (Double?, [Double]) = (nil, [])
        for term in 0..<lossFunction.termCount {
            let agreed = try coordinator.mergedLoss(means?[term], weight: weights?[term] ?? 0)
            if let loss = agreed.loss { total = (total ?? 0) + loss }
            shares.append(agreed.weight > 0 ? ranks * (weights?[term] ?? 0) / agreed.weight : 1)
        }
        stepLoss = total
        if part.terms.isEmpty {
            lossGrad = lossGrad.map { scaled($0, by: shares[0]) }
        } else {
            // Each mean in its own share: what is differentiated is made anew.
            lossGrad = Learner.sum(zip(part.terms, shares).map { scaled($0.mean, by: $1) })
        }
    }

    private func scaled(_ loss: Tensor, by share: Double) -> Tensor {
        // What counts nothing must add nothing, even if its derivative is not a number.
        share == 0 ? silent(loss) : share == 1 ? loss : loss * share
    }

    /// Zero, with a graph in which every layer takes part that takes part in `loss`.
    private func silent(_ loss: Tensor) -> Tensor {
        let reached = preds.filter { loss.depends(on: $0) }
        return Learner.sum(reached.map { $0.sum() * 0 }) ?? loss * 0
    }

    private static func sum(_ terms: [Tensor]) -> Tensor? {
        terms.first.map { first in terms.dropFirst().reduce(first) { $0 + $1 } }
    }

    /// Leaves ``loss``, ``lossGrad`` and ``batchWeight``.
    func computeLoss() {
        if part.isEmpty {
            // Layers communicate: a rank without items goes through the same ones as the others, and adds nothing.
            lossGrad = silent(lossFunction(preds, yb))
            preds = []
            return
        }
        if lossFunction.termCount > 1 {
            part.terms = lossFunction.terms(preds, yb)
            lossGrad = Learner.sum(part.terms.map(\.mean))
            part.losses = [
                LossPart(items: batchItemCount, terms: part.terms.map { (mean(of: $0.mean), $0.weight) })
            ]
        } else {
            lossGrad = lossFunction(preds, yb)
        }
        loss = lossGrad?.detached
        batchWeight = lossFunction.weight(preds, yb)
    }

    /// What every rank does with a training batch's loss before callbacks see it: a sum of means that merge by weights of
    /// their own has none that callbacks could scale it with.
    func checkLossParts() throws {
        if checksLoss { try checkLossMerges() }
        if passes == nil, lossFunction.termCount > 1 { try evenOutLoss() }
    }

    /// The backward pass. On several ranks a part may not depend on what trains where the batch does.
    func backward() {
        guard let lossGrad, coordinator.rankCount == 1 || lossGrad.requiresGradient else { return }
        lossGrad.backward()
    }

    /// Makes ``stepLoss`` the loss of the whole batch, the same on every rank, where the batch ended before anybody did.
    func completeStepLoss() throws {
        guard training, isLabelled, stepLoss == nil else { return }
        if coordinator.rankCount == 1, part.losses.isEmpty {
            // In every step of one process: what it has is all there is.
            return stepLoss = loss.map { mean(of: $0) }
        }
        if lossFunction.reduction == .sum { return try evenOutLoss() }
        stepLoss = try wholeLoss()
    }

    /// The loss of the whole batch, the same on every rank; nil where no rank has one. Collective.
    func wholeLoss() throws -> Double? {
        let parts = lossParts
        var total: Double?
        for term in 0..<lossFunction.termCount {
            let own = parts.map { LossPart(items: $0.items, terms: [$0.terms[term]]) }
            let weight = own.reduce(0) { $0 + max($1.terms[0].weight, 0) }
            guard let loss = try coordinator.mergedLoss(LossPart.merged(own), weight: weight).loss else { continue }
            total = (total ?? 0) + loss
        }
        return total
    }
}

extension LossFunction {
    /// How much the mean of a part counts, whatever the loss consists of.
    func weight(_ predictions: [Tensor], _ targets: [Tensor]) -> Double {
        if predictions.count == 1, targets.count == 1 { return weight(predictions[0], targets[0]) }
        if let multiple = self as? any MultipleLossFunction { return multiple.weight(predictions, targets) }
        return weight(predictions[0], targets[0])
    }

    /// The terms of a loss, whatever it consists of.
    package func terms(_ predictions: [Tensor], _ targets: [Tensor]) -> [LossTerm] {
        if predictions.count == 1, targets.count == 1 { return terms(predictions[0], targets[0]) }
        if let multiple = self as? any MultipleLossFunction { return multiple.terms(predictions, targets) }
        // Stops: it takes one output and one target.
        return [LossTerm(self(predictions, targets), weight: 1)]
    }
}
