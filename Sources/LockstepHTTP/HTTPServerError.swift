// SPDX-License-Identifier: Apache-2.0
// Why a server cannot listen, in words for people.

import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A place at which a server cannot listen.
public struct HTTPServerError: Error, CustomStringConvertible {
    public let description: String

    init(host: String, port: Int, _ error: any Error) {
        let reason =
            switch error {
            case let error as IOError: Self.reason(error.errnoCode)
            case is SocketAddressError: "is no address of a machine"
            default: "\(error)"
            }
        description = "\(host):\(port): \(reason)"
    }

    private static func reason(_ code: CInt) -> String {
        switch code {
        case EADDRINUSE: "another program listens there"
        case EADDRNOTAVAIL: "is no address of this machine"
        case EACCES: "this user may not listen there; ports below 1024 are the system's"
        default: String(cString: strerror(code)).lowercased()
        }
    }
}
