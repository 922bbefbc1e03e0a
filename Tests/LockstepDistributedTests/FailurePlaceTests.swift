// SPDX-License-Identifier: Apache-2.0
// Where a rank says it is: in an event of the loop while there is a loop, and nowhere afterwards.

import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Synchronization
import Testing

@testable import LockstepComm

@Suite("Where a rank fails") struct FailurePlaceTests {
    /// What a rank tells of the place it is at.
    private static func place(_ ranks: any Communicator) -> String? {
        (ranks as? any EngineBacked)?.engine.plane.lastEvent
    }

    private static func learner() -> Learner {
        let items = TensorDataset(inputs: [sample([8, 1])], targets: [sample([8, 1], seed: 1)])
        let learner = withSeed(3) {
            Learner(
                dls: DataLoaders([items, items], batchSize: 4), model: Linear(1, 1), loss: .mse,
                defaultCallbacks: .core)
        }
        learner.logger = SilentLogger()
        return learner
    }

    @Test("a failure after a fit, or after a validation, names no event of it", arguments: [2, 3])
    func afterwards(ranks: Int) throws {
        let places = try InProcessWorld(ranks).run { c in
            var places: [String?] = []
            let learner = Self.learner()
            try learner.on(.afterLoss) { _ in places.append(Self.place(c)) }
            try learner.distributed(over: c) {
                try learner.fit(1)
                places.append(Self.place(c))
                try learner.validate()
                places.append(Self.place(c))
            }
            return places
        }
        for places in places {
            #expect(places.dropLast(3).first == "before_batch, step 0")
            #expect(places.count { $0 == "" } == 2 && places.last == "")
        }
    }

    @Test("one that ends the fit names it, and still does when the fit is left")
    func inside() throws {
        let places = Mutex<[String?]>([])
        #expect(throws: (any Error).self) {
            try InProcessWorld(2).run { c in
                let learner = Self.learner()
                try learner.on(.afterLoss) { _ in if c.rank == 1 { throw Failing() } }
                do { try learner.distributed(over: c) { try learner.fit(1) } } catch {
                    if c.rank == 1 { places.withLock { $0.append(Self.place(c)) } }
                    throw error
                }
            }
        }
        #expect(places.withLock { $0 } == ["before_batch, step 0"])
    }

    private struct Failing: Error {}
}
