// SPDX-License-Identifier: Apache-2.0
// A pretrained text model with a head that tells classes.

public import LockstepNN
public import LockstepTensor

/// Classes of texts: a body, one vector of it, and a linear map.
///
/// ```swift
/// let model = TextClassifier(Bert(.miniLM), classes: 2, pooling: .mean)
/// ```
/// - Shape: integers `[N, T]`, and a mask and types `[N, T]` if there are → scores `[N, classes]`.
/// - Note: with the pooling that is its own, names and outputs are those of Hugging Face's `BertForSequenceClassification`,
///   `DistilBertForSequenceClassification` and `GPT2ForSequenceClassification`.
public final class TextClassifier: Module {
    /// What is pretrained.
    @Submodule public private(set) var body: TextBody
    @Submodule private var first: Linear?
    private let dropout: Dropout
    @Submodule private var classifier: Linear
    /// How one vector is made of a text's; nil where BERT's own pooler does it.
    public let pooling: TextPooling?
    /// The number of classes.
    public let classes: Int

    /// - Parameters:
    ///   - pooling: nil for the body's own: BERT's pooler, DistilBERT's layer before the classifier, GPT-2's last token.
    ///   - dropout: the probability of dropping a value of the text's vector.
    /// - Precondition: `classes` is positive; a ``Bert`` without a pooler has none of its own.
    public init(
        _ body: TextBody, classes: Int, pooling: TextPooling? = nil, dropout: Double = 0.1,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(classes > 0, "TextClassifier: \(classes) classes", file: file, line: line)
        if let bert = body as? Bert {
            require(
                pooling != nil || bert.hasPooler, "TextClassifier: the body has no pooler; say which pooling",
                file: file,
                line: line)
        }
        self.pooling = pooling ?? (body is GPT2 ? .last : body is DistilBert ? .cls : nil)
        (self.classes, self.dropout) = (classes, Dropout(dropout, file: file, line: line))
        _body = Submodule(wrappedValue: body, body.savedName)
        let hasFirst = pooling == nil && body is DistilBert
        _first = Submodule(
            wrappedValue: hasFirst ? .transformer(body.width, body.width, 0.02) : nil, "pre_classifier")
        let last = Linear(body.width, classes, bias: !(body is GPT2))
        last.weight = Initializer.normal(standardDeviation: 0.02)([classes, body.width])
        if last.bias != nil { last.bias = .zeros([classes]) }
        _classifier = Submodule(wrappedValue: last, body is GPT2 ? "score" : "classifier")
        super.init()
    }

    public override var describeExtra: String { "\(classes) classes" }

    public override func forward(_ inputs: [Tensor]) -> [Tensor] { [observed(classifier(dropout(vectors(inputs))))] }

    /// What the classes are told from: a vector for each text, `[N, width]`.
    ///
    /// - Parameter inputs: as ``forward(_:)`` takes them.
    public func vectors(_ inputs: [Tensor]) -> Tensor {
        let hidden = body.forward(inputs)[0]
        let x: Tensor
        if let pooling {
            x = pooling(hidden, mask: inputs.count > 1 ? inputs[1] : nil)
        } else {
            x = (body as? Bert)?.pooled(hidden) ?? hidden[.all, 0]
        }
        return first?(x, then: .relu) ?? x
    }

    /// The pooling that the initialiser was told; nil for the body's own.
    package var toldPooling: TextPooling? { first == nil ? pooling : nil }
    /// The probability of dropping a value of the text's vector.
    package var dropoutRate: Double { dropout.p }

    /// The parameters in groups as they are trained with different rates: embeddings and the lower half of the layers, the
    /// upper half, the head.
    public var parameterGroups: [[Parameter]] {
        let stages = body.stages
        let half = (stages.count + 1) / 2
        var seen: Set<ObjectIdentifier> = []
        func parameters(_ modules: some Sequence<Module>) -> [Parameter] {
            modules.flatMap { $0.parameters() }.filter { seen.insert(ObjectIdentifier($0)).inserted }
        }
        let lower = parameters(stages.prefix(half))
        let upper = parameters(stages.dropFirst(half))
        return [lower, upper, parameters([self])]
    }
}

extension TextClassifier: Configurable {
    public static let configuration = Configuration(TextClassifier.self) {
        Field(part: "body") { $0.body }
        Field("classes", \.classes, .size, python: "num_labels")
        Field("pooling", \.toldPooling)
        Field("dropout", \.dropoutRate, .within(0...1), python: "classifier_dropout")
    } make: { fields in
        let body = try fields.part("body", as: TextBody.self)
        let (classes, pooling): (Int, TextPooling?) = (try fields("classes"), try fields("pooling"))
        try fields.check(
            pooling != nil || (body as? Bert)?.hasPooler ?? true,
            "the body has no pooler, and there is no other pooling")
        if pooling == nil, body is DistilBert { try fields.claim(body.width, body.width) }
        try fields.claim(classes, body.width)
        return TextClassifier(body, classes: classes, pooling: pooling, dropout: try fields("dropout"))
    }
}
