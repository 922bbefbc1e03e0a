// SPDX-License-Identifier: Apache-2.0
// Memory that the processes of a node share without a file system: anonymous files, opened through /proc.
internal import CMPI

/// Shared segments for where the memory file system is too small for windows, as in a container.
enum MemoryFiles {
    /// The mappings of all segments, as seen by one rank; ended with the last reference, whatever the other ranks do.
    ///
    /// `@unchecked Sendable`: never changes, and the memory is only handed out as raw pointers, whose users synchronise
    /// through a node plane.
    private final class Mappings: @unchecked Sendable {
        let parts: [UnsafeMutableRawBufferPointer]
        init(_ parts: [UnsafeMutableRawBufferPointer]) { self.parts = parts }
        deinit { for part in parts { if let base = part.baseAddress { cmpi_unmap(base, part.count) } } }
    }

    /// Allocates zeroed segments. Collective over the node.
    /// - Returns: nil, on all ranks of the node, when one of them cannot make its file or open another's.
    static func allocate(_ node: MPIGroup, ranks: [Int], byteCount: Int) throws -> SharedSegment? {
        let mapped = max(4096, (byteCount + 4095) & ~4095)
        var own = cmpi_memfd_create(mapped)
        defer { cmpi_memfd_close(&own) }
        var files = [cmpi_memfd](repeating: own, count: node.size)
        try withUnsafeBytes(of: own) { source in
            try files.withUnsafeMutableBytes { try node.allGather(source, into: $0) }
        }
        let parts = files.map { file in
            UnsafeMutableRawBufferPointer(
                start: withUnsafePointer(to: file) { cmpi_memfd_map($0) }, count: Int(file.bytes))
        }
        let owner = Mappings(parts)
        let counts = try node.allGather(byteCount)
        // Nobody closes before all have opened.
        let worked = try node.allGather(parts.allSatisfy { $0.baseAddress != nil } ? 1 : 0)
        guard worked.allSatisfy({ $0 == 1 }) else { return nil }
        let peers = zip(parts, counts).map { UnsafeMutableRawBufferPointer(rebasing: $0[..<$1]) }
        return SharedSegment(peers: peers, ranks: ranks, localRank: node.rank, owner: owner)
    }
}
