// SPDX-License-Identifier: Apache-2.0
// What a factory of optimizers and a schedule print as.

extension OptimizerFactory: CustomStringConvertible {
    public var description: String { lr.map { "\(name), lr \($0)" } ?? name }
}

extension Schedule: CustomStringConvertible {
    /// What it gives at the start, at quarters, and at the end.
    public var description: String { "schedule \([0, 0.25, 0.5, 0.75, 1].map { self($0) })" }
}
