// SPDX-License-Identifier: Apache-2.0
// An item before it is tensors: values of any type, and tensors that say what they hold.

public import LockstepTensor

/// The members of one item, inputs first, of any type: what transforms take member by member. A tuple of Swift,
/// `(image, label)`, serves as well wherever items are given.
public struct ItemTuple: CustomStringConvertible {
    /// The members, in order.
    public var members: [Any]

    /// A tuple of these members.
    public init(_ members: [Any]) { self.members = members }

    /// What a transform or a collection gave as an item: a tuple of Swift, `(image, label)`, is its members, anything else one.
    package init(item: Any) {
        if let tuple = item as? ItemTuple {
            self = tuple
        } else {
            members = ItemTuple.members(ofSwiftTuple: item) ?? [item]
        }
    }

    /// The members of a tuple of Swift, nil for anything else.
    static func members(ofSwiftTuple value: Any) -> [Any]? {
        if value is Tensor { return nil }
        let mirror = Mirror(reflecting: value)
        return mirror.displayStyle == .tuple && !mirror.children.isEmpty ? mirror.children.map(\.value) : nil
    }

    /// Tensors as what `types` says they hold; plain where it says nothing.
    init(_ tensors: [Tensor], types: [any SemanticTensor.Type]) {
        members = tensors.enumerated().map { number, tensor in
            number < types.count ? types[number].init(tensor) : tensor
        }
    }

    /// The number of members.
    public var count: Int { members.count }

    /// The member at a place.
    public subscript(index: Int) -> Any {
        get { members[index] }
        set { members[index] = newValue }
    }

    public var description: String { "(" + members.map { "\($0)" }.joined(separator: ", ") + ")" }
}

/// A tensor that says what it holds, so that transforms can tell an image from a mask.
///
/// Where no function of a transform takes the type itself, one that takes `Tensor` does, and the result keeps the type. A
/// model sees the plain tensors.
public protocol SemanticTensor {
    /// What a model sees.
    var tensor: Tensor { get }
    /// `tensor` as this kind.
    init(_ tensor: Tensor)
}

extension SemanticTensor {
    func replacing(_ tensor: Tensor) -> any SemanticTensor { Self(tensor) }
}

extension Tensor: SemanticTensor {
    /// The values.
    public var tensor: Tensor { self }
    /// The tensor itself.
    public init(_ tensor: Tensor) { self = tensor }
}

/// An image, [channels, height, width]; in a batch [N, channels, height, width].
public struct TensorImage: SemanticTensor {
    /// The values.
    public let tensor: Tensor
    /// `tensor` as this kind.
    public init(_ tensor: Tensor) { self.tensor = tensor }
}

/// The class of every pixel of an image, [height, width]; in a batch [N, height, width].
public struct TensorMask: SemanticTensor {
    /// The values.
    public let tensor: Tensor
    /// `tensor` as this kind.
    public init(_ tensor: Tensor) { self.tensor = tensor }
}

extension Sample {
    /// The members of `tuple` as tensors, of which the first `inputCount` are inputs.
    ///
    /// Integers become int64, other numbers float32, booleans bool; arrays of them vectors.
    /// - Throws: `DataError` (`.item`) naming a member that is nothing of the kind.
    public init(_ tuple: ItemTuple, inputCount: Int) throws(DataError) {
        var tensors: [Tensor] = []
        for (index, member) in tuple.members.enumerated() {
            guard let tensor = try Sample.tensor(of: member) else {
                throw DataError(
                    .item, file: "dataset", "member \(index) is a \(type(of: member)), which is not a tensor",
                    remedy: "Add a transform that makes a tensor of it, for example Categorize or ToTensor")
            }
            tensors.append(tensor)
        }
        self.init(inputs: Array(tensors.prefix(inputCount)), targets: Array(tensors.dropFirst(inputCount)))
    }

    static func tensor(of value: Any) throws(DataError) -> Tensor? {
        switch value {
        case let value as any SemanticTensor: value.tensor
        case let value as Int: Tensor([value], shape: [])
        case let value as Float: Tensor([value], shape: [])
        case let value as Double: Tensor([try Float.held(value)], shape: [])
        case let value as Bool: Tensor([value], shape: [])
        case let value as [Int]: Tensor(value, shape: [value.count])
        case let value as [Float]: Tensor(value)
        case let value as [Double]: Tensor(try value.map { value throws(DataError) in try Float.held(value) })
        case let value as [Bool]: Tensor(value, shape: [value.count])
        default: nil
        }
    }
}
