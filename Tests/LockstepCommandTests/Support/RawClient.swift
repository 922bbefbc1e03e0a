// SPDX-License-Identifier: Apache-2.0
// A client of HTTP that sends what it is told, byte for byte: also what no library would send.

import Foundation
import Testing

/// One connection to a server on this machine.
final class RawClient: @unchecked Sendable {
    /// An answer.
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: String

        /// The body's value by its key.
        func json(_ key: String) throws -> Any? {
            let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
            return object?[key]
        }
    }

    private let socket: Int32
    private var received: [UInt8] = []

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0, "\(String(cString: strerror(errno)))")
        // A server that never answers fails the test and does not hang it.
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        for side in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, side, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close(socket) }

    /// Sends all of it; false when the server has closed the connection.
    @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Says that nothing more will be sent.
    func halfClose() { shutdown(socket, Int32(SHUT_WR)) }

    /// The next answer; nil when the connection ends before one is whole.
    func answer(toHead: Bool = false) -> Answer? {
        while true {
            if let end = received.firstRange(of: Array("\r\n\r\n".utf8)) {
                let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                let pairs = lines.dropFirst().map { line -> (String, String) in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
                }
                let headers = Dictionary(pairs) { first, _ in first }
                let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                let length = toHead || status == 100 ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
                if received.count >= end.upperBound + length {
                    let body = String(decoding: received[end.upperBound..<end.upperBound + length], as: UTF8.self)
                    received.removeFirst(end.upperBound + length)
                    return Answer(status: status, headers: headers, body: body)
                }
            }
            guard receive() else { return nil }
        }
    }

    /// Whether the server closes the connection before it sends anything more; a minute without either is no close.
    func isClosed() -> Bool { received.isEmpty && !receive() && isAtEnd }

    private var isAtEnd = false

    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &buffer, buffer.count, 0)
        if count > 0 { received += buffer[..<count] }
        isAtEnd = count == 0 || count < 0 && errno == ECONNRESET
        return count > 0
    }

    /// Asks and waits.
    func ask(
        _ method: String, _ path: String, _ body: String = "", type: String? = "application/json",
        headers: [String] = []
    ) -> Answer? {
        ask(method, path, Array(body.utf8), type: type, headers: headers)
    }

    func ask(_ method: String, _ path: String, _ body: [UInt8], type: String?, headers: [String] = []) -> Answer? {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost", "Content-Length: \(body.count)"] + headers
        if let type { lines.append("Content-Type: \(type)") }
        send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        return answer(toHead: method == "HEAD")
    }
}

extension Command {
    /// Starts a command that listens, and gives the port that it says.
    func startServer(_ arguments: String...) throws -> (process: Process, port: Int) {
        let process = try start(arguments + ["--port", "0"])
        let output = folder.appending(path: "stdout")
        let deadline = Date() + 60
        while process.isRunning, Date() < deadline {
            let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
            if text.hasSuffix("\n"), let port = text.dropLast().split(separator: ":").last.flatMap({ Int($0) }) {
                return (process, port)
            }
            usleep(5000)
        }
        let ended = try finish(process, within: 0)
        throw StartError(words: "it did not listen: \(ended.output)\(ended.errors)")
    }

    private struct StartError: Error { let words: String }
}
