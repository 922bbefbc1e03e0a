// SPDX-License-Identifier: Apache-2.0
// What a user did or the world refused: one sentence and an exit code, never a trace.

import ArgumentParser
import Foundation
import Lockstep
import LockstepComm
import LockstepTensor

/// A sentence for the user and a code of sysexits(3).
struct Failure: ExitCodeError, CustomStringConvertible {
    let description: String
    let code: Int32
    var exitCode: Int32 { code }
    /// Whether the sentence stands on standard error already: only the code is left.
    var isTold = false

    /// 64: words of the command line that do not make sense.
    static func usage(_ sentence: String) -> Failure { Failure(description: sentence, code: 64) }

    /// 66: a file that is missing or cannot be read.
    static func noInput(_ sentence: String) -> Failure { Failure(description: sentence, code: 66) }

    /// Throws when `path` cannot be read: before any rank is started.
    static func requireReadable(_ path: String, option: String) throws {
        guard access(path, R_OK) == 0 else {
            throw noInput("\(option) \(path): \(String(cString: strerror(errno)).lowercased())")
        }
    }

    /// Throws under a launcher that has started several ranks, for a command that is one process.
    static func requireOneProcess(_ command: String) throws {
        guard let ranks = Launcher.startedRanks, ranks > 1 else { return }
        throw usage("\(command): runs in one process, and mpirun has started \(ranks); leave it out")
    }

    // MARK: Ending

    /// Prints what is to be said about an error from before the ranks met, once, and ends the program.
    static func end(of error: any Error, in command: (some ParsableCommand).Type) -> Never {
        let code = command.exitCode(for: error)
        if code.isSuccess { show(command.fullMessage(for: error)) }  // --help, --version
        let ours = Lockstep.exitCode(of: error)
        if !isTold(error), Launcher.startedRank == 0 {
            FailureRecord.tell(
                ours == nil ? sentence(for: error, in: command) : LockstepTensor.sentence("\(error)"),
                FailureRecord(reporter: 0, rank: nil, cause: .start, code: ours ?? code.rawValue))
        }
        exit(ours ?? code.rawValue)
    }

    /// Shows a page that was asked for and ends the program.
    private static func show(_ page: String) -> Never {
        if Launcher.startedRank == 0, !page.isEmpty { Console.standardOutput.write(page + "\n") }
        exit(Console.outputFailure == nil ? 0 : 74)
    }

    private static func isTold(_ error: any Error) -> Bool {
        if let outer = error as? any EnclosingError { return isTold(outer.enclosed) }
        return (error as? Failure)?.isTold ?? false
    }

    /// The parser's sentence without its page of usage, and where to read more.
    private static func sentence(for error: any Error, in command: (some ParsableCommand).Type) -> String {
        let lines = command.message(for: error).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let choices = lines.filter { $0.hasPrefix("- ") }.map { $0.dropFirst(2) }
        var message = lines.filter { !$0.hasPrefix("- ") }.joined(separator: " ")
        if !choices.isEmpty { message += " " + choices.joined(separator: ", ") }
        let page = command.fullMessage(for: error).split(separator: "\n").last { $0.contains("--help'") }
        let hint = page.flatMap { $0.split(separator: "'").dropFirst().first }.map { "; see '\($0)'" } ?? ""
        return LockstepTensor.sentence((message.hasSuffix(".") ? String(message.dropLast()) : message) + hint)
    }
}
