// SPDX-License-Identifier: Apache-2.0
// The one place where memories are written and read: names to numbers and tensors.

/// Takes the memory of ``Resumable`` types to a checkpoint, and brings it back.
///
/// Values that every rank holds alike are written once. What each rank holds of the items of a batch is joined in rank order
/// and shared out again (``tensors(_:_:itemAxis:)``); what is a rank's own is kept for each of them and, on another number of
/// ranks, merged (``own(_:_:elsewhere:check:)``). Used by one thread. Not `Sendable`.
public final class StateArchive {
    /// What is done with the values.
    enum Mode {
        case writing
        /// Reads and compares, and replaces nothing.
        case checking
        case reading
    }

    /// A list of tensors with names.
    public typealias Named = [(name: String, tensor: Tensor)]

    /// This rank, and how many there are.
    public let (rank, rankCount): (Int, Int)
    let mode: Mode
    /// Whose memory is at hand.
    package var owner = ""
    private var path: [String] = []

    /// What was written, under full names: the same on every rank, this rank's items and their axis, this rank's own.
    package private(set) var shared: Named = []
    package private(set) var items: [(name: String, axis: Int, tensors: [Tensor])] = []
    package private(set) var own: Named = []
    /// Every name that a value was given, with its owner's: `MixedPrecision/scale`.
    package private(set) var names: [String] = []
    /// Who has given any.
    package private(set) var owners: [String] = []
    private let source: SavedState?

    /// An archive that takes values.
    package init(writingOn rank: Int = 0, of rankCount: Int = 1) {
        (self.rank, self.rankCount, mode, source) = (rank, rankCount, .writing, nil)
    }

    /// An archive that gives the values of `source`, or only looks whether it could.
    package init(_ source: SavedState, checksOnly: Bool, rank: Int = 0, of rankCount: Int = 1) {
        (self.rank, self.rankCount, mode, self.source) = (rank, rankCount, checksOnly ? .checking : .reading, source)
    }

    /// Whether values are taken; otherwise they are replaced, or looked at.
    public var isWriting: Bool { mode == .writing }
    /// Whether values are replaced.
    public var isReading: Bool { mode == .reading }

    /// Runs `body` with `name/` before every name: for a part, or one of several like it.
    public func part(_ name: String, _ body: (StateArchive) throws -> Void) rethrows {
        path.append(name)
        defer { path.removeLast() }
        try body(self)
    }

    // MARK: The same on every rank

    /// A number; NaN is in no range.
    public func number(
        _ name: String, _ value: inout Double, in range: ClosedRange<Double> = -.infinity ... .infinity
    ) throws {
        var list = [value]
        try numbers(name, &list, count: 1...1, in: range)
        value = list[0]
    }

    /// A number that may be unknown.
    public func number(
        _ name: String, _ value: inout Double?, in range: ClosedRange<Double> = -.infinity ... .infinity
    ) throws {
        var list = value.map { $0.isNaN ? [] : [$0] } ?? []
        try numbers(name, &list, count: 0...1, in: range)
        value = list.first
    }

    /// A list of numbers, none of them NaN unless `allowsNaN`.
    public func numbers(
        _ name: String, _ values: inout [Double], count: ClosedRange<Int> = 0...Int.max,
        in range: ClosedRange<Double> = -.infinity ... .infinity, allowsNaN: Bool = false
    ) throws {
        let found = try exchange(name, writing: { Tensor(values) }) { tensor in
            let new = try vector(tensor, .float64, name).doubles
            guard count.contains(new.count) else { throw error(name, "\(new.count) numbers, \(count) are expected") }
            if let odd = new.first(where: { !(range.contains($0) || allowsNaN && $0.isNaN) }) {
                throw error(name, "\(odd) is not in \(range.lowerBound)...\(range.upperBound)")
            }
            return new
        }
        if let found { values = found }
    }

    /// A whole number.
    public func integer(_ name: String, _ value: inout Int, in range: ClosedRange<Int> = 0...Int.max) throws {
        let found = try exchange(name, writing: { Tensor([Int64(value)]) }) { tensor in
            let new = try vector(tensor, .int64, name).ints
            guard new.count == 1 else { throw error(name, "\(new.count) numbers, one is expected") }
            guard range.contains(new[0]) else {
                throw error(name, "\(new[0]) is not in \(range.lowerBound)...\(range.upperBound)")
            }
            return new[0]
        }
        if let found { value = found }
    }

    /// A yes or no.
    public func flag(_ name: String, _ value: inout Bool) throws {
        var number = value ? 1 : 0
        try integer(name, &number, in: 0...1)
        value = number == 1
    }

    /// Several of them.
    public func flags(_ name: String, _ values: inout [Bool]) throws {
        let found = try exchange(name, writing: { Tensor(values.map { UInt8($0 ? 1 : 0) }) }) { tensor in
            let new = try vector(tensor, .uint8, name).ints
            guard new.count == values.count else {
                throw error(name, "\(new.count) flags, \(values.count) are expected")
            }
            guard new.allSatisfy({ $0 == 0 || $0 == 1 }) else { throw error(name, "a flag is neither 0 nor 1") }
            return new.map { $0 == 1 }
        }
        if let found { values = found }
    }

    /// A text.
    public func text(_ name: String, _ value: inout String) throws {
        let found = try exchange(name, writing: { Tensor(Array(value.utf8)) }) { tensor in
            let bytes = try vector(tensor, .uint8, name).ints.map { UInt8(truncatingIfNeeded: $0) }
            guard let new = String(validating: bytes, as: UTF8.self) else { throw error(name, "no text in UTF-8") }
            return new
        }
        if let found { value = found }
    }

    /// A tensor of a shape and type that are known.
    public func tensor(_ name: String, _ value: inout Tensor) throws {
        let found = try exchange(name, writing: { value.detached }) { tensor in
            guard tensor.shape == value.shape, tensor.dtype == value.dtype else {
                throw error(
                    name, "a tensor of \(tensor.dtype) \(tensor.shape), expected \(value.dtype) \(value.shape)")
            }
            return tensor
        }
        if let found { value = found }
    }

    // MARK: Not the same on every rank

    /// Tensors that hold something of every item of a batch, along `itemAxis`; each rank has those of its own part, none when
    /// there is nothing. On as many ranks as before each gets back what it had, else its share of all items.
    public func tensors(_ name: String, _ values: inout [Tensor], itemAxis: Int) throws {
        let full = enter(name)
        guard let source else {
            return items.append((full, itemAxis, values.map(\.detached)))
        }
        let found = source.list(full)
        guard let all = found.first else {
            if mode == .reading { values = [] }
            return
        }
        guard found.allSatisfy({ $0.rank > itemAxis && $0.shape[itemAxis] == all.shape[itemAxis] }) else {
            throw error(
                name, "tensors of shapes \(found.map(\.shape)), which have no equal number of items on axis \(itemAxis)"
            )
        }
        let count = all.shape[itemAxis]
        var range = Partition(count, into: rankCount)[rank]
        if let sizes = source.tensor(full + "/sizes"), sizes.rank == 1, sizes.count == rankCount {
            guard sizes.dtype == .int64, sizes.ints.allSatisfy({ (0...count).contains($0) }),
                sizes.ints.reduce(0, +) == count
            else { throw error(name, "the ranks' shares do not make \(count) items") }
            let first = sizes.ints.prefix(rank).reduce(0, +)
            range = first..<first + sizes.ints[rank]
        }
        guard mode == .reading else { return }
        let index = Tensor(range.map { Int64($0) })
        values =
            range.isEmpty
            ? [] : range.count == count ? found : found.map { $0.indexSelect(axis: itemAxis, index: index) }
    }

    /// Tensors of this rank alone, by name. On as many ranks as before each gets back its own, else all of them what `merge`
    /// makes of those of all ranks; it can ask the archive for ``rank`` and ``rankCount``.
    ///
    /// - Parameter check: throws when the tensors cannot be taken back; before anything is replaced.
    public func own(
        _ name: String, _ values: inout Named, elsewhere merge: (_ ranks: [Named]) throws -> Named,
        check: (Named) throws -> Void = { _ in }
    ) throws {
        let full = enter(name)
        guard let source else {
            own += values.map { ("\(full)/rank.\(rank)/\($0.name)", $0.tensor.detached) }
            return
        }
        let ranks = (0..<source.rankCount).map { source.named("\(full)/rank.\($0)/") }
        for rank in ranks { try check(rank) }
        let new = source.rankCount == rankCount ? ranks[rank] : try merge(ranks)
        if mode == .reading { values = new }
    }

    /// An error about the value called `name`.
    public func error(_ name: String, _ reason: String) -> StateError {
        StateError((path + [name]).reduce(owner) { $0.isEmpty ? $1 : "\($0)/\($1)" }, reason)
    }

    // MARK: Names

    private func enter(_ name: String) -> String {
        let full = (path + [name]).reduce(owner) { $0.isEmpty ? $1 : "\($0)/\($1)" }
        if mode == .writing {
            require(!names.contains(full), "StateArchive: two values are called \(full)")
        }
        names.append(full)
        if owners.last != owner { owners.append(owner) }
        return full
    }

    /// Writes what `write` makes, or has `read` look at what stands under the name. What that makes of it is returned when it
    /// is to replace the value.
    private func exchange<Value>(
        _ name: String, writing write: () -> Tensor, _ read: (Tensor) throws -> Value
    ) throws -> Value? {
        let full = enter(name)
        guard let source else {
            shared.append((full, write()))
            return nil
        }
        guard let tensor = source.tensor(full) else { throw error(name, "is missing") }
        let value = try read(tensor)
        return mode == .reading ? value : nil
    }

    private func vector(_ tensor: Tensor, _ dtype: DType, _ name: String) throws -> Tensor {
        guard tensor.rank == 1, tensor.dtype == dtype else {
            throw error(name, "a tensor of \(tensor.dtype) \(tensor.shape), expected a list of \(dtype)")
        }
        return tensor
    }
}
