// SPDX-License-Identifier: Apache-2.0
// What a sweep can be told, apart from what its trials are told.

import ArgumentParser
import Lockstep
import LockstepLearner

/// How trials are chosen.
enum SweepStrategy: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case grid, random, halving
}

/// Which values of a column are better.
enum SweepMode: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case min, max
}

/// Options of `lockstep sweep`.
struct SweepOptions: SettingGroup {
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "An option of the recipe that differs, and its values: lr=1e-3,1e-2, layers=64,[200,100]; or a range to draw from: lr=1e-4..1e-1. Again for more.",
            valueName: "key=values"))
    var over: [String] = []

    static let search = Setting(
        "search", SweepStrategy.grid,
        help:
            "All combinations (grid), some (random), or halving: all with few epochs, then the better half with twice as many, and so on up to --epochs (default: grid, with ranges random).",
        showsDefault: false)
    @Option(SweepOptions.search) var search: SweepStrategy?

    static let trials = Setting(
        "trials", 10, in: 1...10_000, help: "How many combinations to draw (default: 10; with a grid all).",
        showsDefault: false)
    @Option(SweepOptions.trials) var trials: Int?

    static let jobs = Setting("jobs", 1, in: 1...1024, help: "Trials to train at the same time.")
    @Option(SweepOptions.jobs) var jobs: Int?

    @Option(help: ArgumentHelp("Folder of the sweep.", valueName: "folder")) var out: String

    static let by = Setting(
        "by", "valid_loss", help: "The column of history.csv that says which trial is better.", valueName: "column",
        problem: { $0.isEmpty ? "name a column" : nil })
    @Option(SweepOptions.by) var by: String?

    static let mode = Setting(
        "mode", SweepMode.min,
        help: "Which values of it are better (default: min of losses and errors, max of other metrics).",
        showsDefault: false)
    @Option(SweepOptions.mode) var mode: SweepMode?

    static var calls: [BoundSetting<Self>] {
        [
            BoundSetting(optional: search, \.search), BoundSetting(optional: trials, \.trials),
            BoundSetting(optional: jobs, \.jobs), BoundSetting(optional: by, \.by),
            BoundSetting(optional: mode, \.mode),
        ]
    }
    static var elsewhere: [String] { ["over", "out"] }

    func validate() throws {
        try checkGiven()
        try Output.checkName("--out", out, isFolder: true)
    }

    /// What is searched by.
    func strategy(of axes: [SweepAxis]) -> SweepStrategy {
        search ?? (axes.contains { $0.isContinuous } ? .random : .grid)
    }

    var ranking: SweepRanking {
        let column = by ?? Self.by.initial
        return SweepRanking(column: column, mode: mode ?? SweepRanking.usualMode(of: column))
    }
}

/// What makes one trial better than another.
struct SweepRanking: Equatable {
    let column: String
    let mode: SweepMode

    /// Metrics of which less is better; losses and errors are known by their names.
    private static let smaller: Set<String> = ["rmse", "mse", "mae", "msle", "brier", "perplexity", "hamming_loss"]

    static func usualMode(of column: String) -> SweepMode {
        let name = column.lowercased()
        return smaller.contains(name) || Tracker.measuresFailure(name) ? .min : .max
    }

    /// Whether `a` comes before `b`: as the better one, or of equal ones as the first.
    func precedes(_ a: SweepResult, _ b: SweepResult) -> Bool {
        if isBetter(a[column], than: b[column]) { return true }
        if isBetter(b[column], than: a[column]) { return false }
        return a.trial.number < b.trial.number
    }

    /// Whether `a` is better than `b`; what is no number is worst.
    func isBetter(_ a: Double?, than b: Double?) -> Bool {
        let numbers = [a, b].map { $0.flatMap { $0.isNaN ? nil : $0 } }
        guard let first = numbers[0] else { return false }
        guard let second = numbers[1] else { return true }
        return mode == .min ? first < second : first > second
    }
}
