// SPDX-License-Identifier: Apache-2.0
// Runs that are interrupted and go on.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner

/// An interrupted run and the one that finishes it.
struct ResumedRun: Sendable {
    let configuration: Configuration
    /// On how many ranks it is interrupted, and on how many it goes on.
    let (first, second): (Int?, Int?)

    /// What the resumed run has to show: the model, and the last row of the history. Nil when the run had ended before it
    /// could be interrupted.
    func outcome() -> Outcome? {
        do {
            return try withFolder { folder in
                let isStopped = try interrupted(TrainingRun(configuration, ranks: first), folder)
                guard isStopped else { return nil }
                if configuration["resume"] == "twice" {
                    try killedWhileSkipping(TrainingRun(configuration, ranks: first), folder)
                }
                return .finished(try resumed(TrainingRun(configuration, ranks: second), folder))
            }
        } catch {
            return .refused("\(error)")
        }
    }

    /// What of an uninterrupted run's record a resumed one repeats.
    static func part(of records: [TrainingRecord]) -> [TrainingRecord] {
        records.map { record in
            var part = TrainingRecord()
            for name in ["weights", "buffers", "train_loss", "valid_loss"] {
                guard let values = record[name] else { continue }
                part.add(name, name.hasSuffix("loss") ? values.suffix(1) : values)
            }
            return part
        }
    }

    private func interrupted(_ run: TrainingRun, _ folder: String) throws -> Bool {
        try run.onRanks { ranks in
            let trained = try run.learner(ranks, folder)
            let learner = trained.learner
            var wanted: Int32?
            let epoch = min(1, configuration.epochCount - 1)
            let byEpoch = ["epoch", "twice"].contains(configuration["resume"])
            if byEpoch {
                let last = configuration["resume"] == "twice" ? 2 : 1
                try learner.on(.beforeEpoch, order: 90) { learner in
                    if learner.epoch == last, !learner.isInferring { throw CancelSignal.fit }
                }
            } else {
                let inValidation = configuration["resume"] == "validation"
                try learner.on(.afterLoss) { learner in
                    guard learner.epoch == epoch, learner.iter == 0, learner.training != inValidation else { return }
                    if !learner.isInferring, ranks?.rank ?? 0 == (ranks?.size ?? 1) - 1 { wanted = 15 }
                }
            }
            let preemption = PreemptionCallback(everyEpochs: byEpoch ? 1 : nil, console: Console { _ in }) { wanted }
            return try run.within(learner, ranks) {
                try configuration.fit(learner, callbacks: [preemption])
                return preemption.signal != nil || byEpoch && Files.exists(folder + "/models/resume.safetensors")
            }
        }[0]
    }

    /// Dies again while it skips the epochs that are done.
    private func killedWhileSkipping(_ run: TrainingRun, _ folder: String) throws {
        _ = try run.onRanks { ranks in
            let learner = try run.learner(ranks, folder).learner
            try learner.on(.beforeEpoch, order: -90) { learner in
                // The first epoch it sees, be it one that is skipped.
                if learner.epoch >= 1, !learner.isInferring { throw CancelSignal.fit }
            }
            let preemption = PreemptionCallback(everyEpochs: 1, console: Console { _ in }) { nil }
            try run.within(learner, ranks) {
                let point = try learner.loadResumePoint()
                try configuration.fit(learner, callbacks: [ResumeCallback(point), preemption], from: point.epoch)
            }
            return 0
        }
    }

    private func resumed(_ run: TrainingRun, _ folder: String) throws -> [TrainingRecord] {
        try run.onRanks { ranks in
            let learner = try run.learner(ranks, folder).learner
            return try run.within(learner, ranks) {
                let point = try learner.loadResumePoint()
                try configuration.fit(learner, callbacks: [ResumeCallback(point)], from: point.epoch)
                var record = TrainingRecord()
                record.addModel(learner, buffersAreShared: configuration["batchNorm"] != "local")
                record.addHistory(learner)
                return ResumedRun.part(of: [record])[0]
            }
        }
    }
}
