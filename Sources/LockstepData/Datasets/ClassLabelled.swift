// SPDX-License-Identifier: Apache-2.0
// The classes of all items of a data set, without making the items.

import LockstepTensor

/// A data set that knows its items' classes.
package protocol ClassLabelled {
    /// The class of each item; nil where targets are no classes.
    /// - Throws: what transforms throw.
    func classNumbers() throws -> [Int]?
}

extension ImageDataset: ClassLabelled {
    package func classNumbers() -> [Int]? { labels }
}

extension TransformedTuples: ClassLabelled {
    package func classNumbers() throws -> [Int]? {
        // Inputs, such as images, are left alone.
        guard case .category? = targetKind, memberCount == lists.count, let last = lists.last else { return nil }
        let context = ItemContext(seed: 0, epoch: 0, index: 0)
        var numbers: [Int] = []
        for index in 0..<count {
            let label = try last.item(at: index, context: context, number: lists.count - 1)
            guard let number = label as? Int ?? (label as? Tensor).flatMap({ $0.count == 1 ? Int($0.item()) : nil })
            else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
