// SPDX-License-Identifier: Apache-2.0
// The communicator of this program: what the launcher promises decides which kind it is.
internal import CMPI
internal import Foundation

/// The ranks this program was started with.
public enum World {
    /// The communicator of the calling rank: its thread's in an in-process world, otherwise this program's, which the
    /// first call makes. Under a launcher that call starts MPI, and is collective.
    /// - Throws: `CommunicatorError` (code `launch`) where a launcher has started several processes that MPI would not
    ///   connect; the message has the remedy.
    public static func current() throws -> any Communicator {
        if let threadWorld { return threadWorld.communicator }
        lock.lock()
        defer { lock.unlock() }
        if let program { return program }
        let made = try start(Launch.decide(ProcessInfo.processInfo.environment))
        program = made
        return made
    }

    /// The communicator, if one has been made.
    static var existing: (any Communicator)? {
        if let threadWorld { return threadWorld.communicator }
        lock.lock()
        defer { lock.unlock() }
        return program
    }

    private static func start(_ launch: Launch) throws -> any Communicator {
        switch launch {
        case .solo(let hint):
            if let hint { printToStandardError("lockstep: \(hint)") }
            return SoloCommunicator()
        case .mpi(let promisedSize):
            try MPILibrary.start()
            let communicator = try MPICommunicator(adopting: cmpi_comm_world())
            if MPILibrary.isOurs { ExitGuard.install(for: communicator) }
            if let promisedSize, promisedSize != communicator.size {
                throw CommunicatorError(
                    .launch,
                    "the launcher promised \(promisedSize) ranks, MPI found \(communicator.size). Is the mpirun of another MPI installation in the path?"
                )
            }
            return communicator
        }
    }

    private static let lock = NSLock()
    /// Written once, under the lock; used by the program's main thread.
    private nonisolated(unsafe) static var program: (any Communicator)?

    /// In an in-process world each thread has its own.
    @TaskLocal private static var threadWorld: Holder?

    /// Carries a rank's communicator on its own thread.
    ///
    /// `@unchecked Sendable`: task-local values must be, but this one is bound on, and read from, one raw thread only.
    private final class Holder: @unchecked Sendable {
        let communicator: any Communicator
        init(_ communicator: any Communicator) { self.communicator = communicator }
    }

    static func withCurrent<T>(_ communicator: any Communicator, _ body: () throws -> T) rethrows -> T {
        try $threadWorld.withValue(Holder(communicator), operation: body)
    }
}
