// SPDX-License-Identifier: Apache-2.0
// Which hyper-parameter was meant by a name that no rule has.

enum HyperNames {
    /// What other libraries call them.
    private static let others = [
        "learning_rate": "lr", "learningRate": "lr", "weight_decay": "wd", "weightDecay": "wd", "momentum": "mom",
    ]

    /// The one of `known` that `name` is a slip of: another library's name, other capitals, or one letter too many, too few,
    /// wrong, or changed with its neighbour. Nil for a name of its own.
    static func meant(by name: String, among known: [String]) -> String? {
        if let other = others[name], known.contains(other) { return other }
        return known.first { isSlip(Array(name.lowercased()), of: Array($0)) }
    }

    private static func isSlip(_ a: [Character], of b: [Character]) -> Bool {
        guard abs(a.count - b.count) <= 1 else { return false }
        let start = zip(a, b).prefix { $0 == $1 }.count
        let end = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
        if a.count != b.count { return start + end >= min(a.count, b.count) }
        let different = a.indices.filter { a[$0] != b[$0] }
        // With one letter of two there is nothing left that would speak for the name.
        if different.count < 2 { return a.count > 2 || different.isEmpty }
        return different.count == 2 && different[1] == different[0] + 1 && a[different[0]] == b[different[1]]
            && a[different[1]] == b[different[0]]
    }
}
