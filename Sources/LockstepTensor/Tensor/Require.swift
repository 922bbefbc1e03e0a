// SPDX-License-Identifier: Apache-2.0
// How a caller's mistake stops the program: one sentence, in every build, with the caller's line.

/// Stops the program with `message` when `condition` is false, in optimised builds too.
///
/// `precondition` drops its message in optimised builds, and people train with `-O`.
@inline(__always)
package func require(
    _ condition: Bool, _ message: @autoclosure () -> String,
    file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { stop(message(), file: file, line: line) }
}

/// Stops the program because of a caller's mistake.
@inline(never)
package func stop(_ message: String, file: StaticString, line: UInt) -> Never {
    fatalError(message, file: file, line: line)
}
