// SPDX-License-Identifier: Apache-2.0
// A model, and its optimizer's memory, as one safetensors archive.

import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

/// The layout of our checkpoints.
///
/// Model tensors stand under PyTorch's names (`0.weight`), as Python expects them. Everything of the optimizer starts with
/// `optimizer/`, which no module can be called: `optimizer/grad_avg/0.weight`, `optimizer/steps` and `optimizer/flags` (one
/// row per parameter: decays, forced), and in the metadata its rule and hyper-parameters per group. What else a run remembers starts with `state/` (``Learner/memoryOwners``).
enum Checkpoint {
    static let prefix = "optimizer/"

    // MARK: Writing

    /// The tensors of both, where they lie: they are to be written before anybody changes them.
    static func parts(of model: Module, optimizer: Optimizer?) -> [Safetensors.Part] {
        var parts = model.stateDictionary(copying: false).map { Safetensors.Part($0.name, $0.tensor) }
        guard let optimizer else { return parts }
        let state = optimizer.stateDictionary(copying: false)
        let names = parameterNames(model, optimizer)
        for (entry, name) in zip(state.entries, names) {
            parts += entry.tensors.map { Safetensors.Part("\(prefix)\($0.name)/\(name)", $0.tensor) }
        }
        for (slow, name) in zip(state.lookahead?.slow ?? [], names) {
            parts.append(.init("\(prefix)slow/\(name)", slow))
        }
        return parts + counts(state)
    }

    /// The same tensors in the same order, from where they are to be written.
    static func parts(of model: Module, optimizer: Optimizer?, from source: TensorSource) -> [Safetensors.Part] {
        guard case .copy(let snapshot) = source else { return parts(of: model, optimizer: optimizer) }
        guard let optimizer, let bytes = snapshot?.bytes, let owner = snapshot?.owner,
            let layout = optimizer.snapshotLayout
        else { return parts(of: model, optimizer: optimizer).map(\.copied) }
        func part(_ name: String, like tensor: Tensor, _ dtype: DType, _ range: Range<Int>) -> Safetensors.Part {
            .init(
                name: name, type: dtype.safetensorsType, shape: tensor.shape.dimensions,
                bytes: .memory(UnsafeRawBufferPointer(rebasing: bytes[range]), owner: owner))
        }
        let values = optimizer.arena.values
        let (start, width) = (values.unsafePointer, values.dtype.byteCount)
        var parts = model.stateDictionary(copying: false).map { name, tensor in
            // A parameter is a stretch of the arena; buffers lie elsewhere.
            let place = start.distance(to: tensor.unsafePointer)
            guard place >= 0, place < values.count * width, tensor.isContiguous, tensor.dtype == values.dtype else {
                return Safetensors.Part(name, tensor).copied
            }
            return part(
                name, like: tensor, values.dtype, layout.values(place / width..<place / width + tensor.count))
        }
        let arena = optimizer.arena
        for (slot, name) in zip(arena.slots, parameterNames(model, optimizer)) where optimizer.hasState {
            for (number, state) in optimizer.stateNames.enumerated() {
                parts.append(
                    part(
                        "\(prefix)\(state)/\(name)", like: slot.parameter.value, arena.gradientType,
                        layout.state(number, slot.range)))
            }
        }
        return parts + counts(optimizer.stateDictionary(withTensors: false))
    }

    private static func counts(_ state: OptimizerState) -> [Safetensors.Part] {
        let flags = state.entries.flatMap { [$0.flags.doWD, $0.flags.forceTrain] }
        return [
            .init(prefix + "steps", Tensor(state.entries.map { Int64($0.steps) })),
            .init(prefix + "flags", Tensor(flags, shape: [state.entries.count, 2])),
        ]
    }

    static func metadata(of optimizer: Optimizer?, epochsSeen: Int) -> [(key: String, value: String)] {
        var metadata = [(key: "format", value: "pt"), (key: "epochs", value: "\(epochsSeen)")]
        guard let state = optimizer?.stateDictionary(withTensors: false) else { return metadata }
        metadata.append(("optimizer.rule", state.rule))
        if let lookahead = state.lookahead { metadata.append(("optimizer.lookahead", "\(lookahead.count)")) }
        for (group, hypers) in state.hypers.enumerated() {
            let text = hypers.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
            metadata.append(("optimizer.group.\(group)", text))
        }
        return metadata
    }

    // MARK: Reading

    static func modelState(_ archive: Safetensors.Archive) -> [(name: String, tensor: Tensor)] {
        archive.entries.filter { !$0.name.hasPrefix(prefix) && !$0.name.hasPrefix(memoryPrefix) }.map {
            ($0.name, archive.view($0))
        }
    }

    static func holdsOptimizer(_ archive: Safetensors.Archive) -> Bool { archive.metadata("optimizer.rule") != nil }

    /// The state of `optimizer` that the archive holds, to be copied from it at once.
    ///
    /// - Throws: ``CheckpointError`` when it belongs to other parameters.
    static func optimizerState(
        _ archive: Safetensors.Archive, for optimizer: Optimizer, of model: Module
    ) throws(CheckpointError) -> OptimizerState {
        func mismatch(_ reason: String) -> CheckpointError { CheckpointError(.optimizerMismatch, archive.file, reason) }
        let names = parameterNames(model, optimizer)
        guard let steps = archive.entry(prefix + "steps").map({ archive.tensor($0).ints }), steps.count == names.count,
            let flags = archive.entry(prefix + "flags").map({ archive.tensor($0).bools }),
            flags.count == 2 * names.count, steps.allSatisfy({ (0...1 << 48).contains($0) })
        else { throw mismatch("its optimizer state is not that of \(names.count) parameters") }

        var entries = optimizer.stateDictionary(withTensors: false).entries
        let kinds = stateNames(archive)
        for (index, name) in names.enumerated() {
            entries[index].steps = steps[index]
            entries[index].flags.doWD = flags[2 * index]
            entries[index].flags.forceTrain = flags[2 * index + 1]
            entries[index].tensors = []
            for kind in kinds where kind != "slow" {
                guard let entry = archive.entry("\(prefix)\(kind)/\(name)") else {
                    throw mismatch("its optimizer state “\(kind)” lacks the parameter \(name)")
                }
                entries[index].tensors.append((kind, archive.view(entry)))
            }
        }
        return OptimizerState(
            rule: archive.metadata("optimizer.rule") ?? "", hypers: try hypers(archive), entries: entries,
            lookahead: try lookaheadCount(archive).map { count in
                (count, names.compactMap { archive.entry("\(prefix)slow/\($0)").map(archive.view) })
            })
    }

    private static func lookaheadCount(_ archive: Safetensors.Archive) throws(CheckpointError) -> Int? {
        guard let text = archive.metadata("optimizer.lookahead") else { return nil }
        guard let count = Int(text), (0...1 << 48).contains(count) else {
            throw CheckpointError(.malformed, archive.file, "“\(text)” is no number of lookahead's steps")
        }
        return count
    }

    private static func hypers(
        _ archive: Safetensors.Archive
    ) throws(CheckpointError) -> [[(name: String, value: Double)]] {
        var groups: [[(name: String, value: Double)]] = []
        while let text = archive.metadata("optimizer.group.\(groups.count)") {
            var hypers: [(name: String, value: Double)] = []
            for pair in text.split(separator: " ") {
                let parts = pair.split(separator: "=")
                guard parts.count == 2, let value = Double(parts[1]) else {
                    throw CheckpointError(.malformed, archive.file, "the hyper-parameter “\(pair)” is not name=number")
                }
                let range = range(ofHyper: String(parts[0]))
                guard range.contains(value) else {
                    throw CheckpointError(
                        .malformed, archive.file,
                        "the hyper-parameter \(parts[0]) is \(value), not in \(range.lowerBound)...\(range.upperBound)")
                }
                hypers.append((String(parts[0]), value))
            }
            groups.append(hypers)
        }
        return groups
    }

    /// What a hyper-parameter can be: every one is a finite number, shares are no more than 1.
    static func range(ofHyper name: String) -> ClosedRange<Double> {
        switch name {
        case "mom", "sqr_mom": 0...1
        case "lr", "wd", "eps": 0...Double.greatestFiniteMagnitude
        default: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
        }
    }

    /// The kinds of per-parameter state in the archive, in the order in which they first appear.
    private static func stateNames(_ archive: Safetensors.Archive) -> [String] {
        var names: [Substring] = []
        for entry in archive.entries where entry.name.hasPrefix(prefix) {
            let name = entry.name.dropFirst(prefix.count)
            guard let end = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { continue }
            let kind = name[..<end]
            if !names.contains(kind) { names.append(kind) }
        }
        return names.map(String.init)
    }

    /// A name for each of the optimizer's parameters: the model's, or its number where the model does not own it.
    private static func parameterNames(_ model: Module, _ optimizer: Optimizer) -> [String] {
        let known = Dictionary(
            model.namedParameters().map { (ObjectIdentifier($0.parameter), $0.name) },
            uniquingKeysWith: { first, _ in first })
        return optimizer.arena.slots.enumerated().map { known[ObjectIdentifier($1.parameter)] ?? "#\($0)" }
    }
}

/// A checkpoint that does not fit the learner it was to be loaded into, or is not one.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
    /// What kind of misfit.
    public struct Code: Hashable, Sendable {
        private enum Kind { case optimizerMismatch, malformed }
        private let kind: Kind
        /// The optimizer state belongs to other parameters.
        public static let optimizerMismatch = Code(kind: .optimizerMismatch)
        /// The optimizer's part of the file does not follow our layout.
        public static let malformed = Code(kind: .malformed)
    }
    /// What kind of problem it is.
    public let code: Code
    /// The file, or a name for bytes from elsewhere.
    public let file: String
    /// What is wrong, in one sentence.
    public let reason: String
    public var description: String { "\(file): \(reason)" }

    init(_ code: Code, _ file: String, _ reason: String) {
        (self.code, self.file, self.reason) = (code, file, sentence(reason))
    }
}
