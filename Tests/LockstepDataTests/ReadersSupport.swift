// SPDX-License-Identifier: Apache-2.0
// Helpers of the reader tests: temporary folders, seeded damage, and the error a reader throws.

import Foundation
import Testing

@testable import LockstepData

/// A small generator whose sequence is a function of its seed (S. Vigna's SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A new empty folder, removed after `body`.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = NSTemporaryDirectory() + "lockstep-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// The `DataError` that `body` throws; a test failure when it throws none.
func dataError(
    _ sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) -> DataError? {
    do {
        _ = try body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
        return nil
    } catch let error as DataError {
        return error
    } catch {
        Issue.record("not a DataError: \(error)", sourceLocation: sourceLocation)
        return nil
    }
}

/// Calls `parse` with every prefix of `valid` and with `flips` copies in which one to four bytes are changed: each call
/// must return or throw a `DataError` that names "hostile.bin"; anything else ends the test or the process.
func withstandsDamage(
    _ valid: [UInt8], flips: Int = 400, sourceLocation: SourceLocation = #_sourceLocation,
    _ parse: ([UInt8], String) throws -> Void
) {
    func attempt(_ bytes: [UInt8], _ what: String) {
        do {
            try parse(bytes, "hostile.bin")
        } catch let error as DataError {
            #expect(error.description.contains("hostile.bin"), "\(what): \(error)", sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(what): not a DataError: \(error)", sourceLocation: sourceLocation)
        }
    }
    for length in 0..<valid.count { attempt(Array(valid[..<length]), "prefix of \(length)") }
    for seed in 0..<flips {
        var generator = SplitMix(seed: UInt64(seed))
        var bytes = valid
        for _ in 0...Int.random(in: 0..<4, using: &generator) {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        attempt(bytes, "seed \(seed)")
    }
}
