// SPDX-License-Identifier: Apache-2.0
// The ensemble for a table, made of its columns, trained and exported.

import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Ensembles for tables") struct TabMColumnsTests {
    private func rows() throws -> CSVTable {
        let rows = (0..<40).map { "\(["a", "b", "c"][$0 % 3]),\($0 % 7),\(Double($0) * 1.5),\(["x", "y"][$0 % 2])" }
        return try CSV.parse(Array(("kind,size,price,side\n" + rows.joined(separator: "\n")).utf8), file: "t")
    }

    private func table(target: String) throws -> TabularData {
        try DataLoaders.table(rows(), target: target, batchSize: 8)
    }

    @Test(
        "columns say what is averaged, and how many vectors, numbers and outputs there are",
        arguments: [("kind", 3, TabM.Average.probabilities), ("price", 1, .numbers)])
    func columns(target: String, outputs: Int, averages: TabM.Average) throws {
        let data = try table(target: target)
        let batch = try data.loaders.oneBatch()
        let model = withSeed(1) { TabM(data.columns, layers: [5], members: 4) }
        #expect(model.forward(batch.inputs).map(\.shape) == [[8, outputs], [8, 4, outputs]])
        let byHand = withSeed(1) {
            TabM(
                embeddings: data.columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
                continuous: data.columns.continuous.count, outputs: outputs, averages: averages, layers: [5],
                members: 4)
        }
        #expect(model.stateDictionary().map(\.tensor.floats) == byHand.stateDictionary().map(\.tensor.floats))
    }

    @Test("a trained ensemble that was exported predicts the same, and goes on training")
    func exported() throws {
        let data = try table(target: "kind")
        let model = withSeed(1) { TabM(data.columns, layers: [12, 6], members: 4, dropout: [0.1, 0]) }
        let learner = Learner(
            dls: data.loaders, model: model, loss: .eachMember(.crossEntropy), lr: 1e-2, metrics: [.accuracy],
            defaultCallbacks: .core)
        try learner.withoutLogging { try learner.fit(3) }
        let loaded = try Learner.load(exported: learner.exported())
        #expect(loaded.lossFunction.description == learner.lossFunction.description)
        let items = try data.columns.dataset(rows(), rows: Array(0..<40), withTarget: false)
        let (before, after) = (
            try learner.predictions(on: .loader(data.loaders.testLoader(for: items))).predictions,
            try loaded.predictions(on: .loader(data.loaders.testLoader(for: items))).predictions
        )
        #expect(before.floats == after.floats)
        expectClose(before.sum(axis: 1), Tensor.ones([40]))
        loaded.dls = data.loaders
        try loaded.withoutLogging { try loaded.fit(1) }
    }

    @Test("a bundle whose loss compares one output is refused when it trains, not the end of the program")
    func misfit() throws {
        let data = try table(target: "kind")
        let model = withSeed(1) { TabM(data.columns, layers: [5], members: 2) }
        let learner = Learner(dls: data.loaders, model: model, loss: .crossEntropy, defaultCallbacks: .core)
        let loaded = try Learner.load(exported: learner.exported())
        loaded.dls = data.loaders
        let error = #expect(throws: ExportError.self) { try loaded.withoutLogging { try loaded.fit(1) } }
        #expect(
            "\(error as Any)".contains("CrossEntropyFlat: the model puts out [[8, 3], [8, 2, 3]]"), "\(error as Any)")
    }
}
