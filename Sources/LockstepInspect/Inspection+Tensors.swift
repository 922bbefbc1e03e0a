// SPDX-License-Identifier: Apache-2.0
// safetensors: weights, resume points, export bundles.

import LockstepData

extension Inspection {
    mutating func lookAtTensors() throws(DataError) {
        var found: Safetensors.Survey?
        defer { if let found { describe(found) } }
        let survey = try Safetensors.survey(path) { found = $0 }
        found = survey
        switch survey.seal {
        case .none: checksum = "none"
        case .agrees("1"): checksum = "verified, of the tensors alone"
        case .agrees: checksum = "verified"
        }
    }

    private mutating func describe(_ survey: Safetensors.Survey) {
        let bundle = BundleFacts(survey, path)
        let place = PlaceFacts(survey, path)
        if survey.metadata("lockstep.learner") != nil {
            kind = "export bundle"
        } else if survey.metadata("resume.epoch") != nil {
            kind = "resume point"
        } else if survey.metadata("optimizer.rule") != nil {
            kind = "weights and optimizer"
        }
        if let problem = bundle?.problem, state == .whole { fail(problem) }
        let known = [
            "lockstep.learner", "lockstep.learner.crc32", "resume.", "optimizer.",
        ]
        let other = survey.metadata.filter { pair in !known.contains { pair.key.hasPrefix($0) } }
        content = [
            .init("resumes", state == .whole ? place.sentence : "no: it is damaged"),
            .init("place", place.facts), .init("learner", bundle?.facts ?? .nothing),
            .init("optimizer", TensorFacts.optimizer(survey)),
            .init("metadata", .group(other.map { .init($0.key, $0.value) })),
            .init("header bytes", survey.headerSize),
            .init("parts", .list(TensorFacts.parts(survey, owners: place.owners))),
            .init("tensors", .list(survey.entries.map { TensorFacts.tensor($0.name, $0.type, $0.shape) })),
        ]
    }
}

/// Tensors, one by one and by whose they are.
enum TensorFacts {
    static func tensor(_ name: String, _ type: Safetensors.ElementType, _ shape: [Int]) -> Fact {
        .group([
            .init("name", name), .init("type", type.rawValue),
            .init("shape", "[\(shape.map(String.init).joined(separator: ", "))]"),
            .init("bytes", elements(shape) * type.byteCount),
        ])
    }

    /// An empty tensor may have axes whose product times a size no number holds.
    private static func elements(_ shape: [Int]) -> Int { shape.contains(0) ? 0 : shape.reduce(1, *) }

    /// Totals of weights that are a model's, all of them.
    static func total(_ tensors: [(type: Safetensors.ElementType, shape: [Int])]) -> Fact {
        total(
            "model", tensors: tensors.count, elements: tensors.reduce(0) { $0 &+ elements($1.shape) },
            bytes: tensors.reduce(0) { $0 &+ elements($1.shape) * $1.type.byteCount })
    }

    private static func total(_ part: String, tensors: Int, elements: Int, bytes: Int) -> Fact {
        .group([
            .init("part", part), .init("tensors", tensors), .init("elements", elements), .init("bytes", bytes),
        ])
    }

    /// Totals of the model, the optimizer, and each that remembers something.
    static func parts(_ survey: Safetensors.Survey, owners: [String]) -> [Fact] {
        var names: [String] = []
        var totals: [String: (tensors: Int, elements: Int, bytes: Int)] = [:]
        let owners = Set(owners)
        for entry in survey.entries {
            let part = part(of: entry.name, owners: owners)
            if totals[part] == nil { names.append(part) }
            let old = totals[part] ?? (0, 0, 0)
            let bytes = entry.range.count
            totals[part] = (old.tensors + 1, old.elements + bytes / entry.type.byteCount, old.bytes + bytes)
        }
        return names.map { name in
            let total = totals[name] ?? (0, 0, 0)
            return TensorFacts.total(
                name, tensors: total.tensors, elements: total.elements, bytes: total.bytes)
        }
    }

    private static func part(of name: String, owners: Set<String>) -> String {
        if name.hasPrefix("optimizer/") { return "optimizer" }
        guard name.hasPrefix("state/") else { return "model" }
        // What an owner is called may hold a slash.
        var owner = name.dropFirst("state/".count)
        while let slash = owner.lastIndex(of: "/") {
            owner = owner[..<slash]
            if owners.contains(String(owner)) { return "state/\(owner)" }
        }
        return "state/" + (name.dropFirst("state/".count).split(separator: "/").first ?? "")
    }

    static func optimizer(_ survey: Safetensors.Survey) -> Fact {
        guard let rule = survey.metadata("optimizer.rule") else { return .nothing }
        let groups = survey.metadata.filter { $0.key.hasPrefix("optimizer.group.") }
        return .group([
            .init("rule", rule), .init("lookahead", survey.metadata("optimizer.lookahead")),
            .init("groups", .list(groups.map { .text($0.value) })),
        ])
    }
}
