// SPDX-License-Identifier: Apache-2.0
// One list of every optimizer, loss, layer, metric and callback: the tests that must hold for all of them walk it.

import Foundation

/// Every built-in type of a kind, each with an example. A type that is new stands here once; the tests that walk the lists
/// then take it along: reference steps, owned updates, merging, export, arguments, resuming.
///
/// `ListedTypesTests` compares the lists with what the sources declare and names what is missing.
package enum Listed {}

extension Listed {
    /// Every class or structure in `Sources` that descends from `root`, as a subclass or by conforming to it.
    package static func declaredTypes(below root: String) throws -> Set<String> {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        var parents: [String: [String]] = [:]
        for module in ["LockstepNN", "LockstepOptim", "LockstepData", "LockstepLearner", "LockstepDistributed"] {
            let files = FileManager.default.enumerator(atPath: sources.appending(path: module).path)
            while let file = files?.nextObject() as? String {
                guard file.hasSuffix(".swift") else { continue }
                let text = try String(
                    contentsOf: sources.appending(path: module).appending(path: file), encoding: .utf8
                )
                .split(separator: "\n").filter { !$0.contains("//") || $0.contains("://") }.joined(separator: "\n")
                for match in text.matches(of: /(private )?(?:final )?(?:class|struct) (\w+)(?:<[^>]*>)?: ([^{]*)\{/) {
                    // What a file keeps to itself is no type of the package.
                    if match.1 != nil { continue }
                    parents[String(match.2)] = match.3.split(separator: ",").map {
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

    /// The names of the public static functions that make a `type`, in the files of a module that extend it.
    package static func declaredFunctions(making type: String, in module: String) throws -> Set<String> {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(module)")
            .standardized
        let files = FileManager.default.enumerator(atPath: folder.path)
        var found: Set<String> = []
        while let file = files?.nextObject() as? String {
            guard file.hasSuffix(".swift") else { continue }
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            guard text.contains("struct \(type)") || text.contains("extension \(type)") else { continue }
            found.formUnion(text.matches(of: /public static func (\w+)\([^{]*?\) -> Self/).map { String($0.1) })
        }
        return found
    }
}
