// SPDX-License-Identifier: Apache-2.0
// What networks for tables share: the columns that they take, and the row that they make of these.

import LockstepTensor

/// A network for rows of categories, integers `[N, categoricalCount]`, and numbers `[N, continuousCount]`.
package protocol TableNetwork: Outlining {
    var categoricalCount: Int { get }
    var continuousCount: Int { get }
    /// For each categorical column the number of rows of its table of vectors, and their size.
    var tables: [(categories: Int, width: Int)] { get }
}

extension TableNetwork {
    /// How wide a row is, vectors and numbers side by side.
    var rowWidth: Int { tables.reduce(continuousCount) { $0 + $1.width } }

    /// Whether so many inputs are all columns; the one that there are no columns of may be left out.
    private func takes(_ count: Int) -> Bool {
        count == 2 || count == (categoricalCount > 0 ? 1 : 0) + (continuousCount > 0 ? 1 : 0)
    }

    private var wanted: String {
        "it takes categories [N, \(categoricalCount)] and numbers [N, \(continuousCount)]"
    }

    /// The vectors of categories and the numbers, side by side: `[N, rowWidth]`.
    func row(
        _ inputs: [Tensor], _ embeddings: [Embedding], _ dropout: Dropout, _ norm: BatchNorm1d? = nil
    ) -> Tensor {
        require(takes(inputs.count), "\(typeName): \(inputs.count) inputs \(inputs.map(\.shape)); \(wanted)")
        var columns: [Tensor] = []
        if categoricalCount > 0 { columns.append(dropout(vectors(of: inputs[0], embeddings))) }
        if continuousCount > 0 {
            let numbers = inputs[inputs.count - 1]
            require(
                numbers.rank == 2 && numbers.shape[1] == continuousCount,
                "\(typeName): the numbers have shape \(numbers.shape), not [N, \(continuousCount)]")
            columns.append(norm?(numbers) ?? numbers)
        }
        return columns.count == 1 ? columns[0] : Tensor.concatenated(columns, axis: 1)
    }

    private func vectors(of categories: Tensor, _ embeddings: [Embedding]) -> Tensor {
        require(
            categories.rank == 2 && categories.shape[1] == categoricalCount,
            "\(typeName): the categories have shape \(categories.shape), not [N, \(categoricalCount)]")
        return Tensor.concatenated(embeddings.enumerated().map { $1(categories[.all, $0]) }, axis: 1)
    }

    /// How many rows these inputs are, if that is known.
    ///
    /// - Throws: where ``row(_:_:_:_:)`` would stop the program.
    func items(of inputs: [Outline]) throws(ModelMismatch) -> Int? {
        try insist(takes(inputs.count), "\(typeName): \(inputs.count) inputs \(inputs); \(wanted)")
        var items: Int?
        if categoricalCount > 0 {
            let x = inputs[0]
            try insist(
                x.kind ?? .integer == .integer && x.rank ?? 2 == 2 && x[1] ?? categoricalCount == categoricalCount,
                "\(typeName): the categories are \(x), not integers [N, \(categoricalCount)]")
            items = x[0]
        }
        if continuousCount > 0 {
            let x = inputs[inputs.count - 1]
            try insist(
                x.kind ?? .real == .real && x.rank ?? 2 == 2 && x[1] ?? continuousCount == continuousCount
                    && (items == nil || x[0] == nil || items == x[0]),
                "\(typeName): the numbers are \(x), not [N, \(continuousCount)]")
            items = items ?? x[0]
        }
        return items
    }

    /// - Throws: when a column has more categories than its table has rows. `counts`: how many codes each column has.
    package func check(codes counts: [Int]) throws(ModelMismatch) {
        for (column, (count, table)) in zip(counts, tables).enumerated() {
            try insist(
                count <= table.categories,
                "\(typeName): column \(column) has \(count) categories, its table \(table.categories) rows")
        }
    }
}

/// Stops where no network `name` can have these columns, hidden layers and outputs.
func requireTable(
    _ name: String, columns: Int, _ layers: [Int], _ dropout: [Double], _ range: ClosedRange<Double>?,
    _ scale: (mean: Double, deviation: Double)?, _ file: StaticString, _ line: UInt
) {
    require(columns > 0, "\(name): a table of no columns", file: file, line: line)
    require(
        dropout.isEmpty || dropout.count == layers.count,
        "\(name): \(dropout.count) dropouts for \(layers.count) hidden layers", file: file, line: line)
    require(
        scale.map { range == nil && $0.deviation > 0 } ?? true,
        "\(name): an output scale of \(scale?.deviation ?? 0) with the range \(range.map { "\($0)" } ?? "none")",
        file: file, line: line)
}
