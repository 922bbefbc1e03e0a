// SPDX-License-Identifier: Apache-2.0
// Runs checks on all ranks together and counts them; a check that leaves the ranks apart ends the run.

import Glibc
import Lockstep

/// Checks that every rank runs in the same order.
struct RankSuite {
    typealias Check = (name: String, body: (any Communicator) throws -> Void)

    private let ranks: any Communicator

    init(_ ranks: any Communicator) { self.ranks = ranks }

    /// Runs `checks`, prints failures and the counts, and ends the program with 0 when all passed.
    func run(_ checks: [Check]) -> Never {
        var (passed, failed) = (0, 0)
        for check in checks {
            let start = ContinuousClock.now
            let failure = outcome(of: check)
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            if let failure {
                Console.standardError.write("✗ \(check.name), rank \(ranks.rank): \(failure)\n")
            }
            // Ranks that are no longer at the same point find out here, and cannot go on together.
            let anyFailed: Bool
            do { anyFailed = try ranks.anyRank(failure != nil, name: check.name) } catch {
                Console.standardError.write("✗ \(check.name), rank \(ranks.rank), after it: \(error)\n")
                failed += 1
                break
            }
            if anyFailed { failed += 1 } else { passed += 1 }
            if ranks.isRankZero, !anyFailed {
                Console.standardOutput.write("✓ \(check.name) (\(Int(milliseconds)) ms)\n")
            }
        }
        if ranks.isRankZero {
            Console.standardOutput.write("\(passed) passed, \(failed) failed\n")
        } else if failed > 0 {
            usleep(500_000)  // let rank 0 say it
        }
        exit(failed == 0 ? 0 : 1)
    }

    /// What went wrong here, if anything. Ranks of its own, so that a check that ruins its communicator ruins no other's.
    private func outcome(of check: Check) -> String? {
        do {
            guard let own = try ranks.split(color: 0, key: ranks.rank) else { return "no communicator" }
            do { try check.body(own) } catch {
                own.fail(error, during: check.name)  // the others may be waiting
                throw error
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
