// SPDX-License-Identifier: Apache-2.0
// The error for saved tensors that do not fit a model, as one readable sentence.

public import LockstepTensor

/// Saved tensors do not fit the model they were to be loaded into. The model has not been changed.
public struct StateDictionaryError: Error, CustomStringConvertible, Sendable {
    /// A tensor whose size differs from the model's.
    public struct WrongShape: Sendable, Equatable {
        /// The tensor's name.
        public let name: String
        /// The shape that the file has.
        public let found: Shape
        /// The shape that the model wants.
        public let expected: Shape
    }

    /// Names the model has and the state lacks.
    public let missing: [String]
    /// Names the state has and the model lacks.
    public let unexpected: [String]
    /// Tensors of another shape than the model's.
    public let wrongShapes: [WrongShape]
    /// What the state was read from.
    public let source: String?
    private let suggestions: [String: String]

    init(missing: [String], unexpected: [String], wrongShapes: [WrongShape], known: [String], source: String?) {
        self.missing = missing
        self.unexpected = unexpected
        self.wrongShapes = wrongShapes
        self.source = source
        let candidates = missing.isEmpty ? known : missing
        var suggestions: [String: String] = [:]
        for name in unexpected.prefix(StateDictionaryError.listed) {
            suggestions[name] = nearest(to: name, among: candidates)
        }
        self.suggestions = suggestions
    }

    private static let listed = 8

    public var description: String {
        var text = "\(source ?? "the saved state") does not fit this model."
        if !missing.isEmpty { text += " Missing: \(list(missing) { shortened($0) })." }
        if !unexpected.isEmpty {
            text +=
                " Unexpected: \(list(unexpected) { name in shortened(name) + (suggestions[name].map { " (did you mean \($0)?)" } ?? "") })."
        }
        if !wrongShapes.isEmpty {
            text +=
                " Wrong shape: \(list(wrongShapes) { "\(shortened($0.name)) is \($0.found), expected \($0.expected)" })."
        }
        if wrongShapes.isEmpty { text += " strict: false loads what matches." }
        return sentence(text)
    }

    private func list<Element>(_ items: [Element], _ describe: (Element) -> String) -> String {
        let shown = items.prefix(StateDictionaryError.listed).map(describe).joined(separator: ", ")
        let rest = items.count - StateDictionaryError.listed
        return rest > 0 ? shown + " and \(rest) more" : shown
    }
}

/// The candidate that takes the fewest edits to become `name`, unless that is nearly all of it.
package func nearest(to name: String, among candidates: [String]) -> String? {
    // Nobody mistypes so long a name, and comparing takes the product of the lengths.
    guard name.utf8.count <= 400 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate.utf8.count <= 400 {
        let distance = editDistance(Array(name.utf8), Array(candidate.utf8))
        if distance < best?.distance ?? Int.max { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(2, name.utf8.count / 2) else { return nil }
    return best.name
}

/// Levenshtein's distance: insertions, deletions and substitutions.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let substituted = diagonal + (x == y ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}
