// SPDX-License-Identifier: Apache-2.0
// Making sure that all ranks train the same thing, and giving them rank 0's values.

import LockstepComm
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// What must be equal on all ranks before the first step, and how it is made so.
struct ReplicaSetup {
    let communicator: any Communicator

    // MARK: Same structure

    /// Throws the same error on every rank when the ranks' learners differ in what decides the fit, or the inference run, at
    /// hand.
    func verify(_ learner: Learner) throws {
        let lines = learner.isInferring ? learner.inferenceSetup() : learner.fitSetup()
        let text = lines.joined(separator: "\n")
        let hash = Array(text.utf8).withUnsafeBytes { Wire.checksum($0) }
        var (low, high) = ([hash], [hash])
        try communicator.allReduce(&low, .min, name: "setup")
        try communicator.allReduce(&high, .max, name: "setup")
        guard low != high else { return }
        let all = try communicator.allGather(text, name: "setup").map {
            $0.split(separator: "\n", omittingEmptySubsequences: false)
        }
        for (rank, other) in all.enumerated() where other != all[0] {
            let line =
                zip(all[0], other).first { $0 != $1 } ?? (
                    all[0].dropFirst(other.count).first ?? "nothing more",
                    other.dropFirst(all[0].count).first ?? "nothing more"
                )
            throw ReplicaError(
                code: .setupDiffers,
                message:
                    "rank \(rank) is set up differently from rank 0: there “\(line.1)”, on rank 0 “\(line.0)”. All ranks must build the same model, data and callbacks."
            )
        }
    }

    // MARK: Same values

    /// Gives every rank rank 0's parameters, buffers and optimizer state.
    func broadcast(_ learner: Learner) throws {
        var parameters = learner.model.namedParameters().map(\.parameter)
        if let arena = learner.optimizer?.arena, arena.isWhole {
            try broadcast([arena.values], name: "parameters")
            parameters = parameters.filter { $0.arena !== arena }
        }
        try broadcast(parameters.map(\.value), name: "other parameters")
        try broadcastBuffers(learner)
        guard let optimizer = learner.optimizer else { return }
        // Nobody has stepped: there is nothing to send, and no memory to take for it.
        if try communicator.anyRank(optimizer.hasState, name: "optimizer state") {
            try broadcast(optimizer.flatState(), name: "optimizer state")
        }
        var steps = optimizer.stepCounts
        try communicator.broadcast(&steps, from: 0, name: "optimizer steps")
        optimizer.stepCounts = steps
    }

    /// Gives every rank rank 0's buffers.
    func broadcastBuffers(_ learner: Learner) throws {
        try broadcast(learner.model.namedBuffers().map(\.buffer.wrappedValue), name: "buffers")
    }

    /// Copies rank 0's values into the memory of `tensors`, all in one message.
    private func broadcast(_ tensors: [Tensor], name: String) throws {
        if tensors.isEmpty { return }
        if tensors.count == 1, tensors[0].isContiguous {
            try communicator.broadcast(tensors[0].rawBytes, from: 0, name: name)
            return
        }
        var packed: [UInt8] = []
        for tensor in tensors { packed.append(contentsOf: UnsafeRawBufferPointer(tensor.contiguous().rawBytes)) }
        try communicator.broadcast(&packed, from: 0, name: name)
        guard communicator.rank != 0 else { return }
        var position = 0
        for tensor in tensors {
            let source = Tensor.uninitialized(tensor.shape, dtype: tensor.dtype)
            let size = source.rawBytes.count
            packed.withUnsafeBytes {
                source.rawBytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + size]))
            }
            Tensor.copy(source, into: tensor)
            position += size
        }
    }

    // MARK: Still the same

    /// Compares the replicas' parameters; names the first one that differs.
    func verifyReplicas(_ learner: Learner) throws {
        let parameters = learner.model.namedParameters()
        var sums = parameters.map { Wire.checksum(UnsafeRawBufferPointer($0.parameter.value.contiguous().rawBytes)) }
        let own = sums
        var highest = own
        try communicator.allReduce(&sums, .min, name: "replicas")
        try communicator.allReduce(&highest, .max, name: "replicas")
        guard let first = sums.indices.first(where: { sums[$0] != highest[$0] }) else { return }
        throw ReplicaError(
            code: .replicasDrifted,
            message:
                "the ranks' models are no longer equal: parameter \(parameters[first].name) differs (epoch \(learner.epoch), batch \(learner.iter))"
        )
    }

    /// Replaces floating-point buffers, such as running statistics, by their mean over ranks, weighted by `weight`; others, such
    /// as numbers of batches, by the largest.
    func averageBuffers(_ learner: Learner, weight: Double) throws {
        let all = learner.model.namedBuffers().map(\.buffer)
        let counts = all.filter { !$0.wrappedValue.dtype.isFloatingPoint }
        if !counts.isEmpty {
            var values = counts.flatMap { $0.wrappedValue.doubles }
            try communicator.allReduce(&values, .max, name: "buffers")
            var position = 0
            for buffer in counts {
                let value = buffer.wrappedValue
                let largest = Tensor(Array(values[position..<position + value.count]), shape: value.shape)
                Tensor.copy(largest.to(value.dtype), into: value)
                position += value.count
            }
        }
        let buffers = all.filter { $0.wrappedValue.dtype.isFloatingPoint }
        if buffers.isEmpty { return }
        var sums = buffers.flatMap { $0.wrappedValue.doubles.map { $0 * weight } } + [weight]
        try communicator.allReduce(&sums, .sum, name: "buffers")
        guard let total = sums.last, total > 0 else { return }
        var position = 0
        for buffer in buffers {
            let value = buffer.wrappedValue
            let mean = Tensor(sums[position..<position + value.count].map { $0 / total }, shape: value.shape)
            Tensor.copy(mean, into: value)
            position += value.count
        }
    }
}
