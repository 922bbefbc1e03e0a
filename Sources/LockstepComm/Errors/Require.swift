// SPDX-License-Identifier: Apache-2.0
// The trap for caller mistakes: unlike `precondition` it keeps its message in optimised builds.

@inline(never)
func require(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    if !condition() { fatalError(message(), file: file, line: line) }
}
