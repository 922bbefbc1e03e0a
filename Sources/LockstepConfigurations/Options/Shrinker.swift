// SPDX-License-Identifier: Apache-2.0
// The smallest configuration that still fails.

/// Goes from a failing configuration to one of which nothing can be taken away.
public struct Shrinker {
    /// How many configurations may be tried.
    public let limit: Int
    /// Whether a configuration fails as the first one did.
    private let fails: (Configuration) -> Bool

    /// - Parameters:
    ///   - limit: How many configurations may be tried.
    ///   - fails: Whether a configuration fails in the same way.
    public init(limit: Int = 80, fails: @escaping (Configuration) -> Bool) { (self.limit, self.fails) = (limit, fails) }

    /// The smallest failing configuration that is found by making one option plainer at a time, until none can be.
    public func smallest(of failing: Configuration) -> Configuration {
        var (best, tries) = (failing, 0)
        var tried: Set<Configuration> = [failing]
        func isSmaller(_ candidate: Configuration) -> Bool {
            guard tries < limit, candidate.conflict == nil, tried.insert(candidate).inserted else { return false }
            tries += 1
            return fails(candidate)
        }
        // Halves of the options first: most have nothing to do with it.
        var names = Option.all.map(\.name).filter { failing.chosen[$0] != nil }
        for half in [Array(names.prefix(names.count / 2)), Array(names.suffix(names.count - names.count / 2))] {
            var candidate = best
            for name in half { candidate.makePlain(name) }
            candidate.simplify()
            if isSmaller(candidate) { best = candidate }
        }
        var isDone = false
        while !isDone && tries < limit {
            isDone = true
            names = Option.all.map(\.name).reversed().filter { best.chosen[$0] != nil }
            for name in names {
                guard let option = Option.named(name), let place = option.values.firstIndex(of: best[name]) else {
                    continue
                }
                for value in option.values.prefix(place) {
                    var candidate = best
                    candidate[name] = value
                    candidate.simplify()
                    guard isSmaller(candidate) else { continue }
                    (best, isDone) = (candidate, false)
                    break
                }
            }
        }
        return best
    }
}

extension Configuration {
    /// Goes back to the plainest value of an option.
    mutating func makePlain(_ name: String) { if let option = Option.named(name) { self[name] = option.plain } }
}
