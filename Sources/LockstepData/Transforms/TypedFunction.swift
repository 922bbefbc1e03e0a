// SPDX-License-Identifier: Apache-2.0
// A function of one type, with its type erased, and the choice among several by the type of a value.

import LockstepTensor

/// One of a transform's functions, for values of one type.
public struct TypedFunction {
    /// The type of value that is taken.
    public let input: Any.Type
    let apply: (Any, TransformContext) throws -> Any
    private let fits: (Any) -> Bool
    private let takesType: (Any.Type) -> Bool

    /// A function of values of type `Input`.
    public init<Input, Output>(_ body: @escaping (Input) throws -> Output) {
        self.init { (value: Input, _: TransformContext) in try body(value) }
    }

    /// A function that is also told the split and where random numbers come from.
    public init<Input, Output>(_ body: @escaping (Input, TransformContext) throws -> Output) {
        input = Input.self
        fits = { $0 is Input }
        takesType = { $0 is Input.Type }
        apply = { value, context in
            guard let value = value as? Input else {
                throw DataError(.item, file: "transform", "is given a \(type(of: value)), takes a \(Input.self)")
            }
            return try body(value, context)
        }
    }

    /// Whether `value` is one that it takes.
    func takes(_ value: Any) -> Bool { fits(value) }

    /// The result of the most specific of `functions` that takes `value`; `value` itself when none does.
    ///
    /// The exact type comes first, then a class's nearest superclass, then for a ``SemanticTensor`` functions of `Tensor` (the
    /// result keeps the semantic type), then protocols, then `Any`. Among equals the first listed is taken.
    static func call(_ functions: [TypedFunction], on value: Any, context: TransformContext) throws -> Any {
        if let function = choose(functions.filter { $0.fits(value) }, for: value), function.rank(for: value) < 2 {
            return try function.apply(value, context)
        }
        if let semantic = value as? any SemanticTensor, !(value is Tensor),
            let function = functions.first(where: { $0.input == Tensor.self })
        {
            let result = try function.apply(semantic.tensor, context)
            guard let tensor = result as? Tensor else { return result }
            return semantic.replacing(tensor)
        }
        guard let function = choose(functions.filter { $0.fits(value) }, for: value) else { return value }
        return try function.apply(value, context)
    }

    private static func choose(_ fitting: [TypedFunction], for value: Any) -> TypedFunction? {
        fitting.dropFirst().reduce(fitting.first) { best, next in
            guard let best else { return next }
            let (a, b) = (best.rank(for: value), next.rank(for: value))
            // Two superclasses: the one that is itself a subclass of the other.
            return b < a || (b == a && a == 1 && best.input != next.input && best.takesType(next.input)) ? next : best
        }
    }

    /// How far `input` is from the type of `value`, of which it is known to be one.
    private func rank(for value: Any) -> Int {
        if input == type(of: value) { return 0 }
        if input is AnyObject.Type { return 1 }
        return input == Any.self ? 4 : 3
    }
}
