// SPDX-License-Identifier: Apache-2.0
// Which rows of a table are for validation.

import ArgumentParser
import Lockstep
import LockstepData

/// How the rows of a table are split.
struct TableSplitOptions: SettingGroup {
    static let splitColumn = Setting(
        "splitColumn", TableSplit.ownColumn,
        help: "Rows for which this column is true or 1 are for validation (default: is_valid, if there is one).",
        valueName: "column", showsDefault: false, onResume: .sameIfKnown)
    @Option(TableSplitOptions.splitColumn) var splitColumn: String?
    static let validFraction = Setting(
        "validFraction", 0.2, help: "The share of rows, drawn at random, that are for validation (default: 0.2).",
        valueName: "share", showsDefault: false, onResume: .sameIfKnown,
        problem: { $0 >= 0 && $0 < 1 ? nil : "must be at least 0 and less than 1" })
    @Option(TableSplitOptions.validFraction) var validFraction: Double?
    static let stratify = Setting(
        "stratify", false, help: "Draw the same share of every class.", showsDefault: false, onResume: .sameIfKnown)
    @Flag(TableSplitOptions.stratify) var stratify = false
    static let splitSeed = Setting(
        "splitSeed", 42 as UInt64, help: "Decides what is drawn, apart from --seed (default: that of --seed).",
        valueName: "n", showsDefault: false, onResume: .sameIfKnown)
    @Option(TableSplitOptions.splitSeed) var splitSeed: UInt64?

    static let folds = Setting(
        "folds", 5, in: 2...1000,
        help: "Cross-validation: train so many models, each on the rows of all folds but one (default: one model).",
        showsDefault: false, onResume: .sameIfKnown)
    @Option(TableSplitOptions.folds) var folds: Int?
    static let fold = Setting(
        "fold", 0, in: 0...999, help: "With --folds, train the model of this fold alone; they are numbered from 0.",
        showsDefault: false, onResume: .sameIfKnown)
    @Option(TableSplitOptions.fold) var fold: Int?

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(optional: splitColumn, \.splitColumn), BoundSetting(optional: validFraction, \.validFraction),
            BoundSetting(flag: stratify, \.stratify), BoundSetting(optional: splitSeed, \.splitSeed),
            BoundSetting(optional: folds, \.folds), BoundSetting(optional: fold, \.fold),
        ]
    }
    func validate() throws { try checkGiven() }

    private var isRandom: Bool { validFraction != nil || stratify || splitSeed != nil || folds != nil }

    var conflict: SettingConflict? {
        if let conflict = foldConflict { return conflict }
        guard let splitColumn, isRandom else { return nil }
        let other = stratify ? "--stratify" : splitSeed != nil ? "--split-seed" : "--valid-fraction"
        return SettingConflict(
            key: "splitColumn", words: "--split-column \(splitColumn)",
            problem: "the column decides, so \(other) has nothing to draw")
    }

    /// What folds do not go together with.
    private var foldConflict: SettingConflict? {
        guard let folds else {
            return fold.map {
                SettingConflict(key: "fold", words: "--fold \($0)", problem: "of how many? say it with --folds")
            }
        }
        if let fold, fold >= folds {
            return SettingConflict(
                key: "fold", words: "--fold \(fold)", problem: "the folds of --folds \(folds) are 0 to \(folds - 1)")
        }
        let problem = "every row is for validation in one of the --folds \(folds)"
        if let splitColumn {
            return SettingConflict(key: "splitColumn", words: "--split-column \(splitColumn)", problem: problem)
        }
        return validFraction.map {
            SettingConflict(key: "validFraction", words: "--valid-fraction \($0)", problem: problem)
        }
    }

    /// The rule, and what is to be said of it; a column that decides is left out of what is learnt from.
    ///
    /// - Throws: `DataError` when it does not fit the table.
    func splitter(
        _ table: CSVTable, target: String, _ options: inout TabularOptions, seed: UInt64
    ) throws -> (splitter: Splitter, remark: String) {
        let split = try TableSplit(table, target: target, options)
        let (fraction, seed) = (validFraction ?? Self.validFraction.initial, splitSeed ?? seed)
        let isUsed = !(options.categorical + options.continuous + options.ignored).contains(TableSplit.ownColumn)
        let own = split.hasOwn && isUsed ? TableSplit.ownColumn : nil
        if let column = splitColumn ?? (isRandom ? nil : own) {
            guard column != target else {
                throw Failure.usage("--split-column \(column): that is the column to predict")
            }
            let rule = try split.column(column)
            leaveOut(column, &options)
            let rows = rule(table.rowCount).valid.count
            return (rule, "split        column \(column): \(rows) rows for validation\n")
        }
        // It says how good an answer is to be, and nothing about the answer.
        if let own { leaveOut(own, &options) }
        if let folds {
            let rule = try foldRule(fold ?? 0, of: folds, split, table, seed: seed)
            let rows = rule(table.rowCount).valid.count
            let kind = stratify ? " by classes" : ""
            return (rule, "split        fold \(fold ?? 0) of \(folds)\(kind): \(rows) rows for validation\n")
        }
        return (
            stratify
                ? try split.stratified(fraction, seed: seed) : split.random(fraction, seed: seed),
            stratify ? "split        \(decimals(100 * fraction, 0)) % of every class for validation\n" : ""
        )
    }

    /// For each row the fold in which it is for validation.
    ///
    /// - Throws: `DataError` when folds do not fit the table.
    func foldsOfRows(_ table: CSVTable, target: String, _ options: TabularOptions, seed: UInt64) throws -> [Int] {
        let split = try TableSplit(table, target: target, options)
        var numbers = [Int](repeating: 0, count: table.rowCount)
        let count = folds ?? 1
        for fold in 0..<count {
            let rule = try foldRule(fold, of: count, split, table, seed: splitSeed ?? seed)
            for row in rule(table.rowCount).valid { numbers[row] = fold }
        }
        return numbers
    }

    private func foldRule(
        _ fold: Int, of count: Int, _ split: TableSplit, _ table: CSVTable, seed: UInt64
    ) throws -> Splitter {
        guard table.rowCount >= count else {
            throw Failure.noInput("\(table.file): \(table.rowCount) rows cannot be \(count) --folds")
        }
        return try split.fold(fold, of: count, isStratified: stratify, seed: seed)
    }

    private func leaveOut(_ column: String, _ options: inout TabularOptions) {
        options.categorical.removeAll { $0 == column }
        options.continuous.removeAll { $0 == column }
        options.dates?.removeAll { $0 == column }
        if !options.ignored.contains(column) { options.ignored.append(column) }
    }
}
