// SPDX-License-Identifier: Apache-2.0
// Weights of others: PyTorch's files, of which nothing is run, and indices of several files.

import LockstepData

extension Inspection {
    mutating func lookAtTorch() throws(DataError) {
        let archive = try TorchArchive.read(path)
        content = [
            .init("format", archive.format.rawValue), .init("key", archive.key.isEmpty ? nil : archive.key),
            .init("beside", .group(archive.values.map { .init($0.key, $0.value) })),
            .init("parts", .list([TensorFacts.total(archive.entries.map { ($0.type, $0.shape) })])),
            .init("tensors", .list(archive.entries.map { TensorFacts.tensor($0.name, $0.type, $0.shape) })),
        ]
        if try archive.verify() { checksum = "verified" }
    }

    mutating func lookAtIndex() throws(DataError) {
        let weights = try WeightFile(path)
        content = [
            .init("files", .list(weights.files.map { .text($0) })),
            .init("parts", .list([TensorFacts.total(weights.entries.map { ($0.type, $0.shape) })])),
            .init("tensors", .list(weights.entries.map { TensorFacts.tensor($0.name, $0.type, $0.shape) })),
        ]
    }
}
