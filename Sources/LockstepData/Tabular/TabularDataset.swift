// SPDX-License-Identifier: Apache-2.0
// The rows of a table as tensors, with the columns they came from: other rows can be treated the same way later.

public import LockstepTensor

/// Rows of a table; a batch is one gather per member, as fast as a `TensorDataset`.
public struct TabularDataset: TransformedDataset {
    /// What the columns are, and the statistics and categories of the training rows.
    public let columns: TabularColumns
    /// The rows as tensors: those of the whole table, where the dataset is a part of it.
    public let rows: TensorDataset
    /// Which of ``rows`` are its items, in this order; nil for all.
    let selection: [Int]?
    /// The part of the data: 0 for training, 1 for validation; nil for any.
    public let splitIndex: Int?

    /// Rows that `columns` have made into tensors.
    public init(_ rows: TensorDataset, columns: TabularColumns, splitIndex: Int? = nil) {
        self.init(rows, columns: columns, splitIndex: splitIndex, selection: nil)
    }

    init(_ rows: TensorDataset, columns: TabularColumns, splitIndex: Int?, selection: [Int]?) {
        (self.rows, self.columns, self.splitIndex, self.selection) = (rows, columns, splitIndex, selection)
    }

    /// No rows: what a model that is given away keeps of its data.
    public init(columns: TabularColumns) {
        var inputs: [Tensor] = []
        if !columns.categorical.isEmpty { inputs.append(.zeros([0, columns.categorical.count], dtype: .int64)) }
        if !columns.continuous.isEmpty { inputs.append(.zeros([0, columns.continuous.count])) }
        let target: Tensor =
            switch columns.target.kind {
            case .classification: .zeros([0], dtype: .int64)
            case .regression, .counts: .zeros([0, 1])
            }
        self.init(TensorDataset(inputs: inputs, targets: [target]), columns: columns)
    }

    /// The number of items.
    public var count: Int { selection?.count ?? rows.count }
    /// How many of an item's members are inputs.
    public var inputCount: Int { rows.inputCount }
    /// The item at an index.
    public func item(at index: Int) throws -> Sample { rows.item(at: place(of: index)) }
    /// The item at `index`; what is random about it follows from `context`.
    public func item(at index: Int, context: ItemContext) throws -> Sample { rows.item(at: place(of: index)) }
    /// The items at these indices as one batch; nil where they have to be made one by one.
    public func batch(at indices: [Int], epoch: Int) throws -> Batch? {
        rows.batch(at: selection == nil ? indices : indices.map(place), epoch: epoch)
    }

    /// The targets of all items.
    package var targets: Tensor? {
        rows.targets.first.map { targets in selection.map { RowGather.rows(targets, $0) } ?? targets }
    }

    private func place(of index: Int) -> Int {
        guard let selection else { return index }
        require(selection.indices.contains(index), "TabularDataset: there is no item \(index) among \(count)")
        return selection[index]
    }

    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? {
        switch columns.target.kind {
        case .classification(let classes): .category(count: classes.count)
        case .regression, .counts: .regression(count: 1)
        }
    }

    /// The classes that numbers stand for.
    public var vocabulary: [String]? {
        if case .classification(let classes) = columns.target.kind { classes } else { nil }
    }

    /// The same without items.
    public func newEmpty() -> any Dataset { TabularDataset(columns: columns) }

    /// The item at an index, transformed, its members with their types.
    public func tuple(at index: Int, context: ItemContext) -> ItemTuple {
        ItemTuple(rows.item(at: place(of: index)).members)
    }

    /// The same items as another part of the data.
    public func with(splitIndex: Int?) -> any TransformedDataset {
        TabularDataset(rows, columns: columns, splitIndex: splitIndex, selection: selection)
    }

    /// Categories back to words, numbers to their own scale, the target to its class or number.
    public func decode(_ tuple: ItemTuple, full: Bool) throws -> ItemTuple {
        var members = tuple.members
        var position = 0
        if !columns.categorical.isEmpty, position < members.count {
            members[position] = try decoded(members[position], columns.categorical.count) { number, value in
                try Labels.label(Int(value), columns.categorical[number].vocabulary)
            }
            position += 1
        }
        if !columns.continuous.isEmpty, position < members.count {
            members[position] = try decoded(members[position], columns.continuous.count) { number, value in
                value * columns.continuous[number].deviation + columns.continuous[number].mean
            }
            position += 1
        }
        if position < members.count, let answer = members[position] as? Tensor {
            switch columns.target.kind {
            case .classification(let classes):
                members[position] = try Labels.label(Labels.integer(answer), classes)
            case .regression where answer.count == 1, .counts where answer.count == 1:
                members[position] = answer.item()
            case .regression, .counts: break
            }
        }
        return ItemTuple(members)
    }

    private func decoded<Value>(_ member: Any, _ count: Int, _ body: (Int, Double) throws -> Value) throws -> Any {
        guard let tensor = member as? Tensor, tensor.count == count else { return member }
        return try tensor.doubles.enumerated().map { try body($0, $1) }
    }

    /// Rows, each a ``TableRow`` or a dictionary of texts by column, as these columns treat them.
    ///
    /// - Throws: `DataError` naming a column that is missing, or an item that is no row.
    public func testSet(_ items: ItemList, withLabels: Bool) throws -> any Dataset {
        var parts: [TensorDataset] = []
        for index in 0..<items.count {
            let item = try items[index]
            let row: TableRow
            switch item {
            case let item as TableRow: row = item
            case let item as [String: String]: row = try TableRow(item, options: columns.readingOptions(Set(item.keys)))
            default:
                throw DataError(
                    .mismatch, file: "row", "a \(type(of: item)) is not the row of a table",
                    remedy: "Give a TableRow, or a dictionary of texts by column")
            }
            parts.append(try columns.dataset(row.alone, rows: [0], withTarget: withLabels))
        }
        guard let first = parts.first else { return TabularDataset(columns: columns) }
        func joined(_ members: KeyPath<TensorDataset, [Tensor]>) -> [Tensor] {
            first[keyPath: members].indices.map { member in
                Tensor.concatenated(parts.map { $0[keyPath: members][member] })
            }
        }
        return TabularDataset(
            TensorDataset(inputs: joined(\.inputs), targets: joined(\.targets)), columns: columns, splitIndex: 1)
    }
}

extension TabularDataset: Configurable {
    /// Its columns; no rows.
    public static let configuration = Configuration(TabularDataset.self) {
        Field("columns", \.columns)
    } make: {
        TabularDataset(columns: try $0("columns"))
    }
}
