// SPDX-License-Identifier: Apache-2.0
// MPI's own all-reduce on memory of its own: what the reduction in shared memory is measured against.
internal import CMPI

/// `MPI_Allreduce` of floats, in place, without anything of ours around it. Collective to make.
package final class PlainAllReduce {
    /// The floats that `run` sums.
    package let buffer: UnsafeMutableBufferPointer<Float>
    private let memory: OwnedMemory
    private let group: MPIGroup

    /// Nil where MPI does not connect the ranks (threads of one process, one rank).
    package init?(over communicator: any Communicator, floatCount: Int) throws {
        guard communicator is MPICommunicator, communicator.size > 1 else { return nil }
        group = try MPIGroup.duplicate(of: cmpi_comm_world())
        memory = try OwnedMemory(byteCount: floatCount * MemoryLayout<Float>.stride)
        buffer = memory.bytes.bindMemory(to: Float.self)
    }

    /// Sums the first `count` floats over the ranks, in calls of at most `piece` floats. The corresponding MPI function is
    /// `MPI_Allreduce`.
    package func run(count: Int, piece: Int) throws {
        guard let base = buffer.baseAddress else { return }
        for start in stride(from: 0, to: count, by: piece) {
            try MPIError.check(
                cmpi_allreduce_in_place(
                    base + start, CInt(min(piece, count - start)), CInt(ElementType.float32.rawValue),
                    CInt(ReductionOperation.sum.rawValue), group.handle), "MPI_Allreduce")
        }
    }

    deinit {
        var handle = group.handle
        _ = cmpi_comm_free(&handle)
    }
}
