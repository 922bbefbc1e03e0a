// SPDX-License-Identifier: Apache-2.0
// The learner that a bundle describes.

import LockstepData

/// What the description in a bundle says, without making anything of it.
struct BundleFacts {
    let facts: Fact
    /// What is wrong with the description.
    private(set) var problem: String?

    /// Nil where there is no learner.
    init?(_ survey: Safetensors.Survey, _ file: String) {
        guard let json = survey.metadata("lockstep.learner") else { return nil }
        if survey.metadata("lockstep.learner.crc32") != Safetensors.checksum(of: json) {
            problem = "the checksum of its learner's description is wrong"
        }
        guard json.utf8.count <= Inspection.mostJSON else {
            facts = .text("\(json.utf8.count) bytes of description")
            return
        }
        var scanner = JSONScanner(Array(json.utf8), base: 0, file: file)
        let description: Fact
        do throws(DataError) { description = Fact(try scanner.document()) } catch {
            facts = .nothing
            problem = problem ?? "its learner's description: \(error.reason)"
            return
        }
        func names(_ key: String) -> Fact {
            guard case .list(let parts)? = description[key] else { return .nothing }
            return .list(parts.map { $0["type"] ?? .nothing })
        }
        facts = .group([
            .init("format", description["format"] ?? .nothing),
            .init("model", description["model"]?["type"] ?? .nothing),
            .init("loss", description["loss"]?["type"] ?? .nothing), .init("metrics", names("metrics")),
            .init("callbacks", names("callbacks")), .init("lr", description["lr"] ?? .nothing),
            .init("seed", description["seed"] ?? .nothing), .init("path", description["path"] ?? .nothing),
        ])
    }
}
