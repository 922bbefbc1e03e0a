// SPDX-License-Identifier: Apache-2.0
// An LSTM that predicts the next token.

public import LockstepTensor

/// A language model of an embedding, LSTM layers and a classifier: `head(dropout(lstm(embedding[token])))`.
///
/// - Shape: integers `[N, T]` in `0 ..< vocabulary` → scores `[N, T, vocabulary]`.
/// - Note: the shape of PyTorch's word-language-model example: `encoder`, `rnn`, `decoder`.
public final class RecurrentLanguageModel: Module, UnaryLayer {
    @Submodule private var embedding: Embedding
    @Submodule private var lstm: LSTM
    @Submodule private var dropout: Dropout
    @Submodule private var head: Linear
    /// The number of different tokens.
    public let vocabulary: Int
    // The rest of what the model was made of.
    package var sizes: (width: Int, hidden: Int, layers: Int) { (lstm.inputSize, lstm.hiddenSize, lstm.layers) }
    package var carriesState: Bool { lstm.carriesState }
    package let dropoutRate: Double

    /// - Parameters:
    ///   - vocabulary: The number of different tokens.
    ///   - width: Size of a token's vector.
    ///   - hidden: Size of the hidden state.
    ///   - layers: Number of LSTM layers.
    ///   - dropout: Probability of dropping a value between layers and before the classifier.
    ///   - carriesState: Whether a batch starts from the state in which the one before ended; for loaders of streams.
    public init(
        vocabulary: Int, width: Int = 64, hidden: Int = 256, layers: Int = 1, dropout: Double = 0,
        carriesState: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(vocabulary > 0, "RecurrentLanguageModel: a vocabulary of \(vocabulary) tokens", file: file, line: line)
        (self.vocabulary, dropoutRate) = (vocabulary, dropout)
        _embedding = Submodule(wrappedValue: Embedding(vocabulary, width, file: file, line: line), "encoder")
        let lstm = LSTM(
            width, hidden, layers: layers, batchFirst: true, dropout: layers > 1 ? dropout : 0,
            carriesState: carriesState, file: file, line: line)
        _lstm = Submodule(wrappedValue: lstm, "rnn")
        _dropout = Submodule(wrappedValue: Dropout(dropout, file: file, line: line), "drop")
        _head = Submodule(wrappedValue: Linear(hidden, vocabulary, file: file, line: line), "decoder")
        super.init()
    }

    public override var describeExtra: String { "vocabulary: \(vocabulary)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(head(dropout(lstm(embedding(x))))) }
}

extension RecurrentLanguageModel: Configurable {
    public static let configuration = Configuration(RecurrentLanguageModel.self) {
        Field("vocabulary", \.vocabulary, .size, python: "ntoken")
        Field("width", \.sizes.width, .size, python: "ninp")
        Field("hidden", \.sizes.hidden, .size, python: "nhid")
        Field("layers", \.sizes.layers, .size, python: "nlayers")
        Field("dropout", \.dropoutRate, .within(0...1))
        Field("carriesState", \.carriesState)
    } make: { fields in
        let (vocabulary, width): (Int, Int) = (try fields("vocabulary"), try fields("width"))
        let (hidden, layers): (Int, Int) = (try fields("hidden"), try fields("layers"))
        try fields.claim(vocabulary, width)
        try fields.claimRecurrent(gates: 4, inputs: "width")
        try fields.claim(vocabulary, hidden)
        return RecurrentLanguageModel(
            vocabulary: vocabulary, width: width, hidden: hidden, layers: layers, dropout: try fields("dropout"),
            carriesState: try fields("carriesState"))
    }
}
