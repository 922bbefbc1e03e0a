// SPDX-License-Identifier: Apache-2.0
// Gathers and broadcasts: data moves through the staging areas, or over the link where there are several nodes.
internal import CMPI

extension CollectiveEngine {
    func allGather(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, name: String
    ) throws -> Agreement {
        require(
            destination.count == source.count * size,
            "allGather: room for \(destination.count) bytes, expected \(size) blocks of \(source.count)")
        let call = CollectiveCall(kind: .allGather, count: source.count, name: name)
        guard let to = destination.baseAddress, source.count > 0 else { return try open(call) }
        if let link {
            let agreement = try open(call)
            try guarded {
                try link.gather(
                    source, counts: Array(repeating: source.count, count: size), into: destination, root: nil)
            }
            return agreement
        }
        return try exchangeStaged(source, call) { peer, offset, bytes in
            (to + (peer * source.count + offset)).copyMemory(
                from: bytes.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
        }
    }

    func gather(_ source: UnsafeRawBufferPointer, to root: Int?, name: String) throws -> [[UInt8]]? {
        requireRoot(root, "gather")
        let call = CollectiveCall(kind: .gather, count: source.count, root: root ?? -1, name: name)
        let receives = root == nil || root == rank
        if let link {
            _ = try open(call)
            let counts = (0..<size).map { Int(header(of: $0).pointee.count) }
            var all = [UInt8](repeating: 0, count: receives ? counts.reduce(0, +) : 0)
            try guarded {
                try all.withUnsafeMutableBytes {
                    try link.gather(source, counts: counts, into: receives ? $0 : nil, root: root)
                }
            }
            guard receives else { return nil }
            var start = 0
            return counts.map { count in
                defer { start += count }
                return Array(all[start..<start + count])
            }
        }
        var result = [[UInt8]](repeating: [], count: size)
        _ = try exchangeStaged(source, call) { peer, _, bytes in
            if receives { result[peer].append(contentsOf: bytes) }
        }
        return receives ? result : nil
    }

    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int, name: String) throws -> Agreement {
        requireRoot(root, "broadcast")
        let call = CollectiveCall(kind: .broadcast, count: buffer.count, root: root, name: name)
        guard let base = buffer.baseAddress, buffer.count > 0 else { return try open(call) }
        if let link {
            let agreement = try open(call)
            try guarded { try link.broadcast(buffer, from: root) }
            return agreement
        }
        var agreement: Agreement?
        let localRoot = topology.headerIndex[root]
        for offset in stride(from: 0, to: buffer.count, by: NodePlane.stageBytes) {
            let bytes = min(NodePlane.stageBytes, buffer.count - offset)
            let stage = plane.stage(localRoot, turn: turn)
            if rank == root { stage.copyMemory(from: base + offset, byteCount: bytes) }
            if agreement == nil { agreement = try open(call) } else { try synchronise() }
            if rank != root { (base + offset).copyMemory(from: stage, byteCount: bytes) }
            turn += 1
        }
        return agreement ?? Agreement(weight: 0, status: [], firstSignallingRank: nil)
    }

    /// Every rank stages its bytes, piece by piece, and sees those of all others. Counts may differ.
    /// - Parameter receive: rank, offset within that rank's bytes, and the piece.
    private func exchangeStaged(
        _ source: UnsafeRawBufferPointer, _ call: CollectiveCall, _ receive: (Int, Int, UnsafeRawBufferPointer) -> Void
    ) throws -> Agreement {
        var agreement: Agreement?
        var counts: [Int] = []
        var offset = 0
        repeat {
            let bytes = max(0, min(NodePlane.stageBytes, source.count - offset))
            if bytes > 0 {
                plane.stage(plane.rank, turn: turn).copyMemory(
                    from: source.baseAddress.unsafelyUnwrapped + offset, byteCount: bytes)
            }
            if agreement == nil {
                agreement = try open(call)
                counts = (0..<size).map { Int(header(of: $0).pointee.count) }
            } else {
                try synchronise()
            }
            for peer in 0..<size where counts[peer] > offset {
                let piece = min(NodePlane.stageBytes, counts[peer] - offset)
                receive(
                    peer, offset,
                    UnsafeRawBufferPointer(start: plane.stage(topology.headerIndex[peer], turn: turn), count: piece))
            }
            turn += 1
            offset += NodePlane.stageBytes
        } while offset < counts.max() ?? 0
        return agreement ?? Agreement(weight: 0, status: [], firstSignallingRank: nil)
    }

    private func requireRoot(_ root: Int?, _ operation: String) {
        if let root {
            require((0..<size).contains(root), "\(operation): there is no rank \(root); ranks are 0 to \(size - 1)")
        }
    }
}
