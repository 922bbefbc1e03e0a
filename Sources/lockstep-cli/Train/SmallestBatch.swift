// SPDX-License-Identifier: Apache-2.0
// Batches of one item, which batch normalisation cannot normalise, are found before training.

import Lockstep

extension TrainingTask {
    /// - Throws: ``Failure`` when an epoch has a batch of one item and a layer would see one value per channel of it.
    func checkSmallestBatch(_ train: any IndexedBatchSource, _ items: Int, _ size: Int) throws {
        let isLeft = !train.options.dropLast && items % size == 1
        guard size == 1 || isLeft, try normalizesSingleValues(train) else { return }
        let other = (size + 1..<size + 4).first { train.options.dropLast || items % $0 != 1 } ?? size + 1
        throw Failure.usage(
            size == 1
                ? "--batch-size 1: batch normalisation needs more than one sample in a batch; use --batch-size \(other)"
                : "--batch-size \(size): the last batch of an epoch would hold one of the \(items) samples, and batch normalisation needs more; use --batch-size \(other), say"
        )
    }

    /// Whether a batch-norm layer has one value per channel of one item, as it passes through the model.
    private func normalizesSingleValues(_ train: any IndexedBatchSource) throws -> Bool {
        let layers = model.modules().compactMap { $0 as? BatchNorm }
        var found = false
        let observers = layers.map { layer in
            layer.addOutputObserver { _, output in found = found || output.count == layer.channels }
        }
        defer { for (layer, observer) in zip(layers, observers) { layer.removeOutputObserver(observer) } }
        model.eval()
        defer { model.train() }
        let item = try train.batch(of: Array(train.indices(epoch: 0).prefix(1)), epoch: 0)
        withNoGrad { _ = model.forward(item.inputs) }
        return found
    }
}
