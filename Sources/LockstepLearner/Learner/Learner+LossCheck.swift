// SPDX-License-Identifier: Apache-2.0
// Whether the losses of parts of a batch merge into that of the whole: tried once a fit, where there are several ranks.

import LockstepNN
import LockstepTensor

extension Learner {
    /// Warns, on every rank alike, when the loss of two halves of the first batch is not that of the whole: then training on
    /// several ranks is not that of one process, and no trainer could tell from the result.
    func checkLossMerges() throws {
        guard coordinator.rankCount > 1, passes == nil, lossFunction.reduction == .mean else {
            return checksLoss = false
        }
        let differs = try coordinator.average(mergesWrongly() ? 1 : 0, weight: 1).mean ?? 0 > 0
        // Not before: a rank that has left the batch makes the others throw here, and all of them check the next one.
        checksLoss = false
        guard differs else { return }
        warn(
            "the loss “\(lossFunction.name)” of two halves of a batch, merged by its weights, is not that of the whole: "
                + "several ranks train otherwise than one process. Return every element's loss, or say what its mean is over "
                + "(weight: of a custom loss, LossFunction.weight or terms).")
    }

    private func mergesWrongly() -> Bool {
        guard let first = preds.first, first.rank > 0, first.dim(0) > 1, loss?.count == 1 else { return false }
        let items = first.dim(0)
        guard (preds + yb).allSatisfy({ $0.rank > 0 && $0.dim(0) == items }) else { return false }
        return withNoGrad {
            let parts = [0..<items / 2, items / 2..<items].map { rows in
                let loss = lossFunction.restricted(to: rows)
                let (preds, targets) = (preds.map { $0.detached[rows] }, yb.map { $0[rows] })
                return LossPart(
                    items: rows.count,
                    terms: loss.terms(preds, targets).map { (mean(of: $0.mean), $0.weight) })
            }
            // Once more for the whole: a loss may keep what it has computed last.
            let whole = mean(of: lossFunction(preds.map(\.detached), yb))
            guard let merged = LossPart.merged(parts), whole.isFinite else { return false }
            return !(abs(merged - whole) <= 1e-3 * max(abs(whole), 1e-3))
        }
    }
}
