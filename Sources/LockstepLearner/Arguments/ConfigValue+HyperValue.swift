// SPDX-License-Identifier: Apache-2.0
// Rates and other hyper-parameters as a log holds them.

public import LockstepOptim
public import LockstepTensor

extension ConfigValue {
    /// A number, or what a slice or list of rates looks like in Python.
    public init(_ value: HyperValue) {
        if case .value(let number) = value { self = .double(number) } else { self = .string(value.description) }
    }
}
