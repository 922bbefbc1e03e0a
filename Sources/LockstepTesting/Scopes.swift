// SPDX-License-Identifier: Apache-2.0
// Scopes for tests: no storage may be left over, a folder that is removed afterwards.

public import Foundation
import LockstepTensor

/// Runs `body` and expects that the calling thread holds no more tensor memory afterwards than before.
///
/// Run the body once outside first when it fills a cache for good (a lazily made table, say).
@discardableResult
public func withStorageLeakCheck<Result>(
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column,
    _ body: () throws -> Result
) rethrows -> Result {
    let before = Memory.report.liveBlocks
    let result = try body()
    let left = Memory.report.liveBlocks - before
    if left > 0 {
        report(
            "\(left) blocks of tensor memory are still alive after the scope", fileID: fileID, filePath: filePath,
            line: line, column: column)
    }
    return result
}

/// Runs `body` with a new empty folder, which is removed afterwards with all that is in it.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
