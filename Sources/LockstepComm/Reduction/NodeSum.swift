// SPDX-License-Identifier: Apache-2.0
// Sums between nodes: pieces on their way while others are added up, both directions busy, always in node order.
internal import CMPI

/// A part of an arena that travels between nodes as a whole.
struct LinkPiece {
    let range: Range<Int>
    let compression: GradientCompression
    /// Whether it is added up as it is, without weights.
    var isTail = false
}

/// One sum over the ranks of a lane, one on each node. Every node has the same pieces.
///
/// Among two nodes each sends the other all of a piece, and both add. Among more, node i adds block i of each piece for all:
/// the nodes send it theirs, and it sends them the sum (reduce-scatter and all-gather, directly; the least bytes there are).
/// Pieces so small that the second message would cost more than the bytes it saves go to all, who all add.
///
/// Nodes are added in their order whichever way a piece goes and whatever comes first: the bits are the same on all of them, in
/// every run, and do not depend on how an arena is cut.
package final class NodeSum {
    /// Pieces that wait for their first messages, and as many that wait for the second: half a MiB to a MiB each way up to nine
    /// nodes, and 120 KiB more for each further one. The room for what comes in grows alike.
    private let window: Int
    private let link: any NodeLink
    private let node: Int
    private let nodes: Int
    private let base: UnsafeMutablePointer<Float>
    private let pieces: [LinkPiece]
    private let memory: UnsafeMutableRawPointer
    private let slotBytes: Int
    private var first: [[LinkMessage]]
    private var second: [[LinkMessage]]

    /// - Parameter memory: room for ``memoryBytes(for:nodes:)``.
    init(
        _ pieces: [LinkPiece], of base: UnsafeMutablePointer<Float>, node: Int, nodes: Int, over link: any NodeLink,
        memory: UnsafeMutableRawPointer
    ) {
        (self.link, self.node, self.nodes, self.base, self.pieces) = (link, node, nodes, base, pieces)
        self.memory = memory
        window = NodeSum.window(nodes: nodes)
        slotBytes = NodeSum.slotBytes(for: pieces, nodes: nodes)
        first = Array(repeating: [], count: pieces.count)
        second = Array(repeating: [], count: pieces.count)
    }

    /// Whether a message may still read or write the arena and the memory that was lent.
    var isUnfinished: Bool { first.contains { !$0.isEmpty } || second.contains { !$0.isEmpty } }

    /// Sums all pieces in place.
    /// - Parameters:
    ///   - prepare: called before a piece leaves: makes it what this node contributes.
    ///   - finish: called when a piece is the sum of all nodes.
    func run(prepare: (LinkPiece) -> Void, finish: (LinkPiece) throws -> Void) throws {
        for turn in 0..<pieces.count + 2 * window {
            if let done = index(turn - 2 * window) {
                try gather(done)
                try finish(pieces[done])
            }
            if let come = index(turn - window) { try add(come) }
            if let next = index(turn) {
                prepare(pieces[next])
                try scatter(next)
            }
        }
    }

    private func index(_ turn: Int) -> Int? { pieces.indices.contains(turn) ? turn : nil }
}

// MARK: - Sizes

extension NodeSum {
    /// Bytes up to which a piece goes to all nodes whole: a guess of what a second message costs, which nobody has measured.
    private static let wholeBytes = 8 << 10
    /// Bytes of one message of a long piece. Open MPI sends up to 64 KiB, with its own words, at once; before more it asks
    /// whether they may come, and on a busy network that question waits behind the data.
    package static let messageBytes = 60 << 10

    /// How many pieces wait for their messages at once.
    static func window(nodes: Int) -> Int { max(2, 16 / nodes) }

    /// Cuts `range` into what travels at once.
    static func pieces(_ range: Range<Int>, nodes: Int, _ compression: GradientCompression) -> [LinkPiece] {
        let length = max(1, messageBytes / compression.bytesPerValue * (nodes == 2 ? 1 : nodes))
        return stride(from: range.lowerBound, to: range.upperBound, by: length).map {
            LinkPiece(range: $0..<min($0 + length, range.upperBound), compression: compression)
        }
    }

    static func memoryBytes(for pieces: [LinkPiece], nodes: Int) -> Int {
        slotBytes(for: pieces, nodes: nodes) * min(2 * window(nodes: nodes), pieces.count)
    }

    private static func slotBytes(for pieces: [LinkPiece], nodes: Int) -> Int {
        pieces.reduce(0) { most, piece in
            let width = piece.compression.bytesPerValue
            let block = goesWhole(piece, nodes) ? piece.range.count : block(0, of: piece, nodes).count
            // Of every node a block; in fewer bits, what goes out as well.
            let bytes = nodes * line(block * width) + (width == 2 ? line(piece.range.count * width) : 0)
            return max(most, bytes)
        }
    }

    /// Whether every node adds all of a piece. In fewer bits only two do: among more a sum is rounded before it travels.
    private static func goesWhole(_ piece: LinkPiece, _ nodes: Int) -> Bool {
        nodes == 2 || piece.compression == .none && piece.range.count * 4 * (nodes - 2) <= wholeBytes
    }

    /// The part of a piece that a node adds for all, counted from the piece's start.
    private static func block(_ node: Int, of piece: LinkPiece, _ nodes: Int) -> Range<Int> {
        slice(node, of: nodes, in: 0..<piece.range.count, granularity: 32)
    }

    private static func line(_ bytes: Int) -> Int { (bytes + 63) & ~63 }
}

// MARK: - Steps of a piece

extension NodeSum {
    /// What the node `owner` adds of piece `index`, and where it lies in this node's memory.
    private func part(_ index: Int, for owner: Int) -> Range<Int> {
        let piece = pieces[index]
        return NodeSum.goesWhole(piece, nodes) ? 0..<piece.range.count : NodeSum.block(owner, of: piece, nodes)
    }

    private func values(_ index: Int) -> UnsafeMutablePointer<Float> { base + pieces[index].range.lowerBound }

    /// What comes in from each node, a block after the other; a block has this node's size.
    private func incoming(_ index: Int) -> UnsafeMutableRawPointer {
        memory + index % (2 * window) * slotBytes
    }

    /// The whole piece in fewer bits.
    private func packed(_ index: Int) -> UnsafeMutablePointer<UInt16> {
        let room = nodes * NodeSum.line(part(index, for: 0).count * 2)
        return (incoming(index) + room).assumingMemoryBound(to: UInt16.self)
    }

    /// The whole piece as it travels.
    private func travelling(_ index: Int) -> UnsafeMutableRawPointer {
        pieces[index].compression == .bf16
            ? UnsafeMutableRawPointer(packed(index)) : UnsafeMutableRawPointer(values(index))
    }

    private func bytes(
        _ range: Range<Int>, in start: UnsafeMutableRawPointer, width: Int
    )
        -> UnsafeMutableRawBufferPointer
    { UnsafeMutableRawBufferPointer(start: start + range.lowerBound * width, count: range.count * width) }

    /// The others, each node another one first, so that not all send to the same.
    private var others: [Int] { (1..<nodes).map { (node + $0) % nodes } }

    /// Sends every node what it adds of this node's, and begins to receive theirs of what this one adds.
    private func scatter(_ index: Int) throws {
        let piece = pieces[index]
        let (source, width) = (travelling(index), piece.compression.bytesPerValue)
        if piece.compression == .bf16 { cmpi_to_bfloat16(packed(index), values(index), piece.range.count) }
        let own = part(index, for: node)
        for peer in others where !own.isEmpty {
            let into = bytes(peer * own.count..<(peer + 1) * own.count, in: incoming(index), width: width)
            first[index].append(try link.receive(into, from: peer, tag: .values))
        }
        for peer in others {
            let part = part(index, for: peer)
            if part.isEmpty { continue }
            let out = UnsafeRawBufferPointer(bytes(part, in: source, width: width))
            first[index].append(try link.send(out, to: peer, tag: .values))
        }
    }

    /// Adds what has come, and sends it back where the others have not added it themselves.
    private func add(_ index: Int) throws {
        try complete(&first[index])
        let piece = pieces[index]
        let own = part(index, for: node)
        if piece.compression == .bf16 { addPacked(index, own) } else { addValues(index, own) }
        guard !NodeSum.goesWhole(piece, nodes) else { return }
        let (sums, width) = (travelling(index), piece.compression.bytesPerValue)
        for peer in others {
            let part = part(index, for: peer)
            if part.isEmpty { continue }
            second[index].append(try link.receive(bytes(part, in: sums, width: width), from: peer, tag: .sums))
        }
        for peer in others where !own.isEmpty {
            let out = UnsafeRawBufferPointer(bytes(own, in: sums, width: width))
            second[index].append(try link.send(out, to: peer, tag: .sums))
        }
    }

    private func addValues(_ index: Int, _ own: Range<Int>) {
        let sum = values(index) + own.lowerBound
        let blocks = incoming(index).assumingMemoryBound(to: Float.self)
        let sources = (0..<nodes).map { UnsafePointer($0 == node ? sum : blocks + $0 * own.count) }
        let ones = [Float](repeating: 1, count: nodes)
        cmpi_weighted_sum([sum], 1, sources, ones, CInt(nodes), own.count)
    }

    private func addPacked(_ index: Int, _ own: Range<Int>) {
        let blocks = incoming(index).assumingMemoryBound(to: UInt16.self)
        (blocks + node * own.count).update(from: packed(index) + own.lowerBound, count: own.count)
        cmpi_sum_bfloat16(values(index) + own.lowerBound, blocks, CInt(nodes), own.count)
        if nodes > 2 { cmpi_to_bfloat16(packed(index) + own.lowerBound, values(index) + own.lowerBound, own.count) }
    }

    /// Waits for the sums of the other nodes.
    private func gather(_ index: Int) throws {
        try complete(&second[index])
        let piece = pieces[index]
        // What this node has added is rounded, too: all have the same bits.
        if piece.compression == .bf16, nodes > 2 {
            cmpi_sum_bfloat16(values(index), packed(index), 1, piece.range.count)
        }
    }

    private func complete(_ messages: inout [LinkMessage]) throws {
        while let message = messages.first {
            try link.finish(message)
            messages.removeFirst()
        }
    }
}
