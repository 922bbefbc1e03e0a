// SPDX-License-Identifier: Apache-2.0
// The training loop.

public import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

extension Learner {
    /// Epochs of a fit: each trains on `dls.train` and validates on `dls[1]`.
    ///
    /// Those that a ``SkipToEpoch`` or a ``ResumeCallback`` leaves out are over already, in a run before this one: no event announces them.
    func allEpochs() throws {
        let skipping = callbacks.lazy.filter(\.run).compactMap {
            ($0 as? SkipToEpoch)?.epoch ?? ($0 as? ResumeCallback)?.point.epoch
        }
        let first = min(nEpoch, skipping.max() ?? 0)
        epoch = max(0, first - 1)
        for epoch in first..<nEpoch {
            self.epoch = epoch
            try run(.epoch) {
                (dl, place) = (dls.train, ResumePoint(epoch: epoch))
                try run(.train) { try trainingPhase() }
                guard dls.count > 1 else { return warn("there is no validation loader: epochs end without validation") }
                dl = dls[1]
                try withNoGrad { try run(.validate) { try allBatches() } }
            }
        }
    }

    /// The training batches; none where the run goes on after them.
    private func trainingPhase() throws {
        guard let ended = resuming.endedTraining else { return try allBatches() }
        resuming.endedTraining = nil
        if let dl { nIter = try length(of: dl) ?? 0 }
        place.batchCount = nIter
        _ = skipToFirstBatch()
        if ended.wasCancelled { throw CancelSignal.train }
    }

    /// Trains or evaluates on every batch of ``dl``. Collective, as part of a fit or a validation: on several ranks each
    /// goes through its own parts of the same number of batches.
    ///
    /// A stream that does not know its length is read to its end. Should the ends differ between ranks, those that have come
    /// to theirs go on with empty batches until all have.
    ///
    /// - Throws: ``LearnerError`` when there is no loader, or one without a length that is no stream; what the loader and the
    ///   callbacks throw.
    public func allBatches() throws {
        guard let dl else { throw LearnerError(.noLoader, "allBatches: there is no loader; set learner.dl first") }
        let length = try length(of: dl)
        nIter = length ?? 0
        if training { place.batchCount = nIter }
        if length == 0, training {
            warn(dls.warnings.first ?? "the training loader is empty: this epoch trains nothing")
        }
        var (index, position) = skipToFirstBatch()
        var batches = try dl.makeIterator(
            epoch: training ? epochsSeen + epoch : inferenceEpoch, from: index, position: position)
        guard length == nil else {
            while let batch = try batches.next() {
                try oneBatch(index, batch)
                index += 1
            }
            return
        }
        var empty: Batch?
        while true {
            let batch = try batches.next()
            guard try coordinator.ranksContinue(with: batch?.shareOfWhole ?? 0) else { return }
            // Once: a rank that never gets an item must know all the same what there is none of.
            if empty == nil { empty = try coordinator.batchWithoutItems(like: batch?.withoutItems) }
            try oneBatch(index, batch ?? empty ?? Batch(inputs: [], targets: [], size: 0))
            index += 1
        }
    }

    /// Counts the batches that the training phase leaves out, and returns how many they are and where in the epoch's order
    /// the first of the others begins, if that is known.
    private func skipToFirstBatch() -> (first: Int, position: Int?) {
        let (first, position) = (firstBatch, resuming.firstPosition)
        (firstBatch, resuming.firstPosition) = (0, nil)
        guard training, first > 0 else { return (0, nil) }
        trainIter += first
        // One by one, as they were counted: schedules then see the same bits.
        for _ in 0..<first where nIter > 0 { pctTrain += 1 / (Double(nIter) * Double(nEpoch)) }
        (place.batches, place.position) = (first, position)
        return (first, position)
    }

    /// Trains or evaluates on one batch, leaving `xb`, `yb`, `preds` and `loss`.
    ///
    /// A batch without items (a rank's shard of a small global batch) goes through the same events: its weight is 0, the
    /// step happens, the model runs only when layers communicate. A batch without targets ends after `afterLoss`.
    public func oneBatch(_ index: Int, _ batch: Batch) throws {
        try begin(index, batch)
        try run(.batch) {
            try runModel()
            try throwMistake()
            try self(.afterPred)
            if let passes {
                if isLabelled { try passes.computeLoss(self) }
            } else if !preds.isEmpty && !yb.isEmpty {
                computeLoss()
            }
            try throwMistake()
            if training, isLabelled { try checkLossParts() }
            try self(.afterLoss)
            guard training, isLabelled else { return }
            try run(.backward) { try passes?.backward(self) ?? backward() }
            try run(.step) { if let optimizer { try stepStrategy.update(optimizer) } }
            optimizer?.zeroGradients()
        }
    }

    /// Runs one level of the loop: its `before` event and `body` up to the level's own cancel signal, then its `after`
    /// event. Whether and how the level was cancelled is agreed on with all ranks.
    func run(_ phase: Phase, _ body: () throws -> Void) throws {
        var signal: CancelSignal?
        do {
            if isSurrounded {
                try surround(phase, surrounding[...]) { try enter(phase, body) }
            } else {
                try enter(phase, body)
            }
        } catch let raised as CancelSignal {
            signal = raised
        }
        if phase != .backward { signal = try coordinator.agree(on: signal, leaving: phase) }
        if phase == .batch, signal == nil || signal == .batch {
            try completeStepLoss()
            training ? try watchTrainingLoss() : watchValidationLoss()
        }
        if phase == .validate, signal == nil || signal == .validate { try tellValidationLoss() }
        if phase == .batch, training { (place.batches, place.position) = (iter + 1, resuming.batchEnd) }
        if phase == .train, signal == nil || signal == .train { noteEndOfTraining(wasCancelled: signal != nil) }
        if let signal {
            guard signal == phase.signal else { throw signal }
            try self(phase.afterCancel)
        }
        try self(phase.after)
        try throwMistake()
    }

    /// Inlined: where nobody surrounds levels, `run` is compiled for each body.
    @inline(__always)
    private func enter(_ phase: Phase, _ body: () throws -> Void) throws {
        try self(phase.before)
        try coordinator.enter(phase)
        try body()
    }

    /// Runs a level with what callbacks have put around it.
    private func surround(_ phase: Phase, _ callbacks: ArraySlice<Callback>, _ level: () throws -> Void) throws {
        guard let callback = callbacks.first else { return try level() }
        let inner = callbacks.dropFirst()
        guard callback.isDue(at: phase.before, isTraining: training) else { return try surround(phase, inner, level) }
        var (hasRun, failure): (Bool, (any Error)?) = (false, nil)
        do {
            try callback.around(phase, self) {
                guard !hasRun else { throw LearnerError(.busy, "around: the level was run already") }
                hasRun = true
                do { try surround(phase, inner, level) } catch {
                    failure = error
                    throw error
                }
            }
        } catch {
            throw failure ?? explained(error, from: callback, at: phase.before)
        }
        // The other ranks have left the level so, too.
        if let failure { throw failure }
        guard hasRun else {
            let error = LearnerError(.busy, "around: \(callback.typeName) did not run the level \(phase.rawValue)")
            throw explained(error, from: callback, at: phase.before)
        }
    }

    /// - Throws: ``LearnerError`` (`unusableData`) when an operation has met data that it cannot use.
    private func throwMistake() throws(LearnerError) {
        guard let sentence = mistakes.take() else { return }
        throw LearnerError(.unusableData, "\(batchPlace): \(sentence)")
    }

    /// Where the batch at hand is, for sentences about its data.
    package var batchPlace: String {
        "\(isInferring ? "inference" : training ? "training" : "validation"), epoch \(epoch), batch \(iter)"
    }

    private func runModel() throws {
        try bundleCheck?.check(self)
        if let passes { return try passes.forward(self) }
        // Layers that communicate need every rank: one without items runs the model on none.
        if !part.isEmpty || (training && coordinator.runsEmptyParts && !xb.isEmpty) { preds = model.forward(xb) }
    }

    private func begin(_ index: Int, _ batch: Batch) throws {
        iter = index
        (xb, yb) = (batch.inputs, batch.targets)
        (batchWeight, batchFirstItem) = (Double(batch.size), batch.firstItem)
        (preds, lossGrad, loss, stepLoss) = ([], nil, nil, nil)
        part = BatchPart(isEmpty: batch.size == 0)
        resuming.batchEnd = batch.endPosition
        guard training else { return }
        // Counted over fits and skipped epochs too: a resumed run drops what an uninterrupted one would.
        let step = (epochsSeen + epoch) * (nIter > 0 ? nIter : 1 << 24) + index
        DropoutContext.current = DropoutContext(
            seed: seed, step: step, firstItem: batch.firstItem, itemCount: batch.size)
        if optimizer == nil { try createOptimizer() }
        if !isLabelled { warn("training batches have no targets: nothing is learnt") }
    }
}
