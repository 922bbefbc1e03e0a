// SPDX-License-Identifier: Apache-2.0
// Memory that the processes of a node share, as MPI windows; freed together, when no rank uses it any more.
internal import CMPI
internal import Foundation
internal import Synchronization

/// The windows of one communicator.
///
/// Freeing a window is collective, but references end at different times on different ranks. So a rank only records which
/// windows it no longer needs, and the next allocation frees those that no rank of the node needs.
final class WindowList {
    private var open: [Int: cmpi_handle] = [:]
    private var nextID = 0
    private let released = Box(Mutex<Set<Int>>([]))

    /// Ends a window's use on this rank when it goes away.
    private final class Lease {
        let id: Int
        let released: Box<Mutex<Set<Int>>>
        init(id: Int, released: Box<Mutex<Set<Int>>>) {
            self.id = id
            self.released = released
        }
        deinit {
            let id = id
            released.value.withLock { _ = $0.insert(id) }
        }
    }

    /// Windows this rank no longer uses.
    var releasedIDs: [Int] { released.value.withLock { $0.sorted() } }

    /// Frees windows. Collective over the node; every rank must pass the same ones.
    func free(_ ids: [Int]) throws {
        for id in ids {
            guard var window = open.removeValue(forKey: id) else { continue }
            try MPIError.check(cmpi_window_free(&window), "MPI_Win_free")
            released.value.withLock { _ = $0.remove(id) }
        }
    }

    /// Allocates zeroed segments. Collective over the node. The corresponding MPI function is `MPI_Win_allocate_shared`.
    func allocate(_ node: MPIGroup, ranks: [Int], byteCount: Int) throws -> SharedSegment {
        var base: UnsafeMutableRawPointer?
        var window: cmpi_handle = 0
        // Whole pages, and one more: Open MPI starts somewhere inside a page, where no cache line of ours would be whole.
        let mapped = max(4096, (byteCount + 4095) & ~4095) + 4096
        try MPIError.check(cmpi_window_allocate(node.handle, mapped, &base, &window), "MPI_Win_allocate_shared")
        // First touch by the owner, and the memory is really there: later there would be only SIGBUS.
        base?.initializeMemory(as: UInt8.self, repeating: 0, count: mapped)
        let counts = try node.allGather(byteCount)
        let peers = try counts.enumerated().map { peer, count in
            var size = 0
            var address: UnsafeMutableRawPointer?
            try MPIError.check(cmpi_window_query(window, CInt(peer), &size, &address), "MPI_Win_shared_query")
            return UnsafeMutableRawBufferPointer(start: address?.alignedUp(toMultipleOf: 4096), count: count)
        }
        let id = nextID
        nextID += 1
        open[id] = window
        return SharedSegment(peers: peers, ranks: ranks, localRank: node.rank, owner: Lease(id: id, released: released))
    }
}

/// What the memory file system that backs windows can hold.
enum SharedMemory {
    static var directory: String {
        ProcessInfo.processInfo.environment["OMPI_MCA_osc_sm_backing_directory"] ?? "/dev/shm"
    }
    static var freeBytes: Int { Int(cmpi_free_bytes(directory)) }

    /// Room that windows must leave: MPI's own segments grow too.
    static let reserve = 4 << 20
    /// What a segment takes at most beyond its bytes: the rest of its last page, a page to begin on one, and MPI's own.
    static let margin = 3 * 4096
}
