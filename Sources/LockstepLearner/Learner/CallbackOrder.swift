// SPDX-License-Identifier: Apache-2.0
// The running order of callbacks: their numbers, then their declared relations.

extension Learner {
    /// `callbacks` in running order: by ``Callback/order``, equal ones as added, except where one must run after another.
    ///
    /// - Throws: ``LearnerError`` naming the callbacks that wait for each other.
    static func order(of callbacks: [Callback]) throws(LearnerError) -> [Callback] {
        var waiting = callbacks.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
            .map(\.element)
        // Few say whom they precede: with hundreds of callbacks, asking each about each takes seconds.
        var preceding = waiting.filter { !$0.runsBefore.isEmpty }
        var placed: [Callback] = []
        while !waiting.isEmpty {
            let free = waiting.firstIndex { candidate in
                !(candidate.runsAfter.isEmpty ? preceding : waiting).contains { other in
                    other !== candidate && mustPrecede(other, candidate)
                }
            }
            guard let free else {
                let names = waiting.map(\.typeName).joined(separator: ", ")
                throw LearnerError(.cycle, "these callbacks must each run after another of them: \(names)")
            }
            let next = waiting.remove(at: free)
            preceding.removeAll { $0 === next }
            placed.append(next)
        }
        return placed
    }

    private static func mustPrecede(_ first: Callback, _ second: Callback) -> Bool {
        second.runsAfter.contains { isInstance(first, of: $0) }
            || first.runsBefore.contains { isInstance(second, of: $0) }
    }

    /// Whether `callback` is of `type` or a subclass.
    static func isInstance(_ callback: Callback, of type: Callback.Type) -> Bool {
        var level: Mirror? = Mirror(reflecting: callback)
        while let mirror = level, mirror.subjectType != type { level = mirror.superclassMirror }
        return level != nil
    }
}
