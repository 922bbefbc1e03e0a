// SPDX-License-Identifier: Apache-2.0
// The communicator of this program: what the launcher promises decides which kind it is.

/// The ranks this program was started with.
public enum World {
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
    public static func current() throws -> any Communicator {
        threadWorld?.communicator ?? SoloCommunicator()
    }
}
