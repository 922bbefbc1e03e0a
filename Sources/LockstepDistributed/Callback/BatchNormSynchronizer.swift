// SPDX-License-Identifier: Apache-2.0
// Batch normalisation over the global batch.

import LockstepComm
import LockstepNN
import LockstepTensor

/// Whose statistics batch normalisation uses when several ranks train.
///
/// A batch with one value per channel has no variance and ends the fit with an error: with `sync` when the global batch is
/// such, on every rank alike; otherwise when a rank's shard is, which that rank's error says and the others repeat. One item
/// of `[N, channels]` is enough; the usual way there is the last, smaller batch of an epoch: let the loader drop it.
public enum BatchNormPolicy: Sendable {
    /// Those of the global batch, forward and backward: training does not depend on the number of ranks. The default.
    case sync
    /// Each rank's own; running statistics are averaged over the ranks, by items, before each validation.
    case averageStatistics
    /// Each rank's own, running statistics too: ranks evaluate different models.
    case local
}

/// Makes the batch-norm layers of a model add their sums over all ranks, for the duration of a fit.
final class BatchNormSynchronizer {
    private let layers: [BatchNorm]

    /// Nil when the model has no such layers.
    init?(_ model: Module, over communicator: any Communicator) {
        layers = model.modules().compactMap { $0 as? BatchNorm }
        if layers.isEmpty { return nil }
        for layer in layers {
            layer.statisticsReducer = { sums in
                let total = Tensor.uninitialized(sums.shape, dtype: .float64)
                Tensor.copy(sums, into: total)
                // An error stays with the communicator: the batch's next agreement throws it.
                _ = try? communicator.allReduce(total.rawBytes, as: .float64, .sum, name: "batch norm")
                return total
            }
        }
    }

    func release() { for layer in layers { layer.statisticsReducer = nil } }
}
