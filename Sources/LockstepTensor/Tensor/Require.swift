// SPDX-License-Identifier: Apache-2.0
// How a caller's mistake stops the program: one sentence, in every build, with the caller's line.

import CLockstepKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Stops the program with `message` when `condition` is false, in optimised builds too.
///
/// `precondition` drops its message in optimised builds, and people train with `-O`.
@inline(__always)
package func require(
    _ condition: Bool, _ message: @autoclosure () -> String,
    file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { stop(message(), file: file, line: line) }
}

/// Stops the program because of a caller's mistake: the caller's line and the sentence on standard error, exit code 70
/// (EX_SOFTWARE of sysexits(3)).
///
/// It is no crash, so nothing prints registers. With `LOCKSTEP_BACKTRACE=1` in the environment it traps instead: Swift then
/// prints the calls that led here, and a debugger stops.
@inline(never)
package func stop(_ message: String, file: StaticString, line: UInt) -> Never {
    if getenv("LOCKSTEP_BACKTRACE").map({ String(cString: $0) == "1" }) ?? false {
        fatalError(message, file: file, line: line)
    }
    // What the program has printed so far comes first, unless another thread is in the middle of printing.
    lsk_flush_output()
    writeToStandardError("\(file):\(line): Fatal error: \(message)\n")
    // No handlers: those of MPI would wait for the other ranks.
    _exit(stoppedCode)
}

/// The code with which a program ends that its own mistake has stopped: EX_SOFTWARE.
package let stoppedCode: Int32 = 70

/// Writes `text` to standard error at once. Where nobody can read it, there is nobody to tell.
package func writeToStandardError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
            // Somebody has made it non-blocking, for all who share it.
            var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            poll(&ready, 1, -1)
            continue
        }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}
