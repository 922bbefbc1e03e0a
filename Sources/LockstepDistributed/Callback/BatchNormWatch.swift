// SPDX-License-Identifier: Apache-2.0
// Batches that batch normalisation cannot normalise: an error of all ranks, not of one.

import LockstepComm
import LockstepLearner
import LockstepNN

/// Notices batches with one value per channel, for the duration of a fit.
///
/// In one process the learner itself throws. On several ranks the fit ends with an error, too: with statistics over all ranks the
/// same on each of them, otherwise that of the rank whose part it is, which the others hear of.
final class BatchNormWatch {
    private let layers: [BatchNorm]
    private var sentence: String?

    init(_ model: Module) {
        layers = model.modules().compactMap { $0 as? BatchNorm }
        for layer in layers {
            layer.singleValueHandler = { [weak self] in self?.sentence = self?.sentence ?? $0 }
        }
    }

    /// - Throws: when a layer has seen such a batch since the last call.
    func check(_ policy: BatchNormPolicy, on ranks: any Communicator, _ learner: Learner) throws {
        guard let found = sentence else { return }
        self.sentence = nil
        let sentence = "\(learner.batchPlace): \(found)"
        if policy == .sync { throw ReplicaError(code: .tooFewValues, message: sentence) }
        throw BatchError(
            description: "\(sentence) (this is rank \(ranks.rank)'s part of the batch, normalised by itself)")
    }

    func release() { for layer in layers { layer.singleValueHandler = nil } }
}
