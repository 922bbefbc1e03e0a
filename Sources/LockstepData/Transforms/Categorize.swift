// SPDX-License-Identifier: Apache-2.0
// Labels to class numbers and back.

public import LockstepTensor

/// A label to the index of its class.
///
/// The classes are the distinct labels of the training items, sorted: numbers by value, text alphabetically. Missing labels
/// (`"#na#"`, not-a-number) are none. A label is what it means: 7.0 is 7, `"true"` is `true`. Loss: cross-entropy. Order 1. fastai's `Categorize`.
public struct Categorize: Transform, Codable, Hashable, Sendable {
    /// The classes; nil until they are learned.
    public private(set) var vocabulary: [String]?
    /// Whether class 0 is `#na#`, for missing labels and those that training did not have.
    public let addNA: Bool
    private let sort: Bool
    private var places = CategoryIndex([])

    /// - Parameters:
    ///   - vocab: the classes; learned from the training items when nil.
    ///   - sort: whether to sort the classes, given ones too; otherwise as given or as they come.
    ///   - addNA: whether missing and unknown labels are class 0, `#na#`, rather than an error.
    public init(vocab: [String]? = nil, sort: Bool = true, addNA: Bool = false) {
        (self.sort, self.addNA) = (sort, addNA)
        if let vocab { learn(sort ? vocab.sorted() : vocab) }
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 1 }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { vocabulary.map { .category(count: $0.count) } }

    /// Learns from items as the transforms before it leave them.
    public mutating func setup(_ items: ItemList) throws {
        if vocabulary == nil { learn(try Labels.distinct(items.all().map { [$0] }, sort: sort)) }
    }

    private mutating func learn(_ labels: [String]) {
        let classes = addNA ? [Labels.missing] + labels.filter { $0 != Labels.missing } : labels
        vocabulary = classes
        places = CategoryIndex(classes)
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (label: String) in try index(of: label) },
            TypedFunction { (label: Substring) in try index(of: String(label)) },
            TypedFunction { (label: Int) in try index(of: Labels.text(label)) },
            TypedFunction { (label: Double) in try index(of: Labels.text(label)) },
            TypedFunction { (label: Bool) in try index(of: Labels.text(label)) },
        ]
    }

    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] {
        [
            TypedFunction { (index: Int) in try Labels.label(index, vocabulary) },
            TypedFunction { (index: Tensor) in try Labels.label(Labels.integer(index), vocabulary) },
        ]
    }

    private func index(of label: String) throws(DataError) -> Int {
        if let index = places[label] { return index }
        if addNA, vocabulary != nil { return 0 }
        throw Labels.unknown([label], vocabulary)
    }

    // The index of the classes follows from them and is not stored.
    private enum CodingKeys: CodingKey { case vocabulary, addNA, sort }

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        vocabulary = try values.decodeIfPresent([String].self, forKey: .vocabulary)
        addNA = try values.decode(Bool.self, forKey: .addNA)
        sort = try values.decode(Bool.self, forKey: .sort)
        places = CategoryIndex(vocabulary ?? [])
    }
}

extension Categorize: Configurable {
    public static let configuration = Configuration(codable: Categorize.self)
}

/// What the transforms of labels share.
enum Labels {
    /// The label of what is missing, as fastai writes it.
    static let missing = "#na#"

    /// A label's text; that of not-a-number is `missing`.
    static func text(_ value: Any) -> String {
        if let number = value as? Double { return number.isNaN ? missing : "\(number)" }
        return "\(value)"
    }

    /// The distinct labels apart from missing ones; sorted, or as they come.
    static func distinct(_ labels: [[Any]], sort: Bool) throws(DataError) -> [String] {
        var found: [(text: String, number: Double?)] = []
        var seen: Set<String> = []
        for label in labels.joined() {
            guard label is String || label is Substring || label is Int || label is Double || label is Bool else {
                throw DataError(
                    .mismatch, file: "labels", "a \(type(of: label)) is no label",
                    remedy: "Labels are text, whole numbers, numbers or booleans")
            }
            let text = text(label)
            if text == missing || !seen.insert(text).inserted { continue }
            found.append((text, (label as? Int).map(Double.init) ?? label as? Double))
        }
        guard sort else { return found.map(\.text) }
        if found.allSatisfy({ $0.number != nil }) {
            return found.sorted { ($0.number ?? 0, $0.text) < ($1.number ?? 0, $1.text) }.map(\.text)
        }
        return found.map(\.text).sorted()
    }

    static func label(_ index: Int, _ classes: [String]?) throws(DataError) -> String {
        guard let classes, classes.indices.contains(index) else {
            throw DataError(.mismatch, file: "labels", "there is no class \(index) among \(classes?.count ?? 0)")
        }
        return classes[index]
    }

    /// The one element of a tensor as a class number.
    static func integer(_ tensor: Tensor) throws(DataError) -> Int {
        guard tensor.count == 1, let value = Int(exactly: tensor.item()) else {
            throw DataError(
                .mismatch, file: "labels", "a tensor of shape \(tensor.shape) is not the number of a class",
                remedy: "Take the largest score first (argmax)")
        }
        return value
    }

    static func unknown(_ labels: [String], _ classes: [String]?) -> DataError {
        let names = labels.map { "“\($0)”" }.joined(separator: ", ")
        return DataError(
            .mismatch, file: "labels",
            labels.count == 1
                ? "label \(names) was not included in the training dataset"
                : "labels \(names) were not included in the training dataset",
            remedy: classes.map { "Its classes are: \(CSV.list($0))" })
    }
}
