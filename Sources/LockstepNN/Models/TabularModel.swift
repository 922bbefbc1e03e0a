// SPDX-License-Identifier: Apache-2.0
// A model for tables: vectors for categories, normalised numbers, then a multi-layer perceptron.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
public import LockstepTensor

/// A model for rows of categories and numbers.
///
/// Each categorical column is looked up in a table of learned vectors; continuous columns are batch-normalised; both go
/// through linear layers, each followed by ReLU, batch normalisation and dropout.
///
/// ```swift
/// let model = TabularModel(embeddings: [(10, 6), (17, 8)], continuous: 6, outputs: 2, layers: [200, 100])
/// let (categories, numbers) = (Tensor.zeros([4, 2], dtype: .int64), Tensor.zeros([4, 6]))
/// model.forward([categories, numbers])    // [N, 2] and [N, 6] → [N, 2]
/// ```
///
/// - Shape: categories, integers `[N, embeddings.count]`, and numbers `[N, continuous]` → `[N, outputs]`. The one that the
///   model has no columns of may be left out.
/// - Note: fastai: `TabularModel`, with its names and initialisation: `embeds.0.weight`, `bn_cont.weight`, `layers.0.0.weight`.
public final class TabularModel: Module {
    @Submodule private var embeddings: [Embedding]
    @Submodule private var embeddingDropout: Dropout
    @Submodule private var continuousNorm: BatchNorm1d?
    private let layers: Sequential
    /// Number of categorical columns.
    public let categoricalCount: Int
    /// Number of continuous columns.
    public let continuousCount: Int
    /// What the model was made of.
    package let options: Options

    /// The arguments of the initialiser.
    package struct Options {
        package let embeddings: [(categories: Int, width: Int)]
        package let continuous: Int
        package let outputs: Int
        package let layers: [Int]
        package let dropout: [Double]
        package let embeddingDropout: Double
        package let outputRange: ClosedRange<Double>?
        package let outputScale: (mean: Double, deviation: Double)?
        package let batchNorm: Bool
        package let normalizesContinuous: Bool
    }

    /// - Parameters:
    ///   - embeddings: For each categorical column the number of categories and the size of their vectors; see
    ///     ``embeddingWidth(categories:)``.
    ///   - continuous: Number of continuous columns.
    ///   - outputs: Number of outputs.
    ///   - layers: Sizes of the hidden layers.
    ///   - dropout: Probability of dropping a hidden value, for each layer; empty for none.
    ///   - embeddingDropout: Probability of dropping a value of the looked-up vectors.
    ///   - outputRange: Bounds that a sigmoid keeps the outputs in, for regression.
    ///   - outputScale: Mean and deviation of the targets, for regression without bounds: what the last layer puts out is multiplied
    ///     with the deviation and added to the mean, so that it learns standardised targets wherever these lie.
    ///   - batchNorm: Whether hidden layers are batch-normalised.
    ///   - normalizesContinuous: Whether the continuous columns are.
    /// - Precondition: there is a column, as many dropouts as layers, or none, and not both a range and a scale, whose deviation is
    ///   greater than 0.
    public init(
        embeddings: [(categories: Int, width: Int)], continuous: Int, outputs: Int, layers: [Int] = [200, 100],
        dropout: [Double] = [], embeddingDropout: Double = 0, outputRange: ClosedRange<Double>? = nil,
        outputScale: (mean: Double, deviation: Double)? = nil, batchNorm: Bool = true,
        normalizesContinuous: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        requireTable(
            "TabularModel", columns: embeddings.count + continuous, layers, dropout, outputRange, outputScale, file,
            line)
        let vectors = embeddings.map {
            Embedding(
                $0.categories, $0.width, initializer: .truncatedNormal(standardDeviation: 0.01), file: file, line: line)
        }
        _embeddings = Submodule(wrappedValue: vectors, "embeds")
        _embeddingDropout = Submodule(wrappedValue: Dropout(embeddingDropout, file: file, line: line), "emb_drop")
        let norm = normalizesContinuous && continuous > 0 ? BatchNorm1d(continuous) : nil
        _continuousNorm = Submodule(wrappedValue: norm, "bn_cont")
        categoricalCount = embeddings.count
        continuousCount = continuous
        options = Options(
            embeddings: embeddings, continuous: continuous, outputs: outputs, layers: layers, dropout: dropout,
            embeddingDropout: embeddingDropout, outputRange: outputRange, outputScale: outputScale,
            batchNorm: batchNorm, normalizesContinuous: normalizesContinuous)

        var parts: [any UnaryLayer] = []
        var width = embeddings.reduce(continuous) { $0 + $1.width }
        for (index, size) in layers.enumerated() {
            let drop = dropout.isEmpty ? 0 : dropout[index]
            parts.append(
                Sequential {
                    Linear(width, size, bias: !batchNorm, file: file, line: line)
                    ReLU()
                    if batchNorm { BatchNorm1d(size).startingAsInFastai() }
                    if drop > 0 { Dropout(drop, file: file, line: line) }
                })
            width = size
        }
        parts.append(Sequential { Linear(width, outputs, file: file, line: line) })
        if let range = outputRange {
            let size = range.upperBound - range.lowerBound
            parts.append(Apply("sigmoid to \(range)") { $0.sigmoid() * size + range.lowerBound })
        }
        if let (mean, deviation) = outputScale {
            parts.append(Apply("scaled to \(mean) ± \(deviation)") { $0 * deviation + mean })
        }
        self.layers = Sequential(parts)
        super.init()
    }

    /// fastai's rule for the size of the vectors of a column: `min(600, round(1.6 · categories^0.56))`.
    public static func embeddingWidth(categories: Int) -> Int {
        min(600, Int((1.6 * pow(Double(categories), 0.56)).rounded()))
    }

    public override func forward(_ inputs: [Tensor]) -> [Tensor] {
        [observed(layers(row(inputs, embeddings, embeddingDropout, continuousNorm)))]
    }
}

extension TabularModel: TableNetwork {
    package var tables: [(categories: Int, width: Int)] { options.embeddings }

    package func outlines(of inputs: [Outline], in trial: OutlineTrial) throws(ModelMismatch) -> [Outline] {
        let items = try items(of: inputs)
        var width = rowWidth
        for size in options.layers + [options.outputs] {
            _ = try trial.made(Outline([items, size], kind: .real), by: self, work: Double(width))
            width = size
        }
        return [Outline([items, options.outputs], kind: .real)]
    }
}
