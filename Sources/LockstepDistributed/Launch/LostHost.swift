// SPDX-License-Identifier: Apache-2.0
// Which machine is gone, read from the boxes in which Open MPI 4's mpirun and ranks complain of connections.

/// What one of their boxes says about a machine.
enum LostHost {
    /// mpirun has lost its daemon on this machine, and ends the job.
    case daemon(String)
    /// mpirun cannot reach it. Its box has a remedy where the network never worked.
    case unreachable(String, hasRemedy: Bool)
    /// A daemon did not start: ssh has said before on which machine and why, and the box has remedies.
    case notStarted
    /// A rank has lost its connection to a rank there: that rank, its machine or the network is gone.
    case peer(String)
    /// - Parameter box: the lines between two lines of dashes.
    init?(box: [String]) {
        let words = box.flatMap { $0.split(separator: " ").map(String.init) }
        let text = words.joined(separator: " ")
        /// The word after the last such phrase: mpirun names its own machine first.
        func host(after phrase: String) -> String? {
            let phrase = phrase.split(separator: " ").map(String.init)
            return words.indices.last { words[$0...].starts(with: phrase) && $0 + phrase.count < words.count }
                .map { words[$0 + phrase.count] }
        }
        if text.contains("lost communication with a remote daemon"), let host = host(after: "on node") {
            self = .daemon(host)
        } else if text.contains("unable to reliably start one or more daemons")
            || text.contains("daemon has unexpectedly failed after launch")
        {
            self = .notStarted
        } else if text.contains("does not know how to route a message"), let host = host(after: "target node:") {
            self = .unreachable(host, hasRemedy: false)
        } else if text.contains("unable to establish a communication connection"),
            let host = host(after: "target node:")
        {
            self = .unreachable(host, hasRemedy: true)
        } else if text.contains("communication peer process has unexpectedly disconnected"),
            let host = host(after: "Peer host:")
        {
            self = .peer(host)
        } else if text.contains("failed to TCP connect to a peer MPI process"),
            let address = host(after: "connect() to")
        {
            // Of whom it cannot connect to a rank knows the address and the port.
            self = .peer(address.split(separator: ":").dropLast().joined(separator: ":"))
        } else {
            return nil
        }
    }

    /// Whether `line`, outside of boxes, only repeats that a connection has ended.
    static func isTold(by line: String) -> Bool {
        line.firstMatch(of: /^\[.*\]\[[^\]]*\bbtl_tcp_\w+\.c:\d+:/) != nil
            && ["readv failed", "writev failed", "recv(", "connect() to", "invalid connection state"].contains {
                line.contains($0)
            }
    }
}
