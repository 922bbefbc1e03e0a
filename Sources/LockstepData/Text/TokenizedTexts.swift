// SPDX-License-Identifier: Apache-2.0
// Texts as a classifier trains on them: numbers of tokens, a mask, and a class.

import LockstepTensor

/// Tokenized texts with a class each.
///
/// An item has the inputs int64 `[T]` numbers of tokens, `[T]` mask and, where texts are pairs, `[T]` types; its target is the
/// number of its class. A ``SortedTextLoader`` brings the items of a batch to one length.
public struct TokenizedTexts: Dataset, Fingerprinted, Sendable {
    private let ids: [Int32]
    private let types: [UInt8]?
    /// Where each text's tokens begin, and the end of the last.
    private let starts: [Int]
    private let labels: [Int32]?
    /// The classes.
    public let classes: [String]
    /// What short texts are filled with, and on which side.
    public let padding: TextPadding

    /// - Parameters:
    ///   - texts: without padding.
    ///   - labels: the number of each text's class; nil for texts without.
    ///   - padding: its token and side count, not its length.
    /// - Precondition: as many labels as texts, each one of the classes.
    public init(
        _ texts: [TokenizedText], labels: [Int]?, classes: [String], padding: TextPadding,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            labels.map { $0.count == texts.count && $0.allSatisfy(classes.indices.contains) } ?? true,
            "TokenizedTexts: \(labels?.count ?? 0) labels for \(texts.count) texts and \(classes.count) classes",
            file: file,
            line: line)
        ids = texts.flatMap { $0.ids.map(Int32.init) }
        types =
            texts.contains { $0.typeIDs.contains { $0 > 0 } }
            ? texts.flatMap { $0.typeIDs.map { UInt8(clamping: $0) } } : nil
        starts = texts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        self.labels = labels?.map(Int32.init)
        (self.classes, self.padding) = (classes, padding)
    }

    /// The number of texts.
    public var count: Int { starts.count - 1 }
    /// Numbers of tokens, mask, and types where texts are pairs.
    public var inputCount: Int { types == nil ? 2 : 3 }
    /// One of the classes.
    public var targetKind: TargetKind? { labels == nil ? nil : .category(count: classes.count) }
    /// The classes.
    public var vocabulary: [String]? { classes }

    /// The number of tokens of text `index`.
    public func length(_ index: Int) -> Int {
        require(index >= 0 && index < count, "TokenizedTexts: there is no text \(index) among \(count)")
        return starts[index + 1] - starts[index]
    }

    /// Text `index`, as long as it is.
    public func item(at index: Int) -> Sample { item(at: index, filledTo: length(index)) }

    /// Text `index`, filled up to a length.
    func item(at index: Int, filledTo length: Int) -> Sample {
        let own = starts[index]..<starts[index] + self.length(index)
        let missing = max(0, length - own.count)
        func row(_ values: [Int], _ filling: Int) -> Tensor {
            let filled = Array(repeating: filling, count: missing)
            return Tensor(padding.side == .left ? filled + values : values + filled)
        }
        var inputs = [row(ids[own].map(Int.init), padding.id), row(Array(repeating: 1, count: own.count), 0)]
        if let types { inputs.append(row(types[own].map(Int.init), padding.typeID)) }
        return Sample(inputs: inputs, targets: labels.map { [Tensor(Double($0[index]), dtype: .int64)] } ?? [])
    }

    package func add(to fingerprint: inout Fingerprint) {
        fingerprint.add("\(padding.id) \(padding.typeID) \(padding.side)")
        for word in classes { fingerprint.add(word) }
        fingerprint.add(starts)
        fingerprint.add(labels ?? [])
        func addSome<Number: BitwiseCopyable>(of numbers: [Number]) {
            numbers.withUnsafeBytes {
                let width = Swift.max(1, numbers.count / 64) * MemoryLayout<Number>.stride
                fingerprint.add(rowsOf: $0, count: $0.count / width, width: width)
            }
        }
        addSome(of: ids)
        addSome(of: types ?? [])
    }
}
