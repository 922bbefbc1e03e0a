// SPDX-License-Identifier: Apache-2.0
// Data sets of which each node holds one copy.

public import LockstepComm
public import LockstepData
import LockstepTensor

extension TensorDataset {
    /// A data set that lies once in the memory of each node, whatever the number of its ranks.
    ///
    /// ```swift
    /// let train = try TensorDataset(sharedOver: World.current()) {
    ///     TensorDataset(inputs: [Tensor(try NPY.read("x.npy"))])
    /// }
    /// ```
    /// `make` runs on the first rank of each node, whose tensors move into memory that its ranks share; the others wait and
    /// look at that. Where ranks cannot share memory, each runs `make` for itself. Every node must make the same data.
    /// Collective: an error of one rank's `make` is thrown everywhere. The memory goes when the last tensor on it does.
    ///
    /// For files that need no conversion, `MappedArray` does as much without copying.
    public init(sharedOver ranks: any Communicator, _ make: () throws -> TensorDataset) throws {
        guard ranks.size > 1 else {
            self = try make()
            return
        }
        let isLeader = ranks.localRank == 0
        let made = try ranks.runningOnSome(isLeader, "shared data", make)
        let parts = try SharedTensors(
            made.map { $0.inputs + $0.targets } ?? [], inputs: made?.inputs.count ?? 0, over: ranks)
        guard let tensors = parts.tensors else {
            // Memory is not shared: the first rank of the node keeps what it has made.
            let own = try ranks.runningOnSome(!isLeader, "data of each rank", make)
            self = made ?? own ?? TensorDataset(inputs: [.zeros([0])])
            return
        }
        self.init(inputs: Array(tensors.prefix(parts.inputCount)), targets: Array(tensors.dropFirst(parts.inputCount)))
    }
}

/// Tensors of the first rank of each node, in memory all ranks of the node see.
private struct SharedTensors {
    /// Nil where ranks cannot share memory.
    let tensors: [Tensor]?
    let inputCount: Int

    /// - Parameter own: the tensors of the node's first rank; none on the others.
    init(_ own: [Tensor], inputs: Int, over ranks: any Communicator) throws {
        let own = own.map { $0.detached.contiguous() }
        var writer = WireWriter()
        writer.write(inputs)
        writer.write(own.count)
        for tensor in own {
            writer.write(tensor.dtype.rawValue)
            writer.write(tensor.shape.dimensions)
        }
        let nodes = try ranks.allGather([ranks.nodeIndex], name: "shared data")
        let descriptions = try ranks.allGatherVariable(writer.bytes, name: "shared data")
        let leader = nodes.firstIndex(of: ranks.nodeIndex) ?? 0
        var reader = WireReader(descriptions[leader])
        inputCount = reader.read()
        let count: Int = reader.read()
        let kinds: [(dtype: DType, shape: Shape)] = (0..<count).map { _ in
            (DType(rawValue: reader.read()) ?? .float32, Shape(reader.readArray(of: Int.self)))
        }
        var offsets = [0]
        for kind in kinds {
            offsets.append((offsets[offsets.count - 1] + kind.shape.elementCount * kind.dtype.byteCount + 63) & ~63)
        }
        let segment = try ranks.allocateShared(byteCount: ranks.localRank == 0 ? offsets[count] : 0)
        let isShared = try ranks.allRanks(segment.peers.count == ranks.localSize, name: "shared data")
        guard isShared, let place = segment.ranks.firstIndex(of: leader) else {
            tensors = nil
            return
        }
        let memory = segment.peers[place]
        for (index, tensor) in own.enumerated() where tensor.count > 0 {
            (memory.baseAddress.unsafelyUnwrapped + offsets[index]).copyMemory(
                from: tensor.unsafePointer, byteCount: tensor.count * tensor.dtype.byteCount)
        }
        try ranks.barrier(name: "shared data")
        tensors = kinds.enumerated().map { index, kind in
            guard let base = memory.baseAddress, kind.shape.elementCount > 0 else {
                return .zeros(kind.shape, dtype: kind.dtype)
            }
            let storage = Storage(
                foreign: base + offsets[index], byteCount: kind.shape.elementCount * kind.dtype.byteCount,
                owner: segment.owner)
            return Tensor(
                TensorBody(
                    storage: storage, offset: 0, shape: kind.shape, strides: kind.shape.contiguousStrides,
                    dtype: kind.dtype))
        }
    }
}

extension Communicator {
    /// Runs `body` on the ranks that say so while the others wait. Collective: what one throws all throw, itself its own
    /// error, the others one with its text.
    func runningOnSome<Result>(_ runs: Bool, _ name: String, _ body: () throws -> Result) throws -> Result? {
        var (result, failure): (Result?, (any Error)?) = (nil, nil)
        if runs { do { result = try body() } catch { failure = error } }
        let texts = try allGather(failure.map { "\($0)" } ?? "", name: name)
        if let failure { throw failure }
        guard let rank = texts.firstIndex(where: { !$0.isEmpty }) else { return result }
        throw CommunicatorError(.peerFailed, rank: rank, "rank \(rank): \(name): \(texts[rank])")
    }
}
