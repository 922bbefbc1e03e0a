// SPDX-License-Identifier: Apache-2.0
// What the recorder keeps and logs.

import LockstepData
import LockstepLearner
import LockstepOptim
import LockstepTesting
import Testing

@Suite("Recorder")
struct RecorderTests {
    private func learner(_ recorder: Recorder, metrics: [Metric] = [.mae], _ callbacks: [Callback] = []) -> Learner {
        goldenLearner(metrics: metrics, callbacks: callbacks, defaultCallbacks: [TrainEvalCallback(), recorder])
    }

    @Test("[CORE-10] columns of the flag combinations")
    func headers() throws {
        func header(_ train: Bool, _ valid: Bool) throws -> [String] {
            let learner = learner(Recorder(trainMetrics: train, validMetrics: valid))
            try learner.fit(1)
            let recorder = try #require(learner.recorder)
            #expect(recorder.values[0].count == recorder.names.count)
            #expect(recorder.values[0].allSatisfy { $0 != nil })
            return recorder.metricNames
        }
        #expect(try header(false, true) == ["epoch", "train_loss", "valid_loss", "mae", "time"])
        #expect(
            try header(true, true) == ["epoch", "train_loss", "train_mae", "valid_loss", "valid_mae", "time"])
        #expect(try header(true, false) == ["epoch", "train_loss", "mae", "time"])
        #expect(try header(false, false) == ["epoch", "train_loss", "time"])
    }

    @Test("[CORE-11] a cancelled phase leaves its columns empty and the others in place")
    func alignment() throws {
        let cut = learner(
            Recorder(trainMetrics: true), [Throwing(CancelSignal.train, at: .beforeBatch, when: \.training)])
        try cut.fit(1)
        #expect(cut.finalRecord.map { $0 != nil } == [false, false, true, true])
        let invalid = learner(Recorder(), [Throwing(CancelSignal.validate, at: .beforeValidate)])
        try invalid.fit(1)
        #expect(invalid.finalRecord.map { $0 != nil } == [true, false, false])
        let row = try #require(invalid.recorder?.rows.first)
        #expect(row["train_loss"] != nil && row["valid_loss"] == nil && row["nonsense"] == nil)
    }

    @Test("[CORE-13] the smoothed loss runs across epochs and starts anew with a fit")
    func smoothing() throws {
        let learner = learner(Recorder())
        try learner.fit(2)
        let recorder = try #require(learner.recorder)
        #expect(recorder.losses.count == 4 && recorder.lrs == [0.05, 0.05, 0.05, 0.05] && recorder.iters == [2, 4])
        #expect(recorder.losses.last == recorder.values[1][0])
        #expect(learner.smoothLoss == recorder.losses.last)
        try learner.fit(1)
        #expect(recorder.losses.count == 2 && recorder.rows.count == 1)
    }

    @Test("[CORE-14] no time column without addTime")
    func noTime() throws {
        let learner = learner(Recorder(addTime: false))
        let logger = RowCollector()
        learner.logger = logger
        try learner.fit(1)
        #expect(logger.headers == [["epoch", "train_loss", "valid_loss", "mae"]])
        #expect(logger.rows[0].cells.count == 4 && logger.rows[0].header == logger.headers[0])
    }

    @Test("[S23] the printed row: epoch, three numbers, minutes and seconds")
    func printedRow() throws {
        let learner = learner(Recorder(), metrics: [.mse])
        let text = TextCollector()
        learner.logger = PrintLogger(text.console())
        try learner.fit(1)
        #expect(text.text.wholeMatch(of: /\[0, \d+\.\d+, \d+\.\d+, \d+\.\d+, \d\d:\d\d\]\n/) != nil, "\(text.text)")
    }

    @Test("epochs that are skipped log nothing")
    func skippedEpochs() throws {
        let learner = learner(Recorder())
        let logger = RowCollector()
        learner.logger = logger
        try learner.fit(3, startEpoch: 2)
        #expect(logger.rows.map(\.epoch) == [2])
        #expect(learner.recorder?.values.count == 1)
    }

    @Test("one batch outside of a fit does not trouble it")
    func outsideFit() throws {
        let learner = learner(Recorder())
        learner.training = true
        try learner.oneBatch(0, try learner.dls.oneBatch())
        #expect(learner.recorder?.losses.count == 1)
    }

    @Test("the learning rate is the last group's, as it was for the batch")
    func rates() throws {
        let learner = learner(Recorder())
        try learner.fitOneCycle(1, lrMax: 0.1)
        #expect(learner.recorder?.lrs == learner.recorder?.hps["lr"])
    }

    @Test("numbers have a fixed number of decimals")
    func decimals() {
        let row = EpochRow(
            epoch: 3, names: ["a", "b", "c", "d", "e"], values: [0, -1.5, nil, 123456.7890123, -1e-9], seconds: 3665)
        #expect(row.cells == ["3", "0.000000", "-1.500000", "", "123456.789012", "0.000000", "1:01:05"])
        let odd = EpochRow(epoch: 0, names: ["a", "b"], values: [.nan, .infinity], seconds: nil)
        #expect(odd.cells == ["0", "nan", "inf"])
        #expect(odd.header == ["epoch", "a", "b"])
    }
}
