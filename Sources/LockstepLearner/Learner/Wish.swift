// SPDX-License-Identifier: Apache-2.0
// What one rank may want, and all then do at the same point.

/// Something that a rank may come to want in the middle of a phase.
public enum Wish: Sendable {
    /// An orderly end: a signal, or a time limit.
    case stop
    /// A checkpoint: its time has come.
    case checkpoint
}

/// What is asked for each wish.
package struct Wishes {
    private var asked: [(wish: Wish, isWanted: () -> Bool)] = []

    package init() {}

    package subscript(wish: Wish) -> (() -> Bool)? {
        get { asked.first { $0.wish == wish }?.isWanted }
        set {
            asked.removeAll { $0.wish == wish }
            if let newValue { asked.append((wish, newValue)) }
        }
    }

    /// Calls `body` with each that is wanted now.
    package func forEachWanted(_ body: (Wish) -> Void) {
        for entry in asked where entry.isWanted() { body(entry.wish) }
    }
}
