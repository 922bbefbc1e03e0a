// SPDX-License-Identifier: Apache-2.0
// What one tracker of an interrupted fit remembered, as a line of text.

/// A tracker's type, its column, and what it must know to go on.
struct TrackerMemory: Sendable, Equatable {
    let type: String
    let monitor: String
    let values: [Double]

    init(_ tracker: Tracker) { (type, monitor, values) = (tracker.typeName, tracker.monitor, tracker.memory) }

    /// Type, column and numbers, separated by tabs.
    var line: String { ([type, monitor] + values.map { "\($0)" }).joined(separator: "\t") }

    /// Nil for what is no such line.
    init?(line: Substring) {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
        let values = parts.dropFirst(2).compactMap { Double($0) }
        guard parts.count > 2, values.count == parts.count - 2 else { return nil }
        (type, monitor, self.values) = (String(parts[0]), String(parts[1]), values)
    }

    /// Gives each of `trackers` the first memory of its type and column that no other has taken.
    static func restore(_ memories: [TrackerMemory], to trackers: [Tracker]) {
        var left = memories
        for tracker in trackers {
            let index = left.firstIndex { $0.type == tracker.typeName && $0.monitor == tracker.monitor }
            if let index { tracker.memory = left.remove(at: index).values }
        }
    }
}
