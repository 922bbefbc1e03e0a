// SPDX-License-Identifier: Apache-2.0
// Vectors of sentences: what search, clustering and a linear classifier begin with.

public import LockstepData
import LockstepNN
public import LockstepTensor

/// Makes a vector of each text, near those of texts that mean the same.
///
/// Reimers and Gurevych, *Sentence-BERT* (2019).
///
/// ```swift
/// let encoder = try SentenceEncoder.pretrained("bert")
/// print(try encoder.vectors(of: ["a good film", "bad"]).shape)      // [2, 4]
/// ```
/// - Note: sentence-transformers: `SentenceTransformer(folder).encode(texts)`.
public struct SentenceEncoder {
    /// Cuts texts into tokens; its truncation is the longest that is looked at.
    public let tokenizer: PretrainedTokenizer
    /// The size of a vector.
    public let width: Int
    /// Whether vectors are brought to length 1.
    public let normalizes: Bool
    private let padding: TextPadding
    private let network: Module
    private let pooled: ([Tensor]) -> Tensor

    private init(
        _ tokenizer: PretrainedTokenizer, width: Int, context: Int, normalizes: Bool,
        network: Module, pooled: @escaping ([Tensor]) -> Tensor
    ) {
        var own = tokenizer
        let length = tokenizer.truncation?.maxLength ?? context
        own.truncation = TextTruncation(maxLength: min(length, context), side: tokenizer.truncation?.side ?? .right)
        own.padding = nil
        var filling = tokenizer.filling
        (filling.length, filling.multiple) = (nil, nil)
        (self.tokenizer, self.padding, self.width, self.normalizes) = (own, filling, width, normalizes)
        (self.network, self.pooled) = (network, pooled)
        network.eval()
    }

    /// An encoder of a body.
    ///
    /// - Parameters:
    ///   - pooling: how a text's vector is made of its tokens'.
    ///   - normalizes: whether vectors are brought to length 1, so that their products are cosines.
    public init(
        _ body: TextBody, tokenizer: PretrainedTokenizer, pooling: TextPooling = .mean, normalizes: Bool = false
    ) {
        self.init(
            tokenizer, width: body.width, context: body.context, normalizes: normalizes, network: body
        ) { pooling(body.forward($0)[0], mask: $0[1]) }
    }

    /// An encoder of what a classifier tells classes from.
    public init(_ classifier: TextClassifier, tokenizer: PretrainedTokenizer, normalizes: Bool = false) {
        let body = classifier.body
        self.init(
            tokenizer, width: body.width, context: body.context, normalizes: normalizes, network: classifier
        ) { classifier.vectors($0) }
    }

    /// The encoder in a folder of Hugging Face: network, tokenizer, and what sentence-transformers says of pooling, normalisation and
    /// length beside them; without its files, the mean of the tokens' vectors as it is.
    ///
    /// - Throws: `DataError` as `TextBody.pretrained`, and for steps that are not implemented here.
    public static func pretrained(_ folder: String) throws(DataError) -> SentenceEncoder {
        let rest = try SentenceFolder(folder)
        var tokenizer = try PretrainedTokenizer.load(folder)
        if let length = rest.maxLength {
            tokenizer.truncation = TextTruncation(maxLength: length, side: tokenizer.truncation?.side ?? .right)
        }
        return SentenceEncoder(
            try TextBody.pretrained(folder), tokenizer: tokenizer,
            pooling: rest.pooling.flatMap(TextPooling.init) ?? .mean,
            normalizes: rest.normalizes)
    }

    /// The vectors of texts, float32 `[texts.count, width]`, in their order.
    ///
    /// - Parameter batchSize: how many texts are computed at once; those of about one length.
    /// - Throws: `DataError` where a text's tokens are none of the network's.
    public func vectors(
        of texts: [String], batchSize: Int = 32, file: StaticString = #fileID, line: UInt = #line
    ) throws(DataError) -> Tensor {
        require(batchSize > 0, "SentenceEncoder.vectors: batchSize is \(batchSize)", file: file, line: line)
        var result = [Float](repeating: 0, count: texts.count * width)
        for batch in LengthOrder.batches(of: texts, batchSize: batchSize) {
            let made = try vectors(ofBatch: batch.map { texts[$0] })
            for (row, number) in batch.enumerated() {
                result.replaceSubrange(
                    number * width..<(number + 1) * width, with: made[row * width..<(row + 1) * width])
            }
        }
        return Tensor(result, shape: [texts.count, width])
    }

    /// The vectors of texts that are computed at once, one after another.
    package func vectors(ofBatch texts: [String]) throws(DataError) -> [Float] {
        var tokens = try tokenizer.encode(texts)
        for number in tokens.indices where tokens[number].count == 0 {
            // A text of nothing: there is no vector of no token.
            tokens[number] = TokenizedText(filling: padding.id)
        }
        padding.apply(to: &tokens)
        let shape: Shape = [tokens.count, tokens.first?.count ?? 0]
        let inputs = [
            Tensor(tokens.flatMap(\.ids), shape: shape), Tensor(tokens.flatMap(\.attentionMask), shape: shape),
        ]
        // A network from anyone's bundle, or another model's tokenizer: an error, not the end.
        do throws(ModelMismatch) {
            _ = try OutlineTrial(items: texts.count).outputs(network, inputs.map { Outline($0) })
        } catch {
            throw DataError(
                .mismatch, file: "texts", error.sentence, remedy: "Are tokenizer and network of the same model?")
        }
        return withNoGrad {
            let vectors = pooled(inputs).to(.float32)
            guard normalizes else { return vectors.floats }
            // As torch.nn.functional.normalize.
            return (vectors / (vectors * vectors).sum(axis: 1, keepDims: true).sqrt().clamped(min: 1e-12)).floats
        }
    }
}
