// SPDX-License-Identifier: Apache-2.0
// What ranks tell each other of their batches: the items of the whole one, and whether there is one at all.

import LockstepComm
import LockstepData
import LockstepLearner
import LockstepTensor

/// Shards of one batch that do not fit together.
public struct BatchError: Error, CustomStringConvertible, Sendable {
    /// One sentence that names the ranks and what each has.
    public let description: String
}

extension RankCoordinator {
    func wholeBatch(_ tensors: [Tensor]) throws -> [Tensor] {
        try throwing(agree(nil).signal)
        var writer = WireWriter()
        writer.write(tensors.count)
        for tensor in tensors { writer.write(tensor) }
        let shards = try communicator.allGatherVariable(writer.bytes, name: "batch").map { bytes in
            var reader = WireReader(bytes)
            let count: Int = reader.read()
            return (0..<count).map { _ in reader.readTensor() }
        }
        return try joined(shards)
    }

    /// Every column of the ranks' shards, concatenated; a rank without items may have no columns.
    private func joined(_ shards: [[Tensor]]) throws -> [Tensor] {
        guard let model = shards.indices.first(where: { !shards[$0].isEmpty }) else { return [] }
        func kinds(_ rank: Int) -> [String] {
            shards[rank].map { "\($0.dtype) [N, \($0.shape.dropFirst().map(String.init).joined(separator: ", "))]" }
        }
        for rank in shards.indices where !shards[rank].isEmpty && kinds(rank) != kinds(model) {
            throw BatchError(
                description:
                    "items of the batch cannot be mixed over ranks: rank \(model) has \(kinds(model)), rank \(rank) \(kinds(rank))"
            )
        }
        return shards[model].indices.map { column in
            .concatenated(shards.filter { !$0.isEmpty }.map { $0[column] })
        }
    }

    func batchWithoutItems(like own: Batch?) throws -> Batch? {
        try throwing(agree(nil).signal)
        var writer = WireWriter()
        writer.write(own?.inputs.count ?? -1)
        for tensor in own?.members ?? [] { writer.write(tensor) }
        let kinds = try communicator.allGatherVariable(writer.bytes, name: "kind of batch")
        if let own { return own }
        for bytes in kinds {
            var reader = WireReader(bytes)
            let inputs: Int = reader.read()
            guard inputs >= 0 else { continue }
            var members: [Tensor] = []
            while !reader.isAtEnd { members.append(reader.readTensor()) }
            return Batch(inputs: Array(members.prefix(inputs)), targets: Array(members.dropFirst(inputs)), size: 0)
        }
        return nil
    }

    func anyRankContinues(_ hasBatch: Bool) throws -> Bool {
        let agreed = try agree(nil, weight: hasBatch ? 1 : 0)
        try throwing(agreed.signal)
        return agreed.weight > 0
    }

    func ranksContinue(with share: Double) throws -> Bool {
        let agreed = try agree(nil, weight: share)
        try throwing(agreed.signal)
        // Shares are counts over one number: their sum is whole to rounding.
        return agreed.weight > 1 - 1e-9
    }
}
