// SPDX-License-Identifier: Apache-2.0
// MPI in this process: started at most once, finalised only by who started it, never on an error path.
internal import CMPI
internal import Synchronization

enum MPILibrary {
    /// Whether the package was built with MPI.
    static var isBuiltIn: Bool { cmpi_is_built_in() != 0 }

    private struct State {
        var startedByUs = false
        var threadLevel: CInt = 0
    }
    private static let state = Mutex(State())

    static var isInitialised: Bool {
        var flag: CInt = 0
        return cmpi_initialized(&flag) == 0 && flag != 0
    }

    static var isFinalised: Bool {
        var flag: CInt = 0
        return cmpi_finalized(&flag) == 0 && flag != 0
    }

    /// True if finalising is ours to do.
    static var isOurs: Bool { state.withLock { $0.startedByUs } }

    /// Starts MPI unless the program has done so. Asks for MPI_THREAD_MULTIPLE; calls are made from one thread at a time.
    static func start() throws {
        guard isBuiltIn else {
            throw CommunicatorError(
                .launch,
                "a launcher has started this program as a rank of several, but it was built without MPI (package trait MPI) and knows no other rank. Build it with the default traits, or start it without mpirun: ranks as threads work."
            )
        }
        if isFinalised {
            throw CommunicatorError(.launch, "MPI has been finalised in this process and cannot be started again.")
        }
        guard !isInitialised else { return }
        var provided: CInt = 0
        try MPIError.check(cmpi_init_multiple(&provided), "MPI_Init_thread")
        try MPIError.check(cmpi_comm_errors_return(cmpi_comm_world()), "MPI_Comm_set_errhandler")
        let level = provided
        state.withLock { $0 = State(startedByUs: true, threadLevel: level) }
        // 2 is MPI_THREAD_SERIALIZED: the watchdog's thread may call MPI_Abort.
        if level < 2 {
            printToStandardError(
                "lockstep: MPI provides thread level \(level) of 3; a transfer between nodes that does not end cannot be given up."
            )
        }
    }

    static var version: String { string(256) { cmpi_library_version($0, $1) } }
    static var processorName: String { string(256) { cmpi_processor_name($0, $1) } }

    private static func string(_ capacity: Int, _ fill: (UnsafeMutablePointer<CChar>, CInt) -> CInt) -> String {
        var text = [CChar](repeating: 0, count: capacity)
        guard fill(&text, CInt(capacity)) == 0 else { return "unknown" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
