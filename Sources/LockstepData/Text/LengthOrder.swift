// SPDX-License-Identifier: Apache-2.0
// Texts put together that are about equally long: what is filled up costs as much as what is read.

/// Batches for inference.
package enum LengthOrder {
    /// The numbers of texts in batches, the longest texts first; equal ones stay in their order.
    package static func batches(of texts: [String], batchSize: Int) -> [[Int]] {
        // Bytes tell as much of a text's tokens as is needed here.
        let order = texts.indices.sorted { (texts[$1].utf8.count, $0) < (texts[$0].utf8.count, $1) }
        return stride(from: 0, to: order.count, by: batchSize).map {
            Array(order[$0..<min($0 + batchSize, order.count)])
        }
    }
}
