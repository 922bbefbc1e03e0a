// SPDX-License-Identifier: Apache-2.0
// The types of this package that could remember something, as the sources declare them.

import Foundation

/// Every class or structure in `Sources` that descends from `root`, as a subclass or by conforming to it.
func declaredTypes(below root: String) throws -> Set<String> {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources").standardized
    var parents: [String: [String]] = [:]
    for module in ["LockstepNN", "LockstepOptim", "LockstepData", "LockstepLearner", "LockstepDistributed"] {
        let files = FileManager.default.enumerator(atPath: sources.appending(path: module).path)
        while let file = files?.nextObject() as? String {
            // One class per event, to learn which events a class implements.
            guard file.hasSuffix(".swift"), !file.hasSuffix("OverriddenEvents.swift") else { continue }
            let text = try String(contentsOf: sources.appending(path: module).appending(path: file), encoding: .utf8)
                .split(separator: "\n").filter { !$0.contains("//") || $0.contains("://") }.joined(separator: "\n")
            for match in text.matches(of: /(?:class|struct) (\w+)(?:<[^>]*>)?: ([^{]*)\{/) {
                parents[String(match.1)] = match.2.split(separator: ",").map {
                    $0.trimmingCharacters(in: .whitespacesAndNewlines)
                }
            }
        }
    }
    var found: Set<String> = []
    while true {
        let more = parents.filter { name, parents in
            !found.contains(name) && parents.contains { $0 == root || found.contains($0) }
        }
        if more.isEmpty { return found }
        found.formUnion(more.keys)
    }
}
