// SPDX-License-Identifier: Apache-2.0
// What decides which items a loader gives, in lines that ranks can compare.

extension BatchSource {
    /// What decides which items go where, a line each, the same on ranks that are set up alike. What changes no batch, such as
    /// worker threads and where files lie, is left out.
    package var setupLines: [String] {
        var lines = ["\(type(of: self))"]
        if let options = loaderOptions { lines += optionLines(options) }
        lines.append("batches: \(batchCount.map(String.init) ?? "unknown")")
        if let list = self as? any Fingerprinted { lines.append("checksum of its batches: \(list.fingerprint)") }
        if let stream { lines.append("stream: \(type(of: stream))") }
        return lines + (dataset.map(dataLines) ?? [])
    }

    private func optionLines(_ options: DataLoader.Options) -> [String] {
        let splitIndex = (dataset as? any TransformedDataset)?.splitIndex ?? options.splitIndex
        return [
            "seed: \(options.seed)", "batch size: \(options.batchSize.map(String.init) ?? "none")",
            "shuffle: \(options.shuffle)", "drop last: \(options.dropLast)",
            "n: \(options.n.map(String.init) ?? "all")",
            "part of the data: \(splitIndex.map(String.init) ?? "not said")", "sampling: \(options.sampling.setup)",
            "items: \(itemCount.map(String.init) ?? "unknown")", "hooks: \(options.hooks.setup)",
        ]
    }

    private func dataLines(_ dataset: any Dataset) -> [String] {
        var lines = ["data set: \(type(of: dataset)) of \(dataset.count) items"]
        if let words = dataset.vocabulary {
            var sum = Fingerprint()
            for word in words { sum.add(word) }
            lines.append("classes: \(words.count), checksum \(String(sum.value, radix: 16))")
        }
        if let known = dataset as? any Fingerprinted {
            // Others may make an item to count its inputs.
            lines.append("inputs: \(dataset.inputCount)")
            lines.append("checksum of its items: \(known.fingerprint)")
        }
        return lines
    }
}

extension Sampling {
    fileprivate var setup: String {
        switch self {
        case .every: return "every item"
        case .partial(let count): return "\(count) items"
        case .weighted(let weights):
            var sum = Fingerprint()
            sum.add(weights)
            return "by \(weights.count) weights, checksum \(String(sum.value, radix: 16))"
        }
    }
}

extension DataLoader.Hooks {
    /// Which of those that change batches are set: functions cannot be compared.
    fileprivate var setup: String {
        let set = [
            ("afterItem", afterItem != nil), ("beforeBatch", beforeBatch != nil), ("createBatch", createBatch != nil),
            ("afterBatch", afterBatch != nil),
        ].filter(\.1).map(\.0)
        return set.isEmpty ? "none" : set.joined(separator: ", ")
    }
}
