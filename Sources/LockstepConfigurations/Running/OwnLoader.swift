// SPDX-License-Identifier: Apache-2.0
// A loader that is not the library's: all it says is an order, and what a batch of given items is.

import LockstepData
import LockstepTensor

/// Batches of a data set's items, made in its own way.
final class OwnLoader: IndexedBatchSource {
    var options: DataLoader.Options
    var epoch = 0
    private let items: any Dataset

    init(_ items: any Dataset, _ options: DataLoader.Options) { (self.items, self.options) = (items, options) }

    var inputCount: Int { items.inputCount }
    func indices(epoch: Int) -> [Int] { options.indices(of: items.count, epoch: epoch) }

    func batch(of indices: [Int], epoch: Int) throws -> Batch {
        let samples = try indices.map {
            try items.item(at: $0, context: ItemContext(seed: options.seed, epoch: epoch, index: $0))
        }
        func stacked(_ members: KeyPath<Sample, [Tensor]>) -> [Tensor] {
            samples[0][keyPath: members].indices.map { place in
                Tensor.stacked(samples.map { $0[keyPath: members][place] })
            }
        }
        return Batch(inputs: stacked(\.inputs), targets: stacked(\.targets))
    }
}
