// SPDX-License-Identifier: Apache-2.0
// A loss that is no finite number is noticed where it first appears, and said once, on all ranks alike.

import LockstepTensor

/// Where in a fit a loss was first not a finite number. The same on every rank.
public struct NonFiniteLoss: Sendable, Equatable, CustomStringConvertible {
    /// The epoch, from 0.
    public let epoch: Int
    /// The batch in its phase, from 0.
    public let batch: Int
    /// Whether it was a training batch; otherwise one of the validation.
    public let isTraining: Bool
    /// The rank whose shard of the batch it was, where there are several and one alone is to blame.
    public let rank: Int?
    /// The loss of the whole training batch; NaN in validation.
    public let value: Double

    public var description: String {
        let phase = isTraining ? "training" : "validation"
        let whose = rank.map { ", in rank \($0)'s part of it" } ?? ""
        return
            "the loss is \(value.isNaN ? "not a number" : "infinite") in epoch \(epoch), \(phase) batch \(batch)\(whose)"
    }
}

extension Learner {
    /// Looks at the loss of a training batch, which all ranks know, and says once if it is no finite number.
    func watchTrainingLoss() throws {
        guard training, nonFiniteLoss == nil, let stepLoss, !stepLoss.isFinite, !expectsNonFiniteLoss else { return }
        let isOwn = lossParts.contains { part in part.terms.contains { !$0.mean.isFinite } }
        let agreed = try coordinator.average(Double(coordinator.rank), weight: isOwn ? 1 : 0)
        let culprit = coordinator.rankCount > 1 && agreed.weight == 1 ? agreed.mean.map { Int($0.rounded()) } : nil
        record(NonFiniteLoss(epoch: epoch, batch: iter, isTraining: true, rank: culprit, value: stepLoss))
    }

    /// Records the first bad batch of a validation phase on this rank.
    func watchValidationLoss() {
        guard isFitting, !training, !isInferring, nonFiniteLoss == nil, badValidationBatch == nil else { return }
        if let loss, !mean(of: loss).isFinite { badValidationBatch = iter }
    }

    /// Where a validation phase ends, on all ranks: asks them all.
    func tellValidationLoss() throws {
        guard isFitting, !isInferring, nonFiniteLoss == nil, !expectsNonFiniteLoss else { return }
        let own = badValidationBatch
        badValidationBatch = nil
        guard try coordinator.average(0, weight: own == nil ? 0 : 1).weight > 0 else { return }
        // A row for each rank that has a bad batch: which rank, which batch.
        let row = own.map { Tensor([Double(coordinator.rank), Double($0)], shape: [1, 2]) }
        let numbers = try coordinator.wholeBatch(row.map { [$0] } ?? []).first?.doubles.map { Int($0) } ?? []
        let found = stride(from: 0, to: numbers.count, by: 2).map { (rank: numbers[$0], batch: numbers[$0 + 1]) }
        guard let first = found.map(\.batch).min() else { return }
        let ranks = found.filter { $0.batch == first }.map(\.rank)
        let culprit = coordinator.rankCount > 1 && ranks.count == 1 ? ranks[0] : nil
        record(NonFiniteLoss(epoch: epoch, batch: first, isTraining: false, rank: culprit, value: .nan))
    }

    private func record(_ found: NonFiniteLoss) {
        nonFiniteLoss = found
        let ends = found.isTraining && callbacks.contains { $0 is TerminateOnNaNCallback && $0.run }
        warn(
            "\(found)"
                + (ends
                    ? ": TerminateOnNaNCallback ends the fit"
                    : "; training goes on (TerminateOnNaNCallback would end it)"))
    }
}
