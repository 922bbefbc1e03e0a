// SPDX-License-Identifier: Apache-2.0
// The training loop.

public import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

extension Learner {
    /// Epochs of a fit: each trains on `dls.train` and validates on `dls[1]`.
    func allEpochs() throws {
        for epoch in 0..<nEpoch {
            self.epoch = epoch
            try run(.epoch) {
                dl = dls.train
                try run(.train) { try allBatches() }
                guard dls.count > 1 else { return warn("there is no validation loader: epochs end without validation") }
                dl = dls[1]
                try withNoGrad { try run(.validate) { try allBatches() } }
            }
        }
    }

    /// Trains or evaluates on every batch of ``dl``.
    ///
    /// - Throws: ``LearnerError`` when the loader does not know its length; what the loader and the callbacks throw.
    public func allBatches() throws {
        guard let dl else { throw LearnerError(.noLoader, "allBatches: there is no loader; set learner.dl first") }
        nIter = try length(of: dl)
        if nIter == 0, training {
            warn(dls.warnings.first ?? "the training loader is empty: this epoch trains nothing")
        }
        var batches = try dl.makeIterator(epoch: training ? epochsSeen + epoch : 0)
        var index = 0
        while let batch = try batches.next() {
            try oneBatch(index, batch)
            index += 1
        }
    }

    /// Trains or evaluates on one batch, leaving `xb`, `yb`, `preds` and `loss`.
    ///
    /// A batch without items (a rank's part of a small global batch) goes through the same events: its weight is 0, the
    /// step happens, the model runs only when layers communicate. A batch without targets ends after `afterLoss`.
    public func oneBatch(_ index: Int, _ batch: Batch) throws {
        try begin(index, batch)
        try run(.batch) {
            try runModel()
            try self(.afterPred)
            if !preds.isEmpty && !yb.isEmpty { try passes?.computeLoss(self) ?? computeLoss() }
            try self(.afterLoss)
            guard training, !yb.isEmpty else { return }
            try run(.backward) { try passes?.backward(self) ?? lossGrad?.backward() ?? () }
            try run(.step) { optimizer?.step() }
            optimizer?.zeroGradients()
        }
    }

    /// Runs one level of the loop: its `before` event and `body` up to the level's own cancel signal, then its `after`
    /// event. Whether and how the level was cancelled is agreed on with all ranks.
    func run(_ phase: Phase, _ body: () throws -> Void) throws {
        var signal: CancelSignal?
        do {
            try self(phase.before)
            try coordinator.enter(phase)
            try body()
        } catch let raised as CancelSignal {
            signal = raised
        }
        if phase != .backward { signal = try coordinator.agree(on: signal, leaving: phase) }
        if let signal {
            guard signal == phase.signal else { throw signal }
            try self(phase.afterCancel)
        }
        try self(phase.after)
    }

    private func runModel() throws {
        if let passes { return try passes.forward(self) }
        if batchWeight > 0 { preds = model.forward(xb) } else { runEmptyPart() }
    }

    /// Layers that communicate need every rank: one without items runs the model on none and contributes zeros.
    private func runEmptyPart() {
        guard training, coordinator.runsEmptyParts else { return }
        lossGrad = model.forward(xb).first.map { $0.sum() * 0 }
    }

    private func computeLoss() {
        let value = lossFunction(preds, yb)
        (lossGrad, loss) = (value, value.detached)
        if training { batchWeight = lossFunction.weight(preds[0], yb[0]) }
    }

    private func begin(_ index: Int, _ batch: Batch) throws {
        iter = index
        (xb, yb) = (batch.inputs, batch.targets)
        batchWeight = Double(batch.size)
        (preds, lossGrad, loss, stepLoss) = ([], nil, nil, nil)
        guard training else { return }
        // Counted over fits and skipped epochs too: a resumed run drops what an uninterrupted one would.
        let step = (epochsSeen + epoch) * nIter + index
        DropoutContext.current = DropoutContext(
            seed: seed, step: step, firstItem: batch.firstItem, itemCount: batch.size)
        if optimizer == nil { try createOptimizer() }
        if yb.isEmpty { warn("training batches have no targets: nothing is learnt") }
    }
}
