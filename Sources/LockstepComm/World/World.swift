// SPDX-License-Identifier: Apache-2.0
// The communicator of this program: what the launcher promises decides which kind it is.
internal import CMPI
internal import Foundation

/// The ranks this program was started with.
public enum World {
    /// The communicator of the calling rank: its thread's in an in-process world, otherwise this program's, which the
    /// first call makes. Under a launcher that call starts MPI, and is collective.
    /// - Throws: `CommunicatorError` (code `launch`) where a launcher has started several processes that MPI would not
    ///   connect; the message has the remedy. With code `environment` where a variable is set to what it cannot be.
    public static func current() throws -> any Communicator {
        if let threadWorld { return threadWorld.communicator }
        lock.lock()
        defer { lock.unlock() }
        if let program { return program }
        let made = try start()
        program = made
        return made
    }

    /// Makes the ranks of a program that has started MPI itself this program's ranks: all of them, or those of a
    /// communicator of its own. Call it on each of these ranks, before anything else asks for them. Collective.
    ///
    /// The communicator is duplicated and otherwise left alone, and MPI is not finalised in the end: both stay the program's.
    /// - Parameter handle: an `MPI_Comm`, as an integer; nil means `MPI_COMM_WORLD`.
    /// - Throws: `CommunicatorError` (code `launch`) when MPI is not running, or when there are ranks already.
    @discardableResult
    public static func adopt(mpi handle: Int? = nil) throws -> any Communicator {
        lock.lock()
        defer { lock.unlock() }
        guard program == nil else {
            throw CommunicatorError(
                .launch, "World.adopt: this program has its ranks already; adopt before the first use.")
        }
        guard MPILibrary.isInitialised, !MPILibrary.isFinalised else {
            throw CommunicatorError(.launch, "World.adopt: MPI is not running; call MPI_Init_thread first.")
        }
        let made = try MPICommunicator(adopting: handle ?? cmpi_comm_world())
        program = made
        return made
    }

    /// Threads that each rank should compute with: what the user has set (`LOCKSTEP_THREADS`, `OPENBLAS_NUM_THREADS`,
    /// `OMP_NUM_THREADS`), else this rank's share of its node's cores. Nil where there is nothing to say: in one process
    /// that is not told otherwise, and for ranks that are threads.
    public static var threadsPerRank: Int? { threadWorld == nil ? lock.withLock { threads } : nil }

    /// Whether the ranks have met: whether a communicator has been made.
    package static var isStarted: Bool { existing != nil }

    /// The communicator, if one has been made.
    static var existing: (any Communicator)? {
        if let threadWorld { return threadWorld.communicator }
        lock.lock()
        defer { lock.unlock() }
        return program
    }

    private static func start() throws -> any Communicator {
        let environment = ProcessInfo.processInfo.environment
        if let problem = EnvironmentVariable.problem(in: environment) {
            throw CommunicatorError(.environment, problem)
        }
        threads = CoreShare.threadsSet(in: environment)
        // A program that runs MPI itself has ranks, whatever its launcher leaves in the environment.
        if MPILibrary.isInitialised { return try MPICommunicator(adopting: cmpi_comm_world()) }
        switch try Launch.decide(environment) {
        case .solo(let hint):
            if let hint { printToStandardError("lockstep: \(hint)") }
            return SoloCommunicator()
        case .mpi(let promisedSize):
            // Before MPI starts threads of its own, which inherit it.
            _ = CoreShare.widen(environment: environment)
            try MPILibrary.start()
            let communicator = try MPICommunicator(adopting: cmpi_comm_world())
            if MPILibrary.isOurs { ExitGuard.install(for: communicator) }
            if let promisedSize, promisedSize != communicator.size {
                throw CommunicatorError(
                    .launch,
                    "the launcher promised \(promisedSize) ranks, MPI found \(communicator.size). Is the mpirun of another MPI installation in the path?"
                )
            }
            if threads == nil { threads = try CoreShare.collect(over: communicator).threads }
            return communicator
        }
    }

    private static let lock = NSLock()
    /// Written once, under the lock; used by the program's main thread.
    private nonisolated(unsafe) static var program: (any Communicator)?
    /// Written under the lock.
    private nonisolated(unsafe) static var threads: Int?

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
