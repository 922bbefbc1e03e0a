// SPDX-License-Identifier: Apache-2.0
// The readers of everything that comes from outside, each as a function of bytes.

import LockstepComm
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// A reader that any bytes are given to: it comes to an end, or throws an error of a type of this package.
///
/// `make fuzz` runs each of them under libFuzzer; what that once found lies in `Tests/Fuzz/<name>` and goes through them in
/// every test run.
public struct FuzzTarget: Sendable {
    /// As on the command line: `safetensors`.
    public let name: String
    /// How many times its input a target may take in one piece of memory, a mebibyte besides.
    public let factor: Int
    /// Small valid inputs to begin with.
    public let seeds: @Sendable () throws -> [[UInt8]]
    private let read: @Sendable ([UInt8]) throws -> Void

    init(
        _ name: String, factor: Int = 64, seeds: @escaping @Sendable () throws -> [[UInt8]],
        read: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        (self.name, self.factor, self.seeds, self.read) = (name, factor, seeds, read)
    }

    /// All of them.
    public static let all: [FuzzTarget] = readers + tokenizers + learners + records

    /// Gives it `bytes`.
    ///
    /// - Returns: what is wrong when it throws an error that is none of this package's; nil otherwise.
    public func run(_ bytes: [UInt8]) -> String? {
        do { try read(bytes) } catch {
            guard FuzzTarget.isOurs(error) else { return "\(name): \(type(of: error)): \(error)" }
        }
        return nil
    }

    /// What is said against `bytes`; nil when they are taken.
    public func refusal(of bytes: [UInt8]) -> String? {
        do { try read(bytes) } catch { return "\(error)" }
        return nil
    }

    private static func isOurs(_ error: any Error) -> Bool {
        if let outer = error as? any EnclosingError { return isOurs(outer.enclosed) }
        return error is DataError || error is ExportError || error is StateDictionaryError || error is CheckpointError
            || error is LearnerError || error is OptimizerError || error is ConvolutionChoiceError
    }
}
