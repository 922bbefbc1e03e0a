// SPDX-License-Identifier: Apache-2.0
// Rates and other hyper-parameters as a log holds them.

public import LockstepOptim
public import LockstepTensor

extension ConfigValue {
    /// A number, or what a slice or list of rates looks like in Python.
    public init(_ value: HyperValue) {
        switch value {
        case .value(let number): self = .double(number)
        case .range(let start, let stop): self = .string("slice(\(start.map { "\($0), " } ?? "")\(stop))")
        case .perGroup(let values): self = .string("\(values)")
        }
    }
}
