// SPDX-License-Identifier: Apache-2.0
// The network for a table, from what is known of its columns.

public import LockstepData
public import LockstepNN
import LockstepTensor

extension TabularModel {
    /// A network for these columns: a table of vectors for each category, and as many outputs as the target wants.
    ///
    /// ```swift
    /// let data = try DataLoaders.csv(path: "houses.csv", target: "price")
    /// let model = TabularModel(data.columns, outputRange: 0...10_000)
    /// let learner = Learner(dls: data.loaders, model: model, loss: .mse)
    /// ```
    /// - Parameters:
    ///   - layers: Sizes of the hidden layers.
    ///   - outputRange: Bounds that a sigmoid keeps the outputs in; without them a network starts near 0, wherever the targets lie.
    /// - Note: the rest as with ``LockstepNN/TabularModel``'s own initialiser; fastai: `tabular_learner`.
    public convenience init(
        _ columns: TabularColumns, layers: [Int] = [200, 100], dropout: [Double] = [], embeddingDropout: Double = 0,
        outputRange: ClosedRange<Double>? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            embeddings: columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
            continuous: columns.continuous.count, outputs: columns.target.outputCount, layers: layers,
            dropout: dropout, embeddingDropout: embeddingDropout, outputRange: outputRange, file: file, line: line)
    }
}
