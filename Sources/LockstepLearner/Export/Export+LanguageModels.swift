// SPDX-License-Identifier: Apache-2.0
// How language models are described and made again.

import LockstepNN
import LockstepTensor

extension ExportRegistry.Entry {
    static let languageModels: [Entry] = [
        Entry(GPT.self) {
            [
                "vocabulary": $0.vocabulary, "context": $0.context, "width": $0.width, "layers": $0.layers,
                "heads": $0.heads, "dropout": $0.dropoutRate,
            ]
        } _: { fields in
            let (vocabulary, context) = (try fields.size("vocabulary"), try fields.size("context"))
            let (width, layers, heads) = (try fields.size("width"), try fields.size("layers"), try fields.size("heads"))
            try fields.check(width % heads == 0, "\(heads) heads do not divide a width of \(width)")
            try fields.claim(parts: layers, 12)
            for size in [vocabulary, context, vocabulary] { try fields.claim(size, width) }
            try fields.claim(layers, 12, width, width)
            return GPT(
                vocabulary: vocabulary, context: context, width: width, layers: layers, heads: heads,
                dropout: try fields.number("dropout", in: 0...1))
        },
        Entry(RecurrentLanguageModel.self) {
            [
                "vocabulary": $0.vocabulary, "width": $0.sizes.width, "hidden": $0.sizes.hidden,
                "layers": $0.sizes.layers, "dropout": $0.dropoutRate, "carriesState": $0.carriesState,
            ]
        } _: { fields in
            let (vocabulary, width) = (try fields.size("vocabulary"), try fields.size("width"))
            let (hidden, layers) = (try fields.size("hidden"), try fields.size("layers"))
            try fields.claim(vocabulary, width)
            try fields.claimRecurrent(gates: 4, inputs: width, hidden: hidden, layers: layers)
            try fields.claim(vocabulary, hidden)
            return RecurrentLanguageModel(
                vocabulary: vocabulary, width: width, hidden: hidden, layers: layers,
                dropout: try fields.number("dropout", in: 0...1), carriesState: try fields("carriesState"))
        },
    ]
}
