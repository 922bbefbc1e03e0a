// SPDX-License-Identifier: Apache-2.0
// What a callback, metric or loss tells of what it was made with.

import LockstepNN
import LockstepTensor

/// The arguments that `part` was made with, under Python's names: as its type's `Configuration` tells them, and of a loss
/// without one what a value without hidden state shows.
func arguments(of part: Any) -> [(name: String, value: ConfigValue)] {
    if let type = type(of: part) as? any Configurable.Type { return type.configuration.told(by: part) ?? [] }
    // Of a class the properties may be what it has seen.
    guard let loss = part as? any LossFunction, Mirror(reflecting: loss).displayStyle != .class else { return [] }
    return Mirror(reflecting: loss).children.compactMap { child in
        guard let label = child.label, label != "name" else { return nil }
        let value: ConfigValue? =
            switch child.value {
            case is Bool, is Int, is Double, is Reduction: ConfigValue(of: child.value)
            case let it as Tensor: .string("\(it.doubles)")
            default: nil
            }
        return value.map { (snakeCase(label), $0) }
    }
}
