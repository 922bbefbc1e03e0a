// SPDX-License-Identifier: Apache-2.0
// Writing on from a prompt with a language model.

import LockstepTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Module {
    /// Draws tokens one after another from a language model's predictions.
    ///
    /// Each token is drawn from `softmax(scores / temperature)` of the last place, given the last `context` tokens. The
    /// random numbers are a function of the seed and the place, so that equal weights write the same text everywhere. The
    /// model is run in evaluation mode, without a graph, and left in the modes it had; state it carries is
    /// forgotten. Not collective: each rank that
    /// calls it draws the same tokens.
    ///
    /// - Parameters:
    ///   - prompt: What the text begins with; not part of the result.
    ///   - count: How many tokens to draw.
    ///   - context: The most tokens that the model is shown.
    ///   - temperature: Below 1 the likely becomes likelier; 0 always takes the likeliest.
    ///   - topK: Draw among this many likeliest tokens only; nil for all.
    /// - Precondition: the model takes integers `[1, T]` and gives scores `[1, T, vocabulary]`; the prompt is not empty.
    public func generate(
        after prompt: [Int], count: Int, context: Int, temperature: Double = 1, topK: Int? = nil, seed: UInt64 = 42,
        file: StaticString = #fileID, line: UInt = #line
    ) -> [Int] {
        require(!prompt.isEmpty, "generate: the prompt is empty", file: file, line: line)
        require(context > 0, "generate: a context of \(context) tokens", file: file, line: line)
        require(
            temperature >= 0 && temperature.isFinite, "generate: a temperature of \(temperature)", file: file,
            line: line)
        require(
            topK.map { $0 > 0 } ?? true, "generate: topK is \(topK ?? 0), at least 1 is needed", file: file, line: line)
        let training = modules().filter(\.isTraining)
        eval()
        defer { for module in training { module.setOwnMode(true) } }
        var tokens = prompt
        for place in 0..<max(0, count) {
            let shown = Array(tokens.suffix(context))
            reset()  // A model that carries its state sees the whole prompt again.
            let scores = withNoGrad { forward([Tensor(shown, shape: [1, shown.count])])[0] }
            require(
                scores.rank == 3 && scores.shape[0] == 1 && scores.shape[1] == shown.count,
                "generate: the model gives \(scores.shape) for \(shown.count) tokens, expected [1, \(shown.count), vocabulary]",
                file: file, line: line)
            let last = scores[0, shown.count - 1].doubles
            var generator = PhiloxGenerator(seed: seed, epoch: 0, item: place, purpose: .user)
            tokens.append(draw(last, temperature: temperature, topK: topK, using: &generator))
        }
        return Array(tokens.dropFirst(prompt.count))
    }
}

/// The place of one of `scores`, drawn from their softmax.
private func draw(_ scores: [Double], temperature: Double, topK: Int?, using generator: inout PhiloxGenerator) -> Int {
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    guard temperature > 0, let best = order.first else { return order.first ?? 0 }
    let choice = order.prefix(topK ?? order.count)
    let weights = choice.map { exp((scores[$0] - scores[best]) / temperature) }
    var rest = Double.random(in: 0..<1, using: &generator) * weights.reduce(0, +)
    for (place, weight) in zip(choice, weights) {
        rest -= weight
        if rest < 0 { return place }
    }
    return best
}
