// SPDX-License-Identifier: Apache-2.0
// What a JSON document says, as facts: as many as somebody would read.

import LockstepData

extension Fact {
    /// Values of one list, and of one document, that are shown.
    private static let (mostInList, mostInAll) = (64, 20_000)

    /// What a document says. Of long lists the number of values is shown, and of long documents the beginning.
    init(_ node: JSONNode) {
        var room = Fact.mostInAll
        self.init(node, &room)
    }

    private init(_ node: JSONNode, _ room: inout Int) {
        room -= 1
        switch node.value {
        case .object(let members):
            var facts: [Named] = []
            for member in members where room > 0 { facts.append(Named(member.key, Fact(member.value, &room))) }
            self = .group(facts)
        case .array(let items):
            guard items.count <= Fact.mostInList else {
                self = .text("\(items.count) values")
                return
            }
            var facts: [Fact] = []
            for item in items where room > 0 { facts.append(Fact(item, &room)) }
            self = .list(facts)
        case .string(let text): self = .text(text)
        case .integer(let number): self = .number(number)
        case .real(let number): self = .real(number)
        case .bool(let value): self = .flag(value)
        case .null: self = .nothing
        }
    }
}
