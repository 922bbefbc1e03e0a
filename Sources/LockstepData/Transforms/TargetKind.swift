// SPDX-License-Identifier: Apache-2.0
// What targets mean, so that a learner can infer its loss without this module knowing losses.

/// What the targets of a dataset mean.
public enum TargetKind: Sendable, Codable, Hashable {
    /// One of `count` classes as an index: cross-entropy.
    case category(count: Int)
    /// Any of `count` classes as a vector of 0 and 1: binary cross-entropy with logits.
    case multiCategory(count: Int)
    /// One of `count` classes for every pixel: cross-entropy over axis 1.
    case mask(count: Int)
    /// `count` real numbers: mean squared error.
    case regression(count: Int)

    /// How many numbers a model must give per item.
    public var outputCount: Int {
        switch self {
        case .category(let count), .multiCategory(let count), .mask(let count), .regression(let count): count
        }
    }
}
