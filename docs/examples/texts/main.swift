// SPDX-License-Identifier: Apache-2.0
// Text classification: what a review is about, by a small transformer that is trained from scratch.

import Foundation
import Lockstep

/// Reviews of four shops, as CSV: `review,label`.
func writeReviews(to path: String) throws {
    var random = PhiloxGenerator(seed: 1)
    let things = [
        "food": ["soup", "bread", "cheese", "pie"], "books": ["novel", "story", "chapter", "poem"],
        "shoes": ["boots", "sandals", "heels", "laces"], "music": ["song", "album", "band", "concert"],
    ]
    let openings = ["I liked the", "we did not like the", "what a fine", "never again this", "my sister loved the"]
    let ends = ["and will come back", "but it was dear", "for the second time", "as always"]
    func any(_ words: [String]) -> String { words[Int.random(in: 0..<words.count, using: &random)] }
    var lines = ["review,label"]
    for _ in 0..<600 {
        let label = any(things.keys.sorted())
        lines.append("\(any(openings)) \(any(things[label] ?? [])) \(any(ends)),\(label)")
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path), options: .atomic)
}

Lockstep.run {
    try writeReviews(to: "reviews.csv")
    let texts = try CSV.read("reviews.csv").column("review").texts.compactMap(\.self)
    let tokenizer = try PretrainedTokenizer.words(of: texts, minFrequency: 2)
    // A pretrained body and its tokenizer come from a folder of Hugging Face: TextBody.pretrained, PretrainedTokenizer.load.
    let reviews = try DataLoaders.textClasses(
        path: "reviews.csv", text: "review", target: "label", tokenizer: tokenizer, batchSize: 32)
    print(reviews.classes, reviews.counts)

    setSeed(1)
    let configuration = BertConfiguration(
        vocabulary: tokenizer.vocabularySize, width: 32, layers: 1, heads: 2, hidden: 64)
    let learner = try Learner.text(reviews.loaders, Bert(configuration), pooling: .mean)
    try learner.unfreeze()
    try learner.distributed { try learner.fitOneCycle(4, lrMax: 1e-2) }

    for text in ["a fine album as always", "never again this cheese"] {
        print("“\(text)” is about", try learner.predict(text).decoded)
    }
}
