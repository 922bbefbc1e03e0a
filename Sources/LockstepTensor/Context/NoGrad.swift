// SPDX-License-Identifier: Apache-2.0
// Switching recording off for a scope.

import CLockstepKernels

/// Runs `body` without recording: results need no gradient and keep nothing alive for a backward pass.
///
/// Affects the calling thread only. Scopes nest.
public func withNoGrad<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let context = lsk_current_context()
    context.pointee.no_grad_depth += 1
    defer { context.pointee.no_grad_depth -= 1 }
    return try body()
}

/// Whether operations on this thread are being recorded.
public var isRecordingGradients: Bool { lsk_is_recording() != 0 }
