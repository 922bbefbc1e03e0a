// SPDX-License-Identifier: Apache-2.0
// What loaders, batches and items print as.

import LockstepTensor

extension DataLoaders: CustomStringConvertible {
    /// `train 1438 items, 22 batches of 64, shuffled; valid 359 items, 6 batches of 64`
    public var description: String {
        loaders.enumerated().map { number, loader in
            (number == 0 ? "train " : number == 1 ? "valid " : "loader \(number) ") + extent(of: loader)
        }.joined(separator: "; ")
    }
}

extension DataLoader: CustomStringConvertible {
    /// `1438 items, 22 batches of 64, shuffled`
    public var description: String { extent(of: self) }
}

/// How much a source gives.
private func extent(of source: any BatchSource) -> String {
    let items = source.itemCount.map { "\($0) item\($0 == 1 ? "" : "s")" }
    let batches = source.batchCount.map { "\($0) batch\($0 == 1 ? "" : "es")" } ?? "batches"
    let size = source.batchSize.map { " of \($0)" } ?? ""
    let order = source.loaderOptions?.shuffle == true ? "shuffled" : nil
    return [source.isStream ? "a stream" : items, batches + size, order].compactMap { $0 }.joined(separator: ", ")
}

extension Batch: CustomStringConvertible {
    /// `64 items: inputs [64, 1, 8, 8] float32; targets [64] int64`
    public var description: String { "\(size) item\(size == 1 ? "" : "s"): " + kinds(inputs, targets) }
}

extension Sample: CustomStringConvertible {
    /// `inputs [1, 8, 8] float32; targets [] int64`
    public var description: String { kinds(inputs, targets) }
}

/// Shapes and types of an item's members, or a batch's.
private func kinds(_ inputs: [Tensor], _ targets: [Tensor]) -> String {
    func list(_ name: String, _ tensors: [Tensor]) -> String? {
        tensors.isEmpty ? nil : name + tensors.map { " \($0.shape) \($0.dtype)" }.joined(separator: ",")
    }
    return [list("inputs", inputs), list("targets", targets)].compactMap { $0 }.joined(separator: "; ")
}

extension Datasets: CustomStringConvertible {
    /// `1438 items to train on, 359 to validate`
    public var description: String { "\(train.count) items to train on, \(valid.count) to validate" }
}

extension Split: CustomStringConvertible {
    public var description: String { "\(train.count) items to train on, \(valid.count) to validate" }
}
