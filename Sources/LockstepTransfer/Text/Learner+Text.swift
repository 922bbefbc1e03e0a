// SPDX-License-Identifier: Apache-2.0
// A learner that tells classes of texts, on a pretrained body.

public import LockstepData
public import LockstepLearner
public import LockstepModels
import LockstepNN
public import LockstepOptim

extension Learner {
    /// A learner of a text classifier: a body, which is frozen but for its normalisation
    /// (``Learner/trainBn``), and a head for the classes of the data.
    ///
    /// ```swift
    /// let (tokenizer, body) = (try PretrainedTokenizer.load("bert"), try TextBody.pretrained("bert"))
    /// let data = try DataLoaders.textClasses(
    ///     path: "reviews.csv", text: "review", target: "label", tokenizer: tokenizer, batchSize: 2, validFraction: 0.25)
    /// let learner = try Learner.text(data.loaders, body, pooling: .mean)
    /// try learner.fineTune(2)
    /// ```
    ///
    /// Its parameter groups are the embeddings with the lower half of the layers, the upper half, and the head.
    /// - Parameters:
    ///   - dls: loaders whose inputs are numbers of tokens, a mask, and types if there are; their targets are classes.
    ///   - body: with its pretrained weights.
    ///   - pooling: how a text's vector is made; nil for the body's own (``TextClassifier``).
    ///   - dropout: of the head.
    /// - Throws: `DataError` when the data do not say how many classes there are, have longer texts than the body can look at, or
    ///   tokens that it has not; `OptimizerError`.
    public static func text(
        _ dls: DataLoaders, _ body: TextBody, pooling: TextPooling? = nil, dropout: Double = 0.1,
        optimizer: OptimizerFactory = .adam(), lr: LearningRate = 1e-3, callbacks: [Callback] = [],
        metrics: [Metric] = [.accuracy], seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> Learner {
        guard case .category(let classes) = dls.targetKind else {
            throw DataError(
                .mismatch, file: "Learner.text", "the targets of the data are not classes",
                remedy: "Make the loaders by DataLoaders.textClasses")
        }
        try dls.checkTexts(vocabulary: body.vocabulary, context: body.context)
        let model = TextClassifier(body, classes: classes, pooling: pooling, dropout: dropout, file: file, line: line)
        let learner = Learner(
            dls: dls, model: model, loss: .crossEntropy, optimizer: optimizer, lr: lr, splitter: .textClassifier,
            callbacks: callbacks, metrics: metrics, seed: seed, file: file, line: line)
        try learner.freeze()
        return learner
    }
}

extension ParameterSplitter {
    /// A ``TextClassifier``'s groups: embeddings with the lower half of the layers, the upper half, the head.
    public static var textClassifier: ParameterSplitter {
        ParameterSplitter { model in
            guard let model = model as? TextClassifier else { return [model.parameters()] }
            return model.parameterGroups.filter { !$0.isEmpty }
        }
    }
}
