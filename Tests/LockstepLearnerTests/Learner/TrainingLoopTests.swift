// SPDX-License-Identifier: Apache-2.0
// The printed loop.

import LockstepLearner
import LockstepTesting
import Testing

@Suite("The printed loop")
struct TrainingLoopTests {
    @Test("[S17] the tree of a learner with TrainEvalCallback alone")
    func tree() {
        let expected = """
            Start Fit
               - before_fit     : [TrainEvalCallback]
              Start Epoch Loop
                 - before_epoch   : []
                Start Train
                   - before_train   : [TrainEvalCallback]
                  Start Batch Loop
                     - before_batch   : []
                     - after_pred     : []
                     - after_loss     : []
                     - before_backward: []
                     - after_backward : []
                     - before_step    : []
                     - after_step     : []
                     - after_cancel_batch: []
                     - after_batch    : [TrainEvalCallback]
                  End Batch Loop
                End Train
                 - after_cancel_train: []
                 - after_train    : []
                Start Valid
                   - before_validate: [TrainEvalCallback]
                  Start Batch Loop
                     - **CBs same as train batch**: []
                  End Batch Loop
                End Valid
                 - after_cancel_validate: []
                 - after_validate : []
              End Epoch Loop
               - after_cancel_epoch: []
               - after_epoch    : []
            End Fit
             - after_cancel_fit: []
             - after_fit      : []
            """
        #expect(synthLearner().trainingLoopDescription == expected)
    }

    @Test("callbacks stand in running order")
    func order() {
        let learner = synthLearner(callbacks: [VerboseCallback(), TestTrainEvalCallback()])
        #expect(
            learner.trainingLoopDescription.contains(
                "- before_fit     : [TrainEvalCallback, VerboseCallback, TestTrainEvalCallback]\n"))
    }
}
