// SPDX-License-Identifier: Apache-2.0
// What can be wrong with an optimizer's settings or saved state.

import Glibc
import LockstepTensor

/// A setting or a saved state that does not fit an optimizer.
public struct OptimizerError: Error, CustomStringConvertible, Sendable {
    /// What kind of mismatch.
    public struct Code: Hashable, Sendable {
        private enum Kind { case groupCount, stateMismatch, unknownHyper, tooFewGroups }
        private let kind: Kind
        /// A list of values has another length than there are groups.
        public static let groupCount = Code(kind: .groupCount)
        /// A saved state belongs to other parameters or another rule.
        public static let stateMismatch = Code(kind: .stateMismatch)
        /// The rule has no hyper-parameter of that name.
        public static let unknownHyper = Code(kind: .unknownHyper)
        /// Freezing needs at least two groups.
        public static let tooFewGroups = Code(kind: .tooFewGroups)
    }
    /// What kind of problem it is.
    public let code: Code
    /// One sentence.
    public let message: String
    public var description: String { message }

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = sentence(message)
    }
}

/// `base` to the `exponent`.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
