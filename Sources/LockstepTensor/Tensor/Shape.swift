// SPDX-License-Identifier: Apache-2.0
// The extents of a tensor, stored inline: making a shape allocates nothing.

/// The sizes of a tensor's axes, at most eight.
///
/// ```swift
/// let shape: Shape = [64, 1, 28, 28]
/// shape.rank           // 4
/// shape.elementCount   // 50176
/// print(shape)         // [64, 1, 28, 28]
/// ```
public struct Shape: RandomAccessCollection, ExpressibleByArrayLiteral, Hashable, Sendable, CustomStringConvertible {
    /// The largest number of axes.
    public static let maxRank = 8

    package var sizes: InlineArray<8, Int>
    /// Number of axes; 0 for a scalar.
    public private(set) var rank: Int

    /// A shape with the given sizes.
    /// - Precondition: at most eight sizes, none negative.
    public init(_ dimensions: some Collection<Int>, file: StaticString = #fileID, line: UInt = #line) {
        require(
            dimensions.count <= Shape.maxRank, "shape: \(dimensions.count) axes, at most \(Shape.maxRank) are possible",
            file: file, line: line)
        sizes = InlineArray(repeating: 1)
        rank = 0
        for size in dimensions {
            require(size >= 0, "shape: a size is negative: \(Array(dimensions))", file: file, line: line)
            sizes[rank] = size
            rank += 1
        }
    }

    /// The sizes of the axes, the outermost first.
    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// The scalar shape, and strides in the making: sizes may be any integer here.
    package init(rank: Int, repeating value: Int) {
        sizes = InlineArray(repeating: value)
        self.rank = rank
    }

    /// The first axis.
    public var startIndex: Int { 0 }
    /// The number of axes.
    public var endIndex: Int { rank }
    /// The number of axes.
    public var count: Int { rank }

    /// The size of an axis.
    public subscript(axis: Int) -> Int {
        get {
            precondition(axis >= 0 && axis < rank)
            return sizes[axis]
        }
        set {
            precondition(axis >= 0 && axis < rank)
            sizes[axis] = newValue
        }
    }

    /// Product of the sizes: 1 for a scalar, 0 when any axis is empty.
    public var elementCount: Int {
        var product = 1
        for axis in 0..<rank {
            let (next, overflow) = product.multipliedReportingOverflow(by: sizes[axis])
            if overflow { stopUncountable() }
            product = next
        }
        return product
    }

    @inline(never)
    private func stopUncountable() -> Never {
        stop("shape: \(self) has more elements than a computer can count", file: #fileID, line: #line)
    }

    /// The sizes as an array.
    public var dimensions: [Int] { Array(self) }

    public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }

    /// Whether both are the same.
    public static func == (a: Shape, b: Shape) -> Bool {
        guard a.rank == b.rank else { return false }
        for axis in 0..<a.rank where a.sizes[axis] != b.sizes[axis] { return false }
        return true
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(rank)
        for axis in 0..<rank { hasher.combine(sizes[axis]) }
    }
}

extension Shape {
    /// Strides of row-major memory, in elements.
    package var contiguousStrides: Shape {
        var strides = Shape(rank: rank, repeating: 0)
        var step = 1
        var axis = rank - 1
        while axis >= 0 {  // every new tensor comes through here: no sequence, no iterator
            strides.sizes[axis] = step
            let (next, overflow) = step.multipliedReportingOverflow(by: Swift.max(sizes[axis], 1))
            if overflow { stopUncountable() }
            step = next
            axis -= 1
        }
        return strides
    }

    /// `axis` counted from the front; negative axes count from the back.
    package func axis(
        _ axis: Int, of operation: StaticString, file: StaticString = #fileID, line: UInt = #line
    ) -> Int {
        let positive = axis < 0 ? axis + rank : axis
        require(
            positive >= 0 && positive < rank,
            "\(operation): axis \(axis) does not exist in shape \(self) with \(rank) axes", file: file, line: line)
        return positive
    }

    package mutating func append(_ size: Int) {
        precondition(rank < Shape.maxRank)
        sizes[rank] = size
        rank += 1
    }

    package mutating func insert(_ size: Int, at axis: Int) {
        precondition(rank < Shape.maxRank && axis >= 0 && axis <= rank)
        var i = rank
        while i > axis {
            sizes[i] = sizes[i - 1]
            i -= 1
        }
        sizes[axis] = size
        rank += 1
    }

    package mutating func remove(at axis: Int) {
        precondition(axis >= 0 && axis < rank)
        for i in axis..<(rank - 1) { sizes[i] = sizes[i + 1] }
        rank -= 1
        sizes[rank] = 1
    }

    /// The shape two operands broadcast to (NumPy's rule: align at the last axis; sizes equal or 1), or nil.
    package static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
        if a == b { return a }
        let rank = Swift.max(a.rank, b.rank)
        var result = Shape(rank: rank, repeating: 1)
        for i in 0..<rank {
            let x = i < rank - a.rank ? 1 : a.sizes[i - (rank - a.rank)]
            let y = i < rank - b.rank ? 1 : b.sizes[i - (rank - b.rank)]
            if x == y || y == 1 {
                result.sizes[i] = x
            } else if x == 1 {
                result.sizes[i] = y
            } else {
                return nil
            }
        }
        return result
    }

    /// Strides that read a tensor of `self` with `strides` as if it had the larger shape `target`.
    package func broadcastStrides(_ strides: Shape, to target: Shape) -> Shape {
        var result = Shape(rank: target.rank, repeating: 0)
        let offset = target.rank - rank
        for i in 0..<rank where sizes[i] != 1 || target.sizes[i + offset] == 1 {
            result.sizes[i + offset] = strides.sizes[i]
        }
        return result
    }
}
