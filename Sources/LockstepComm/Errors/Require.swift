// SPDX-License-Identifier: Apache-2.0
// The end for caller mistakes: unlike `precondition` it keeps its message in optimised builds.

internal import Foundation

/// As LockstepTensor's function of the same name, which this module does not know.
@inline(never)
func require(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    if condition() { return }
    if EnvironmentVariable.backtrace.value() == "1" {
        fatalError(message(), file: file, line: line)
    }
    printToStandardError("\(file):\(line): Fatal error: \(message())")
    _exit(70)
}
