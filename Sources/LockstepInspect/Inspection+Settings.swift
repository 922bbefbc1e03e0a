// SPDX-License-Identifier: Apache-2.0
// settings.json, run.json, text.json, interpretation.json and ranks.json.

import LockstepData

extension Inspection {
    /// More than any description of ours has.
    static let mostJSON = 16 << 20

    /// The object of JSON that fills the file.
    func object() throws(DataError) -> JSONNode {
        var scanner = JSONScanner(try Files.read(path, limit: Inspection.mostJSON), base: 0, file: path)
        let node = try scanner.document()
        guard case .object = node.value else {
            throw DataError(.malformed, file: path, at: .byte(node.offset), "is no JSON object")
        }
        return node
    }

    mutating func lookAtSettings() throws(DataError) {
        let settings = Fact(try object())
        guard case .text(let recipe)? = settings["recipe"] else {
            throw DataError(.malformed, file: path, "does not say the recipe, so it is no run's")
        }
        content = [.init("recipe", recipe), .init("settings", settings)]
    }

    mutating func lookAtState() throws(DataError) {
        let state = Fact(try object())
        guard case .text(let word)? = state["state"], ["running", "complete"].contains(word) else {
            throw DataError(.malformed, file: path, "does not say whether the run is running or complete")
        }
        content = [.init("says", state)]
    }

    mutating func lookAtInterpretation() throws(DataError) {
        let facts = Fact(try object())
        guard case .list(let classes)? = facts["classes"], case .list(let items)? = facts["top_losses"] else {
            throw DataError(.malformed, file: path, "has no classes or no items, so it is not what training leaves")
        }
        content = [.init("classes", classes.count), .init("items", items.count)]
    }

    mutating func lookAtRanks() throws(DataError) {
        let facts = Fact(try object())
        guard case .list(let ranks)? = facts["ranks"] else {
            throw DataError(.malformed, file: path, "has no ranks, so it is not what training leaves")
        }
        content = [.init("ranks", ranks.count)]
    }
}
