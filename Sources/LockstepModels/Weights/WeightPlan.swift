// SPDX-License-Identifier: Apache-2.0
// What goes where when weights are loaded: found out whole before anything of the model changes.

import LockstepData
import LockstepNN
import LockstepTensor

/// Which tensor of a file goes into which of a model, and what is done to it.
struct WeightPlan {
    /// One tensor's way.
    struct Step {
        let slot: StateSlot
        /// The file's name of it.
        let source: String
        let changes: [WeightChange]
    }

    /// A tensor that does not fit.
    struct Misfit {
        let name: String
        let found: WeightFile.Entry
        let expected: Shape
    }

    private(set) var steps: [Step] = []
    private(set) var misfits: [Misfit] = []
    private(set) var report: WeightReport

    /// What the caller wants.
    struct Wishes {
        /// Parts of the model that may stay as they are.
        var leaving: [String] = []
        /// Parts of the file that are not wanted.
        var ignoring: [String] = []
        var keepsOtherHead = false
        /// The model's name for a file's; nil for one that nothing is changed about.
        var renaming: ((String) -> String?)?
    }

    init(_ weights: WeightFile, for model: Module, _ wishes: Wishes) {
        report = WeightReport(file: weights.file)
        let all = model.stateSlots()
        let slots = all.filter { !$0.isAlias }
        var places: [ObjectIdentifier: Int] = [:]
        for (index, slot) in slots.enumerated() { places[slot.identity] = index }
        var indices: [String: Int] = [:]
        for slot in all { indices[slot.name] = places[slot.identity] }

        let isUnwanted = weights.entries.map { entry in
            wishes.ignoring.contains { WeightNames.lies(entry.name, in: $0) }
        }
        let wanted = zip(weights.entries, isUnwanted).filter { !$1 }.map(\.0)
        func renamed(_ name: String) -> String { wishes.renaming?(name) ?? name }
        let names = WeightNames(wanted.map { renamed($0.name) }, for: all.map(\.name))
        (report.prefix, report.addedPrefix) = (names.strip, names.add)

        var sources = [WeightFile.Entry?](repeating: nil, count: slots.count)
        var taken: Set<String> = []
        for (entry, isUnwanted) in zip(weights.entries, isUnwanted) {
            if isUnwanted {
                report.ignored.append(entry.name)
            } else if let name = names.name(renamed(entry.name)), let index = indices[name], !taken.contains(name) {
                taken.insert(name)
                // A shared tensor that the file has under several names: the first one counts.
                if sources[index] == nil { sources[index] = entry } else { report.ignored.append(entry.name) }
            } else if WeightNames.isIgnorable(entry.name, shape: entry.shape) {
                report.ignored.append(entry.name)
            } else {
                report.unexpected.append(entry.name)
            }
        }
        place(
            sources, slots, model,
            WeightLayout(weights, model, zip(slots, sources).map { ($0.name, $0.value.shape, $1) }), wishes)
    }

    private mutating func place(
        _ sources: [WeightFile.Entry?], _ slots: [StateSlot], _ model: Module, _ layout: WeightLayout, _ wishes: Wishes
    ) {
        let head = wishes.keepsOtherHead ? WeightPlan.head(of: model) : nil
        for (slot, source) in zip(slots, sources) {
            let mayStay = wishes.leaving.contains { WeightNames.lies(slot.name, in: $0) }
            guard let source else {
                if mayStay {
                    report.left.append(.init(name: slot.name, shape: slot.value.shape, found: nil))
                } else if WeightNames.mayBeMissing(slot.name) {
                    report.ignored.append(slot.name)
                } else {
                    report.missing.append(slot.name)
                }
                continue
            }
            if let changes = layout.changes(slot.name, slot.value, source) {
                steps.append(Step(slot: slot, source: source.name, changes: changes))
                report.loaded.append(slot.name)
                report.converted += changes.map { .init(name: slot.name, what: $0.description) }
            } else if source.shape.count <= Shape.maxRank,
                mayStay || head.map({ WeightNames.lies(slot.name, in: $0) }) ?? false
            {
                report.left.append(.init(name: slot.name, shape: slot.value.shape, found: Shape(source.shape)))
            } else {
                misfits.append(Misfit(name: slot.name, found: source, expected: slot.value.shape))
            }
        }
    }

    /// The model's last part with parameters of its own.
    private static func head(of model: Module) -> String? {
        guard let last = model.namedParameters().last?.name, let dot = last.lastIndex(of: ".") else { return nil }
        return String(last[..<dot])
    }
}
