// SPDX-License-Identifier: Apache-2.0
// Collectives on Swift arrays and strings, built on the raw ones.

/// A Swift type that a communicator can reduce.
public protocol ReducibleElement: BitwiseCopyable, Sendable {
    static var elementType: ElementType { get }
}

extension Float: ReducibleElement {
    /// The type as communicators know it.
    public static var elementType: ElementType { .float32 }
}
extension Double: ReducibleElement {
    /// The type as communicators know it.
    public static var elementType: ElementType { .float64 }
}
extension Int64: ReducibleElement {
    /// The type as communicators know it.
    public static var elementType: ElementType { .int64 }
}
extension Int: ReducibleElement {
    /// The type as communicators know it.
    public static var elementType: ElementType { .int64 }
}
extension UInt64: ReducibleElement {
    /// The type as communicators know it.
    public static var elementType: ElementType { .uint64 }
}

extension Communicator {
    /// Reduces `values` element by element, in place.
    @discardableResult
    public func allReduce<T: ReducibleElement>(
        _ values: inout [T], _ operation: ReductionOperation = .sum, name: String = ""
    ) throws -> Agreement {
        try values.withUnsafeMutableBytes { try allReduce($0, as: T.elementType, operation, name: name) }
    }

    /// The reduction of one value per rank.
    public func allReduce<T: ReducibleElement>(
        _ value: T, _ operation: ReductionOperation = .sum, name: String = ""
    ) throws -> T {
        var values = [value]
        try allReduce(&values, operation, name: name)
        return values[0]
    }

    /// Reduces `values`, `size` blocks of equal length, and returns block `rank`.
    public func reduceScatter<T: ReducibleElement>(
        _ values: [T], _ operation: ReductionOperation = .sum, name: String = "",
        file: StaticString = #fileID, line: UInt = #line
    ) throws -> [T] {
        require(
            values.count % size == 0, "reduceScatter: \(values.count) elements do not divide into \(size) equal blocks",
            file: file, line: line)
        return try received(values.count / size) { result in
            try values.withUnsafeBytes { try reduceScatter($0, into: result, as: T.elementType, operation, name: name) }
        }
    }

    /// The ranks' values, one block after the other; every rank must pass as many.
    public func allGather<T: BitwiseCopyable>(_ values: [T], name: String = "") throws -> [T] {
        try received(values.count * size) { result in
            try values.withUnsafeBytes { try allGather($0, into: result, name: name) }
        }
    }

    /// An array of `count` elements that `body` fills.
    private func received<T>(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Agreement) throws -> [T] {
        // All empty arrays are one object, which the array initialiser below would write to from every rank's thread.
        if count == 0 {
            _ = try body(UnsafeMutableRawBufferPointer(start: nil, count: 0))
            return []
        }
        return try [T](unsafeUninitializedCapacity: count) { result, initialized in
            let bytes = UnsafeMutableRawBufferPointer(result)
            _ = try body(UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<T>.stride)]))
            initialized = count
        }
    }

    /// The ranks' values, by rank; counts may differ.
    public func allGatherVariable<T: BitwiseCopyable>(_ values: [T], name: String = "") throws -> [[T]] {
        let parts = try values.withUnsafeBytes { try gather($0, to: nil, name: name) } ?? []
        return parts.map { Array(bytes: $0) }
    }

    /// The ranks' values on `root`, by rank; nil elsewhere. Counts may differ.
    public func gatherVariable<T: BitwiseCopyable>(_ values: [T], to root: Int = 0, name: String = "") throws -> [[T]]?
    {
        try values.withUnsafeBytes { try gather($0, to: root, name: name) }?.map { Array(bytes: $0) }
    }

    /// The ranks' texts, by rank, on every rank.
    public func allGather(_ text: String, name: String = "") throws -> [String] {
        try allGatherVariable(Array(text.utf8), name: name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Overwrites `values` with those of `root`; every rank must pass as many.
    @discardableResult
    public func broadcast<T: BitwiseCopyable>(
        _ values: inout [T], from root: Int = 0, name: String = ""
    ) throws -> Agreement {
        try values.withUnsafeMutableBytes { try broadcast($0, from: root, name: name) }
    }

    /// The bytes of `root` on every rank. The others need not know how many there are and may pass nil.
    public func broadcast(bytes: [UInt8]?, from root: Int = 0, name: String = "") throws -> [UInt8] {
        var count = [Int64(rank == root ? bytes?.count ?? 0 : 0)]
        try broadcast(&count, from: root, name: name)
        var result = rank == root ? bytes ?? [] : [UInt8](repeating: 0, count: Int(count[0]))
        if count[0] > 0 { try broadcast(&result, from: root, name: name) }
        return result
    }

    /// The text of `root` on every rank.
    public func broadcast(_ text: String, from root: Int = 0, name: String = "") throws -> String {
        String(
            decoding: try broadcast(bytes: rank == root ? Array(text.utf8) : nil, from: root, name: name), as: UTF8.self
        )
    }

    /// True where it is true on at least one rank; the same answer on all of them.
    public func anyRank(_ condition: Bool, name: String = "") throws -> Bool {
        try agree(weight: condition ? 1 : 0, status: [], name: name).weight > 0
    }

    /// True where it is true on every rank; the same answer on all of them.
    public func allRanks(_ condition: Bool, name: String = "") throws -> Bool {
        try agree(weight: condition ? 0 : 1, status: [], name: name).weight == 0
    }
}

extension Array where Element: BitwiseCopyable {
    /// Elements from their memory; a remainder that is not a whole element is dropped.
    fileprivate init(bytes: [UInt8]) {
        let count = bytes.count / MemoryLayout<Element>.stride
        self =
            count == 0
            ? []
            : [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
                bytes.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: $0[..<(count * MemoryLayout<Element>.stride)]))
                }
                initialized = count
            }
    }
}
