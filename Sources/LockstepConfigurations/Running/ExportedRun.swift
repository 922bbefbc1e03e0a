// SPDX-License-Identifier: Apache-2.0
// A trained learner that is given away and taken into use.

import LockstepComm
import LockstepLearner
import LockstepTensor

/// A run whose learner is exported and loaded.
struct ExportedRun: Sendable {
    let configuration: Configuration
    let ranks: Int?

    /// The predictions of the learner and of the one that was loaded.
    func outcome() -> (own: Outcome, loaded: Outcome) {
        Network.register()
        ConfiguredLoss.register()
        Configuration.Metrics.register()
        do {
            let run = TrainingRun(configuration, ranks: ranks)
            let pairs = try withFolder { folder in
                try run.onRanks { ranks in
                    let trained = try run.learner(ranks, folder)
                    let learner = trained.learner
                    return try run.within(learner, ranks) {
                        try configuration.fit(learner)
                        trained.removeWatchers()
                        let path = try learner.export()
                        var (own, loaded) = (TrainingRecord(), TrainingRecord())
                        own.add("predictions", try learner.predictions().predictions.doubles)
                        guard ranks?.rank ?? 0 == 0 else { return (own, own) }
                        let copy = try Learner.load(contentsOf: path)
                        let data = ConfiguredData(configuration: configuration)
                        copy.dls = try data.loaders(path: folder)
                        loaded.add("predictions", try copy.predictions().predictions.doubles)
                        return (own, loaded)
                    }
                }
            }
            return (.finished(pairs.map(\.0)), .finished(pairs.map(\.1)))
        } catch {
            return (.refused("\(error)"), .refused("\(error)"))
        }
    }
}
