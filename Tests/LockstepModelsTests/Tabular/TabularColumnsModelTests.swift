// SPDX-License-Identifier: Apache-2.0
// The network for a table, made of its columns.

import LockstepData
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Networks for tables") struct TabularColumnsModelTests {
    @Test("columns say how many vectors, numbers and outputs there are", arguments: [("kind", 3), ("price", 1)])
    func columns(target: String, outputs: Int) throws {
        let rows = (0..<40).map { "\(["a", "b", "c"][$0 % 3]),\($0 % 7),\(Double($0) * 1.5),\(["x", "y"][$0 % 2])" }
        let table = try CSV.parse(Array(("kind,size,price,side\n" + rows.joined(separator: "\n")).utf8), file: "t")
        let data = try DataLoaders.table(table, target: target, batchSize: 8)
        let batch = try data.loaders.oneBatch()
        func made() -> TabularModel { withSeed(1) { TabularModel(data.columns, layers: [5], outputRange: -1...1) } }
        let output = made().forward(batch.inputs)[0]
        #expect(output.shape == [8, outputs] && output.abs().max().item() <= 1)
        let byHand = withSeed(1) {
            TabularModel(
                embeddings: data.columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
                continuous: data.columns.continuous.count, outputs: outputs, layers: [5], outputRange: -1...1)
        }
        #expect(made().stateDictionary().map(\.tensor.floats) == byHand.stateDictionary().map(\.tensor.floats))
    }
}
