// SPDX-License-Identifier: Apache-2.0
// Rows of items and columns of labels, on the host.

import LockstepTensor

/// A table with one row per item and one column per class or label.
struct LabelTable<Element> {
    let values: [Element]
    let rows: Int
    let columns: Int

    subscript(_ row: Int, _ column: Int) -> Element { values[row * columns + column] }
    func column(_ column: Int) -> [Element] { (0..<rows).map { self[$0, column] } }
    func row(_ row: Int) -> ArraySlice<Element> { values[row * columns..<(row + 1) * columns] }
}

extension LabelTable where Element == Bool {
    /// Whether elements are not zero; the last axis is that of labels.
    init(flags tensor: Tensor) {
        let columns = tensor.rank == 0 ? 1 : tensor.dim(-1)
        self.init(values: tensor.bools, rows: columns == 0 ? 0 : tensor.count / columns, columns: columns)
    }
}

extension LabelTable where Element == Double {
    /// The elements; classes are along `axis`.
    init(scores tensor: Tensor, axis: Int = -1) {
        let last = tensor.rank - 1
        let axis = axis < 0 ? axis + tensor.rank : axis
        let moved =
            axis == last
            ? tensor : tensor.permuted((0...last).filter { $0 != axis } + [axis])
        let columns = moved.dim(-1)
        self.init(values: moved.doubles, rows: columns == 0 ? 0 : moved.count / columns, columns: columns)
    }
}
