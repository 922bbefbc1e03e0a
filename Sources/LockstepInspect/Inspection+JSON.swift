// SPDX-License-Identifier: Apache-2.0
// settings.json, run.json and text.json.

import LockstepData

extension Fact {
    /// What a JSON document says.
    init(_ node: JSONNode) {
        self =
            switch node.value {
            case .object(let members): .group(members.map { Named($0.key, Fact($0.value)) })
            case .array(let items): .list(items.map { Fact($0) })
            case .string(let text): .text(text)
            case .integer(let number): .number(number)
            case .real(let number): .real(number)
            case .bool(let value): .flag(value)
            case .null: .nothing
            }
    }
}

extension Inspection {
    /// More than any description of ours has.
    private static let mostJSON = 16 << 20

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
}
