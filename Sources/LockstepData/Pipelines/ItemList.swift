// SPDX-License-Identifier: Apache-2.0
// Items of any type by number: what a dataset starts from.

public import LockstepTensor

/// A collection of items of any type, or a part of one.
///
/// Reading an item must not change anything that another thread reads.
public struct ItemList {
    /// The number of items.
    public let count: Int
    /// The classes that items are numbers of, when a transform has found them.
    public internal(set) var vocabulary: [String]?
    private let element: (Int) throws -> Any
    /// The numbers the items have in the list that this is a part of.
    private let originals: [Int]?
    /// Those numbers; nil for a whole list.
    package var numbers: [Int]? { originals }

    /// The elements of any collection.
    public init<Items: RandomAccessCollection>(_ items: Items) {
        self.init(count: items.count) { items[items.index(items.startIndex, offsetBy: $0)] }
    }

    /// The rows of a tensor: slices along its first axis.
    public init(rowsOf tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
        require(tensor.rank > 0, "ItemList: a tensor without axes has no rows", file: file, line: line)
        let rows = RowGather.prepared(tensor)
        self.init(count: tensor.shape[0]) { RowGather.row(rows, $0) }
    }

    /// Items made when they are asked for.
    public init(count: Int, _ element: @escaping (Int) throws -> Any) {
        (self.count, self.element, originals) = (count, element, nil)
    }

    private init(originals: [Int], _ element: @escaping (Int) throws -> Any) {
        (count, self.originals, self.element) = (originals.count, originals, element)
    }

    /// Item `index`.
    public subscript(index: Int) -> Any {
        get throws {
            require(index >= 0 && index < count, "ItemList: there is no item \(index) among \(count)")
            return try element(originalIndex(index))
        }
    }

    /// The number that item `index` has in the list that this is a part of; its own otherwise.
    public func originalIndex(_ index: Int) -> Int { originals?[index] ?? index }

    /// The items at `indices`.
    public func subset(_ indices: [Int], file: StaticString = #fileID, line: UInt = #line) -> ItemList {
        for index in indices {
            require(
                index >= 0 && index < count, "ItemList: there is no item \(index) among \(count)", file: file,
                line: line)
        }
        return ItemList(originals: indices.map(originalIndex), element)
    }

    /// The items where `mask` is true.
    public func subset(_ mask: [Bool], file: StaticString = #fileID, line: UInt = #line) -> ItemList {
        require(
            mask.count == count, "ItemList: a mask of \(mask.count) for \(count) items", file: file, line: line)
        return subset(mask.indices.filter { mask[$0] })
    }

    /// The items as `body` changes them, each time they are asked for.
    public func mapped(_ body: @escaping (Any) throws -> Any) -> ItemList {
        let element = element
        let changed: (Int) throws -> Any = { try body(element($0)) }
        return originals.map { ItemList(originals: $0, changed) } ?? ItemList(count: count, changed)
    }

    /// All items at once. Those that throw `SkipItem` are left out.
    public func all() throws -> [Any] {
        var items: [Any] = []
        items.reserveCapacity(count)
        for index in 0..<count {
            do { items.append(try self[index]) } catch is SkipItem { continue }
        }
        return items
    }
}
