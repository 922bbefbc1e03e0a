// SPDX-License-Identifier: Apache-2.0
// Looking at the sentence with which an exit test ended.

public import Testing

/// Expects that a process ended by `#expect(processExitsWith:)` said all of the given parts on standard error.
///
/// ```swift
/// let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
///     _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 5]))
/// }
/// expectTrap(result, says: "matmul", "[2, 3] · [4, 5]", "MatmulTests.swift")
/// ```
@discardableResult
public func expectTrap(
    _ result: ExitTest.Result?, says parts: String...,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column
) -> Bool {
    // No result: the process did not fail, which #expect itself has reported.
    guard let result else { return false }
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    let missing = parts.filter { !text.contains($0) }
    if missing.isEmpty { return true }
    // A crash report may follow the sentence; the first lines say enough.
    let said = text.split(separator: "\n").prefix(3).joined(separator: "\n")
    report(
        "the process ended without saying \(missing.map { "“\($0)”" }.joined(separator: ", ")); it said: \(said)",
        fileID: fileID, filePath: filePath, line: line, column: column)
    return false
}
