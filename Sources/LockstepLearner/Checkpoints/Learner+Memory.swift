// SPDX-License-Identifier: Apache-2.0
// Everything a learner's parts remember: asked in one order, written and read in one place.

import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

extension Learner {
    /// Somebody who remembers something.
    struct MemoryOwner {
        /// The same in every program that builds the same learner: `callback/MixedPrecision/0`.
        let name: String
        let exchange: (StateArchive) throws -> Void
    }

    /// All who remember something, in a fixed order: the learner itself, callbacks, modules, loss, loaders, the optimizer.
    ///
    /// Callbacks are told apart by their types, what they follow, and their order among equals, not by what else there is.
    func memoryOwners(_ parts: ModelParts) -> [MemoryOwner] {
        var owners = [MemoryOwner(name: "learner") { [self] in try exchangeOwnState(with: $0, parts) }]
        var seen: [String: Int] = [:]
        func add(_ name: String, _ candidate: Any) {
            guard let resumable = candidate as? any Resumable else { return }
            owners.append(MemoryOwner(name: name) { try resumable.exchangeState(with: $0) })
        }
        for callback in callbacks where callback is any Resumable {
            let kind = callback.typeName + ((callback as? Tracker).map { "(\($0.monitor))" } ?? "")
            add("callback/\(kind)/\(seen[kind, default: 0])", callback)
            seen[kind, default: 0] += 1
        }
        for (name, module) in parts.modules { add("module/\(name.isEmpty ? "model" : name)", module) }
        add("loss", (lossFunction as? MixedLoss)?.base ?? lossFunction)
        for index in 0..<dls.count { add("loader/\(index)", dls[index]) }
        if let foreign = optimizer?.wrapped { add("optimizer", foreign) }
        return owners
    }

    /// What a model is made of. Looking for it is most of the work of asking what is remembered.
    struct ModelParts {
        let modules: [(name: String, module: Module)]
        let parameters: [Parameter]
        let buffers: [(name: String, buffer: Buffer)]

        init(_ model: Module) {
            (modules, parameters, buffers) = (model.namedModules(), model.parameters(), model.namedBuffers())
        }
    }

    /// What is remembered now, on this rank.
    func remembered(_ parts: ModelParts? = nil) throws -> StateArchive {
        let (rank, count) = (coordinator.rank, coordinator.rankCount)
        let archive = StateArchive(writingOn: rank, of: count)
        try exchangeMemory(with: archive, memoryOwners(parts ?? ModelParts(model)))
        return archive
    }

    /// Notes it where a training phase ends, if somebody may want to go on from there.
    func noteEndOfTraining(wasCancelled: Bool) {
        (place.isTrained, place.wasCancelled) = (true, wasCancelled)
        // Writing throws only what a type of the user's throws; then the state at the time of saving must do.
        resuming.endOfTraining = resuming.notesEndOfTraining ? try? remembered() : nil
    }

    /// Makes the learner remember what a point holds.
    ///
    /// - Throws: ``CheckpointError`` that names file, owner and value, before anything has changed.
    func restoreMemory(_ memory: ResumePoint.Memory) throws {
        let prefix = Checkpoint.memoryPrefix
        let tensors = memory.items.map { item -> (name: String, tensor: Tensor) in
            (String(item.name.dropFirst(prefix.count)), Tensor(item))
        }
        let saved = SavedState(tensors, rankCount: memory.rankCount)
        let (rank, count) = (coordinator.rank, coordinator.rankCount)
        let owners = memoryOwners(ModelParts(model)).filter { memory.owners.contains($0.name) }
        for checksOnly in [true, false] {
            let archive = StateArchive(saved, checksOnly: checksOnly, rank: rank, of: count)
            do {
                try exchangeMemory(with: archive, owners)
            } catch let error as StateError {
                throw CheckpointError(.malformed, memory.file, "what is remembered does not fit: \(error)")
            }
        }
    }

    /// The owners that a point lacks, and those it holds that are not here.
    func differences(from memory: ResumePoint.Memory) throws -> (lacking: [String], surplus: [String]) {
        let fresh = try remembered()
        // Lists of tensors may have been empty.
        let certain = fresh.owners.filter { owner in fresh.shared.contains { $0.name.hasPrefix(owner + "/") } }
        return (
            certain.filter { !memory.owners.contains($0) }, memory.owners.filter { !fresh.owners.contains($0) }
        )
    }

    private func exchangeMemory(with archive: StateArchive, _ owners: [MemoryOwner]) throws {
        for owner in owners {
            archive.owner = owner.name
            try owner.exchange(archive)
        }
    }

    /// What all ranks remember, on the writing rank. Collective.
    func gatherMemory(_ archive: StateArchive) throws -> [Safetensors.Item] {
        let gathered = try coordinator.gatherParts(ownMemory(archive))
        guard coordinator.isWriter else { return [] }
        return try joinedMemory(archive, gathered)
    }

    /// What is this rank's own, and its part of the batch's items.
    func ownMemory(_ archive: StateArchive) throws -> [UInt8] {
        var parts = archive.own.map { Safetensors.Item($0.name, $0.tensor) }
        for entry in archive.items {
            for (index, tensor) in entry.tensors.enumerated() {
                parts.append(.init("items.\(entry.axis)/\(entry.name)/\(index)", tensor))
            }
        }
        return try Safetensors.encode(parts, checksum: false)
    }

    /// What all remember alike, with what ranks have gathered of their own.
    func joinedMemory(_ archive: StateArchive, _ gathered: [[UInt8]]) throws -> [Safetensors.Item] {
        var items = archive.shared.map { Safetensors.Item($0.name, $0.tensor) }
        var joined: [(name: String, axis: Int, parts: [(rank: Int, tensor: Tensor)])] = []
        for (rank, bytes) in gathered.enumerated() {
            let part = try Safetensors.parse(bytes, file: "the state of rank \(rank)")
            for entry in part.entries {
                guard entry.name.hasPrefix("items."), let slash = entry.name.firstIndex(of: "/"),
                    let axis = Int(entry.name[..<slash].dropFirst(6))
                else {
                    items.append(.init(entry.name, part.tensor(entry)))
                    continue
                }
                let name = String(entry.name[slash...].dropFirst())
                let place = joined.firstIndex { $0.name == name } ?? joined.count
                if place == joined.count { joined.append((name, axis, [])) }
                joined[place].parts.append((rank, part.tensor(entry)))
            }
        }
        for entry in joined {
            let tensors = entry.parts.map(\.tensor)
            items.append(
                .init(entry.name, tensors.count == 1 ? tensors[0] : .concatenated(tensors, axis: entry.axis)))
            guard entry.name.hasSuffix("/0") else { continue }
            var sizes = [Int64](repeating: 0, count: gathered.count)
            for part in entry.parts { sizes[part.rank] = Int64(part.tensor.shape[entry.axis]) }
            items.append(.init(entry.name.dropLast(2) + "/sizes", Tensor(sizes)))
        }
        return items.map {
            .init(name: Checkpoint.memoryPrefix + $0.name, type: $0.type, shape: $0.shape, bytes: $0.bytes)
        }
    }

    /// Counters, hyper-parameters, what trains, buffers that are not saved with the model.
    private func exchangeOwnState(with archive: StateArchive, _ parts: ModelParts) throws {
        try exchangeEngines(with: archive)
        try archive.integer("trainIter", &trainIter, in: 0...(1 << 56))
        try archive.number("smoothLoss", &smoothLoss)
        var record = finalRecord.map { $0 ?? 0 }
        try archive.numbers("finalRecord", &record, allowsNaN: true)
        var known = finalRecord.map { $0 == nil ? 0.0 : 1 }
        try archive.numbers("finalRecord.known", &known, in: 0...1)
        if archive.isReading { finalRecord = zip(record, known).map { $1 == 1 ? $0 : nil } }
        if let optimizer {
            try exchangeHypers(of: optimizer, with: archive)
            try exchangeGradients(of: optimizer.arena, with: archive)
        }
        var trains = parts.parameters.map(\.isTrainable)
        try archive.flags("trains", &trains)
        if archive.isReading {
            for (parameter, trains) in zip(parts.parameters, trains) { parameter.isTrainable = trains }
        }
        for (name, buffer) in parts.buffers where !buffer.isSaved {
            var value = archive.isReading ? buffer.value : buffer.value.ownCopy()
            try archive.tensor("buffer/\(name)", &value)
            if archive.isReading { buffer.wrappedValue = value }
        }
    }

    /// What batches have left for a step to come, as accumulation does: each rank's own, since the sum of all differs in its
    /// last bits. On another number of ranks each gets the share that makes the same gradient of all.
    private func exchangeGradients(of arena: ParameterArena, with archive: StateArchive) throws {
        var kept: StateArchive.Named = []
        // A rank without items has no gradients, and counts.
        if archive.isWriting {
            kept = [("weight", Tensor([coordinator.keptGradientWeight]))] + arena.arrivedGradients()
        }
        let addsUp = lossFunction.reduction == .sum
        try archive.own("gradients", &kept) { ranks in
            let weights = ranks.map { addsUp ? 1 : ParameterArena.weight(of: $0) ?? 0 }
            let total = addsUp ? Double(archive.rankCount) : weights.reduce(0, +)
            return total > 0 ? ParameterArena.sum(of: ranks, weights.map { $0 / total }) : []
        } check: { kept in
            if !arena.accepts(kept) {
                throw archive.error("gradients", "they are not those of this model's parameters")
            }
        }
        if archive.isReading { arena.takeGradients(kept) }
    }

    private func exchangeHypers(of optimizer: Optimizer, with archive: StateArchive) throws {
        var frozen = optimizer.frozenIndex
        try archive.integer("frozenIndex", &frozen, in: 0...optimizer.groups.count)
        if archive.isReading { optimizer.freeze(to: frozen) }
        for group in optimizer.groups.indices {
            for (index, name) in optimizer.hyperNames.enumerated() {
                var value = optimizer.hyper(name, group: group) ?? 0
                try archive.number("hyper/\(group)/\(name)", &value, in: Checkpoint.range(ofHyper: name))
                if archive.isReading { optimizer.setHyper(at: index, group: group, value) }
            }
        }
    }
}

extension Tensor {
    /// The same values in memory of their own.
    func ownCopy() -> Tensor {
        let copy = Tensor.uninitialized(shape, dtype: dtype)
        Tensor.copy(detached, into: copy)
        return copy
    }
}
