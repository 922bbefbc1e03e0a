// SPDX-License-Identifier: Apache-2.0
// One number per rank of a node, which all of them read: the partial norms of slices.

/// A place for one double in every rank's segment, on a cache line of its own.
struct SharedNorms {
    private let offset: Int

    /// A place after the first `byteCount` bytes.
    init(after byteCount: Int) { offset = (byteCount + 63) & ~63 }

    /// Bytes of a segment that has the place.
    var end: Int { offset + 64 }

    func set(_ value: Double, in segment: SharedSegment) {
        segment.own.storeBytes(of: value, toByteOffset: offset, as: Double.self)
    }

    /// The sum of all ranks' numbers, in rank order. After a synchronisation that follows ``set(_:in:)``.
    func sum(in segment: SharedSegment) -> Double {
        segment.peers.reduce(0) { $0 + $1.load(fromByteOffset: offset, as: Double.self) }
    }
}
