// SPDX-License-Identifier: Apache-2.0
// The frame of a program: an error is one sentence and an exit code, never a crash.

import LockstepComm
import LockstepDistributed
import LockstepLearner

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Runs `body`, which is a program or a part of one, and returns its result.
///
/// ```swift
/// import Lockstep
///
/// Lockstep.run {
///     let dls = try DataLoaders.mnist(path: "mnist")
///     try Learner(dls: dls, model: Net(), loss: .crossEntropy).fit(3)
/// }
/// ```
///
/// If it throws, the program ends: with the error's sentence on standard error, and with the code that ``exitCode(of:)`` says, or
/// 1. A `try` outside of it that throws is a crash to Swift, which then prints registers.
///
/// On several ranks the sentence is printed once, with the rank that failed first, and all ranks end.
public func run<Result>(_ body: () throws -> Result) -> Result {
    do { return try body() } catch { end(because: error) }
}

/// ``run(_:)-(()->Result)`` for a program that waits for something.
public func run<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async -> Result {
    do { return try await body() } catch { end(because: error) }
}

/// Ends this program because of `error`, and its other ranks with it: prints it once for all of them.
package func end(because error: any Error) -> Never {
    let code = exitCode(of: error).flatMap { $0 == 0 ? nil : $0 } ?? 1
    guard !World.isStarted, let ranks = Launcher.startedRanks, ranks != 1 else { World.exit(on: error, code: code) }
    // The ranks have not met. Most errors from before that are the same on all: one says it and ends the job.
    let rank = Launcher.startedRank
    let speaks = speaksFirst(as: rank)
    if !speaks { usleep(1_000_000) }
    FailureRecord.tell(
        speaks ? "rank \(rank): \(error)" : nil, FailureRecord(reporter: rank, rank: rank, cause: .failed, code: code))
    exit(code)
}

/// Whether no other rank on this machine has come here before, as far as can be found out without MPI.
private func speaksFirst(as rank: Int) -> Bool {
    // Open MPI's folder for the job, which it removes in the end.
    guard let folder = getenv("PMIX_SERVER_TMPDIR").map({ String(cString: $0) }) else {
        if rank > 0 { usleep(1_000_000) }
        return true
    }
    let descriptor = open("\(folder)/lockstep-said", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor < 0 else {
        close(descriptor)
        return true
    }
    return errno != EEXIST
}
