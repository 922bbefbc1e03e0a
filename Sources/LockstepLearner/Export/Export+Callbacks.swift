// SPDX-License-Identifier: Apache-2.0
// How the callbacks of this module are described and made again: settings, not what they have seen.

import LockstepTensor

extension ExportRegistry.Entry {
    /// Every callback of the module that keeps no functions.
    static let callbacks: [Entry] = plain + trackers

    private static let plain: [Entry] = [
        Entry(TrainEvalCallback.self) { _ in TrainEvalCallback() },
        Entry(ProgressCallback.self) { _ in ProgressCallback() },
        Entry(BnFreeze.self) { _ in BnFreeze() },
        Entry(CollectDataCallback.self) { _ in CollectDataCallback() },
        Entry(MCDropoutCallback.self) { _ in MCDropoutCallback() },
        Entry(ModelResetter.self) { _ in ModelResetter() },
        Entry(RNNCallback.self) { _ in RNNCallback() },
        Entry(RNNRegularizer.self) {
            ["alpha": $0.alpha, "beta": $0.beta]
        } _: {
            RNNRegularizer(alpha: try $0("alpha"), beta: try $0("beta"))
        },
        Entry(TerminateOnNaNCallback.self) { _ in TerminateOnNaNCallback() },
        Entry(Recorder.self) {
            ["addTime": $0.addTime, "trainMetrics": $0.trainMetrics, "validMetrics": $0.validMetrics, "beta": $0.beta]
        } _: {
            Recorder(
                addTime: try $0("addTime"), trainMetrics: try $0("trainMetrics"),
                validMetrics: try $0("validMetrics"), beta: try $0.number("beta", in: 0...1))
        },
        Entry(GradientClip.self) {
            ["maxNorm": $0.maxNorm, "normType": $0.normType]
        } _: {
            GradientClip(maxNorm: try $0.positive("maxNorm"), normType: try $0.positive("normType"))
        },
        Entry(WeightAverage.self) {
            ["decay": $0.decay, "warmsUp": $0.warmsUp, "validates": $0.validates, "isKept": $0.isKept]
        } _: {
            WeightAverage(
                decay: try $0.number("decay", in: 0...1), warmsUp: try $0("warmsUp"), validates: try $0("validates"),
                isKept: try $0("isKept"))
        },
        Entry(GradientAccumulation.self) {
            ["samples": $0.samples]
        } _: {
            GradientAccumulation(samples: try $0.size("samples"))
        },
        Entry(ShortEpochCallback.self) {
            ["fraction": $0.fraction, "shortValid": $0.shortValid]
        } _: {
            ShortEpochCallback(fraction: try $0.number("fraction", in: 0...1), shortValid: try $0("shortValid"))
        },
        Entry(MixUp.self) {
            ["alpha": try known($0.alpha, "MixUp")]
        } _: {
            MixUp(alpha: try $0.positive("alpha"))
        },
        Entry(CutMix.self) {
            ["alpha": try known($0.alpha, "CutMix")]
        } _: {
            CutMix(alpha: try $0.positive("alpha"))
        },
    ]

    private static func known(_ alpha: Double?, _ type: String) throws -> Double {
        if let alpha { return alpha }
        throw ExportError(
            .function, "\(type) draws shares from a function, and code cannot be stored", remedy: "Give it an alpha")
    }

    private static let trackers: [Entry] = [
        Entry(EarlyStoppingCallback.self) {
            trackerArguments($0) + ["patience": $0.patience]
        } _: { fields in
            let t = try Tracked(fields)
            return EarlyStoppingCallback(
                monitor: t.monitor, direction: t.direction, minDelta: t.minDelta,
                patience: try fields.length("patience"), resetOnFit: t.resetOnFit)
        },
        Entry(ReduceLROnPlateau.self) {
            trackerArguments($0) + ["patience": $0.patience, "factor": $0.factor, "minLR": $0.minLR]
        } _: { fields in
            let t = try Tracked(fields)
            return ReduceLROnPlateau(
                monitor: t.monitor, direction: t.direction, minDelta: t.minDelta,
                patience: try fields.length("patience"), factor: try fields.number("factor", in: 1...Double.infinity),
                minLR: try fields("minLR"), resetOnFit: t.resetOnFit)
        },
        Entry(SaveModelCallback.self) {
            let (kind, every): (String, Int?) =
                switch $0.moment {
                case .best: ("best", nil)
                case .atEnd: ("atEnd", nil)
                case .everyEpoch(let count): ("everyEpoch", count)
                }
            return trackerArguments($0)
                + ["filename": $0.filename, "saving": kind, "every": every, "withOptimizer": $0.withOptimizer]
        } _: { fields in
            let t = try Tracked(fields)
            let (kind, name): (String, String) = (try fields("saving"), try fields("filename"))
            // Training on must not write where the bundle's author wants.
            try fields.check(
                !name.hasPrefix("/") && !name.split(separator: "/").contains("..") && !name.contains("\0"),
                "the file name “\(name.prefix(80))” leads out of the learner's folder")
            let moments = ["best": SaveModelCallback.Moment.best, "atEnd": .atEnd]
            return SaveModelCallback(
                monitor: t.monitor, direction: t.direction, minDelta: t.minDelta, filename: name,
                saving: try moments[kind] ?? .everyEpoch(fields.size("every")),
                withOptimizer: try fields("withOptimizer"), resetOnFit: t.resetOnFit)
        },
    ]

    private static func trackerArguments(_ tracker: Tracker) -> ExportRegistry.Arguments {
        [
            "monitor": tracker.monitor, "smallerIsBetter": tracker.direction == .less, "minDelta": tracker.minDelta,
            "resetOnFit": tracker.resetOnFit,
        ]
    }

    private struct Tracked {
        let monitor: String
        let direction: TrackedDirection
        let minDelta: Double
        let resetOnFit: Bool

        init(_ fields: ExportFields) throws {
            (monitor, minDelta, resetOnFit) = (try fields("monitor"), try fields("minDelta"), try fields("resetOnFit"))
            direction = try fields("smallerIsBetter") ? .less : .greater
        }
    }
}
