// SPDX-License-Identifier: Apache-2.0
// An option that differs from trial to trial: its values, or the range they are drawn from.

import Foundation
import Lockstep
import Yams

/// One option of a sweep.
struct SweepAxis {
    /// The option's name.
    let name: String
    let isList: Bool
    let kind: Kind
    /// As it was written, for who looks whether a command is the same.
    let words: String
    private let checked: (ConfiguredValue) throws -> SettingScalar

    enum Kind {
        case choices([SettingScalar])
        /// - Parameter isLog: whether the logarithm is drawn evenly: where the end is ten times the beginning, or more.
        case range(ClosedRange<Double>, isWhole: Bool, isLog: Bool)
    }

    /// - Parameters:
    ///   - words: `1e-3,1e-2`: the inside of a list in YAML, or a range `1e-4..1e-1`.
    ///   - place: What a sentence begins with.
    /// - Throws: ``Failure`` (64).
    init(_ setting: BoundSetting<some Any>, _ words: String, place: String) throws {
        (name, isList, self.words, checked) = (setting.name, setting.isList, words, { try setting.checked($0) })
        guard let node = try? compose(yaml: "[\(words)]"), let sequence = node.sequence, !sequence.isEmpty else {
            throw Failure.usage("\(place): values stand with commas between, lists in brackets")
        }
        let values = sequence.map { ConfiguredValue($0) }
        do {
            if values.count == 1, case .scalar(let scalar) = values[0], scalar.isPlain,
                let range = try Self.range(scalar.text, setting)
            {
                kind = range
                return
            }
            let scalars = try values.map { try setting.checked($0) }
            kind = .choices(scalars)
            if let twice = scalars.indices.first(where: { scalars[..<$0].contains(scalars[$0]) }) {
                throw SettingProblem(text: "\(scalars[twice]) is there twice")
            }
        } catch let problem as SettingProblem {
            throw Failure.usage("\(place): \(problem.text)")
        }
    }

    /// `1e-4..1e-1`; nil for other words.
    private static func range(_ text: String, _ setting: BoundSetting<some Any>) throws -> Kind? {
        guard let match = text.wholeMatch(of: /([-+0-9.eE]*[0-9])\.\.([-+0-9.eE]+)/),
            let first = Double(match.1), let last = Double(match.2)
        else { return nil }
        func check(_ text: String) throws -> SettingScalar {
            try setting.checked(.scalar(.init(text: text, isPlain: true)))
        }
        // Text takes anything, a range too; that is a choice of one.
        if !setting.isList, case .word? = try? check("1") { return nil }
        _ = (try check(String(match.1)), try check(String(match.2)))
        guard first.isFinite, last.isFinite, first < last else {
            throw SettingProblem(text: "a range goes from a number to a greater one")
        }
        let isWhole =
            first.rounded() == first && last.rounded() == last && Int(match.1) != nil
            && (try? check("\(match.1).5")) == nil
        // Doubles between them are whole numbers, each of them.
        if isWhole, max(abs(first), abs(last)) > 0x1p53 {
            throw SettingProblem(text: "a range of whole numbers lies within ±2^53")
        }
        return .range(first...last, isWhole: isWhole, isLog: first > 0 && last >= 10 * first)
    }

    /// Refuses an option that is named twice.
    static func check(_ axes: [SweepAxis], listedAs option: String) throws {
        for (index, axis) in axes.enumerated() where axes[..<index].contains(where: { $0.name == axis.name }) {
            throw Failure.usage("\(option) \(axis.name)=\(axis.words): \(axis.name) is named twice")
        }
    }

    /// Whether there are more values than can be counted.
    var isContinuous: Bool { count == nil }

    /// How many values there are.
    var count: Int? {
        switch kind {
        case .choices(let values): values.count
        case .range(let range, let isWhole, _):
            isWhole && range.upperBound - range.lowerBound < 10_000
                ? Int(range.upperBound) - Int(range.lowerBound) + 1 : nil
        }
    }

    /// Value number `index` of ``count``.
    func value(_ index: Int) throws -> SettingScalar {
        switch kind {
        case .choices(let values): values[index]
        case .range(let range, _, _): try number("\(Int(range.lowerBound) + index)")
        }
    }

    /// A value drawn with `generator`: of numbers four digits.
    func drawn(_ generator: inout PhiloxGenerator) throws -> SettingScalar {
        switch kind {
        case .choices(let values): return values[Int.random(in: 0..<values.count, using: &generator)]
        case .range(let range, let isWhole, let isLog):
            let share = Double.random(in: 0..<1, using: &generator)
            func map(_ value: Double) -> Double { isLog ? log(value) : value }
            // Whole numbers have half a unit on each side.
            let margin = isWhole ? 0.5 : 0
            let (low, high) = (
                map(range.lowerBound - (isLog ? min(margin, range.lowerBound / 2) : margin)),
                map(range.upperBound + margin)
            )
            let even = low + share * (high - low)
            let value = isLog ? exp(even) : even
            if isWhole {
                let whole = value.rounded()
                return try number("\(Int(min(max(whole, range.lowerBound), range.upperBound)))")
            }
            let short = Double(String(format: "%.4g", value)) ?? value
            return try number("\(min(max(short, range.lowerBound), range.upperBound))")
        }
    }

    private func number(_ text: String) throws -> SettingScalar {
        do { return try checked(.scalar(.init(text: text, isPlain: true))) } catch let problem as SettingProblem {
            throw Failure.usage("--over \(name)=\(words): \(text): \(problem.text)")
        }
    }
}
