// SPDX-License-Identifier: Apache-2.0
// Memories as a checkpoint holds them: tensors by name.

/// Where a ``StateArchive`` finds what was written.
package struct SavedState {
    /// On how many ranks it was written.
    package let rankCount: Int
    private let tensors: StateArchive.Named
    private let places: [String: Int]

    /// The values under their full names, as an archive wrote them.
    package init(_ tensors: StateArchive.Named, rankCount: Int) {
        (self.tensors, self.rankCount) = (tensors, rankCount)
        places = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What one process has written, without a file in between.
    package init(_ archive: StateArchive) {
        var tensors = archive.shared + archive.own
        for entry in archive.items {
            tensors += entry.tensors.enumerated().map { ("\(entry.name)/\($0)", $1) }
        }
        self.init(tensors, rankCount: archive.rankCount)
    }

    package func tensor(_ name: String) -> Tensor? { places[name].map { tensors[$0].tensor } }

    /// `name/0`, `name/1`, … as far as they go.
    func list(_ name: String) -> [Tensor] {
        var result: [Tensor] = []
        while let next = tensor("\(name)/\(result.count)") { result.append(next) }
        return result
    }

    /// What stands under names that begin with `prefix`, in the order of the file, without it.
    func named(_ prefix: String) -> StateArchive.Named {
        tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
    }

    /// Whether anything stands under `name` or below it.
    package func holds(_ name: String) -> Bool {
        tensors.contains { $0.name == name || $0.name.hasPrefix(name + "/") }
    }
}
