// SPDX-License-Identifier: Apache-2.0
// Page-aligned zeroed memory with an owner.
internal import CMPI

/// Memory of this process, freed with its last reference.
///
/// `@unchecked Sendable`: the address and size never change, and the memory is only handed out as raw pointers, whose
/// users synchronise through a node plane.
final class OwnedMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private let base: UnsafeMutableRawPointer
    private let mapped: Int

    init(byteCount: Int) throws {
        mapped = max(4096, (byteCount + 4095) & ~4095)
        guard let base = cmpi_map(mapped) else {
            throw CommunicatorError.memory("allocateShared: the system has no \(byteCount) bytes of memory")
        }
        self.base = base
        bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }

    deinit { cmpi_unmap(base, mapped) }
}

/// Keeps several owners alive.
final class OwnerList {
    let owners: [AnyObject]
    init(_ owners: [AnyObject]) { self.owners = owners }
}
