// SPDX-License-Identifier: Apache-2.0
// A learner can be exported while it trains. (That every callback comes back or is left out is in ExportWalkTests.)

import Foundation
import LockstepData
import LockstepDistributed
@testable import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: callbacks") struct ExportedCallbacksTests {
    @Test("a learner is exported in the middle of a fit with a schedule, and of a validation") func inTheMiddle() throws
    {
        final class Exporting: Callback {
            var bundles: [[UInt8]] = []
            override var isExported: Bool { false }
            override func afterEpoch(_ learner: Learner) throws { bundles.append(try learner.exported()) }
        }
        let exporting = Exporting()
        let learner = goldenLearner()
        learner.model = Sequential { Linear(1, 1) }
        try learner.addCallback(exporting)
        try learner.fitOneCycle(2, lrMax: 0.1, startEpoch: 1)
        try learner.validate()
        #expect(exporting.bundles.count >= 2)
        for bundle in exporting.bundles {
            #expect(try Learner.load(exported: bundle).callbacks.map(\.typeName) == ["TrainEvalCallback", "Recorder"])
        }
    }
}
