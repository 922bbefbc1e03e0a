// SPDX-License-Identifier: Apache-2.0
// What recurrent layers, attention and language models put out.

import LockstepTensor

/// A sequence of three axes that ends in `width` values.
private func sequence(_ x: Outline, width: Int, of module: Module) throws(ModelMismatch) {
    try insist(
        x.kind != .bool && x.rank ?? 3 == 3 && x[-1] ?? width == width,
        "\(module.label): needs a sequence [N, T, \(width)] (or [T, N, \(width)]), not \(x)")
}

extension Recurrent: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try sequence(x, width: inputSize, of: self)
        let directions = bidirectional ? 2 : 1
        let result = Outline([x[0], x[1], hiddenSize * directions], kind: .real)
        try trial.called(layers * directions)
        // Four gates, each from the input and from the state before.
        let work = 4.0 * Double(inputSize + hiddenSize) + 8 * Double(hiddenSize * directions) * Double(layers - 1)
        return try trial.made(result, by: self, work: work)
    }
}

extension MultiheadAttention: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try sequence(x, width: width, of: self)
        let steps = x[batchFirst ? 1 : 0]
        // Three projections in, one out, and each step looks at every other.
        return try trial.made(
            Outline([x[0], x[1], width], kind: .real), by: self, work: 4 * Double(width) + 2 * Double(steps ?? 1))
    }
}

extension TransformerBlock: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try sequence(x, width: width, of: self)
        let steps = Double(x[1] ?? 1)
        _ = try trial.made(Outline([x[0], x[1], hidden], kind: .real), by: self, work: Double(width))
        return try trial.made(
            Outline([x[0], x[1], width], kind: .real), by: self, work: 4 * Double(width) + 2 * steps + Double(hidden))
    }
}

/// Tokens [N, T], each one of `vocabulary`.
private func tokens(_ x: Outline, vocabulary: Int, of module: Module) throws(ModelMismatch) {
    try insist(
        x.kind ?? .integer == .integer && x.rank ?? 2 == 2, "\(module.label): needs integers [N, T], not \(x)")
    guard let values = x.values else { return }
    let worst = values.lowerBound < 0 ? values.lowerBound : values.upperBound
    try insist(
        (0..<vocabulary).contains(worst), "\(module.label): token \(worst) is none of its \(vocabulary)")
}

extension GPT: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try tokens(x, vocabulary: vocabulary, of: self)
        let steps = x[1]
        try insist(steps ?? 0 <= context, "\(label): \(x) has more tokens than its context of \(context)")
        try trial.called(10 * layers)
        let hidden = Outline([x[0], steps, 4 * width], kind: .real)
        let perValue = 3 * Double(width) + Double(steps ?? 1)
        _ = try trial.made(hidden, by: self, work: Double(layers) * perValue)
        return try trial.made(Outline([x[0], steps, vocabulary], kind: .real), by: self, work: Double(width))
    }
}

extension RecurrentLanguageModel: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try tokens(x, vocabulary: vocabulary, of: self)
        let (width, hidden, layers) = sizes
        try trial.called(layers)
        let work = 4.0 * Double(width + hidden) + 8 * Double(hidden) * Double(layers - 1)
        _ = try trial.made(Outline([x[0], x[1], hidden], kind: .real), by: self, work: work)
        return try trial.made(Outline([x[0], x[1], vocabulary], kind: .real), by: self, work: Double(hidden))
    }
}
