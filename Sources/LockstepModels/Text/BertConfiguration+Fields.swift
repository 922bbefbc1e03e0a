// SPDX-License-Identifier: Apache-2.0
// How the sizes of a BERT stand in files, and come back from them: somebody may have made them up.

import LockstepTensor

extension BertConfiguration {
    /// The fields of a network that is made of such a configuration, but for those that only BERT has.
    static func fields<Network>(
        of read: @escaping @Sendable (Network) -> BertConfiguration
    ) -> [Field<Network>] {
        [
            Field("vocabulary", { read($0).vocabulary }, .size, python: "vocab_size"),
            Field("width", { read($0).width }, .size, python: "hidden_size"),
            Field("layers", { read($0).layers }, .size, python: "num_hidden_layers"),
            Field("heads", { read($0).heads }, .size, python: "num_attention_heads"),
            Field("hidden", { read($0).hidden }, .size, python: "intermediate_size"),
            Field("context", { read($0).context }, .size, python: "max_position_embeddings"),
            Field("dropout", { read($0).dropout }, .within(0...1), python: "hidden_dropout_prob"),
            Field(
                "attentionDropout", { read($0).attentionDropout }, .within(0...1),
                python: "attention_probs_dropout_prob"),
            Field("epsilon", { read($0).epsilon }, .within(0...1), python: "layer_norm_eps"),
            Field("activation", { read($0).activation }, python: "hidden_act"),
            Field("paddingID", { read($0).paddingID }, python: "pad_token_id"),
            Field("deviation", { read($0).deviation }, .within(0...1e6), python: "initializer_range"),
        ]
    }

    /// The configuration in a file, when the weights that go with it are there.
    ///
    /// - Parameter parts: how many parts a layer has.
    init(claiming fields: ExportFields, perLayer parts: Int) throws {
        let (vocabulary, width): (Int, Int) = (try fields("vocabulary"), try fields("width"))
        let (layers, heads, hidden): (Int, Int, Int) = (try fields("layers"), try fields("heads"), try fields("hidden"))
        let (context, padding): (Int, Int?) = (try fields("context"), try fields("paddingID"))
        try fields.check(width % heads == 0, "\(heads) heads do not divide a width of \(width)")
        try fields.check(
            padding.map { (0..<vocabulary).contains($0) } ?? true, "token \(padding ?? 0) is none of its \(vocabulary)")
        try fields.claim(parts: layers, parts)
        try fields.claim(vocabulary, width)
        try fields.claim(context, width)
        try fields.claim(layers, 4, width, width)
        try fields.claim(layers, 2, width, hidden)
        self.init(vocabulary: vocabulary, width: width, layers: layers, heads: heads, hidden: hidden)
        (self.context, paddingID) = (context, padding)
        (dropout, attentionDropout) = (try fields("dropout"), try fields("attentionDropout"))
        (epsilon, deviation, activation) = (try fields("epsilon"), try fields("deviation"), try fields("activation"))
    }
}
