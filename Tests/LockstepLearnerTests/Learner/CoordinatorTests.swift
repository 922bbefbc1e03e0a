// SPDX-License-Identifier: Apache-2.0
// What the learner asks of a coordinator, when, and what it does with the answers.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// Notes what it is asked, and answers as it is told.
private final class Witness: TrainingCoordinator {
    var log: [String] = []
    var answer: (CancelSignal?, Phase) -> CancelSignal? = { signal, _ in signal }
    var valuesAnswer: ([Metric]) -> [Double?] = { $0.map(\.value) }
    var isWriter = true
    var failures: [any Error] = []

    func enter(_ phase: Phase) { log.append("enter \(phase)") }
    func agree(on signal: CancelSignal?, leaving phase: Phase) -> CancelSignal? {
        log.append("leave \(phase)" + (signal.map { " with \($0)" } ?? ""))
        return answer(signal, phase)
    }
    func values(of metrics: [Metric]) -> [Double?] {
        log.append("values \(metrics.count)")
        return valuesAnswer(metrics)
    }
    func gather(_ rows: BatchRows) -> BatchRows {
        log.append("gather \(rows.count)")
        return isWriter ? rows : BatchRows()
    }
    func write(_ body: () throws -> Void) throws {
        log.append("write")
        if isWriter { try body() }
    }
    func read(_ body: () throws -> [UInt8]) throws -> [UInt8] {
        log.append("read")
        return try body()
    }
    func abandon(because error: any Error) { failures.append(error) }
}

@Suite("The seam to other ranks")
struct CoordinatorTests {
    private func learner(_ witness: Witness, metrics: [Metric] = [.mae], _ callbacks: [Callback] = []) -> Learner {
        let learner = goldenLearner(metrics: metrics, callbacks: callbacks)
        learner.coordinator = witness
        return learner
    }
    private let trainBatch = ["enter batch", "enter backward", "enter step", "leave step", "leave batch"]
    private let validBatch = ["enter batch", "leave batch"]

    @Test("a fit asks the same questions in the same order whatever the data")
    func sequence() throws {
        let witness = Witness()
        try learner(witness).fit(1)
        #expect(
            witness.log == ["enter fit", "enter epoch", "enter train"] + trainBatch + trainBatch
                + ["leave train", "values 1", "enter validate"] + validBatch + validBatch + [
                    "leave validate", "values 2", "leave epoch", "leave fit",
                ])
        #expect(witness.failures.isEmpty)
    }

    @Test("a signal of this rank is told, one of another rank is obeyed at the end of the level")
    func agreement() throws {
        let (own, other) = (Witness(), Witness())
        try learner(own, [Throwing(CancelSignal.fit, at: .afterLoss)]).fit(1)
        #expect(
            own.log.suffix(4) == [
                "leave batch with fit", "leave train with fit", "leave epoch with fit", "leave fit with fit",
            ])
        let verbose = VerboseCallback()
        other.answer = { signal, phase in phase == .batch ? .epoch : signal }
        try learner(other, [verbose]).fit(1)
        #expect(names(verbose.events).hasSuffix("before_step after_step after_cancel_epoch after_epoch after_fit"))
    }

    @Test("ranks that raise different signals follow the one that is answered")
    func overruled() throws {
        let witness = Witness()
        witness.answer = { signal, phase in signal == nil ? nil : phase == .batch ? .train : signal }
        let verbose = VerboseCallback()
        try learner(witness, [verbose, Throwing(CancelSignal.fit, at: .afterLoss, when: \.training)]).fit(1)
        #expect(verbose.events.contains(.afterCancelTrain) && verbose.events.contains(.beforeValidate))
        #expect(!verbose.events.contains(.afterCancelFit))
    }

    @Test("the recorder reports what the coordinator answers")
    func values() throws {
        let witness = Witness()
        witness.valuesAnswer = { $0.count == 1 ? [6] : [7, 8] }
        let learner = learner(witness)
        try learner.fit(1)
        #expect(learner.finalRecord == [6, 7, 8])
        #expect(try learner.validate() == [7, 8])
    }

    @Test("a rank that does not write logs nothing, saves nothing, gets no predictions, and knows the path")
    func notWriting() throws {
        try withTemporaryFolder { folder in
            let witness = Witness()
            witness.isWriter = false
            let learner = learner(witness)
            let logger = RowCollector()
            (learner.logger, learner.path) = (logger, folder.path)
            try learner.fit(1)
            #expect(logger.rows.isEmpty && logger.headers.isEmpty && learner.finalRecord.count == 3)
            #expect(try learner.save("x") == folder.path + "/models/x.safetensors")
            #expect(throws: DataError.self) { try learner.load("x") }
            let result = try learner.predictions(withInput: true, withDecoded: true, withLoss: true)
            #expect(result.count == 0 && result.predictions.shape == [0, 1] && result.target?.shape == [0, 1])
            #expect(result.inputs?.count == 1 && result.losses?.shape == [0] && result.decoded != nil)
        }
    }

    @Test("an error is announced before anything is torn down")
    func abandoning() throws {
        struct Oops: Error {}
        let witness = Witness()
        var failuresAtTeardown: Int?
        final class Late: Callback {
            let note: () -> Void
            init(_ note: @escaping () -> Void) { self.note = note }
            override func teardown(_ learner: Learner) { note() }
        }
        let learner = learner(witness, [Late { failuresAtTeardown = witness.failures.count }])
        #expect(throws: CallbackError.self) { try learner.fit(1, callbacks: [Throwing(Oops(), at: .afterStep)]) }
        #expect(failuresAtTeardown == 1)
        #expect(witness.failures.first is CallbackError)
        #expect(throws: EscapedCancelError.self) {
            try learner.fit(1, callbacks: [Throwing(CancelSignal.train, at: .afterFit)])
        }
        #expect(witness.failures.last is EscapedCancelError)
    }

    @Test("the step's loss that a reducing callback tells is what is smoothed")
    func stepLoss() throws {
        let learner = goldenLearner()
        try learner.on(.beforeStep, order: 11) { $0.stepLoss = 2 }
        try learner.fit(1)
        expectClose(try #require(learner.recorder).losses, [2, 2], relative: 1e-12)
    }

    // MARK: A rank's part of a batch can be empty

    private func emptyPart(of batch: Batch) -> Batch {
        Batch(inputs: batch.inputs.map { $0[0..<0] }, targets: batch.targets.map { $0[0..<0] }, size: 0)
    }

    @Test("a batch without items: every event and the step, no forward pass, weight 0")
    func emptyBatch() throws {
        let verbose = VerboseCallback()
        let learner = goldenLearner(callbacks: [verbose])
        let whole = try learner.dls.oneBatch()
        learner.dls = DataLoaders(BatchList([emptyPart(of: whole)]), BatchList([emptyPart(of: whole)]))
        var weights: [Double] = []
        try learner.on(.beforeStep) { learner in
            weights.append(learner.batchWeight)
            #expect(learner.preds.isEmpty && learner.loss == nil)
            // What a reduction with other ranks would bring.
            for parameter in learner.model.parameters() { parameter.gradient = Tensor([Float(2)]) }
        }
        try learner.fit(1)
        let batch =
            "before_batch after_pred after_loss before_backward after_backward before_step after_step after_batch"
        #expect(names(verbose.events).contains("before_train \(batch) after_train"))
        #expect(weights == [0])
        expectClose(learner.model.parameters().map { $0.value.item() }, [0.4, -0.6], relative: 1e-6)
        #expect(learner.finalRecord == [nil, nil])
    }

    @Test("metrics and predictions pass over batches without items")
    func emptyBatchesInPhases() throws {
        let learner = goldenLearner(metrics: [.mae])
        let whole = try learner.dls.oneBatch()
        let mixed = DataSource.batches([whole, emptyPart(of: whole), whole])
        #expect(try learner.validate(on: mixed) == learner.validate(on: .batches([whole])))
        let result = try learner.predictions(on: mixed, withLoss: true)
        #expect(result.count == 8 && result.losses?.count == 8)
        let none = try learner.predictions(on: .batches([emptyPart(of: whole)]), withLoss: true)
        #expect(none.count == 0 && none.targets.count == 1)
    }

    @Test("the loss says how much a batch weighs")
    func weights() throws {
        let learner = goldenLearner(trainRows: 6)
        var weights: [Double] = []
        try learner.on(.beforeStep) { weights.append($0.batchWeight) }
        try learner.fit(1)
        #expect(weights == [4, 2])
    }
}
