// SPDX-License-Identifier: Apache-2.0
// What one rank may want, and all then do at the same point.

/// Something that a rank may come to want in the middle of a phase.
public enum Wish: Sendable, CaseIterable {
    /// An orderly end: a signal, or a time limit.
    case stop
    /// A checkpoint: its time has come.
    case checkpoint
}

/// What is asked for each wish.
package struct Wishes {
    private var (stop, checkpoint): ((() -> Bool)?, (() -> Bool)?)

    package init() {}

    package subscript(wish: Wish) -> (() -> Bool)? {
        get {
            switch wish {
            case .stop: stop
            case .checkpoint: checkpoint
            }
        }
        set {
            switch wish {
            case .stop: stop = newValue
            case .checkpoint: checkpoint = newValue
            }
        }
    }
}
