// SPDX-License-Identifier: Apache-2.0
// Batches taken apart into rows, and rows put together again.

import LockstepTensor

/// Rows of values whose first axis counts items.
enum Decollation {
    /// `value`, a tensor or an ``ItemTuple`` of tensors, with every row changed by `body`.
    ///
    /// A batch without rows gets the shapes that a row of zeros would have.
    static func mapped(_ value: Any, _ body: (Any, Int) throws -> Any) throws -> Any {
        guard let count = rowCount(value) else { return value }
        if count == 0 {
            let model = try body(row(of: value, 0, zeros: true), 0)
            return member(model) { Tensor.zeros(Shape([0] + $0.shape.dimensions), dtype: $0.dtype) }
        }
        return try joined(try (0..<count).map { try body(row(of: value, $0, zeros: false), $0) })
    }

    /// Rows as one value: tensors stacked, tuples member by member.
    private static func joined(_ rows: [Any]) throws -> Any {
        guard let first = rows.first as? ItemTuple else { return try stacked(rows) }
        let tuples = rows.compactMap { $0 as? ItemTuple }
        guard tuples.count == rows.count, tuples.allSatisfy({ $0.count == first.count }) else {
            throw DataError(.item, file: "batch transform", "makes rows of different numbers of members")
        }
        return ItemTuple(try first.members.indices.map { member in try joined(tuples.map { $0[member] }) })
    }

    /// Row `index` of every member.
    static func row(_ members: [any SemanticTensor], _ index: Int) -> ItemTuple {
        ItemTuple(members.map { $0.replacing(RowGather.row($0.tensor, index)) })
    }

    private static func rowCount(_ value: Any) -> Int? {
        if let tuple = value as? ItemTuple { return tuple.members.lazy.compactMap(rowCount).first }
        return (value as? any SemanticTensor)?.tensor.shape.first
    }

    private static func row(of value: Any, _ index: Int, zeros: Bool) -> Any {
        member(value) { tensor in
            zeros
                ? Tensor.zeros(Shape(tensor.shape.dropFirst()), dtype: tensor.dtype)
                : RowGather.row(tensor.detached, index)
        }
    }

    /// `body` on a tensor or on every member of a tuple.
    private static func member(_ value: Any, _ body: (Tensor) -> Tensor) -> Any {
        if let tuple = value as? ItemTuple { return ItemTuple(tuple.members.map { member($0, body) }) }
        guard let semantic = value as? any SemanticTensor else { return value }
        return semantic.replacing(body(semantic.tensor))
    }

    private static func stacked(_ rows: [Any]) throws -> Any {
        let tensors = rows.compactMap { $0 as? any SemanticTensor }
        guard let first = tensors.first, tensors.count == rows.count else {
            throw DataError(.item, file: "batch transform", "makes a \(type(of: rows[0])) of a row, not a tensor")
        }
        let shape = first.tensor.shape
        guard tensors.allSatisfy({ $0.tensor.shape == shape }) else {
            throw DataError(
                .item, file: "batch transform",
                "makes rows of different shapes: "
                    + tensors.map(\.tensor.shape.description).joined(separator: ", "))
        }
        return first.replacing(Tensor.stacked(tensors.map(\.tensor)))
    }
}
