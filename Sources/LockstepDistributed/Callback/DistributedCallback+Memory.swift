// SPDX-License-Identifier: Apache-2.0
// What is each rank's own in the middle of an epoch: running statistics that have not been averaged yet.

import LockstepLearner
import LockstepNN
public import LockstepTensor

extension DistributedCallback: Resumable {
    /// Buffers of every rank, where each keeps its own, and the items they have seen since they were equal. On another number of
    /// ranks all get the average, as they would where an epoch's training ends.
    public func exchangeState(with archive: StateArchive) throws {
        try exchangeKept(with: archive)
        guard batchNorm != .sync, let learner else { return }
        let buffers = learner.model.namedBuffers().filter { $0.buffer.isSaved }
        var own: StateArchive.Named = []
        if archive.isWriting, archive.rankCount > 1 {
            own = [("items", Tensor([fit?.itemsSinceMerge ?? 0]))]
            own += buffers.map { name, buffer in
                let copy = Tensor.uninitialized(buffer.value.shape, dtype: buffer.value.dtype)
                Tensor.copy(buffer.value, into: copy)
                return (name, copy)
            }
        }
        try archive.own("buffers", &own) { ranks in
            DistributedCallback.average(ranks, over: archive.rankCount)
        } check: { own in
            guard own.isEmpty || DistributedCallback.items(own) != nil && own.count == buffers.count + 1 else {
                throw archive.error("buffers", "they are not those of this model")
            }
            for (name, buffer) in buffers where !own.isEmpty {
                let tensor = own.first { $0.name == name }?.tensor
                guard tensor?.shape == buffer.value.shape, tensor?.dtype == buffer.value.dtype else {
                    throw archive.error("buffers", "\(name) is missing, or of another shape")
                }
            }
        }
        guard archive.isReading, let items = DistributedCallback.items(own) else { return }
        fit?.itemsSinceMerge = items
        for (name, buffer) in buffers {
            if let tensor = own.first(where: { $0.name == name })?.tensor { buffer.wrappedValue = tensor }
        }
    }

    /// What lies in the ranks' gradients, which the learner keeps. On another number of ranks they are averaged already.
    private func exchangeKept(with archive: StateArchive) throws {
        guard let coordinator = learner?.coordinator as? RankCoordinator else { return }
        var own: StateArchive.Named = []
        if archive.isWriting {
            switch coordinator.kept {
            // Parts that were evened out add up to those to come as they are.
            case .nothing, .parts(_, areEven: true): break
            case .parts(let weight, areEven: false): own = [("parts", Tensor([weight]))]
            case .whole: own = [("whole", Tensor([1] as [Double]))]
            }
        }
        try archive.own("kept", &own) { _ in
            []
        } check: { own in
            let isFitting = own.allSatisfy { ["parts", "whole"].contains($0.name) && $0.tensor.dtype == .float64 }
            guard isFitting,
                own.allSatisfy({ $0.tensor.count == 1 && $0.tensor.doubles.allSatisfy { $0 >= 0 && $0.isFinite } })
            else { throw archive.error("kept", "it says neither parts nor whole") }
        }
        guard archive.isReading else { return }
        guard let kept = own.first else { return coordinator.kept = .nothing }
        coordinator.kept = kept.name == "whole" ? .whole : .parts(weight: kept.tensor.doubles[0], areEven: false)
    }

    private static func items(_ own: StateArchive.Named) -> Double? {
        guard let tensor = own.first(where: { $0.name == "items" })?.tensor, tensor.dtype == .float64,
            tensor.count == 1
        else { return nil }
        let items = tensor.doubles[0]
        return items >= 0 && items.isFinite ? items : nil
    }

    private static func average(_ ranks: [StateArchive.Named], over count: Int) -> StateArchive.Named {
        let weights = ranks.map { items($0) ?? 0 }
        let total = weights.reduce(0, +)
        guard let first = ranks.first, !first.isEmpty else { return [] }
        return first.enumerated().map { index, entry in
            if entry.name == "items" { return (entry.name, Tensor([total / Double(count)])) }
            guard total > 0, entry.tensor.dtype.isFloatingPoint else { return entry }
            let mean = zip(ranks, weights).reduce(into: [Double](repeating: 0, count: entry.tensor.count)) {
                sum, part in
                for (place, value) in part.0[index].tensor.doubles.enumerated() {
                    sum[place] += value * part.1 / total
                }
            }
            return (entry.name, Tensor(mean, shape: entry.tensor.shape).to(entry.tensor.dtype))
        }
    }
}
