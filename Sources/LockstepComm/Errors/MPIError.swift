// SPDX-License-Identifier: Apache-2.0
// MPI's error codes as a Swift error, in the manner of swift-system's Errno.
internal import CMPI

/// An error code returned by an MPI function.
///
/// Codes are the implementation's; the named ones below are error classes, which MPI fixes only by name, so compare
/// with `~=` (or `errorClass`), which maps a code to its class first.
public struct MPIError: RawRepresentable, Error, Hashable, Sendable, CustomStringConvertible {
    /// The error code as MPI returned it.
    public let rawValue: CInt
    /// The error that MPI calls `rawValue`.
    public init(rawValue: CInt) { self.rawValue = rawValue }

    /// Throws unless `code` is `MPI_SUCCESS`.
    static func check(_ code: CInt, _ function: StaticString) throws {
        if code != 0 {
            let error = MPIError(rawValue: code)
            throw CommunicatorError(
                .mpi, "\(function): \(error). MPI's state is undefined after an error; the job has to end.", mpi: error)
        }
    }

    /// The class this code belongs to. The corresponding MPI function is `MPI_Error_class`.
    public var errorClass: MPIError {
        var result: CInt = 0
        return cmpi_error_class(rawValue, &result) == 0 ? MPIError(rawValue: result) : self
    }

    /// The implementation's text. The corresponding MPI function is `MPI_Error_string`.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(cmpi_error_string_capacity()))
        guard cmpi_error_string(rawValue, &text, CInt(text.count)) == 0 else { return "MPI error \(rawValue)" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Lets `catch MPIError.invalidRank` match by error class.
    public static func ~= (pattern: MPIError, error: any Error) -> Bool {
        let code = (error as? MPIError) ?? (error as? CommunicatorError)?.mpi
        return code?.errorClass == pattern
    }
}

// Open MPI's and MPICH's classes agree on these.
extension MPIError {
    /// `MPI_ERR_BUFFER`.
    public static var invalidBuffer: MPIError { MPIError(rawValue: 1) }
    /// `MPI_ERR_COUNT`.
    public static var invalidCount: MPIError { MPIError(rawValue: 2) }
    /// `MPI_ERR_TYPE`.
    public static var invalidType: MPIError { MPIError(rawValue: 3) }
    /// `MPI_ERR_TAG`.
    public static var invalidTag: MPIError { MPIError(rawValue: 4) }
    /// `MPI_ERR_COMM`.
    public static var invalidCommunicator: MPIError { MPIError(rawValue: 5) }
    /// `MPI_ERR_RANK`.
    public static var invalidRank: MPIError { MPIError(rawValue: 6) }

    @available(*, unavailable, renamed: "invalidBuffer") public static var MPI_ERR_BUFFER: MPIError { .invalidBuffer }
    @available(*, unavailable, renamed: "invalidCount") public static var MPI_ERR_COUNT: MPIError { .invalidCount }
    @available(*, unavailable, renamed: "invalidType") public static var MPI_ERR_TYPE: MPIError { .invalidType }
    @available(*, unavailable, renamed: "invalidTag") public static var MPI_ERR_TAG: MPIError { .invalidTag }
    @available(*, unavailable, renamed: "invalidCommunicator") public static var MPI_ERR_COMM: MPIError {
        .invalidCommunicator
    }
    @available(*, unavailable, renamed: "invalidRank") public static var MPI_ERR_RANK: MPIError { .invalidRank }
}
