// SPDX-License-Identifier: Apache-2.0
// What can be wrong with how a learner is put together or used, other than in callbacks and files.

import LockstepTensor

/// A use of a learner that cannot work.
public struct LearnerError: Error, CustomStringConvertible, Sendable {
    /// What kind of misuse. New kinds may be added.
    public struct Code: Hashable, Sendable {
        private enum Kind {
            case nameCollision, duplicate, cycle, noLoader, unsizedLoader, busy, noReduction, missingCallback,
                unstableOrder, unusableData, unsuitableWeights
        }
        private let kind: Kind
        /// A callback's name is that of a member of the learner.
        public static let nameCollision = Code(kind: .nameCollision)
        /// A callback was added twice, or belongs to another learner.
        public static let duplicate = Code(kind: .duplicate)
        /// Callbacks that must each run after the other.
        public static let cycle = Code(kind: .cycle)
        /// There is no loader to iterate.
        public static let noLoader = Code(kind: .noLoader)
        /// A loader does not know how many batches it has.
        public static let unsizedLoader = Code(kind: .unsizedLoader)
        /// A fit inside a fit, or while the parameters have other values.
        public static let busy = Code(kind: .busy)
        /// The loss function cannot give one loss per item.
        public static let noReduction = Code(kind: .noReduction)
        /// A callback needs another one that is not here.
        public static let missingCallback = Code(kind: .missingCallback)
        /// A loader takes other items, or in another order, each time.
        public static let unstableOrder = Code(kind: .unstableOrder)
        /// A batch holds what an operation cannot use: a label that is no class, a token beyond its table, one item where batch
        /// normalisation needs more.
        public static let unusableData = Code(kind: .unusableData)
        /// Tensors that are to stand for the parameters differ from them in number or shape.
        public static let unsuitableWeights = Code(kind: .unsuitableWeights)
    }
    /// What kind of problem it is.
    public let code: Code
    /// One sentence.
    public let message: String
    public var description: String { message }

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, sentence(message)) }
}
