// SPDX-License-Identifier: Apache-2.0
// Loading an exported learner on several ranks, from a disk that only one of them may see.

public import LockstepComm
import LockstepData
public import LockstepLearner
public import LockstepOptim

extension Learner {
    /// The learner in a bundle, on every rank. Rank 0 reads the file and tells the others; what another rank has done
    /// before, an export included, is waited for. Collective.
    ///
    /// - Parameter communicator: The ranks; nil means those this program was started with.
    /// - Throws: what `load(contentsOf:)` throws, on every rank.
    public static func load(
        contentsOf file: String, over communicator: (any Communicator)?, optimizer: OptimizerFactory = .adam(),
        splitter: ParameterSplitter = .trainableParameters
    ) throws -> Learner {
        let ranks = try communicator ?? World.current()
        let bytes = try WriterCoordinator(ranks).bytes(ofFile: file)
        return try load(bytes, from: file, optimizer: optimizer, splitter: splitter)
    }
}
