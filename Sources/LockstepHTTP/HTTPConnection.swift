// SPDX-License-Identifier: Apache-2.0
// One connection: collects a request, within bounds of length and time, and writes its answer.

import NIOCore
import NIOHTTP1
import Synchronization

/// The end of a pipeline that lets one request through at a time.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What the server tells its connections when it stops.
    struct Stop: Sendable {}

    private enum State {
        /// No request has begun.
        case idle
        case receiving(HTTPRequestHead)
        /// A request is with the handler.
        case answering(HTTPRequestHead)
        /// The last answer is on its way; what comes is dropped until the client closes too, or time is up.
        case leaving
        case closed
    }

    private let limits: HTTPLimits
    /// What `Host` may be; nil for anything.
    private let names: Set<String>?
    private let isOneTooMany: Bool
    private let handler: HTTPServer.Handler
    private let client = HTTPClientState()
    private var state = State.idle
    /// What has come of a body.
    private var body: [UInt8] = []
    private var deadline: Scheduled<Void>?
    /// Whether bytes of a request have come whose headers are not complete.
    private var hasBegun = false
    /// Whether nothing is parsed behind the request: what follows would be another protocol.
    private var isLast = false
    /// Answers that are not written to the end.
    private var unwritten = 0
    /// Whether the client will send nothing more, or the server stops.
    private var isEnding = false

    init(_ limits: HTTPLimits, names: Set<String>?, isOneTooMany: Bool, _ handler: @escaping HTTPServer.Handler) {
        (self.limits, self.names, self.isOneTooMany, self.handler) = (limits, names, isOneTooMany, handler)
    }

    // MARK: Events

    func channelActive(context: ChannelHandlerContext) {
        wait(isOneTooMany ? HTTPLimits.lingering : limits.idle, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closed
        client.leave()
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .idle): begin(head, context)
        case (.body(let part), .receiving(let head)):
            body.append(contentsOf: part.readableBytesView)
            if body.count > limits.body { refuseLength(head, context) }
        case (.end, .receiving(let head)): ask(head, context)
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed || event is Stop else {
            return context.fireUserInboundEventTriggered(event)
        }
        isEnding = true
        closeIfDone(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            // What follows on something that was no HTTP is not looked at.
            if case .leaving = state, error is ByteToMessageDecoderError { return }
            return context.close(promise: nil)
        }
        switch state {
        case .idle, .receiving:
            let isTooLong = error == .headerOverflow
            let sentence = isTooLong ? "the headers are too long" : "this is no HTTP request: \(error)"
            write(.error(sentence, status: isTooLong ? 431 : 400), to: nil, keepAlive: false, context)
        case .leaving: break
        case .answering, .closed: context.close(promise: nil)
        }
    }

    // MARK: A request

    /// The first bytes of a request are there, or more of them: its time begins.
    func bytesCame(_ context: ChannelHandlerContext) {
        guard case .idle = state, !hasBegun else { return }
        hasBegun = true
        wait(limits.request, context)
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // A client that asks on without reading would have its answers kept for it.
        guard context.channel.isWritable else { return context.close(promise: nil) }
        bytesCame(context)
        isLast = head.method == .CONNECT || head.headers.contains(name: "upgrade")
        if isOneTooMany {
            return refuse(.error("\(limits.connections) connections are open already", status: 503), head, context)
        }
        // Which of two a proxy has looked at nobody knows (RFC 9112 §3.2).
        let hosts = head.headers["host"]
        guard hosts.count == 1 || hosts.isEmpty && head.version == .http1_0 else {
            return refuse(.error("there is not one Host but \(hosts.count)", status: 400), head, context)
        }
        if let names, let host = hosts.first, !names.contains(Self.name(of: host)) {
            return refuse(.error("this server has another name", status: 421), head, context)
        }
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        if length > limits.body { return refuseLength(head, context) }
        state = .receiving(head)
        if head.version == .http1_1, head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            let go = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
        }
    }

    /// What stands before the port; an address of version 6 has brackets and colons of its own.
    private static func name(of host: String) -> String {
        let host = host.lowercased()
        if host.hasPrefix("[") { return String(host.prefix { $0 != "]" }.dropFirst()) }
        return String(host.prefix { $0 != ":" })
    }

    /// The path of a target, which proxies write with scheme and host before it.
    private static func path(of target: String) -> String {
        var path = target.prefix { $0 != "?" }
        if let scheme = path.firstRange(of: "://") { path = path[scheme.upperBound...].drop { $0 != "/" } }
        return path.isEmpty ? "/" : String(path)
    }

    private func ask(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        state = .answering(head)
        deadline?.cancel()
        let kind = head.headers.first(name: "content-type")?.prefix { $0 != ";" }.lowercased()
        let request = HTTPRequest(
            method: head.method.rawValue, path: Self.path(of: head.uri),
            contentType: kind.map { String($0.filter { $0 != " " && $0 != "\t" }) }, body: body, client: client)
        body = []
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        handler(request) { response in
            loop.execute {
                let (connection, context) = bound.value
                connection.answer(response, context)
            }
        }
    }

    private func answer(_ response: HTTPResponse, _ context: ChannelHandlerContext) {
        guard case .answering(let head) = state else { return }
        write(response, to: head, keepAlive: head.isKeepAlive && !isEnding && !isLast, context)
    }

    private func refuseLength(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        refuse(.error("the body is longer than \(limits.body) bytes", status: 413), head, context)
    }

    /// Answers a request whose rest nobody wants.
    private func refuse(_ response: HTTPResponse, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        write(response, to: head, keepAlive: false, context)
    }

    // MARK: An answer

    private func write(
        _ response: HTTPResponse, to request: HTTPRequestHead?, keepAlive: Bool, _ context: ChannelHandlerContext
    ) {
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        headers.add(name: "content-type", value: response.contentType)
        headers.add(name: "content-length", value: "\(response.body.count)")
        headers.add(name: "x-content-type-options", value: "nosniff")
        headers.add(name: "connection", value: keepAlive ? "keep-alive" : "close")
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        // Before the last write, which lets the next request in.
        state = keepAlive ? .idle : .leaving
        hasBegun = false
        body = []
        unwritten += 1
        wait(limits.idle, context)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request?.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (connection, context) = bound.value
            connection.unwritten -= 1
            connection.closeIfDone(context)
        }
    }

    /// Closes when all is written and nothing more will be asked.
    private func closeIfDone(_ context: ChannelHandlerContext) {
        guard unwritten == 0 else { return }
        switch state {
        case .idle: if isEnding { context.close(promise: nil) }
        case .leaving:
            // What nobody parses would be kept.
            if isEnding || isLast { return context.close(promise: nil) }
            wait(HTTPLimits.lingering, context)
            context.close(mode: .output, promise: nil)
        case .receiving, .answering, .closed: break
        }
    }

    // MARK: Time

    /// Puts off what happens when nothing does.
    private func wait(_ time: Duration, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: TimeAmount(time)) {
            let (connection, context) = bound.value
            connection.expire(context)
        }
    }

    private func expire(_ context: ChannelHandlerContext) {
        guard case .receiving(let head) = state else { return context.close(promise: nil) }
        let seconds = limits.request.components.seconds
        refuse(.error("the request did not come within \(seconds) s", status: 408), head, context)
    }
}

/// The beginning of the pipeline: tells its end that bytes have come, before they are a request.
final class HTTPArrival: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTPConnection

    init(_ connection: HTTPConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let end = try? context.pipeline.syncOperations.context(handler: connection) { connection.bytesCame(end) }
        context.fireChannelRead(data)
    }
}

/// Whether who asked is still there.
final class HTTPClientState: Sendable {
    private let isGone = Atomic(false)

    var hasLeft: Bool { isGone.load(ordering: .relaxed) }
    func leave() { isGone.store(true, ordering: .relaxed) }
}

extension HTTPResponse {
    /// A sentence for the client; it holds nothing that JSON would have to escape.
    fileprivate static func error(_ sentence: String, status: Int) -> HTTPResponse {
        .json("{\"error\":\"\(sentence.filter { $0 != "\"" && $0 != "\\" })\"}", status: status)
    }
}
