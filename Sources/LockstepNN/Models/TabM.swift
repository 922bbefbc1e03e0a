// SPDX-License-Identifier: Apache-2.0
// A model for tables: many perceptrons that share their weights, each with factors and a last layer of its own.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
public import LockstepTensor

/// A model for rows of categories and numbers: an ensemble of perceptrons in one.
///
/// Gorishniy et al., *TabM: Advancing tabular deep learning with parameter-efficient ensembling* (2024). The members share the weight
/// of every hidden layer, and each has factors of its inputs and outputs, offsets (``LinearBatchEnsemble``), and a last layer
/// (``LinearEnsemble``). The factors of the very first inputs start as random signs, all others as 1. Each member is trained on its
/// own loss (``MemberLoss``); a prediction is the mean of the members' probabilities, or of their numbers.
///
/// ```swift
/// let model = TabM(embeddings: [(10, 6)], continuous: 6, outputs: 3, averages: .probabilities)
/// let (categories, numbers) = (Tensor.zeros([4, 1], dtype: .int64), Tensor.zeros([4, 6]))
/// model.forward([categories, numbers]).map(\.shape)    // [[4, 3], [4, 32, 3]]: while training the members', too
/// model.eval()
/// model.forward([categories, numbers]).map(\.shape)    // [[4, 3]]
/// ```
///
/// Categories become learned vectors, as those of ``TabularModel`` do; the paper has a number for each category. There is no batch
/// normalisation, so that a batch may be one row; numbers are best standardised, which `DataLoaders.csv` does.
///
/// - Shape: categories, integers `[N, embeddings.count]`, and numbers `[N, continuous]` → `[N, outputs]`, and in training mode
///   `[N, members, outputs]` behind it. The one that the model has no columns of may be left out.
public final class TabM: Module {
    /// What a prediction is the mean of.
    public enum Average: String, CaseIterable, Sendable, Codable {
        /// Of each member's softmax; the output is the logarithm of the mean, whose softmax is the mean.
        case probabilities
        /// Of each member's output.
        case numbers
    }

    @Submodule private var embeddings: [Embedding]
    @Submodule private var embeddingDropout: Dropout
    private let blocks: Sequential
    private let output: LinearEnsemble
    /// What the model was made of.
    package let options: Options

    /// The arguments of the initialiser.
    package struct Options {
        package let embeddings: [(categories: Int, width: Int)]
        package let continuous: Int
        package let outputs: Int
        package let averages: Average
        package let layers: [Int]
        package let members: Int
        package let dropout: [Double]
        package let embeddingDropout: Double
        package let outputRange: ClosedRange<Double>?
        package let outputScale: (mean: Double, deviation: Double)?
        /// What makes the logarithm of a mean of the logarithm of a sum over members.
        package var logMembers: Double { log(Double(members)) }
    }

    /// - Parameters:
    ///   - embeddings: For each categorical column the number of categories and the size of their vectors; see
    ///     ``TabularModel/embeddingWidth(categories:)``.
    ///   - continuous: Number of continuous columns.
    ///   - outputs: Number of outputs.
    ///   - averages: What a prediction is the mean of: probabilities of classes, or numbers.
    ///   - layers: Sizes of the hidden layers.
    ///   - members: How many perceptrons there are; the paper has 32.
    ///   - dropout: Probability of dropping a hidden value, for each layer; empty for none.
    ///   - embeddingDropout: Probability of dropping a value of the looked-up vectors.
    ///   - outputRange: Bounds that a sigmoid keeps each member's numbers in.
    ///   - outputScale: Mean and deviation of the targets, for numbers without bounds: see ``TabularModel``.
    /// - Precondition: there are a column, a hidden layer and a member; as many dropouts as layers, or none; not both a range and a
    ///   scale, whose deviation is greater than 0; with probabilities neither, and two outputs or more.
    public init(
        embeddings: [(categories: Int, width: Int)], continuous: Int, outputs: Int, averages: Average,
        layers: [Int] = [200, 100], members: Int = 32, dropout: [Double] = [], embeddingDropout: Double = 0,
        outputRange: ClosedRange<Double>? = nil, outputScale: (mean: Double, deviation: Double)? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        requireTable(
            "TabM", columns: embeddings.count + continuous, layers, dropout, outputRange, outputScale, file, line)
        require(
            !layers.isEmpty && members > 0, "TabM: \(members) members of \(layers.count) hidden layers", file: file,
            line: line)
        require(
            averages == .numbers || outputs > 1 && outputRange == nil && outputScale == nil,
            "TabM: the probabilities of \(outputs) outputs with the range \(outputRange.map { "\($0)" } ?? "none") and the scale \(outputScale.map { "\($0)" } ?? "none"); numbers have averages: .numbers",
            file: file, line: line)
        let vectors = embeddings.map { Embedding($0.categories, $0.width, file: file, line: line) }
        _embeddings = Submodule(wrappedValue: vectors, "embeds")
        _embeddingDropout = Submodule(wrappedValue: Dropout(embeddingDropout, file: file, line: line), "emb_drop")
        options = Options(
            embeddings: embeddings, continuous: continuous, outputs: outputs, averages: averages, layers: layers,
            members: members, dropout: dropout, embeddingDropout: embeddingDropout, outputRange: outputRange,
            outputScale: outputScale)

        var parts: [any UnaryLayer] = []
        var width = embeddings.reduce(continuous) { $0 + $1.width }
        for (index, size) in layers.enumerated() {
            let drop = dropout.isEmpty ? 0 : dropout[index]
            parts.append(
                Sequential {
                    LinearBatchEnsemble(
                        width, size, members: members, randomSigns: index == 0, file: file, line: line)
                    ReLU()
                    if drop > 0 { Dropout(drop, file: file, line: line) }
                })
            width = size
        }
        blocks = Sequential(parts)
        output = LinearEnsemble(width, outputs, members: members, file: file, line: line)
        super.init()
    }

    public override func forward(_ inputs: [Tensor]) -> [Tensor] {
        var members = output(blocks(row(inputs, embeddings, embeddingDropout)))
        if let range = options.outputRange {
            members = members.sigmoid() * (range.upperBound - range.lowerBound) + range.lowerBound
        }
        if let (mean, deviation) = options.outputScale { members = members * deviation + mean }
        // Nobody trains on the mean.
        if isTraining { return [observed(average(of: members.detached)), members] }
        return [observed(average(of: members))]
    }

    private func average(of members: Tensor) -> Tensor {
        switch options.averages {
        case .numbers: members.mean(axis: 1)
        case .probabilities: members.logSoftmax(axis: 2).logSumExp(axis: 1) - options.logMembers
        }
    }
}

extension TabM: TableNetwork {
    package var categoricalCount: Int { options.embeddings.count }
    package var continuousCount: Int { options.continuous }
    package var tables: [(categories: Int, width: Int)] { options.embeddings }

    package func outlines(of inputs: [Outline], in trial: OutlineTrial) throws(ModelMismatch) -> [Outline] {
        let items = try items(of: inputs)
        let y = try trial.output(output, trial.output(blocks, Outline([items, rowWidth], kind: .real)))
        return [Outline([items, options.outputs], kind: .real)] + (isTraining ? [y] : [])
    }
}
