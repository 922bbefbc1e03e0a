// SPDX-License-Identifier: Apache-2.0
// Runs the same checks on ranks that are threads of this process: for the thread sanitizer, which sees all of them.

import Glibc
import Lockstep

/// Checks on in-process ranks, a world of its own for each.
struct ThreadSuite {
    typealias Check = (name: String, body: @Sendable (any Communicator) throws -> Void)

    let ranks: Int
    /// Pretended machines, so that the code between nodes runs, too.
    let ranksPerNode: Int?

    /// Runs `checks`, prints failures and the counts, and ends the program with 0 when all passed.
    func run(_ checks: [Check]) -> Never {
        var failed = 0
        for check in checks {
            do {
                try InProcessWorld(ranks, ranksPerNode: ranksPerNode).run { try check.body($0) }
                Console.standardOutput.write("✓ \(check.name)\n")
            } catch {
                failed += 1
                Console.standardError.write("✗ \(check.name): \(error)\n")
            }
        }
        Console.standardOutput.write("\(checks.count - failed) passed, \(failed) failed\n")
        exit(failed == 0 ? 0 : 1)
    }
}
