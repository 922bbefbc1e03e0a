// SPDX-License-Identifier: Apache-2.0
// What a user did or the world refused: one sentence and an exit code, never a trace.

import ArgumentParser
import Foundation
import Lockstep

/// A sentence for the user and a code of sysexits(3).
struct Failure: Error, CustomStringConvertible {
    let description: String
    let code: Int32

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

    // MARK: Ending

    /// Prints what is to be said about `error` and ends this rank, and with it all others.
    static func end(of error: any Error, in command: (some ParsableCommand).Type) -> Never {
        let code = command.exitCode(for: error)
        if code.isSuccess { command.exit(withError: error) }  // --help, --version
        let ours = Failure.code(of: error)
        if let ours { World.exit(on: error, code: ours) }
        if Launcher.startedRank == 0 {
            Console.standardError.write("lockstep: \(sentence(for: error, in: command))\n")
        }
        exit(code.rawValue)
    }

    /// The exit code of an error of this program or its library; nil for the argument parser's.
    private static func code(of error: any Error) -> Int32? {
        switch error {
        case let failure as Failure: failure.code
        case let failure as LaunchError: failure.exitCode
        case let failure as DataError: failure.code == .unwritable ? 73 : 66
        case let failure as RankFailure: code(of: failure.error) ?? 1
        case let failure as CallbackError: code(of: failure.underlying) ?? 1
        case is CommunicatorError, is LearnerError, is OptimizerError, is StateDictionaryError, is ReplicaError: 1
        default: nil
        }
    }

    /// The parser's sentence without its page of usage, and where to read more.
    private static func sentence(for error: any Error, in command: (some ParsableCommand).Type) -> String {
        let message = command.message(for: error).split(separator: "\n").joined(separator: " ")
        let see = command.fullMessage(for: error).split(separator: "\n").last { $0.contains("--help'") }
        let hint = see.flatMap { $0.split(separator: "'").dropFirst().first }.map { "; see '\($0)'" } ?? ""
        return (message.hasSuffix(".") ? String(message.dropLast()) : message) + hint
    }
}
