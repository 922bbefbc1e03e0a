// SPDX-License-Identifier: Apache-2.0
// One MPI communicator of our own, and the calls we make on it.
internal import CMPI
internal import Foundation

/// A handle with rank and size. Calls are blocking, counts are split where MPI's `int` would not hold them.
struct MPIGroup {
    let handle: cmpi_handle
    let rank: Int
    let size: Int

    init(_ handle: cmpi_handle) throws {
        var rank: CInt = 0
        var size: CInt = 0
        try MPIError.check(cmpi_comm_rank(handle, &rank), "MPI_Comm_rank")
        try MPIError.check(cmpi_comm_size(handle, &size), "MPI_Comm_size")
        self.handle = handle
        self.rank = Int(rank)
        self.size = Int(size)
    }

    /// The corresponding MPI function is `MPI_Comm_dup`.
    static func duplicate(of handle: cmpi_handle) throws -> MPIGroup {
        try MPIError.check(cmpi_comm_errors_return(handle), "MPI_Comm_set_errhandler")
        var result: cmpi_handle = 0
        try MPIError.check(cmpi_comm_dup(handle, &result), "MPI_Comm_dup")
        return try MPIGroup(result)
    }

    /// The ranks that pass the same color; nil for those that pass nil. The corresponding MPI function is `MPI_Comm_split`.
    func split(color: Int?, key: Int) throws -> MPIGroup? {
        var result: cmpi_handle = 0
        try MPIError.check(cmpi_comm_split(handle, CInt(color ?? -1), CInt(key), &result), "MPI_Comm_split")
        return result == 0 ? nil : try MPIGroup(result)
    }

    /// The ranks that can share memory with this one. The corresponding MPI function is `MPI_Comm_split_type`.
    func splitByNode() throws -> MPIGroup {
        var result: cmpi_handle = 0
        try MPIError.check(cmpi_comm_split_node(handle, CInt(rank), &result), "MPI_Comm_split_type")
        return try MPIGroup(result)
    }

    /// One integer of every rank. The corresponding MPI function is `MPI_Allgather`.
    func allGather(_ value: Int) throws -> [Int] {
        var all = [Int](repeating: 0, count: size)
        try withUnsafeBytes(of: value) { source in
            try MPIError.check(
                cmpi_allgather_bytes(source.baseAddress.unsafelyUnwrapped, 8, &all, handle), "MPI_Allgather")
        }
        return all
    }

    /// One block of every rank, all of the same size, at most 2 GiB. The corresponding MPI function is `MPI_Allgather`.
    func allGather(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) throws {
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        try MPIError.check(cmpi_allgather_bytes(from, CInt(source.count), to, handle), "MPI_Allgather")
    }

    /// Reduces in place, in pieces of at most 1 MiB. The corresponding MPI function is `MPI_Allreduce`.
    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation
    ) throws {
        guard let base = buffer.baseAddress else { return }
        for offset in stride(from: 0, to: buffer.count, by: 1 << 20) {
            let count = min(1 << 20, buffer.count - offset) / type.byteCount
            try MPIError.check(
                cmpi_allreduce_in_place(
                    base + offset, CInt(count), CInt(type.rawValue), CInt(operation.rawValue), handle), "MPI_Allreduce")
        }
    }

    /// Begins to send; the corresponding MPI function is `MPI_Isend`.
    func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: CInt) throws -> cmpi_handle {
        guard let base = bytes.baseAddress else { return 0 }
        var request: cmpi_handle = 0
        try MPIError.check(
            cmpi_isend_bytes(base, CInt(bytes.count), CInt(rank), tag, handle, &request), "MPI_Isend")
        return request
    }

    /// Begins to receive; the corresponding MPI function is `MPI_Irecv`.
    func receive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: CInt) throws -> cmpi_handle {
        guard let base = bytes.baseAddress else { return 0 }
        var request: cmpi_handle = 0
        try MPIError.check(
            cmpi_irecv_bytes(base, CInt(bytes.count), CInt(rank), tag, handle, &request), "MPI_Irecv")
        return request
    }

    /// Whether what was begun is done; 0 is nothing. The corresponding MPI function is `MPI_Test`.
    func isDone(_ request: inout cmpi_handle) throws -> Bool {
        if request == 0 { return true }
        var done: CInt = 0
        try MPIError.check(cmpi_test(&request, &done), "MPI_Test")
        return done != 0
    }

    /// Waits until what was begun is done; 0 is nothing. Calls `look` now and then, which throws when there is nothing to wait for
    /// any more.
    func wait(for request: cmpi_handle, _ look: () throws -> Void) throws {
        var (request, polls) = (request, 0)
        while try !isDone(&request) {
            polls += 1
            // A core may be needed by another rank.
            if polls > 100 { sched_yield() }
            if polls & 63 == 0 { try look() }
        }
    }

    /// Waits until all ranks of the group are here. The corresponding MPI function is `MPI_Barrier`.
    func barrier() throws { try MPIError.check(cmpi_barrier(handle), "MPI_Barrier") }

    /// The corresponding MPI function is `MPI_Bcast`.
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int) throws {
        guard let base = buffer.baseAddress else { return }
        for offset in stride(from: 0, to: buffer.count, by: 64 << 20) {
            let count = min(64 << 20, buffer.count - offset)
            try MPIError.check(cmpi_broadcast_bytes(base + offset, CInt(count), CInt(root), handle), "MPI_Bcast")
        }
    }

    /// The corresponding MPI functions are `MPI_Allgatherv` and `MPI_Gatherv`. Larger data goes in rounds of 256 MiB.
    func gather(
        _ source: UnsafeRawBufferPointer, counts: [Int], into destination: UnsafeMutableRawBufferPointer?, root: Int?
    ) throws {
        let piece = (256 << 20) / size
        let rounds = ((counts.max() ?? 0) + piece - 1) / piece
        let starts = counts.indices.map { counts[..<$0].reduce(0, +) }
        var empty: UInt8 = 0
        for round in 0..<rounds {
            let parts = counts.map { CInt(max(0, min(piece, $0 - round * piece))) }
            var offsets = [CInt](repeating: 0, count: size)
            for rank in 1..<max(1, size) { offsets[rank] = offsets[rank - 1] + parts[rank - 1] }
            let received = Int((offsets.last ?? 0) + (parts.last ?? 0))
            var scratch = [UInt8](repeating: 0, count: destination == nil || rounds == 1 ? 0 : received)
            try scratch.withUnsafeMutableBytes { scratch in
                let target = rounds == 1 ? destination : destination == nil ? nil : scratch
                try withUnsafeMutableBytes(of: &empty) { empty in
                    let from =
                        source.baseAddress.map { $0 + min(source.count, round * piece) }
                        ?? UnsafeRawPointer(empty.baseAddress.unsafelyUnwrapped)
                    let to = target?.baseAddress ?? empty.baseAddress.unsafelyUnwrapped
                    if let root {
                        try MPIError.check(
                            cmpi_gatherv_bytes(from, parts[rank], to, parts, offsets, CInt(root), handle), "MPI_Gatherv"
                        )
                    } else {
                        try MPIError.check(
                            cmpi_allgatherv_bytes(from, parts[rank], to, parts, offsets, handle), "MPI_Allgatherv")
                    }
                }
                guard rounds > 1, let destination = destination?.baseAddress, let scratch = scratch.baseAddress else {
                    return
                }
                for rank in 0..<size where parts[rank] > 0 {
                    (destination + starts[rank] + round * piece).copyMemory(
                        from: scratch + Int(offsets[rank]), byteCount: Int(parts[rank]))
                }
            }
        }
    }

    /// The corresponding MPI function is `MPI_Reduce_scatter_block`; in pieces of at most 1 MiB for each rank.
    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation
    ) throws {
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        for offset in stride(from: 0, to: destination.count, by: 1 << 20) {
            let bytes = min(1 << 20, destination.count - offset)
            try withUnsafeTemporaryAllocation(byteCount: bytes * size, alignment: 16) { packed in
                for block in 0..<size {
                    (packed.baseAddress.unsafelyUnwrapped + block * bytes).copyMemory(
                        from: from + (block * destination.count + offset), byteCount: bytes)
                }
                try MPIError.check(
                    cmpi_reduce_scatter_block(
                        packed.baseAddress.unsafelyUnwrapped, to + offset, CInt(bytes / type.byteCount),
                        CInt(type.rawValue),
                        CInt(operation.rawValue), handle), "MPI_Reduce_scatter_block")
            }
        }
    }
}
