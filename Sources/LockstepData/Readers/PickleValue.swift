// SPDX-License-Identifier: Apache-2.0
// What a pickle may consist of: data, and the few names that state dictionaries need.

/// A value of a pickle. What holds others is named by its number, so that a value that is used a million times is one.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    /// A whole number of more than eight bytes: where its bytes lie.
    case large(PickleText)
    case real(Double)
    case text(PickleText)
    /// A tuple or a list.
    case sequence(Int)
    case dictionary(Int)
    case name(PickleName)
    /// The bytes of tensors, named by their record.
    case storage(Int)
    case tensor(Int)

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a truth value"
        case .integer, .large: "a whole number"
        case .real: "a number"
        case .text: "a text"
        case .sequence: "a tuple or list"
        case .dictionary: "a dictionary"
        case .name(let name): name.rawValue
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// A stretch of a pickle's own bytes: texts are not copied until somebody reads them.
struct PickleText {
    let start: UInt32
    let count: UInt32
}

/// A tuple or a list.
struct PickleSequence {
    let isTuple: Bool
    var items: [PickleValue]
    /// Whether a dictionary was made of it.
    var isTaken = false
}

/// The names that are understood. None of them is called: each stands for a few lines here that look at arguments.
enum PickleName: String {
    case orderedDictionary = "collections.OrderedDict"
    case size = "torch.Size"
    case tensor = "torch._utils._rebuild_tensor"
    case tensor2 = "torch._utils._rebuild_tensor_v2"
    case parameter = "torch._utils._rebuild_parameter"
    case parameterWithState = "torch._utils._rebuild_parameter_with_state"
    case float64 = "torch.DoubleStorage"
    case float32 = "torch.FloatStorage"
    case float16 = "torch.HalfStorage"
    case bfloat16 = "torch.BFloat16Storage"
    case int64 = "torch.LongStorage"
    case int32 = "torch.IntStorage"
    case int16 = "torch.ShortStorage"
    case int8 = "torch.CharStorage"
    case uint8 = "torch.ByteStorage"
    case bool = "torch.BoolStorage"

    /// By module and name; storages of graphics processors are those of `torch`.
    init?(module: String, name: String) {
        self.init(rawValue: (module == "torch.cuda" && name.hasSuffix("Storage") ? "torch" : module) + "." + name)
    }

    /// The elements of a storage; nil for what is none.
    var elementType: Safetensors.ElementType? {
        switch self {
        case .float64: .float64
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .int64: .int64
        case .int32: .int32
        case .int16: .int16
        case .int8: .int8
        case .uint8: .uint8
        case .bool: .bool
        default: nil
        }
    }
}

/// The bytes that tensors view, as a pickle describes them.
struct PickleStorage {
    let type: Safetensors.ElementType
    /// The name of its record.
    let key: String
    /// Elements.
    let count: Int
    /// Where in the file it is spoken of.
    let place: Int
}

/// A tensor as a pickle describes it, in elements of its storage.
struct PickleTensor {
    let storage: Int
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
