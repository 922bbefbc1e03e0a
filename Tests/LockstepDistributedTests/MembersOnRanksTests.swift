// SPDX-License-Identifier: Apache-2.0
// An ensemble whose members have losses of their own trains on ranks as in one process; with bitwise sums to the bit.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Ensembles on ranks") struct MembersOnRanksTests {
    /// 37 rows, of which two ranks and three get unequal parts, with classes of unequal weights.
    private static func learner(_ loss: (any LossFunction)? = nil, dropout: [Double] = [0.2, 0.1]) -> Learner {
        let (categories, numbers) = (sampleIntegers([37, 1], seed: 1, in: 0..<4), sample([37, 3], seed: 2))
        let target = sampleIntegers([37], seed: 3, in: 0..<3)
        let rows = TensorDataset(inputs: [categories, numbers], targets: [target])
        let model = TabM(
            embeddings: [(4, 2)], continuous: 3, outputs: 3, averages: .probabilities, layers: [8, 6], members: 5,
            dropout: dropout)
        let loss: any LossFunction = loss ?? .eachMember(.crossEntropy(weight: Tensor([1, 2, 4])))
        return Learner(
            dls: DataLoaders([rows, rows], batchSize: 10), model: model, loss: loss, metrics: [.accuracy])
    }

    @Test("losses, metrics and weights are those of one process, whatever is dropped and weighted")
    func alike() throws { try expectTrainsAlike { Self.learner() } }

    @Test("with bitwise sums one rank, two and four give the same bits")
    func bits() throws {
        func weights(_ ranks: Int) throws -> [[Float]] {
            let outcomes = try InProcessWorld(ranks).run { communicator in
                setSeed(0)
                let learner = Self.learner()
                return try learner.withoutLogging {
                    try learner.distributed(over: communicator, reduction: .bitwise) { try learner.fit(2) }
                    return learner.model.stateDictionary().map(\.tensor.floats)
                }
            }
            return outcomes[0]
        }
        let one = try weights(1)
        #expect(try weights(2) == one)
        #expect(try weights(4) == one)
    }

    @Test("metrics of the training phase are those of the prediction")
    func training() throws {
        let learner = Self.learner(dropout: [])
        learner.removeCallback(try #require(learner.recorder))
        try learner.addCallback(Recorder(trainMetrics: true))
        try learner.withoutLogging { try learner.fit(1) }
        #expect(learner.recorder?.metricNames.contains("train_accuracy") == true)
        #expect(learner.finalRecord.allSatisfy { $0?.isFinite == true })
    }

    @Test("a loss of one output is refused with the sentence that says which is needed")
    func single() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try Self.learner(.crossEntropy).fit(1)
        }
        expectTrap(result, says: "CrossEntropyFlat: 2 outputs and 1 targets")
    }
}
