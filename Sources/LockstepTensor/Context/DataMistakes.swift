// SPDX-License-Identifier: Apache-2.0
// Values that only the data can be blamed for, met deep inside an operation: told to whoever can throw.

import CLockstepKernels

/// Data that an operation cannot use: a label that is no class, an index beyond its table.
///
/// Called by hand, an operation stops the program over them, as over every other argument. Inside of a training loop they came
/// from a file, and nobody can check them all beforehand: the loop listens, the operation goes on with a result that is of
/// no use, and the loop throws the first sentence before anything is made of it.
package enum DataMistakes {
    /// Keeps the first sentence that is reported while it listens. Used on one thread.
    package final class Listener: @unchecked Sendable {
        @exclusivity(unchecked) package private(set) var sentence: String?

        package init() {}

        /// The first sentence since the last call.
        package func take() -> String? {
            guard let found = sentence else { return nil }
            sentence = nil
            return found
        }

        fileprivate func keep(_ sentence: String) { if self.sentence == nil { self.sentence = sentence } }
    }

    /// Who listens on this thread.
    private static var listener: Listener? {
        lsk_current_context().pointee.listener.map { Unmanaged<Listener>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether ``report(_:file:line:)`` returns on this thread.
    package static var isHeard: Bool { lsk_current_context().pointee.listener != nil }

    /// Runs `body`, on this thread, while `listener` hears of mistakes.
    package static func heard<Result>(by listener: Listener, _ body: () throws -> Result) rethrows -> Result {
        let context = lsk_current_context()
        let before = context.pointee.listener
        context.pointee.listener = Unmanaged.passUnretained(listener).toOpaque()
        defer { context.pointee.listener = before }
        return try withExtendedLifetime(listener, body)
    }

    /// Tells who listens, and returns; stops the program where nobody does.
    @inline(never)
    package static func report(_ sentence: String, file: StaticString, line: UInt) {
        guard let listener else { stop(sentence, file: file, line: line) }
        listener.keep(sentence)
    }
}
