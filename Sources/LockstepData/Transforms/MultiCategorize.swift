// SPDX-License-Identifier: Apache-2.0
// Lists of labels to vectors of zeros and ones and back.

public import LockstepTensor

/// A list of labels to the indices of their classes; usually followed by ``OneHotEncode``.
///
/// The classes are the union of the training items' labels, sorted. Loss: binary cross-entropy with logits. Order 1.
/// fastai's `MultiCategorize`.
public struct MultiCategorize: Transform, Codable, Hashable, Sendable {
    /// The classes; nil until they are learned.
    public private(set) var vocabulary: [String]?
    /// Whether class 0 is `#na#`, which unknown labels become.
    public let addNA: Bool
    private var places = CategoryIndex([])

    /// - Parameters:
    ///   - vocab: the classes, which are sorted; learned from the training items when nil.
    ///   - addNA: whether unknown labels are class 0, `#na#`, rather than an error.
    public init(vocab: [String]? = nil, addNA: Bool = false) {
        self.addNA = addNA
        if let vocab { learn(vocab.sorted()) }
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 1 }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { vocabulary.map { .multiCategory(count: $0.count) } }

    /// Learns from items as the transforms before it leave them.
    public mutating func setup(_ items: ItemList) throws {
        if vocabulary == nil { learn(try Labels.distinct(items.all().map(Self.list), sort: true)) }
    }

    private mutating func learn(_ labels: [String]) {
        let classes = addNA ? [Labels.missing] + labels.filter { $0 != Labels.missing } : labels
        (vocabulary, places) = (classes, CategoryIndex(classes))
    }

    private static func list(_ value: Any) -> [Any] {
        switch value {
        case let labels as [String]: labels
        case let labels as [Int]: labels
        default: [value]
        }
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (labels: [String]) in try indices(of: labels) },
            TypedFunction { (labels: [Int]) in try indices(of: labels.map { "\($0)" }) },
        ]
    }

    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] {
        [
            TypedFunction { (indices: [Int]) in try indices.map { try Labels.label($0, vocabulary) } },
            TypedFunction { (indices: Tensor) in try indices.ints.map { try Labels.label($0, vocabulary) } },
        ]
    }

    private func indices(of labels: [String]) throws(DataError) -> [Int] {
        let found = labels.map { places[$0] }
        let unknown = zip(labels, found).filter { $1 == nil }.map(\.0)
        guard unknown.isEmpty || addNA else { throw Labels.unknown(unknown, vocabulary) }
        return found.map { $0 ?? 0 }
    }

    private enum CodingKeys: CodingKey { case vocabulary, addNA }

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        vocabulary = try values.decodeIfPresent([String].self, forKey: .vocabulary)
        addNA = try values.decode(Bool.self, forKey: .addNA)
        places = CategoryIndex(vocabulary ?? [])
    }
}

extension MultiCategorize: Configurable {
    public static let configuration = Configuration(codable: MultiCategorize.self)
}

/// Class numbers to a float32 vector [classes] that is 1 there and 0 elsewhere.
///
/// Order 2: after ``MultiCategorize``, from which it learns how many classes there are. fastai's `OneHotEncode`.
public struct OneHotEncode: Transform, Codable, Hashable, Sendable {
    /// The number of classes; nil until it is learned.
    public private(set) var count: Int?

    /// - Parameter count: the number of classes; learned when nil.
    public init(count: Int? = nil) { self.count = count }

    /// The place in a pipeline: lower first.
    public var order: Int { 2 }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { count.map { .multiCategory(count: $0) } }

    /// - Throws: `DataError` when no transform before this one knows the classes.
    public mutating func setup(_ items: ItemList) throws {
        if count != nil { return }
        guard let classes = items.vocabulary else {
            throw DataError(
                .mismatch, file: "OneHotEncode", "the number of classes is not known",
                remedy: "Give it, OneHotEncode(count: 10), or put MultiCategorize before")
        }
        count = classes.count
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (indices: [Int]) throws in
                var vector = [Float](repeating: 0, count: max(0, count ?? 0))
                for index in indices {
                    guard vector.indices.contains(index) else {
                        throw DataError(
                            .mismatch, file: "OneHotEncode", "there is no class \(index) among \(vector.count)")
                    }
                    vector[index] = 1
                }
                return Tensor(vector)
            }
        ]
    }

    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] { [TypedFunction { (vector: Tensor) in Self.ones(vector) }] }

    static func ones(_ vector: Tensor) -> [Int] {
        vector.doubles.enumerated().filter { $0.element == 1 }.map(\.offset)
    }
}

extension OneHotEncode: Configurable {
    public static let configuration = Configuration(OneHotEncode.self) {
        Field("count", \.count, Requirement("no number of classes") { $0.map { $0 >= 0 && $0 < 1 << 24 } ?? true })
    } make: {
        OneHotEncode(count: try $0("count"))
    }
}

/// Vectors of 0 and 1, one element a class, to float32 tensors [classes].
///
/// Loss: binary cross-entropy with logits. fastai's `EncodedMultiCategorize`.
public struct EncodedMultiCategorize: Transform, Codable, Hashable, Sendable {
    private let classes: [String]

    /// - Parameter vocab: the classes, in the order of the elements.
    public init(vocab: [String]) { classes = vocab }

    /// The classes that numbers stand for.
    public var vocabulary: [String]? { classes }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { .multiCategory(count: classes.count) }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (vector: [Int]) in try checked(Tensor(vector.map { Float($0) })) },
            TypedFunction { (vector: [Float]) in try checked(Tensor(vector)) },
            TypedFunction { (vector: [Double]) in try checked(Tensor(vector.map { try Float.held($0) })) },
            TypedFunction { (vector: [Bool]) in try checked(Tensor(vector.map { $0 ? 1 : 0 })) },
            TypedFunction { (vector: Tensor) in try checked(vector.to(.float32)) },
        ]
    }

    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] {
        [
            TypedFunction { (vector: Tensor) throws in
                try OneHotEncode.ones(checked(vector)).map { try Labels.label($0, classes) }
            }
        ]
    }

    private func checked(_ vector: Tensor) throws(DataError) -> Tensor {
        guard vector.shape == [classes.count] else {
            throw DataError(
                .mismatch, file: "EncodedMultiCategorize",
                "a vector of shape \(vector.shape) for \(classes.count) classes")
        }
        return vector
    }
}

extension EncodedMultiCategorize: Configurable {
    public static let configuration = Configuration(codable: EncodedMultiCategorize.self)
}
