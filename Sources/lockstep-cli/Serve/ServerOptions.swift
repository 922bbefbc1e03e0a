// SPDX-License-Identifier: Apache-2.0
// Where a command listens for HTTP.

import ArgumentParser
import LockstepHTTP

/// `--host` and `--port`.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The address to listen at; 0.0.0.0 for all of this machine's.", valueName: "address"))
    var host = "127.0.0.1"
    @Option(help: ArgumentHelp("The port to listen at; 0 for any that is free.", valueName: "n")) var port = 8080

    func validate() throws {
        guard (0...65535).contains(port) else {
            throw ValidationError("--port \(port): must be between 0 and 65535")
        }
        if host.isEmpty { throw ValidationError("--host “”: name an address") }
    }

    /// The host as a part of an address of the web.
    var shownHost: String { host.contains(":") ? "[\(host)]" : host }

    /// - Throws: ``Failure`` (71) when the system does not let it listen there.
    func start(_ limits: HTTPLimits, _ handler: @escaping HTTPServer.Handler) throws -> HTTPServer {
        do {
            return try HTTPServer(host: host, port: port, limits: limits, handler: handler)
        } catch {
            throw Failure(description: "--host \(host) --port \(port): \(error)", code: 71)
        }
    }
}
