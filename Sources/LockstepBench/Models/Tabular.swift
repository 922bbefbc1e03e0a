// SPDX-License-Identifier: Apache-2.0
// The tabular case: eight embedded categories and six numbers.

import Lockstep

/// Embeddings and normalised numbers, concatenated, through two hidden layers.
final class BenchmarkTabular: Module {
    /// Categories and embedding width of each column.
    static let sizes = [(10, 6), (17, 8), (8, 5), (16, 8), (7, 5), (6, 4), (3, 3), (42, 13)].map {
        (count: $0, width: $1)
    }

    let e = BenchmarkTabular.sizes.map { Embedding($0.count, $0.width) }
    let bn = BatchNorm1d(6)
    let l: Sequential

    override init() {
        let width = BenchmarkTabular.sizes.reduce(0) { $0 + $1.width } + 6
        l = Sequential {
            Linear(width, 200, bias: false); ReLU(); BatchNorm1d(200)
            Linear(200, 100, bias: false); ReLU(); BatchNorm1d(100)
            Linear(100, 2)
        }
        super.init()
    }

    override func forward(_ inputs: [Tensor]) -> [Tensor] {
        let columns = e.indices.map { e[$0](inputs[0][.all, $0]) }
        return [l(Tensor.concatenated(columns + [bn(inputs[1])], axis: 1))]
    }
}
