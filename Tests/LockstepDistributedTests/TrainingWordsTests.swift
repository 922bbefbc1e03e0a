// SPDX-License-Identifier: Apache-2.0
// The words that ranks which train say to each other: none is another, and none is the communicator's own.
import LockstepComm
@testable import LockstepDistributed
import LockstepLearner
import Testing

@Suite("Words of ranks that train")
struct TrainingWordsTests {
    private let words: [StatusWord] = [
        .cancelBackward, .cancelStep, .cancelBatch, .cancelTrain, .cancelValidate, .cancelEpoch, .cancelFit,
        .stopRequested, .leavesSharing, .hasLoss, .hasGradient, .lacksGradient, .goesOn, .keepsNothing, .keepsParts,
        .keepsWhole,
    ]

    @Test("each has a bit of its own, and none a caller's") func distinct() {
        #expect(Set(words.map(\.rawValue)).count == words.count)
        for word in words {
            #expect(word.rawValue.nonzeroBitCount == 1)
            #expect((1..<32).contains(word.rawValue.trailingZeroBitCount), "the lower half is the communicator's")
        }
    }

    @Test("of several cancel signals the one that leaves most of the loop is agreed on") func strongest() {
        #expect(CancelSignal(strongestIn: [.cancelStep, .cancelEpoch, .hasLoss]) == .epoch)
        #expect(CancelSignal(strongestIn: [.stopRequested, .hasLoss]) == nil)
    }
}
