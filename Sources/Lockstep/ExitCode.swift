// SPDX-License-Identifier: Apache-2.0
// Which error ends a program with which code of sysexits(3).

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepONNX
import LockstepOptim
import LockstepTensor

/// An error that says with which code a program should end because of it.
public protocol ExitCodeError: Error {
    /// A code of sysexits(3), or one of the program's own; not 0.
    var exitCode: Int32 { get }
}

extension LaunchError: ExitCodeError {}

/// The code with which a program should end because of `error`; nil for errors that are neither this package's nor an
/// ``ExitCodeError``.
///
/// 65 for data that cannot be used and for what cannot be said in ONNX, 66 for files that cannot be read, 73 for files that cannot
/// be written, 74 for what could not be written to the end, 64 for an environment that makes no sense, and 1 for the rest. An error
/// in a callback, or on another rank, counts as what was thrown there.
public func exitCode(of error: any Error) -> Int32? {
    switch error {
    case let error as any ExitCodeError: error.exitCode
    case let error as DataError: error.code == .unwritable ? 73 : error.code == .unwritten ? 74 : 66
    case let error as CommunicatorError where error.code == .environment: 64
    case let error as any EnclosingError: exitCode(of: error.enclosed) ?? 1
    case let error as ExportError: error.file == nil ? 1 : 66
    case is ONNXError: 65
    case let error as LearnerError: error.code == .unusableData ? 65 : 1
    case let error as StateDictionaryError: error.source == nil ? 1 : 66
    case is CheckpointError: 66
    case let error as ReplicaError: error.code == .tooFewValues ? 65 : 1
    case is CommunicatorError, is OptimizerError: 1
    default: nil
    }
}
