// SPDX-License-Identifier: Apache-2.0
// A server for HTTP/1.1 on SwiftNIO: listens, counts connections, and stops in good order.

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Answers requests of HTTP/1.1 (RFC 9112) on threads of its own.
///
/// A connection's requests are answered one after another, in their order. A client that is slow, sends too much, or sends what is no
/// HTTP costs one connection for a bounded time and gets a sentence, as JSON: `{"error":"…"}`. A server that only its own machine
/// reaches answers to its own names alone (421 otherwise): no page of somebody else's can ask it under a name that it has pointed here
/// (DNS rebinding).
public final class HTTPServer: Sendable {
    /// Answers a request, at once or later, on any thread; the second parameter is called once with the answer.
    public typealias Handler = @Sendable (HTTPRequest, @escaping @Sendable (HTTPResponse) -> Void) -> Void

    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let connections: HTTPConnectionList

    /// Listens at once.
    ///
    /// - Parameters:
    ///   - host: an address of this machine, or a name of one.
    ///   - port: 0 for any that is free.
    /// - Throws: ``HTTPServerError`` when the system does not let it listen there.
    public init(
        host: String, port: Int, limits: HTTPLimits = HTTPLimits(), handler: @escaping Handler
    ) throws(HTTPServerError) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let connections = HTTPConnectionList(most: limits.connections)
        (self.group, self.connections) = (group, connections)
        do {
            let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
            let names = Self.names(of: host, address)
            let bootstrap = ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                // Without a descriptor for the next connection it waits, and does not try on and on.
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                    }
                }
                // A client may say that it has sent all and wait for the answer.
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    let admission = connections.add(channel)
                    guard admission != .none else { return channel.close() }
                    return channel.eventLoop.makeCompletedFuture {
                        try Self.configure(
                            channel.pipeline.syncOperations,
                            HTTPConnection(limits, names: names, isOneTooMany: admission == .refused, handler))
                    }
                }
            listener = try bootstrap.bind(to: address).wait()
        } catch {
            try? group.syncShutdownGracefully()
            throw HTTPServerError(host: host, port: port, error)
        }
    }

    private static func configure(
        _ pipeline: ChannelPipeline.SynchronousOperations, _ connection: HTTPConnection
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        (limits.maxHeaderFieldSize, limits.maxHeaderListSize) = (HTTPLimits.headers, HTTPLimits.headers)
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        try pipeline.addHandlers([
            HTTPArrival(connection), HTTPResponseEncoder(),
            ByteToMessageHandler(decoder, maximumBufferSize: 2 * HTTPLimits.headers), HTTPServerPipelineHandler(),
            NIOHTTPResponseHeadersValidator(), connection,
        ])
    }

    /// What the `Host` of a request may be; nil for anything, where others reach the server.
    private static func names(of host: String, _ address: SocketAddress) -> Set<String>? {
        guard let number = address.ipAddress, number == "::1" || number.hasPrefix("127.") else { return nil }
        return ["localhost", "127.0.0.1", "::1", number, host.lowercased()]
    }

    /// The port at which it listens.
    public var port: Int { listener.localAddress?.port ?? 0 }

    /// Accepts nothing more. Requests that are on their way are answered still, and their connections closed then.
    public func beginStopping() {
        listener.close(promise: nil)
        for channel in connections.stop() { channel.pipeline.fireUserInboundEventTriggered(HTTPConnection.Stop()) }
    }

    /// Whether no connection is left, after ``beginStopping()``.
    public var isIdle: Bool { connections.isEmpty }

    /// Ends its threads; connections that are open are cut.
    public func stop() { try? group.syncShutdownGracefully() }
}

/// The connections that are open.
final class HTTPConnectionList: Sendable {
    /// What becomes of a new connection.
    enum Admission { case served, refused, none }
    private struct Open {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isStopping = false
    }

    private let most: Int
    private let open = Mutex(Open())

    init(most: Int) { self.most = most }

    var isEmpty: Bool { open.withLock { $0.channels.isEmpty } }

    /// Notes a connection until it is closed. As many as are served may wait for a word of refusal, and no more.
    func add(_ channel: any Channel) -> Admission {
        let key = ObjectIdentifier(channel)
        let admission = open.withLock { open -> Admission in
            if open.isStopping || open.channels.count >= 2 * most { return .none }
            open.channels[key] = channel
            return open.channels.count <= most ? .served : .refused
        }
        guard admission != .none else { return .none }
        channel.closeFuture.whenComplete { [self] _ in open.withLock { $0.channels[key] = nil } }
        return admission
    }

    /// Admits none from now on.
    /// - Returns: those that are open.
    func stop() -> [any Channel] {
        open.withLock { open in
            open.isStopping = true
            return Array(open.channels.values)
        }
    }
}
