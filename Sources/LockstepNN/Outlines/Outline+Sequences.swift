// SPDX-License-Identifier: Apache-2.0
// What recurrent layers, attention, language models and models of tables put out.

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

extension TabularModel: Outlining {
    package func outlines(of inputs: [Outline], in trial: OutlineTrial) throws(ModelMismatch) -> [Outline] {
        let needed = (categoricalCount > 0 ? 1 : 0) + (continuousCount > 0 ? 1 : 0)
        try insist(
            inputs.count == 2 || inputs.count == needed,
            "TabularModel: \(inputs.count) inputs \(inputs); it takes categories [N, \(categoricalCount)] and numbers [N, \(continuousCount)]"
        )
        var items: Int?
        if categoricalCount > 0 {
            let x = inputs[0]
            try insist(
                x.kind ?? .integer == .integer && x.rank ?? 2 == 2 && x[1] ?? categoricalCount == categoricalCount,
                "TabularModel: the categories are \(x), not integers [N, \(categoricalCount)]")
            items = x[0]
        }
        if continuousCount > 0 {
            let x = inputs[inputs.count - 1]
            try insist(
                x.kind ?? .real == .real && x.rank ?? 2 == 2 && x[1] ?? continuousCount == continuousCount
                    && (items == nil || x[0] == nil || items == x[0]),
                "TabularModel: the numbers are \(x), not [N, \(continuousCount)]")
            items = items ?? x[0]
        }
        var width = options.embeddings.reduce(continuousCount) { $0 + $1.width }
        for size in options.layers + [options.outputs] {
            _ = try trial.made(Outline([items, size], kind: .real), by: self, work: Double(width))
            width = size
        }
        return [Outline([items, options.outputs], kind: .real)]
    }

    /// - Throws: when a column has more categories than its table has rows. `counts`: how many codes each column has.
    package func check(codes counts: [Int]) throws(ModelMismatch) {
        for (column, (count, table)) in zip(counts, options.embeddings).enumerated() {
            try insist(
                count <= table.categories,
                "TabularModel: column \(column) has \(count) categories, its table \(table.categories) rows")
        }
    }
}
