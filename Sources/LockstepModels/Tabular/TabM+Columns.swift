// SPDX-License-Identifier: Apache-2.0
// The ensemble for a table, from what is known of its columns.

public import LockstepData
public import LockstepNN
import LockstepTensor

extension TabM {
    /// An ensemble for these columns: probabilities are averaged where the target has two classes or more, numbers otherwise.
    ///
    /// ```swift
    /// let data = try DataLoaders.csv(path: "houses.csv", target: "price")
    /// let model = TabM(data.columns, outputRange: 0...10_000)
    /// let learner = Learner(dls: data.loaders, model: model, loss: .eachMember(.mse))
    /// ```
    /// - Parameters:
    ///   - layers: Sizes of the hidden layers.
    ///   - members: How many perceptrons there are.
    ///   - outputRange: Bounds that a sigmoid keeps numbers in.
    ///   - outputScale: Mean and deviation of the targets, for numbers without bounds; without either a network starts near 0, wherever
    ///     the targets lie.
    /// - Note: the rest as with ``LockstepNN/TabM``'s own initialiser.
    public convenience init(
        _ columns: TabularColumns, layers: [Int] = [200, 100], members: Int = 32, dropout: [Double] = [],
        embeddingDropout: Double = 0, outputRange: ClosedRange<Double>? = nil,
        outputScale: (mean: Double, deviation: Double)? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            embeddings: columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
            continuous: columns.continuous.count, outputs: columns.target.outputCount,
            averages: columns.target.outputCount > 1 ? .probabilities : .numbers, layers: layers, members: members,
            dropout: dropout, embeddingDropout: embeddingDropout, outputRange: outputRange, outputScale: outputScale,
            file: file, line: line)
    }
}
