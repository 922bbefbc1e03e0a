// SPDX-License-Identifier: Apache-2.0
// Images normalised by the statistics of those that a network was trained on.

import LockstepData
import LockstepTensor

extension DataLoaders {
    /// Has every loader that transforms its batches normalise images by `statistics`, in place of its own way if it has one.
    func normalize(by statistics: Normalize) {
        for case let loader as any TransformingBatchSource in loaders {
            let old = loader.transforms.afterBatch
            loader.transforms.afterBatch = Pipeline(
                old.transforms.filter { !($0 is Normalize) }, inputTypes: old.inputTypes)
            loader.insert([statistics], at: .afterBatch)
        }
    }
}
