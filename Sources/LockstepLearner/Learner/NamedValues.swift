// SPDX-License-Identifier: Apache-2.0
// Loss and metrics with their names.

/// Numbers with names, in the order of the columns: by place, in a loop, or by name.
public struct NamedValues: RandomAccessCollection, Sendable {
    private let list: [(name: String, value: Double?)]

    /// These numbers.
    public init(_ list: [(name: String, value: Double?)]) { self.list = list }

    /// The first place.
    public var startIndex: Int { 0 }
    /// The place after the last.
    public var endIndex: Int { list.count }
    /// The number at a place, with its name.
    public subscript(index: Int) -> (name: String, value: Double?) { list[index] }
    /// The number of that name; nil where there were no targets to compare with, or no column is called so.
    public subscript(name: String) -> Double? { list.first { $0.name == name }?.value }
}

extension NamedValues: CustomStringConvertible {
    /// `valid_loss 0.170219, accuracy 0.944290`
    public var description: String {
        list.map { "\($0.name) \($0.value.map { fixed($0, 6) } ?? "–")" }.joined(separator: ", ")
    }
}
