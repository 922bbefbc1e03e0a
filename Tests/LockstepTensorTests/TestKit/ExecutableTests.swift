// SPDX-License-Identifier: Apache-2.0
// Programs that tests write can be run, whatever other tests start meanwhile.

import Foundation
import LockstepChecks
import LockstepTesting
import Testing

@Suite("The test kit's programs")
struct ExecutableTests {
    @Test("a program that was just written runs while other threads start theirs")
    func busy() throws {
        try withTemporaryFolder { folder in
            let statuses = Statuses()
            DispatchQueue.concurrentPerform(iterations: 300) { number in
                let file = folder.appendingPathComponent("program-\(number)")
                statuses.add(
                    Result {
                        try writeExecutable("#!/bin/sh\nexit 7\n", to: file)
                        let process = Process()
                        (process.executableURL, process.standardError) = (
                            URL(fileURLWithPath: "/usr/bin/env"), FileHandle.nullDevice
                        )
                        process.arguments = [file.path]
                        try process.run()
                        process.waitUntilExit()
                        return process.terminationStatus
                    })
            }
            let results = try statuses.results.map { try $0.get() }
            // 126: it could not be started.
            #expect(results.count == 300 && results.allSatisfy { $0 == 7 }, "\(Set(results))")
        }
    }

    /// `@unchecked Sendable`: under its lock.
    private final class Statuses: @unchecked Sendable {
        private let lock = NSLock()
        private var all: [Result<Int32, any Error>] = []
        func add(_ result: Result<Int32, any Error>) { lock.withLock { all.append(result) } }
        var results: [Result<Int32, any Error>] { lock.withLock { all } }
    }
}
