// SPDX-License-Identifier: Apache-2.0
// One list of every optimizer, loss, layer, metric and callback: the tests that must hold for all of them walk it.

import Foundation

/// Every built-in type of a kind, each with an example: what the kind's list in the library says (`LayerExample`, `LossExample`,
/// `MetricExample`, `CallbackExample`, `TransformExample`), with tensors, folders and ranks to try it with, and optimizers.
/// The tests that walk the lists take a new type along: reference steps, owned updates, merging, export, arguments, resuming.
///
/// `ListedTypesTests` compares the lists with what the sources declare and names what is missing.
package enum Listed {}

extension Listed {
    /// Every type in `Sources` that descends from `root`, as a subclass or by conforming to it.
    package static func declaredTypes(below root: String) throws -> Set<String> {
        try SourceDeclarations.library().types(below: root)
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
