// SPDX-License-Identifier: Apache-2.0
// What ranks find out about each other that makes training together impossible.

/// What all ranks have found alike: they do not train the same thing, or cannot train it. The same error on every rank.
public struct ReplicaError: Error, CustomStringConvertible, Sendable {
    /// What kind of difference.
    public struct Code: Hashable, Sendable {
        private enum Kind { case setupDiffers, replicasDrifted, tooFewValues, metricNotMergeable }
        private let kind: Kind
        /// Model, optimizer, loaders, epochs or callbacks differ at the start.
        public static let setupDiffers = Code(kind: .setupDiffers)
        /// Parameters that were equal are not any more.
        public static let replicasDrifted = Code(kind: .replicasDrifted)
        /// A batch, over all ranks, with one value per channel for batch normalisation.
        public static let tooFewValues = Code(kind: .tooFewValues)
        /// A metric that accumulates, but does not say what can be merged over ranks.
        public static let metricNotMergeable = Code(kind: .metricNotMergeable)
    }
    /// What kind of difference it is.
    public let code: Code
    /// One sentence that names the ranks and the first difference.
    public let message: String
    public var description: String { message }
}
