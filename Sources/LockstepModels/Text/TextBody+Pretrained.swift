// SPDX-License-Identifier: Apache-2.0
// A text body with its weights, from the folder of its files.

public import LockstepData

extension TextBody {
    /// The body whose `config.json` and weights lie in a folder, as Hugging Face's models are published: of a BERT, a
    /// DistilBERT or a GPT-2.
    ///
    /// ```swift
    /// let body = try TextBody.pretrained("bert")
    /// ```
    /// Heads of the file, such as that for masked words, are passed over; a BERT's pooler stays as it is where the file has none.
    /// - Parameter report: called with what became of the weights.
    /// - Throws: `DataError` where the model is of another type, its configuration says something that is not implemented here, or
    ///   the weights do not fit it.
    public static func pretrained(
        _ folder: String, report: (WeightReport) -> Void = { _ in }
    ) throws(DataError) -> TextBody {
        let file = "\(folder)/config.json"
        let bytes = try Files.read(file)
        var fields = try JSONFields(bytes, "the configuration", file: file)
        let type = try fields.optionalString("model_type")
        let body: TextBody
        switch type {
        case "bert": body = Bert(try BertConfiguration(json: bytes, file: file))
        case "distilbert": body = DistilBert(try DistilBert.configuration(json: bytes, file: file))
        case "gpt2": body = GPT2(try GPT2Configuration(json: bytes, file: file))
        default:
            throw fields.error(
                "is that of a model of type “\(type ?? "")”; bert, distilbert and gpt2 are implemented here",
                .unsupported)
        }
        let loaded = try body.loadPretrained(
            folder, leaving: ["pooler"],
            ignoring: [
                "cls", "classifier", "pre_classifier", "qa_outputs", "score", "lm_head", "vocab_transform",
                "vocab_projector",
                "vocab_layer_norm",
            ])
        report(loaded)
        return body
    }

    /// What `config.json` of a folder says the model is: `bert`, `distilbert`, `gpt2`, or something else.
    ///
    /// - Throws: `DataError` where there is none.
    public static func modelType(_ folder: String) throws(DataError) -> String {
        let file = "\(folder)/config.json"
        var fields = try JSONFields(Files.read(file), "the configuration", file: file)
        return try fields.optionalString("model_type") ?? ""
    }
}
