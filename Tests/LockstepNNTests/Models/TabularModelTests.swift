// SPDX-License-Identifier: Apache-2.0
// The model for tables: fastai's names, and tables of one kind of column.

import LockstepNN
import LockstepTensor
import Testing

@Suite("Tabular model") struct TabularModelTests {
    @Test("names and shapes are fastai's")
    func names() {
        let model = TabularModel(
            embeddings: [(10, 6), (17, 8)], continuous: 6, outputs: 2, layers: [20, 10], dropout: [0.1, 0])
        #expect(
            model.stateDictionary().map { "\($0.name) \($0.tensor.shape)" } == [
                "embeds.0.weight [10, 6]", "embeds.1.weight [17, 8]",
                "bn_cont.weight [6]", "bn_cont.bias [6]", "bn_cont.running_mean [6]", "bn_cont.running_var [6]",
                "bn_cont.num_batches_tracked []",
                "layers.0.0.weight [20, 20]", "layers.0.2.weight [20]", "layers.0.2.bias [20]",
                "layers.0.2.running_mean [20]", "layers.0.2.running_var [20]", "layers.0.2.num_batches_tracked []",
                "layers.1.0.weight [10, 20]", "layers.1.2.weight [10]", "layers.1.2.bias [10]",
                "layers.1.2.running_mean [10]", "layers.1.2.running_var [10]", "layers.1.2.num_batches_tracked []",
                "layers.2.0.weight [2, 10]", "layers.2.0.bias [2]",
            ])
        let y = model.forward([Tensor.zeros([4, 2], dtype: .int64), Tensor.zeros([4, 6])])
        #expect(y.map(\.shape) == [[4, 2]])
        #expect(TabularModel.embeddingWidth(categories: 17) == 8)
    }

    @Test("a table of one kind of column is one input")
    func oneKind() {
        let numbers = TabularModel(embeddings: [], continuous: 3, outputs: 1, layers: [4], outputRange: 0...5)
        let y = numbers.forward([Tensor([[1, 2, 3], [3, 2, 1]])])[0]
        #expect(y.shape == [2, 1])
        #expect(y.floats.allSatisfy { $0 > 0 && $0 < 5 })
        let categories = TabularModel(embeddings: [(3, 2)], continuous: 0, outputs: 1, layers: [])
        #expect(categories.forward([Tensor.zeros([2, 1], dtype: .int64)])[0].shape == [2, 1])
    }

    @Test("a scale multiplies and shifts what the last layer puts out, and is no parameter")
    func scale() throws {
        func model(_ scale: (mean: Double, deviation: Double)?) -> TabularModel {
            TabularModel(embeddings: [(3, 2)], continuous: 2, outputs: 1, layers: [4], outputScale: scale)
        }
        let (plain, scaled) = (model(nil), model((120, 7.5)))
        try scaled.loadStateDictionary(plain.stateDictionary())
        let rows = [Tensor([[1], [2]] as [[Int]]), Tensor([[1, 2], [3, 1]])]
        plain.eval()
        scaled.eval()
        for (a, b) in zip(plain.forward(rows)[0].floats, scaled.forward(rows)[0].floats) {
            #expect(abs(a * 7.5 + 120 - b) < 1e-4)
        }
        #expect(plain.parameterCount == scaled.parameterCount)
    }
}
