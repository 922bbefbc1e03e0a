// SPDX-License-Identifier: Apache-2.0
// How much and how long clients may make a server wait and keep.

/// Bounds of what clients can ask of a server.
///
/// All headers together are bounded, too (80 KiB: 431), and what is answered by who answers.
public struct HTTPLimits: Sendable {
    /// The longest body in bytes; a longer one is refused with 413 as soon as that is known.
    public var body: Int
    /// Connections that are served at once; further ones get 503.
    public var connections: Int
    /// How long a request may take from its first byte to its last; 408 after that, and nothing where not even its headers have come.
    public var request: Duration
    /// How long a connection may stay open without a request, and an answer may stay unread.
    public var idle: Duration

    /// Bounds that suit small requests.
    public init(
        body: Int = 8 << 20, connections: Int = 256, request: Duration = .seconds(30), idle: Duration = .seconds(60)
    ) {
        (self.body, self.connections, self.request, self.idle) = (body, connections, request, idle)
    }

    /// Bytes of a request's line and headers.
    static let headers = 80 << 10
    /// How long a connection that is over may go on sending before it is cut: an answer gets lost where what was sent is not read.
    static let lingering = Duration.seconds(5)
}
