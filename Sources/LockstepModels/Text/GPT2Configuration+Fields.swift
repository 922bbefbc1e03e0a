// SPDX-License-Identifier: Apache-2.0
// How the sizes of a GPT-2 stand in files, and come back from them: somebody may have made them up.

import LockstepTensor

extension GPT2Configuration {
    /// The fields of a network that is made of such a configuration.
    static func fields<Network>(
        of read: @escaping @Sendable (Network) -> GPT2Configuration
    ) -> [Field<Network>] {
        [
            Field("vocabulary", { read($0).vocabulary }, .size, python: "vocab_size"),
            Field("width", { read($0).width }, .size, python: "n_embd"),
            Field("layers", { read($0).layers }, .size, python: "n_layer"),
            Field("heads", { read($0).heads }, .size, python: "n_head"),
            Field("hidden", { read($0).hidden }, .size, python: "n_inner"),
            Field("context", { read($0).context }, .size, python: "n_positions"),
            Field("dropout", { read($0).dropout }, .within(0...1), python: "resid_pdrop"),
            Field("attentionDropout", { read($0).attentionDropout }, .within(0...1), python: "attn_pdrop"),
            Field("epsilon", { read($0).epsilon }, .within(0...1), python: "layer_norm_epsilon"),
            Field("activation", { read($0).activation }, python: "activation_function"),
            Field("deviation", { read($0).deviation }, .within(0...1e6), python: "initializer_range"),
        ]
    }

    /// The configuration in a file, when the weights that go with it are there.
    init(claiming fields: ExportFields) throws {
        let (vocabulary, width): (Int, Int) = (try fields("vocabulary"), try fields("width"))
        let (layers, heads, hidden): (Int, Int, Int) = (try fields("layers"), try fields("heads"), try fields("hidden"))
        let context: Int = try fields("context")
        try fields.check(width % heads == 0, "\(heads) heads do not divide a width of \(width)")
        try fields.claim(parts: layers, 12)
        try fields.claim(vocabulary, width)
        try fields.claim(context, width)
        try fields.claim(layers, 4, width, width)
        try fields.claim(layers, 2, width, hidden)
        self.init(
            vocabulary: vocabulary, width: width, layers: layers, heads: heads, hidden: hidden, context: context)
        (dropout, attentionDropout) = (try fields("dropout"), try fields("attentionDropout"))
        (epsilon, deviation, activation) = (try fields("epsilon"), try fields("deviation"), try fields("activation"))
    }
}
